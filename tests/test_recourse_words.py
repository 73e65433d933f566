"""What a private page tells of a case: all that concerns its appellant, and nothing of who reviewed it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from florilegium.appeals import Case, CaseEvent, Origin, State, Step
from florilegium.serve.recourse.words import HEADLINES, Place, day, story, wait
from florilegium.store import CaseFile

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def told(*steps: tuple[Step, str, Mapping[str, Any]]) -> CaseFile:
    """Make a case of steps, an hour apart."""
    events = tuple(
        CaseEvent(step=step, at=NOON + timedelta(hours=i), who=who, key=f"key-{i}", details=details)
        for i, (step, who, details) in enumerate(((Step.RECEIVED, "", {"days": 14}), *steps))
    )
    case = Case(prediction_id=1, origin=Origin.APPEAL, key="k", at=NOON, deadline_at=NOON + timedelta(days=14), id=1)
    return CaseFile(case=case, events=events)


REVIEW: tuple[tuple[Step, str, Mapping[str, Any]], ...] = (
    (Step.TAKEN, "Ann Lee", {}),
    (Step.JUDGED_BLIND, "Ann Lee", {"label": "rose"}),
    (Step.ASKED, "Ann Lee", {"text": "Which rose?"}),
    (Step.TOLD, "", {"text": "A tea rose."}),
    (Step.TAKEN, "Bob", {}),
    (Step.JUDGED_BLIND, "Bob", {"label": "rose"}),
    (Step.DECIDED, "Bob", {"ruling": "upheld", "label": "rose", "reason": "broad petals seen"}),
)


def test_the_story_names_no_reviewer() -> None:
    """Question, answer and decision are told with their moments; who asked and who decided is not."""
    moments = story(told(*REVIEW))
    titles = [moment.title for moment in moments]

    assert titles == ["You objected", "We asked you", "You answered", "Decided: the answer was wrong"]
    assert {moment.text for moment in moments} == {"", "Which rose?", "A tea rose."}
    assert all(moment.place is Place.DONE for moment in moments)


def test_what_one_of_two_says_is_not_told() -> None:
    """While a second person has to look, the first one's ruling is no decision yet: the case is being looked at."""
    moments = story(told((Step.SECOND_WANTED, "", {}), REVIEW[0], REVIEW[1], (Step.DECIDED, "Ann Lee", REVIEW[6][2])))

    assert [(moment.title, moment.place) for moment in moments] == [
        ("You objected", Place.DONE),
        ("A person looks at it", Place.NOW),
        ("You get an answer with its reason", Place.NEXT),
    ]


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_its_headline(state: State) -> None:
    """Wherever a case is, its page says so in one sentence."""
    assert HEADLINES[state].endswith(".")


@pytest.mark.parametrize(
    ("gap", "said"),
    [
        (timedelta(days=13, hours=2), "in 13 days"),
        (timedelta(hours=1), "in 1 hour"),
        (timedelta(minutes=5), "in less than an hour"),
        (-timedelta(days=3), "3 days late"),
    ],
)
def test_a_wait_is_told_in_words(gap: timedelta, said: str) -> None:
    """Days as long as there are some, then hours; what is late is called late."""
    assert wait(NOON + gap, now=NOON) == said


def test_a_day_is_written_out() -> None:
    """No one has to know whether the month or the day comes first."""
    assert day(NOON) == "1 December 2026"
