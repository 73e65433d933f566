"""Bring the wished encoder here, and refuse one that cannot be had. Path: **project** (shell). Learns nothing."""

from collections.abc import Sequence
from pathlib import Path

from florilegium import features
from florilegium.errors import SettingError
from florilegium.features import SentenceEncoder
from florilegium.features.sentences.tokens import Tokens
from florilegium.features.text import MAX_CHARS

HUB = "hf:"  # an encoder of transformers, by the name of its repository


def check(wish: str, *, cache: Path) -> None:
    """Refuse an encoder that does not exist or cannot be had, so that a new project is not nailed to it.

    Args: wish: the setting `encoder`.  cache: the project's cache; made only where a hub's network is brought.
    Raises: SettingError: no such encoder.  StepMissing: its file is not here.  ModelFileError: the file is unfit.
        DownloadError: the hub is not reached.
    """
    features.check_wish(local(wish, cache=cache))


def local(wish: str, *, cache: Path) -> str:
    """Give the wished encoder; one from a hub is brought here first, and is an ONNX file from then on."""
    if not wish.startswith(HUB):
        return wish
    try:
        from florilegium.model.finetune import hub
    except ModuleNotFoundError as error:
        raise SettingError(
            f"encoder = {wish} needs {error.name}, which is not installed. Run: pip install 'florilegium[finetune]'"
        ) from error
    return f"onnx:{hub.brought(wish, cache=cache / 'encoders')}"


def cut_notes(encoders: Sequence[object], texts: Sequence[str] | None) -> tuple[str, ...]:
    """Say of how many texts the end is not read, and why; nothing where all of each is."""
    if texts is None:
        return ()
    notes = []
    n_long = sum(len(text) > MAX_CHARS for text in texts)
    if n_long:
        notes.append(f"Of {n_long:,} of {len(texts):,} texts only the first {MAX_CHARS:,} characters are read.")
    for encoder in encoders:
        if isinstance(encoder, SentenceEncoder):
            n_cut = Tokens(encoder.rules, where=encoder.name).n_cut(texts)
            limit = encoder.rules.max_tokens
            notes += [f"{encoder.name} reads {limit} tokens; {n_cut:,} of {len(texts):,} texts go on."] if n_cut else []
    return tuple(notes)
