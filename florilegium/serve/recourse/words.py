"""Say where a case stands, in words for those who wait. Path: appeals -> **serve**. Takes values, gives values.

The appellant is never told who looked, nor what somebody said before a second person agreed: only what was decided.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from florilegium.appeals import CaseEvent, Origin, Ruling, Standing, State, Step, fold
from florilegium.evaluation.words import counted
from florilegium.store.cases import CaseFile

DAY = timedelta(days=1)
HOURS_SHOWN = timedelta(days=2)  # below, a wait is told in hours


class Place(StrEnum):
    """Where a moment lies."""

    DONE = "done"
    NOW = "now"
    NEXT = "next"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line of a case's story."""

    title: str
    place: Place
    at: datetime | None = None
    text: str = ""  # what was said, in its writer's words


HEADLINES: Mapping[State, str] = {
    State.RECEIVED: "A person will look at it.",
    State.IN_REVIEW: "A person is looking at it.",
    State.NEEDS_INFORMATION: "We have a question for you.",
    State.UPHELD: "You were right to object.",
    State.REJECTED: "The answer stands.",
    State.WITHDRAWN: "You took your objection back.",
}
ERASED = "It is erased."
_DONE: Mapping[Step, str] = {
    Step.RECEIVED: "You objected",
    Step.ASKED: "We asked you",
    Step.TOLD: "You answered",
    Step.WITHDRAWN: "You took it back",
    Step.REOPENED: "You asked us to look again",
    Step.LEARNED: "The classifier was given the right answer to learn from",
    Step.FORGOTTEN: "Your words and the picture or text were erased",
}
_AHEAD: Mapping[State, tuple[tuple[str, Place], ...]] = {
    State.RECEIVED: (("It waits for a reviewer", Place.NOW), ("A person looks at it", Place.NEXT)),
    State.IN_REVIEW: (("A person looks at it", Place.NOW),),
    State.NEEDS_INFORMATION: (("It waits for your answer", Place.NOW), ("A person looks at it", Place.NEXT)),
}
_ANSWER = "You get an answer with its reason"


def story(file: CaseFile) -> tuple[Moment, ...]:
    """Give what happened with a case and what comes next, as its appellant sees it."""
    told: list[Moment] = []
    for i, event in enumerate(file.events):
        if (moment := _moment(event)) is not None:
            told.append(moment)
        before = fold(file.events[:i], origin=file.case.origin).state if i else State.RECEIVED
        after = fold(file.events[: i + 1], origin=file.case.origin).state
        if event.step is Step.DECIDED and after.is_closed and not before.is_closed:
            told.append(_decided(event))
    ahead = _AHEAD.get(file.standing.state, ())
    told += [Moment(title=title, place=place) for title, place in ahead]
    return (*told, Moment(title=_ANSWER, place=Place.NEXT)) if ahead else tuple(told)


def _moment(event: CaseEvent) -> Moment | None:
    if event.step not in _DONE:
        return None
    return Moment(title=_DONE[event.step], place=Place.DONE, at=event.at, text=str(event.details.get("text", "")))


def _decided(event: CaseEvent) -> Moment:
    is_upheld = event.details["ruling"] == Ruling.UPHELD
    title = "Decided: the answer was wrong" if is_upheld else "Decided: the answer stands"
    return Moment(title=title, place=Place.DONE, at=event.at)


def question_of(file: CaseFile) -> str:
    """Give what the appellant was asked last; empty where nothing was."""
    asked = [event for event in file.events if event.step is Step.ASKED]
    return str(asked[-1].details.get("text", "")) if asked else ""


def wait(until: datetime, *, now: datetime) -> str:
    """Say how long it is until a moment, or since it.

    >>> noon = datetime(2026, 12, 1, 12, tzinfo=UTC)
    >>> wait(noon + timedelta(days=13), now=noon), wait(noon - timedelta(hours=30), now=noon)
    ('in 13 days', '30 hours late')
    """
    gap = abs(until - now)
    shown = counted(int(gap // timedelta(hours=1)), "hour") if gap < HOURS_SHOWN else counted(gap // DAY, "day")
    if gap < timedelta(hours=1):
        shown = "less than an hour"
    return f"in {shown}" if until >= now else f"{shown} late"


def day(moment: datetime) -> str:
    """Write a day: 14 December 2026."""
    return f"{moment.day} {moment:%B %Y}"


def clock(moment: datetime) -> str:
    """Write a moment to the minute, in the one time zone that everybody can reckon from.

    >>> clock(datetime(2026, 12, 1, 9, 5, tzinfo=UTC))
    '1 December 2026, 09:05 UTC'
    """
    there = moment.astimezone(UTC)
    return f"{day(there)}, {there:%H:%M} UTC"


def is_overdue(standing: Standing, *, now: datetime) -> bool:
    """Tell whether somebody waits longer than was promised."""
    return standing.deadline_at < now and not standing.state.is_closed


def origin_word(origin: Origin) -> str:
    """Say why a case is there."""
    return "somebody objected" if origin is Origin.APPEAL else "drawn by chance"


def blind_seconds(events: Sequence[CaseEvent], who: str) -> float | None:
    """Give the time from a reviewer's last taking of a case to their blind word; None: there is none."""
    taken: CaseEvent | None = None
    found: float | None = None
    for event in events:
        if event.who == who and event.step is Step.TAKEN:
            taken = event
        elif event.who == who and event.step is Step.JUDGED_BLIND and taken is not None:
            found = (event.at - taken.at).total_seconds()
    return found


def seconds(n: float) -> str:
    """Write a span as people say it.

    >>> seconds(11.2), seconds(150), seconds(7300)
    ('11 s', '2 min', '2 h')
    """
    minute, hour = 60, 3600
    if n < 2 * minute:
        return f"{n:.0f} s"
    return f"{n // minute:.0f} min" if n < 2 * hour else f"{n // hour:.0f} h"
