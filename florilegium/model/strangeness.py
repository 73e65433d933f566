"""How unlike an item is to all that a model learned from, and what resembles it. Path: features -> **model**.

Strangeness is one minus the cosine between an item's vector and that of its nearest training example, so the three
nearest examples come with it. Vectors are brought to length 1 and turned onto a few principal axes first; a vector's
part off these axes still counts in its length, so what lies off them is strange. Learns from vectors, decodes nothing.
Source: Sun et al. (2022), Out-of-distribution detection with deep nearest neighbors, ICML, section 3, with k = 1
(docs/abstention.md has the comparison with ten other methods).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from florilegium.baseline import subset
from florilegium.parallel import on_one_core
from florilegium.types import Floats, Ints, Vectors

N_AXES = 128  # with 64 up to a point more is missed, with 192 nothing less (docs/abstention.md)
MAX_EXEMPLARS = 2_000  # 128 bytes each in the file
N_SIMILAR = 3  # examples that an answer names
FALSE_ALARMS = 0.05  # of items like the training items, the share that may be called strange
MAX_LEVEL = 127  # of a signed byte
TINY = 1e-12  # a vector of zeros has no direction, and resembles nothing
BLOCK = 1_024  # rows whose cosines are held at once

Bytes = NDArray[np.int8]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Neighbours:
    """Training examples to compare with, as small as a file holds them: signed bytes and their scales."""

    axes: Bytes  # (d, m)
    axes_scale: Vectors  # (m,) what one level of each axis is worth
    rows: Bytes  # (m, e): one column per example
    rows_scale: Vectors  # (e,)

    def __len__(self) -> int:
        """Count the examples, e."""
        return int(self.rows.shape[1])

    @property
    def n_similar(self) -> int:
        """Count the examples that an answer names: three, or as many as there are."""
        return min(N_SIMILAR, len(self))


def learn(x: Vectors) -> Neighbours:
    """Take these items as examples.

    Args: x: their vectors, float32 (e, d), e at least 1.
    """
    with on_one_core():
        units = _units(x).astype(np.float64)
        axes, axes_scale = _small(_principal_axes(units))
        seen = units @ (axes * axes_scale)  # (e, d) @ (d, m)
        rows, rows_scale = _small(_units(seen).T)
    return Neighbours(axes=axes, axes_scale=axes_scale, rows=rows, rows_scale=rows_scale)


def similar(neighbours: Neighbours, x: Vectors) -> tuple[Ints, Floats]:
    """Give the nearest examples of n items, nearest first: their numbers (n, 3) and cosines (n, 3), -1..1.

    The same numbers, to 1e-5, as the graph in a model file gives.
    """
    numbers = np.zeros((len(x), neighbours.n_similar), dtype=np.int64)
    cosines = np.zeros((len(x), neighbours.n_similar))
    for rows, every in _cosines(neighbours, x):
        numbers[rows] = np.argsort(-every, axis=1, kind="stable")[:, : neighbours.n_similar]
        cosines[rows] = np.take_along_axis(every, numbers[rows], axis=1)
    return numbers, cosines


def strangeness(neighbours: Neighbours, x: Vectors) -> Floats:
    """Give how unlike n items are to all examples: about 0 (one of them) to 2, usually below 1; shape (n,)."""
    found = np.zeros(len(x))
    for rows, every in _cosines(neighbours, x):
        found[rows] = 1.0 - every.max(axis=1)
    return found


def _cosines(neighbours: Neighbours, x: Vectors) -> Iterator[tuple[slice, Vectors]]:
    """Give the cosines (b, e) of a block of items to every example, block by block, with the rows it stands for."""
    axes = neighbours.axes * neighbours.axes_scale  # (d, m)
    examples = neighbours.rows * neighbours.rows_scale  # (m, e)
    for start in range(0, len(x), BLOCK):
        rows = slice(start, start + BLOCK)
        yield rows, _units(x[rows]) @ axes @ examples  # (b, d) @ (d, m) @ (m, e) -> (b, e)


def chosen(y: Ints, *, seed: int, most: int = MAX_EXEMPLARS) -> Ints:
    """Give the rows of the items that shall be examples: all, or a sample of about `most` spread over the classes."""
    return subset(y, most, seed=seed)


def out_of_fold(x: Vectors | Mapping[int, Vectors], y: Ints, folds: Ints, *, seed: int) -> Floats:
    """Give each item's strangeness to the items of the other folds; not a number where it was never asked; (n,).

    Args:
        x: vectors (n, d); or, where the encoder itself has learned, for each fold the vectors (n, d) of all items by
            the encoder that had not seen that fold. An encoder's own training items lie too close to one another: a
            limit set on them called 19 % of new photos strange instead of 5 %.
        folds: (n,) fold numbers, whole groups in one; negative: always an example, never asked about.
        seed: of the sample where items are very many.
    """
    found = np.full(len(y), np.nan)
    for fold in np.unique(folds[folds >= 0]).tolist():
        vectors = x[fold] if isinstance(x, Mapping) else x
        others, held_out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if len(others):
            examples = others[chosen(y[others], seed=seed)]
            found[held_out] = strangeness(learn(vectors[examples]), vectors[held_out])
    return found


def limit_of(found: Floats, *, false_alarms: float = FALSE_ALARMS) -> float:
    """Give the strangeness that at most this share of `found` (n,) exceeds; values that are no numbers are left out.

    Where nothing was held out there is no limit to learn: 2, which nothing exceeds.

    >>> limit_of(np.array([0.4, 0.1, 0.2, 0.3]), false_alarms=0.25)
    0.3
    """
    known = np.sort(found[np.isfinite(found)])
    n_alarms = int(np.floor(false_alarms * len(known)))
    return float(known[len(known) - 1 - n_alarms]) if len(known) else 2.0


def _units(x: Vectors | Floats) -> Vectors:
    """Bring rows (n, d) to length 1; a row of zeros stays."""
    lengths = np.sqrt((np.asarray(x, dtype=np.float64) ** 2).sum(axis=1, keepdims=True))
    return np.asarray(x / np.maximum(lengths, TINY), dtype=np.float32)


def _principal_axes(units: Floats) -> Floats:
    """Give the axes (d, m) on which rows (e, d) have most of their length. Not centred: the mean is what they share."""
    n, d = units.shape
    small = units @ units.T if n < d else units.T @ units  # the smaller of (e, e) and (d, d)
    strengths, vectors = np.linalg.eigh(small)
    order = np.argsort(-strengths, kind="stable")[: min(N_AXES, n, d)]
    order = order[strengths[order] > TINY * max(strengths[order[0]], TINY)] if len(order) else order
    axes = units.T @ (vectors[:, order] / np.sqrt(strengths[order])) if n < d else vectors[:, order]
    return axes if axes.shape[1] else np.eye(d)[:, :1]


def _small(columns: Floats | Vectors) -> tuple[Bytes, Vectors]:
    """Store columns (d, m) as signed bytes, each with its own scale (m,)."""
    scale = np.maximum(np.abs(columns).max(axis=0), TINY) / MAX_LEVEL
    return np.rint(columns / scale).astype(np.int8), scale.astype(np.float32)
