"""What a test of bias found, and the rates of groups, as frozen values. Path: **bias** -> report.

No number stands here without its range and its count; where there is none, a sentence says why and what would help.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

KINDS = ("historical", "representation", "measurement", "evaluation", "aggregation", "deployment")
ERRORS = "errors"  # the seventh heading: group error rates


class Outcome(StrEnum):
    """What a test says."""

    FOUND = "found"
    NOT_SHOWN = "not shown"  # and a gap that matters would have been seen
    TOO_FEW = "too few to tell"
    NOT_MEASURABLE = "not measurable"


class Axis(StrEnum):
    """What kind of number an estimate is, and where "no bias" lies on it."""

    SHARE = "share"  # 0..1
    DIFFERENCE = "difference"  # of shares, -1..1; 0: none
    RATIO = "ratio"  # above 0; 1: none
    NUMBER = "number"  # from 0 on; 0: none


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One comparison, with how sure it is."""

    bias: str  # one of KINDS, or ERRORS
    measure: str  # a stable name: "base rate ratio", "false positive rate difference"
    axis: Axis
    column: str  # the column of groups; empty: of the whole
    groups: tuple[str, ...]  # (this, the one it is compared with), or those that are meant; may be empty
    estimate: float | None  # None: nothing could be computed, and `sentence` says why
    low: float | None
    high: float | None
    p: float | None  # two-sided; None: nothing was tested
    p_holm: float | None = None  # corrected over everything that `Findings` holds
    n: int  # items that it rests on
    outcome: Outcome
    sentence: str  # for a beginner
    advice: str  # what to do; empty where there is nothing to do
    source: str  # of the method
    n_more: int | None = None  # more items of `smaller` to see a gap that matters with 80 % power; None: unknown
    smaller: str = ""  # the group with fewer items
    hypothesis: str = ""  # results that share it are one test seen twice (ratio and difference), counted once by Holm


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A share in one group, or why there is none."""

    value: float | None  # 0..1; calibration: mean score minus share of positives, -1..1
    low: float | None
    high: float | None
    n: int  # what it is a share of
    why: str = ""  # why there is no value


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """All rates of one group; the names of `rates` are those of `RATES`."""

    group: str
    n: int
    n_positive: int | None  # None: no label, or many classes
    few: bool  # smaller than the smallest group that is tested
    rates: Mapping[str, Rate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How far apart the groups that are large enough lie in one rate: highest, lowest, and their gap and ratio."""

    rate: str
    highest: str  # group
    lowest: str
    gap: float  # highest minus lowest, 0..1
    gap_low: float
    gap_high: float
    ratio: float | None  # lowest over highest, 0..1; None: the highest is 0
    ratio_low: float | None
    ratio_high: float | None


RATES = {
    "base rate": "share of the group that truly is positive",
    "selection rate": "share of the group that was said to be positive",
    "false positive rate": "of those who are not positive, the share said to be positive",
    "false negative rate": "of those who are positive, the share said not to be",
    "precision": "of those said to be positive, the share that is",
    "accuracy": "share answered right",
    "calibration": "mean probability given to positive minus the share that is positive (many classes: mean confidence "
    "minus the share answered right)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRates:
    """The rates of every group of one column."""

    column: str
    reference: str  # the group that others are compared with
    rows: tuple[GroupRow, ...]  # largest first; bins of numbers by number
    spreads: tuple[Spread, ...]
    n_missing: int  # items without a group


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpossibleRow:
    """One group's rates, and the false positive rate that equal precision and misses would force on it."""

    group: str
    n: int
    base_rate: float
    precision: float | None
    false_negative_rate: float | None
    false_positive_rate: float | None
    implied: float | None  # base/(1-base) * (1-precision)/precision * (1-FNR), precision and FNR of the whole; 0..1


@dataclass(frozen=True, slots=True, kw_only=True)
class Impossible:
    """Why equal precision, misses and false alarms exclude each other, on the user's own numbers."""

    column: str
    precision: float  # of all together
    false_negative_rate: float
    rows: tuple[ImpossibleRow, ...]
    sentence: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeOffPoint:
    """One way to set thresholds: how accurate, and how far apart the groups' rates are then, on held-out items."""

    name: str  # "as it is", "one threshold", "equal false positive rates", ...
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    gap: float  # largest minus smallest, of the rate that the curve is about
    gap_low: float
    gap_high: float
    thresholds: Mapping[str, float]  # per group; from it on the answer is positive
    cost: float = 0.0  # right answers lost against the first point of the curve, on the same items, -1..1
    cost_low: float = 0.0
    cost_high: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeOff:
    """What smaller gaps between the groups of one column cost in right answers."""

    column: str
    rate: str  # what is made equal: "selection rate" or "equalized odds" (larger gap of the two error rates)
    points: tuple[TradeOffPoint, ...]
    why: str = ""  # why there are no points


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """How many more items of one group it takes to see a gap to another, at the level that all tests are held to."""

    column: str
    group: str
    against: str  # the group that others are compared with
    rate: str  # in which the gap is looked for: a key of RATES
    n: int  # items of the group now
    seen: float  # the smallest gap that is seen now with 80 % power, 0..1
    more: tuple[tuple[float, int | None], ...]  # (gap, more items); None: the other group too is too small for that


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What each item weighs while learning so that the label tells nothing of the group any more."""

    column: str
    rows: tuple[tuple[str, float, float], ...]  # (group, weight of its yes, weight of its no); 0: it has none


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that `examine` found, Holm-corrected together."""

    results: tuple[Result, ...]  # in the order of KINDS, then ERRORS
    unmeasured: Mapping[str, str]  # kind -> why nothing of it could be measured, and what to give
    rates: tuple[GroupRates, ...]  # per column
    impossible: tuple[Impossible, ...]
    trade_offs: tuple[TradeOff, ...]
    n_tests: int  # hypotheses that Holm's correction counted
    level: float  # chance of any false find, over all of them together
    gap: float = 0.1  # of shares, that matters
    notes: tuple[str, ...] = ()  # what was left out or put together, in sentences
    needs: tuple[Need, ...] = ()  # how many more of each group it takes
    weights: tuple[Weights, ...] = ()  # for learning anew

    def of(self, bias: str) -> tuple[Result, ...]:
        """Give the results of one kind."""
        return tuple(result for result in self.results if result.bias == bias)

    @property
    def found(self) -> tuple[Result, ...]:
        """Give the results that are gaps."""
        return tuple(result for result in self.results if result.outcome is Outcome.FOUND)
