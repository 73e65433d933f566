"""What a backup says of itself: each file with its size and hash. Path: **project** (used by packing and unpacking).

A manifest may come from a stranger: names that lead out of the folder, sizes and kinds that cannot be are refused here.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import PurePosixPath

from florilegium import settings

MANIFEST = "manifest.json"
FORMAT = 1
PROJECT, RECORD = "project", "record"  # folders in the archive: files of the project's folder · rows, a file per table
ROWS = ".jsonl"
MAX_DEPTH, MAX_PART_BYTES = 16, 255
MAX_FILES = 200_000
_HASH = re.compile("[0-9a-f]{64}")
_TABLE = re.compile("[a-z][a-z0-9_]{0,62}")
_VERSION = re.compile("[0-9]{4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of a backup."""

    n_bytes: int  # unpacked
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup holds."""

    made_at: str  # ISO 8601
    florilegium: str  # the version of the program
    project: str  # the folder's name
    tables: str  # the version of the tables
    counts: Mapping[str, int]  # rows per table
    files: Mapping[str, Entry]  # by their name in the archive

    def as_json(self) -> bytes:
        """Give the manifest as it is written."""
        document = {"format": FORMAT, **asdict(self)}
        return json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8")

    @property
    def n_bytes(self) -> int:
        """Count the bytes of all files, unpacked."""
        return sum(entry.n_bytes for entry in self.files.values())

    @property
    def tables_kept(self) -> dict[str, str]:
        """Give the file in the archive per table."""
        kept = {name: PurePosixPath(name) for name in self.files}
        return {path.stem: name for name, path in kept.items() if path.parts[0] == RECORD}


def read_manifest(content: bytes) -> Manifest:
    """Read a manifest.

    Raises: ValueError: it is none, or what it says cannot be.
    """
    try:
        given = json.loads(content)
        if given.pop("format") != FORMAT:
            raise ValueError("it was written by a newer Florilegium: pip install --upgrade florilegium")
        files = {name: Entry(**entry) for name, entry in given.pop("files").items()}
        found = Manifest(files=files, **given)
        _check(found)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"its manifest is damaged ({type(error).__name__})") from error
    return found


def _check(found: Manifest) -> None:
    if len(found.files) > MAX_FILES:
        raise ValueError(f"it has {len(found.files):,} files; at most {MAX_FILES:,} are taken")
    for name, entry in found.files.items():
        check_name(name)
        if type(entry.n_bytes) is not int or entry.n_bytes < 0 or not _HASH.fullmatch(entry.sha256):
            raise ValueError(f"{name[:80]!r}: its size or hash cannot be")
    if any(type(n) is not int or n < 0 or not _TABLE.fullmatch(name) for name, n in found.counts.items()):
        raise ValueError("its count of rows cannot be")
    if not _VERSION.fullmatch(found.tables):
        raise ValueError(f"tables of version {found.tables[:20]!r}: there is none")
    datetime.fromisoformat(found.made_at)
    if f"{PROJECT}/{settings.FILE_NAME}" not in found.files:
        raise ValueError("it holds no settings of a project")


def check_name(name: str) -> None:
    """Refuse a name that is not of a plain file below `project` or `record`.

    Raises: ValueError: it leads elsewhere, or to a place that is not a backup's to fill.
    """
    path = PurePosixPath(name)
    parts = path.parts
    is_plain = str(path) == name and name.isprintable() and "\\" not in name and ":" not in name and len(parts) > 1
    if not is_plain or len(parts) > MAX_DEPTH or any(not _is_part(part) for part in parts):
        raise ValueError(f"{name[:80]!r}: no name of a file in a backup")
    if parts[0] == PROJECT and not is_reserved(parts[1:]):
        return
    if parts[0] == RECORD and len(parts) == 2 and path.suffix == ROWS and _TABLE.fullmatch(path.stem):
        return
    raise ValueError(f"{name[:80]!r}: not a place that a backup fills")


def _is_part(part: str) -> bool:
    return not part.startswith(".") and len(part.encode("utf-8", "surrogatepass")) <= MAX_PART_BYTES


def is_reserved(parts: tuple[str, ...]) -> bool:
    """Tell whether a place in a project's folder is the record itself, or can be computed again."""
    return parts[0] == "cache" or (len(parts) == 1 and parts[0].startswith(settings.DATABASE_NAME))
