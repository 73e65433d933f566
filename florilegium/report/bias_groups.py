"""The rates of groups as pictures and as one table per column. Path: bias -> **report** (used by its bias page).

Every figure comes from `bias`; here it is chosen which are drawn, and which group stands out.
"""

from florilegium.bias.groups import SIGN
from florilegium.bias.result import ERRORS, RATES, Axis, Findings, GroupRates, GroupRow, Outcome, Rate
from florilegium.evaluation.words import listed
from florilegium.report.bias_pictures import Figure, Picture, picture
from florilegium.report.bias_values import Cell, GroupBlock, GroupLine
from florilegium.report.scales import ranged, written

# What is drawn, in this order, with the words of the page; the table holds every rate.
DRAWN = {
    "base rate": "Truly yes",
    "selection rate": "Told yes",
    "false positive rate": "False alarms: truly no, told yes",
    "false negative rate": "Misses: truly yes, told no",
    "precision": "Precision: told yes, truly yes",
    "accuracy": "Right answers",
    "calibration": "Said too high (right) or too low (left), in points",
}
NAMED_FEW = 8  # small groups named below the pictures
Strong = frozenset[tuple[str, str, str]]  # (column, rate, group) of the gaps that were found


def blocks(findings: Findings, *, unit: str) -> tuple[GroupBlock, ...]:
    """Give one block per column."""
    strong = frozenset(
        (result.column, rate, result.groups[0])
        for result in findings.of(ERRORS)
        for rate in RATES
        if result.outcome is Outcome.FOUND and result.groups and result.measure.startswith(rate)
    )
    return tuple(_block(rates, unit, strong) for rates in findings.rates)


def _block(rates: GroupRates, unit: str, strong: Strong) -> GroupBlock:
    names = tuple(name for name in RATES if any(_value(row, name) is not None for row in rates.rows))
    few = [f"{row.group} ({row.n:,})" for row in rates.rows if row.few]
    return GroupBlock(
        column=rates.column,
        is_crossed=SIGN in rates.column,
        n_groups=len(rates.rows),
        pictures=tuple(_picture(name, rates, unit, strong) for name in DRAWN if name in names),
        few=listed(few, most=NAMED_FEW),
        heads=(f"{unit}s", *names),
        rows=tuple(_line(row, names) for row in rates.rows),
    )


def _value(row: GroupRow, name: str) -> float | None:
    rate = row.rates.get(name)
    return None if rate is None else rate.value


def _picture(name: str, rates: GroupRates, unit: str, strong: Strong) -> Picture:
    """Draw one rate of all groups that are large enough."""
    figures = [
        _figure(row, row.rates[name], strong=(rates.column, name, row.group) in strong)
        for row in rates.rows
        if not row.few and name in row.rates
    ]
    return picture(DRAWN[name], _axis(name), figures, unit=unit)


def _figure(row: GroupRow, rate: Rate, *, strong: bool) -> Figure:
    return Figure(
        label=row.group, value=rate.value, low=rate.low, high=rate.high, n=rate.n, strong=strong, why_not=rate.why
    )


def _axis(name: str) -> Axis:
    return Axis.DIFFERENCE if name == "calibration" else Axis.SHARE


def _line(row: GroupRow, names: tuple[str, ...]) -> GroupLine:
    return GroupLine(group=row.group, cells=(Cell(figure=f"{row.n:,}"), *(_cell(row, name) for name in names)))


def _cell(row: GroupRow, name: str) -> Cell:
    rate = row.rates.get(name)
    if rate is None or rate.value is None:
        return Cell(figure="–")
    return Cell(figure=written(_axis(name), rate.value), spread=ranged(_axis(name), rate.low, rate.high))
