"""How strongly two sets of categories hang together, with a range. Path: **bias** (used by its historical part)."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, chdtri, chndtrinc
from scipy.stats import random_table

from florilegium.bias.cells import resampled
from florilegium.bias.contrast import LEVEL, POWER, effect_of
from florilegium.types import Floats, Ints

CELLS_MOST = 4_000_000  # numbers drawn in all: 32 MB
N_EXPECTED = 5.0  # expected count below which a cell makes the chi-square test unsure
TABLES_LEAST, TABLES_MOST = 2_000, 20_000  # dealt at random; with 20,000 a gap may pass a thousand other tests
BATCH = 2_000  # tables dealt at once
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """Cramér's V, 0..1, and where in the table it is strongest."""

    value: float
    low: float
    high: float
    p: float
    df: int  # degrees of freedom of the test
    scale: float  # independent items times (smaller side - 1): V squared times this is what the test sees
    column: int  # the class that is spread most unevenly
    most: int  # the group that it is most common in, and that it is least common in
    least: int
    share_most: float
    share_least: float

    def detectable(self, alpha: float) -> float:
        """Give the V that would have been seen at this level with 80 % power."""
        if not self.df:
            return math.inf
        return math.sqrt(float(chndtrinc(chdtri(self.df, alpha), self.df, 1 - POWER)) / self.scale)


def association(
    rows: Ints, columns: Ints, clusters: Ints | None, *, n_resamples: int, rng: np.random.Generator
) -> Association:
    """Measure the link between two codes (n,) by Cramér's V, corrected for what chance adds.

    The range is that of the bootstrap, corrected twice: chance adds once in the data and once more in each replicate.
    Where the test at level 0.05 sees nothing, the range reaches down to 0. Clusters: first-order correction of the
    chi-square by the mean design effect, Rao & Scott (1981), JASA 76(374), 221-230.
    """
    groups, r = np.unique(rows, return_inverse=True)
    classes, c = np.unique(columns, return_inverse=True)
    shape = (len(groups), len(classes))
    cell = r * shape[1] + c
    counts = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)
    effect = float(np.mean([effect_of(c == k, clusters) for k in range(shape[1])])) if clusters is not None else 1.0
    df = (shape[0] - 1) * (shape[1] - 1)
    p = _p(counts, effect, df, rng)
    n_draws = int(np.clip(CELLS_MOST // counts.size, 100, n_resamples))
    draws = resampled([(cell, counts.size)], clusters, n_resamples=n_draws, rng=rng)[0].reshape(-1, *shape)
    spread = _cramer(draws, 2 * effect)
    low, high = np.quantile(spread, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    value = float(_cramer(counts[None], effect)[0])
    shares = counts / counts.sum(axis=1, keepdims=True)  # (g, k)
    uneven = int(np.ptp(shares, axis=0).argmax())
    most, least = int(shares[:, uneven].argmax()), int(shares[:, uneven].argmin())
    return Association(
        value=value,
        low=0.0 if p > 1 - LEVEL else min(float(low), value),
        high=max(float(high), value),
        p=p,
        df=df,
        scale=float(counts.sum()) / effect * (min(shape) - 1),
        column=int(classes[uneven]),
        most=int(groups[most]),
        least=int(groups[least]),
        share_most=float(shares[most, uneven]),
        share_least=float(shares[least, uneven]),
    )


def _cramer(counts: Floats, n_corrections: float) -> Floats:
    """Give V of tables (B, g, k), less what chance adds `n_corrections` times; Bergsma's form for once."""
    n = counts.sum(axis=(1, 2))
    expected = counts.sum(axis=2)[:, :, None] * counts.sum(axis=1)[:, None, :] / n[:, None, None]
    off = np.divide((counts - expected) ** 2, expected, out=np.zeros_like(counts), where=expected > 0)
    g, k = counts.shape[1:]
    mean_square = off.sum(axis=(1, 2)) / n - n_corrections * (g - 1) * (k - 1) / (n - 1)
    ranks = [side - (side - 1) ** 2 / (n - 1) for side in (g, k)]
    found: Floats = np.sqrt(np.clip(mean_square, 0, None) / (np.minimum(*ranks) - 1))
    return np.minimum(found, 1.0)


def _p(counts: Floats, effect: float, df: int, rng: np.random.Generator) -> float:
    """Test independence: by the chi-square where enough is expected in each cell, else by tables dealt at random.

    Source of the random tables, which keep both margins: Patefield (1981), Applied Statistics 30(1), 91-97.
    """
    if df == 0:
        return 1.0
    expected = counts.sum(axis=1)[:, None] * counts.sum(axis=0) / counts.sum()
    statistic = float(((counts - expected) ** 2 / expected).sum()) / effect
    if expected.min() / effect >= N_EXPECTED:
        return float(chdtrc(df, statistic))
    dealt = random_table(counts.sum(axis=1).astype(np.int64), counts.sum(axis=0).astype(np.int64), seed=rng)
    n_tables = int(np.clip(CELLS_MOST // counts.size, TABLES_LEAST, TABLES_MOST))
    n_beyond = 0
    for start in range(0, n_tables, BATCH):
        tables = dealt.rvs(size=min(BATCH, n_tables - start))
        n_beyond += int((((tables - expected) ** 2 / expected).sum(axis=(1, 2)) >= statistic - ROUNDING).sum())
    return (n_beyond + 1) / (n_tables + 1)
