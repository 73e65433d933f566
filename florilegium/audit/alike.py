"""Search n rows for pairs that point the same way, in memory linear in n. Path: dataset -> **audit** -> split.

Sees vectors and perceptual hashes, never pictures, texts or labels. What counts as alike is decided in `duplicates.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from florilegium.types import Bools, Floats, Ints, Octets, Progress, Vectors

N_PROJECTED = 192  # dimensions of the first pass
SLACK = 5.0  # standard errors that the first pass allows: misses fewer than one pair in a million
BLOCK = 2048  # rows compared at once: 2048 x 2048 float32 are 16 MiB
CHUNK = 8192  # pairs checked exactly at once: two times 8192 x 1280 float32 are 80 MiB
N_BITS = 64  # of a perceptual hash
DIRECTIONLESS = 1e-6  # a row shorter than this has no direction, so it is near nothing
STEP = "items compared"

Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prints:
    """Perceptual hashes of n pictures; a blank picture's is 0 and says nothing."""

    hashes: Hashes  # (n,)
    mirrored: Hashes  # (n,) of each picture seen in a mirror

    def differ(self, i: Ints, j: Ints) -> Octets:
        """Count the bits, 0..64, in which pictures i and j (m,), or i and the mirror image of j, differ; the fewer."""
        mine = self.hashes[i]
        plain = np.bitwise_count(mine ^ self.hashes[j])
        mirror = np.bitwise_count(mine ^ self.mirrored[j])
        blank = (mine == 0) | (self.hashes[j] == 0)
        return np.where(blank, np.uint8(N_BITS), np.minimum(plain, mirror))


class Space(Protocol):
    """Rows whose directions can be compared, roughly at first and then exactly."""

    low: Vectors  # (n, p) rows of length 1 (or 0) for the first pass
    slack: float  # standard error of a first-pass cosine is `slack / SLACK * (1 - c^2)`

    def cosines(self, i: Ints, j: Ints) -> Floats:
        """Give the exact cosine of each pair of rows; (m,)."""


class Dense:
    """Dense rows, the mean row taken away where asked; nothing of size (n, d) is held beside the vectors themselves."""

    def __init__(self, vectors: Vectors, rows: Ints, *, centre: bool) -> None:
        """Measure the rows (n,) of `vectors` (any, d)."""
        self._vectors, self._rows = vectors, rows
        d = vectors.shape[1]
        self._mean = np.zeros(d, dtype=np.float32)
        blocks = [slice(start, start + BLOCK) for start in range(0, len(rows), BLOCK)]
        if centre:
            total = sum(vectors[rows[block]].sum(axis=0, dtype=np.float64) for block in blocks)
            self._mean = np.asarray(total / len(rows), dtype=np.float32)
        plane = _plane(d) if d > 2 * N_PROJECTED else None  # narrow rows are compared as they are
        self.slack = 0.0 if plane is None else SLACK / np.sqrt(N_PROJECTED)
        self.low = np.empty((len(rows), d if plane is None else N_PROJECTED), dtype=np.float32)
        self._norms = np.empty(len(rows))
        for block in blocks:
            x = self._take(rows[block])
            self._norms[block] = _norms(x)
            self.low[block] = _unit(x if plane is None else x @ plane, known=self._norms[block] < np.inf)

    def _take(self, rows: Ints) -> Vectors:
        return np.asarray(self._vectors[rows] - self._mean, dtype=np.float32)

    def cosines(self, i: Ints, j: Ints) -> Floats:
        """Give the exact cosine of each pair of rows; (m,)."""
        one, other = self._take(self._rows[i]), self._take(self._rows[j])
        found: Floats = np.einsum("ij,ij->i", one, other, dtype=np.float64) / (self._norms[i] * self._norms[j])
        return found


class Sparse:
    """Sparse rows, as they are: taking the mean away would fill them."""

    slack = SLACK / np.sqrt(N_PROJECTED)

    def __init__(self, vectors: sp.csr_array, rows: Ints) -> None:
        """Measure the rows (n,) of `vectors` (any, d)."""
        used, columns = np.unique(vectors.indices, return_inverse=True)  # hashed terms leave most columns empty
        self._x = sp.csr_array(
            (vectors.data, columns, vectors.indptr), shape=(vectors.shape[0], max(len(used), 1)), dtype=np.float32
        )[rows]
        self._norms = np.sqrt(np.asarray(self._x.multiply(self._x).sum(axis=1), dtype=np.float64).ravel())
        self._norms[self._norms < DIRECTIONLESS] = np.inf
        self.low = _unit(np.asarray(self._x @ _plane(self._x.shape[1])), known=self._norms < np.inf)

    def cosines(self, i: Ints, j: Ints) -> Floats:
        """Give the exact cosine of each pair of rows; (m,)."""
        dots = np.asarray(self._x[i].multiply(self._x[j]).sum(axis=1), dtype=np.float64).ravel()
        found: Floats = dots / (self._norms[i] * self._norms[j])
        return found


