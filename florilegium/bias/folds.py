"""Divide items into folds and halves, whole clusters together. Path: **bias** (used where it learns something)."""

import numpy as np

from florilegium.types import Ints


def folds_of(clusters: Ints, *, n_folds: int, rng: np.random.Generator) -> Ints:
    """Give each item's fold 0..n_folds-1, by chance; items of one cluster share it; shape (n,).

    >>> folds = folds_of(np.array([5, 5, 8, 8]), n_folds=2, rng=np.random.default_rng(0))
    >>> bool(folds[0] == folds[1] and folds[2] == folds[3] and folds[0] != folds[2])
    True
    """
    _, cluster = np.unique(clusters, return_inverse=True)
    n_clusters = int(cluster.max()) + 1
    fold_of: Ints = rng.permutation(np.arange(n_clusters) % n_folds)
    return fold_of[cluster]
