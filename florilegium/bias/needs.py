"""How many more items of each group it takes to see a gap. Path: **bias** (numbers for what to do).

Answers "collect how many?" before anybody collects. Held to the same corrected level as the tests themselves.
"""

import math
from collections.abc import Iterator

from florilegium.bias.case import Case
from florilegium.bias.cells import ACCURACY, BASE_RATE, FALSE_POSITIVE, Table
from florilegium.bias.contrast import Side, more_of, reach, spread_of
from florilegium.bias.decisions import Column
from florilegium.bias.groups import is_heap
from florilegium.bias.result import Need

AROUND = (0.5, 1.0, 2.0)  # times the gap that matters
GAP_MOST = 1.0


def needs(case: Case, *, n_tests: int) -> Iterator[Need]:
    """Give the need of every group that has a name of its own, against the group that others are compared with."""
    alpha = case.options.level / max(n_tests, 1)
    rate = _rate(case)
    for column in case.given.columns:
        table, reference = case.tables[column.name], case.reference(column)
        against = table.side(rate, reference)
        if against is None:
            continue
        for group, size in enumerate(case.sizes(column).tolist()):
            if group != reference and size and not is_heap(column.groups[group]):
                yield _need(case, column, (group, reference), against, rate=rate, alpha=alpha)


def _rate(case: Case) -> str:
    """Choose the rate that a gap is looked for in: the mistake that people bear, else right answers, else the label."""
    if case.given.predicted is None or case.given.y is None:
        return BASE_RATE
    return FALSE_POSITIVE if case.given.is_binary else ACCURACY


def _need(case: Case, column: Column, pair: tuple[int, int], against: Side, *, rate: str, alpha: float) -> Need:
    group, reference = pair
    size = int(case.sizes(column)[group])
    side = _side(case.tables[column.name], rate, group, against)
    each = size / side.n  # items of the group that one item of the rate costs
    gaps = [min(times * case.options.gap, GAP_MOST) for times in AROUND]
    more = [_more(side, against, gap, alpha=alpha, each=each, least=case.options.min_group) for gap in gaps]
    error = math.sqrt(spread_of(side) / side.n_effective + spread_of(against) / against.n_effective)
    return Need(
        column=column.name,
        group=column.groups[group],
        against=column.groups[reference],
        rate=rate,
        n=size,
        seen=min(error * reach(alpha), GAP_MOST),
        more=tuple(zip(gaps, more, strict=True)),
    )


def _side(table: Table, rate: str, group: int, against: Side) -> Side:
    """Give the group's own share; one that nothing can be counted among yet is planned like the other."""
    found = table.side(rate, group)
    if found is not None:
        return found
    n = max(float(table.counts[group].sum()), 1.0)
    return Side(n_yes=against.share * n, n=n, n_effective=n)


def _more(side: Side, against: Side, gap: float, *, alpha: float, each: float, least: int) -> int | None:
    more = more_of(side, against, gap, alpha=alpha)
    return None if more is None else math.ceil(max(more, least - side.n_effective, 0) * each)
