"""What was learned from stays, whatever else happens to a case about the same answer."""

from pathlib import Path

import pytest

from florilegium.appeals import Consent
from tests.recourse_making import ask, key, make_project, picture, recourse_at, review


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a trained project; tests work on copies."""
    return make_project(tmp_path_factory.mktemp("made"))


@pytest.mark.parametrize("consent", list(Consent))
def test_a_learned_picture_outlives_an_appeal_that_is_taken_back(made: Path, tmp_path: Path, consent: Consent) -> None:
    """An audit taught the model; the same answer is contested with another consent, and the appeal is withdrawn."""
    content = picture("red")
    with recourse_at(made, tmp_path / "p", audit_share=1.0) as recourse:
        prediction, ticket = ask(recourse, content, may_learn=True)
        audit = recourse.store.cases.of_prediction(prediction.id)[0].case.id
        review(recourse, audit, "blue")
        learned = recourse.case_by_id(audit).standing.is_learned
        file, link = recourse.appeal(ticket, reason="It is blue to me.", key=key(), consent=consent, content=content)
        recourse.withdraw(link, key=key())
        kept = recourse.store.live.content(prediction.id)

        assert learned
        assert file.standing.state == "received"
        assert kept is not None
        assert kept.content == content
        recourse.project.train()  # the item is still there to be learned from
