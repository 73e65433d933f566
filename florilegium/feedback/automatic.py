"""Does the query desk keep its promise? Wrong automatic answers, by the random blind audit. Path: **feedback**.

What was promised is an error rate, and not how sure the model is; so these answers are counted apart from all others.
"""

from dataclasses import dataclass

import numpy as np

from florilegium.evaluation.intervals import LEVEL
from florilegium.evaluation.values import Score
from florilegium.evaluation.words import counted, percent, points
from florilegium.feedback.betting import sequence
from florilegium.feedback.promise import Kept, of_answers
from florilegium.feedback.record import LiveRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPromise:
    """What was promised at a query desk."""

    error: float  # 0..1, the share of automatic answers that are wrong, at most
    since: float  # days since 1970-01-01 UTC; what went out before was promised something else


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomaticAudit:
    """The random blind audit of answers that went out without a person."""

    error: float  # 0..1, the share of wrong ones that was promised, at most
    n: int  # such answers
    wrong: Score | None  # wrong ones among the audited; the range is one for a single look; None: none was audited
    always: tuple[float, float]  # the same range for all looks together
    kept: Kept
    sentence: str

    def __str__(self) -> str:
        """Say it with its ranges."""
        return self.sentence


def automatic_audit(given: LiveRecord, promise: DeskPromise, *, level: float = LEVEL) -> AutomaticAudit:
    """Hold the automatic answers of one model to the error rate that was promised of them.

    Args: given: answers of one model, in any order.
    """
    error = promise.error
    sent = (
        np.zeros(len(given), dtype=np.bool_)
        if given.automatic is None
        else given.automatic & (given.at >= promise.since)
    )
    order = np.argsort(given.at, kind="stable")
    told = order[(given.in_audit & sent)[order]]
    wrong = given.right[told] != 1
    clusters = None if given.clusters is None else given.clusters[told]
    # The range of what is right, turned round.
    low, high = sequence(~wrong, clusters, level=level)
    always = (1 - high, 1 - low)
    kept = Kept.BELOW if always[0] > error else Kept.KEPT if always[1] <= error else Kept.NOT_SHOWN
    score = of_answers("wrong among the automatic", wrong, clusters, level=level)
    return AutomaticAudit(
        error=error,
        n=int(sent.sum()),
        wrong=score,
        always=always,
        kept=Kept.UNKNOWN if score is None else kept,
        sentence=_sentence(error, int(sent.sum()), score, always, kept),
    )


def _sentence(error: float, n: int, wrong: Score | None, always: tuple[float, float], kept: Kept) -> str:
    promised = f"Promised at the query desk: at most {percent(error)} of automatic answers wrong"
    if wrong is None:
        return f"{promised}; of {counted(n, 'such answer')} none has been audited yet, so nobody knows."
    live = (
        f"{promised}; live {percent(wrong.accuracy)} [{points(always[0])}, {points(always[1])}] "
        f"of {counted(wrong.n, 'audited one')}"
    )
    return {
        Kept.BELOW: f"{live}: more than was promised. Promise less, or learn from these: florilegium train",
        Kept.KEPT: f"{live}: the promise is kept.",
    }.get(kept, f"{live}: not shown to be more; it takes some hundred audits to show that it is kept.")
