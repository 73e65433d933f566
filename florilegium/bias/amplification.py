"""How much stronger the link of class and group is in the answers than in the truth. Path: **bias** (representation).

Both published forms, each a sum over items, so that its error follows without resampling. Sees codes only.
"""

import numpy as np

from florilegium.bias.contrast import Linear, linear
from florilegium.types import Floats, Ints


def zhao(groups: Ints, truth: Ints, said: Ints, clusters: Ints | None, *, g: int, k: int) -> Linear:
    """Give the mean growth of a class's share in the groups that it is over-represented in.

    For class o and group a, b(o, a) is the share of group a among items of class o; where the truth's b exceeds 1 / g,
    the answers' b minus the truth's is taken, and the sum is divided by the number of classes that occur in both.
    Args: groups, truth, said: codes (n,), all known.
    Source: Zhao et al. (2017), Men also like shopping, EMNLP, section 3.
    """
    true_n, said_n = (_counts(codes, groups, k, g) for codes in (truth, said))  # (k, g)
    there = (true_n.sum(axis=1) > 0) & (said_n.sum(axis=1) > 0)
    true_b, said_b = (_shares(counts) for counts in (true_n, said_n))
    over = (true_b > 1 / g) & there[:, None]  # (k, g)
    n_classes = max(int(there.sum()), 1)
    value = float(((said_b - true_b) * over).sum()) / n_classes
    influence = (_pull(said, groups, said_b, said_n, over) - _pull(truth, groups, true_b, true_n, over)) / n_classes
    return linear(value, influence, clusters)


def _pull(codes: Ints, groups: Ints, shares: Floats, counts: Floats, over: Floats) -> Floats:
    """Give how much each item moves the sum of its class's chosen shares; (n,)."""
    total = counts.sum(axis=1)
    level = (shares * over).sum(axis=1)  # (k,)
    pull: Floats = (over[codes, groups] - level[codes]) / np.maximum(total[codes], 1)
    return pull


def directional(groups: Ints, truth: Ints, said: Ints, clusters: Ints | None, *, g: int, k: int) -> Linear:
    """Give how far the answers move each class towards the groups that it truly goes with, on average.

    For group a and class t: P(said t | a) - P(true t | a), counted as positive where t is truly more common in a than
    a and t independent would make it, and as negative otherwise; the mean over all pairs (group to class direction).
    What moves alike in all groups, P(said t) - P(true t), is taken off first: saying t too often everywhere is no link
    with a group, but with an odd number of groups the published mean counts it. With two groups and two classes both
    are the same.
    Source: Wang & Russakovsky (2021), Directional bias amplification, ICML, equations 2 to 4 (A to T).
    """
    counts = _counts(groups, truth, g, k)  # (g, k)
    n = len(groups)
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / n
    sign = np.where(counts > expected, 1.0, -1.0)
    sign[:, (counts.sum(axis=0) == 0) & (np.bincount(said, minlength=k) == 0)] = 0.0
    n_pairs = max(int((sign != 0).sum()), 1)
    size = np.maximum(counts.sum(axis=1), 1)
    moved = sign[groups, said] - sign[groups, truth]  # (n,)
    everywhere = (sign.sum(axis=0)[said] - sign.sum(axis=0)[truth]) / n  # (n,)
    means = np.bincount(groups, weights=moved, minlength=g) / size
    value = (float(means.sum()) - float(everywhere.sum())) / n_pairs
    influence = (moved - means[groups]) / size[groups] - (everywhere - everywhere.mean())
    return linear(value, influence / n_pairs, clusters)


def _counts(rows: Ints, columns: Ints, n_rows: int, n_columns: int) -> Floats:
    flat = np.bincount(rows * n_columns + columns, minlength=n_rows * n_columns)
    return flat.reshape(n_rows, n_columns).astype(np.float64)


def _shares(counts: Floats) -> Floats:
    shares: Floats = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return shares
