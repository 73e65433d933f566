"""Which texts stand beside one another in a training. Path: **model.finetune**. Sees classes, never texts.

Contrast needs two of a class in a batch, and others beside them. Each epoch is drawn from (seed, epoch) alone.
"""

import numpy as np

from florilegium.types import Ints

WINDOW = 16  # batches whose texts are sorted by length together


def order(y: Ints, *, n_pairs: int, seed: int, epoch: int) -> Ints:
    """Give the places (2 * n_pairs,) of an epoch's texts: items 2i and 2i + 1 are of one class.

    Every text comes equally often, give or take one; a class with an only text pairs it with itself.
    Args: y: (n,) class numbers.

    >>> drawn = order(np.array([0, 1, 0, 1, 2]), n_pairs=3, seed=0, epoch=0)
    >>> sorted(drawn.tolist()), (np.array([0, 1, 0, 1, 2])[drawn].reshape(-1, 2) @ [1, -1]).tolist()
    ([0, 1, 2, 3, 4, 4], [0, 0, 0])
    """
    rng = np.random.default_rng([seed, epoch, 7])
    pairs: list[Ints] = []
    n_have = 0
    while n_have < n_pairs:
        round_of = _round(y, rng)
        pairs.append(round_of[rng.permutation(len(round_of))])
        n_have += len(round_of)
    found: Ints = np.concatenate(pairs)[:n_pairs].ravel()
    return found


def _round(y: Ints, rng: np.random.Generator) -> Ints:
    """Pair every text once, (m, 2): shuffled, by class, two by two; an odd one out goes with another of its class."""
    shuffled = rng.permutation(len(y))
    by_class = shuffled[np.argsort(y[shuffled], kind="stable")]
    counts = np.bincount(y)
    ends = np.cumsum(counts)
    rows = []
    for start, end in zip(ends - counts, ends, strict=True):
        mine = by_class[start:end]
        if len(mine) % 2:
            mine = np.append(mine, mine[rng.integers(max(1, len(mine) - 1))])
        rows.append(mine.reshape(-1, 2))
    return np.concatenate(rows)


def alike_in_length(drawn: Ints, lengths: Ints, *, batch: int, seed: int, epoch: int) -> Ints:
    """Give the same pairs in another order, so that a batch holds texts of like length: half the work is saved.

    Args: drawn: (2 m,) as of `order`.  lengths: (2 m,) tokens of each.

    >>> alike_in_length(np.arange(8), np.array([9, 1, 2, 2, 9, 9, 1, 1]), batch=4, seed=0, epoch=0).tolist()
    [0, 1, 4, 5, 6, 7, 2, 3]
    """
    rng = np.random.default_rng([seed, epoch, 9])
    longest = lengths.reshape(-1, 2).max(axis=1)
    window = np.arange(len(longest)) // (WINDOW * max(1, batch // 2))
    pairs = drawn.reshape(-1, 2)[np.lexsort((longest, window))]
    whole = len(pairs) // (batch // 2) * (batch // 2)
    batches = pairs[:whole].reshape(-1, batch)
    found: Ints = np.concatenate([batches[rng.permutation(len(batches))].ravel(), pairs[whole:].ravel()])
    return found
