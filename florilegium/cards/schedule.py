"""When a card comes again: FSRS, step by step. Path: note -> **schedule** -> store, project.

The library `fsrs` computes; this module turns its cards into frozen values and back. Time is an argument; nothing is
random, so a card's memory can be computed again from its reviews.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum

import fsrs

from florilegium.errors import SettingError

MS = timedelta(milliseconds=1)
MINUTES_AN_HOUR, DAYS_A_MONTH, DAYS_A_YEAR = 60, 30, 365  # for words only
RETENTIONS = (0.7, 0.97)  # below, most is forgotten; above, intervals shrink to nothing (FSRS's own advice)


class Rating(IntEnum):
    """How well a card was known."""

    AGAIN = 1
    HARD = 2
    GOOD = 3
    EASY = 4


class Stage(IntEnum):
    """Where a card is on its way; the numbers are those of `fsrs` and of Anki."""

    LEARNING = 1
    REVIEW = 2
    RELEARNING = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is known of how well one card is remembered."""

    stage: Stage
    step: int | None  # of learning or relearning; None in review
    stability: float  # days until recall falls to 90 %
    difficulty: float  # 1..10
    due: datetime  # aware, UTC
    last_review: datetime
    first_review: datetime
    n_reviews: int
    n_lapses: int  # times it was forgotten after it had been learned


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Somebody answered a card; never changed, only taken back."""

    guid: str  # of the note
    ord: int  # of its card
    at: datetime  # aware, UTC, whole milliseconds
    rating: Rating
    seconds: float | None = None  # how long the answer took
    said: str | None = None  # the class that was named before the answer was seen
    source: str = ""  # where it was given: terminal, page, anki, csv


class Scheduler:
    """FSRS with one learner's parameters.

    Raises: SettingError: retention or parameters are out of range.
    """

    def __init__(self, *, parameters: Sequence[float] = (), retention: float = 0.9) -> None:
        """Take FSRS's own parameters where none are given."""
        low, high = RETENTIONS
        if not low <= retention <= high:
            raise SettingError(f"retention {retention}: expected a share from {low} to {high}, such as 0.9.")
        try:
            # Its fuzz is drawn without a seed: two computations of one history would disagree.
            given = {"parameters": tuple(parameters)} if parameters else {}
            # Fields by name.
            self._fsrs = fsrs.Scheduler(**given, desired_retention=retention, enable_fuzzing=False)  # type: ignore[arg-type]
        except ValueError as error:
            raise SettingError(f"{error} Forget them with: florilegium cards optimise --reset") from error

    @property
    def parameters(self) -> tuple[float, ...]:
        """Give the 21 numbers that FSRS works with."""
        return tuple(self._fsrs.parameters)

    def after(self, memory: Memory | None, rating: Rating, at: datetime) -> Memory:
        """Give what is known of a card once it was answered; None: it was new.

        A review that is dated before the last one (the clock was set back) counts as given right after it.
        """
        moment = at.astimezone(UTC)
        if memory is not None and moment <= memory.last_review:
            moment = memory.last_review + MS
        card, _ = self._fsrs.review_card(_to_fsrs(memory, moment), fsrs.Rating(rating), moment)
        forgotten = memory is not None and memory.stage is Stage.REVIEW and rating is Rating.AGAIN
        return Memory(
            stage=Stage(card.state),
            step=card.step,
            stability=float(card.stability or 0.0),
            difficulty=float(card.difficulty or 0.0),
            due=card.due,
            last_review=moment,
            first_review=moment if memory is None else memory.first_review,
            n_reviews=1 if memory is None else memory.n_reviews + 1,
            n_lapses=(0 if memory is None else memory.n_lapses) + forgotten,
        )

    def replay(self, reviews: Iterable[Review]) -> Memory | None:
        """Compute one card's memory from all its reviews, whatever order they arrive in."""
        memory = None
        for review in sorted(reviews, key=lambda each: each.at):
            memory = self.after(memory, review.rating, review.at)
        return memory

    def waits(self, memory: Memory | None, at: datetime) -> dict[Rating, timedelta]:
        """Give how long the card would wait after each answer."""
        return {rating: (new := self.after(memory, rating, at)).due - new.last_review for rating in Rating}

    def recall(self, memory: Memory, at: datetime) -> float:
        """Give the probability, 0..1, that the card is remembered at a moment."""
        return float(self._fsrs.get_card_retrievability(_to_fsrs(memory, at), at.astimezone(UTC)))


def _to_fsrs(memory: Memory | None, at: datetime) -> fsrs.Card:
    if memory is None:
        return fsrs.Card(card_id=0, due=at)  # without an id it would wait for one, a millisecond each
    return fsrs.Card(
        card_id=0,
        state=fsrs.State(memory.stage),
        step=memory.step,
        stability=memory.stability,
        difficulty=memory.difficulty,
        due=memory.due,
        last_review=memory.last_review,
    )


def to_ms(moment: datetime) -> datetime:
    """Cut a moment to whole milliseconds: that is what Anki keeps, and by it a review is known again."""
    utc = moment.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def not_before(moment: datetime, memory: Memory | None) -> datetime:
    """Give the moment, or right after the card's last review where the clock was set back."""
    return moment if memory is None or moment > memory.last_review else memory.last_review + MS


def wait_words(wait: timedelta) -> str:
    """Say how long a card waits, as short as a button needs it.

    >>> [wait_words(timedelta(seconds=s)) for s in (60, 5400, 86400 * 8, 86400 * 75, 86400 * 800)]
    ['1 min', '2 h', '8 d', '2.5 mo', '2.2 y']
    """
    minutes = wait.total_seconds() / 60
    if minutes < MINUTES_AN_HOUR:
        return f"{max(1, round(minutes))} min"
    if wait < timedelta(days=1):
        return f"{round(minutes / MINUTES_AN_HOUR)} h"
    days = wait / timedelta(days=1)
    if days < DAYS_A_MONTH:
        return f"{round(days)} d"
    return f"{days / DAYS_A_MONTH:.1f} mo" if days < DAYS_A_YEAR else f"{days / DAYS_A_YEAR:.1f} y"
