"""One immutable value for items, labels and where they come from. Path: source -> **dataset** -> audit.

Labels are events, never overwritten: the label of an item is the one of its newest event.
Opens no file, splits nothing and knows no model.

>>> from datetime import UTC, datetime
>>> from florilegium.source.base import Texts
>>> cards = Dataset(
...     kind=Kind.TEXT,
...     samples=(Sample(name="1", label="lost", sha256="a1"), Sample(name="2", label=None, sha256="b2")),
...     contents=Texts(("my card is gone", "where is my money")),
... )
>>> cards.classes, cards.y.tolist(), cards.labelled.tolist()
(('lost',), [0, -1], [True, False])
>>> said = LabelEvent(name="2", label="money", who="ann", at=datetime(2026, 5, 1, tzinfo=UTC), why="read it")
>>> cards.with_labels([said]).y.tolist()
[0, 1]
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

import numpy as np

from florilegium.source.base import Contents, Files, Kind, Pixels, Sample, Texts
from florilegium.types import Bools, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelEvent:
    """Somebody said what an item is."""

    name: str  # the sample's name
    label: str | None  # None: taken out of the set
    who: str
    at: datetime  # aware, UTC
    why: str
    suggested: bool = False  # was a suggestion of the model shown?
    suggestion: str | None = None  # what the model would have said, whether that was shown or not; None: not asked

    @property
    def accepted(self) -> bool:
        """Tell whether the label is one that the model said first and the person saw."""
        return self.suggested and self.label is not None and self.label == self.suggestion

    def __post_init__(self) -> None:
        """Refuse a moment without a zone: it cannot be put into an order with others."""
        if self.at.tzinfo is None:
            raise ValueError(f"label event of {self.name!r}: {self.at} has no time zone; pass datetime.now(UTC)")


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """Samples with their present labels; row i of `contents` and of every array below is `samples[i]`.

    Raises: ValueError: samples and contents are not equally many.
    """

    kind: Kind
    samples: tuple[Sample, ...]
    contents: Contents

    def __post_init__(self) -> None:
        """Refuse contents that cannot belong to these samples."""
        if len(self.samples) != len(self.contents):
            raise ValueError(f"{len(self.samples)} samples but {len(self.contents)} contents; each sample has one")

    def __len__(self) -> int:
        """Count the samples."""
        return len(self.samples)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Give the samples' names in order."""
        return tuple(sample.name for sample in self.samples)

    @cached_property
    def hashes(self) -> tuple[str, ...]:
        """Give the content hashes (SHA-256, hex) in order."""
        return tuple(sample.sha256 for sample in self.samples)

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Give the k class names, sorted."""
        return tuple(sorted({s.label for s in self.samples if s.label is not None}))

    @cached_property
    def y(self) -> Ints:
        """Give the class number 0..k-1 per sample, -1 where it has no label; shape (n,)."""
        number = {label: i for i, label in enumerate(self.classes)}
        return np.array([-1 if s.label is None else number[s.label] for s in self.samples], dtype=np.int64)

    @cached_property
    def labelled(self) -> Bools:
        """Tell which samples have a label; shape (n,)."""
        return self.y >= 0

    @cached_property
    def version(self) -> str:
        """Give 16 hex digits over names, contents and labels: equal data, equal version, in whatever order."""
        digest = hashlib.sha256()
        for line in sorted(repr((s.name, s.sha256, s.label)) for s in self.samples):
            digest.update(line.encode())
        return digest.hexdigest()[:16]

    def take(self, rows: Sequence[int] | Ints) -> "Dataset":
        """Give the data set of these rows only, in this order; classes that have no row left are gone from it."""
        picked = [int(row) for row in rows]
        return replace(self, samples=tuple(self.samples[i] for i in picked), contents=_take(self.contents, picked))

    def with_labels(self, events: Iterable[LabelEvent]) -> "Dataset":
        """Give the data set with these events applied; the newest event of a name wins.

        Of events at the same moment the one that comes later in `events` is the newer one: the store gives them in the
        order in which they were recorded. Events about other names change nothing.
        """
        # sorted() keeps the order of equals, and a dict keeps the last of equal keys.
        newest = {event.name: event.label for event in sorted(events, key=lambda e: e.at)}
        return replace(
            self,
            samples=tuple(replace(s, label=newest[s.name]) if s.name in newest else s for s in self.samples),
        )


def _take(contents: Contents, rows: list[int]) -> Contents:
    if isinstance(contents, Files):
        return Files(tuple(contents.paths[i] for i in rows))
    if isinstance(contents, Pixels):
        return Pixels(contents.array[rows])
    return Texts(tuple(contents.strings[i] for i in rows))
