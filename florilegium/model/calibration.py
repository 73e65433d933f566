"""Turn scores into probabilities that mean what they say, and say when to abstain. Path: features -> **model**.

Both are learned from out-of-fold scores: answers to items that the head had not seen.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from florilegium.types import Bools, Floats, Ints

LOG_RANGE = (-7.0, 7.0)  # temperatures from 0.0009 to 1100; scores of a ridge are small, of a net large
MAX_ABSTAIN = 0.5  # a model that answers less than half the time is not made better by silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstention:
    """Below which probability, and above which strangeness, the model says that it does not know."""

    threshold: float  # 0..1, of the probability
    share_answered: float  # 0..1, of the out-of-fold items
    accuracy_answered: float  # 0..1, among them
    reached: bool  # was the wanted accuracy reached without abstaining on more than half?
    limit: float | None = None  # of the strangeness; None: the model has no such sense
    share_strange: float = 0.0  # 0..1, of the out-of-fold items: beyond the limit


def temperature(scores: Floats, y: Ints) -> float:
    """Give the temperature that makes out-of-fold scores (n, k) the most probable: the least log loss.

    One imagined item of n + 2 is of any other class, so that n right answers in a row do not make a model certain.
    Sources: Guo et al. (2017), On calibration of modern neural networks, ICML, section 4.2; Platt (1999) for the doubt.
    """
    rows, k = np.arange(len(y)), scores.shape[1]
    doubt = 1.0 / (len(y) + 2)

    def loss(log_t: float) -> float:
        logs = log_softmax(scores / np.exp(log_t), axis=1)
        true = logs[rows, y]
        others = (logs.sum(axis=1) - true) / max(k - 1, 1)
        return float(-((1 - doubt) * true + doubt * others).mean())

    found = minimize_scalar(loss, bounds=LOG_RANGE, method="bounded", options={"xatol": 1e-4})
    return float(np.exp(found.x))


def probabilities(scores: Floats, *, temperature: float) -> Floats:
    """Give probabilities (n, k), rows summing to 1."""
    return np.asarray(softmax(scores / temperature, axis=1))


def abstention(
    confidence: Floats, right: Bools, *, target: float, strangeness: Floats | None = None, limit: float | None = None
) -> Abstention:
    """Give the smallest threshold above which the share of right answers is at least `target`.

    Args: confidence, right: (n,) the highest out-of-fold probability and whether that answer was right.  target: 0..1.
        strangeness, limit: (n,) out of fold, and what is too much; such items get no answer, whatever the confidence.
    Where half of the answers are not enough to reach the target, the threshold is the one that gives up half.

    >>> abstention(np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, True, False]), target=0.95).share_answered
    0.75
    """
    n = len(confidence)
    strange: Bools = np.zeros(n, dtype=np.bool_)
    if strangeness is not None and limit is not None:
        strange = strangeness > limit
    threshold, reached = _threshold(confidence[~strange], right[~strange], target=target, n_wanted=n)
    answered = (confidence >= threshold) & ~strange
    return Abstention(
        threshold=threshold,
        share_answered=float(answered.mean()),
        accuracy_answered=float(right[answered].mean()) if answered.any() else 0.0,
        reached=reached,
        limit=limit,
        share_strange=float(strange.mean()),
    )


def _threshold(confidence: Floats, right: Bools, *, target: float, n_wanted: int) -> tuple[float, bool]:
    """Give the threshold for (m,) answers, and whether half of `n_wanted` can be answered at the target with it."""
    m = len(confidence)
    if m == 0:
        return 0.0, False
    order = np.argsort(-confidence, kind="stable")
    sure = confidence[order]
    least = min(int(np.ceil(n_wanted * (1 - MAX_ABSTAIN))), m)  # answers that must be given
    shares_right = np.cumsum(right[order]) / np.arange(1, m + 1)
    last_of_tie = np.append(sure[1:] < sure[:-1], True)
    good = np.flatnonzero((shares_right >= target) & last_of_tie)
    enough = good[good + 1 >= least]
    last = int(enough[-1]) if len(enough) else least - 1
    # All are answered: no threshold, so that a new item may be less sure than any seen so far.
    threshold = 0.0 if last == m - 1 else float((sure[last] + sure[last + 1]) / 2)
    return threshold, bool(len(enough))


def told(found: Abstention, *, target: float) -> str:
    """Say what threshold and limit mean.

    >>> told(Abstention(threshold=0.0, share_answered=1.0, accuracy_answered=0.97, reached=True), target=0.95)
    'The model answers always: 97.0 % right out of fold, and 95 % were wanted.'
    """
    right, share, wanted = (
        f"{100 * found.accuracy_answered:.1f} %",
        f"{100 * found.share_answered:.0f} %",
        f"{100 * target:.0f} %",
    )
    strange = f"it calls {100 * found.share_strange:.1f} % of them strange" if found.limit is not None else ""
    if found.threshold == 0:
        often = f"wherever an item is not strange to it ({strange})" if strange else "always"
        return f"The model answers {often}: {right} right out of fold, and {wanted} were wanted."
    said = f"Below a probability of {found.threshold:.2f} the model says that it does not know"
    short = "" if found.reached else f", which falls short of the {wanted} wanted"
    also = f"; {strange}" if strange else ""
    return f"{said}: it answers {share} of the items out of fold and gets {right} of those right{short}{also}."
