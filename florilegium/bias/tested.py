"""From single tests to results: Holm's correction over all of them, and the words for it. Path: **bias**.

A test may be printed twice, as a ratio and as a difference; it counts once. A gap counts as found only where it is
harmful, so a model that weakens a link between group and class is not blamed for it.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from florilegium.bias.contrast import Side, n_more_needed, reach
from florilegium.bias.result import Axis, Outcome, Result
from florilegium.evaluation.words import counted, points

P_LEAST = 0.0001  # smaller ones are written as "less than"
SMALL_WORDS = "It is certain, but small."
SMALL = 0.02  # a difference of shares whose whole range is nearer to 0 than this is called small


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """One comparison before the correction."""

    bias: str
    measure: str
    axis: Axis
    column: str = ""
    groups: tuple[str, ...] = ()
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    n: int
    fact: str  # a sentence that ends with a full stop
    advice: str  # given where a gap is found
    source: str
    error: float = 0.0  # standard error in shares; infinite: too little to test; 0: nothing to be unsure of
    # level -> the estimate that would have been seen with 80 % power; takes the place of `error`
    detectable: Callable[[float], float] | None = None
    sides: tuple[Side, Side] | None = None  # the two shares, to say how many more items it takes
    certain: bool = False  # found by counting, without chance: nothing to test
    harmful: bool = True  # False: whatever is there goes the harmless way
    n_more: int | None = None  # where `sides` cannot tell
    smaller: str = ""  # the group that `n_more` is about
    hypothesis: str = ""  # empty: made from measure, column and groups

    @property
    def key(self) -> str:
        """Name the hypothesis."""
        return self.hypothesis or f"{self.bias}|{self.measure}|{self.column}|{'|'.join(self.groups)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What all tests together are held to."""

    level: float
    gap: float  # of shares, that matters
    min_group: int
    n_tests: int

    @property
    def alpha(self) -> float:
        """Give the level that a single test can count on: that of the strictest step of Holm's correction."""
        return self.level / max(self.n_tests, 1)

    def would_show(self, test: Tested) -> bool:
        """Tell whether a gap that matters would have been seen with 80 % power, correction included."""
        if test.detectable is not None:
            return test.detectable(self.alpha) <= self.gap
        return test.error * reach(self.alpha) <= self.gap


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values so that the chance of any false find is at most the level that they are compared with.

    Source: Holm (1979), Scandinavian Journal of Statistics 6(2), 65-70.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    m = len(p_values)
    corrected = [0.0] * m
    so_far = 0.0
    for rank, i in enumerate(sorted(range(m), key=p_values.__getitem__)):
        so_far = max(so_far, min(1.0, (m - rank) * p_values[i]))
        corrected[i] = so_far
    return corrected


def settled(tests: Iterable[Tested], *, level: float, gap: float, min_group: int) -> tuple[tuple[Result, ...], int]:
    """Correct all tests together and say what each found; give the results and how many hypotheses were counted."""
    given = tuple(tests)
    p_of: dict[str, float] = {}
    for test in given:
        if test.p is not None:
            p_of[test.key] = max(test.p, p_of.get(test.key, 0.0))
    p_holm = dict(zip(p_of, holm(tuple(p_of.values())), strict=True))
    plan = Plan(level=level, gap=gap, min_group=min_group, n_tests=len(p_of))
    return tuple(_result(test, p_holm.get(test.key), plan) for test in given), len(p_of)


def _result(test: Tested, p_holm: float | None, plan: Plan) -> Result:
    p_holm = None if test.p is None else p_holm
    outcome = _outcome(test, p_holm, plan)
    n_more = _n_more(test, outcome, plan)
    return Result(
        bias=test.bias,
        measure=test.measure,
        axis=test.axis,
        column=test.column,
        groups=test.groups,
        estimate=test.estimate,
        low=test.low,
        high=test.high,
        p=test.p,
        p_holm=p_holm,
        n=test.n,
        outcome=outcome,
        sentence=f"{test.fact} {_ending(test, outcome, p_holm, plan)}".strip(),
        advice=_advice(test, outcome, n_more),
        source=test.source,
        n_more=n_more,
        smaller=test.smaller,
        hypothesis=test.key,
    )


def _outcome(test: Tested, p_holm: float | None, plan: Plan) -> Outcome:
    if test.estimate is None:
        return Outcome.NOT_MEASURABLE
    if test.certain or (p_holm is not None and p_holm <= plan.level and test.harmful):
        return Outcome.FOUND
    return Outcome.NOT_SHOWN if plan.would_show(test) else Outcome.TOO_FEW


def _n_more(test: Tested, outcome: Outcome, plan: Plan) -> int | None:
    """Give how many more items of the smaller group it takes, where there are too few."""
    if outcome is not Outcome.TOO_FEW or test.sides is None:
        return test.n_more
    least = math.ceil(plan.min_group - min(side.n_effective for side in test.sides))
    more = n_more_needed(*test.sides, plan.gap, alpha=plan.alpha)
    return None if more is None else max(more, least)


def _ending(test: Tested, outcome: Outcome, p_holm: float | None, plan: Plan) -> str:
    if outcome is Outcome.NOT_MEASURABLE or p_holm is None:
        return ""
    matters = f"a gap of {points(plan.gap)} points"
    if outcome is Outcome.TOO_FEW:
        return f"Too few to tell: {matters} could well have gone unseen."
    if outcome is Outcome.NOT_SHOWN:
        way = "That is the harmless direction" if not test.harmful else "Chance alone may do that"
        return f"{way}; {matters} would probably have been seen."
    p_words = f"p < {P_LEAST}" if p_holm < P_LEAST else f"p = {p_holm:.2g}"
    corrected = ", corrected" if plan.n_tests > 1 else ""
    size = f" {SMALL_WORDS}" if _is_small(test) else ""
    return f"That is beyond chance ({p_words}{corrected}).{size}"


def _is_small(test: Tested) -> bool:
    if test.axis is not Axis.DIFFERENCE or test.low is None or test.high is None:
        return False
    return max(abs(test.low), abs(test.high)) < SMALL


def _advice(test: Tested, outcome: Outcome, n_more: int | None) -> str:
    if outcome is Outcome.FOUND or outcome is Outcome.NOT_MEASURABLE:
        return test.advice
    if outcome is Outcome.TOO_FEW and n_more:
        who = f" of {test.smaller}" if test.smaller else ""
        return f"Collect about {counted(_rounded(n_more), 'more item')}{who}, then test again."
    return "Collect more before anybody relies on this." if outcome is Outcome.TOO_FEW else ""


def _rounded(n: int) -> int:
    """Round up to two digits: nobody knows it better.

    >>> _rounded(1234), _rounded(7)
    (1300, 7)
    """
    unit = int(10 ** max(len(str(n)) - 2, 0))
    return math.ceil(n / unit) * unit
