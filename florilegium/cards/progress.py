"""How studying goes: what comes, what was kept, by day and by class. Path: schedule, day -> **progress** -> project.

Takes reviews and memories; asks no clock and draws nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from florilegium.cards.day import Day
from florilegium.cards.schedule import Memory, Rating, Review, Scheduler, Stage
from florilegium.evaluation import ClassScores, Predictions, Score, class_scores, score

FORECAST_DAYS = 30
WEEKS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """How many cards come on one day."""

    day: date
    n: int  # what was due before the first day counts to it


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How much of what was due in one week was still known."""

    since: date  # the week's first day
    share: Score | None  # None: nothing was asked that had been learned
    expected: float | None  # 0..1, the mean recall that FSRS predicted for these reviews


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassPair:
    """One class as learner and model know it."""

    name: str
    you: Score | None
    model: Score | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What a learner sees of their studying."""

    forecast: tuple[Due, ...]
    retention: tuple[Kept, ...]
    kept: Score | None  # over all weeks that are shown
    n_reviews: int
    n_seen: int  # cards seen at least once
    n_learned: int  # of these, past the learning steps
    n_days: int  # days on which anything was answered
    n_ahead_of_clock: int  # answers dated after now: a clock was wrong


def progress(
    reviews: Sequence[Review],
    memories: Iterable[Memory],
    *,
    scheduler: Scheduler,
    day: Day,
    now: datetime,
) -> Progress:
    """Sum up one learner's answers and memories."""
    known = list(memories)
    weeks, whole = retention(reviews, scheduler=scheduler, day=day, now=now)
    return Progress(
        forecast=forecast(known, day=day, now=now),
        retention=weeks,
        kept=whole,
        n_reviews=len(reviews),
        n_seen=len(known),
        n_learned=sum(memory.stage is not Stage.LEARNING for memory in known),
        n_days=len({day.date_of(review.at) for review in reviews}),
        n_ahead_of_clock=sum(review.at > now + timedelta(hours=1) for review in reviews),
    )


def forecast(memories: Iterable[Memory], *, day: Day, now: datetime, n_days: int = FORECAST_DAYS) -> tuple[Due, ...]:
    """Count the cards that come on each of the next days of the learner; today first, with what is overdue."""
    today = day.date_of(now)
    counts = Counter(max(day.date_of(memory.due), today) for memory in memories)
    days = (today + timedelta(days=i) for i in range(n_days))
    return tuple(Due(day=each, n=counts[each]) for each in days)


def retention(
    reviews: Iterable[Review], *, scheduler: Scheduler, day: Day, now: datetime, n_weeks: int = WEEKS
) -> tuple[tuple[Kept, ...], Score | None]:
    """Give per week, oldest first, the share of learned cards that were known when they came; and the share overall.

    Only answers given a day or more after the last one count: what was seen a minute ago proves nothing.
    """
    of_card: dict[tuple[str, int], list[Review]] = {}
    for review in sorted(reviews, key=lambda each: each.at):
        of_card.setdefault((review.guid, review.ord), []).append(review)
    first = day.date_of(now) - timedelta(days=7 * n_weeks - 1)
    asked: list[tuple[int, bool, float, int]] = []  # (week, known, expected, number of the card)
    for number, history in enumerate(of_card.values()):
        memory: Memory | None = None
        for review in history:
            week = (day.date_of(review.at) - first).days // 7
            if memory is not None and memory.stage is Stage.REVIEW and _days(memory, review) and 0 <= week < n_weeks:
                expected = scheduler.recall(memory, review.at)
                asked.append((week, review.rating is not Rating.AGAIN, expected, number))
            memory = scheduler.after(memory, review.rating, review.at)
    weeks = tuple(_week(first + timedelta(days=7 * w), [a for a in asked if a[0] == w]) for w in range(n_weeks))
    return weeks, _score("kept", asked)


def _days(memory: Memory, review: Review) -> bool:
    return review.at - memory.last_review >= timedelta(days=1)


def _week(since: date, asked: Sequence[tuple[int, bool, float, int]]) -> Kept:
    expected = float(np.mean([each[2] for each in asked])) if asked else None
    return Kept(since=since, share=_score("kept", asked), expected=expected)


def _score(name: str, asked: Sequence[tuple[int, bool, float, int]]) -> Score | None:
    if not asked:
        return None
    known = np.array([each[1] for each in asked], dtype=np.bool_)
    return score(name, known, np.array([each[3] for each in asked], dtype=np.int64))


def class_pairs(you: Predictions | None, model: Predictions | None) -> tuple[ClassPair, ...]:
    """Give recall per class, the learner's beside the model's; classes that the learner knows least come first."""
    yours, models = _recalls(you), _recalls(model)
    names = [name for name in dict.fromkeys((*yours, *models)) if yours.get(name) or models.get(name)]
    pairs = [ClassPair(name=name, you=yours.get(name), model=models.get(name)) for name in names]
    return tuple(sorted(pairs, key=lambda pair: (pair.you is None, pair.you.accuracy if pair.you else 0.0, pair.name)))


def _recalls(given: Predictions | None) -> Mapping[str, Score | None]:
    found: Sequence[ClassScores] = () if given is None else class_scores(given)
    return {each.name: each.recall for each in found}
