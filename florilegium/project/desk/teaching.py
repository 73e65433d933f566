"""Unlabelled items in the order that teaches the most; the model learns while people work. Path: **project** (shell).

A thread of its own learns and chooses, so that no click waits for it; what is asked next is always ready.
"""

import threading
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from florilegium import active
from florilegium.active import Labelling, Meter
from florilegium.model.quick import QuickHead
from florilegium.project.desk.card import RANDOM, TEACHING, Task
from florilegium.project.desk.chance import share_of
from florilegium.project.desk.memory import Memory
from florilegium.project.doubting import features_of
from florilegium.store import Said
from florilegium.types import Bools, Floats, Ints

if TYPE_CHECKING:
    from florilegium.project.project import Project

N_BATCH = 20  # items chosen at once: enough that nobody waits, few enough that each knows of the last ones
N_READY = 8  # fewer than this waiting: choose more
MIN_LABELS = 5  # below this a suggestion would be noise


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What the quick model says of all items at one moment."""

    probabilities: Floats  # (n, k)
    classes: tuple[str, ...]
    n_labels: int  # that it had learned from


class Teaching:
    """The queue of what is asked next, and the model that chooses it."""

    def __init__(self, project: "Project", memory: Memory, *, random_share: float) -> None:
        """Put all items into a small space, set the random ones aside, and begin to learn.

        Args: random_share: 0.05..0.5, of the labels: drawn at random, to measure what choosing saves.
        """
        self._memory, self._share = memory, random_share
        self._seed = project.settings.seed
        everything = np.arange(len(memory.names), dtype=np.int64)
        vectors = features_of(memory.holdings, everything)
        self._head = QuickHead(vectors, seed=self._seed)  # learns all labels: for people
        # Learns none of the random ones: what it chooses is compared with them.
        self._chooser = QuickHead(vectors, seed=self._seed)
        self._learning = threading.Lock()  # a head is not for two threads at once
        # By the first of its near copies: one of them that is chosen would give the others away.
        _, firsts, codes = np.unique(memory.holdings.near, return_index=True, return_inverse=True)
        first_names = [memory.names[first] for first in firsts[codes].tolist()]
        self._aside: Bools = active.reserve(first_names, share=random_share, seed=self._seed)
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._stopped = False
        self._queue: deque[int] = deque()
        self._n_rounds = 0
        self.reasons: dict[int, str] = {}
        self.answers: Answers | None = None
        self._doubts: Answers | None = None  # the chooser's
        self._learn()
        self._thread = threading.Thread(target=self._work, daemon=True, name="teaching")
        self._thread.start()
        self.told()

    def stop(self) -> None:
        """End the thread."""
        self._stopped = True
        self._changed.set()
        self._thread.join(timeout=10)

    def told(self) -> None:
        """Hear that a label was given or taken back."""
        self._changed.set()

    def suggestion(self, row: int) -> tuple[str, float] | None:
        """Give what the model says of an item by now, and how sure it is, 0..1; None where it knows too little."""
        answers = self.answers
        if answers is None or answers.n_labels < MIN_LABELS or len(answers.classes) < 2:
            return None
        best = int(answers.probabilities[row].argmax())
        return answers.classes[best], float(answers.probabilities[row, best])

    def open_rows(self, who: str) -> Ints:
        """Give the rows without a label that this person has not passed over."""
        can = self._memory.bare.copy()
        can[list(self._memory.rows(Task.LABEL, who=who))] = False
        return np.flatnonzero(can)

    def next(self, who: str, taken: Collection[int]) -> tuple[int, str] | None:
        """Give the next row and how it was chosen; None: nothing is left. Args: taken: rows that lie before others."""
        can = np.zeros(len(self._aside), dtype=np.bool_)
        can[self.open_rows(who)] = True
        can[list(taken)] = False
        left = np.flatnonzero(can)
        if not len(left):
            return None
        n_asked = len(self._memory.of(Task.LABEL))
        aside, free = left[self._aside[left]], left[~self._aside[left]]
        if len(aside) and (not len(free) or active.turn(n_asked, share=self._share)):
            return int(aside[int(share_of("which", self._seed, n_asked) * len(aside))]), RANDOM
        row = self._waiting(can)
        return (int(self._choose(free)[0]) if row is None else row), TEACHING

    def ahead(self, n: int) -> tuple[int, ...]:
        """Give the rows that come next, unless chance sends another."""
        with self._lock:
            return tuple(self._queue)[:n]

    def _waiting(self, can: Bools) -> int | None:
        """Give the first of the queue that may be asked now; None: the queue is empty."""
        with self._lock:
            found = next((row for row in self._queue if can[row]), None)
            if found is not None:
                self._queue.remove(found)
        if len(self._queue) < N_READY:
            self._changed.set()
        return found

    def _work(self) -> None:
        while True:
            self._changed.wait()
            self._changed.clear()
            if self._stopped:
                return
            self._learn()
            left = self.open_rows("")
            passed = list(self._memory.rows(Task.LABEL))
            left = left[~self._aside[left] & ~np.isin(left, passed)]
            if len(left):
                chosen = self._choose(left).tolist()
                with self._lock:
                    self._queue = deque(chosen)

    def _known(self) -> tuple[Ints, Ints, tuple[str, ...]]:
        """Give the labelled rows that may be learned from, their class numbers, and the classes."""
        y, classes = self._memory.numbers()
        rows = np.flatnonzero((y >= 0) & ~self._memory.sealed)
        return rows, y[rows], classes

    def _learn(self) -> None:
        rows, y, classes = self._known()
        mine = ~np.isin(rows, list(self._at_random()))
        with self._learning:
            self.answers = _answers(self._head, rows, y, classes)
            self._doubts = _answers(self._chooser, rows[mine], y[mine], classes)

    def _at_random(self) -> set[int]:
        """Give the rows that were labelled because chance drew them."""
        return {self._memory.row[j.name] for j in self._memory.of(Task.LABEL) if j.stream == RANDOM}

    def _choose(self, left: Ints) -> Ints:
        y, classes = self._memory.numbers()
        y[list(self._at_random())] = -1
        doubts = self._doubts
        self._n_rounds += 1
        # Of near copies one is enough: the others have its label as good as given.
        _, firsts = np.unique(self._memory.holdings.near[left], return_index=True)
        batch = active.next_batch(
            self._chooser.places,
            y,
            None if doubts is None or doubts.classes != classes else doubts.probabilities,
            candidates=left[np.sort(firsts)],
            n=N_BATCH,
            rng=np.random.default_rng((self._seed, self._n_rounds)),
        )
        self.reasons |= {row: batch.why(i, classes) for i, row in enumerate(batch.rows.tolist())}
        return batch.rows

    def meter(self) -> Meter:
        """Measure what the labels that people gave here brought; takes a second or two."""
        memory = self._memory
        given = {memory.row[j.name]: j for j in memory.of(Task.LABEL) if j.verdict is Said.LABEL}
        y, classes = memory.numbers()
        number = {name: i for i, name in enumerate(classes)}
        rows = np.array([row for row in given if y[row] >= 0 and not memory.sealed[row]], dtype=np.int64)
        known = np.flatnonzero((y >= 0) & ~memory.sealed)
        y_known = y[known]
        before = ~np.isin(known, rows)  # labels that were there when the work began are learned from at every point
        k = len(classes)

        def answers(learned: Ints, labels: Ints, asked: Ints) -> Ints:
            everything = np.concatenate([known[before], learned])
            return self._head.answers(everything, np.concatenate([y_known[before], labels]), asked, k=k)

        labelling = Labelling(
            rows=rows,
            y=y[rows],
            at_random=np.array([given[row].stream == RANDOM for row in rows.tolist()], dtype=np.bool_),
            guesses=np.array([number.get(given[row].suggestion or "", -1) for row in rows.tolist()], dtype=np.int64),
        )
        with self._learning:
            return active.measure(labelling, answers, rng=np.random.default_rng(self._seed))


def _answers(head: QuickHead, rows: Ints, y: Ints, classes: tuple[str, ...]) -> Answers | None:
    if not len(rows):
        return None
    return Answers(head.update(rows, y, k=len(classes)), classes, len(rows))
