"""An answer can be contested, is looked at blind, and gets an answer with its reason."""

from pathlib import Path

import pytest

from florilegium.appeals import Consent, Ruling, State
from tests.recourse_making import REASON, ask, key, make_project, picture, recourse_at, review


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a trained project; tests work on copies."""
    return make_project(tmp_path_factory.mktemp("made"))


def test_an_appeal_goes_its_whole_way(made: Path, tmp_path: Path) -> None:
    """Answer, appeal, blind review, ruling with a reason: the private link shows each step and its end."""
    with recourse_at(made, tmp_path / "p", recourse="ombudsman@example.org") as recourse:
        content = picture("red")
        prediction, ticket = ask(recourse, content)
        _, link = recourse.appeal(
            ticket, reason="that is red", suggestion=None, key=key(), content=content, consent=Consent.REVIEW
        )
        waiting = recourse.status(link)
        (queued,) = recourse.queue("ann", "reviewer")
        done = review(recourse, queued.case, "blue")
        status = recourse.status(link)

    assert prediction.label == "red"
    assert waiting.state is State.RECEIVED
    assert "A person decides by 14 December 2026" in waiting.next
    assert done.standing.state is State.UPHELD
    assert (status.ruling, status.label, status.reason) == (Ruling.UPHELD, "blue", REASON)
    assert "ombudsman@example.org" in status.next
    assert status.reviewer == ""
