"""Read CSV and TSV as they come: any delimiter, raw quotes, ragged rows, no header. Path: **source** -> dataset.

Streams line by line, in memory that does not grow with the file. A row that cannot be read is a fault; the next ones
go on.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO

from florilegium.errors import SourceError
from florilegium.source.columns import ALL_NAMES, plain
from florilegium.source.encoding import encoding_of
from florilegium.source.rows import MAX_CELL_CHARS, Faults, Row, Rows, unique_names

PEEK_CHARS = 1 << 17
MAX_PEEK_ROWS = 200
DELIMITERS = (",", ";", "\t", "|")
MARGIN_RAW = 0.1  # share of rows
SEPARATOR_LINE = re.compile(r"^sep=(.)\s*$", re.IGNORECASE)  # how Excel says its delimiter


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells are parted."""

    delimiter: str
    quoting: bool  # False: quotation marks are signs like any other
    skip: int = 0  # lines before the first row


OURS = Dialect(",", quoting=True)  # how Florilegium itself writes


def open_delimited(path: Path, *, encoding: str | None, dialect: Dialect | None = None) -> Rows:
    """Open a table of delimited text; without a dialect it is guessed, and so is whether the first row is a header.

    Raises: SourceError: unknown encoding, or no row with two cells.
    """
    found = encoding_of(path, wanted=encoding)
    with path.open(encoding=found.name, errors="replace", newline="") as file:
        peek = file.read(PEEK_CHARS)
    known = dialect is not None
    dialect = dialect or _dialect(peek, tabs_first=path.suffix.lower() in {".tsv", ".tab"})
    first = [cells for _, cells in _records(iter(_lines_of(peek)), dialect, Faults("peek"))][:MAX_PEEK_ROWS]
    if not first:
        raise SourceError(f"{path}: no row in it. Expected a line with column names and one line per item.")
    has_header = known or _has_header(first)
    notes = [*found.notes]
    if dialect.delimiter not in ",\t" or (dialect.delimiter == "\t") != (path.suffix.lower() in {".tsv", ".tab"}):
        notes.append(f"{path.name}: cells are parted by {dialect.delimiter!r}.")
    if not dialect.quoting:
        notes.append(f"{path.name}: quotation marks are taken as text, not as quotes around cells.")
    if not has_header:
        notes.append(f"{path.name}: the first line looks like data, so the columns are called column 1, column 2, ...")
    columns = unique_names(first[0] if has_header else [""] * len(first[0]))
    cells = [" ".join(cell.split()) for cell in first[0]]
    if has_header and (again := [name for cell, name in zip(cells, columns, strict=True) if cell and name != cell]):
        notes.append(f"{path.name}: a name stands above several columns; the later ones are called {', '.join(again)}.")

    def start(faults: Faults) -> Iterator[Row]:
        header = first[0] if has_header else None
        return _stream(path, found.name, dialect, header=header, n_columns=len(columns), faults=faults)

    return Rows(path=path, columns=columns, start=start, notes=tuple(notes))


def _lines_of(text: str) -> list[str]:
    """Part a peek into lines as a file would; the last one may be cut and is left out where others are."""
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$", text.replace("\0", ""))
    return lines[:-1] if len(text) == PEEK_CHARS and len(lines) > 1 else lines


def _dialect(peek: str, *, tabs_first: bool) -> Dialect:
    """Choose the delimiter, and whether quotes are quotes, by which gives most rows of one same width."""
    lines = _lines_of(peek)
    if lines and (said := SEPARATOR_LINE.match(lines[0])):
        return Dialect(said.group(1), quoting=True, skip=1)
    order = ("\t", ",", ";", "|") if tabs_first else DELIMITERS
    candidates = [Dialect(delimiter, quoting) for quoting in (True, False) for delimiter in order]
    # max() keeps the first of equals: commas before others, quotes before none.
    return max(candidates, key=lambda dialect: _evenness(lines, dialect))


