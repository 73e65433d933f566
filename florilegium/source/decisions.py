"""Read a table of finished decisions: the columns that are asked for, and no others. Path: **source** -> bias.

Whoever made the decisions, a person or a machine that nobody can see into, the table is enough. Rows stream through;
what is kept per cell is a number, and each different value once. Judges nothing and guesses no column.
"""

import math
import re
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np

from florilegium.errors import MetadataError, SourceError
from florilegium.source import columns
from florilegium.source.base import Fault
from florilegium.source.rows import Faults
from florilegium.source.tablefile import open_table
from florilegium.types import Floats, Ints, Progress, silent

TELL_EVERY = 50_000  # rows between two words of progress
MAX_SHARE_FAULTS = 0.5  # beyond this it is the table that is misread, not a few rows that are wrong
# How programs write "nothing here"; compared without case. "None" is left alone: it can be an answer. "?" is how the
# tables of the UCI repository write it.
MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "nil", "<na>", "?"})
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Column:
    """One column: its different values once, and which of them stands in each row."""

    name: str
    values: tuple[str, ...]  # v different cells, in the order in which they first occur
    codes: Ints  # (n,) 0..v-1; -1 where the cell is empty

    @property
    def numbers(self) -> Floats | None:
        """Give the cells as numbers (n,), NaN where empty; None where a cell is no number."""
        if not self.values or not all(map(_is_number, self.values)):
            return None
        return np.append([float(value) for value in self.values], np.nan)[self.codes]

    @property
    def days(self) -> Floats | None:
        """Give the cells as days since 1970-01-01 (n,), NaN where empty; None where a cell is no ISO date."""
        found = [_day(value) for value in self.values]
        if not found or None in found:
            return None
        return np.append([float(day) for day in found if day is not None], np.nan)[self.codes]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DecisionTable:
    """The asked columns of n decisions."""

    path: Path
    n: int
    columns: dict[str, Column]  # by the table's own name
    names: dict[str, str]  # asked name -> the table's own
    notes: tuple[str, ...]
    faults: tuple[Fault, ...]

    def __getitem__(self, asked: str) -> Column:
        """Give a column by the name that was asked for."""
        return self.columns[self.names[asked]]


def read_decisions(
    path: Path, asked: Sequence[tuple[str, str]], *, encoding: str | None = None, progress: Progress = silent
) -> DecisionTable:
    """Read the asked columns of a CSV, TSV, JSONL or Parquet file.

    Args: asked: (column, what it is for) pairs; case and punctuation of a name do not matter.
    Raises: SourceError: no such file, no table, no row, or mostly rows that cannot be used.
        MetadataError: columns are missing; all are named at once, each with the nearest names.
    """
    rows = open_table(path, encoding=encoding)
    names = _names(rows.columns, asked, path)
    places = {name: rows.columns.index(name) for name in dict.fromkeys(names.values())}
    codes = {name: array("q") for name in places}
    values: dict[str, dict[str, int]] = {name: {} for name in places}
    faults, n = Faults(path.name), 0
    takers = [(place, codes[name].append, values[name]) for name, place in places.items()]
    for n, (_, cells) in enumerate(rows.start(faults), 1):
        for place, append, known in takers:
            cell = cells[place].strip()
            append(-1 if cell.casefold() in MISSING else known.setdefault(cell, len(known)))
        if n % TELL_EVERY == 0:
            progress("decisions read", n, rows.n_rows)
    progress("decisions read", n, n)
    _refuse_unusable(path, n, faults)
    return DecisionTable(
        path=path,
        n=n,
        columns={
            name: Column(name=name, values=tuple(values[name]), codes=np.frombuffer(codes[name], dtype=np.int64))
            for name in places
        },
        names=names,
        notes=(*rows.notes, *faults.notes()),
        faults=faults.all(),
    )


def _names(there: Sequence[str], asked: Iterable[tuple[str, str]], path: Path) -> dict[str, str]:
    found, faults = {}, []
    for name, what in asked:
        try:
            found[name] = columns.named(there, name, where=path.name, what=what)
        except MetadataError as error:
            faults.append(str(error))
    if faults:
        raise MetadataError("\n".join(dict.fromkeys(faults)))
    return found


def _refuse_unusable(path: Path, n: int, faults: Faults) -> None:
    if n and faults.n <= MAX_SHARE_FAULTS * (n + faults.n):
        return
    first = "; ".join(f"{fault.name}: {fault.reason}" for fault in faults.named[:3])
    what = (
        f"{faults.n:,} of {n + faults.n:,} rows cannot be used: {first}" if faults.n else "there is no decision in it"
    )
    raise SourceError(f"{path}: {what}. Expected column names and below them one line per decision.")


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None and math.isfinite(float(text))


def _day(text: str) -> float | None:
    """Give an ISO date, with or without a time of day, as days since 1970-01-01.

    >>> _day("1970-01-02"), _day("1970-01-01T12:00"), _day("soon")
    (1.0, 0.5, None)
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
    return float(moment.date().toordinal() - date(1970, 1, 1).toordinal()) + seconds / 86_400
