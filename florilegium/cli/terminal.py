"""The terminal itself: console, bars, JSON out, the project of this folder. Path: project -> **cli**."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from florilegium.cli.bars import Bars
    from florilegium.project import Project

MEGABYTE = 1_000_000  # bytes, as disks are sold
UNBROKEN = 1_000_000  # characters: no line is that long


def console(*, quiet: bool = False) -> "Console":
    """Give the console that results are printed on: standard output.

    As wide as the terminal; a file or a pipe breaks no line, so that grep and wc find what was written.
    """
    from rich.console import Console

    out = Console(quiet=quiet)
    return out if out.is_terminal else Console(quiet=quiet, width=UNBROKEN)


@contextmanager
def bars_for(as_json: bool) -> "Iterator[Bars]":
    """Give progress bars on standard error; none are drawn where a program reads along."""
    from florilegium.cli.bars import Bars

    with Bars(quiet=as_json) as bars:
        yield bars


@contextmanager
def load(folder: Path, bars: "Bars") -> "Iterator[Project]":
    """Open the project in a folder for one command."""
    from florilegium.project import load as load_project

    with load_project(folder, progress=bars) as project:
        yield project


def print_json(document: Any) -> None:  # noqa: ANN401 - whatever JSON can say
    """Print one JSON document, readable and in UTF-8, and nothing else."""
    text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False, default=str)
    sys.stdout.buffer.write(text.encode("utf-8", errors="backslashreplace") + b"\n")
    sys.stdout.flush()


def size_words(n_bytes: int) -> str:
    """Say how large something is.

    >>> size_words(40_321), size_words(2_400_000)
    ('40 kB', '2.4 MB')
    """
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= MEGABYTE else f"{n_bytes / 1e3:.0f} kB"
