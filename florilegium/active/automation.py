"""Do people say what the model says because it says so? Path: bias -> **active** -> report.

A random share of items hides the model's suggestion. How often people agree with it when they see it, less how often
they do when they do not, is what the sight of it brings about: automation bias. Takes yes and no; asks nobody.
"""

from dataclasses import dataclass

import numpy as np

from florilegium.bias.contrast import Side, effect_of, n_more_needed, shares
from florilegium.bias.result import Outcome
from florilegium.errors import InputError
from florilegium.evaluation.intervals import LEVEL, score
from florilegium.evaluation.values import Difference, Score
from florilegium.evaluation.words import counted, percent, points
from florilegium.types import Bools, Ints

GAP = 0.1  # a difference of ten points matters, as everywhere in `bias`


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationBias:
    """Agreement with the model's suggestion in sight and out of sight."""

    outcome: Outcome
    shown: Score | None  # agreement where the suggestion was shown; None: it never was
    hidden: Score | None
    difference: Difference | None  # shown minus hidden, -1..1; None: one of the two is missing
    n_more: int | None  # more items of the rarer kind to see a difference of ten points; None: unknown
    sentence: str

    @property
    def n(self) -> int:
        """Count the items."""
        return sum(part.n for part in (self.shown, self.hidden) if part is not None)

    def __str__(self) -> str:
        """Say it with its range."""
        return self.sentence


def automation_bias(agreed: Bools, shown: Bools, *, clusters: Ints | None = None) -> AutomationBias:
    """Compare agreement with the model where its suggestion was shown and where chance hid it.

    Args: agreed: (n,) the person said what the model would have said.  shown: (n,) the person saw that first.
        clusters: (n,) items with one number are no independent cases (near-copies); None: all are.
    Raises: InputError: unequal lengths.
    Ranges: Wilson's for each, Newcombe's (1998, method 10) or the bootstrap's for the difference.

    >>> rng = np.random.default_rng(0)
    >>> shown = np.arange(500) % 5 > 0
    >>> print(automation_bias(rng.random(500) < np.where(shown, 0.9, 0.7), shown))
    With the model's suggestion in sight people agreed with it in 88.0 % of 400 cases, without it in 66.0 % of 100:
    22.0 points more (12.3 to 31.9). The sight of it sways people: show it less, or later.
    """
    if len(agreed) != len(shown):
        message = f"{len(agreed)} answers, {len(shown)} notes on whether a suggestion was shown: expected one per item"
        raise InputError(message)
    groups = np.arange(len(agreed), dtype=np.int64) if clusters is None else clusters
    there = [
        score(name, agreed[rows], groups[rows]) if rows.any() else None
        for name, rows in (("shown", shown), ("hidden", ~shown))
    ]
    if there[0] is None or there[1] is None:
        return _unmeasured(there[0], there[1])
    sides = [
        Side(n_yes=part.n_right, n=part.n, n_effective=part.n / effect_of(agreed[rows], groups[rows]))
        for part, rows in zip((there[0], there[1]), (shown, ~shown), strict=True)
    ]
    gap = shares(sides[0], sides[1]).difference
    outcome = _outcome(gap.low, gap.high)
    n_more = n_more_needed(sides[0], sides[1], GAP) if outcome is Outcome.TOO_FEW else 0
    difference = Difference(value=gap.value, low=gap.low, high=gap.high, level=LEVEL)
    return AutomationBias(
        outcome=outcome,
        shown=there[0],
        hidden=there[1],
        difference=difference,
        n_more=n_more,
        sentence=_sentence(there[0], there[1], difference, outcome, n_more),
    )


def _outcome(low: float, high: float) -> Outcome:
    if low > 0 or high < 0:
        return Outcome.FOUND
    return Outcome.TOO_FEW if high >= GAP else Outcome.NOT_SHOWN


def _unmeasured(shown: Score | None, hidden: Score | None) -> AutomationBias:
    missing = "hidden" if hidden is None else "shown"
    told = f"No suggestion of the model was ever {missing}, so what the sight of it does cannot be told."
    if shown is None and hidden is None:
        told = "Nothing was labelled beside a suggestion of the model yet."
    return AutomationBias(
        outcome=Outcome.NOT_MEASURABLE, shown=shown, hidden=hidden, difference=None, n_more=None, sentence=told
    )


def _sentence(shown: Score, hidden: Score, gap: Difference, outcome: Outcome, n_more: int | None) -> str:
    sign, word = (1, "more") if gap.value >= 0 else (-1, "fewer")
    low, high = sorted((sign * gap.low, sign * gap.high))
    says = (
        f"With the model's suggestion in sight people agreed with it in {percent(shown.accuracy)} of "
        f"{counted(shown.n, 'case')}, without it in {percent(hidden.accuracy)} of {hidden.n:,}: "
        f"{points(sign * gap.value)} points {word} ({points(low)} to {points(high)})."
    )
    if outcome is Outcome.TOO_FEW:
        more = f": about {n_more:,} more of the rarer kind would do" if n_more else ""
        return f"{says} Too few to tell{more}."
    if outcome is Outcome.NOT_SHOWN:
        return f"{says} No sway is shown, and one of ten points would have been seen."
    if gap.value < 0:
        return f"{says} People contradict it when they see it."
    return f"{says} The sight of it sways people: show it less, or later."
