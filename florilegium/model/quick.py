"""The quick head: learns again after every label while a person waits. Path: features -> **model**.

All items become places once (centred, on their strongest axes, brought to length 1). Then a label costs milliseconds:
ridge regression with a Gaussian kernel on the labelled places, the mean of a Gaussian process. Where nothing labelled
is near, all classes are equally likely. Other heads beside it: docs/decisions/0015-what-to-label-next.md.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.linalg import cho_factor, cho_solve

from florilegium.errors import InputError
from florilegium.model.axes import FAINT, principal_axes
from florilegium.model.weights import Features
from florilegium.types import Floats, Ints, Vectors

N_AXES = 256
REACH = 1.5  # kernel = exp(-REACH * squared distance / its mean over all pairs)
RIDGE = 0.05  # on the kernel's diagonal of ones: how much a label may be off
MAX_LEARNED = 1_024  # labelled places with a kernel column of their own; further labels are learned through these
MIN_LEARNED, MAX_CELLS = 256, 1 << 26  # columns where items are very many; numbers in all columns (256 MiB)
N_PASSES = 1  # over sparse rows while their directions are sought; seconds each
BLOCK = 64  # columns that are made room for at a time
SHARPNESS = (2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0)  # of the softmax; the likeliest for labels left out is taken
MAX_LEFT_OUT = 200  # labels that are left out, each in turn, to find it
GROWTH = 1.1  # labels by which it is sought anew


class QuickHead:
    """A head on n fixed items that takes any set of labels at any time; not for several threads at once."""

    def __init__(self, vectors: Features, *, seed: int = 0) -> None:
        """Turn vectors (n, d) into places, once: a second or so per 10,000 items, for sparse ones (texts) some more.

        Raises: InputError: no items, or numbers that are not finite.
        """
        numbers = vectors.data if sp.issparse(vectors) else vectors
        if vectors.ndim != 2 or not vectors.shape[0] or not np.isfinite(numbers).all():
            raise InputError(
                f"vectors {vectors.shape}: expected finite rows (n, d), n at least 1. Encode the items anew."
            )
        vectors = _dense(vectors, seed)
        mean, axes = principal_axes(vectors, N_AXES, seed=seed)
        places = np.asarray((vectors - mean) @ axes, dtype=np.float32)
        # An item in the very middle has no direction; all such items get the same one.
        places[np.linalg.norm(places, axis=1) < FAINT, 0] = 1
        self.places: Vectors = places / np.linalg.norm(places, axis=1, keepdims=True)  # (n, r), r at most N_AXES
        typical = 2 * float((self.places**2).sum(axis=1).mean() - (self.places.mean(axis=0) ** 2).sum())
        # The kernel of two places is exp(-scale * squared distance).
        self.scale = REACH / max(typical, 1e-6)
        self._seed = seed
        n_columns = int(np.clip(MAX_CELLS // len(places), MIN_LEARNED, MAX_LEARNED))
        self._basis = np.zeros(0, dtype=np.int64)  # rows that have a column
        self._columns: Vectors = np.zeros((len(places), 0), dtype=np.float32, order="F")
        self._n_columns = min(n_columns, len(places))
        self._gram: tuple[Ints, Floats] | None = None  # rows, and the sum of their columns' products
        self._sharp: tuple[int, int, float] = (0, 0, 1.0)  # labels and classes when it was found, and the sharpness

    def update(self, rows: Ints, y: Ints, *, k: int) -> Floats:
        """Give probabilities (n, k) of all items after learning these labels and no others.

        Args: rows: (m,) labelled items, each once, in any order; none at all is fine.  y: (m,) class numbers 0..k-1.
        Raises: InputError: rows or classes out of range, or a row twice.
        """
        self._check(rows, y, k)
        if not len(rows) or k == 0:
            return np.full((len(self.places), k), 1 / max(k, 1))
        self._grow(rows)
        basis, columns = self._basis, self._columns[:, : len(self._basis)]
        own = np.flatnonzero(np.isin(basis, rows))
        if len(own) == len(rows):  # every label has its column
            order = np.argsort(rows)
            own = own[np.argsort(basis[own])]  # both by row
            rows, y = rows[order], y[order]
            solved = _exact(columns[np.ix_(rows, own)].astype(np.float64), y, k)
            weights = np.zeros((len(basis), k), dtype=np.float32)
            weights[own] = solved.weights
        else:
            solved = _through(columns[rows], columns[basis], self._gram_of(rows), y, k)
            weights = solved.weights.astype(np.float32)
        scores = columns @ weights  # (n, b) @ (b, k)
        return _softmax(scores * np.float32(self._sharpness(solved, y, k)))

    def answers(self, rows: Ints, y: Ints, asked: Ints, *, k: int) -> Ints:
        """Give the likeliest class (a,) of the asked items after learning these labels, an item's own left out.

        Nothing is remembered. Raises: InputError: as `update`.
        """
        self._check(rows, y, k)
        if not len(rows):
            return np.zeros(len(asked), dtype=np.int64)
        basis = rows[:MAX_LEARNED]
        columns = self._kernel(rows, basis)
        if len(basis) == len(rows):
            solved = _exact(columns.astype(np.float64), y, k)
        else:
            wide = columns.astype(np.float64)
            solved = _through(columns, columns[: len(basis)], wide.T @ wide, y, k)
        scores = self._kernel(asked, basis) @ solved.weights  # (a, b) @ (b, k)
        known = {row: i for i, row in enumerate(rows.tolist())}
        mine = np.array([known.get(row, -1) for row in asked.tolist()], dtype=np.int64)
        scores[mine >= 0] = solved.left_out(mine[mine >= 0])
        return np.asarray(scores.argmax(axis=1), dtype=np.int64)

    def _check(self, rows: Ints, y: Ints, k: int) -> None:
        n = len(self.places)
        faults = [f"{len(rows)} rows with {len(y)} classes"] if len(rows) != len(y) else []
        faults += [f"rows not in 0..{n - 1}"] if len(rows) and not (rows.min() >= 0 and rows.max() < n) else []
        faults += [f"classes not in 0..{k - 1}"] if len(y) and not (y.min() >= 0 and y.max() < k) else []
        faults += ["a row twice"] if len(np.unique(rows)) != len(rows) else []
        if faults:
            raise InputError(f"labels cannot be learned: {'; '.join(faults)}")

    def _kernel(self, rows: Ints | slice, others: Ints) -> Vectors:
        found = self.places[rows] @ self.places[others].T  # cosines
        found -= 1
        found *= np.float32(2 * self.scale)
        return np.asarray(np.exp(found, out=found), dtype=np.float32)

    def _grow(self, rows: Ints) -> None:
        """Give new rows a column, while there is room."""
        new = rows[~np.isin(rows, self._basis)]
        room = self._n_columns - len(self._basis)
        if len(new) > room:
            new = np.random.default_rng(self._seed).choice(new, room, replace=False)
        if not len(new):
            return
        start, end = len(self._basis), len(self._basis) + len(new)
        if end > self._columns.shape[1]:
            wider = np.empty((len(self.places), min(end + BLOCK, self._n_columns)), dtype=np.float32, order="F")
            wider[:, :start] = self._columns[:, :start]
            self._columns = wider
        self._columns[:, start:end] = self._kernel(slice(None), new)
        self._basis, self._gram = np.concatenate([self._basis, new]), None

    def _gram_of(self, rows: Ints) -> Floats:
        """Give the sum over rows of their columns' products, (b, b), from the last one and what has changed."""
        last, gram = self._gram or (rows[:0], np.zeros((len(self._basis), len(self._basis))))
        for changed, sign in ((np.setdiff1d(rows, last), 1.0), (np.setdiff1d(last, rows), -1.0)):
            columns = self._columns[changed].astype(np.float64)
            gram = gram + sign * (columns.T @ columns) if len(changed) else gram
        self._gram = (rows.copy(), gram)
        return gram

    def _sharpness(self, solved: "_Solved", y: Ints, k: int) -> float:
        m, last_k, found = self._sharp
        if k != last_k or not m <= len(y) < m * GROWTH:
            some = np.arange(len(y))
            if len(y) > MAX_LEFT_OUT:
                some = np.random.default_rng(self._seed).choice(len(y), MAX_LEFT_OUT, replace=False)
            scores = solved.left_out(some)
            fits = [np.log(_softmax(scores * s)[np.arange(len(some)), y[some]]).mean() for s in SHARPNESS]
            found = SHARPNESS[int(np.argmax(fits))]
            self._sharp = (len(y), k, found)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _Solved:
    """A ridge and what gives its answers to an item that is left out."""

    weights: Floats  # (b, k)
    target: Floats  # (m, k)
    factor: tuple[Floats, bool]
    columns: Floats | None  # (m, b); None: every label has its column

    def left_out(self, some: Ints) -> Floats:
        """Give the scores (s, k) of some learned items, each as if it had not been learned.

        Source: the leave-one-out formula of linear smoothers; Rasmussen & Williams (2006), section 5.4.2.
        """
        if self.columns is None:
            units = np.zeros((len(self.weights), len(some)))
            units[some, np.arange(len(some))] = 1
            inverse = cho_solve(self.factor, units)[some, np.arange(len(some))]
            return np.asarray(self.target[some] - self.weights[some] / inverse[:, None])
        columns = self.columns[some]
        own = np.einsum("ij,ji->i", columns, cho_solve(self.factor, columns.T))[:, None]
        return np.asarray((columns @ self.weights - own * self.target[some]) / np.maximum(1 - own, 1e-6))


