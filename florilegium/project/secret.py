"""A secret that only this project knows, kept in a file. Path: **project** (shell). Never in the database or a log."""

import os
import secrets
from pathlib import Path

SECRET_BYTES = 32


def secret_in(folder: Path, name: str) -> bytes:
    """Give the secret of this name, made where there is none; processes that start together get the same one."""
    path = folder / name
    if (known := _read(path)) is not None:
        return known
    folder.mkdir(parents=True, exist_ok=True)
    made, beside = secrets.token_bytes(SECRET_BYTES), folder / f".{name}.{secrets.token_hex(4)}"
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(made)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(beside, path)  # unlike a rename this fails where another process was quicker
    except FileExistsError:
        if _read(path) is None:  # it was damaged
            beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return _read(path) or made


def _read(path: Path) -> bytes | None:
    try:
        known = path.read_bytes()
    except FileNotFoundError:
        return None
    return known if len(known) == SECRET_BYTES else None
