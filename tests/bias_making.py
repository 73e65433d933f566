"""Findings for tests of the page of biases: values as `examine` gives them, made by hand."""

from dataclasses import replace
from datetime import UTC, datetime

from florilegium.bias import (
    ERRORS,
    KINDS,
    Axis,
    Findings,
    GroupRates,
    GroupRow,
    Impossible,
    ImpossibleRow,
    Outcome,
    Rate,
    Result,
    TradeOff,
    TradeOffPoint,
)
from florilegium.report.bias import BiasAccount

# ProPublica's counts of two years in Broward County (Angwin and others 2016): true no and told yes, true no; then
# true yes and told no, true yes.
PUBLISHED = {"African-American": (805, 1795, 532, 1901), "Caucasian": (349, 1488, 461, 966)}


def result(**choices: object) -> Result:
    """Make a gap in false alarms, the size that ProPublica published, unless told otherwise."""
    usual = Result(
        bias=ERRORS,
        measure="false positive rate ratio",
        axis=Axis.RATIO,
        column="race",
        groups=("African-American", "Caucasian"),
        estimate=1.91,
        low=1.73,
        high=2.13,
        p=1e-40,
        p_holm=1e-38,
        n=3283,
        outcome=Outcome.FOUND,
        sentence="Of the African-American people for whom no was true, 44.8 % were told yes; of the Caucasian 23.5 %.",
        advice="Say which error is the worse one, and look at the price below.",
        source="Katz and others (1978)",
    )
    return replace(usual, **choices)  # type: ignore[arg-type]  # fields by name


def rates(names: tuple[str, ...] = tuple(PUBLISHED)) -> GroupRates:
    """Make the table of groups from the published counts; further groups are too few."""
    rows = [_row(name, PUBLISHED[name]) for name in names if name in PUBLISHED]
    nothing = Rate(value=None, low=None, high=None, n=0, why="too few to tell")
    few = [
        GroupRow(group=name, n=3, n_positive=1, few=True, rates={"false positive rate": nothing})
        for name in names
        if name not in PUBLISHED
    ]
    return GroupRates(column="race", reference="Caucasian", rows=(*rows, *few), spreads=(), n_missing=0)


def _row(name: str, counts: tuple[int, int, int, int]) -> GroupRow:
    alarms, n_no, misses, n_yes = counts
    return GroupRow(
        group=name,
        n=n_no + n_yes,
        n_positive=n_yes,
        few=False,
        rates={
            "base rate": _rate(n_yes, n_no + n_yes),
            "false positive rate": _rate(alarms, n_no),
            "false negative rate": _rate(misses, n_yes),
        },
    )


def _rate(n_yes: int, n: int) -> Rate:
    share = n_yes / n
    return Rate(value=share, low=max(share - 0.02, 0), high=min(share + 0.02, 1), n=n)


def findings(*results: Result, names: tuple[str, ...] = tuple(PUBLISHED)) -> Findings:
    """Make findings of these results; kinds without one are not measurable."""
    kinds = {each.bias for each in results}
    rows = tuple(
        ImpossibleRow(
            group=name,
            n=3000,
            base_rate=0.5,
            precision=0.63,
            false_negative_rate=0.28,
            false_positive_rate=0.45,
            implied=0.42,
        )
        for name in names
    )
    points = tuple(
        TradeOffPoint(
            name=name,
            accuracy=accuracy,
            accuracy_low=accuracy - 0.01,
            accuracy_high=accuracy + 0.01,
            gap=gap,
            gap_low=gap / 2,
            gap_high=gap * 1.5,
            thresholds={},
        )
        for name, accuracy, gap in (("as it is", 0.66, 0.21), ("equal false positive rates", 0.64, 0.02))
    )
    impossible = Impossible(
        column="race", precision=0.61, false_negative_rate=0.37, rows=rows, sentence="Both cannot be.", source="here"
    )
    return Findings(
        results=results,
        unmeasured={kind: "nothing is known of it. Give it: --more" for kind in KINDS if kind not in kinds},
        rates=(rates(names),),
        impossible=(impossible,),
        trade_offs=(TradeOff(column="race", rate="false positive rate", points=points),),
        n_tests=len(results),
        level=0.05,
    )


def account(given: Findings | None = None, *, title: str = "compas.csv") -> BiasAccount:
    """Make an account of a table of decisions."""
    base = result(
        bias="historical", measure="base rate difference", axis=Axis.DIFFERENCE, estimate=0.12, low=0.09, high=0.14
    )
    usual = findings(result(), base, result(bias="aggregation", outcome=Outcome.NOT_SHOWN, p=0.4, p_holm=1.0))
    return BiasAccount(
        title=title,
        subject="6,150 decisions",
        made=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
        unit="decision",
        findings=given or usual,
        yes="two_year_recid = 1",
        said="decile_score of 5 or more",
    )
