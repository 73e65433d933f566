"""Why no score is fair in every sense at once, on the user's own numbers. Path: **bias**.

Base rate p, precision v, false negative rate m and false positive rate f hang together by
f = p / (1 - p) (1 - v) / v (1 - m). Where p differs between groups, v, m and f cannot all be equal, unless the answers
are never wrong.
"""

from collections.abc import Iterator

from florilegium.bias.case import Case
from florilegium.bias.cells import BASE_RATE, FALSE_NEGATIVE, FALSE_POSITIVE, MEASURES, PRECISION, Table
from florilegium.bias.contrast import Side
from florilegium.bias.decisions import Column
from florilegium.bias.result import Impossible, ImpossibleRow
from florilegium.evaluation.words import percent

SOURCE = (
    "Chouldechova (2017), Fair prediction with disparate impact, Big Data 5(2), 153-163, equation 2.6; Kleinberg, "
    "Mullainathan & Raghavan (2017), Inherent trade-offs in the fair determination of risk scores, ITCS"
)


def impossible(case: Case) -> Iterator[Impossible]:
    """Show per column the false positive rates that equal precision and misses would force."""
    if not case.given.is_binary or case.given.y is None or case.given.predicted is None:
        return
    for column in case.given.columns:
        found = _of(case, column)
        if found is not None:
            yield found


def implied_false_positive_rate(base_rate: float, precision: float, false_negative_rate: float) -> float | None:
    """Give the false positive rate that these three force; None where there is no no, or precision is 0.

    Source: Chouldechova (2017), equation 2.6. More than 1: no answers could have these three at once.

    >>> round(implied_false_positive_rate(0.5, 0.75, 0.25), 4)
    0.25
    """
    if base_rate == 1 or precision == 0:
        return None
    return base_rate / (1 - base_rate) * (1 - precision) / precision * (1 - false_negative_rate)


def _of(case: Case, column: Column) -> Impossible | None:
    table = case.tables[column.name]
    large = [g for g, size in enumerate(case.sizes(column).tolist()) if size >= case.options.min_group]
    precision, misses = (_overall(table, measure) for measure in (PRECISION, FALSE_NEGATIVE))
    if len(large) < 2 or precision is None or misses is None:
        return None
    rows = tuple(row for g in large if (row := _row(table, column.groups[g], g, precision, misses)) is not None)
    if len(rows) < 2:
        return None
    return Impossible(
        column=column.name,
        precision=precision,
        false_negative_rate=misses,
        rows=rows,
        sentence=_sentence(column.name, rows, precision, misses),
        source=SOURCE,
    )


def _overall(table: Table, measure: str) -> float | None:
    yes, among = MEASURES[measure]
    n = float(table.counts[:, among].sum())
    return float(table.counts[:, yes].sum()) / n if n else None


def _row(table: Table, name: str, group: int, precision: float, misses: float) -> ImpossibleRow | None:
    base = table.side(BASE_RATE, group)
    if base is None:
        return None
    return ImpossibleRow(
        group=name,
        n=int(base.n),
        base_rate=base.share,
        precision=_share(table.side(PRECISION, group)),
        false_negative_rate=_share(table.side(FALSE_NEGATIVE, group)),
        false_positive_rate=_share(table.side(FALSE_POSITIVE, group)),
        implied=implied_false_positive_rate(base.share, precision, misses),
    )


def _share(side: Side | None) -> float | None:
    return None if side is None else side.share


def _sentence(column: str, rows: tuple[ImpossibleRow, ...], precision: float, misses: float) -> str:
    high, low = max(rows, key=lambda row: row.base_rate), min(rows, key=lambda row: row.base_rate)
    if high.base_rate == low.base_rate or high.implied is None or low.implied is None:
        return f"The groups of {column} have one base rate: equal precision and equal error rates can go together here."
    if precision == 1:
        return f"No yes was wrong: with perfect precision, groups of {column} may have equal error rates."
    forced = percent(high.implied) if high.implied <= 1 else "more than 100 % (no answers can do that)"
    return (
        f"{percent(high.base_rate)} of {high.group} and {percent(low.base_rate)} of {low.group} are truly yes. "
        f"Were a yes equally reliable ({percent(precision)}) and a miss equally rare ({percent(misses)}) in both, "
        f"false alarms would have to be {forced} and {percent(low.implied)}: equal precision and equal error rates "
        "cannot both be had."
    )