def _evenness(lines: list[str], dialect: Dialect) -> tuple[float, int]:
    """Score a dialect: the share of lines that end up in rows of the commonest width, then that width."""
    faults = Faults("peek")
    used = list(zip(range(MAX_PEEK_ROWS), _records(iter(lines), dialect, faults), strict=False))
    widths = Counter(len(cells) for _, (_, cells) in used)
    if not widths:
        return 0.0, 0
    width, n = max(widths.items(), key=lambda item: (item[1], item[0]))
    if width < 2:
        return 0.0, width
    # Quotes around whole cells are the rule: to take them as text needs more than a few rows that break it.
    return round(n / (len(used) + faults.n) - (0.0 if dialect.quoting else MARGIN_RAW), 2), width


def _has_header(first: list[list[str]]) -> bool:
    """Tell whether the first row names columns: it has a name that is known, or none of its cells comes again below."""
    head, below = first[0], first[1:]
    cells = [cell.strip() for cell in head]
    if any(plain(cell) in ALL_NAMES for cell in cells):
        return True
    if any(_is_number(cell) for cell in cells) or not all(cells[1:]):  # pandas leaves its index without a name
        return False
    return not any(
        cell in {row[i].strip() for row in below if len(row) > i and row != head} for i, cell in enumerate(cells)
    )


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[-+]?\d[\d.,]*", cell) is not None


def _stream(
    path: Path, encoding: str, dialect: Dialect, *, header: list[str] | None, n_columns: int, faults: Faults
) -> Iterator[Row]:
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        records = _records(_bounded_lines(file, faults), dialect, faults)
        if header is not None:
            next(records, None)
        for line, cells in records:
            if cells == header:
                faults.n_headers += 1
            elif len(cells) == n_columns:
                yield line, cells
            elif not any(cells[n_columns:]) and len(cells) > n_columns:
                yield line, cells[:n_columns]  # spreadsheets leave empty cells behind
            else:
                faults.add(line, _ragged(cells, n_columns, dialect))


def _ragged(cells: list[str], n_columns: int, dialect: Dialect) -> str:
    what = f"{len(cells)} cells where {n_columns} were expected"
    cure = (
        f"; put text that holds {dialect.delimiter!r} into quotes" if len(cells) > n_columns and dialect.quoting else ""
    )
    return what + cure


def _bounded_lines(file: TextIO, faults: Faults) -> Iterator[str]:
    """Give line after line; one beyond the limit is cut off there, so that no line can fill the memory."""
    number = 0
    while line := file.readline(MAX_CELL_CHARS):
        number += 1
        if len(line) == MAX_CELL_CHARS and not line.endswith(("\n", "\r")):
            while (rest := file.readline(MAX_CELL_CHARS)) and not rest.endswith(("\n", "\r")):
                pass
            faults.add(number, f"the line is longer than {MAX_CELL_CHARS:,} characters")
            line = "\n"  # keeps the count of lines
        yield line.replace("\0", "") if "\0" in line else line


class _Source:
    """Hand lines to the reader, remember those of the row in work, and take them back where it fails."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.lines = lines
        self.row: list[str] = []
        self.back: list[str] = []
        self.line = 0  # number of the line handed out last

    def __iter__(self) -> "_Source":
        return self

    def __next__(self) -> str:
        line = self.back.pop() if self.back else next(self.lines)
        self.line += 1
        self.row.append(line)
        return line

    def retreat(self) -> None:
        """Take back all lines of this row but its first."""
        self.line -= len(self.row) - 1
        self.back.extend(reversed(self.row[1:]))
        self.row.clear()


def _records(lines: Iterator[str], dialect: Dialect, faults: Faults) -> Iterator[Row]:
    """Part lines into rows; blank ones are left out, and a broken quote costs its own line only."""
    csv.field_size_limit(MAX_CELL_CHARS)
    source = _Source(lines)
    for _ in range(dialect.skip):
        next(source, None)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if dialect.quoting else csv.QUOTE_NONE
    reader = csv.reader(source, delimiter=dialect.delimiter, quoting=quoting, strict=True)
    while True:
        source.row.clear()
        first_line = source.line + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            faults.add(first_line, f"a quotation mark is out of place ({error}); double it, or close it")
            source.retreat()
            continue
        if cells and (cells[0].strip() or any(map(str.strip, cells))):
            yield first_line, cells
