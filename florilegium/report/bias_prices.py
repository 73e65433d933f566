"""What smaller gaps cost, drawn as a curve; and what to do. Path: bias -> **report** (used by its bias page)."""

from collections.abc import Sequence
from dataclasses import replace

from florilegium.bias.groups import SIGN
from florilegium.bias.result import Axis, Findings, Need, TradeOff, TradeOffPoint
from florilegium.evaluation.words import about, percent, points
from florilegium.report.bias_chapters import clearest_first
from florilegium.report.bias_values import Curve, CurvePoint, NeedBlock
from florilegium.report.scales import ranged

STEPS_MOST = 8  # more is a list that nobody works off
COLLECT_MOST = 4  # groups that more are asked for
LEAST_HEIGHT = 0.02  # of the axis of accuracy: half a point must not look like a cliff
NEAR = 0.04  # of the curve's width: tags of points nearer than that would lie on each other
GAP_ENDS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0)


def curves(trade_offs: Sequence[TradeOff]) -> tuple[Curve, ...]:
    """Give one curve per column of which there are points."""
    return tuple(_curve(trade_off) for trade_off in trade_offs if trade_off.points)


def _curve(trade_off: TradeOff) -> Curve:
    given = trade_off.points
    right = next((end for end in GAP_ENDS if end >= max(point.gap for point in given)), 1.0)
    low, high = _ends([end for point in given for end in (point.accuracy_low, point.accuracy, point.accuracy_high)])

    def up(accuracy: float) -> float:
        return (accuracy - low) / (high - low)

    drawn = [
        CurvePoint(
            name=point.name,
            x=point.gap / right,
            x_ends=(max(point.gap_low, 0.0) / right, min(point.gap_high / right, 1.0)),
            y=up(point.accuracy),
            y_ends=(up(point.accuracy_low), up(point.accuracy_high)),
            accuracy=f"{percent(point.accuracy)} ({ranged(Axis.SHARE, point.accuracy_low, point.accuracy_high)})",
            gap=f"{points(point.gap)} ({ranged(Axis.DIFFERENCE, point.gap_low, point.gap_high)})",
            cost="" if point is given[0] else _cost(point),
            strong=point is given[0],
        )
        for point in given
    ]
    return Curve(
        column=trade_off.column,
        sentence=_sentence(trade_off),
        x_name=f"largest gap in {trade_off.rate}, points",
        x_ticks=tuple((share, f"{100 * share * right:g}") for share in (0.0, 0.5, 1.0)),
        y_ticks=tuple((share, f"{100 * (low + share * (high - low)):.1f}") for share in (0.0, 0.5, 1.0)),
        points=_tagged(sorted(drawn, key=lambda point: point.x)),
    )


def _tagged(given: Sequence[CurvePoint]) -> tuple[CurvePoint, ...]:
    """Give the points their numbers from left to right; those that lie on one spot share a tag."""
    tags = [""] * len(given)
    first = 0
    for i, point in enumerate(given):
        if max(abs(point.x - given[first].x), abs(point.y - given[first].y)) > NEAR:
            first = i
        tags[first] = str(first + 1) if first == i else f"{first + 1} to {i + 1}"
    return tuple(replace(point, tag=tag) for point, tag in zip(given, tags, strict=True))


def _ends(accuracies: Sequence[float]) -> tuple[float, float]:
    """Give the ends of the axis of accuracy, with some air above and below."""
    low, high = min(accuracies), max(accuracies)
    air = max(high - low, LEAST_HEIGHT) * 0.15
    middle, reach = (low + high) / 2, max(high - low, LEAST_HEIGHT) / 2 + air
    return max(middle - reach, 0.0), min(middle + reach, 1.0)


def _sentence(trade_off: TradeOff) -> str:
    """Say what the smallest gap costs, and in what range."""
    now, least = trade_off.points[0], min(trade_off.points, key=lambda point: point.gap)
    said = f"By {trade_off.column}, {_described(now)} as it is."
    if least is now:
        return f"{said} None of the thresholds that were tried brings the groups closer together."
    chance = "" if least.cost_low > 0 or least.cost_high < 0 else " Chance alone may make that difference."
    return (
        f"{said} The smallest gap that was tried, {points(least.gap)} points "
        f"({ranged(Axis.DIFFERENCE, least.gap_low, least.gap_high)}; {least.name}), changes right answers by "
        f"{_cost(least)} points.{chance}"
    )


def _cost(point: TradeOffPoint) -> str:
    """Write how many right answers a choice wins or loses, with the range."""
    return f"{points(-point.cost)} ({ranged(Axis.DIFFERENCE, -point.cost_high, -point.cost_low)})"


def _described(point: TradeOffPoint) -> str:
    return f"{percent(point.accuracy)} are right and the groups are {points(point.gap)} points apart"


def steps(findings: Findings) -> tuple[str, ...]:
    """Give what to do, the clearest gaps first; each advice once."""
    advised = [result.advice for result in clearest_first(findings.found) if result.advice]
    return tuple(dict.fromkeys(advised))[:STEPS_MOST] + tuple(_more(findings))


def _more(findings: Findings) -> list[str]:
    """Ask for more of the groups in which a gap that matters could go unseen; the smallest need first."""
    # Nobody can go and collect a crossing; its parts are asked for.
    asked = [
        (n, need)
        for need in findings.needs
        for gap, n in need.more
        if SIGN not in need.column and n and gap == findings.gap
    ]
    return [
        f"Collect about {about(n)} more of {need.group} ({need.column}), to be able to see a gap of "
        f"{points(findings.gap)} points to {need.against} ({need.rate})."
        for n, need in sorted(asked, key=lambda each: each[0])[:COLLECT_MOST]
    ]


def needs(findings: Findings) -> tuple[NeedBlock, ...]:
    """Give a table per column of how many more it takes; crossings are left to `florilegium bias --json`."""
    by_column: dict[str, list[Need]] = {}
    for need in findings.needs:
        if SIGN not in need.column:
            by_column.setdefault(need.column, []).append(need)
    return tuple(_block(column, some) for column, some in by_column.items())


def _block(column: str, some: Sequence[Need]) -> NeedBlock:
    return NeedBlock(
        column=column,
        rate=some[0].rate,
        against=some[0].against,
        heads=tuple(f"for {100 * gap:g} points" for gap, _ in some[0].more),
        rows=tuple(
            (need.group, f"{need.n:,}", f"{points(need.seen)} points", *(_wanted(n, need) for _, n in need.more))
            for need in some
        ),
    )


def _wanted(n: int | None, need: Need) -> str:
    if n is None:
        return f"more of {need.against} too"
    return f"{about(n)} more" if n else "enough"
