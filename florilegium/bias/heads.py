"""A head per group against one for all, each answering what it has not seen. Path: **bias** (part of aggregation).

Learns small logistic heads from embeddings where nobody gave such answers; sees no model.
"""

import numpy as np

from florilegium.bias.decisions import MISSING, Column, Decisions
from florilegium.bias.folds import folds_of
from florilegium.types import Bools, Ints, Vectors

ROWS_MOST = 5_000  # of a column's items; learning takes longer than linearly
N_AXES = 64  # strongest directions of the embeddings, found without labels
N_FOLDS = 5
INVERSE_PENALTY = 0.1  # C; small heads on standardised vectors
Answers = tuple[Ints | None, Ints | None]


def own_and_pooled(given: Decisions, column: Column, *, least: int, rng: np.random.Generator) -> Answers:
    """Give each item's class by a head of its group alone, and by one of all groups, both of other folds; -1: none.

    None, None without labels or embeddings, or with fewer than two groups of at least `least` items.
    """
    y, x = given.y, given.embeddings
    if y is None or x is None:
        return None, None
    rows = np.flatnonzero((y >= 0) & (column.codes >= 0))
    if len(rows) > ROWS_MOST:
        rows = np.sort(rng.choice(rows, ROWS_MOST, replace=False))
    sizes = np.bincount(column.codes[rows], minlength=len(column.groups))
    rows = rows[sizes[column.codes[rows]] >= least]
    if (sizes >= least).sum() < 2:
        return None, None
    folds = folds_of(rows if given.clusters is None else given.clusters[rows], n_folds=N_FOLDS, rng=rng)
    own, pooled = (np.full(given.n, MISSING, dtype=np.int64) for _ in range(2))
    vectors, labels, groups = _strongest(x[rows]), y[rows], column.codes[rows]
    for fold in range(N_FOLDS):
        held = folds == fold
        pooled[rows[held]] = _answers(vectors, labels, ~held, held)
        for group in np.unique(groups):
            here = groups == group
            own[rows[held & here]] = _answers(vectors, labels, ~held & here, held & here)
    return own, pooled


def _strongest(x: Vectors) -> Vectors:
    """Turn embeddings (n, d) onto their strongest axes, (n, at most 64)."""
    from sklearn.decomposition import PCA

    with np.errstate(invalid="ignore"):  # embeddings that are all alike have no share of variance to explain
        turned: Vectors = PCA(n_components=min(N_AXES, *x.shape), random_state=0).fit_transform(x).astype(np.float32)
    return turned


def _answers(x: Vectors, y: Ints, learn: Bools, ask: Bools) -> Ints:
    """Answer the asked rows by a head of the others; where those know but one class, it is the answer."""
    from sklearn.linear_model import LogisticRegression

    if not learn.any() or not ask.any():
        return np.full(int(ask.sum()), MISSING)
    if len(np.unique(y[learn])) == 1:
        return np.full(int(ask.sum()), y[learn][0])
    mean, scale = x[learn].mean(axis=0), np.maximum(x[learn].std(axis=0), np.finfo(np.float32).eps)
    head = LogisticRegression(C=INVERSE_PENALTY, max_iter=200, tol=1e-3).fit((x[learn] - mean) / scale, y[learn])
    said: Ints = head.predict((x[ask] - mean) / scale)
    return said
