"""Unlabelled items in the order that teaches the most; the model learns while people work. Path: **project** (shell).

A thread of its own learns and chooses, so that no click waits for it; what is asked next is always ready.
"""

import threading
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from florilegium.active.choosing import next_batch
from florilegium.model.quick import QuickHead
from florilegium.project.desk.card import RANDOM, TEACHING
from florilegium.project.desk.chance import share_of
from florilegium.project.desk.memory import Memory
from florilegium.project.space import space_of
from florilegium.types import Floats, Ints, Vectors

if TYPE_CHECKING:
    from florilegium.project.project import Project

N_AXES = 256  # of the space that is learned in: what the quick head can follow at once
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

    def __init__(self, project: "Project", memory: Memory) -> None:
        """Put all items into a small space; starts no thread yet."""
        self._memory = memory
        self._seed = project.settings.seed
        holdings = memory.holdings
        everything = np.arange(len(memory.names), dtype=np.int64)
        self.points: Vectors = space_of(holdings, everything, seed=self._seed, n_axes=N_AXES).points
        self._head = QuickHead(self.points, seed=self._seed)
        self._groups = holdings.near
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._stopped = False
        self._queue: deque[tuple[int, str]] = deque()
        self._n_rounds = 0
        self.answers: Answers | None = None
        self._learn()
        self._thread = threading.Thread(target=self._work, daemon=True, name="teaching")
        self._thread.start()

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
        memory = self._memory
        passed = memory.rows("label", who=who)
        return np.array(
            [
                row
                for row, label in enumerate(memory.labels)
                if label is None and row not in memory.removed and row not in passed
            ],
            dtype=np.int64,
        )

    def next(self, who: str, taken: Collection[int], *, random_share: float) -> tuple[int, str] | None:
        """Give the next row and how it was chosen; None: nothing is left.

        Args: taken: rows that lie before others.  random_share: 0..1, of items drawn from all that is left.
        """
        left = self.open_rows(who)
        left = left[~np.isin(left, list(taken))] if taken else left
        if not len(left):
            return None
        n_asked = len(self._memory.of("label"))
        if share_of("random", self._seed, n_asked) < random_share:
            return int(left[int(share_of("which", self._seed, n_asked) * len(left))]), RANDOM
        can = set(left.tolist())
        with self._lock:
            while self._queue:
                row, stream = self._queue.popleft()
                if row in can:
                    break
            else:
                row, stream = int(self._choose(left)[0]), TEACHING
        if len(self._queue) < N_READY:
            self._changed.set()
        return row, stream

    def _work(self) -> None:
        while True:
            self._changed.wait()
            self._changed.clear()
            if self._stopped:
                return
            self._learn()
            left = self.open_rows("")
            if len(left):
                chosen = [(int(row), TEACHING) for row in self._choose(left)]
                with self._lock:
                    self._queue = deque(chosen)

    def _learn(self) -> None:
        """Learn from all labels but the sealed ones."""
        y, classes = self._memory.numbers()
        rows = np.flatnonzero((y >= 0) & ~self._memory.sealed)
        if not len(rows):
            self.answers = None
            return
        self.answers = Answers(self._head.update(rows, y[rows], k=len(classes)), classes, len(rows))

    def _choose(self, left: Ints) -> Ints:
        y, _ = self._memory.numbers()
        answers = self.answers
        self._n_rounds += 1
        # Of near copies one is enough: the others have its label as good as given.
        _, firsts = np.unique(self._groups[left], return_index=True)
        batch = next_batch(
            self.points,
            y,
            None if answers is None else answers.probabilities,
            candidates=left[np.sort(firsts)],
            n=N_BATCH,
            rng=np.random.default_rng((self._seed, self._n_rounds)),
        )
        return batch.rows
