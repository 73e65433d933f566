"""Compare two sets of answers to the same items. Path: model -> **evaluation** -> report.

What both know or both miss says nothing about which is better; the items that only one got right decide. Takes right
and wrong answers and group numbers; never sees a model.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.stats import binom

from florilegium.errors import InputError
from florilegium.evaluation.bootstrap import bootstrap_range, types_of
from florilegium.evaluation.intervals import LEVEL, Clustered, clustered, critical_value, design_effect
from florilegium.evaluation.values import Difference
from florilegium.types import Bools, Floats, Ints

EDGE = 1e-9  # how near to a difference of 1 or -1 the search goes
# Half a group that only the model got right and half one that only the baseline did are imagined, so that no
# disagreement at all does not give a range of width 0. Agresti & Min (2005), Statistics in Medicine 24(5), 729-740.
IMAGINED_PAIRS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All that one test set says about a model and one other way to answer the same items."""

    difference: Difference
    p_value: float  # exact McNemar, two-sided, items counted as independent
    p_value_groups: float  # the same with whole groups
    n_only_model: int
    n_only_other: int
    n: int
    design_effect: float  # of the difference

    @property
    def discordance(self) -> float:
        """Give the share of items that exactly one of the two got right, 0..1."""
        return (self.n_only_model + self.n_only_other) / self.n

    @property
    def n_effective(self) -> float:
        """Give how many independent items the test set is worth for this comparison."""
        return self.n / self.design_effect

    def shows_better(self, alpha: float) -> bool:
        """Tell whether range and both tests agree that the model is better, at level `alpha`."""
        return self.difference.low > 0 and self._significant(alpha)

    def shows_worse(self, alpha: float) -> bool:
        """Tell whether range and both tests agree that the model is worse, at level `alpha`."""
        return self.difference.high < 0 and self._significant(alpha)

    def _significant(self, alpha: float) -> bool:
        return max(self.p_value, self.p_value_groups) <= alpha


def compare(model: Bools, other: Bools, groups: Ints, *, level: float = LEVEL) -> Comparison:
    """Compare the model's right answers (n,) with the other's on the same items.

    Raises: InputError: no items or unequal lengths.  SettingError: `level` is not between 0 and 1.

    >>> model, other = np.array([True] * 90 + [False] * 10), np.array([True] * 75 + [False] * 25)
    >>> found = compare(model, other, np.arange(100))
    >>> f"{found.difference.value:.2f} ({found.difference.low:.3f} to {found.difference.high:.3f})"
    '0.15 (0.079 to 0.233)'
    """
    if len(model) != len(other):
        message = f"{len(model)} answers against {len(other)}: expected both to have answered the same items"
        raise InputError(message)
    each = model.astype(np.int64) - other.astype(np.int64)  # (n,) 1: only the model was right; -1: only the other
    given = clustered(each, groups)
    n_model, n_other = int((each > 0).sum()), int((each < 0).sum())
    effect = design_effect(given, worst=-1.0, best=1.0, pairs=IMAGINED_PAIRS)
    low, high = _range(given, n_model, n_other, effect, level=level)
    return Comparison(
        difference=Difference(value=(n_model - n_other) / len(each), low=low, high=high, level=level),
        p_value=mcnemar_exact(n_model, n_other),
        p_value_groups=mcnemar_groups(given.sums.astype(np.int64)),
        n_only_model=n_model,
        n_only_other=n_other,
        n=len(each),
        design_effect=effect,
    )


def _range(given: Clustered, n_model: int, n_other: int, effect: float, *, level: float) -> tuple[float, float]:
    """Take the wider, on each side, of the cluster bootstrap's range and the score range (why: docs/verdict.md)."""
    z = critical_value(given, level=level)
    boot = bootstrap_difference(given, z=z)
    tango = tango_range(n_model / effect, n_other / effect, len(given.values) / effect, z=z)
    return min(boot[0], tango[0]), max(boot[1], tango[1])


