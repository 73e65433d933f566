"""The one edge where errors become words and exit codes. Path: project -> **cli**.

Exit codes: 0 done · 2 the input is at fault · 3 a step is missing first · 130 interrupted.
"""

import errno
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from florilegium.errors import FlorilegiumError, StorageError

INTERRUPTED = 130  # 128 + SIGINT, as shells expect
NO_MEMORY = (
    "there is not enough memory for all of these items at once. What was recorded is safe. Close other programs, or "
    "take a part of the data: some ten thousand items teach nearly as much as a million."
)


@contextmanager
def edge(*, as_json: bool = False) -> Iterator[None]:
    """Turn what a command raises into a message on standard error, or one JSON document, and an exit code."""
    try:
        yield
    except FlorilegiumError as error:
        _say(error, as_json=as_json)
        raise typer.Exit(error.exit_code) from error
    except KeyboardInterrupt as error:
        print("\nInterrupted. What was recorded is safe; run the same command again to go on.", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from error
    except BrokenPipeError as error:
        # The reader (head, less) has seen enough; Python must not complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from error
    except MemoryError as error:
        _say(StorageError(NO_MEMORY), as_json=as_json)
        raise typer.Exit(StorageError.exit_code) from error
    except OSError as error:
        _say(_storage_error(error), as_json=as_json)
        raise typer.Exit(StorageError.exit_code) from error


def _say(error: FlorilegiumError, *, as_json: bool) -> None:
    kind = type(error).__name__
    if as_json:
        print(json.dumps({"error": {"kind": kind, "message": str(error)}}, ensure_ascii=False))
    else:
        print(f"{kind}: {error}", file=sys.stderr)


def _storage_error(error: OSError) -> StorageError:
    where = error.filename or "the disk"
    cures = {
        errno.ENOSPC: "Free some space there and run the command again; what was recorded before is safe.",
        errno.EROFS: "Choose a folder on a disk that can be written to.",
        errno.EACCES: "Check the permissions, or choose another folder.",
    }
    return StorageError(f"{where}: {error.strerror}. {cures.get(error.errno or 0, 'Check the path and try again.')}")
