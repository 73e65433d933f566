"""The quick head: learns again after every label while a person waits. Path: features -> **model**.

All items become places once (centred, on their strongest axes, brought to length 1). Then a label costs milliseconds:
ridge regression with a Gaussian kernel on the labelled places, the mean of a Gaussian process. Where nothing labelled
is near, all classes are equally likely. Other heads beside it: docs/decisions/0015-what-to-label-next.md.
"""

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from florilegium.errors import InputError
from florilegium.model.axes import principal_axes
from florilegium.types import Floats, Ints, Vectors

N_AXES = 256
REACH = 1.0  # kernel = exp(-REACH * squared distance / its median)
RIDGE = 0.05  # on the kernel's diagonal of ones: how much a label may be off
N_PAIRS = 5_000  # of items whose distances the median is taken of
MAX_LEARNED = 1_024  # kernel columns; labels beyond them are learned through these
SHARPNESS = (4.0, 6.0, 8.0, 12.0, 16.0, 24.0)  # of the softmax; the likeliest for labels left out is taken


class QuickHead:
    """A head on fixed items that takes any set of labels at any time."""

    def __init__(self, vectors: Vectors, *, seed: int = 0) -> None:
        """Turn vectors (n, d) into places, once.

        Raises: InputError: no items, or numbers that are not finite.
        """
        if vectors.ndim != 2 or not len(vectors) or not np.isfinite(vectors).all():
            raise InputError(
                f"vectors {vectors.shape}: expected finite rows (n, d), n at least 1. Encode the items anew."
            )
        mean, axes = principal_axes(vectors, N_AXES, seed=seed)
        places = np.asarray((vectors - mean) @ axes, dtype=np.float32)
        lengths = np.linalg.norm(places, axis=1, keepdims=True)
        self.places: Vectors = places / np.maximum(lengths, np.float32(1e-12))  # (n, r), r at most N_AXES
        i, j = np.random.default_rng(seed).integers(len(places), size=(2, N_PAIRS))
        gap = 2 - 2 * np.einsum("ij,ij->i", self.places[i], self.places[j])
        self._scale = REACH / max(float(np.median(gap)), 1e-6)
        self._columns: dict[int, Vectors] = {}

    def update(self, rows: Ints, y: Ints, *, k: int) -> Floats:
        """Give probabilities (n, k) of all items after learning these labels and no others.

        Args: rows: (m,) labelled items, each once, in any order; none at all is fine.  y: (m,) class numbers 0..k-1.
        Raises: InputError: rows or classes out of range, or a row twice.
        """
        self._check(rows, y, k)
        if not len(rows) or k == 0:
            return np.full((len(self.places), k), 1 / max(k, 1))
        learned = self.places[rows]
        weights, loo = self._solved(learned, y, k)
        scores = self._kernel(self.places, learned) @ weights.astype(np.float32)
        return _softmax(scores.astype(np.float64) * _sharpness(loo, y))

    def answers(self, rows: Ints, y: Ints, asked: Ints, *, k: int) -> Ints:
        """Give the likeliest class (a,) of the asked items after learning these labels, an item's own left out.

        Raises: InputError: as `update`.
        """
        self._check(rows, y, k)
        if not len(rows):
            return np.zeros(len(asked), dtype=np.int64)
        weights, loo = self._solved(self.places[rows], y, k)
        scores = self._kernel(self.places[asked], self.places[rows]) @ weights
        own = {row: i for i, row in enumerate(rows.tolist())}
        for place, row in enumerate(asked.tolist()):
            if row in own:
                scores[place] = loo[own[row]]
        return np.asarray(scores.argmax(axis=1), dtype=np.int64)

    def _check(self, rows: Ints, y: Ints, k: int) -> None:
        n = len(self.places)
        faults = [f"{len(rows)} rows with {len(y)} classes"] if len(rows) != len(y) else []
        faults += [f"rows not in 0..{n - 1}"] if len(rows) and not (rows.min() >= 0 and rows.max() < n) else []
        faults += [f"classes not in 0..{k - 1}"] if len(y) and not (y.min() >= 0 and y.max() < k) else []
        faults += ["a row twice"] if len(np.unique(rows)) != len(rows) else []
        if faults:
            raise InputError(f"labels cannot be learned: {'; '.join(faults)}")

    def _kernel(self, x: Vectors, y: Vectors) -> Vectors:
        return np.asarray(np.exp(-self._scale * (2 - 2 * (x @ y.T))), dtype=np.float32)

    def _solved(self, learned: Vectors, y: Ints, k: int) -> tuple[Floats, Floats]:
        kernel = self._kernel(learned, learned).astype(np.float64)
        kernel[np.diag_indices_from(kernel)] += RIDGE
        target = np.eye(k)[y] - 1 / k
        factor = cho_factor(kernel, lower=True, overwrite_a=True)
        weights = cho_solve(factor, target)
        inverse = cho_solve(factor, np.eye(len(y)))
        return weights, target - weights / np.diag(inverse)[:, None]


def _sharpness(loo: Floats, y: Ints) -> float:
    found = [np.log(_softmax(loo * s)[np.arange(len(y)), y] + 1e-12).mean() for s in SHARPNESS]
    return SHARPNESS[int(np.argmax(found))]


def _softmax(scores: Floats) -> Floats:
    grown = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True))
