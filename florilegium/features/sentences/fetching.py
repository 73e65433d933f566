"""Bring the folder of a sentence encoder here, by its path or its hub's name. Path: **features.sentences**.

A path is taken as it is; a name is looked for in the mirror (`encoders/NAME` below FLORILEGIUM_DATA), then in the hub's
own cache, then on the hub. Only JSON, text, graphs and plain tensors are fetched: no pickles, no code.
"""

import os
from pathlib import Path

from florilegium.errors import DownloadError, SettingError
from florilegium.features.backbone import DATA_VARIABLE

PREFIX = "st:"
MIRROR = "encoders"  # the folder below FLORILEGIUM_DATA
PATTERNS = ("*.json", "README.md", "model.safetensors", "*/model.safetensors", "onnx/model.onnx", "model.onnx")


def folder_of(wish: str) -> Path:
    """Give the folder that `st:PATH` or `st:NAME` names, fetched where it is not here.

    Raises: SettingError: no name at all, or the hub's library is missing.  DownloadError: the hub is not reached, or
        has no such name.
    """
    name = wish.removeprefix(PREFIX).strip()
    if not name:
        raise SettingError(f"encoder = {wish!r}: expected st:PATH of a folder, or st:NAME of a hub's model.")
    if (path := Path(name).expanduser()).is_dir():
        return path
    mirror = Path(os.environ.get(DATA_VARIABLE) or ".") / MIRROR / name
    if os.environ.get(DATA_VARIABLE) and ".." not in Path(name).parts and mirror.is_dir():
        return mirror
    if name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise SettingError(f"encoder = {wish!r}: no such folder. Give the folder of an encoder, or a hub's name.")
    return _fetched(name)


def _fetched(name: str) -> Path:
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.utils import logging
    except ModuleNotFoundError as error:
        raise SettingError(
            f"st:{name} is no folder here, and a hub needs {error.name}. Run: pip install 'florilegium[text]'"
        ) from error
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # the library has no types here
    # The library's short names are the ones of one owner.
    whole = name if "/" in name else f"sentence-transformers/{name}"
    reasons = []
    for local in (True, False):  # what was fetched once is not asked for again
        try:
            return Path(snapshot_download(whole, allow_patterns=list(PATTERNS), local_files_only=local))
        except Exception as error:  # noqa: BLE001 - its own errors, and those of its HTTP library
            reasons.append((str(error).strip().splitlines() or [type(error).__name__])[0][:200])
    raise DownloadError(
        f"st:{name}: neither a folder, nor in the mirror ({MIRROR}/{name} below {DATA_VARIABLE}), nor to be had from "
        f"the hub: {reasons[-1]} Check the name, try again with a connection, or give the folder of a copy: st:PATH"
    )
