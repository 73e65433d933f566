"""Check whether the order of the items tells their labels. Path: dataset -> **audit** -> split. Opens no item."""

import re
from collections.abc import Iterator

import numpy as np
from scipy.stats import norm

from florilegium.audit.finding import Finding, Severity
from florilegium.audit.phrases import percent
from florilegium.audit.subject import Subject
from florilegium.source.base import Files
from florilegium.types import Ints

ALPHA = 0.001
WORTH_A_WORD = 0.1  # of the way from a shuffled order to all of a class in one row
MIN_ITEMS = 30


def check(subject: Subject) -> Iterator[Finding]:
    """Find an order in which neighbours share their label far more often than shuffled ones would."""
    rows = _in_order(subject)
    y = subject.dataset.y[rows]
    if len(y) < MIN_ITEMS or y.min() == y.max():
        return
    share = float((y[1:] == y[:-1]).mean())
    expected, spread = shuffled_neighbours(y)
    p = float(norm.sf((share - expected) / spread)) if spread > 0 else 1.0
    if p > ALPHA or share - expected < WORTH_A_WORD * (1 - expected):
        return
    yield subject.finding(
        "order",
        Severity.INFO,
        f"Neighbours in the order of the source have the same label in {percent(share)} of {len(y) - 1:,} pairs, where "
        f"a shuffled order gives {percent(expected)} (p {'< 0.0001' if p < 1e-4 else f'= {p:.4f}'}): "  # noqa: PLR2004 - the format's last digit
        "a test set cut from the beginning or the end would hold other classes than the rest, and what was collected "
        "in one go may be alike in more than its label.",
        fix="Here the sides are drawn by chance, whatever the order. Shuffle before you cut by hand; and where "
        "neighbours belong together (one plant, one person, one day), name a column of groups: --group COLUMN.",
    )


def shuffled_neighbours(y: Ints) -> tuple[float, float]:
    """Give the share of neighbours with equal labels (m,) in a shuffled order, and its standard deviation.

    Source: Barton & David (1957), Multiple runs, Biometrika 44, 168-178: moments of the count of equal neighbours.

    >>> share, spread = shuffled_neighbours(np.array([0, 0, 1, 1]))
    >>> round(share, 4), round(spread, 4)
    (0.3333, 0.2722)
    """
    m = len(y)
    n = np.bincount(y).astype(np.float64)
    pairs = n * (n - 1)
    same = pairs.sum() / (m * (m - 1))  # any two
    three = (pairs * (n - 2)).sum() / (m * (m - 1) * (m - 2)) if m > 2 else 0.0  # any three
    both = pairs.sum() ** 2 - (pairs**2).sum() + (pairs * (n - 2) * (n - 3)).sum()  # two disjoint pairs
    both = both / (m * (m - 1) * (m - 2) * (m - 3)) if m > 3 else 0.0
    square = (m - 1) * same + 2 * (m - 2) * three + (m - 2) * (m - 3) * both
    variance = square - ((m - 1) * same) ** 2
    return float(same), float(np.sqrt(max(variance, 0.0)) / (m - 1))


def _in_order(subject: Subject) -> Ints:
    """Give labelled rows outside the sealed part, one per set of near copies, in the order of the source.

    Files in class folders have an order only by the numbers in their names, as a camera gives them; what has none, or
    the same, stands where its hash says.
    """
    rows = np.flatnonzero(subject.dataset.labelled & ~subject.test)
    _, firsts = np.unique(subject.near[rows], return_index=True)
    rows = rows[np.sort(firsts)]
    samples = subject.dataset.samples
    in_folders = [(samples[i].label or "") in samples[i].name.split("/")[:-1] for i in rows]
    if not isinstance(subject.dataset.contents, Files) or not any(in_folders):
        return rows
    numbers = [tuple(int(d) for d in re.findall(r"\d{1,18}", samples[i].name.rsplit("/", 1)[-1])) for i in rows]
    order = sorted(range(len(rows)), key=lambda place: (numbers[place], samples[rows[place]].sha256))
    return rows[np.array(order, dtype=np.int64)]