def bootstrap_difference(given: Clustered, *, z: float) -> tuple[float, float]:
    """Give the cluster bootstrap range of a paired difference, from -z to +z in normal quantiles.

    Percentiles are expanded by sqrt(G / (G - 1)) for G groups, because resampling G groups varies too little.
    Source: Field & Welsh (2007), JRSS-B 69(3), 369-390 (clusters); Hesterberg (2015), American Statistician 69(4),
    371-386 (expansion).
    """
    n_groups, size = given.n_groups, given.typical_size
    if n_groups == 1:
        return -1.0, 1.0
    types = types_of(
        np.concatenate([given.sums, [size, -size]]),
        np.concatenate([given.sizes, [size, size]]),
        np.concatenate([np.ones(n_groups), [IMAGINED_PAIRS, IMAGINED_PAIRS]]),
        n_groups=n_groups,
    )
    return bootstrap_range(types, z=z * math.sqrt(n_groups / (n_groups - 1)))


def tango_range(n_model: float, n_other: float, n: float, *, z: float) -> tuple[float, float]:
    """Give the score range of a paired difference: all differences that a score test at `z` would not reject.

    Args: n_model, n_other: items that only one got right; n: all items; effective counts need not be whole.
    Source: Tango (1998), Statistics in Medicine 17(8), 891-908.

    >>> "{:.3f} to {:.3f}".format(*tango_range(1, 7, 21, z=1.959964))
    '-0.517 to -0.026'
    """

    def statistic(true: float) -> float:
        linear = -n_model - n_other + (2 * n - n_model + n_other) * true
        product = -n_other * true * (1 - true)
        p_other = (math.sqrt(max(linear**2 - 8 * n * product, 0.0)) - linear) / (4 * n)
        variance = n * (2 * p_other + true * (1 - true))
        return (n_model - n_other - n * true) / math.sqrt(max(variance, 1e-300))

    centre = (n_model - n_other) / n
    return _crossing(statistic, centre, -1.0, target=z), _crossing(statistic, centre, 1.0, target=-z)


def _crossing(statistic: Callable[[float], float], centre: float, end: float, *, target: float) -> float:
    """Find where the falling `statistic` meets `target` between `centre`, where it is 0, and `end`."""
    near, far = centre, end - math.copysign(EDGE, end)
    if math.isinf(target) or abs(near - end) <= EDGE or (statistic(far) - target) * math.copysign(1.0, target) <= 0:
        return end
    return float(brentq(lambda true: statistic(true) - target, min(near, far), max(near, far), xtol=1e-9))


def mcnemar_exact(n_only_a: int, n_only_b: int) -> float:
    """Give the two-sided exact p-value that two raters who are equally good disagree this unevenly.

    Args: n_only_a, n_only_b: items that only one of them got right.
    Raises: InputError: a count is negative.
    Source: McNemar (1947), Psychometrika 12(2), 153-157; exact: a fair coin thrown once per disagreement.

    >>> mcnemar_exact(1, 9)
    0.021484375
    >>> mcnemar_exact(0, 0)
    1.0
    """
    if n_only_a < 0 or n_only_b < 0:
        message = f"{n_only_a} and {n_only_b} disagreements: expected counts from 0 on"
        raise InputError(message)
    return min(1.0, 2 * float(binom.cdf(min(n_only_a, n_only_b), n_only_a + n_only_b, 0.5)))


def mcnemar_groups(sums: Ints) -> float:
    """Give the exact p-value of McNemar's test on whole groups: each group's sum may as well have the other sign.

    Args: sums: per group, items that only the model got right minus items that only the other did; shape (g,).
    All 2^g sign patterns are counted by convolution; nothing is drawn. Groups of one item give `mcnemar_exact`.
    Source: Fisher's randomisation test for pairs (1935), The Design of Experiments, section 21, on group sums.

    >>> round(mcnemar_groups(np.array([-1] + [1] * 9)), 6)
    0.021484
    >>> round(mcnemar_groups(np.array([5, 5, 5])), 6)
    0.25
    """
    sizes, counts = np.unique(np.abs(sums[sums != 0]), return_counts=True)
    chances: Floats = np.ones(1)  # chances[i] of a total of 2i - reach
    reach = 0
    for size, count in zip(sizes.tolist(), counts.tolist(), strict=True):
        each = np.zeros(size * count + 1)
        each[::size] = binom.pmf(np.arange(count + 1), count, 0.5)
        chances = np.convolve(chances, each)
        reach += size * count
    n_below = (reach - abs(int(sums.sum()))) // 2
    return min(1.0, 2 * float(chances[: n_below + 1].sum()))
