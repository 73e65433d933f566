"""One immutable value for items, labels and where they come from. Path: source -> **dataset** -> audit.

Labels are events, never overwritten: the label of an item is the one of its newest event.
Holds no files and knows no models.
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


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """Samples with their present labels; row i of every array below is `samples[i]`."""

    kind: Kind
    samples: tuple[Sample, ...]
    contents: Contents

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
        """Give a short hash over names, contents and labels: equal data, equal version."""
        digest = hashlib.sha256()
        for sample in sorted(self.samples, key=lambda s: s.name):
            digest.update(repr((sample.name, sample.sha256, sample.label)).encode())
        return digest.hexdigest()[:16]

    def take(self, rows: Sequence[int] | Ints) -> "Dataset":
        """Give the data set of these rows only, in this order."""
        picked = [int(row) for row in rows]
        return replace(self, samples=tuple(self.samples[i] for i in picked), contents=_take(self.contents, picked))

    def with_labels(self, events: Iterable[LabelEvent]) -> "Dataset":
        """Give the data set with these events applied, oldest first; the newest event of a name wins."""
        newest = {event.name: event.label for event in sorted(events, key=lambda e: e.at)}
        return replace(
            self,
            samples=tuple(replace(s, label=newest[s.name]) if s.name in newest else s for s in self.samples),
        )


def _take(contents: Contents, rows: list[int]) -> Contents:
    match contents:
        case Files(paths):
            return Files(tuple(paths[i] for i in rows))
        case Pixels(array):
            return Pixels(array[rows])
        case Texts(strings):
            return Texts(tuple(strings[i] for i in rows))
