"""Choose how items become vectors, by what they are, and say why. Path: dataset -> **features** -> model.

Where two encoders are cheap both are offered: cross-validation decides, not taste. Looks at a few pictures only, never
at a label.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from florilegium.errors import ItemError, SettingError
from florilegium.features import petal
from florilegium.features.backbone import BACKBONES, DATA_VARIABLE, backbone, backbone_path, onnx_encoder
from florilegium.features.decode import decode
from florilegium.features.encoder import GraphEncoder
from florilegium.features.pixels import pixels_encoder
from florilegium.features.sentences import PREFIX as SENTENCES
from florilegium.features.sentences import SentenceEncoder, folder_of, sentence_encoder
from florilegium.source.base import Contents, Files, Pixels, Texts
from florilegium.types import Octets

TINY_SIDE = 64  # px: up to this, every pixel can be a feature (12,288 numbers in colour)
PHOTO_PIXELS_SIDE = 32  # px: what is left of a photo where no backbone is at hand
N_PEEK = 32  # files looked into; spread evenly over the set
DEFAULT_BACKBONE = "mobilenetv2_100_tf"
WISHES = ("auto", "pixels", "tfidf", petal.NAME, *BACKBONES, "onnx:PATH", "hf:NAME", "st:PATH_OR_NAME")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choice:
    """The encoders to try, and why these."""

    name: str  # "pixels", "tfidf" or the encoder's name
    # The simplest first; cross-validation picks one. Weighed terms of texts are no encoder: training learns them.
    encoders: tuple[GraphEncoder | SentenceEncoder, ...]
    why: str  # a sentence for the user
    notes: tuple[str, ...] = ()  # what was guessed or missed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Peek:
    side: int  # px: the median picture's longer side
    square: bool
    gray: bool


def choose(contents: Contents, *, wish: str = "auto", hashes: Sequence[str] = (), data: Path | None = None) -> Choice:
    """Choose encoders for contents.

    Args:
        wish: one of WISHES.  data: the folder of real data with backbones; None: the variable FLORILEGIUM_DATA.
        hashes: SHA-256 of the items, so that no network is tested on photos that it learned from.
    Raises: SettingError: no such encoder, or not for such contents.  StepMissing: the wished backbone is not here.
        ModelFileError: the wished file is unsafe or unfit.
    """
    if isinstance(contents, Texts):
        return _for_texts(wish)
    if wish == "tfidf":
        raise SettingError(
            "encoder = tfidf: these items are pictures. Choose auto, pixels, a backbone's name or onnx:PATH."
        )
    if wish.startswith(SENTENCES):
        raise SettingError(f"encoder = {wish}: these items are pictures, and this is an encoder of texts.")
    network = _network(wish, data)
    if network is not None:
        return Choice(name=network.name, encoders=(network,), why=f"You chose {wish}.", notes=network.notes)
    _refuse_unknown(wish)
    if wish == petal.NAME:
        return _petal("You chose petal.", hashes)
    return _for_pictures(_peek(contents), wish, hashes, data)


def check_wish(wish: str, *, data: Path | None = None) -> None:
    """Refuse an encoder that no items could have, before anything is read or written.

    Args: wish: one of WISHES, but hf:NAME, which is brought as a file first.  data: as for `choose`.
    Raises: SettingError: no such encoder.  StepMissing: the wished backbone is not here.
        ModelFileError: the wished file is not here, unsafe or unfit.
    """
    if wish.startswith(SENTENCES):
        sentence_encoder(folder_of(wish))
    elif wish != "tfidf" and _network(wish, data) is None:
        _refuse_unknown(wish)


def _network(wish: str, data: Path | None) -> GraphEncoder | None:
    """Give the network that the wish names, or None where it names none."""
    if wish.startswith("onnx:"):
        return onnx_encoder(Path(wish.removeprefix("onnx:")))
    return backbone(wish, data=data) if wish in BACKBONES else None


def _refuse_unknown(wish: str) -> None:
    if wish not in ("auto", "pixels", *([petal.NAME] if petal.is_here() else [])):
        raise SettingError(f"encoder = {wish!r}: no such encoder. Choose one of {', '.join(WISHES)}.")


def _for_texts(wish: str) -> Choice:
    if wish.startswith(SENTENCES):
        encoder = sentence_encoder(folder_of(wish))
        return Choice(name=encoder.name, encoders=(encoder,), why=f"You chose {wish}.", notes=encoder.notes)
    if wish not in ("auto", "tfidf"):
        raise SettingError(f"encoder = {wish!r}: these items are texts. Choose auto, tfidf or st:PATH_OR_NAME.")
    return Choice(name="tfidf", encoders=(), why="The items are texts: weighed words and pieces of words.")


def _for_pictures(seen: _Peek, wish: str, hashes: Sequence[str], data: Path | None) -> Choice:
    tiny = seen.side <= TINY_SIDE
    what = f"The pictures are {'tiny' if tiny else 'large'} (about {seen.side} px{', gray' if seen.gray else ''})"
    if wish == "pixels":
        return Choice(name="pixels", encoders=_pixels(seen), why="You chose pixels.")
    if tiny:
        return Choice(name="pixels", encoders=_pixels(seen), why=f"{what}: every pixel can be a feature.")
    unseen = petal.is_here() and not petal.n_seen(hashes)
    if unseen:
        return _petal(f"{what}: petal, the network that comes with this package, describes each.", hashes)
    if backbone_path(DEFAULT_BACKBONE, data=data) is not None:
        encoder = backbone(DEFAULT_BACKBONE, data=data)
        why = f"{what}: a network that was trained on a million photos describes each."
        known = (f"Petal, the package's own network, was not used: {_told_seen(hashes)}",) if petal.is_here() else ()
        return Choice(name=encoder.name, encoders=(encoder,), why=why, notes=known)
    if petal.is_here():
        return _petal(f"{what}: petal, the network that comes with this package, describes each.", hashes)
    note = (
        f"The backbone {DEFAULT_BACKBONE} was not found, so only coarse pixels are used and accuracy suffers. "
        f"Set {DATA_VARIABLE} to the folder that holds backbones/."
    )
    why = f"{what}, and no backbone is at hand: their coarse pixels."
    return Choice(name="pixels", encoders=_pixels(seen), why=why, notes=(note,))


def _petal(why: str, hashes: Sequence[str]) -> Choice:
    """Choose petal; say so where it learned from some of the very photos, since its figures then flatter."""
    notes = (f"These figures flatter: {_told_seen(hashes)}",) if petal.n_seen(hashes) else ()
    return Choice(name=petal.NAME, encoders=(petal.petal(),), why=why, notes=notes)


def _told_seen(hashes: Sequence[str]) -> str:
    n = petal.n_seen(hashes)
    return f"it learned from {n:,} of these {len(hashes):,} photos, and none of them can test it."


def _pixels(seen: _Peek) -> tuple[GraphEncoder, ...]:
    side = max(2, seen.side) if seen.side <= TINY_SIDE else PHOTO_PIXELS_SIDE
    plain = pixels_encoder(side=side, gray=seen.gray)
    if not (seen.gray and seen.square and seen.side <= TINY_SIDE):
        return (plain,)
    return (plain, pixels_encoder(side=side, gray=True, deskew=True))  # drawn signs lean; whether it helps, data decide


def _peek(contents: Files | Pixels) -> _Peek:
    if isinstance(contents, Pixels):
        high, wide = contents.array.shape[1:3]
        return _Peek(side=max(high, wide), square=high == wide, gray=contents.array.ndim == 3)
    pictures = list(_some(contents.paths))
    if not pictures:
        return _Peek(side=PHOTO_PIXELS_SIDE, square=False, gray=False)
    sizes = [picture.shape[:2] for picture in pictures]
    tiny = max(max(size) for size in sizes) <= TINY_SIDE
    gray = tiny and all(bool((p == p[..., :1]).all()) for p in pictures)
    side = int(np.median([max(size) for size in sizes]))
    return _Peek(side=side, square=all(high == wide for high, wide in sizes), gray=gray)


def _some(paths: Sequence[Path]) -> list[Octets]:
    """Decode a few pictures, spread evenly; the unreadable are for the audit to name."""
    pictures = []
    for i in np.unique(np.linspace(0, len(paths) - 1, N_PEEK).astype(int)) if paths else ():
        try:
            pictures.append(decode(paths[i]))
        except ItemError:
            continue
    return pictures
