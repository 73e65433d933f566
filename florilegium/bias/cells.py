"""Decisions counted by group, truth and answer, and the cluster bootstrap on those counts. Path: **bias**.

A million rows become a few dozen counts once; every rate, ratio and gap is worked out from the counts, so resampling
a thousand times takes no longer for many rows than for few. Only clusters of several rows are resampled as such.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from florilegium.bias.contrast import Side, effect_of
from florilegium.types import Bools, Floats, Ints

N_STATES = 9  # 3 (not known, no, yes) truths x 3 answers; state = 3 * (truth + 1) + answer + 1
_TRUTH, _ANSWER = np.divmod(np.arange(N_STATES), 3) - np.array([[1], [1]])
_KNOWN = (_TRUTH >= 0) & (_ANSWER >= 0)
BATCH = 1_000  # replicates drawn at once: 16 MB of weights
UNITS_MOST = 2_000  # that are resampled: with so many the width of a range is right to within 2 %

BASE_RATE, SELECTION, FALSE_POSITIVE, FALSE_NEGATIVE, PRECISION, ACCURACY = (
    "base rate",
    "selection rate",
    "false positive rate",
    "false negative rate",
    "precision",
    "accuracy",
)
# measure -> (states that count, states that they are counted among)
MEASURES: dict[str, tuple[Bools, Bools]] = {
    BASE_RATE: (_TRUTH == 1, _TRUTH >= 0),
    SELECTION: (_ANSWER == 1, _ANSWER >= 0),
    FALSE_POSITIVE: (_KNOWN & (_TRUTH == 0) & (_ANSWER == 1), _KNOWN & (_TRUTH == 0)),
    FALSE_NEGATIVE: (_KNOWN & (_TRUTH == 1) & (_ANSWER == 0), _KNOWN & (_TRUTH == 1)),
    PRECISION: (_KNOWN & (_TRUTH == 1) & (_ANSWER == 1), _KNOWN & (_ANSWER == 1)),
    ACCURACY: (_KNOWN & (_TRUTH == _ANSWER), _KNOWN),
}


def states(n: int, truth: Ints | None, answer: Ints | None) -> Ints:
    """Give each item's state 0..8 from yes (1), no (0) and not known (-1); None: known of no item."""
    unknown = np.full(n, -1, dtype=np.int64)
    found: Ints = 3 * ((unknown if truth is None else truth) + 1) + (unknown if answer is None else answer) + 1
    return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """The counts of one column of groups, and their bootstrap replicates."""

    counts: Floats  # (g, 9)
    draws: Floats  # (B, g, 9)
    effects: dict[tuple[str, int], float]  # (measure, group) -> design effect, where it is not 1

    def side(self, measure: str, group: int) -> Side | None:
        """Give the share of one group; None where there is nothing to count among."""
        yes, among = MEASURES[measure]
        n = float(self.counts[group, among].sum())
        if n == 0:
            return None
        n_effective = n / self.effects.get((measure, group), 1.0)
        return Side(n_yes=float(self.counts[group, yes].sum()), n=n, n_effective=n_effective)

    def replicates(self, measure: str, group: int) -> Floats:
        """Give the share's bootstrap replicates (B,); NaN where one had nothing to count among."""
        yes, among = MEASURES[measure]
        top, bottom = self.draws[:, group, yes].sum(axis=1), self.draws[:, group, among].sum(axis=1)
        found: Floats = np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)
        return found


def tables(
    state: Ints,
    columns: Sequence[tuple[Ints, int]],
    clusters: Ints | None,
    *,
    n_resamples: int,
    rng: np.random.Generator,
) -> list[Table]:
    """Count states (n,) within the groups of each column, given as (codes (n,), number of groups)."""
    made = []
    cells = [(np.where(codes >= 0, codes * N_STATES + state, -1), g * N_STATES) for codes, g in columns]
    for (codes, g), draws in zip(columns, resampled(cells, clusters, n_resamples=n_resamples, rng=rng), strict=True):
        counts = np.bincount(codes[codes >= 0] * N_STATES + state[codes >= 0], minlength=g * N_STATES)
        made.append(
            Table(
                counts=counts.reshape(g, N_STATES).astype(np.float64),
                draws=draws.reshape(-1, g, N_STATES),
                effects={} if clusters is None else _effects(state, codes, g, clusters),
            )
        )
    return made


def _effects(state: Ints, codes: Ints, g: int, clusters: Ints) -> dict[tuple[str, int], float]:
    found = {}
    for measure, (yes, among) in MEASURES.items():
        counted = np.flatnonzero(among[state] & (codes >= 0))
        order = counted[np.argsort(codes[counted], kind="stable")]
        ends = np.searchsorted(codes[order], np.arange(g + 1))
        for group in range(g):
            rows = order[ends[group] : ends[group + 1]]
            found[measure, group] = effect_of(yes[state[rows]], clusters[rows])
    return found


def resampled(
    cells: Sequence[tuple[Ints, int]], clusters: Ints | None, *, n_resamples: int, rng: np.random.Generator
) -> list[Floats]:
    """Give bootstrap replicates (B, number of cells) of how many items lie in each cell, for each of several columns.

    Args: cells: per column, each item's cell (n,), or -1, and how many cells there are.
    Single items: a multinomial draw of counts, which is what resampling rows comes to. Clusters: whole ones are drawn
    with replacement, the same ones for all columns. Source: Field & Welsh (2007), JRSS-B 69(3), 369-390.
    """
    if clusters is None:
        return [_multinomial(cell, n_cells, n_resamples, rng) for cell, n_cells in cells]
    unit, n_units = _units(clusters, rng)
    counts = []
    for cell, n_cells in cells:
        rows = np.flatnonzero(cell >= 0)
        flat = np.bincount(unit[rows] * n_cells + cell[rows], minlength=n_units * n_cells)
        counts.append(flat.reshape(n_units, n_cells).astype(np.float64))  # (u, cells)
    found = [np.empty((n_resamples, n_cells)) for _, n_cells in cells]
    for start in range(0, n_resamples, BATCH):
        rows = np.arange(start, min(start + BATCH, n_resamples))
        drawn = rng.integers(0, n_units, size=(len(rows), n_units)) + np.arange(len(rows))[:, None] * n_units
        weights = np.bincount(drawn.ravel(), minlength=drawn.size).reshape(drawn.shape).astype(np.float64)  # (b, u)
        for part, count in zip(found, counts, strict=True):
            part[rows] = weights @ count
    return found


def _units(clusters: Ints, rng: np.random.Generator) -> tuple[Ints, int]:
    """Give the unit that each item is resampled with: its cluster, or a random set of equally many clusters.

    Source: random groups, Wolter (2007), Introduction to variance estimation, 2nd ed., ch. 2.
    """
    _, cluster = np.unique(clusters, return_inverse=True)
    n_clusters = int(cluster.max()) + 1
    if n_clusters <= UNITS_MOST:
        return cluster.astype(np.int64), n_clusters
    return rng.permutation(np.arange(n_clusters) % UNITS_MOST)[cluster], UNITS_MOST


def _multinomial(cell: Ints, n_cells: int, n_resamples: int, rng: np.random.Generator) -> Floats:
    counts = np.bincount(cell[cell >= 0], minlength=n_cells)
    used = np.flatnonzero(counts)  # most cells of a table are empty
    found = np.zeros((n_resamples, n_cells))
    if len(used):
        found[:, used] = rng.multinomial(int(counts.sum()), counts[used] / counts.sum(), size=n_resamples)
    return found
