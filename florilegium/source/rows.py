"""What every table gives, whatever its format: columns, rows, and what is wrong with rows. Path: **source** -> dataset.

Rows pass through one by one. All faults are counted, the first ones named, and none stops the reading.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from florilegium.source.base import Fault

MAX_FAULTS_NAMED = 50  # per table, one by one; the rest is counted
MAX_CELL_CHARS = 1 << 20  # a cell beyond a million characters is no text to classify but a quote that is never closed
Row = tuple[int, list[str]]  # the line it stands in, as an editor counts; one cell per column


@dataclass(slots=True)
class Faults:
    """What is wrong with a table's rows, gathered while they pass."""

    table: str
    named: list[Fault] = field(default_factory=list)
    n: int = 0
    n_headers: int = 0  # rows that repeat the header, as joined files have them

    def add(self, line: int, reason: str) -> None:
        """Take note of a row that cannot be used."""
        self.n += 1
        if len(self.named) < MAX_FAULTS_NAMED:
            self.named.append(Fault(name=f"{self.table} line {line:,}", reason=reason))

    def all(self) -> tuple[Fault, ...]:
        """Give the first faults one by one, and the others as one."""
        rest = self.n - len(self.named)
        more = (
            (Fault(name=self.table, reason=f"{rest:,} more rows cannot be used; the first are named"),) if rest else ()
        )
        return (*self.named, *more)

    def notes(self) -> list[str]:
        """Say what was left out without being a fault."""
        lines = "line" if self.n_headers == 1 else "lines"
        return [f"{self.table}: {self.n_headers:,} repeated header {lines} left out."] if self.n_headers else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """One table, to be read from its beginning as often as asked."""

    path: Path
    columns: tuple[str, ...]
    start: Callable[[Faults], Iterator[Row]]
    notes: tuple[str, ...] = ()  # what was guessed about the file, to be told
    n_rows: int | None = None  # where the format tells it beforehand

    def peek(self, n: int) -> list[list[str]]:
        """Give the cells of the first n good rows."""
        stream = self.start(Faults(self.path.name))
        return [cells for _, (_, cells) in zip(range(n), stream, strict=False)]


class Extras(Mapping[str, str]):
    """A row's further cells by column name; empty cells are left out. Shares the column names with all other rows."""

    __slots__ = ("_cells", "_columns")

    def __init__(self, columns: Sequence[str], cells: Sequence[str]) -> None:
        """Keep as many cells as columns."""
        self._columns = columns
        self._cells = tuple(cells)

    def __getitem__(self, key: str) -> str:
        """Give the cell of a column that is not empty."""
        for column, cell in zip(self._columns, self._cells, strict=True):
            if column == key and cell:
                return cell
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        """Give the columns whose cell is not empty."""
        return (column for column, cell in zip(self._columns, self._cells, strict=True) if cell)

    def __len__(self) -> int:
        """Count the cells that are not empty."""
        return sum(1 for cell in self._cells if cell)

    def __repr__(self) -> str:
        """Show the cells as a dict would."""
        return repr(dict(self))


def unique_names(header: Sequence[str]) -> tuple[str, ...]:
    """Give columns names that differ: empty ones their number, repeated ones a count.

    >>> unique_names(["text", "", "text"])
    ('text', 'column 2', 'text (2)')
    """
    names: list[str] = []
    taken: set[str] = set()
    for i, cell in enumerate(header, 1):
        base = name = " ".join(cell.split()) or f"column {i}"
        again = 1
        while name in taken:
            again += 1
            name = f"{base} ({again})"
        taken.add(name)
        names.append(name)
    return tuple(names)
