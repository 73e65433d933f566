"""Score an estimator on items that it has not seen. Path: split -> **baseline** -> model."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from itertools import count
from typing import Any, Protocol, Self

import numpy as np

from florilegium.baseline.registry import Baseline, suited
from florilegium.baseline.rule import Rows
from florilegium.parallel import each_on_its_own_core
from florilegium.source.base import Kind
from florilegium.types import Bools, Floats, Ints, Progress, silent

MAX_SLOW = 20_000  # items for baselines whose cost grows with the square of their number
STEP = "baselines"


class Estimator(Protocol):
    """What can be cross-validated: any scikit-learn classifier, on rows of any type."""

    classes_: Ints

    def fit(self, x: Any, y: Ints, /) -> Self:  # noqa: ANN401 - rows are dense, sparse or texts
        """Learn."""

    def predict_proba(self, x: Any, /) -> Floats:  # noqa: ANN401 - rows of any kind
        """Give probabilities in the order of `classes_`."""


def cross_validate(
    make: Callable[[], Estimator],
    x: Any,  # noqa: ANN401 - dense, sparse or texts
    y: Ints,
    folds: Ints,
    *,
    k: int,
    progress: Progress = silent,
) -> Floats:
    """Give each item's probabilities (n, k) by an estimator that learned from the other folds.

    Args:
        make: gives a fresh estimator.  x: n rows.  y: class numbers 0..k-1, (n,).  folds: fold of each item, (n,).
            Whole groups lie in one fold; items of fold -1 are learned from every time and never asked about.
        progress: hears of "folds".
    A class that the other folds lack gets 0; where there are no other folds, all classes get 1 / k.
    """
    found = np.full((len(y), k), 1.0 / k)
    numbers = np.unique(folds[folds >= 0])
    for done, fold in enumerate(numbers, start=1):
        held = folds == fold
        if not held.all():
            learned = make().fit(x[~held], y[~held])
            rows = np.zeros((int(held.sum()), k))
            rows[:, learned.classes_] = learned.predict_proba(x[held])
            found[held] = rows
        progress("folds", done, len(numbers))
    return found


def subset(y: Ints, n_wanted: int, *, seed: int) -> Ints:
    """Give the rows of a stratified sample, rising: about `n_wanted` of them, and at least one of each class.

    >>> subset(np.array([0] * 90 + [1] * 10), 20, seed=0).shape
    (20,)
    """
    if len(y) <= n_wanted:
        return np.arange(len(y))
    shuffled = np.random.default_rng(seed).permutation(len(y))
    order = shuffled[np.argsort(y[shuffled], kind="stable")]  # by class, by chance within
    # Every (n / wanted)-th of the sorted row takes each class by its share, to within one.
    places = np.floor(np.arange(n_wanted) * (len(y) / n_wanted)).astype(np.int64)
    taken = order[places]
    firsts = order[np.unique(y[order], return_index=True)[1]]
    return np.union1d(taken, firsts[~np.isin(y[firsts], y[taken])])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Laddered:
    """One baseline's answers to items that it had not seen."""

    name: str
    rows: Ints  # (m,) the items that were asked about: those that are ever held out, or a sample of very many
    probabilities: Floats  # (m, k)
    right: Bools  # (m,)
    n: int  # items that could be asked about
    seconds: float

    @property
    def accuracy(self) -> float:
        """Give the share of right answers, 0..1."""
        return float(self.right.mean())

    @property
    def note(self) -> str:
        """Say where only a sample was asked about; else empty."""
        if len(self.rows) == self.n:
            return ""
        return f"{self.name}: cross-validated on a stratified sample of {len(self.rows):,} of {self.n:,} items."


def climb(
    views: Mapping[str, Rows],
    y: Ints,
    folds: Ints,
    *,
    kind: Kind,
    k: int,
    seed: int,
    progress: Progress = silent,
) -> tuple[Laddered, ...]:
    """Cross-validate every baseline that suits these items, in the order of `BASELINES`.

    Args: views: n rows each: "pixels" uint8, "facts" float32, "texts" object array of strings; what is there.
        y: class numbers 0..k-1, (n,).  folds: (n,), negative: never asked about.  progress: hears of "baselines".
    """
    chosen = suited(views, kind=kind)
    finished = count(1)

    def one(each: Baseline) -> Laddered:
        found = _climbed(each, views[each.view], y, folds, k=k, seed=seed)
        progress(STEP, next(finished), len(chosen))
        return found

    progress(STEP, 0, len(chosen))
    for name in (name for each in chosen for name in each.loads):
        import_module(name)  # here: two threads that import parts of one package find it half made
    return tuple(each_on_its_own_core(one, chosen))


def _climbed(each: Baseline, x: Rows, y: Ints, folds: Ints, *, k: int, seed: int) -> Laddered:
    began = time.perf_counter()
    rows = subset(y, MAX_SLOW, seed=seed) if each.slow else np.arange(len(y))
    said = cross_validate(
        lambda: each.make(seed), x if len(rows) == len(y) else x[rows], y[rows], folds[rows], k=k
    )  # (m, k)
    asked = folds[rows] >= 0
    return Laddered(
        name=each.name,
        rows=rows[asked],
        probabilities=said[asked],
        right=said[asked].argmax(axis=1) == y[rows[asked]],
        n=int((folds >= 0).sum()),
        seconds=time.perf_counter() - began,
    )
