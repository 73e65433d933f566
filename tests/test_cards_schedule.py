"""When a card comes again: the same as the reference says, in every zone, whatever the clock does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import fsrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.cards.day import Day
from florilegium.cards.schedule import Rating, Review, Scheduler, Stage
from florilegium.errors import SettingError
from tests.card_making import NOW, history, memories_of

STEPS = st.lists(st.tuples(st.floats(0.01, 5000), st.sampled_from(Rating)), min_size=1, max_size=12)


def reference(reviews: list[Review], scheduler: Any) -> list[Any]:
    """Let the library itself review one card."""
    card = fsrs.Card(card_id=1, due=reviews[0].at)
    states = []
    for review in reviews:
        card, _ = scheduler.review_card(card, fsrs.Rating(review.rating), review.at)
        states.append((card.state.value, card.step, card.stability, card.difficulty, card.due, card.last_review))
    return states


@given(steps=STEPS)
def test_each_step_is_that_of_the_reference(steps: list[tuple[float, Rating]]) -> None:
    """Stage, step, stability, difficulty and due moment equal those of `fsrs` after every answer of any history."""
    reviews = history(*steps)

    ours = memories_of(reviews, Scheduler())

    assert [(m.stage.value, m.step, m.stability, m.difficulty, m.due, m.last_review) for m in ours] == reference(
        reviews, fsrs.Scheduler(enable_fuzzing=False)
    )


@given(steps=STEPS, retention=st.sampled_from([0.8, 0.9, 0.95]))
def test_the_reference_agrees_when_it_reschedules_a_whole_history(
    steps: list[tuple[float, Rating]], retention: float
) -> None:
    """`replay` equals the library's own `reschedule_card` over the same log, at other retentions too."""
    reviews = history(*steps)
    logs = [fsrs.ReviewLog(1, fsrs.Rating(r.rating), r.at, None) for r in reviews]
    scheduler = fsrs.Scheduler(desired_retention=retention, enable_fuzzing=False)

    ours = Scheduler(retention=retention).replay(reversed(reviews))
    theirs = scheduler.reschedule_card(fsrs.Card(card_id=1, due=reviews[0].at), logs)

    assert ours is not None
    assert (ours.stability, ours.difficulty, ours.due) == (theirs.stability, theirs.difficulty, theirs.due)


def test_intervals_of_a_published_history() -> None:
    """Known from the library's own test: a card always good but twice forgotten waits these many days."""
    ratings = [Rating.GOOD] * 6 + [Rating.AGAIN] * 2 + [Rating.GOOD] * 5
    scheduler, memory, at, days = Scheduler(), None, datetime(2022, 11, 29, 12, 30, tzinfo=UTC), []
    for rating in ratings:
        memory = scheduler.after(memory, rating, at)
        days.append((memory.due - memory.last_review).days)
        at = memory.due

    assert days == [0, 2, 11, 46, 163, 498, 0, 0, 2, 4, 7, 12, 21]


def test_a_clock_set_back_neither_loses_an_answer_nor_turns_time_round() -> None:
    """An answer that is dated before the card's last one counts as given right after it."""
    scheduler = Scheduler()
    first = scheduler.after(None, Rating.EASY, NOW)

    second = scheduler.after(first, Rating.GOOD, NOW - timedelta(days=400))

    assert second.last_review == NOW + timedelta(milliseconds=1)
    assert second.due >= first.last_review
    assert second.n_reviews == 2


def test_a_lapse_is_counted_once_learned() -> None:
    """Again while learning is no lapse; again in review is one."""
    again, good, easy = Rating.AGAIN, Rating.GOOD, Rating.EASY

    found = memories_of(history((0, again), (1, easy), (200, again), (1, good)), Scheduler())

    assert [m.n_lapses for m in found] == [0, 0, 1, 1]
    assert found[-1].stage is Stage.REVIEW


@pytest.mark.parametrize(("choices", "told"), [({"retention": 0.5}, "0.7 to 0.97"), ({"parameters": (1.0,)}, "21")])
def test_what_fsrs_cannot_take_is_refused(choices: dict[str, Any], told: str) -> None:
    """Retention and parameters out of range are told with what is expected."""
    with pytest.raises(SettingError, match=told):
        Scheduler(**choices)


# Days

ZONES = ("UTC", "Europe/Vienna", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe")


@given(
    zone=st.sampled_from(ZONES),
    starts_at=st.integers(0, 12),
    at=st.datetimes(datetime(1990, 1, 1), datetime(2050, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
)
def test_every_moment_lies_in_its_day(zone: str, starts_at: int, at: datetime) -> None:
    """A day begins at or before each of its moments and ends after it, summer time and moved zones included."""
    day = Day.of(zone, starts_at)

    assert day.start(at) <= at < day.end(at)
    assert day.date_of(day.start(at)) == day.date_of(at)
    assert timedelta(hours=20) <= day.end(at) - day.start(at) <= timedelta(hours=50)  # Apia left out a whole day


def test_a_day_with_summer_time_has_23_hours_and_a_day_with_winter_time_25() -> None:
    """In Vienna the nights of 29 March and 25 October 2026 change the clock before four in the morning."""
    day = Day.of("Europe/Vienna", 4)
    spring, autumn = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)

    assert [(day.end(at) - day.start(at)) / timedelta(hours=1) for at in (spring, autumn)] == [23, 25]


@pytest.mark.parametrize(("zone", "hour"), [("Europe/Atlantis", 4), ("../../etc/passwd", 4), ("UTC", 13)])
def test_no_such_zone_or_hour_is_told(zone: str, hour: int) -> None:
    """A zone that is none, a path, and an hour in the afternoon are refused."""
    with pytest.raises(SettingError, match="expected"):
        Day.of(zone, hour)
