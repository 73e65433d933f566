"""The table of groups: every rate of every group with its range, and how far apart they lie. Path: **bias**.

Point figures come from Fairlearn's MetricFrame, on counts as weights, so a million rows cost what a hundred do.
"""

from collections.abc import Callable, Iterator

import numpy as np
from scipy.special import ndtr, ndtri

from florilegium.bias.aggregation import calibration_gaps
from florilegium.bias.case import Case
from florilegium.bias.cells import (
    ACCURACY,
    BASE_RATE,
    FALSE_NEGATIVE,
    FALSE_POSITIVE,
    MEASURES,
    PRECISION,
    SELECTION,
    Table,
)
from florilegium.bias.contrast import LEVEL, mean_of
from florilegium.bias.decisions import Column
from florilegium.bias.result import GroupRates, GroupRow, Rate, Spread
from florilegium.types import Bools, Floats

CALIBRATION = "calibration"
_WHY = {
    BASE_RATE: "no label",
    SELECTION: "no answer",
    FALSE_POSITIVE: "no labelled and answered item that is truly no",
    FALSE_NEGATIVE: "no labelled and answered item that is truly yes",
    PRECISION: "no labelled item was said to be yes",
    ACCURACY: "no item is both labelled and answered",
}


def group_rates(case: Case) -> Iterator[GroupRates]:
    """Give the table of every column."""
    gaps = calibration_gaps(case)
    for column in case.given.columns:
        table, sizes = case.tables[column.name], case.sizes(column)
        points = by_fairlearn(table)
        measures = tuple(MEASURES) if case.given.is_binary else (ACCURACY,)
        rows = []
        order = np.arange(len(sizes)) if column.ordered else np.argsort(-sizes, kind="stable")
        for group in order.tolist():
            rates = {name: _rate(table, name, group, points) for name in measures}
            if gaps is not None:
                rates[CALIBRATION] = _calibration(case, column, group, gaps[0], gaps[1])
            n_positive = int(table.counts[group, MEASURES[BASE_RATE][0]].sum()) if _counts_yes(case) else None
            few = bool(sizes[group] < case.options.min_group)
            name, n = column.groups[group], int(sizes[group])
            rows.append(GroupRow(group=name, n=n, n_positive=n_positive, few=few, rates=rates))
        yield GroupRates(
            column=column.name,
            reference=column.groups[case.reference(column)],
            rows=tuple(rows),
            spreads=tuple(_spreads(case, column, measures)),
            n_missing=int((column.codes < 0).sum()),
        )


def _counts_yes(case: Case) -> bool:
    return case.given.is_binary and case.given.y is not None


def by_fairlearn(table: Table) -> dict[tuple[str, int], float]:
    """Give both error rates, precision and accuracy per group by Fairlearn, of items with truth and answer."""
    group, state = np.nonzero(table.counts)
    truth, answer = np.divmod(state, 3) - np.array([[1], [1]])
    known = (truth >= 0) & (answer >= 0)
    if not known.any():
        return {}
    from fairlearn.metrics import MetricFrame, false_negative_rate, false_positive_rate
    from sklearn.metrics import accuracy_score, precision_score

    metrics: dict[str, Callable[..., float]] = {
        FALSE_POSITIVE: false_positive_rate,
        FALSE_NEGATIVE: false_negative_rate,
        PRECISION: lambda y, said, sample_weight: precision_score(
            y, said, sample_weight=sample_weight, pos_label=1, zero_division=0
        ),
        ACCURACY: accuracy_score,
    }
    weights = table.counts[group, state][known]
    frame = MetricFrame(
        metrics=metrics,
        y_true=truth[known],
        y_pred=answer[known],
        sensitive_features=group[known],
        sample_params={name: {"sample_weight": weights} for name in metrics},
    )
    found = frame.by_group
    return {(name, int(g)): float(found.loc[g, name]) for name in metrics for g in found.index}


def _rate(table: Table, measure: str, group: int, points: dict[tuple[str, int], float]) -> Rate:
    side = table.side(measure, group)
    if side is None:
        return Rate(value=None, low=None, high=None, n=0, why=_WHY[measure])
    low, high = side.wilson
    return Rate(value=points.get((measure, group), side.share), low=low, high=high, n=int(side.n))


def _calibration(case: Case, column: Column, group: int, values: Floats, known: Bools) -> Rate:
    rows = np.flatnonzero(known & (column.codes == group))
    if len(rows) < 2:
        return Rate(value=None, low=None, high=None, n=len(rows), why="fewer than 2 labelled items")
    gap = mean_of(values[rows], case.clusters(rows)).gap
    return Rate(value=gap.value, low=max(gap.low, -1.0), high=min(gap.high, 1.0), n=len(rows))


def _spreads(case: Case, column: Column, measures: tuple[str, ...]) -> Iterator[Spread]:
    table = case.tables[column.name]
    for measure in measures:
        sides = {g: side for g in range(len(column.groups)) if (side := table.side(measure, g)) is not None}
        large = [g for g, side in sides.items() if side.n_effective >= case.options.min_group]
        if len(large) > 1:
            yield _spread(table, column, measure, large)


def _spread(table: Table, column: Column, measure: str, large: list[int]) -> Spread:
    """Give the gap of the highest and the lowest group; bootstrap ranges are corrected for its growth by chance."""
    shares = _shares(table.counts[None], measure)[0, large]
    drawn = _shares(table.draws, measure)[:, large]
    drawn = drawn[np.isfinite(drawn).all(axis=1)]
    highest, lowest = large[int(shares.argmax())], large[int(shares.argmin())]
    gap, top = float(np.ptp(shares)), float(shares.max())
    gap_low, gap_high = corrected_range(gap, np.ptp(drawn, axis=1))
    ratio = float(shares.min()) / top if top else None
    ends: tuple[float | None, float | None] = (None, None)
    if ratio is not None:
        tops = drawn.max(axis=1)
        ends = corrected_range(ratio, drawn[tops > 0].min(axis=1) / tops[tops > 0])
    return Spread(
        rate=measure,
        highest=column.groups[highest],
        lowest=column.groups[lowest],
        gap=gap,
        gap_low=max(gap_low, 0.0),
        gap_high=gap_high,
        ratio=ratio,
        ratio_low=ends[0],
        ratio_high=ends[1],
    )


def _shares(counts: Floats, measure: str) -> Floats:
    """Give the shares (B, g) of counts (B, g, 9); NaN where there is nothing to count among."""
    yes, among = MEASURES[measure]
    top, bottom = counts[..., yes].sum(axis=-1), counts[..., among].sum(axis=-1)
    shares: Floats = np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0)
    return shares


def corrected_range(value: float, draws: Floats) -> tuple[float, float]:
    """Give the bias-corrected percentile range: a largest gap grows by chance, in the data and again in each replicate.

    Source: Efron (1987), Better bootstrap confidence intervals, JASA 82(397), 171-185, with acceleration 0.
    """
    if len(draws) == 0:
        return value, value
    below = np.clip(((draws < value).mean() + (draws <= value).mean()) / 2, 1 / (len(draws) + 1), None)
    shift = 2 * ndtri(min(below, len(draws) / (len(draws) + 1)))
    tail = ndtri((1 - LEVEL) / 2)
    low, high = np.quantile(draws, [ndtr(shift + tail), ndtr(shift - tail)])
    return min(float(low), value), max(float(high), value)
