"""What staff does together on the pages of recourse: a second reviewer, an owner's ruling, a drafted reply."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from florilegium.project.accounts import Role
from florilegium.project.recourse import Recourse
from tests.accounts_making import PASSWORD, quick_passwords, signed_in  # noqa: F401 - a fixture
from tests.endpoint_serving import Manner, speaking
from tests.recourse_making import make_project
from tests.recourse_pages_making import contested, pages_of, project_at, reviewed, step


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a trained project; tests work on copies."""
    return make_project(tmp_path_factory.mktemp("made"))


@pytest.fixture
def recourse(made: Path, tmp_path: Path) -> Iterator[Recourse]:
    """Open a copy of it."""
    with project_at(made, tmp_path / "p") as recourse:
        yield recourse


@pytest.fixture
def client(recourse: Recourse) -> Iterator[TestClient]:
    """Open its pages."""
    with pages_of(recourse) as client:
        yield client


@pytest.mark.usefixtures("quick_passwords")
def test_two_reviewers_who_differ_leave_it_to_an_owner(recourse: Recourse, client: TestClient) -> None:
    """Each decides without the other's word; a third reviewer has no case to take; the owner sees both and rules."""
    link = contested(client)
    people = recourse.project.user()
    names = {"olga": Role.OWNER, "rita": Role.REVIEWER, "rolf": Role.REVIEWER, "rosa": Role.REVIEWER}
    for name, role in names.items():
        people.add(name, PASSWORD, role=role)
    # A client of ours holds an app of FastAPI.
    olga, rita, rolf, rosa = (signed_in(client.app, people, name) for name in names)  # type: ignore[arg-type]
    step(rita, "/review", "/review/1/take")
    step(rita, "/review/1", "/review/1/blind", choice="is:blue")
    asked = step(rita, "/review/1", "/review/1/second")
    ruling = {"ruling": "upheld", "label": "blue", "reason": "rita saw plain blue", "do": "decide"}
    step(rita, "/review/1", "/review/1/decide", **ruling)
    step(rolf, "/review", "/review/1/take")
    step(rolf, "/review/1", "/review/1/blind", choice="is:red")
    before = rolf.get("/review/1").text
    step(
        rolf, "/review/1", "/review/1/decide", do="decide", ruling="rejected", label="red", reason="rolf saw plain red"
    )
    waits = client.get(f"/case/{link}").text
    third = rosa.get("/review").text
    step(olga, "/review", "/review/1/take")
    step(olga, "/review/1", "/review/1/blind", choice="is:blue")
    file = olga.get("/review/1").text
    step(olga, "/review/1", "/review/1/decide", **{**ruling, "reason": "olga looked at both"})
    page = client.get(f"/case/{link}").text

    assert asked.status_code == 303
    assert "rita saw plain blue" not in before
    assert "You were right to object." not in waits
    assert "/review/1/take" not in third
    assert "The other reviewers" in file
    assert "rita saw plain blue" in file
    assert "rolf saw plain red" in file
    assert "You were right to object." in page
    assert "olga looked at both" in page


def test_a_reply_is_drafted_by_an_endpoint_after_its_cost_was_said(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent before the reviewer has read where it goes; then the answer stands in the field of the reason."""
    manner = Manner(says="It is blue all over, so you were right.")
    contested(client)
    step(client, "/review", "/review/1/take")
    step(client, "/review/1", "/review/1/blind", choice="is:blue")
    given = {"ruling": "upheld", "label": "blue", "reason": "it is blue all over"}
    with speaking(manner) as endpoint:
        monkeypatch.setenv("FLORILEGIUM_LLM_URL", endpoint.url)
        monkeypatch.setenv("FLORILEGIUM_LLM_MODEL", endpoint.model)
        asked = step(client, "/review/1", "/review/1/decide", do="draft-ask", **given)
        n_before = len(manner.asked)
        sent = step(client, "/review/1", "/review/1/decide", do="draft-send", **given)
    gone = step(client, "/review/1", "/review/1/decide", do="draft-send", **given)

    assert n_before == 0
    assert "Nothing was sent yet" in asked.text
    assert "Send them to tiny" in asked.text
    assert len(manner.asked) == 1
    assert "so you were right." in sent.text
    assert "it is blue all over" in gone.text
    assert gone.status_code >= 400


@pytest.mark.usefixtures("quick_passwords")
def test_the_public_page_offers_staff_to_sign_in(recourse: Recourse, client: TestClient) -> None:
    """Only where there are accounts, and from the moment that there are; the link leads to the login."""
    before = client.get("/").text
    recourse.project.user().add("olga", PASSWORD, role=Role.OWNER)
    after = client.get("/").text

    assert "sign in" not in before
    assert '<a href="home">For staff: sign in</a>' in after
    assert "login" in str(client.get("/home").url)


def test_the_trail_says_nothing_where_no_browser_measured_the_time(client: TestClient) -> None:
    """Without scripts the browser sends no seconds; the trail does not say that none were taken."""
    contested(client)
    reviewed(client, 1, "blue", ruling="upheld")

    assert "seconds" not in client.get("/review/trail").text.partition("<ol>")[2]
