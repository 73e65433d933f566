"""Numbers for what to do: weights that part class from group, and how many more items to collect. Path: **bias**."""

from collections.abc import Iterator

import numpy as np

from florilegium.bias.case import Case
from florilegium.bias.cells import BASE_RATE, MEASURES
from florilegium.bias.contrast import Side, n_more_needed
from florilegium.bias.result import Weights
from florilegium.types import Floats, Ints


def reweighed(y: Ints, codes: Ints) -> Floats:
    """Give the weight of each item that makes class and group independent in the weighted data; mean 1; shape (n,).

    Args: y: class numbers, (n,).  codes: groups, (n,); items of class or group -1 keep weight 1.
    Source: Kamiran & Calders (2012), Data preprocessing techniques, KAIS 33(1), 1-33, reweighing.

    >>> reweighed(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])).tolist()
    [0.75, 0.75, 1.5, 0.5]
    """
    known = (y >= 0) & (codes >= 0)
    weights = np.ones(len(y))
    if not known.any():
        return weights
    k = int(y[known].max()) + 1
    g = int(codes[known].max()) + 1
    counts = np.bincount(codes[known] * k + y[known], minlength=g * k).reshape(g, k)
    weights[known] = cell_weights(counts)[codes[known], y[known]]
    return weights


def cell_weights(counts: Ints | Floats) -> Floats:
    """Give the weight of an item of each group and class, (g, k), from their counts (g, k); 0 where there is none."""
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / max(counts.sum(), 1)
    found: Floats = np.where(counts > 0, expected / np.maximum(counts, 1), 0.0)
    return found


def group_weights(case: Case) -> Iterator[Weights]:
    """Give the weights that part yes and no from the groups of each column; none with many classes."""
    if not case.given.is_binary or case.given.y is None:
        return
    yes, known = MEASURES[BASE_RATE]
    for column in case.given.columns:
        counts = case.tables[column.name].counts
        n_yes = counts[:, yes].sum(axis=1)
        weights = cell_weights(np.column_stack([n_yes, counts[:, known].sum(axis=1) - n_yes]))
        rows = zip(column.groups, weights.tolist(), strict=True)
        yield Weights(column=column.name, rows=tuple((group, of_yes, of_no) for group, (of_yes, of_no) in rows))


def more_to_see(n_yes: tuple[int, int], n: tuple[int, int], gap: float) -> int | None:
    """Give how many more items the smaller of two groups needs so that a gap of `gap` is seen with 80 % power.

    Args: n_yes, n: counts of both groups so far.  None: the other group is too small as well.

    >>> more_to_see((5, 300), (50, 1000), 0.1)
    35
    """
    sides = [Side(n_yes=float(yes), n=float(all_), n_effective=float(all_)) for yes, all_ in zip(n_yes, n, strict=True)]
    return n_more_needed(sides[0], sides[1], gap)
