"""Baselines that see pixels. Path: split -> **baseline** -> model.

All take uint8 pictures of one size: thumbnails (n, 32, 32, 3) of photos, or small pictures as they are, (n, h, w[, 3]).
"""

from typing import Literal, Self

import numpy as np
from scipy.special import softmax

from florilegium.baseline.rule import Rows, Rule
from florilegium.types import Floats, Ints, Vectors

N_LEVELS_COLOUR = 4  # per channel: 64 bins; finer ones are mostly empty in a thumbnail of 1,024 pixels
N_LEVELS_GRAY = 16
CHUNK = 4096  # pictures compared at a time: flat memory


def flat(pixels: Rows) -> Vectors:
    """Give pictures (n, ...) of levels 0..255 as rows of numbers 0..1; float32 (n, p)."""
    return np.asarray(pixels.reshape(len(pixels), -1), dtype=np.float32) / np.float32(255)


class MeanImage(Rule):
    """Say the class whose mean picture is the most like: the seven-line rule to try before any learning.

    Source: Howard & Gugger (2020), Deep learning for coders, chapter 4 ("First try: pixel similarity").
    """

    def __init__(self, distance: Literal["l1", "l2"] = "l2") -> None:
        """Remember how to measure: "l1" mean absolute difference per pixel, "l2" root of the mean square."""
        self.distance = distance

    def fit(self, x: Rows, y: Ints) -> Self:
        """Draw the mean picture of each class."""
        self.classes_, numbers = np.unique(y, return_inverse=True)
        rows = flat(x)
        picked = np.zeros((len(self.classes_), len(rows)), dtype=np.float32)
        picked[numbers, np.arange(len(rows))] = 1
        self.means_: Vectors = (picked @ rows) / picked.sum(axis=1, keepdims=True)  # (k, n) @ (n, p) -> (k, p)
        own = np.concatenate(
            [
                _apart(rows[i : i + CHUNK] - self.means_[numbers[i : i + CHUNK]], self.distance)
                for i in range(0, len(rows), CHUNK)
            ]
        )
        self.typical_ = max(float(own.mean()), 1e-6)  # a picture's distance from its own class's mean
        return self

    def predict_proba(self, x: Rows) -> Floats:
        """Give the more probability the nearer; (n, k)."""
        return np.asarray(softmax(-self._distances(x) / self.typical_, axis=1))

    def _distances(self, x: Rows) -> Floats:
        found = [self._chunk(flat(x[start : start + CHUNK])) for start in range(0, len(x), CHUNK)]
        return np.concatenate(found) if found else np.empty((0, len(self.classes_)))

    def _chunk(self, rows: Vectors) -> Floats:
        if self.distance == "l2":  # |x|^2 - 2 x m + |m|^2: one matrix product in place of k passes over the pixels
            squares = np.einsum("np,np->n", rows, rows, dtype=np.float64)[:, None] - 2.0 * (rows @ self.means_.T)
            squares += np.einsum("kp,kp->k", self.means_, self.means_, dtype=np.float64)
            return np.asarray(np.sqrt(np.maximum(squares, 0) / rows.shape[1]), dtype=np.float64)  # (n, k)
        found = np.empty((len(rows), len(self.means_)))
        for i, mean in enumerate(self.means_):
            found[:, i] = _apart(rows - mean, "l1")
        return found


def _apart(gap: Vectors, distance: Literal["l1", "l2"]) -> Floats:
    """Give the mean absolute difference (l1) or the root of the mean square (l2) per picture; (n, p) -> (n,)."""
    if distance == "l1":
        return np.asarray(np.abs(gap, out=gap).mean(axis=1), dtype=np.float64)
    return np.asarray(np.sqrt(np.einsum("np,np->n", gap, gap) / gap.shape[1]), dtype=np.float64)


class Neighbours(Rule):
    """Ask the most alike pictures; a subclass says in what."""

    n_neighbours = 3
    weights = "uniform"

    def fit(self, x: Rows, y: Ints) -> Self:
        """Remember all pictures."""
        from sklearn.neighbors import KNeighborsClassifier  # loads a second; only fitting needs it

        self.classes_ = np.unique(y)
        self.neighbours_ = KNeighborsClassifier(min(self.n_neighbours, len(y)), weights=self.weights, algorithm="brute")
        self.neighbours_.fit(self._seen(x), y)
        return self

    def predict_proba(self, x: Rows) -> Floats:
        """Give each class its share of the neighbours' votes; (n, k)."""
        if len(x) == 0:
            return np.empty((0, len(self.classes_)))
        return np.asarray(self.neighbours_.predict_proba(self._seen(x)), dtype=np.float64)

    def _seen(self, x: Rows) -> Vectors:
        return flat(x)


class NearestPixels(Neighbours):
    """Say what most of the 3 pictures with the most similar pixels are (Euclidean distance)."""


class Histogram(Neighbours):
    """Say what the 5 pictures with the most similar colours (or grays) are, wherever in the picture those lie.

    Hellinger distance between histograms of 4 x 4 x 4 colours or 16 grays; nearer ones count more.
    """

    n_neighbours = 5
    weights = "distance"

    def _seen(self, x: Rows) -> Vectors:
        return np.asarray(np.sqrt(_histograms(x)))


def _histograms(pixels: Rows) -> Vectors:
    """Give the share of pixels in each bin: (n, h, w, 3) -> (n, 64), (n, h, w) -> (n, 16)."""
    colour = pixels.ndim == 4
    levels = N_LEVELS_COLOUR if colour else N_LEVELS_GRAY
    step = 256 // levels
    bins = pixels // step
    if colour:
        bins = (bins[..., 0] * levels + bins[..., 1]) * levels + bins[..., 2]
    n_bins = levels**3 if colour else levels
    places = bins.reshape(len(pixels), -1).astype(np.int64) + n_bins * np.arange(len(pixels))[:, None]
    counts = np.bincount(places.ravel(), minlength=n_bins * len(pixels)).reshape(len(pixels), n_bins)
    return np.asarray(counts / max(places.shape[1], 1), dtype=np.float32)
