"""Weighed k-means that leaves some centres where they are. Path: model -> **active** (used by its choosing).

scikit-learn's `KMeans` cannot hold centres, and a batch has to be chosen while a person waits.
"""

import numpy as np

from florilegium.types import Floats, Ints, Vectors

N_ROUNDS = 8  # of moving centres; more change a batch hardly at all


def squared_distances(x: Vectors, y: Vectors) -> Vectors:
    """Give the squared distance of each row of x (n, d) to each of y (m, d): (n, m), never below 0."""
    found = -2 * (x @ y.T)  # (n, d) @ (d, m)
    found += np.einsum("ij,ij->i", x, x)[:, None]
    found += np.einsum("ij,ij->i", y, y)[None, :]
    return np.asarray(np.maximum(found, 0, out=found), dtype=np.float32)


def centres(x: Vectors, weights: Floats, held: Vectors, *, n: int, rng: np.random.Generator) -> Vectors:
    """Give n centres of weighed rows (m, d) and, after them, the `held` ones (h, d), which never move.

    Args: weights: (m,) above 0.  n: 1..m.
    Source: Lloyd (1982), IEEE Trans. Inf. Theory 28(2); started as k-means++: Arthur & Vassilvitskii (2007), SODA.
    """
    middles = np.concatenate([x[_spread(x, weights, held, n, rng)], held])
    for _ in range(N_ROUNDS):
        nearest = squared_distances(x, middles).argmin(axis=1)
        mass = np.bincount(nearest, weights=weights, minlength=len(middles))[:n]
        sums = np.zeros((len(middles), len(x)), dtype=np.float32)
        sums[nearest, np.arange(len(x))] = weights
        moved = sums[:n] @ x  # (n, m) @ (m, d)
        full = mass > 0
        middles[:n][full] = moved[full] / mass[full, None].astype(np.float32)
    return middles


def _spread(x: Vectors, weights: Floats, held: Vectors, n: int, rng: np.random.Generator) -> Ints:
    """Draw n rows, each with a chance that grows with its weight and its squared distance to those before."""
    gap = squared_distances(x, held).min(axis=1).astype(np.float64) if len(held) else np.ones(len(x))
    chosen = np.zeros(n, dtype=np.int64)
    free = weights.astype(np.float64).copy()
    for i in range(n):
        chance = free * gap
        total = chance.sum()
        if not total > 0:  # all that is left equals what is chosen
            chance, total = free, free.sum()
        chosen[i] = min(int(np.searchsorted(np.cumsum(chance), rng.random() * total, side="right")), len(x) - 1)
        free[chosen[i]] = 0
        near = squared_distances(x, x[chosen[i] : chosen[i] + 1])[:, 0]
        gap = near.astype(np.float64) if i == 0 and not len(held) else np.minimum(gap, near)
    return chosen
