"""What an item shows at a glance: thumbnail, facts, perceptual hash. Path: source -> **features** -> audit, baseline.

Computed in the one decoding that also feeds the encoders. Never judges, and never sees a label.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dct

from florilegium.features import facts
from florilegium.features.decode import DECODE_RULES, Header
from florilegium.features.facts import Facts
from florilegium.source.base import Fault
from florilegium.types import Bools, Octets, Vectors

THUMB_SIDE = 32  # px
RAW_SIDE = 64  # px: arrays up to this size are their own thumbnails
THUMB_BYTES = THUMB_SIDE * THUMB_SIDE * 3
ROW_BYTES = THUMB_BYTES + (facts.N_FILE_FACTS + len(facts.BLUR)) * 4
LOOKS_KEY = f"looks-2-{DECODE_RULES}"  # where rows are kept; raise the first number when a row means something else
HASH_SIDE = 8  # 8 x 8 signs make 64 bits
WAVE_DECIMALS = 1  # a blank picture's waves are rounding noise below this; its bits must not be chance

PICTURE_FACTS = (*facts.SIZE, *facts.FORMAT, *facts.EXIF, *facts.LIGHT, *facts.BORDER, *facts.BLUR)

Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Looks:
    """What n items show at a glance; row i of each array is item i. Rows that are not `ok` are zero."""

    thumbs: (
        Octets | None
    )  # (n, 32, 32, 3); for arrays of up to 64 px the pixels themselves, (n, h, w[, 3]); texts have none
    facts: Vectors  # (n, f)
    fact_names: tuple[str, ...]  # f
    families: Mapping[str, tuple[int, ...]]  # family of facts -> its columns
    hashes: Hashes | None  # (n,) perceptual hashes: few bits differ between near-duplicates; texts have none
    mirrored: Hashes | None  # (n,) the same, of each picture seen in a mirror
    ok: Bools  # (n,) could it be read?
    faults: tuple[Fault, ...]
    notes: tuple[str, ...] = ()  # what was done that one might not expect


def glance(pixels: Octets, header: Header) -> Octets:
    """Give what is kept of one decoded picture (h, w, 3): thumbnail, file facts and blur, as octets (ROW_BYTES,)."""
    told = np.append(facts.file_facts(header), np.float32(facts.blur(pixels)))
    return np.concatenate([_thumb(pixels).ravel(), told.view(np.uint8)])


def facts_of(pixels: Octets, header: Header) -> dict[str, float]:
    """Give the facts of one decoded picture (h, w, 3) by name: those of `picture_looks`, but for the file's path."""
    told = facts.file_facts(header)
    light = facts.light_facts(_thumb(pixels)[None])[0]
    values = (*told, *light, facts.blur(pixels))
    return dict(zip(PICTURE_FACTS, map(float, values), strict=True))


def picture_looks(rows: Octets, paths: Sequence[Path], *, ok: Bools, faults: Sequence[Fault]) -> Looks:
    """Make the looks of files from the kept rows (n, ROW_BYTES) and the files' paths."""
    thumbs = rows[:, :THUMB_BYTES].reshape(-1, THUMB_SIDE, THUMB_SIDE, 3)
    told = np.ascontiguousarray(rows[:, THUMB_BYTES:]).view(np.float32)  # (n, file facts)
    n_size, n_format = len(facts.SIZE), len(facts.SIZE) + len(facts.FORMAT)
    parts = {
        "size": (facts.SIZE, told[:, :n_size]),
        "format": (facts.FORMAT, told[:, n_size:n_format]),
        **facts.light_parts(thumbs),
        "exif": (facts.EXIF, told[:, n_format : facts.N_FILE_FACTS]),
        "path": (facts.PATH, facts.path_facts(paths)),
        "blur": (facts.BLUR, told[:, facts.N_FILE_FACTS :]),
    }
    n_animated = int(told[:, n_size + facts.FORMAT.index("animated")].sum())
    notes = (f"{n_animated:,} files hold several frames or pages; only the first is used.",) if n_animated else ()
    return _looks(facts.table(parts), thumbs, ok=ok, faults=faults, notes=notes)


def array_looks(array: Octets) -> Looks:
    """Make the looks of pictures that are arrays (n, h, w[, 3]): they have no file, so only light tells anything."""
    small = max(array.shape[1:3]) <= RAW_SIDE
    thumbs = array if small else np.stack([_thumb(picture) for picture in array])
    parts = facts.light_parts(thumbs)
    return _looks(facts.table(parts), thumbs, ok=np.ones(len(array), dtype=np.bool_), faults=())


def text_looks(texts: Sequence[str]) -> Looks:
    """Make the looks of texts: facts only."""
    table = facts.text_facts(texts)
    return Looks(
        thumbs=None,
        facts=table.values,
        fact_names=table.names,
        families=table.families,
        hashes=None,
        mirrored=None,
        ok=np.ones(len(texts), dtype=np.bool_),
        faults=(),
    )


def _thumb(picture: Octets) -> Octets:
    return np.asarray(Image.fromarray(picture).resize((THUMB_SIDE, THUMB_SIDE), Image.Resampling.BILINEAR))


def _looks(table: Facts, thumbs: Octets, *, ok: Bools, faults: Sequence[Fault], notes: tuple[str, ...] = ()) -> Looks:
    hashes, mirrored = perceptual_hashes(thumbs)
    values = np.where(ok[:, None], table.values, np.float32(0))
    return Looks(
        thumbs=thumbs,
        facts=values,
        fact_names=table.names,
        families=table.families,
        hashes=hashes,
        mirrored=mirrored,
        ok=ok,
        faults=tuple(faults),
        notes=notes,
    )


def perceptual_hashes(thumbs: Octets) -> tuple[Hashes, Hashes]:
    """Give each picture's pHash, and that of its mirror image: thumbs (n, h, w[, 3]) -> two of (n,).

    The 8 x 8 lowest waves of the discrete cosine transform of the luminance, without the constant one; each bit tells
    whether a wave is above the median of the 63. Near-duplicates differ in few of the 64 bits. In a mirror every odd
    horizontal wave changes its sign.
    Source: Zauner (2010), Implementation and benchmarking of perceptual image hash functions, section 3.2.1.
    """
    batches = [_waves(thumbs[start : start + 4096]) for start in range(0, len(thumbs), 4096)]  # flat memory
    waves = np.concatenate(batches) if batches else np.empty((0, HASH_SIDE, HASH_SIDE), dtype=np.float32)
    mirror = np.where(np.arange(HASH_SIDE) % 2, np.float32(-1), np.float32(1))
    return _signs(waves), _signs(waves * mirror)


def _waves(thumbs: Octets) -> Vectors:
    gray = facts.luminance(thumbs)  # (m, h, w)
    down, across = (dct(np.eye(size, dtype=np.float32), axis=0, norm="ortho")[:HASH_SIDE] for size in gray.shape[1:])
    waves = down @ gray @ across.T  # (8, h) @ (m, h, w) @ (w, 8) -> (m, 8, 8)
    return np.asarray(np.round(waves, WAVE_DECIMALS), dtype=np.float32)


def _signs(waves: Vectors) -> Hashes:
    flat = waves.reshape(len(waves), HASH_SIDE * HASH_SIDE)
    above = flat > np.median(flat[:, 1:], axis=1, keepdims=True) if len(flat) else flat > 0
    above[:, 0] = False  # the constant wave is brightness, not shape
    return np.packbits(above, axis=1).view(">u8").astype(np.uint64).ravel()
