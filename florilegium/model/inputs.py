"""Find what is to be classified: files, folders, patterns, lines. Path: source -> **model**.

Gives one entry per input, in order and as it goes: a folder of a million photos needs no list. Opens no picture.
"""

import glob
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

READ_SUFFIXES = "jpg jpeg jpe jfif png gif bmp dib webp tif tiff ppm pgm pbm pnm mpo avif"
UNREAD_SUFFIXES = "heic heif svg psd"  # not read, but whoever has such a picture should hear it
PICTURE_SUFFIXES = frozenset(f"{READ_SUFFIXES} {UNREAD_SUFFIXES}".split())
TABLE_SUFFIXES = frozenset({"csv", "tsv", "jsonl", "parquet", "xlsx"})
TEXT_SUFFIXES = TABLE_SUFFIXES | {"txt"}
IGNORED = frozenset({"__MACOSX", "Thumbs.db"})  # beside everything whose name begins with a dot
MAX_LINE_CHARS = 1 << 20  # of a file of texts: what is held of a line at most
_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing to classify, or why it cannot be."""

    name: str  # as shown; bytes that are no UTF-8 are written as \\x..
    content: Path | str | None = None  # a file, or a text
    error: str | None = None  # what is wrong, and what to do


def pictures(inputs: Iterable[str | Path]) -> Iterator[Entry]:
    """Give the pictures that `inputs` name: files as they stand, folders and patterns with all pictures inside."""
    for given in inputs:
        text = os.fspath(given)
        if _URL.match(text):
            yield Entry(
                name=shown(text), error="an address; nothing is fetched. Download the picture and give its path."
            )
        elif os.path.isdir(text):  # noqa: PTH112 - false where a text can be no path; Path raises
            yield from _several(
                text, _walk(text), "no picture here that may be read. Give a folder with JPEG or PNG files."
            )
        elif glob.has_magic(text) and not os.path.lexists(text):
            yield from _several(text, _matches(text), "no file fits this pattern. Check it, or quote it less.")
        else:
            yield Entry(name=shown(text), content=Path(text))  # whether it can be read, decoding will say


def texts(inputs: Iterable[str | Path]) -> Iterator[Entry]:
    """Give the texts that `inputs` are: a string is a text, unless it names a .txt file, whose lines are texts."""
    for given in inputs:
        text = os.fspath(given)
        suffix = text.rpartition(".")[2].lower()
        # One word that ends like a file is a file: a mistyped name should be missed, not classified.
        is_file = isinstance(given, Path) or (
            suffix in TEXT_SUFFIXES and (len(text.split()) == 1 or os.path.lexists(text))
        )
        if is_file and suffix in TABLE_SUFFIXES:
            reason = "a table; this model takes texts. Write its text column to a .txt file, one text a line."
            yield Entry(name=shown(text), error=reason)
        elif is_file:
            yield from _lines(Path(text))
        else:
            yield Entry(name=shown(text), content=text) if text.strip() else _no_text(text)


def count(entries: Iterable[Entry]) -> int:
    """Count entries for the progress bar; walking takes a thousandth of the time that decoding takes."""
    return sum(1 for _ in entries)


def shown(text: str) -> str:
    r"""Give a name that can be printed anywhere: what the file system holds that is not UTF-8 becomes `\x..`.

    >>> shown("rose\udcff.jpg")
    'rose\\xff.jpg'
    """
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace") if not text.isascii() else text


def _several(given: str, paths: Iterator[str], nothing: str) -> Iterator[Entry]:
    path = None
    for path in paths:
        yield Entry(name=shown(path), content=Path(path))
    if path is None:
        yield Entry(name=shown(given), error=nothing)


def _walk(folder: str) -> Iterator[str]:
    """Give the pictures under a folder, sorted; links to folders are not followed, so no loop is endless."""
    try:
        with os.scandir(folder) as found:
            children = sorted(found, key=lambda child: child.name)
    except OSError:
        return  # a folder that may not be entered; what lies beside it goes on
    for child in children:
        if child.name.startswith(".") or child.name in IGNORED:
            continue
        if child.is_dir(follow_symlinks=False):
            yield from _walk(child.path)
        elif is_picture_name(child.name):
            yield child.path


def _matches(pattern: str) -> Iterator[str]:
    """Give the pictures that a pattern fits, sorted; folders that it names are walked, links to folders are not."""
    parts = Path(pattern).parts
    first = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    base = Path(*parts[:first])
    try:
        # Not glob.glob: its ** goes through a link that leads back, forty times over.
        found = sorted(base.glob(os.path.join(*parts[first:])))  # noqa: PTH118 - a pattern, not a path
    except (OSError, ValueError):  # "**x" is no pattern; a name may be too long
        return
    deep = "**" in parts
    for path in found:
        hidden = any(part.startswith(".") or part in IGNORED for part in path.relative_to(base).parts)
        if hidden and not any(part.startswith(".") for part in parts[first:]):
            continue
        if path.is_dir():
            yield from () if deep else _walk(str(path))
        elif is_picture_name(path.name):
            yield str(path)


def is_picture_name(name: str) -> bool:
    """Tell by its ending whether a file should be a picture.

    >>> is_picture_name("rose.JPG"), is_picture_name("notes.txt")
    (True, False)
    """
    return name.rpartition(".")[2].lower() in PICTURE_SUFFIXES


def _lines(path: Path) -> Iterator[Entry]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            while line := file.readline(MAX_LINE_CHARS):
                # The start of a longer line is a text like any other; counting reads no more of it anyway.
                if text := line.strip():
                    yield Entry(name=text, content=text)
                while len(line) == MAX_LINE_CHARS and not line.endswith("\n"):
                    line = file.readline(MAX_LINE_CHARS)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        yield Entry(name=shown(str(path)), error=f"cannot be read: {reason}. Give a UTF-8 file with one text a line.")


def _no_text(text: str) -> Entry:
    return Entry(name=shown(text), error="an empty text. Write what is to be classified.")