def _dense(vectors: Features, seed: int) -> Vectors:
    """Give sparse rows along their strongest directions; dense ones as they are."""
    if not sp.issparse(vectors):
        return np.asarray(vectors, dtype=np.float32)
    from sklearn.utils.extmath import randomized_svd  # loads a second; only texts need it

    rows = vectors.astype(np.float32)
    p = min(N_AXES, *rows.shape)
    _, _, directions = randomized_svd(rows, p, n_iter=N_PASSES, random_state=seed)
    return np.asarray(rows @ directions.T, dtype=np.float32)  # (n, d) @ (d, p)


def _exact(kernel: Floats, y: Ints, k: int) -> _Solved:
    """Solve (K + ridge) w = t for the kernel (m, m) of the labelled items."""
    kernel[np.diag_indices_from(kernel)] += RIDGE
    target = _target(y, k)
    factor = cho_factor(kernel, lower=True, overwrite_a=True, check_finite=False)
    return _Solved(cho_solve(factor, target, check_finite=False), target, factor, None)


def _through(columns: Vectors, basis: Vectors, gram: Floats, y: Ints, k: int) -> _Solved:
    """Solve (C'C + ridge K) w = C't: all labels, through the columns C (m, b) of some, which have the kernel K (b, b).

    Source: Quiñonero-Candela & Rasmussen (2005), JMLR 6, 1939-1959, the subset of regressors.
    """
    wide, target = columns.astype(np.float64), _target(y, k)
    normal = gram + RIDGE * basis.astype(np.float64)
    normal[np.diag_indices_from(normal)] += RIDGE * 1e-3  # copies of one item would make it singular
    factor = cho_factor(normal, lower=True, overwrite_a=True, check_finite=False)
    return _Solved(cho_solve(factor, wide.T @ target, check_finite=False), target, factor, wide)


def _target(y: Ints, k: int) -> Floats:
    return np.asarray(np.eye(k)[y] - 1 / k)


def _softmax(scores: Floats | Vectors) -> Floats:
    grown = np.exp(scores - scores.max(axis=1, keepdims=True), dtype=np.float64)
    grown /= grown.sum(axis=1, keepdims=True)
    return np.asarray(grown)
