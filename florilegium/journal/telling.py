"""Tell each kind of event in one or two sentences, with its figures cited. Path: events -> **telling** -> prefill.

Says what the record holds and nothing else; where there is no record there is no line.
"""

from collections.abc import Sequence

from florilegium.evaluation.values import Outcome, Score
from florilegium.evaluation.words import about, percent
from florilegium.journal.events import OWN_DECK, Event, EventKind, Told
from florilegium.journal.footnotes import Footnotes, count, seconds, signed_points
from florilegium.report.ladder import PictureRung
from florilegium.report.plain import worded

OUTCOMES = {
    Outcome.BETTER: "better than the best simple rule",
    Outcome.NOT_SHOWN: "not shown to be better than the best simple rule",
    Outcome.WORSE: "worse than the best simple rule",
}
MODEL = "the model"


def verdict(event: Event, notes: Footnotes) -> str:
    """Tell what an opening of the sealed test set showed."""
    where = f"**Verdict on {event.project}**, opening {notes.say(event, 'number', count)} ({notes.day(event)})"
    if event.facts["verdict"] is None:
        return f"{where}: the judging was broken off; nothing is recorded.{notes.mark(event)}"
    outcome = OUTCOMES[Outcome(event.fact("verdict.outcome"))]
    rule = notes.say(event, "verdict.baseline.name", worded)
    gap = notes.say(event, "verdict.difference.value", signed_points)
    ends = [notes.say(event, f"verdict.difference.{end}", signed_points) for end in ("low", "high")]
    return (
        f"{where}: {outcome}. The model: {notes.score(event, 'verdict.model')}; {rule}, the best simple rule: "
        f"{notes.score(event, 'verdict.baseline')}. Difference: {gap} points ({ends[0]} to {ends[1]}). "
        f"{_passed(event, notes)}{notes.mark(event)}"
    )


def _passed(event: Event, notes: Footnotes) -> str:
    """Name the simple rules that got fewer items right than the model, and those that did not."""
    scores = event.fact("verdict.baselines")
    right = event.fact("verdict.model.n_right")
    names = [notes.say(event, f"verdict.baselines[{i}].name", worded) for i in range(len(scores))]
    fewer = [name for name, score in zip(names, scores, strict=True) if score["n_right"] < right]
    others = [name for name in names if name not in fewer]
    said = f"It got more right than {_and(fewer)}" if fewer else "It got no more right than any simple rule"
    return f"{said}; not more than {_and(others)}." if fewer and others else f"{said}."


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def trained(event: Event, notes: Footnotes) -> str:
    """Tell what a training brought, beside the best simple rule, both in cross-validation."""
    head = notes.say(event, "head", worded)
    encoder = notes.say(event, "encoder", lambda name: worded(str(name).rsplit("-", 1)[0]))
    line = (
        f"**Trained model {notes.say(event, 'number', count)} of {event.project}** ({notes.day(event)}): {head} head "
        f"on {encoder}, {notes.score(event, 'cross_validated')} in cross-validation"
    )
    place, best = _best(event.facts["baselines"])
    if best is not None:
        rule = notes.say(event, f"baselines[{place}].name", worded)
        line += f"; the best simple rule, {rule}, {notes.score(event, f'baselines[{place}]')}: "
        line += _beside(Score(**event.facts["cross_validated"]), best)
    took = notes.say(event, "seconds", seconds)
    return f"{line}. It took {took}.{notes.mark(event)}"


def _best(scores: Sequence[dict[str, object]]) -> tuple[int, Score | None]:
    found = [Score(**score) for score in scores]  # type: ignore[arg-type] # as the record holds them
    if not found:
        return 0, None
    place = max(range(len(found)), key=lambda i: found[i].accuracy)
    return place, found[place]


def _beside(model: Score, rule: Score) -> str:
    """Say whether a score lies above another, and never more than the ranges allow."""
    if model.low > rule.high:
        return "above it, ranges apart"
    if model.high < rule.low:
        return "below it, ranges apart"
    return "the ranges overlap, so this alone shows no difference"


def labelled(event: Event, notes: Footnotes, before: Event | None, after: Event | None) -> str:
    """Tell how many labels people gave, and what the next training brought after them."""
    n, n_items = notes.say(event, "n", count), notes.say(event, "n_items", count)
    line = f"**{n} {_noun(event.facts['n'], 'label')} given** in {event.project} on {n_items} "
    line += f"{_noun(event.facts['n_items'], 'item')}"
    for path, words in (("n_suggested", "with the model's suggestion in sight"), ("n_removed", "to take the item out")):
        if event.facts[path]:
            line += f", {notes.say(event, path, count)} {words}"
    if before is None or after is None:
        missing = "no model has been trained since" if after is None else "there was no model before"
        return f"{line}. What they brought is not known: {missing}.{notes.mark(event)}"
    was, now = Score(**before.facts["cross_validated"]), Score(**after.facts["cross_validated"])
    return (
        f"{line}. Before: {notes.score(before, 'cross_validated')} in cross-validation; after: "
        f"{notes.score(after, 'cross_validated')}: {_beside(now, was).replace('it,', 'the earlier one,')}."
        f"{notes.mark(event, before, after)}"
    )


