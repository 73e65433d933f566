"""The head for texts: one linear support vector machine per class on TF-IDF. Path: features -> **model**.

How rare a term is gets learned inside each fold, from the other folds' texts.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Self

import numpy as np
import scipy.sparse as sp

from florilegium.features.text import idf_of, tfidf
from florilegium.model.head import Head, Searched, asked
from florilegium.model.weights import Features, SparseLinear, scores
from florilegium.parallel import each_on_its_own_core
from florilegium.types import Floats, Ints, Progress, Vectors, silent

GRID = (1.0, 0.3, 3.0)  # C: inverse strength of the penalty; of equals the first wins
MIN_LOOK = 1_500  # held-out texts that C is chosen on; on Banking77 C = 1 is best and 3 costs half a point
TOLERANCE = 0.03  # of the solver; on Banking77 ten times less changes 1 answer in 3,080
FAR_BELOW = 1.0  # how far under the lowest score a class lies that no text of the other folds has
STEP = "text head"


class TextHead(Head):
    """Squared hinge loss with an L2 penalty, one class against the rest."""

    name = "tfidf-linear"

    def __init__(self, *, c: float = 1.0) -> None:
        """Remember C, as in scikit-learn."""
        self.c = c

    def fit(self, x: Features, y: Ints) -> Self:
        """Learn from counts (n, d) and class numbers (n,)."""
        self.classes_, numbers = np.unique(y, return_inverse=True)
        counts = sp.csr_array(x)
        idf = idf_of(counts)
        coef, intercept = _solve(tfidf(counts, idf), numbers, len(self.classes_), self.c)
        self.weights_ = SparseLinear(idf=idf, coef=coef, intercept=intercept)
        return self

    @classmethod
    def search(
        cls,
        x: Features,
        y: Ints,
        folds: Ints,
        *,
        k: int,
        seed: int,
        like: Head | None = None,
        progress: Progress = silent,
    ) -> Searched:
        """Choose C on some of the folds, then ask all folds with it; see `Head.search`."""
        del seed
        counts, numbers = sp.csr_array(x), asked(folds)
        asker = _Asker(counts, y, folds, k, progress)
        grid = (like.c,) if isinstance(like, cls) else GRID
        n_held = np.cumsum([(folds == fold).sum() for fold in numbers])
        n_looks = 1 + int(np.searchsorted(n_held, MIN_LOOK)) if len(grid) > 1 else 0
        looks, rest = numbers[:n_looks], numbers[n_looks:]
        asker.total = len(looks) * len(grid) + len(rest) + 1
        asker.ask([(c, fold) for c in grid for fold in looks])
        best = max(grid, key=asker.n_right)
        asker.found.setdefault(best, np.zeros((len(y), k)))  # where no fold can be held out
        asker.ask([(best, fold) for fold in rest])
        head = cls(c=best).fit(counts, y)
        progress(STEP, asker.total, asker.total)
        return Searched(head=head, scores=asker.found[best], settings=f"C = {best:g}", n_settings=len(grid))


class _Asker:
    """Asks folds what they get right with one C or another, and keeps their scores."""

    def __init__(self, counts: sp.csr_array, y: Ints, folds: Ints, k: int, progress: Progress) -> None:
        self._counts, self._y, self._folds, self._k = counts, y, folds, k
        self._progress, self._done, self.total = progress, 0, 1
        self.found: dict[float, Floats] = {}  # C -> (n, k); rows of folds not asked yet are zero

    def ask(self, jobs: Sequence[tuple[float, int]]) -> None:
        """Fit for each C on all but each fold, and let that fold be answered."""
        for c, _ in jobs:
            self.found.setdefault(c, np.zeros((len(self._y), self._k)))
        import_module("sklearn.svm")  # here: two threads that import it at once find it half made
        each_on_its_own_core(self._one, jobs)

    def n_right(self, c: float) -> int:
        """Count right answers among the items asked about."""
        said = self.found.get(c, np.zeros((0, 0)))
        answered = said.any(axis=1)
        return int((said.argmax(axis=1) == self._y)[answered].sum()) if len(said) else 0

    def _one(self, job: tuple[float, int]) -> None:
        c, fold = job
        held = self._folds == fold
        head = TextHead(c=c).fit(self._counts[~held], self._y[~held])
        said = scores(head.weights_, self._counts[held])
        rows = np.repeat(said.min(axis=1, keepdims=True) - FAR_BELOW, self._k, axis=1)
        rows[:, head.classes_] = said
        self.found[c][held] = rows
        self._done += 1
        self._progress(STEP, self._done, self.total)


def _solve(x: sp.csr_array, y: Ints, k: int, c: float) -> tuple[Vectors, Vectors]:
    """Give coefficients (d, k) and intercepts (k,)."""
    from sklearn.svm import LinearSVC  # loads a second; only fitting needs it

    d = x.shape[1]
    if k == 1 or d == 0 or x.nnz == 0:  # nothing to tell apart, or nothing to tell it by: the classes' shares
        shares = np.log(np.bincount(y, minlength=k) / len(y))
        return np.zeros((d, k), dtype=np.float32), shares.astype(np.float32)
    # The primal solver: the dual one draws from one generator for all threads, and two folds would disturb each other.
    machine = LinearSVC(C=c, tol=TOLERANCE, dual=False).fit(x, y)
    coef, intercept = machine.coef_, machine.intercept_
    if k == 2:  # scikit-learn gives one row: for the second class against the first
        coef, intercept = np.vstack([-coef, coef]), np.concatenate([-intercept, intercept])
    return np.ascontiguousarray(coef.T, dtype=np.float32), intercept.astype(np.float32)
