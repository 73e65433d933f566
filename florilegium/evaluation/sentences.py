"""The verdict in words that a beginner understands. Path: **evaluation** (used by its verdict).

Reads a verdict's numbers and says them; computes none and judges nothing.
"""

from florilegium.evaluation.values import Outcome, Score, Verdict
from florilegium.evaluation.words import about, counted, ordinal, percent, percent_bare, points


def sentence(verdict: Verdict) -> str:
    """Say outcome, accuracy, gap to the best simple rule, and what the numbers do not show.

    Leads with the accuracy on sources never seen where that is lower: it is the one that a new user will meet.
    """
    says = [f"{_opening_words(verdict)} {_model(verdict)}, {_gap(verdict)}{_found_by_chance(verdict)}."]
    says += [_power(verdict)] if verdict.outcome is Outcome.NOT_SHOWN else []
    says += (
        ["Use the simple rule, or look again at the labels and the items."] if verdict.outcome is Outcome.WORSE else []
    )
    says += [_stricter(verdict)] if verdict.opening > 1 else []
    return " ".join(says)


def _opening_words(verdict: Verdict) -> str:
    word = {
        Outcome.BETTER: "Better",
        Outcome.NOT_SHOWN: "Not shown to be better",
        Outcome.WORSE: "Worse",
    }[verdict.outcome]
    if not leads_with_new_sources(verdict) or verdict.new_sources is None:
        return f"{word}: the model gets"
    lower = ranged(verdict.new_sources)
    return f"Expect {lower} right on items from sources never seen. {word} on the test set: the model gets"


def leads_with_new_sources(verdict: Verdict) -> bool:
    """Tell whether the accuracy on sources never seen is known, and lower than every other that could be led with."""
    if verdict.new_sources is None:
        return False
    others = [verdict.model] if verdict.same_sources is None else [verdict.model, verdict.same_sources]
    return all(verdict.new_sources.accuracy < other.accuracy for other in others)


def ranged(score: Score) -> str:
    """Write an accuracy with its range: 96.4 % (94.0 to 97.9)."""
    return f"{percent(score.accuracy)} ({percent_bare(score.low)} to {percent_bare(score.high)})"


def _model(verdict: Verdict) -> str:
    n, right = verdict.n_test, verdict.model.n_right
    if right == n:
        all_of = "the only unseen item" if n == 1 else f"all {n:,} unseen items"
        return f"{all_of} right (which fits any true accuracy from {percent(verdict.model.low)} on)"
    if right == 0:
        none_of = "the only unseen item wrong" if n == 1 else f"none of {n:,} unseen items right"
        return f"{none_of} (which fits any true accuracy up to {percent(verdict.model.high)})"
    return f"{ranged(verdict.model)} of {counted(n, 'unseen item')} right"


def _gap(verdict: Verdict) -> str:
    gap, rule = verdict.difference, f"the best simple rule ({verdict.baseline.name})"
    if verdict.n_only_model == verdict.n_only_baseline == 0:
        return f"exactly those that {rule} gets right"
    if gap.value == 0:
        return f"as many as {rule}, though not the same ones"
    # A gap below 0 is told from the rule's side, so that nobody has to read a minus twice.
    sign, word = (1, "more") if gap.value > 0 else (-1, "fewer")
    low, high = sorted((sign * gap.low, sign * gap.high))
    value = points(sign * gap.value)
    unit = "point" if value == "1.0" else "points"
    return f"{value} {unit} ({points(low)} to {points(high)}) {word} than {rule}"


def _found_by_chance(verdict: Verdict) -> str:
    """Explain a gap whose range leaves out 0 but that is not called better or worse."""
    if verdict.outcome is not Outcome.NOT_SHOWN or verdict.difference.low <= 0 <= verdict.difference.high:
        return ""
    if verdict.difference.low > 0 and max(verdict.p_value, verdict.p_value_groups) <= verdict.alpha:
        return ", but another simple rule is not beaten surely enough"
    return ", which so few disagreements do not make sure"


def _power(verdict: Verdict) -> str:
    if verdict.smallest_difference >= 1:
        able = "This test set is too small to show any difference"
    else:
        able = f"This test set could show a difference of {points(verdict.smallest_difference)} points"
    if verdict.n_more_for_one_point is None:
        return f"{able}."
    return f"{able}; label about {about(verdict.n_more_for_one_point)} more to show 1 point."


def _stricter(verdict: Verdict) -> str:
    allowed = percent(verdict.alpha)
    return (
        f"This was the {ordinal(verdict.opening)} look at the test set, so a stricter bar held: a difference counts "
        f"only if chance alone would show one this large less than {allowed} of the time."
    )
