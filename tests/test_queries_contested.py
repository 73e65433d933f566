"""Answers of a query desk to people outside: described, contested, brought back to the desk where they were wrong."""

import json
import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from florilegium.appeals import Consent, Ruling
from florilegium.project import Project
from florilegium.serve.whole import create_whole
from florilegium.store import QueryState
from tests.query_making import trained_queries
from tests.recourse_making import REASON, key, review

SURE, REPLY = "my card was stolen, please help", "Freeze your card in the app under Cards."


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a trained project with replies and a promise; tests work on copies."""
    return trained_queries(tmp_path_factory.mktemp("queries"))


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Iterator[Project]:
    """Open a copy of it."""
    shutil.copytree(made, tmp_path / "p")
    with Project(tmp_path / "p") as project:
        yield project


@pytest.fixture
def client(project: Project) -> TestClient:
    """Give a browser without scripts, at this machine."""
    return TestClient(create_whole(project, is_here=True), base_url="http://127.0.0.1:8000")


def asked(client: TestClient) -> str:
    """Ask what is answered automatically; give the ticket."""
    answer = client.post("/api/queries", json={"text": SURE}).json()
    assert (answer["automatic"], answer["reply"]) == (True, REPLY)
    return str(answer["ticket"])


def test_the_interface_is_described_for_people(client: TestClient) -> None:
    """The page at /docs has every address, what each takes and gives, and an example that works as it stands."""
    page = client.get("/docs")
    text = unescape(page.text)
    example = re.search(r"-d '([^']*)'", text)

    assert page.status_code == 200
    assert all(address in text for address in ("/api/queries/{ticket}", "/api/predict", "/api/appeals"))
    assert '"waiting" or "automatic"' in text
    assert re.search(r'<th scope="row"><code>language</code>', text)
    assert example is not None
    assert client.post("/api/queries", json=json.loads(example[1])).status_code == 200


@pytest.mark.parametrize("consent", ["none", "review"])
def test_a_chat_answer_is_contested_as_it_was_told(client: TestClient, project: Project, consent: str) -> None:
    """The form shows the reply and has the text in it; it is kept with consent alone, and never typed again."""
    ticket = asked(client)
    html = client.get(f"/appeal/{ticket}").text
    text = re.search(r'<textarea id="text"[^>]*>(.*?)</textarea>', html, re.DOTALL)
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html))
    assert text is not None
    sent = {**fields, "reason": "that is no answer", "right": "unknown", "consent": consent, "text": unescape(text[1])}
    parts = {name: (None, value) for name, value in sent.items()}
    done = client.post(f"/appeal/{ticket}", files=parts, follow_redirects=False)
    assert done.status_code == 303, done.text
    (file,) = project.store.cases.open_ones()

    assert text[1] == SURE
    assert REPLY in html
    assert "forgotten" not in html
    assert file.case.consent is Consent(consent)
    assert (project.store.live.content(file.case.prediction_id) is not None) is (consent == "review")


@pytest.mark.parametrize("ruling", [Ruling.UPHELD, Ruling.REJECTED])
def test_a_wrong_answer_comes_back_to_the_desk(client: TestClient, project: Project, ruling: Ruling) -> None:
    """Upheld, the query waits first of all with the reason, and the chat says so; rejected, all stays as it is."""
    ticket = asked(client)
    recourse = project.recourse()
    file, _ = recourse.appeal(ticket, reason="no", key=key(), consent=Consent.REVIEW, content=SURE)
    number = file.case.id
    recourse.take(number, "owner", "owner")
    recourse.judge_blind(number, "owner", "card_arrival", key=key(), seconds=9.0)
    page = client.get(f"/review/{number}").text
    label = "card_arrival" if ruling is Ruling.UPHELD else "lost_card"
    recourse.decide(number, "owner", ruling, label, reason=REASON, key=key(), seconds=9.0)
    query = project.store.queries.by_ticket(ticket)
    chat = client.get(f"/chat?tickets={ticket}").text
    desk = client.get("/queries/1").text

    assert REPLY in page
    assert query is not None
    assert query.is_from_machine
    is_back = ruling is Ruling.UPHELD
    assert (query.state, query.handed) == ((QueryState.WAITING, True) if is_back else (QueryState.AUTOMATIC, False))
    assert ("a person will look at it again" in chat) is is_back
    assert (f"the answer was wrong; it is card_arrival. {REASON}" in unescape(desk)) is is_back


def test_what_a_person_took_up_stays_with_them(client: TestClient, project: Project) -> None:
    """An answer that somebody at the desk has corrected is not handed back once more."""
    ticket = asked(client)
    recourse = project.recourse()
    file, _ = recourse.appeal(ticket, reason="no", key=key(), consent=Consent.REVIEW, content=SURE)
    desk = project.queries().desk()
    card = desk.card(1)
    desk.send(1, "It is on its way.", "card_arrival", who="ann", seen=card.query.n_events, click=card.click)
    review(recourse, file.case.id, "card_arrival")
    query = project.store.queries.by_ticket(ticket)

    assert query is not None
    assert (query.state, query.reply) == (QueryState.ANSWERED, "It is on its way.")
