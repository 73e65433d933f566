"""What a reader of the verdict should know before trusting it. Path: **evaluation** (used by its verdict).

Each caution is a sentence with its number. Reads a verdict; changes nothing in it.
"""

from collections.abc import Iterator

from florilegium.evaluation.sentences import ranged
from florilegium.evaluation.values import Outcome, Verdict
from florilegium.evaluation.words import counted, listed, ordinal, percent, points

MIN_PER_CLASS = 30  # at 30 answers the widest 95 % range is 0.337 (test_evaluation)
MIN_GROUPS = 30  # with fewer, the spread between groups is itself hardly known
COARSE = 0.05  # a test set that sees only differences above 5 points misses most of what choices of model bring
MANY_OPENINGS = 5  # from here on a difference must be more than 1.3 times as large to be shown as at the first
SPREAD = 0.05  # accuracy lost on new sources, or confidence off, by more than this changes decisions


def cautions(verdict: Verdict, *, unbeaten: tuple[str, ...], classes: tuple[str, ...]) -> tuple[str, ...]:
    """Give all cautions, the gravest kind first.

    Args: unbeaten: baselines that the model is not shown to be better than.  classes: all class names, to see which
        the test set lacks.
    """
    parts = (
        _leaks(verdict),
        _sanity(verdict),
        _sources(verdict),
        _baselines(verdict, unbeaten),
        _openings(verdict),
        _size(verdict),
        _classes(verdict, classes),
        _confidence(verdict),
    )
    return tuple(caution for part in parts for caution in part)


def _leaks(verdict: Verdict) -> Iterator[str]:
    if not verdict.n_leaked:
        return
    has = "has" if verdict.n_leaked == 1 else "have"
    said = f"{verdict.n_leaked:,} of {counted(verdict.n_test, 'test item')} {has} a near-duplicate in training"
    if verdict.leak_free is None:
        yield f"{said}: no test item is truly new, so the score says nothing about new ones."
    else:
        yield f"{said}; on the others the model gets {ranged(verdict.leak_free)} right."


def _sanity(verdict: Verdict) -> Iterator[str]:
    yield from (check.message for check in verdict.sanity if not check.passed)


def _sources(verdict: Verdict) -> Iterator[str]:
    new, same = verdict.new_sources, verdict.same_sources or verdict.model
    if new is not None and same.accuracy - new.accuracy > SPREAD:
        lost = points(same.accuracy - new.accuracy)
        yield f"From sources never seen the model gets {ranged(new)} right, {lost} points fewer than from known ones."


def _baselines(verdict: Verdict, unbeaten: tuple[str, ...]) -> Iterator[str]:
    if "shortcut" in verdict.baseline.name.lower():
        yield (
            f"The best simple rule ({verdict.baseline.name}) sees only file facts, never what the items show: "
            "the files tell the labels."
        )
    if verdict.outcome is Outcome.NOT_SHOWN and len(unbeaten) > 1:
        n = len(verdict.baselines)
        yield f"Not shown to be better than {len(unbeaten)} of {n} simple rules: {listed(unbeaten)}."


def _openings(verdict: Verdict) -> Iterator[str]:
    if verdict.opening == 1:
        return
    yield (
        f"This test set has been looked at {verdict.opening} times. The stricter bar prices the looks, but not what "
        "was learned by studying its mistakes: after that only new items give a fresh answer."
    )
    if verdict.opening >= MANY_OPENINGS:
        yield f"The {ordinal(verdict.opening)} look needs much more evidence than the first; seal a new test set."


def _size(verdict: Verdict) -> Iterator[str]:
    if verdict.smallest_difference > COARSE:
        able = "no difference at all"
        if verdict.smallest_difference < 1:
            able = f"only differences of {points(verdict.smallest_difference)} points or more"
        yield f"The test set is small: {counted(verdict.n_test, 'item')} can show {able}."
    if verdict.n_groups < min(MIN_GROUPS, verdict.n_test):
        yield (
            f"The {counted(verdict.n_test, 'test item')} form only {counted(verdict.n_groups, 'group')} of items "
            "that belong together, so all ranges are wide."
        )


def _classes(verdict: Verdict, classes: tuple[str, ...]) -> Iterator[str]:
    tested = {score.name: score.n for score in verdict.per_class}
    if absent := [name for name in classes if name not in tested]:
        has = "has" if len(absent) == 1 else "have"
        which = counted(len(absent), "class", "classes")
        yield f"{which} {has} no test items, so nothing is known of: {listed(absent)}."
    small = sorted((n, name) for name, n in tested.items() if n < MIN_PER_CLASS)
    if small:
        have, own = ("has", "its own figure is") if len(small) == 1 else ("have", "their own figures are")
        few = listed(f"{name} ({n})" for n, name in small)
        total = counted(len(classes), "class", "classes")
        yield f"{len(small)} of {total} {have} fewer than {MIN_PER_CLASS} test items, so {own} rough: {few}."


def _confidence(verdict: Verdict) -> Iterator[str]:
    off, least = verdict.calibration_error, verdict.calibration_low
    if off is not None and least is not None and off > SPREAD and least > 0:
        yield f"Its confidence is off by {points(off)} points on average: do not read it as the chance of being right."
    if verdict.n_unknown and verdict.answered is None:
        yield "The model abstains on every test item."
    elif verdict.n_unknown:
        share = percent(verdict.n_unknown / verdict.n_test)
        on = counted(verdict.n_unknown, "test item")
        yield f"The model abstains on {on} ({share}); the score counts its guesses there."
