"""Everything that the monitor watches, put together. Path: appeals -> **feedback** (stage) -> report.

Accuracy, confidence and shift are about the current model alone; the course of things and appeals about all of them.
"""

from dataclasses import dataclass

from florilegium.evaluation.values import Score
from florilegium.feedback.automatic import AutomaticAudit, DeskPromise, automatic_audit
from florilegium.feedback.contested import Contested, contested
from florilegium.feedback.expected import Expected, Judged, expected
from florilegium.feedback.over_time import ClassShare, OverTime, class_shares, over_time, share_score
from florilegium.feedback.promise import Audit, Promise, audit
from florilegium.feedback.record import LiveRecord
from florilegium.feedback.shifting import Reference, Shift, shift
from florilegium.types import Progress, silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What the monitor found."""

    classes: tuple[str, ...]
    n: int  # live answers of all models
    n_current: int  # of the current one
    course: OverTime
    unknown: Score | None  # of the current model's answers, n_right counts those on which it abstained
    unknown_before: Score | None  # the same on the sealed test set
    shares: tuple[ClassShare, ...]
    audit: Audit
    expected: Expected
    shift: Shift
    contested: Contested
    automatic: AutomaticAudit | None = None  # None: nothing is promised at a query desk


def watch(
    given: LiveRecord,
    *,
    model: int,
    before: Reference,
    promise: Promise | None,
    desk: DeskPromise | None = None,
    judged: Judged | None,
    unknown_before: Score | None,
    now: float,
    seed: int,
    progress: Progress = silent,
) -> Watched:
    """Watch the live record.

    Args: model: number of the current one.  before: what it learned from.  promise: accuracy where it answers.
        desk: what is promised of automatic answers at a query desk; None: nothing.
        judged: answers with known truth, to correct confidence by.  now: days since 1970-01-01 UTC.
    """
    current = given.take(given.model == model)
    return Watched(
        classes=given.classes,
        n=len(given),
        n_current=len(current),
        course=over_time(given, now=now),
        unknown=share_score("unknown", ~current.known, current.clusters),
        unknown_before=unknown_before,
        shares=class_shares(current, before.said),
        audit=audit(current, promise),
        expected=expected(current, judged),
        shift=shift(current, before, seed=seed, progress=progress),
        contested=contested(given, now=now),
        automatic=None if desk is None else automatic_audit(current, desk),
    )
