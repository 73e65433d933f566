"""The six kinds as chapters: what was found, drawn, and all that was compared. Path: bias -> **report**.

Chooses, orders and counts; every figure and every sentence on a figure comes from `bias`. Writes no HTML.
"""

from collections.abc import Iterable, Sequence

from florilegium.bias.result import ERRORS, KINDS, Axis, Findings, Outcome, Result
from florilegium.bias.tested import SMALL_WORDS
from florilegium.evaluation.words import counted, percent
from florilegium.report.bias_pictures import Figure, Picture, picture
from florilegium.report.bias_values import Chapter, Comparison, Statement
from florilegium.report.scales import ranged, written

HEDGE = " That is beyond chance"  # how the part on chance begins in the sentence of a gap
STATEMENTS_MOST = 5  # per chapter; the table below them holds all
QUIET_MOST = 2  # sentences on what was not shown, where nothing was found
PICTURES_MOST = 2
P_LEAST = 0.001
P_CERTAIN = 0.9995  # is written as 1
STATE_OF = {
    Outcome.FOUND: "gap",
    Outcome.NOT_SHOWN: "none",
    Outcome.TOO_FEW: "few",
    Outcome.NOT_MEASURABLE: "unmeasured",
}
# What leads the page, if there is a gap in it; a gap in "told yes" alone may be right where the groups do differ.
LEADS = ("false positive rate", "false negative rate", "accuracy", "precision", "calibration")
# A gap as one would say it aloud: shares of the two groups, then their names.
ALOUD = {
    "false positive rate": "Where no was true, {0} of {2} were told yes, and {1} of {3}",
    "false negative rate": "Where yes was true, {0} of {2} were told no, and {1} of {3}",
    "accuracy": "{0} of the answers about {2} are right, and {1} of those about {3}",
}
QUESTIONS = {
    "historical": "Before any model: is the label itself more frequent in some groups than in others?",
    "representation": "Who is in the data, and does the model make differences larger than they are?",
    "measurement": "Is what was written down what is meant, as well in one group as in the other?",
    "evaluation": "Is the test like the use that it is meant for?",
    "aggregation": "Is one rule made for groups that need different ones?",
    "deployment": "Is it used for what it was meant for, and does it still hold there?",
}


def chapters(findings: Findings, *, unit: str) -> tuple[Chapter, ...]:
    """Give the six chapters in their order."""
    return tuple(_chapter(kind, findings, unit) for kind in KINDS)


def ordered(findings: Findings, kind: str) -> list[Result]:
    """Give a kind's results, the clearest of each column first, the columns in turn as the user named them."""
    place = {rates.column: i for i, rates in enumerate(findings.rates)}
    n_before: dict[tuple[Outcome, str], int] = {}
    turns = []
    for result in clearest_first(findings.of(kind)):
        key = (result.outcome, result.column)
        n_before[key] = n_before.get(key, 0) + 1
        turns.append((list(STATE_OF).index(result.outcome), n_before[key], place.get(result.column, len(place))))
    results = clearest_first(findings.of(kind))
    return [result for _, result in sorted(zip(turns, results, strict=True), key=lambda pair: pair[0])]


def _chapter(kind: str, findings: Findings, unit: str) -> Chapter:
    results = ordered(findings, kind)
    state = _state(results)
    why = "" if state != "unmeasured" else findings.unmeasured.get(kind, "nothing that it needs is known.")
    return Chapter(
        key=kind,
        title=kind.capitalize(),
        question=QUESTIONS[kind],
        state=state,
        short=_short(results, state, why),
        why_not=why,
        statements=statements(results),
        pictures=pictures(results, unit=unit),
        others=comparisons(results),
        sources=tuple(dict.fromkeys(r.source for r in results if r.source)),
    )


def clearest_first(results: Sequence[Result]) -> list[Result]:
    """Order results: gaps first, the errors that people bear before others, the most certain first; then the rest."""
    order = list(STATE_OF)
    return sorted(
        results,
        key=lambda r: (order.index(r.outcome), _weight(r), 1.0 if r.p_holm is None else r.p_holm, -_size(r)),
    )