def studied(event: Event, notes: Footnotes) -> str:
    """Tell how many cards were studied, and how many answers were known."""
    n, new, known = (notes.say(event, path, count) for path in ("n", "n_new", "n_known"))
    whose = "my own deck" if event.project == OWN_DECK else event.project
    line = f"**{n} {_noun(event.facts['n'], 'answer')} to {n_cards(event, notes)}** of {whose}"
    return f"{line}, {known} of them known; {new} seen for the first time.{notes.mark(event)}"


def decided(event: Event, notes: Footnotes) -> str:
    """Tell how many appeals were answered, how many of them were right, and how many blind audits were decided."""
    n_appeals, n_audits = event.facts["n_appeals"], event.facts["n_audits"]
    parts = []
    if n_appeals:
        upheld = notes.say(event, "n_upheld", count)
        parts.append(
            f"**{notes.say(event, 'n_appeals', count)} {_noun(n_appeals, 'appeal')} answered**, {upheld} upheld"
        )
    if n_audits:
        agreed = notes.say(event, "n_right", count)
        noun = f"blind {_noun(n_audits, 'audit')} decided"
        parts.append(f"**{notes.say(event, 'n_audits', count)} {noun}**, the answer right in {agreed}")
    late = event.facts["n_late"]
    slow = f"; {notes.say(event, 'n_late', count)} after the deadline" if late else ""
    return f"{' and '.join(parts)} in {event.project}{slow}.{notes.mark(event)}"


def n_cards(event: Event, notes: Footnotes) -> str:
    """Tell to how many cards answers were given."""
    return f"{notes.say(event, 'n_cards', count)} {_noun(event.facts['n_cards'], 'card')}"


def _noun(n: int, noun: str) -> str:
    return noun if n == 1 else f"{noun}s"


def held(told: Told, notes: Footnotes) -> str:
    """Tell what a project is and holds."""
    event = told.status
    n_classes = notes.say(event, "n_classes", count)
    line = f"**{told.project}** ({notes.say(event, 'source', worded)}): {notes.say(event, 'n_items', count)} items, "
    line += f"{n_classes} {'class' if event.facts['n_classes'] == 1 else 'classes'}"
    if event.facts["n_test"]:
        line += f"; {notes.say(event, 'n_test', count)} items are sealed for the test"
    if event.facts["n_openings"]:
        n = notes.say(event, "n_openings", count)
        line += f", and the seal was opened {n} {_noun(event.facts['n_openings'], 'time')}"
    return f"{line}.{notes.mark(event)}"


def worked(event: Event, notes: Footnotes) -> str:
    """Tell on how many days how many commands were carried out."""
    n, n_days = notes.say(event, "n", count), notes.say(event, "n_days", count)
    took = notes.say(event, "seconds", seconds)
    return (
        f"{event.project}: {n} {_noun(event.facts['n'], 'command')} on {n_days} {_noun(event.facts['n_days'], 'day')}, "
        f"{took} of computing.{notes.mark(event)}"
    )


def doubted(event: Event, notes: Footnotes) -> str | None:
    """Tell what an audit or a test of bias found; None for other commands."""
    command, details = event.facts["command"], event.facts["details"]
    if command == "audit" and "n_findings" in details:
        n = notes.say(event, "details.n_findings", count)
        noun = "thing" if details["n_findings"] == 1 else "things"
        kinds = [notes.say(event, f"details.checks[{i}]", worded) for i in range(len(details.get("checks", ())))]
        what = f": {_and(kinds)}" if kinds else ""
        return f"The audit of {event.project} ({notes.day(event)}) named {n} doubtful {noun}{what}.{notes.mark(event)}"
    if command == "bias" and "n_found" in details:
        n, of = notes.say(event, "details.n_found", count), notes.say(event, "details.n", count)
        noun = "gap" if details["n_found"] == 1 else "gaps"
        return (
            f"The tests of bias on {event.project} ({notes.day(event)}) found {n} {noun} in {of} answers."
            f"{notes.mark(event)}"
        )
    return None


def learned(event: Event, notes: Footnotes) -> str | None:
    """Tell what a verdict that was not better could not show, and what would; None for one that was."""
    verdict_facts = event.facts["verdict"]
    if verdict_facts is None or verdict_facts["outcome"] != Outcome.NOT_SHOWN:
        return None
    smallest = notes.say(event, "verdict.smallest_difference", lambda share: percent(share).removesuffix(" %"))
    more = verdict_facts["n_more_for_one_point"]
    hint = ""
    if more is not None:
        hint = f"; about {notes.say(event, 'verdict.n_more_for_one_point', about)} more labels would show one point"
    return (
        f"On the test set of {event.project} a difference smaller than {smallest} points would often go unseen{hint}."
        f"{notes.mark(event)}"
    )


def rungs(event: Event) -> tuple[PictureRung, ...]:
    """Give the rungs of the ladder of a verdict or a training; none where nothing was judged."""
    if event.kind is EventKind.OPENING:
        verdict_facts = event.facts["verdict"]
        if verdict_facts is None:
            return ()
        model, rules = verdict_facts["model"], verdict_facts["baselines"]
    else:
        model, rules = event.facts["cross_validated"], event.facts["baselines"]
    found = [PictureRung(name=MODEL, score=_score(model), is_model=True)]
    return (*found, *(PictureRung(name=str(rule["name"]), score=_score(rule)) for rule in rules))


def _score(facts: dict[str, object]) -> Score:
    # Fields by name.
    return Score(**{name: facts[name] for name in Score.__dataclass_fields__ if name in facts})  # type: ignore[arg-type]
