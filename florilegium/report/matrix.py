"""Who is taken for whom, as far as a page can show it. Path: evaluation -> **report** (used by its build).

Keeps only cells that hold items, so that 10,000 classes cost no 10,000 x 10,000 table. Judges nothing.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from florilegium.evaluation.values import Predictions
from florilegium.types import Ints

CLASSES_MOST = 30  # a table of 30 x 30 cells is as wide as a page; more cannot be taken in at a glance
SHADES = (0.05, 0.1, 0.2, 0.4)  # shares of a class from which a cell is drawn darker: twice as many mistakes, one step


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cell:
    """The items of one class that were put into one class."""

    truth: int
    said: int
    rows: Ints  # the items' places in the predictions, surest first
    n_truth: int  # all items of the true class

    @property
    def key(self) -> str:
        """Give a name that is safe in an address."""
        return f"t{self.truth}s{self.said}"

    @property
    def n(self) -> int:
        """Count the items."""
        return len(self.rows)

    @property
    def is_right(self) -> bool:
        """Tell whether this is the diagonal."""
        return self.truth == self.said

    @property
    def shade(self) -> int:
        """Give how dark to draw the cell: 1..5."""
        return 1 + sum(self.n / self.n_truth >= share for share in SHADES)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matrix:
    """The confusion of the classes that are mixed up most, in the order of the class numbers."""

    classes: tuple[int, ...]
    rows: tuple[tuple[Cell | None, ...], ...]  # per true class one cell per said class; None: no items
    n_classes: int  # of all classes, shown or not
    n_elsewhere: int  # items in cells that are not shown


def cells(predictions: Predictions) -> tuple[Cell, ...]:
    """Give each cell that holds items: mistakes first, the most frequent first; then what was right, class by class."""
    k = len(predictions.classes)
    number = predictions.truth * k + predictions.said  # (n,)
    order = np.lexsort((-predictions.confidence, number))
    starts = np.flatnonzero(np.diff(number[order], prepend=-1))
    n_truth = np.bincount(predictions.truth, minlength=k)
    found = []
    for start, end in pairwise([*starts.tolist(), len(order)]):
        rows = order[start:end].astype(np.int64)
        truth, said = divmod(int(number[rows[0]]), k)
        found.append(Cell(truth=truth, said=said, rows=rows, n_truth=int(n_truth[truth])))
    return tuple(sorted(found, key=lambda cell: (cell.is_right, 0 if cell.is_right else -cell.n)))


def matrix(found: tuple[Cell, ...], *, n_classes: int) -> Matrix:
    """Lay out the cells as a table; of more than 30 classes, the 30 that are most often part of a mistake."""
    shown = _most_confused(found, n_classes)
    at = {(cell.truth, cell.said): cell for cell in found}
    rows = tuple(tuple(at.get((truth, said)) for said in shown) for truth in shown)
    n_shown = sum(cell.n for row in rows for cell in row if cell is not None)
    return Matrix(classes=shown, rows=rows, n_classes=n_classes, n_elsewhere=sum(cell.n for cell in found) - n_shown)


def _most_confused(found: tuple[Cell, ...], n_classes: int) -> tuple[int, ...]:
    if n_classes <= CLASSES_MOST:
        return tuple(range(n_classes))
    n_mistakes = np.zeros(n_classes, dtype=np.int64)
    for cell in found:
        if not cell.is_right:
            n_mistakes[[cell.truth, cell.said]] += cell.n
    most = np.argsort(-n_mistakes, kind="stable")[:CLASSES_MOST]
    return tuple(sorted(most.tolist()))


def mixed_up_with(found: tuple[Cell, ...]) -> dict[int, Cell]:
    """Give for each class that was mistaken its most frequent mistake."""
    worst: dict[int, Cell] = {}
    for cell in found:
        if not cell.is_right:
            worst.setdefault(cell.truth, cell)  # the most frequent comes first
    return worst
