"""Appeals: how many, how they end, how long people wait, and who is overturned more often. Path: **feedback** (stage).

Open appeals wait at least as long as they have waited: they are censored, not left out, so that slow ones count.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from florilegium.bias.contrast import Side, shares
from florilegium.bias.decisions import Column
from florilegium.bias.groups import folded
from florilegium.bias.tested import holm
from florilegium.evaluation.intervals import LEVEL
from florilegium.evaluation.values import Score
from florilegium.evaluation.words import percent, points
from florilegium.feedback.over_time import share_score
from florilegium.feedback.record import OPEN, REJECTED, UPHELD, WITHDRAWN, Appeals, LiveRecord
from florilegium.types import Bools, Floats, Ints

MIN_GROUP = 30  # decided appeals; with fewer a rate's range spans more than a third of the scale
ALPHA = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """By when a share of appeals is answered, in days; None: not reached yet."""

    share: float  # 0.5 for the median
    days: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overturned:
    """How often appeals of one class or group are upheld."""

    column: str  # "class", or the name of a metadata column
    group: str
    upheld: Score  # n counts decided appeals
    p: float | None  # against all other groups, corrected (Holm); None: too few to tell
    words: str  # "more often than others", "no difference is shown", "too few to tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contested:
    """All about appeals."""

    n: int
    share: Score | None  # of answers that were appealed against; None: no answers
    n_upheld: int
    n_rejected: int
    n_withdrawn: int
    n_open: int
    n_overdue: int  # open after their deadline
    n_late: int  # answered after their deadline
    overturn: Score | None  # upheld among decided
    waiting: tuple[Waiting, ...]
    groups: tuple[Overturned, ...]


def contested(given: LiveRecord, *, now: float) -> Contested:
    """Count appeals; `now` in days since 1970-01-01 UTC."""
    appeals = given.appeals
    outcome = appeals.outcome
    decided = np.isin(outcome, (REJECTED, UPHELD))
    is_open = outcome == OPEN
    appealed = np.zeros(len(given), dtype=np.bool_)
    appealed[appeals.rows] = True
    clusters = None if given.clusters is None else given.clusters[appeals.rows[decided]]
    with np.errstate(invalid="ignore"):
        late = ~is_open & (appeals.answered > appeals.deadline)
        overdue = is_open & (appeals.deadline < now)
    return Contested(
        n=len(appeals),
        share=share_score("appealed", appealed, given.clusters),
        n_upheld=int((outcome == UPHELD).sum()),
        n_rejected=int((outcome == REJECTED).sum()),
        n_withdrawn=int((outcome == WITHDRAWN).sum()),
        n_open=int(is_open.sum()),
        n_overdue=int(overdue.sum()),
        n_late=int(late.sum()),
        overturn=share_score("upheld", outcome[decided] == UPHELD, clusters),
        waiting=waiting(appeals, now=now),
        groups=_overturned(given, decided),
    )


def waiting(appeals: Appeals, *, now: float, wanted: tuple[float, ...] = (0.5, 0.9)) -> tuple[Waiting, ...]:
    """Give the days by which half and nine tenths of appeals are answered, with ranges.

    Kaplan & Meier (1958), JASA 53(282), 457-481; ranges of quantiles: Brookmeyer & Crowley (1982), Biometrics 38(1),
    29-41, on the log(-log) scale. A withdrawn appeal is censored when it is withdrawn. Clocks set back count as 0 days.
    """
    done = np.isin(appeals.outcome, (REJECTED, UPHELD)) & np.isfinite(appeals.answered)
    end = np.where(np.isfinite(appeals.answered), appeals.answered, now)
    days = np.maximum(end - appeals.received, 0.0)
    known = np.isfinite(days)
    if not known.any():
        return ()
    times, left, error = survival(days[known], done[known])
    return tuple(_quantile(share, times, left, error) for share in wanted)


def survival(days: Floats, done: Bools) -> tuple[Floats, Floats, Floats]:
    """Give the times (t,) at which something ended, the share still waiting after each, and the error of log(-log)."""
    times = np.unique(days[done])
    ordered = np.sort(days)
    at_risk = len(days) - np.searchsorted(ordered, times, side="left")
    ended = np.unique(days[done], return_counts=True)[1] if len(times) else np.zeros(0)
    left = np.cumprod(1 - ended / at_risk) if len(times) else np.zeros(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(ended / (at_risk * (at_risk - ended)))
        error = np.sqrt(greenwood) / np.abs(np.log(left))
    return times, left, error


def _quantile(share: float, times: Floats, left: Floats, error: Floats) -> Waiting:
    z = float(-ndtri((1 - LEVEL) / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.log(-np.log(left))
        lowest, highest = np.exp(-np.exp(scale + z * error)), np.exp(-np.exp(scale - z * error))
    lowest, highest = (np.where(left > 0, each, 0.0) for each in (lowest, highest))

    def first(curve: Floats) -> float | None:
        below = np.flatnonzero(curve <= 1 - share + 1e-12)
        return float(times[below[0]]) if len(below) else None

    return Waiting(share=share, days=first(left), low=first(lowest), high=first(highest))


def _overturned(given: LiveRecord, decided: Bools) -> tuple[Overturned, ...]:
    """Give the overturn rate per class and per metadata group, each against all others of its column."""
    rows = given.appeals.rows[decided]
    upheld = given.appeals.outcome[decided] == UPHELD
    clusters = None if given.clusters is None else given.clusters[rows]
    by_class = Column(name="class", groups=given.classes, codes=given.said[rows])
    found: list[tuple[str, str, Score, float | None, bool]] = []
    for column in (by_class, *(Column(name=c.name, groups=c.groups, codes=c.codes[rows]) for c in given.columns)):
        found += _of_column(folded(column), upheld, clusters)
    corrected = iter(holm([p for *_, p, _ in found if p is not None]))
    told = []
    for column_name, group, score, p, more in found:
        p_holm = None if p is None else next(corrected)
        words = f"too few to tell ({MIN_GROUP} are needed)"
        if p_holm is not None:
            words = f"{'more' if more else 'less'} often than others" if p_holm <= ALPHA else "no difference is shown"
        told.append(Overturned(column=column_name, group=group, upheld=score, p=p_holm, words=words))
    return tuple(told)


def _of_column(
    column: Column, upheld: Bools, clusters: Ints | None
) -> Iterator[tuple[str, str, Score, float | None, bool]]:
    for code, group in enumerate(column.groups):
        mine = column.codes == code
        others = (column.codes >= 0) & ~mine
        score = share_score(group, upheld[mine], None if clusters is None else clusters[mine])
        if score is None:
            continue
        p, more = None, False
        if min(int(mine.sum()), int(others.sum())) >= MIN_GROUP:
            a, b = (Side.of(upheld[part], None if clusters is None else clusters[part]) for part in (mine, others))
            p, more = shares(a, b).p, a.share > b.share
        yield column.name, group, score, p, more


def sentence(found: Contested) -> str:
    """Say the most important of it."""
    if not found.n:
        return "Nobody has appealed yet."
    ends = f"{found.n_upheld:,} upheld, {found.n_rejected:,} rejected, {found.n_open:,} open"
    overdue = f", {found.n_overdue:,} of them overdue" if found.n_overdue else ""
    rate = ""
    if found.overturn is not None:
        score = found.overturn
        rate = f"; {percent(score.accuracy)} of the decided were upheld ({points(score.low)} to {points(score.high)})"
    return f"{found.n:,} appeal{'s' if found.n > 1 else ''}: {ends}{overdue}{rate}."