class Forest:
    """Which of n rows hang together so far; remembers groups instead of pairs, of which there may be n * n."""

    def __init__(self, n: int) -> None:
        """Begin with every row for itself."""
        self.groups: Ints = np.arange(n, dtype=np.int64)
        self._n_groups = n

    def join(self, i: Ints, j: Ints) -> None:
        """Join the groups of each pair of rows."""
        if len(i):
            links = (np.ones(len(i), dtype=np.int8), (self.groups[i], self.groups[j]))
            graph = sp.coo_array(links, shape=(self._n_groups, self._n_groups))
            self._n_groups, joined = connected_components(graph, directed=False)
            self.groups = joined[self.groups].astype(np.int64)


def worth_a_look(space: Space, order: Ints, *, per_item: float, low: float, high: float) -> float:
    """Give the least cosine from `low` to `high` that at most `per_item` pairs per item reach, counted on a sample.

    Args: order: (n,) all rows, at random but always the same; the first 2,048 are the sample.
    """
    some = space.low[order[:BLOCK]]
    steps = np.arange(low, high, 0.02)
    counts = np.zeros(len(steps))
    for start in range(0, len(space.low), BLOCK):
        rough = np.sort((some @ space.low[start : start + BLOCK].T).ravel())  # (b, p) @ (p, m)
        counts += len(rough) - np.searchsorted(rough, steps)
    fits = np.flatnonzero((counts / max(len(some), 1) - 1) / 2 <= per_item)  # each meets itself; each pair meets twice
    return float(steps[fits[0]]) if len(fits) else high


def join_agreeing(
    forest: Forest, space: Space, least: float, agree: Callable[[Ints, Ints], Bools], *, progress: Progress
) -> None:
    """Join pairs not yet joined whose cosine is at least `least` and that `agree` says are the same picture."""
    n = len(space.low)
    loose = np.float32(least - space.slack * (1 - least**2) / 5)  # one standard error: a miss costs a look, no more
    for start in range(0, n, BLOCK):
        for other in range(start, n, BLOCK):
            rough = space.low[start : start + BLOCK] @ space.low[other : other + BLOCK].T
            i, j = np.divmod(np.flatnonzero(rough >= loose), rough.shape[1])
            i, j = i + start, j + other
            keep = (i < j) & (forest.groups[i] != forest.groups[j])
            i, j = i[keep], j[keep]
            for part in (slice(at, at + CHUNK) for at in range(0, len(i), CHUNK)):
                near = np.flatnonzero(space.cosines(i[part], j[part]) >= least)
                one, two = i[part][near], j[part][near]
                same = agree(one, two)
                forest.join(one[same], two[same])
        progress(STEP, min(start + BLOCK, n), n)


def join_alike(forest: Forest, space: Space, needed: Floats, *, prints: Prints | None, progress: Progress) -> None:
    """Join all pairs of rows whose cosine reaches what is needed at as many differing bits as theirs.

    Args: needed: (65,) least cosine by the number of differing bits; without prints all pairs differ in 64.
    Pairs that hang together already are not looked at again, so a thousand copies of one picture cost little.
    """
    n = len(space.low)
    # The first pass allows what chance may hide: a projected cosine c has a standard error of (1 - c^2) / sqrt(192).
    loose = (needed - space.slack * (1 - needed**2) - 1e-5).astype(np.float32)
    for start in range(0, n, BLOCK):
        rows = slice(start, start + BLOCK)
        for other in range(start, n, BLOCK):
            rough = space.low[rows] @ space.low[other : other + BLOCK].T  # (b, p) @ (p, m) -> (b, m)
            flat = np.flatnonzero(rough >= (loose[N_BITS] if prints is None else loose.min()))
            i, j = np.divmod(flat, rough.shape[1])
            i, j = i + start, j + other
            bits = np.full(len(i), N_BITS, dtype=np.uint8) if prints is None else prints.differ(i, j)
            maybe = (i < j) & (rough.ravel()[flat] >= loose[bits])
            join_checked(forest, space, i[maybe], j[maybe], needed[bits[maybe]])
        progress(STEP, min(start + BLOCK, n), n)


def join_checked(forest: Forest, space: Space, i: Ints, j: Ints, needs: Floats) -> None:
    """Join the pairs that are really alike, a chunk at a time, so that each chunk knows what the last one joined."""
    while len(i):
        apart = forest.groups[i] != forest.groups[j]
        i, j, needs = i[apart], j[apart], needs[apart]
        one, other = i[:CHUNK], j[:CHUNK]
        alike = space.cosines(one, other) >= needs[:CHUNK]
        forest.join(one[alike], other[alike])
        i, j, needs = i[CHUNK:], j[CHUNK:], needs[CHUNK:]


def _plane(d: int) -> Vectors:
    # A fixed seed: the projection only decides what is looked at closely, and equal data must give equal groups.
    return np.random.default_rng(0).standard_normal((d, N_PROJECTED), dtype=np.float32)


def _norms(x: Vectors) -> Floats:
    """Give the lengths of rows; infinite where a row has no direction, so that it is near nothing."""
    norms = np.sqrt(np.einsum("ij,ij->i", x, x, dtype=np.float64))
    return np.where(norms > DIRECTIONLESS, norms, np.inf)


def _unit(x: Vectors, *, known: NDArray[np.bool_]) -> Vectors:
    lengths = np.maximum(np.linalg.norm(x, axis=1), np.float32(1e-30))
    return np.asarray(x * np.where(known, 1 / lengths, 0)[:, None], dtype=np.float32)
