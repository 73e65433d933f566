"""Promise an error rate for answers that are given without a person. Path: model -> **evaluation** -> queries.

A threshold of the probability is chosen so that, among the answers above it, at most a promised share is wrong. That
share does not fall steadily as the threshold rises, so conformal risk control, which needs that, does not bound it;
*learn then test* does, for any risk. Sees probabilities, and which answers were right; never a model.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, betaincinv, ndtri, stdtrit

from florilegium.errors import SettingError
from florilegium.evaluation.intervals import clustered, design_effect, score
from florilegium.evaluation.values import Score
from florilegium.evaluation.words import percent, percent_bare
from florilegium.types import Bools, Floats, Ints

ERROR, SURE = 0.02, 0.95  # what is promised where nobody says otherwise
PILOT = 0.1  # share of the groups that say where to look; the others are the test
N_LOOKS = 400  # thresholds that may be tested, from strict to loose
N_TRUSTED = 200  # items of the pilot that the model's own probabilities are worth, where it is said where to begin
MAX_ERROR = 0.5  # a promise that every second answer may be wrong is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A threshold, what is promised above it, and what it costs."""

    error: float  # 0..1, the promised share of wrong answers among the automatic ones, at most
    sure: float  # 0..1, how often such a promise is kept: the chance is over the answers it was made from
    threshold: float | None  # 0..1, of the probability; None: nothing can be promised
    automatic: Score  # items above the threshold, of all, with its range
    wrong: Score | None  # wrong ones among those, with its range; None: no item is above it
    bound: float  # 0..1, the error that could be promised at this threshold (at the best one, where there is none)
    n_tested: int  # items that the promise rests on; the others said where to look
    is_exact: bool  # items are independent, and the bound is that of the binomial; else groups count by their effect

    @property
    def is_given(self) -> bool:
        """Tell whether anything is promised."""
        return self.threshold is not None

    def __str__(self) -> str:
        """Say the promise with its ranges."""
        sure = f"{100 * self.sure:g} % sure"
        if self.threshold is None:
            return (
                f"{percent(self.error)} wrong answers cannot be promised ({sure}): with {self.automatic.n:,} answers "
                f"not less than {percent(self.bound)} could be"
            )
        share, low, high = self.automatic.accuracy, self.automatic.low, self.automatic.high
        return (
            f"at most {100 * self.error:g} % of automatic answers wrong ({sure}); {percent(share)} of queries answered "
            f"automatically [{percent_bare(low)}, {percent_bare(high)}]"
        )


def promise(
    confidence: Floats, right: Bools, groups: Ints, *, error: float = ERROR, sure: float = SURE, seed: int = 0
) -> Promise:
    """Choose the loosest threshold above which at most a share `error` of answers is wrong, with a chance of `sure`.

    Learn then test, by fixed-sequence testing: a tenth of the groups says which thresholds to look at, and where to
    begin; on the others each threshold is tested in turn, from there to looser ones, until the first that fails. The
    test is the exact one for counts, P(Bin(m, error) <= wrong) <= 1 - sure; as the order is fixed before, the chance
    that any threshold passes wrongly is at most 1 - sure, whatever shape the error has along the thresholds.

    Args:
        confidence: (n,) probability of each answer, out of fold; 0 where it may not be given without a person.
        right: (n,) whether it was right.  groups: (n,) items with one number are not independent: m and the wrong ones
            are then divided by the design effect (Korn & Graubard 1998), which makes the test approximate.
        error, sure: 0..1, exclusive.  seed: draws the tenth.
    Raises: SettingError: `error` or `sure` out of range.  InputError: no items.
    Sources: Angelopoulos, Bates, Candes, Jordan & Lei (2021), Learn then test, arXiv:2110.01052, algorithm 1 and
        section 2.3; Clopper & Pearson (1934), Biometrika 26(4); for selective answers Geifman & El-Yaniv (2017), NIPS.

    >>> sure = 1 - np.linspace(0, 1, 3000) ** 6 / 2
    >>> print(promise(sure, np.arange(3000) < 2400, np.arange(3000)))
    at most 2 % of automatic answers wrong (95 % sure); 81.0 % of queries answered automatically [79.6, 82.4]
    """
    _check(error, sure)
    in_pilot = _pilot(groups, seed)
    looks = _looks(confidence[in_pilot])
    is_alone = len(np.unique(groups)) == len(groups)
    test = _Test(confidence[~in_pilot], ~right[~in_pilot], groups[~in_pilot], is_alone, error, 1 - sure)
    start = _start(looks, confidence[in_pilot], ~right[in_pilot], error)
    last = None
    for threshold in looks[start:]:
        if not test.passes(threshold):
            break
        last = float(threshold)
    shown = float(looks[start]) if last is None else last
    given: Bools = confidence >= (math.inf if last is None else last)
    return Promise(
        error=error,
        sure=sure,
        threshold=last,
        automatic=score("answered automatically", given, groups),
        wrong=score("wrong among the automatic", ~right[given], groups[given]) if given.any() else None,
        bound=test.bound(shown),
        n_tested=int((~in_pilot).sum()),
        is_exact=is_alone,
    )