def _size(result: Result) -> float:
    """Give how far an estimate is from "no gap", for ordering among equals."""
    if result.estimate is None:
        return 0.0
    if result.axis is Axis.RATIO:
        return max(result.estimate, 1 / result.estimate) if result.estimate > 0 else float("inf")
    return abs(result.estimate)


def _state(results: Sequence[Result]) -> str:
    outcomes = {result.outcome for result in results}
    return next((state for outcome, state in STATE_OF.items() if outcome in outcomes), "unmeasured")


def _short(results: Sequence[Result], state: str, why: str) -> str:
    """Say a chapter's result in one sentence, for the overview."""
    if state == "unmeasured":
        return _first_sentence(why)
    if state == "gap":
        return _first_sentence(results[0].sentence)
    asked = [result for result in results if result.outcome is not Outcome.NOT_MEASURABLE]
    return f"{counted(len(asked), 'comparison')}, none of them a gap that chance would not explain."


def unhedged(sentence: str) -> str:
    """Leave out what a sentence says of chance: the page says that once for all, and p stands in the tables.

    That a gap is small stays: "found" alone would sound like more.
    """
    said, _, chance = sentence.partition(HEDGE)
    return f"{said} {SMALL_WORDS}" if chance.endswith(SMALL_WORDS) else said


def _first_sentence(text: str) -> str:
    first, _, _ = text.partition(". ")
    return f"{first.rstrip('.')}."


def statements(results: Sequence[Result]) -> tuple[Statement, ...]:
    """Say what was found, one test once; where nothing was, a little of what was looked at; last what is missing."""
    chosen = _one_per_hypothesis(r for r in results if r.outcome is Outcome.FOUND)[:STATEMENTS_MOST]
    if not chosen:
        chosen = _one_per_hypothesis(r for r in results if r.outcome is Outcome.NOT_SHOWN)[:QUIET_MOST]
        chosen = chosen or _one_per_hypothesis(r for r in results if r.outcome is Outcome.TOO_FEW)[:QUIET_MOST]
    chosen += [r for r in results if r.outcome is Outcome.NOT_MEASURABLE]
    said: list[Statement] = []
    advised: set[str] = set()
    for r in {r.sentence: r for r in chosen}.values():
        said.append(
            Statement(
                state=STATE_OF[r.outcome], sentence=unhedged(r.sentence), advice="" if r.advice in advised else r.advice
            )
        )
        advised.add(r.advice)
    return tuple(said)


def _one_per_hypothesis(results: Iterable[Result]) -> list[Result]:
    """Keep the first of results that are one test seen twice, as a ratio and a difference are."""
    kept: dict[object, Result] = {}
    for result in results:
        kept.setdefault(result.hypothesis or id(result), result)
    return list(kept.values())


def pictures(results: Sequence[Result], *, unit: str) -> tuple[Picture, ...]:
    """Draw the measures of which something was found, or the first ones where nothing was; two at most."""
    drawn: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        if result.estimate is not None and result.outcome in (Outcome.FOUND, Outcome.NOT_SHOWN):
            drawn.setdefault((result.measure, result.column), []).append(result)
    chosen = sorted(drawn.items(), key=lambda item: all(r.outcome is not Outcome.FOUND for r in item[1]))
    return tuple(_picture(measure, column, some, unit) for (measure, column), some in chosen[:PICTURES_MOST])


def _picture(measure: str, column: str, results: Sequence[Result], unit: str) -> Picture:
    caption = f"{measure.capitalize()}{f', by {column}' if column else ''}"
    figures = [
        Figure(
            label=between(result) or "all together",
            value=result.estimate,
            low=result.low,
            high=result.high,
            n=result.n,
            strong=result.outcome is Outcome.FOUND,
        )
        for result in results
    ]
    return picture(caption, results[0].axis, figures, unit=unit)


