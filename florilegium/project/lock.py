"""One command at a time on one project. Path: **project** (shell). The lock dies with its process, even by kill -9."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from florilegium.errors import ProjectBusy, StorageError

LOCK_NAME = ".florilegium.lock"
HOLDER_NAME = ".florilegium.holder"  # beside the lock: filelock empties the lock file itself


@contextmanager
def only_command(folder: Path, command: str) -> Iterator[None]:
    """Hold the project for one command.

    Raises: ProjectBusy: another command holds it; the message names that command and its process.
    """
    lock = FileLock(folder / LOCK_NAME)
    holder = folder / HOLDER_NAME
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        who = holder.read_text(encoding="utf-8") if holder.exists() else "another command"
        raise ProjectBusy(
            f"{folder}: {who} works on this project right now. Wait until it is done and try again."
        ) from error
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror}. Choose a folder that you may write to.") from error
    try:
        holder.write_text(f"florilegium {command} (process {os.getpid()})", encoding="utf-8")
        yield
        holder.unlink(missing_ok=True)
    finally:
        lock.release()
