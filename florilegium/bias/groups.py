"""Make groups: bins of numbers, crossings of two columns, and few enough of them to look at. Path: **bias**.

Names are kept as they are; markup in them is the page's business to escape.
"""

import numpy as np

from florilegium.bias.decisions import Column
from florilegium.evaluation.words import counted
from florilegium.types import Floats, Ints

GROUPS_MOST = 20  # more are too many to read, and each makes all others harder to show
N_BINS = 4
LARGE, WRITTEN_MOST = 10_000, 1e15  # numbers between them are written out with commas
SIGN = " × "  # between the two names of a crossing
HEAP = "other ("  # how the name of small groups put together begins


def of_values(name: str, values: tuple[str, ...], codes: Ints) -> Column:
    """Make a column of its different values and each item's code (n,), -1 where empty; at most 20 groups and others."""
    return folded(Column(name=name, groups=values, codes=codes))


def of_numbers(name: str, values: Floats, *, n_bins: int = N_BINS) -> Column:
    """Cut numbers (n,), NaN where not known, into bins of about equally many items; equal numbers share a bin.

    >>> of_numbers("age", np.array([20.0, 30.0, 40.0, 50.0]), n_bins=2).groups
    ('20 to 30', '40 to 50')
    """
    known = np.flatnonzero(np.isfinite(values))
    codes = np.full(len(values), -1, dtype=np.int64)
    if len(known) == 0:
        return Column(name=name, groups=(), codes=codes)
    cuts = np.quantile(values[known], np.arange(1, n_bins) / n_bins, method="inverted_cdf")
    raw = np.searchsorted(np.unique(cuts), values[known], side="left")
    codes[known] = np.unique(raw, return_inverse=True)[1]
    ends = [(values[codes == code].min(), values[codes == code].max()) for code in range(int(codes.max()) + 1)]
    names = [_plain(low) if low == high else f"{_plain(low)} to {_plain(high)}" for low, high in ends]
    return Column(name=name, groups=tuple(_told_apart(names)), codes=codes, ordered=True)


def _plain(number: float) -> str:
    """Write an end of a bin; incomes get their thousands marked, years do not.

    >>> _plain(2019.0), _plain(1234567.0), _plain(0.25)
    ('2019', '1,234,567', '0.25')
    """
    if number.is_integer() and LARGE <= abs(number) < WRITTEN_MOST:
        return f"{int(number):,}"
    return f"{number:g}"


def _told_apart(names: list[str]) -> list[str]:
    """Add numbers to names that six digits do not tell apart."""
    return names if len(set(names)) == len(names) else [f"{name} ({i})" for i, name in enumerate(names, 1)]


def crossed(a: Column, b: Column, *, min_size: int = 30) -> Column:
    """Cross two columns: every pair of groups that at least `min_size` items are in; the rest is one group."""
    both = (a.codes >= 0) & (b.codes >= 0)
    pair = np.where(both, a.codes * max(len(b.groups), 1) + b.codes, -1)
    there, codes = np.unique(pair, return_inverse=True)
    if there.size and there[0] == -1:
        there, codes = there[1:], codes - 1
    names = [f"{a.groups[i]}{SIGN}{b.groups[j]}" for i, j in (divmod(int(t), len(b.groups)) for t in there)]
    column = Column(name=f"{a.name}{SIGN}{b.name}", groups=tuple(names), codes=codes.astype(np.int64))
    return folded(column, min_size=min_size)


def is_heap(group: str) -> bool:
    """Tell whether a group is small ones put together, which nobody can go and collect or filter by."""
    return group.startswith(HEAP)


def folded(column: Column, *, most: int = GROUPS_MOST, min_size: int = 1) -> Column:
    """Keep the `most` largest groups of at least `min_size` items and put all others into one, named as such.

    One group too many stays as it is: folding it would only take its name away. Groups come largest first, but for
    those that have an order of their own.
    """
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.groups))
    order = np.argsort(-counts, kind="stable")
    order = order[counts[order] > 0]
    kept = [int(code) for code in order if counts[code] >= min_size][:most]
    n_other = len(order) - len(kept)
    if n_other == 1:
        kept = [int(code) for code in order]
        n_other = 0
    if column.ordered:
        kept.sort()
    place = np.full(len(column.groups) + 1, -1, dtype=np.int64)  # the last place serves the code -1
    place[order] = len(kept)
    place[kept] = np.arange(len(kept))
    names = [column.groups[code] for code in kept]
    if n_other:
        names.append(f"{HEAP}{counted(n_other, 'group')})")
    return Column(name=column.name, groups=tuple(names), codes=place[column.codes], ordered=column.ordered)
