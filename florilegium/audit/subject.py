"""What the audit looks at, in one value. Path: dataset -> **audit** -> split. Holds values only; judges nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from florilegium.audit.finding import Finding, Severity
from florilegium.audit.leak import Leak
from florilegium.dataset import Dataset
from florilegium.source.base import Fault, Kind, Side, Texts
from florilegium.types import Bools, Floats, Ints, Octets, Vectors

SHOWN_CHARS = 60  # of a text, in a message
MOST_ITEMS = 10_000  # named in one finding; nobody reads on, and a million names would fill the record


@dataclass(frozen=True, kw_only=True, eq=False)
class Subject:
    """The readable items and all that is known of them before a verdict; row i of every array is item i."""

    dataset: Dataset
    facts: Vectors  # (n, f) what a file says of itself
    fact_names: tuple[str, ...]  # f
    families: Mapping[str, tuple[int, ...]]  # family of facts -> its columns
    near: Ints  # (n,) near copies share a number
    exact: Ints  # (n,) exact copies share a number
    sides: tuple[Side | None, ...]  # (n,) None: not placed yet
    faults: tuple[Fault, ...] = ()  # what could not be used: not among the n items
    thumbs: Octets | None = None  # (n, h, w[, 3]); texts have none
    probabilities: Floats | None = None  # (n, k) by models that had not seen the item; rows of NaN where there are none
    strange: Floats | None = None  # (n,) how unlike all others each item is; NaN where that is not known
    leaks: tuple[Leak, ...] = ()  # what careless splits would have claimed
    seed: int = 0

    @property
    def kind(self) -> Kind:
        """Tell what the items are."""
        return self.dataset.kind

    @property
    def n(self) -> int:
        """Count the readable items."""
        return len(self.dataset)

    @property
    def noun(self) -> str:
        """Give the word for one item: "picture" or "text"."""
        return "picture" if self.kind is Kind.IMAGE else "text"

    @cached_property
    def counts(self) -> Ints:
        """Give the number of items per class; shape (k,)."""
        y = self.dataset.y
        return np.bincount(y[y >= 0], minlength=len(self.dataset.classes))

    @cached_property
    def train(self) -> Bools:
        """Tell which labelled items are to learn from; shape (n,)."""
        return self.dataset.labelled & np.array([side is Side.TRAIN for side in self.sides], dtype=np.bool_)

    @cached_property
    def test(self) -> Bools:
        """Tell which labelled items are sealed; shape (n,)."""
        return self.dataset.labelled & np.array([side is Side.TEST for side in self.sides], dtype=np.bool_)

    @cached_property
    def user_groups(self) -> Ints:
        """Number the groups that the user named, -1 where there is none; shape (n,)."""
        return numbered([sample.group for sample in self.dataset.samples])

    @cached_property
    def origins(self) -> Ints:
        """Number where the items come from, -1 where that is unknown; shape (n,)."""
        return numbered([sample.origin for sample in self.dataset.samples])

    def fact(self, name: str) -> Vectors | None:
        """Give one fact of every item (n,); None where that is not known of such items."""
        return self.facts[:, self.fact_names.index(name)] if name in self.fact_names else None

    def shown(self, row: int) -> str:
        """Give an item as a reader would know it again: its name, and how a text begins."""
        name = repr(self.dataset.names[row])
        if not isinstance(self.dataset.contents, Texts):
            return name
        text = " ".join(self.dataset.contents.strings[row][: 4 * SHOWN_CHARS].split())
        return f"{name} ({text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + ' …'})"

    def finding(
        self, check: str, severity: Severity, message: str, *, fix: str, rows: Sequence[int] | Ints = ()
    ) -> Finding:
        """Make a finding about these rows, most doubtful first: names the first 10,000, and gives the share of all."""
        names = self.dataset.names
        return Finding(
            check=check,
            severity=severity,
            message=message,
            fix=fix,
            items=tuple(names[int(row)] for row in rows[:MOST_ITEMS]),
            share=len(rows) / max(self.n, 1),
        )


def numbered(names: Sequence[str | None]) -> Ints:
    """Turn names into numbers in order of first appearance; -1 where there is none.

    >>> numbered(["b", None, "a", "b"]).tolist()
    [0, -1, 1, 0]
    """
    number: dict[str | None, int] = {name: i for i, name in enumerate(dict.fromkeys(n for n in names if n is not None))}
    return np.array([number.get(name, -1) for name in names], dtype=np.int64)
