"""Open a table file by its first bytes and its ending. Path: **source** -> dataset. Knows no columns."""

from pathlib import Path

from florilegium.errors import SourceError
from florilegium.source.delimited import open_delimited
from florilegium.source.jsonl import open_jsonl
from florilegium.source.parquet import open_parquet
from florilegium.source.rows import Rows
from florilegium.source.sniff import SNIFF_BYTES, image_format

ENDINGS = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".json", ".parquet", ".pq", ".txt")
EXPECTED = "Expected a table: CSV, TSV, JSONL or Parquet"
# How files begin that are often given in place of a table -> what they are and what to do.
_FOREIGN = (
    (
        b"PK\x03\x04",
        "an Excel sheet or a ZIP archive; save the sheet as CSV, or unpack the archive and give its folder",
    ),
    (b"\xd0\xcf\x11\xe0", "an old Excel sheet; save it as CSV"),
    (b"\x1f\x8b", "packed with gzip; unpack it first: gunzip FILE"),
    (b"BZh", "packed with bzip2; unpack it first: bunzip2 FILE"),
    (b"\xfd7zXZ", "packed with xz; unpack it first: unxz FILE"),
    (b"SQLite format 3", "an SQLite database; write the table as CSV: sqlite3 -csv -header FILE 'select * from TABLE'"),
    (b"%PDF", "a PDF document"),
    (b"\x80\x04", "a Python pickle, which is never opened here because it can run programs; write CSV instead"),
)


def open_table(path: Path, *, encoding: str | None = None) -> Rows:
    """Open a table.

    Raises: SourceError: no such file, empty, unreadable, or not a table.
    """
    try:
        with path.open("rb") as file:
            head = file.read(SNIFF_BYTES)
        return _open(path, head, encoding)
    except IsADirectoryError as error:
        raise SourceError(f"{path}: this is a folder. {EXPECTED}.") from error
    except FileNotFoundError as error:
        raise SourceError(f"{path}: no such file. {EXPECTED}.") from error
    except OSError as error:
        raise SourceError(f"{path}: it cannot be read ({error.strerror}). Check its permissions.") from error


def _open(path: Path, head: bytes, encoding: str | None) -> Rows:
    ending = path.suffix.lower()
    if not head:
        raise SourceError(f"{path}: the file is empty. {EXPECTED} with column names and one line per item.")
    if head[:4] == b"PAR1" or ending in {".parquet", ".pq"}:
        return open_parquet(path)
    if image_format(head) is not None:
        raise SourceError(f"{path}: this is a picture. {EXPECTED}, or give the folder that holds the class folders.")
    for beginning, said in _FOREIGN:
        if head.startswith(beginning):
            raise SourceError(f"{path}: this is {said}. {EXPECTED}.")
    if ending in {".jsonl", ".ndjson", ".json"}:
        return open_jsonl(path, encoding=encoding)
    return open_delimited(path, encoding=encoding)
