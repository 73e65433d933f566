"""What smaller gaps cost, drawn as a curve; and what to do. Path: bias -> **report** (used by its bias page)."""

from collections.abc import Sequence

from florilegium.bias.groups import SIGN
from florilegium.bias.result import Axis, Findings, Outcome, TradeOff, TradeOffPoint
from florilegium.evaluation.words import counted, percent, points
from florilegium.report.bias_chapters import clearest_first
from florilegium.report.bias_values import Curve, CurvePoint
from florilegium.report.scales import ranged

STEPS_MOST = 8  # more is a list that nobody works off
COLLECT_MOST = 4  # groups that more are asked for
LEAST_HEIGHT = 0.02  # of the axis of accuracy: half a point must not look like a cliff
OTHERS = "other ("  # how a group of small groups begins
GAP_ENDS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0)


def curves(trade_offs: Sequence[TradeOff]) -> tuple[Curve, ...]:
    """Give one curve per column of which there are points."""
    return tuple(_curve(trade_off) for trade_off in trade_offs if trade_off.points)


def _curve(trade_off: TradeOff) -> Curve:
    given = trade_off.points
    right = next((end for end in GAP_ENDS if end >= max(point.gap for point in given)), 1.0)
    low, high = _ends([point.accuracy for point in given])
    drawn = [
        CurvePoint(
            name=point.name,
            x=point.gap / right,
            y=(point.accuracy - low) / (high - low),
            accuracy=f"{percent(point.accuracy)} ({ranged(Axis.SHARE, point.accuracy_low, point.accuracy_high)})",
            gap=f"{points(point.gap)} ({ranged(Axis.DIFFERENCE, point.gap_low, point.gap_high)})",
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
        points=tuple(sorted(drawn, key=lambda point: point.x)),
    )


def _ends(accuracies: Sequence[float]) -> tuple[float, float]:
    """Give the ends of the axis of accuracy, with some air above and below."""
    low, high = min(accuracies), max(accuracies)
    air = max(high - low, LEAST_HEIGHT) * 0.15
    middle, reach = (low + high) / 2, max(high - low, LEAST_HEIGHT) / 2 + air
    return max(middle - reach, 0.0), min(middle + reach, 1.0)


def _sentence(trade_off: TradeOff) -> str:
    """Say what the smallest gap costs."""
    now, least = trade_off.points[0], min(trade_off.points, key=lambda point: point.gap)
    said = f"By {trade_off.column}, {_described(now)} as it is."
    if least is now:
        return f"{said} None of the thresholds that were tried brings the groups closer together."
    cost = now.accuracy - least.accuracy
    price = f"costs {points(cost)} points of right answers" if cost > 0 else "costs no right answers"
    return f"{said} The smallest gap that was tried, {points(least.gap)} points ({least.name}), {price}."


def _described(point: TradeOffPoint) -> str:
    return f"{percent(point.accuracy)} are right and the groups are {points(point.gap)} points apart"


def steps(findings: Findings) -> tuple[str, ...]:
    """Give what to do, the clearest gaps first; each advice once."""
    advised = [result.advice for result in clearest_first(findings.found) if result.advice]
    return tuple(dict.fromkeys(advised))[:STEPS_MOST] + tuple(_more(findings))


def _more(findings: Findings) -> list[str]:
    """Ask for more where a comparison was too small to tell: the largest need of each group."""
    few: dict[tuple[str, str], int] = {}
    for result in findings.results:
        # Nobody can go and collect a crossing or a heap of small groups; their parts are asked for.
        nameable = result.groups and SIGN not in result.column and not result.groups[0].startswith(OTHERS)
        if result.outcome is Outcome.TOO_FEW and result.n_more and nameable:
            key = (result.column, result.groups[0])
            few[key] = max(few.get(key, 0), result.n_more)
    return [
        f"Collect about {counted(n, 'more', 'more')} of {group} ({column}), to be able to see a gap that matters."
        for (column, group), n in sorted(few.items(), key=lambda item: item[1])[:COLLECT_MOST]
    ]
