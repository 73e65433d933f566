"""Historical bias: do label and group hang together before any model? Path: **bias**.

A model that learns from these labels learns this link too, however well it is built. Needs labels and groups only.
"""

from collections.abc import Iterator

import numpy as np

from florilegium.bias.association import association
from florilegium.bias.case import Case, Wording, compared, mean_test
from florilegium.bias.cells import BASE_RATE
from florilegium.bias.contrast import Linear, linear
from florilegium.bias.decisions import Column
from florilegium.bias.result import Axis
from florilegium.bias.tested import Tested
from florilegium.evaluation.words import percent, points
from florilegium.types import Floats, Ints

KIND = "historical"
DAYS_OF_YEAR = 365.25
NEEDS = "Give a label and a column of groups (--label, --group)."
_SOURCE = "Suresh & Guttag (2021), A framework for understanding sources of harm, EAAMO, section 3.1"
_ADVICE = (
    "Ask how these labels came about, and who was looked at more closely, before a model learns them; say the gap in "
    "the model card."
)
BASE_RATES = Wording(bias=KIND, measure=BASE_RATE, advice=_ADVICE, source=_SOURCE)
TREND = Wording(
    bias=KIND,
    measure="base rate trend difference",
    advice="Do not let old labels stand for today: weigh recent ones more, or learn from them alone.",
    source=f"{_SOURCE}; least squares per group, cluster-robust",
)
LINK = Wording(
    bias=KIND,
    measure="link of class and group",
    advice=_ADVICE,
    source="Cramér's V, corrected for chance: Bergsma (2013), J. Korean Statistical Society 42(3), 323-328",
)


def historical(case: Case) -> Iterator[Tested]:
    """Test base rates per group, or the link between many classes and groups, and their trend over time."""
    if case.given.y is None:
        return
    for column in case.given.columns:
        if case.given.is_binary:
            yield from compared(case, column, BASE_RATE, BASE_RATES)
            yield from _trends(case, column)
        else:
            yield from _link(case, column, case.given.y)


def _link(case: Case, column: Column, y: Ints) -> Iterator[Tested]:
    large = np.flatnonzero(case.sizes(column) >= case.options.min_group)
    rows = np.flatnonzero((y >= 0) & np.isin(column.codes, large))
    if len(large) < 2 or len(np.unique(y[rows])) < 2:
        return
    found = association(
        column.codes[rows], y[rows], case.clusters(rows), n_resamples=case.options.n_resamples, rng=case.rng
    )
    low, high = column.groups[found.least], column.groups[found.most]
    what = f"{column.name} " if high[:1].isdigit() else ""  # a bin alone would read as a bare number
    fact = (
        f"{case.given.classes[found.column]!r} is {percent(found.share_most)} of the items of {what}{high}, and "
        f"{percent(found.share_least)} of those of {low}: class and {column.name} hang together by {found.value:.2f} "
        f"({found.low:.2f} to {found.high:.2f}; 0 is not at all, 1 is fully)."
    )
    yield Tested(
        bias=KIND,
        measure=LINK.measure,
        axis=Axis.NUMBER,
        column=column.name,
        groups=(high, low),
        estimate=found.value,
        low=found.low,
        high=found.high,
        p=found.p,
        n=len(rows),
        fact=fact,
        advice=_ADVICE,
        source=LINK.source,
        detectable=found.detectable,
    )


def _trends(case: Case, column: Column) -> Iterator[Tested]:
    given = case.given
    if given.days is None or given.y is None:
        return
    known = np.isfinite(given.days) & (given.y >= 0)
    years, yes = given.days / DAYS_OF_YEAR, (given.y == given.positive).astype(np.float64)
    for group, reference in case.pairs(column):
        slopes = [_slope(case, years, yes, np.flatnonzero(known & (column.codes == g))) for g in (group, reference)]
        if slopes[0] is None or slopes[1] is None:
            continue
        rows = known & ((column.codes == group) | (column.codes == reference))
        gap = slopes[0].minus(slopes[1])
        names = column.groups[group], column.groups[reference]
        found = gap.contrast(int(rows.sum()))
        fact = (
            f"Base rate over time by {column.name}: {names[0]} {_signed(slopes[0].value)} points a year, {names[1]} "
            f"{_signed(slopes[1].value)}; the gap moves by {_signed(gap.value)} points a year "
            f"({_signed(found.difference.low)} to {_signed(found.difference.high)})."
        )
        yield mean_test(TREND, found, fact, column=column.name, names=names, scale=float(np.ptp(years[rows])))


def _slope(case: Case, years: Floats, yes: Floats, rows: Ints) -> Linear | None:
    """Give the change of the share of yes per year; None where there are too few items or but one day."""
    if len(rows) < case.options.min_group or np.ptp(years[rows]) == 0:
        return None
    time = years[rows] - years[rows].mean()
    spread = float((time**2).sum())
    slope = float((time * yes[rows]).sum()) / spread
    residual = yes[rows] - yes[rows].mean() - slope * time
    return linear(slope, time * residual / spread, case.clusters(rows))


def _signed(share: float) -> str:
    return f"{'+' if share > 0 else ''}{points(share)}"
