"""Is the verdict's promise kept? Live accuracy from the random blind audit beside it. Path: **feedback** (stage).

People look every day, so every range of a live accuracy here holds at all looks together. The promise was measured
once; its own uncertainty is part of the comparison. Answers and abstentions are counted apart.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from florilegium.bias.contrast import effect_of
from florilegium.evaluation.intervals import LEVEL, wilson_interval
from florilegium.evaluation.values import Difference, Score
from florilegium.evaluation.words import counted, percent, points
from florilegium.feedback.betting import SHARES, below_each, log_stakes, once, sequence
from florilegium.feedback.record import LiveRecord
from florilegium.types import Bools, Floats, Ints

MARGIN = 0.05  # live accuracy that is less than this far below the promise counts as keeping it
N_LEAST = 10  # audited answers; below, no range says anything


class Kept(StrEnum):
    """What the audit says of the promise."""

    KEPT = "kept"
    BELOW = "below"
    NOT_SHOWN = "not shown to be below"
    UNKNOWN = "too few to tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What the verdict said, and how many independent answers it rests on."""

    score: Score
    n_effective: float  # at most score.n; fewer where items hang together


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The random blind audit of live answers."""

    n_drawn: int
    n_open: int  # drawn, and nobody has judged them yet
    share_opted_out: Score | None  # of all live answers: who said no cannot be drawn, and may differ; None: no answers
    answered: Score | None  # right among those where the model answered; the range is one for a single look
    always: tuple[float, float]  # the same range for all looks together
    blind: Score | None  # the same by the reviewers' first word; lower where they came to agree on seeing the answer
    abstained: Score | None  # where it abstained: its likeliest class would have been right
    n_stranger: int  # audited answers that belong to none of the classes
    promise: Promise | None
    difference: Difference | None  # live minus promised, a range for all looks together
    kept: Kept
    sentence: str

    def __str__(self) -> str:
        """Say it with its ranges."""
        return self.sentence


def audit(given: LiveRecord, promise: Promise | None, *, level: float = LEVEL) -> Audit:
    """Compare live accuracy with the promise.

    Args: given: answers of one model, in any order; they are taken in the order of time.
        promise: accuracy where the model answers, on the sealed test set; None: there was no verdict.
    """
    order = np.argsort(given.at, kind="stable")
    chosen = order[given.in_audit[order]]
    told = chosen[given.known[chosen]]
    right = given.right[told] == 1
    clusters = None if given.clusters is None else given.clusters[told]
    live = of_answers("live", right, clusters, level=level)
    always = sequence(right, clusters, level=level)
    difference = kept = None
    if promise is not None and live is not None and live.n >= N_LEAST:
        difference = compared(right, clusters, promise, level=level)
        kept = Kept.BELOW if difference.high < 0 else Kept.KEPT if difference.low > -MARGIN else Kept.NOT_SHOWN
    first = None
    if given.blind is not None and (given.blind[told] >= 0).any():
        first = np.where(given.blind[told] >= 0, given.blind[told] == given.said[told], right)
    silent = chosen[~given.known[chosen]]
    return Audit(
        n_drawn=int(given.drawn.sum()),
        n_open=int((given.drawn & (given.audited < 0)).sum()),
        share_opted_out=of_answers("opted out", given.opted_out, given.clusters, level=level),
        answered=live,
        always=always,
        blind=None if first is None else of_answers("blind", first, clusters, level=level),
        abstained=of_answers("abstained", given.right[silent] == 1, None, level=level),
        n_stranger=int((given.audited[chosen] == len(given.classes)).sum()),
        promise=promise,
        difference=difference,
        kept=kept or Kept.UNKNOWN,
        sentence=_sentence(promise, live, always, difference, kept),
    )


def compared(right: Bools, clusters: Ints | None, promise: Promise, *, level: float = LEVEL) -> Difference:
    """Give live minus promised accuracy, with a range that holds at every look together.

    A difference d is kept where it is kept for any accuracy p that may have been promised: the chance P of such a test
    result, were p true, is above a, and the live stake against p + d has not reached P / a. Ville's inequality, given
    P, makes that hold for the true pair at all looks with chance `level` (`betting.once`).
    """
    share, n = promise.score.accuracy, promise.n_effective
    a = once((1 - level) / 2)
    live = log_stakes(right, clusters, from_above=True)
    not_over = _kept(below_each(share * n, n), live, a)
    live = log_stakes(right, clusters, from_above=False)
    not_under = _kept(below_each((1 - share) * n, n)[::-1], live, a)
    step = float(SHARES[1] - SHARES[0])
    shift = np.arange(-len(SHARES) + 1, len(SHARES))
    value = float(right.mean()) - share
    # Between two differences that were asked about everything may be true: the ends go out by a step.
    high = min((float(shift[not_over].max()) + 1) * step, 1.0) if not_over.any() else value
    low = max((float(shift[not_under].min()) - 1) * step, -1.0) if not_under.any() else value
    return Difference(value=value, low=min(low, value), high=max(high, value), level=level)


def _kept(chance: Floats, live: Floats, a: float) -> Bools:
    """Tell for each shift of live against test whether any accuracy is left at which nothing speaks against it."""
    s = len(chance)
    needed = np.where(chance > a, np.log(np.maximum(chance, a) / a), -np.inf)  # log stake that would speak against it
    padded = np.concatenate([np.full(s - 1, np.inf), live, np.full(s - 1, np.inf)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, s)  # (2 s - 1, s)
    return np.asarray((windows < needed).any(axis=1), dtype=np.bool_)


def of_answers(name: str, yes: Bools, clusters: Ints | None, *, level: float) -> Score | None:
    """Give a share with the range of a single look; answers about one content count by their design effect."""
    if len(yes) == 0:
        return None
    n, n_yes = len(yes), int(yes.sum())
    independent = n / effect_of(yes, clusters)
    low, high = wilson_interval(n_yes / n * independent, independent, level=level)
    return Score(name=name, n_right=n_yes, n=n, low=low, high=high, level=level)


def _sentence(
    promise: Promise | None,
    live: Score | None,
    always: tuple[float, float],
    difference: Difference | None,
    kept: Kept | None,
) -> str:
    promised = "No verdict has promised anything yet"
    if promise is not None:
        score = promise.score
        promised = f"Promised {percent(score.accuracy)} [{points(score.low)}, {points(score.high)}]"
    if live is None:
        return f"{promised}; no live answer has been audited yet, so nobody knows."
    said = (
        f"{promised}, live {percent(live.accuracy)} [{points(always[0])}, {points(always[1])}] "
        f"of {counted(live.n, 'audited answer')}"
    )
    if promise is None:
        return f"{said}. Open the seal to have something to hold it to: florilegium verdict"
    if difference is None:
        return f"{said}: too few to tell; {N_LEAST} at least are needed."
    ends = f"{points(difference.low)} to {points(difference.high)} points"
    return {
        Kept.BELOW: f"{said}: below what was promised (difference {ends}).",
        Kept.KEPT: f"{said}: the promise is kept (difference {ends}; {points(MARGIN)} points less would be too much).",
    }.get(kept or Kept.NOT_SHOWN, f"{said}: not shown to be below (difference {ends}).")
