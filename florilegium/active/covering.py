"""Cover items by few of them: greedy, and only as much work as it takes. Path: **active** (used by its choosing)."""

import numpy as np

from florilegium.types import Bools, Floats, Ints, Vectors

WIDEST = 1.5  # kernel = exp(-reach * squared distance / its mean); with few labels each stands for many
NEAR = 0.3  # likeness that half of the items have to a labelled one, at least: with more labels each reaches less far
AT_ONCE = 16  # gains that are looked at again together


def squared_distances(x: Vectors, y: Vectors) -> Vectors:
    """Give the squared distance of each row of x (n, d) to each of y (m, d): (n, m), never below 0."""
    found = -2 * (x @ y.T)  # (n, d) @ (d, m)
    found += np.einsum("ij,ij->i", x, x)[:, None]
    found += np.einsum("ij,ij->i", y, y)[None, :]
    return np.asarray(np.maximum(found, 0, out=found), dtype=np.float32)


def likeness(x: Vectors, y: Vectors, scale: float) -> Vectors:
    """Give exp(-scale * squared distance), (n, m), 0..1."""
    found = squared_distances(x, y)
    found *= np.float32(-scale)
    return np.asarray(np.exp(found, out=found), dtype=np.float32)


def spread_of(places: Vectors, labelled: Vectors) -> float:
    """Give the kernel's scale: wide at first, narrower as labelled items come nearer to all others."""
    if not len(places):
        return 1.0
    # The mean over all pairs; a median would not see small groups beside a very large one.
    typical = 2 * float(np.einsum("ij,ij->i", places, places).mean() - (places.mean(axis=0) ** 2).sum())
    scale = WIDEST / max(typical, 1e-12)
    if len(labelled):
        near = float(np.median(squared_distances(places, labelled).min(axis=1)))
        scale = max(scale, -np.log(NEAR) / max(near, 1e-12))
    return float(min(scale, 1e12))


def cover(likenesses: Vectors, weights: Floats, covered: Vectors, *, n: int) -> tuple[Ints, Ints]:
    """Choose up to n of the candidates, one after the other, each adding the most coverage to those before.

    Args: likenesses: (c, m) of c candidates to m items.  weights: (m,).  covered: (m,) likeness to what is labelled.
    Returns: places of the chosen, in order, and for how many items each is the most like of all chosen and labelled.
    Coverage has diminishing returns, so an old gain is never too small: only the largest are computed again.
    Source: Minoux (1978), Accelerated greedy algorithms for maximizing submodular set functions.
    """
    covered = covered.copy()
    weights = weights.astype(np.float32)
    gains = np.maximum(likenesses - covered, 0) @ weights  # (c, m) @ (m,)
    nearest = np.full(len(covered), -1)
    chosen: list[int] = []
    for i in range(min(n, len(likenesses))):
        fresh: Bools = np.zeros(len(gains), dtype=np.bool_)
        fresh[chosen] = True
        best = int(gains.argmax())
        while not fresh[best]:
            some = np.argpartition(-gains, min(AT_ONCE, len(gains) - 1))[:AT_ONCE]
            some = some[~fresh[some]] if not fresh[some].all() else np.array([best])
            gains[some] = np.maximum(likenesses[some] - covered, 0) @ weights
            fresh[some] = True
            best = int(gains.argmax())
        chosen.append(best)
        nearest[likenesses[best] > covered] = i
        covered = np.maximum(covered, likenesses[best])
        gains[best] = -1.0
    stands_for = np.bincount(nearest[nearest >= 0], minlength=len(chosen))[: len(chosen)]
    return np.array(chosen, dtype=np.int64), np.maximum(stands_for, 1).astype(np.int64)