def error_bound(n_wrong: float, n: float, *, sure: float = SURE) -> float:
    """Give the largest error rate that still fits `n_wrong` wrong answers of `n`: the upper end of Clopper-Pearson.

    Args: n_wrong, n: counts, which may be effective ones and so need not be whole.

    >>> round(error_bound(0, 149), 4), round(error_bound(3, 500), 4), error_bound(0, 0)
    (0.0199, 0.0154, 1.0)
    """
    return 1.0 if n <= n_wrong else float(betaincinv(n_wrong + 1, n - n_wrong, sure))


def _check(error: float, sure: float) -> None:
    if not 0 < error <= MAX_ERROR:
        raise SettingError(f"a promised error of {error:g}: expected a share above 0 and up to 0.5, such as 0.02")
    if not 0.5 <= sure < 1:  # noqa: PLR2004 - a coin's chance
        raise SettingError(f"{sure:g} sure: expected a share from 0.5 to below 1, such as 0.95")


def _pilot(groups: Ints, seed: int) -> Bools:
    """Draw the groups that say where to look; a single group is all test."""
    numbers = np.unique(groups)
    drawn = np.random.default_rng(seed).permutation(numbers)[: math.ceil(PILOT * len(numbers))]
    return np.isin(groups, drawn) if len(numbers) > 1 else np.zeros(len(groups), dtype=np.bool_)


def _looks(pilot: Floats) -> Floats:
    """Give the thresholds in order, strict ones first: evenly many items of the pilot lie between two of them."""
    can = pilot[pilot > 0]
    if not len(can):
        return np.array([0.5])
    return np.unique(np.quantile(can, np.linspace(0, 1, N_LOOKS)))[::-1]


def _start(looks: Floats, pilot: Floats, wrong: Bools, error: float) -> int:
    """Give the look at which the promise shows most clearly: fewer wrong ones than allowed, in standard errors.

    How many are wrong is told by those seen in the pilot; where these are few, by what its probabilities announce.
    """
    order = np.argsort(-pilot, kind="stable")
    n_above = np.searchsorted(-pilot[order], -looks, side="right")  # items with a probability of at least that
    seen, announced = (np.append(0.0, np.cumsum(each[order]))[n_above] for each in (wrong, 1 - pilot))
    expected = n_above * (seen + N_TRUSTED * announced / np.maximum(n_above, 1)) / (n_above + N_TRUSTED)
    signal = (error * n_above - expected) / np.sqrt(np.maximum(n_above, 1) * error * (1 - error))
    return int(signal.argmax())


@dataclass(frozen=True, slots=True, eq=False)
class _Test:
    """The items that test thresholds."""

    confidence: Floats  # (m,)
    wrong: Bools  # (m,)
    groups: Ints  # (m,)
    is_alone: bool  # is every item a group of its own?
    error: float
    delta: float  # the chance of passing wrongly

    def passes(self, threshold: float) -> bool:
        """Tell whether more wrong answers than seen would be so likely at the promised error that it is refuted."""
        n_wrong, n = self._counts(threshold)
        # P(Bin(n, error) <= n_wrong), by the incomplete beta function, which takes counts that are not whole too.
        return n > n_wrong and float(1 - betainc(n_wrong + 1, n - n_wrong, self.error)) <= self.delta

    def bound(self, threshold: float) -> float:
        """Give the error that could be promised at a threshold."""
        n_wrong, n = self._counts(threshold)
        return error_bound(n_wrong, n, sure=1 - self.delta)

    def _counts(self, threshold: float) -> tuple[float, float]:
        """Give wrong answers and answers above a threshold, as many as are worth independent ones."""
        rows = np.flatnonzero(self.confidence >= threshold)
        n_wrong, n = int(self.wrong[rows].sum()), len(rows)
        if n == 0 or self.is_alone:
            return n_wrong, n
        n_groups = len(np.unique(self.groups[rows]))
        if n_groups == 1:
            return 0, 0
        effect = design_effect(clustered(self.wrong[rows], self.groups[rows]), worst=1.0, best=0.0)
        few = float(ndtri(1 - self.delta) / stdtrit(n_groups - 1, 1 - self.delta)) ** 2  # as `intervals.score` has it
        return n_wrong * few / effect, n * few / effect
