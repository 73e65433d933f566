"""A learner, a clock that can be turned, and notes to study, for the tests of cards."""

import random
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from florilegium.cards import Kind, Note
from florilegium.cards.schedule import Memory, Rating, Review, Scheduler
from florilegium.project.studying import Study
from florilegium.store import CardRecord

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ANSWERS = (Rating.AGAIN, Rating.HARD, Rating.GOOD, Rating.GOOD, Rating.GOOD, Rating.EASY)


class Clock:
    """A clock that stands until it is turned, forwards or back."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Give the time."""
        return self.now

    def turn(self, **by: float) -> None:
        """Turn the clock, by hours=, days=, seconds=."""
        self.now += timedelta(**by)


def basic(number: int, **changes: Any) -> Note:
    """Make a note with one card."""
    given: dict[str, Any] = {
        "guid": f"note{number}",
        "kind": Kind.BASIC,
        "deck": "Florilegium::tests",
        "fields": {"front": f"question {number}", "back": f"answer {number}", "rights": "CC0"},
        "rights": "CC0",
    }
    return Note(**given | changes)


def study_of(
    place: Path | str, notes: Iterable[Note], *, clock: Clock, who: str = "ada", name: str = "study.db"
) -> Study:
    """Let somebody study these notes, in a record of their own: in a folder, or in the database of an address."""
    record = CardRecord(place if isinstance(place, str) else f"sqlite:///{place / name}")
    record.take_in([(note, None) for note in notes], now=clock())
    return Study(record, who=who, clock=clock)


def study_for_days(study: Study, clock: Clock, *, n_days: int, per_day: int = 20, seed: int = 1) -> None:
    """Answer some cards a day, at random but the same each time."""
    rng = random.Random(seed)  # noqa: S311 - answers, not secrets
    for _ in range(n_days):
        for _ in range(per_day):
            shown = study.next()
            if shown is None:
                break
            study.answer(shown, rng.choice(ANSWERS), seconds=3.0, source="terminal")
            clock.turn(seconds=20)
        clock.turn(days=1)


def history(*steps: tuple[float, Rating], start: datetime = NOW) -> list[Review]:
    """Make one card's answers: hours since the one before, and the rating."""
    reviews, at = [], start
    for hours, rating in steps:
        at += timedelta(hours=hours)
        reviews.append(Review(guid="a", ord=0, at=at, rating=rating))
    return reviews


def memories_of(reviews: Iterable[Review], scheduler: Scheduler) -> list[Memory]:
    """Give what is known after each answer."""
    memory, found = None, []
    for review in reviews:
        memory = scheduler.after(memory, review.rating, review.at)
        found.append(memory)
    return found


def closed(study: Study) -> Any:
    """Close a learner's record at the end of a `with` block."""
    return closing(study.record)
