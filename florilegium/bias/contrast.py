"""Two groups side by side: difference, ratio, their ranges and a p-value. Path: **bias** (all tests rest on it).

Shares are compared by score methods, which hold in small groups, and by the cluster bootstrap where every count is
large; means by the cluster-robust t. Takes counts and arrays; knows nothing of bias.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit
from scipy.stats import fisher_exact

from florilegium.bias.saddlepoint import difference_range, ratio_range
from florilegium.evaluation.intervals import clustered, design_effect, wilson_interval
from florilegium.types import Bools, Floats, Ints

LEVEL = 0.95
N_BOOTSTRAP = 30  # of each count (yes and no, either group) from which on bootstrap percentiles hold
N_FISHER = 10  # expected count below which the exact test takes the place of the score test
POWER = 0.8
SHARE_LOW = 0.02  # a share is taken to be at least this far from 0 and 1 when planning


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """How many of n said yes; `n_effective` independent ones would tell as much."""

    n_yes: float
    n: float
    n_effective: float

    @classmethod
    def of(cls, yes: Bools | Ints, clusters: Ints | None) -> "Side":
        """Count 0/1 values (n,), n at least 1; items of one cluster tell less than independent ones."""
        n, n_yes = len(yes), float(yes.sum())
        return cls(n_yes=n_yes, n=n, n_effective=n / effect_of(yes, clusters))

    @property
    def share(self) -> float:
        """Give the share of yes, 0..1."""
        return self.n_yes / self.n

    @property
    def wilson(self) -> tuple[float, float]:
        """Give the range of true shares that fit."""
        return wilson_interval(self.share * self.n_effective, self.n_effective, level=LEVEL)

    @property
    def least(self) -> float:
        """Give the smaller of the effective counts of yes and no."""
        return min(self.share, 1 - self.share) * self.n_effective


def effect_of(values: Bools | Ints | Floats, clusters: Ints | None) -> float:
    """Give the design effect of 0/1 values; 1 where every item stands alone."""
    if clusters is None or len(values) == 0:
        return 1.0
    return design_effect(clustered(values, clusters), worst=0.0, best=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """An estimate with its range."""

    value: float
    low: float
    high: float

    @property
    def turned(self) -> "Gap":
        """Give the same gap seen from the other side: "5 points less" for -5."""
        return Gap(value=-self.value, low=-self.high, high=-self.low)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """Group a against group b."""

    difference: Gap  # a minus b
    ratio: Gap | None  # a over b; None: b is 0, or the values are no shares
    p: float
    error: float  # standard error of the difference
    n: int


def reach(alpha: float, power: float = POWER) -> float:
    """Give how many standard errors away a true value must lie to be seen at this level with this power."""
    return float(ndtri(power) - ndtri(alpha / 2))


def shares(a: Side, b: Side, draws: tuple[Floats, Floats] | None = None) -> Contrast:
    """Compare two shares.

    Args: draws: replicates of the cluster bootstrap of both shares, (B,) each, drawn together; NaN where a replicate
        had no items. None: the sides are independent, and nothing needs to be drawn.
    Where a count is below 30 the ranges are score ranges at effective counts, else those of the bootstrap.
    Sources: difference: Newcombe (1998), Statistics in Medicine 17(8), 873-890, method 10; ratio: Zou & Donner (2008),
    Statistics in Medicine 27(10), 1693-1702; bootstrap percentiles: Efron & Tibshirani (1993), ch. 13. p: score test
    with pooled share, or Fisher's exact test where fewer than 10 are expected.

    >>> found = shares(Side(n_yes=805, n=1795, n_effective=1795), Side(n_yes=349, n=1488, n_effective=1488))
    >>> "{:.2f} ({:.2f} to {:.2f})".format(found.ratio.value, found.ratio.low, found.ratio.high)
    '1.91 (1.72 to 2.13)'
    """
    difference, ratio = newcombe(a, b), mover_ratio(a, b)
    if min(a.least, b.least) >= N_BOOTSTRAP:
        difference, ratio = _bootstrap(a, b) if draws is None else _resampled(a, b, draws)
    error = math.sqrt(sum(spread_of(side) / side.n_effective for side in (a, b)))
    return Contrast(difference=difference, ratio=ratio, p=share_p(a, b), error=error, n=int(a.n + b.n))


def newcombe(a: Side, b: Side) -> Gap:
    """Give the difference of two shares with Newcombe's hybrid score range.

    >>> gap = newcombe(Side(n_yes=56, n=70, n_effective=70), Side(n_yes=48, n=80, n_effective=80))
    >>> round(gap.low, 4), round(gap.high, 4)
    (0.0524, 0.3339)
    """
    (low_a, high_a), (low_b, high_b) = a.wilson, b.wilson
    value = a.share - b.share
    below, above = math.hypot(a.share - low_a, high_b - b.share), math.hypot(high_a - a.share, b.share - low_b)
    return Gap(value=value, low=value - below, high=value + above)


def mover_ratio(a: Side, b: Side) -> Gap | None:
    """Give the ratio of two shares, with a range from their Wilson ranges; None where b is 0."""
    if b.n_yes == 0:
        return None
    (low_a, high_a), (low_b, high_b) = a.wilson, b.wilson
    if a.n_yes == 0:  # its logarithm is none; the form without logarithms has an upper end
        return Gap(value=0.0, low=0.0, high=high_a / math.sqrt(low_b * (2 * b.share - low_b)))
    value = a.share / b.share
    below = math.hypot(math.log(a.share / low_a), math.log(high_b / b.share))
    above = math.hypot(math.log(high_a / a.share), math.log(b.share / low_b))
    return Gap(value=value, low=value * math.exp(-below), high=value * math.exp(above))


def _bootstrap(a: Side, b: Side) -> tuple[Gap, Gap]:
    """Give difference and ratio of two independent shares with the ranges that endless resampling would give."""
    z = float(-ndtri((1 - LEVEL) / 2))
    sides = (a.share, a.n_effective), (b.share, b.n_effective)
    low, high = difference_range(*sides, z=z)
    low_ratio, high_ratio = ratio_range(*sides, z=z)
    return (
        Gap(value=a.share - b.share, low=low, high=high),
        Gap(value=a.share / b.share, low=low_ratio, high=high_ratio),
    )


def _resampled(a: Side, b: Side, draws: tuple[Floats, Floats]) -> tuple[Gap, Gap]:
    """Give difference and ratio of two shares with percentiles of the cluster bootstrap."""
    difference = _percentiles(a.share - b.share, draws[0] - draws[1])
    return difference, _percentiles(a.share / b.share, draws[0] / draws[1])


def _percentiles(value: float, draws: Floats) -> Gap:
    low, high = np.nanquantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Gap(value=value, low=float(low), high=float(high))


def share_p(a: Side, b: Side) -> float:
    """Give the two-sided p-value that two shares are equal."""
    n_a, n_b = a.n_effective, b.n_effective
    pooled = (a.share * n_a + b.share * n_b) / (n_a + n_b)
    if pooled in (0.0, 1.0):
        return 1.0
    if min(pooled, 1 - pooled) * min(n_a, n_b) < N_FISHER:
        cells = np.array([[round(s.share * s.n_effective), round((1 - s.share) * s.n_effective)] for s in (a, b)])
        return float(fisher_exact(cells)[1])
    error = math.sqrt(pooled * (1 - pooled) * (1 / n_a + 1 / n_b))
    return two_sided((a.share - b.share) / error)


def two_sided(z: float, df: float = math.inf) -> float:
    """Give the chance of lying at least this many standard errors off."""
    return float(2 * (ndtr(-abs(z)) if math.isinf(df) else stdtr(df, -abs(z))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """An estimate that is a sum over items, to first order: value, standard error, degrees of freedom."""

    value: float
    error: float
    df: float

    @property
    def gap(self) -> Gap:
        """Give the value with its t range; one cluster leaves all that is thinkable of a difference, -1 to 1."""
        if math.isinf(self.error):
            return Gap(value=self.value, low=-1.0, high=1.0)
        half = self.error * float(-stdtrit(self.df, (1 - LEVEL) / 2)) if self.error else 0.0
        return Gap(value=self.value, low=self.value - half, high=self.value + half)

    @property
    def p(self) -> float:
        """Give the two-sided p-value that the truth is 0; 1 where the value is 0 or nothing is known of its error."""
        if self.value == 0 or math.isinf(self.error):
            return 1.0
        return two_sided(self.value / self.error, self.df) if self.error else 1.0

    def minus(self, other: "Linear") -> "Linear":
        """Give the difference of two independent estimates (Welch 1947 for the degrees of freedom)."""
        if math.isinf(self.error + other.error):
            return Linear(value=self.value - other.value, error=math.inf, df=1.0)
        parts = (self.error**2, other.error**2)
        total = sum(parts)
        weight = sum(part**2 / max(one.df, 1.0) for part, one in zip(parts, (self, other), strict=True))
        df = total**2 / weight if weight else max(self.df + other.df, 1.0)
        return Linear(value=self.value - other.value, error=math.sqrt(total), df=df)

    def contrast(self, n: int, *, p: float | None = None) -> Contrast:
        """Give it as a contrast without a ratio; `p` takes the place of its own."""
        return Contrast(difference=self.gap, ratio=None, p=self.p if p is None else p, error=self.error, n=n)


def linear(value: float, influence: Floats, clusters: Ints | None) -> Linear:
    """Give an estimate whose error is the sum of the items' influences (n,), which sum to 0, whole clusters minded.

    Source: linearisation, Kish & Frankel (1974), JRSS-B 36(1), 1-37; G / (G - 1) for G clusters.
    """
    sums = influence if clusters is None else clustered(influence, clusters).sums
    g = len(sums)
    variance = g / (g - 1) * float((sums**2).sum()) if g > 1 else math.inf
    return Linear(value=value, error=math.sqrt(variance), df=max(g - 1.0, 1.0))


def mean_of(values: Floats, clusters: Ints | None) -> Linear:
    """Give the mean of values (n,), n at least 1."""
    mean = float(values.mean())
    return linear(mean, (values - mean) / len(values), clusters)


def n_more_needed(a: Side, b: Side, gap: float, *, alpha: float = 0.05) -> int | None:
    """Give how many more items the smaller side needs so that a difference of `gap` is seen with 80 % power.

    None where the other side alone is too small for that. 0 where there are enough.
    """
    small, large = sorted((a, b), key=lambda side: side.n_effective)
    return more_of(small, large, gap, alpha=alpha)


def more_of(side: Side, other: Side, gap: float, *, alpha: float) -> int | None:
    """Give how many more items `side` needs, the other staying as it is, so that `gap` is seen with 80 % power.

    None where the other side alone is too small for that. 0 where there are enough.
    """
    left = (gap / reach(alpha)) ** 2 - spread_of(other) / other.n_effective
    if left <= 0:
        return None
    each = side.n / side.n_effective  # items that one independent item costs
    return max(0, math.ceil((spread_of(side) / left - side.n_effective) * each))


def spread_of(side: Side) -> float:
    """Give the variance of one item's yes or no, as it is planned with: 0.02 x 0.98 at least."""
    share = min(max(side.share, SHARE_LOW), 1 - SHARE_LOW)
    return share * (1 - share)
