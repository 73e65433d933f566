"""Labelling played through, with the answers known: what `bench_active` and its peers share."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from florilegium.active import next_batch
from florilegium.model.quick import QuickHead
from florilegium.types import Floats, Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """Items of which the first `n_pool` may be labelled and the others judge."""

    name: str
    head: QuickHead
    y: Ints
    n_pool: int
    batch: int

    @property
    def k(self) -> int:
        """Count the classes."""
        return int(self.y.max()) + 1


@dataclass(frozen=True, kw_only=True, eq=False)
class State:
    """What a way to choose may see."""

    task: Task
    labels: Ints  # (n,) -1: not labelled
    probabilities: Floats | None  # (n, k)
    free: Ints  # rows that may be asked
    rng: np.random.Generator


Pick = Callable[[State], Ints]


def chosen(state: State) -> Ints:
    """Choose as the product does."""
    return next_batch(
        state.task.head.places,
        state.labels,
        state.probabilities,
        candidates=state.free,
        n=state.task.batch,
        rng=state.rng,
    ).rows


def at_random(state: State) -> Ints:
    """Draw."""
    return state.rng.choice(state.free, state.task.batch, replace=False)


def plain_margin(state: State) -> Ints:
    """Take the smallest margins; the first batch at random."""
    if state.probabilities is None:
        return at_random(state)
    top = np.partition(state.probabilities[state.free], -2, axis=1)
    return state.free[np.argsort(top[:, -1] - top[:, -2], kind="stable")[: state.task.batch]]


def learned(task: Task, pick: Pick, *, n: int, seed: int) -> tuple[Floats, float]:
    """Label n items; give the accuracy on the judges after each batch, and the seconds spent on choosing."""
    rng = np.random.default_rng(seed)
    labels = np.full(len(task.y), -1)
    rows = np.zeros(0, dtype=np.int64)
    probabilities: Floats | None = None
    accuracies, seconds = [], 0.0
    while len(rows) < n:
        free = np.flatnonzero(labels[: task.n_pool] < 0)
        state = State(task=task, labels=labels, probabilities=probabilities, free=free, rng=rng)
        began = time.perf_counter()
        new = pick(state)
        seconds += time.perf_counter() - began
        labels[new] = task.y[new]
        rows = np.concatenate([rows, new])
        probabilities = task.head.update(rows, task.y[rows], k=task.k)
        judged = probabilities[task.n_pool :].argmax(axis=1) == task.y[task.n_pool :]
        accuracies.append(float(judged.mean()))
    return np.array(accuracies), seconds


def needed(curve: Floats, target: float, batch: int) -> float:
    """Give the labels after which a curve first reaches the target, between two batches by a straight line."""
    risen = np.maximum.accumulate(curve)
    if risen[-1] < target:
        return float("inf")
    n = batch * np.arange(1, len(curve) + 1)
    after = int(np.argmax(risen >= target))
    return float(n[0] if after == 0 else np.interp(target, risen[after - 1 : after + 1], n[after - 1 : after + 1]))
