"""What the desk remembers while it works: the labels as they are now, and all that people said. Path: **project**.

The record is in the store; this is a picture of it that is quick to look at and is drawn anew when others were at work.
"""

import copy
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from florilegium.project.desk.card import Task
from florilegium.project.holdings import Holdings
from florilegium.source.base import Side
from florilegium.store import Judgement, Said
from florilegium.types import Bools, Ints

if TYPE_CHECKING:
    from florilegium.store import Store

DECIDED = frozenset({Said.KEEP, Said.LABEL, Said.REMOVE})
OPINIONS = frozenset({Task.LABEL, Task.CLEAN, Task.AGAIN})  # what two people may differ in; a third opinion ends it


class Memory:
    """Labels by row, and the judgements that stand."""

    def __init__(self, store: "Store", holdings: Holdings) -> None:
        """Read what was said so far."""
        self._store = store
        self.holdings = holdings
        self.names = holdings.dataset.names
        self.row = {name: i for i, name in enumerate(self.names)}
        self.sealed: Bools = np.array([side is Side.TEST for side in holdings.sides], dtype=np.bool_)
        self.reload()

    def reload(self) -> None:
        """Read labels and judgements anew."""
        self.newest = self._store.judgements.newest()
        samples, _ = self._store.samples()
        now = {sample.name: sample.label for sample in samples}
        self.labels: list[str | None] = [now.get(name) for name in self.names]
        self.standing = [j for j in self._store.judgements.all() if j.name in self.row]
        told = {event.name for event in self._store.label_events()}
        self.removed = {row for name, row in self.row.items() if name in told and self.labels[row] is None}

    def copied(self) -> "Memory":
        """Give a picture of this moment, which later judgements do not change."""
        at = copy.copy(self)
        at.labels, at.standing, at.removed = list(self.labels), list(self.standing), set(self.removed)
        return at

    def refresh(self) -> None:
        """Look whether somebody else was at work, and read anew where that is so."""
        if self._store.judgements.newest() != self.newest:
            self.reload()

    def added(self, judgement: Judgement) -> None:
        """Take note of a judgement that was just recorded here."""
        if judgement.id != self.newest + 1:  # somebody else was at work in between
            self.reload()
            return
        self.newest = judgement.id
        self.standing.append(judgement)
        row = self.row[judgement.name]
        if judgement.teaches:
            self.labels[row] = judgement.label
            (self.removed.add if judgement.verdict is Said.REMOVE else self.removed.discard)(row)

    @property
    def classes(self) -> tuple[str, ...]:
        """Give the class names, sorted."""
        return tuple(sorted({label for label in self.labels if label is not None}))

    def numbers(self) -> tuple[Ints, tuple[str, ...]]:
        """Give the class number per row, -1 where there is none, and the class names."""
        classes = self.classes
        number = {label: i for i, label in enumerate(classes)}
        return np.array([-1 if label is None else number[label] for label in self.labels], dtype=np.int64), classes

    def of(self, *tasks: Task) -> list[Judgement]:
        """Give the standing judgements of these tasks, oldest first."""
        return [j for j in self.standing if j.task in tasks]

    def rows(self, *tasks: Task, who: str | None = None) -> set[int]:
        """Give the rows that somebody (or `who`) judged in these tasks."""
        return {self.row[j.name] for j in self.of(*tasks) if who in (None, j.who)}

    def disputed(self) -> dict[int, dict[str, str | None]]:
        """Give, per row, who said what, where two people's last words differ and no third has decided since."""
        said: dict[int, dict[str, str | None]] = defaultdict(dict)
        for j in self.standing:
            row = self.row[j.name]
            if j.task == Task.THIRD and j.verdict in DECIDED:
                said.pop(row, None)
            elif j.task in OPINIONS and j.verdict in DECIDED:
                said[row][j.who] = j.label
        return {row: each for row, each in said.items() if len(set(each.values())) > 1}
