"""What the desk remembers while it works: the labels as they are now, and all that people said. Path: **project**.

The record is in the store; this is a picture of it that is quick to look at and is drawn anew when others were at work.
"""

import bisect
import copy
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np

from florilegium.project.desk.card import Task
from florilegium.project.holdings import Holdings
from florilegium.source.base import Side
from florilegium.store import Judgement, Said
from florilegium.store.judgements import TOOK_BACK
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
        self.reload()

    def reload(self) -> None:
        """Read labels, sides and judgements anew."""
        self.newest = self._store.judgements.newest()
        events = self._store.label_events()
        last = {event.name: event for event in events}
        self.labels: list[str | None] = [last[name].label if name in last else None for name in self.names]
        self.standing = [j for j in self._store.judgements.all() if j.name in self.row]
        # Whose first label was taken back is unlabelled again, and not taken out of the set.
        self.removed = {
            self.row[name]
            for name, event in last.items()
            if name in self.row and event.label is None and not event.why.startswith(TOOK_BACK)
        }
        seen = self._store.judgements.newest_labels()
        self.seen: list[int | None] = [seen.get(name) for name in self.names]
        sides = self._store.sides()
        self.sealed: Bools = np.array(
            [name in sides and sides[name][1] is Side.TEST for name in self.names], dtype=np.bool_
        )
        self.bare: Bools = np.array([label is None for label in self.labels], dtype=np.bool_)  # not labelled yet
        self.bare[list(self.removed)] = False
        self._numbers: tuple[Ints, tuple[str, ...]] | None = None
        self._n_of = Counter(self.labels)
        there = set(self.labels)
        self.came_up = [label for label in dict.fromkeys(event.label for event in events) if label in there]

    def copied(self) -> "Memory":
        """Give a picture of this moment, which later judgements do not change."""
        at = copy.copy(self)
        at.labels, at.standing, at.removed = list(self.labels), list(self.standing), set(self.removed)
        at._numbers, at._n_of = None, Counter()  # noqa: SLF001 - our own copy
        at.seen, at.came_up, at.bare = list(self.seen), list(self.came_up), self.bare.copy()
        return at

    def refresh(self) -> None:
        """Look whether somebody else was at work, and read anew where that is so."""
        if self._store.judgements.newest() != self.newest:
            self.reload()

    def added(self, judgement: Judgement) -> None:
        """Take note of a judgement that was just recorded here."""
        judged, labelled, placed = self.newest
        new_label = labelled if judgement.label_id is None else judgement.label_id
        if judgement.id != judged + 1 or new_label - labelled > 1:  # somebody else was at work in between
            self.reload()
            return
        self.newest = (judgement.id, new_label, placed)
        self.standing.append(judgement)
        if judgement.teaches and judgement.name in self.row:
            row = self.row[judgement.name]
            self._relabel(row, judgement.label)
            self.seen[row], self.bare[row] = judgement.label_id, False
            (self.removed.add if judgement.verdict is Said.REMOVE else self.removed.discard)(row)
            if judgement.label is not None and judgement.label not in self.came_up:
                self.came_up.append(judgement.label)

    def _relabel(self, row: int, label: str | None) -> None:
        """Change one label; the numbers of all the others stay while the classes do."""
        before, self.labels[row] = self.labels[row], label
        self._n_of[before] -= 1
        self._n_of[label] += 1
        if self._numbers is None or self._n_of[before] == 0 or self._n_of[label] == 1:
            self._numbers = None
            return
        y, classes = self._numbers
        y[row] = -1 if label is None else bisect.bisect_left(classes, label)

    @property
    def classes(self) -> tuple[str, ...]:
        """Give the class names, sorted."""
        return self.numbers()[1]

    @property
    def order(self) -> tuple[str, ...]:
        """Give the class names in the order in which they came up, so that a class keeps its key."""
        return tuple(label for label in self.came_up if label is not None)

    def numbers(self) -> tuple[Ints, tuple[str, ...]]:
        """Give the class number per row, -1 where there is none, and the class names, sorted."""
        known = self._numbers
        if known is None:
            labels = list(self.labels)  # of one moment, whoever labels meanwhile
            classes = tuple(sorted({label for label in labels if label is not None}))
            number: dict[str | None, int] = {label: i for i, label in enumerate(classes)}
            known = self._numbers = np.array([number.get(label, -1) for label in labels], dtype=np.int64), classes
        return known[0].copy(), known[1]

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
        return {row: each for row, each in said.items() if len(set(each.values())) > 1 and not self.sealed[row]}
