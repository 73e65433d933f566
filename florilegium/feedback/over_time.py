"""Answers per day, week or four weeks: how many of each class, how many unknown. Path: **feedback** (stage).

Bins begin at midnight UTC and run from the first answer to the last; an empty one stays in, so that a gap is seen.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from florilegium.bias.contrast import Side, shares
from florilegium.bias.tested import holm
from florilegium.evaluation.intervals import wilson_interval
from florilegium.evaluation.values import Score
from florilegium.feedback.record import LiveRecord
from florilegium.types import Bools, Ints

SPANS = ((62, 1, "day"), (434, 7, "week"), (float("inf"), 28, "four weeks"))  # days covered up to -> days per bin
BINS_MOST = 600  # of four weeks: 46 years; a clock that is further off is a fault, and its answers are left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """The answers of one day, week or four weeks."""

    start: float  # days since 1970-01-01
    n: int
    per_class: tuple[int, ...]  # (k,) answers, those unknown too
    unknown: Score | None  # n_right counts those on which the model abstained; None: no answers
    audited: Score | None  # right among the audited where the model answered


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassShare:
    """How often a class is answered live, and how often it was on items to learn from."""

    name: str
    live: Score  # n_right counts the answers of this class
    before: float | None  # 0..1, the share among out-of-fold answers; None: not known
    p: float | None  # of a difference, corrected over all classes (Holm)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverTime:
    """The course of things."""

    days: int  # per bin
    unit: str  # "day"
    bins: tuple[Bin, ...]
    n_undated: int  # answers left out: their moment is not known, or no calendar's
    n_future: int  # answers dated after now: some clock is wrong


def over_time(given: LiveRecord, *, now: float) -> OverTime:
    """Count answers per bin; `now` in days since 1970-01-01 UTC."""
    dated = np.isfinite(given.at) & (np.abs(given.at - now) < BINS_MOST * SPANS[-1][1])
    some = given.take(dated)
    n_future = int((some.at > now + 1 / 24).sum())  # an hour's grace for clocks that differ
    if not len(some):
        return OverTime(days=1, unit="day", bins=(), n_undated=int((~dated).sum()), n_future=0)
    first = int(np.floor(some.at.min()))
    span = int(np.floor(some.at.max())) - first + 1
    days, unit = next((days, unit) for most, days, unit in SPANS if span <= most)
    code = ((np.floor(some.at) - first) // days).astype(np.int64)
    order = np.argsort(code, kind="stable")
    edges = np.searchsorted(code[order], np.arange(span // days + (span % days > 0) + 1))
    bins = tuple(
        _bin(some, order[start:end], first + i * days) for i, (start, end) in enumerate(pairwise(edges.tolist()))
    )
    return OverTime(days=days, unit=unit, bins=bins, n_undated=int((~dated).sum()), n_future=n_future)


def _bin(given: LiveRecord, rows: Ints, start: float) -> Bin:
    said = given.said[rows]
    told = rows[given.in_audit[rows] & given.known[rows]]
    return Bin(
        start=start,
        n=len(rows),
        per_class=tuple(np.bincount(said[said >= 0], minlength=len(given.classes)).tolist()),
        unknown=share_score("unknown", ~given.known[rows], None if given.clusters is None else given.clusters[rows]),
        audited=share_score("live", given.right[told] == 1, None if given.clusters is None else given.clusters[told]),
    )


def share_score(name: str, yes: Bools, clusters: Ints | None) -> Score | None:
    """Give how many said yes with Wilson's range at the effective count; None of nothing."""
    if len(yes) == 0:
        return None
    side = Side.of(yes, clusters)
    low, high = wilson_interval(side.share * side.n_effective, side.n_effective)
    return Score(name=name, n_right=int(side.n_yes), n=int(side.n), low=low, high=high)


def class_shares(given: LiveRecord, before: Ints | None) -> tuple[ClassShare, ...]:
    """Compare how often each class is answered with how often it was before, most frequent first.

    Args: before: (m,) classes answered to items to learn from, none of which the answering model had seen.
    """
    known = given.said >= 0
    clusters = None if given.clusters is None else given.clusters[known]
    found = []
    for c, name in enumerate(given.classes):
        yes = given.said[known] == c
        live = share_score(name, yes, clusters)
        if live is None:
            return ()
        p = None
        if before is not None and len(before):
            p = shares(Side.of(yes, clusters), Side.of(before == c, None)).p
        found.append((name, live, None if p is None else float((before == c).mean()), p))
    corrected = iter(holm([p for *_, p in found if p is not None]))
    made = [
        ClassShare(name=name, live=live, before=was, p=None if p is None else next(corrected))
        for name, live, was, p in found
    ]
    return tuple(sorted(made, key=lambda each: -each.live.n_right))