def between(result: Result) -> str:
    """Name the groups of a comparison: "A against B", or the one or the several that are meant."""
    if len(result.groups) == 2:
        return f"{result.groups[0]} against {result.groups[1]}"
    return ", ".join(result.groups)


def comparisons(results: Sequence[Result]) -> tuple[Comparison, ...]:
    """Give every result as a line of a table."""
    return tuple(
        Comparison(
            what=": ".join(filter(None, (result.measure, between(result) or result.column))),
            figure=written(result.axis, result.estimate),
            spread=ranged(result.axis, result.low, result.high),
            p=probability(result.p),
            p_holm=probability(result.p_holm),
            n=result.n,
            state=STATE_OF[result.outcome],
        )
        for result in results
    )


def probability(p: float | None) -> str:
    """Write a p-value.

    >>> [probability(p) for p in (None, 0.0000004, 0.04217, 1.0)]
    ['', '< 0.001', '0.042', '1']
    """
    if p is None:
        return ""
    return "< 0.001" if p < P_LEAST else "1" if p > P_CERTAIN else f"{p:.3f}"


def headline(findings: Findings, found: Sequence[Chapter]) -> tuple[str, str]:
    """Give the sentence to say first, and what follows it."""
    state = {key: [c.title.lower() for c in found if c.state == key] for key in ("gap", "none", "few", "unmeasured")}
    rest = [
        f"{said}: {', '.join(titles)}"
        for key, said in (
            ("gap", "Gaps that chance does not explain"),
            ("none", "none shown"),
            ("few", "too few to tell"),
            ("unmeasured", "not measurable here"),
        )
        if (titles := state[key])
    ]
    return _lead(findings), f"{'; '.join(rest)}.".capitalize() if rest else ""


def _weight(result: Result) -> int:
    """Give how early an error rate is spoken of: what people bear first, how many are told yes last; others alike."""
    if result.bias != ERRORS:
        return 0
    return next((i for i, name in enumerate(LEADS) if result.measure.startswith(name)), len(LEADS))


def _is_flat(result: Result) -> bool:
    """Tell whether a figure hides its size: 99 % is 1.01 times 98 %, but twice as many mistakes lie between them."""
    return result.axis is Axis.RATIO and result.measure.startswith("accuracy")


def plain(result: Result, findings: Findings) -> str:
    """Say a gap between two groups' rates as one would say it aloud; empty where it has no such form."""
    rate = next((name for name in ALOUD if result.measure.startswith(name)), None)
    rows = {row.group: row for rates in findings.rates if rates.column == result.column for row in rates.rows}
    if rate is None or len(result.groups) != 2 or not rows.keys() >= set(result.groups):
        return ""
    shares = [rows[group].rates[rate].value for group in result.groups if rate in rows[group].rates]
    spread = ranged(result.axis, result.low, result.high)
    if len(shares) < 2 or None in shares or not spread:
        return ""
    said = ALOUD[rate].format(
        *(percent(share) for share in shares if share is not None),
        *(f"{result.column} {group}" if group[:1].isdigit() else group for group in result.groups),
    )
    times = "times as often" if result.axis is Axis.RATIO else "apart"
    return f"{said}: {written(result.axis, result.estimate)} {times} ({spread})."


def _lead(findings: Findings) -> str:
    """Choose the gap of the first column in error rates that is surest; else any gap; else say that none was shown."""
    first = {rates.column: place for place, rates in enumerate(findings.rates)}
    errors = [r for r in clearest_first(findings.of(ERRORS)) if r.outcome is Outcome.FOUND]
    if errors:
        lead = min(errors, key=lambda r: (_weight(r), first.get(r.column, len(first)), _is_flat(r)))
        return plain(lead, findings) or unhedged(lead.sentence)
    gaps = clearest_first(findings.found)
    if gaps:
        return unhedged(gaps[0].sentence)
    if any(r.outcome is Outcome.NOT_SHOWN for r in findings.results):
        return "No gap between groups was shown."
    return "Too few to tell: no group is large enough for a comparison."
