"""Answer items that were not learned from, within seconds: for the audit, before anything is trained. Path: **model**.

Vectors are turned onto their 256 strongest axes. Photos are then told apart by a linear discriminant, which has a
closed form; texts by logistic regression. Nothing is chosen or kept: `train` makes the model. (docs/decisions/0014)
"""

import numpy as np
import scipy.sparse as sp

from florilegium.features.text import idf_of
from florilegium.model import calibration
from florilegium.model.axes import principal_axes
from florilegium.model.head import asked
from florilegium.model.linear import LinearHead
from florilegium.model.weights import Features
from florilegium.parallel import on_one_core
from florilegium.types import Bools, Floats, Ints, Vectors

N_AXES = 256  # on flowers20 with 20 % wrong labels 128, 256 and 512 axes rank alike (0.978 to 0.979)
# Of the covariance, the part that is taken to be the same along all axes. With 0.02, 0.1, 0.3, 0.6 wrong labels of
# flowers20 rank at 0.967, 0.974, 0.979, 0.979 and those of digits at 0.997, 0.998, 0.998, 0.997.
SHRINK = 0.3
TEXTS_PER_AXIS = 4  # at least: of 240 queries of 6 kinds 60 axes get 95 % right, 240 axes 61 %; of 1,500 more is better
C_TEXTS = 0.01  # on Banking77 0.003, 0.01 and 0.03 rank at 0.992, 0.994 and 0.991; the discriminant at 0.987
FAINT = 1e-6


class Doubter:
    """Gives out-of-fold probabilities for n items by vectors float32 (n, d) or counted pieces csr (n, d)."""

    def __init__(self, x: Features, *, seed: int) -> None:
        """Find the strongest axes; labels are not needed for that."""
        self._of_texts = sp.issparse(x)
        self._seed = seed
        self.vectors: Vectors = _of_pieces(sp.csr_array(x), seed) if sp.issparse(x) else _standard(np.asarray(x), seed)

    def answers(self, y: Ints, folds: Ints, *, k: int, rows: Ints | None = None) -> Floats:
        """Give calibrated probabilities (m, k) of items by models that had not seen their fold.

        Rows are NaN where nobody was asked (a negative fold), and where the label's class is in no other fold: a model
        that never saw the class cannot judge that label.
        Args: y: class numbers 0..k-1, (m,).  folds: (m,).  rows: (m,) the items meant; None: all n.
        """
        z = self.vectors if rows is None else self.vectors[rows]
        found = np.full((len(y), k), np.nan)
        numbers = asked(folds)
        if k < 2 or not numbers:
            return found
        with on_one_core():
            scores, known = _scores(z, y, folds, k, texts=self._of_texts, seed=self._seed)
        judged = np.flatnonzero((folds >= 0) & known[np.arange(len(y)), y])
        if not len(judged):
            return found
        temperature = calibration.temperature(scores[judged], y[judged])
        found[judged] = calibration.probabilities(scores[judged], temperature=temperature)
        found[judged] = np.where(known[judged], found[judged], 0.0)
        found[judged] /= found[judged].sum(axis=1, keepdims=True)
        return found


def _scores(z: Vectors, y: Ints, folds: Ints, k: int, *, texts: bool, seed: int) -> tuple[Floats, Bools]:
    """Give scores (m, k) out of fold, and which classes each item's models had seen (m, k)."""
    known = np.zeros((len(y), k), dtype=np.bool_)
    scores = np.zeros((len(y), k))
    for fold in asked(folds):
        held = folds == fold
        known[held] = np.bincount(y[~held], minlength=k) > 0
        if not texts:
            scores[held] = _discriminant(z[~held], y[~held], z[held], k)
    if texts:
        like = LinearHead(c=C_TEXTS)
        scores = LinearHead.search(z, y, folds, k=k, seed=seed, like=like).scores
    lowest = scores.min(axis=1, keepdims=True)
    return np.where(known, scores, lowest - 1.0), known


def _discriminant(z: Vectors, y: Ints, asked_about: Vectors, k: int) -> Floats:
    """Learn from vectors z (m, r) and labels; give the log of what is proportional to each class's probability (h, k).

    Source: Friedman (1989), Regularized discriminant analysis, JASA 84(405), equation 18 with one covariance.
    """
    counts = np.bincount(y, minlength=k)
    sums = sp.csr_array((np.ones(len(y), dtype=np.float32), (y, np.arange(len(y)))), shape=(k, len(y))) @ z
    means = sums.astype(np.float64) / np.maximum(counts, 1)[:, None]  # (k, r)
    within = (z.T @ z).astype(np.float64) - (means * counts[:, None]).T @ means  # (r, r)
    r = len(within)
    level = max(float(np.trace(within)) / r, FAINT)
    within = (1 - SHRINK) * within + SHRINK * level * np.eye(r)
    rays = np.linalg.solve(within / len(y), means.T)  # (r, k)
    shift = np.log(np.maximum(counts, 0.5) / len(y)) - 0.5 * (means.T * rays).sum(axis=0)
    return np.asarray(asked_about @ rays.astype(np.float32) + shift, dtype=np.float64)


def _standard(x: Vectors, seed: int) -> Vectors:
    """Standardise vectors (n, d) and turn them onto their strongest axes (n, r)."""
    scale = x.std(axis=0, dtype=np.float64).astype(np.float32)
    scale[scale < FAINT] = np.inf  # a constant tells nothing, and must not be divided by zero
    z = np.asarray(x / scale, dtype=np.float32)
    mean, axes = principal_axes(z, N_AXES, seed=seed)
    return np.asarray((z - mean) @ axes, dtype=np.float32)


def _of_pieces(counts: sp.csr_array, seed: int) -> Vectors:
    """Weigh rows of pieces (n, d) by how rare they are and turn them into a space of strong axes (n, r).

    Source: Halko, Martinsson & Tropp (2011), Finding structure with randomness, SIAM Review 53(2), algorithm 4.4 with
    one step; the axes are orthonormal, not sorted.
    """
    used, columns = np.unique(counts.indices, return_inverse=True)  # hashed pieces leave most columns empty
    plain = sp.csr_array(
        (counts.data, columns, counts.indptr), shape=(counts.shape[0], max(len(used), 1)), dtype=np.float32
    )
    plain.data = plain.data * idf_of(plain)[plain.indices]
    lengths = np.sqrt(np.asarray(plain.multiply(plain).sum(axis=1)).ravel())
    plain.data = plain.data / np.repeat(np.maximum(lengths, FAINT), np.diff(plain.indptr)).astype(np.float32)
    r = max(1, min(N_AXES, plain.shape[0] // TEXTS_PER_AXIS, plain.shape[1]))
    chance = np.random.default_rng(seed).standard_normal((plain.shape[1], r), dtype=np.float32)
    rows = plain @ _orthonormal(plain.T @ (plain @ chance))  # (n, d) @ (d, r)
    return np.asarray(rows, dtype=np.float32)


def _orthonormal(x: Vectors) -> Vectors:
    """Give orthonormal columns that span those of x (d, r), by the eigenvectors of its small square."""
    values, vectors = np.linalg.eigh((x.T @ x).astype(np.float64))  # (r, r)
    keep = values > FAINT * max(float(values[-1]), FAINT)
    return np.asarray(x @ (vectors[:, keep] / np.sqrt(values[keep])), dtype=np.float32)
