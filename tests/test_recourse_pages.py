"""The pages on which an answer is contested, followed and reviewed, as they answer over HTTP."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from florilegium.project.recourse import Recourse
from florilegium.serve.limits import Limits
from florilegium.serve.recourse.words import blind_seconds
from tests.recourse_making import REASON, key, make_project, picture
from tests.recourse_pages_making import (
    HOSTILE,
    WRITTEN,
    contested,
    form,
    hidden,
    pages_of,
    project_at,
    reviewed,
    send,
    step,
    ticket_of,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a trained project; tests work on copies."""
    return make_project(tmp_path_factory.mktemp("made"))


@pytest.fixture
def recourse(made: Path, tmp_path: Path) -> Iterator[Recourse]:
    """Open a copy of it."""
    with project_at(made, tmp_path / "p", recourse="ombudsman@example.org") as recourse:
        yield recourse


@pytest.fixture
def client(recourse: Recourse) -> Iterator[TestClient]:
    """Open its pages."""
    with pages_of(recourse) as client:
        yield client


def test_every_answer_has_a_ticket_and_is_recorded(client: TestClient, recourse: Recourse) -> None:
    """What the form says beside a photo is kept; the photo is not. Sent again with its number, it is recorded once."""
    content = picture("red")
    first = ticket_of(client, content, key="a number of mine", site="north", may_check="no")
    again = ticket_of(client, content, key="a number of mine", site="north", may_check="no")
    other = ticket_of(client, content)
    recorded = recourse.answer(first)

    assert first == again != other
    assert (recorded.label, recorded.metadata, recorded.may_check) == ("red", {"site": "north"}, False)
    assert recourse.store.live.content(recorded.id) is None
    assert recourse.store.live.count() == 2


def test_a_page_without_scripts_leads_to_the_form(client: TestClient) -> None:
    """The answer's page carries the link; the same form sent twice, as by a reload, records one answer."""
    number = hidden(client.get("/").text, "./")["key"]
    parts: list[tuple[str, Any]] = [
        ("key", (None, number)),
        ("photos", ("a.png", picture("red"))),
        ("may_check", (None, "yes")),
    ]
    pages = [client.post("/", files=parts).text for _ in range(2)]
    links = {page.partition('href="appeal/')[2].partition('"')[0] for page in pages}

    assert len(links) == 1
    assert client.get(f"/appeal/{links.pop()}").status_code == 200
    assert hidden(client.get("/").text, "./")["key"] != number


def test_a_form_sent_twice_opens_one_case(client: TestClient, recourse: Recourse) -> None:
    """Double click, reload and going back lead to the same private link."""
    content = picture("red")
    ticket, given = ticket_of(client, content), form()
    first, again = (send(client, f"/appeal/{ticket}", given) for _ in range(2))
    other = send(client, f"/appeal/{ticket}", form())

    assert first.headers["location"] == again.headers["location"]
    assert len(recourse.store.cases.all()) == 1
    assert other.status_code == 409
    assert "contested before" in other.text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"reason": "  "}, "The reason is empty"),
        ({"consent": ""}, "Say whether we may keep it"),
        ({"right": "class", "suggestion": "mauve"}, "no class of this model"),
        ({"contact": "nobody"}, "no e-mail address"),
        ({"key": "short"}, "8 to 200"),
    ],
)
def test_what_is_missing_is_said_and_nothing_written_is_lost(
    client: TestClient, changed: dict[str, str], said: str
) -> None:
    """The form comes back with a sentence above it and with every field as it was."""
    ticket = ticket_of(client, picture("red"))
    answer = send(client, f"/appeal/{ticket}", form(**{"suggestion": "blue", **changed}))

    assert answer.status_code == 422
    assert said in answer.text
    assert changed.get("reason", WRITTEN) in answer.text


def test_another_photo_than_was_answered_is_refused(client: TestClient, recourse: Recourse) -> None:
    """What a reviewer sees is what the classifier saw; without consent nothing is kept, whatever was sent."""
    ticket = ticket_of(client, picture("red"))
    other = send(client, f"/appeal/{ticket}", form(consent="review"), picture("blue"))
    none = send(client, f"/appeal/{ticket}", form(consent="none"), picture("red"))

    assert other.status_code == 422
    assert "not the picture that was answered" in other.text
    assert none.status_code == 303
    assert recourse.store.live.content(recourse.answer(ticket).id) is None


def test_the_private_page_is_nobody_elses(client: TestClient) -> None:
    """No cache keeps it, no search engine lists it, no other site hears its address; every wrong link looks alike."""
    link = contested(client)
    page = client.get(f"/case/{link}")
    wrong = [client.get(f"/case/{each}") for each in (f"{link[:-1]}!", "x", "x" * 5000)]

    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in page.headers["x-robots-tag"]
    assert {each.status_code for each in wrong} == {404}
    assert len({each.text for each in wrong}) == 1
    assert client.get("/appeal/nonsense").text == wrong[0].text


def test_who_guesses_has_to_wait(client: TestClient) -> None:
    """After thirty wrong links within a minute wrong ones are not looked at; who has a real one is not locked out."""
    link = contested(client)
    answers = [client.get(f"/case/{i}").status_code for i in range(30)]
    refused, told = client.get("/case/31"), client.get("/api/appeals/32")
    right = client.get(f"/case/{link}")

    assert set(answers) == {404}
    assert (refused.status_code, told.status_code, right.status_code) == (429, 429, 200)
    assert refused.headers["retry-after"] == "60"


def test_an_appeal_is_answered_on_its_private_page(client: TestClient, recourse: Recourse) -> None:
    """Blind word, file, ruling: the page shows the decision, its reason and where else to go, and names no reviewer."""
    link = contested(client, consent="learn", contact="ann@example.org")
    reviewed(client, 1, "blue", ruling="upheld")
    page = client.get(f"/case/{link}").text

    assert "You were right to object." in page
    assert "its colour is plain to see" in page
    assert "ombudsman@example.org" in page
    assert "owner" not in page.partition("<main")[2]
    assert recourse.case_by_id(1).standing.is_learned


def test_the_blind_page_tells_nothing(client: TestClient) -> None:
    """Before the blind word neither the page nor its picture tells the answer, the claim, or why the case is there."""
    contested(client, right="class", suggestion="green", reason="zebra stripes")
    queue = client.get("/review").text
    step(client, "/review", "/review/1/take")
    blind = client.get("/review/1").text
    ruling = {"ruling": "upheld", "label": "blue", "reason": REASON}
    early = client.post("/review/1/decide", data={**hidden(blind, "/review/1/blind"), **ruling})

    for page in (queue, blind, early.text):
        assert "zebra" not in page
        assert "objected" not in page
        assert "%" not in page.partition("<main")[2]
    assert client.get("/review/1/picture").headers["content-type"] in ("image/png", "image/jpeg")
    assert early.status_code == 409
    assert client.get("/review/1/near/0").status_code == 409


def test_the_server_takes_the_time(client: TestClient, recourse: Recourse) -> None:
    """Seconds are those between taking, blind word and ruling by the server's clock; a browser cannot shorten them."""
    contested(client)
    step(client, "/review", "/review/1/take")
    recourse.project.clock.later(seconds=40)  # type: ignore[attr-defined]  # the test's own clock
    step(client, "/review/1", "/review/1/blind", choice="is:blue", seconds="1")
    page = client.get("/review/1").text
    spent = blind_seconds(recourse.case_by_id(1).events, "owner")

    assert spent is not None
    assert 40 <= spent < 60
    assert f"after {spent:.0f} s" in page


@pytest.mark.parametrize(
    ("choice", "said"), [("none", "none of the classes"), ("unsure", "could not tell"), ("is:red", "red")]
)
def test_what_was_said_blind_stands_in_the_file(client: TestClient, choice: str, said: str) -> None:
    """None of the classes, and not being able to tell, are two answers, and are shown as two."""
    contested(client)
    step(client, "/review", "/review/1/take")
    step(client, "/review/1", "/review/1/blind", choice=choice)
    page = client.get("/review/1").text

    assert said in page[page.index("You, blind") : page.index("Why it is here")]
    assert f"label: {said}" in client.get("/review/trail").text


def test_a_question_goes_back_and_forth(client: TestClient) -> None:
    """The reviewer asks, the private page shows the question and takes the answer, the file shows both."""
    link = contested(client)
    step(client, "/review", "/review/1/take")
    step(client, "/review/1", "/review/1/blind", choice="unsure")
    step(client, "/review/1", "/review/1/ask", text="Which side is up?")
    asked = client.get(f"/case/{link}").text
    told = step(client, f"/case/{link}", f"/case/{link}/tell", text="The left one.")
    step(client, "/review", "/review/1/take")
    page = client.get("/review/1").text

    assert "Which side is up?" in asked
    assert told.status_code == 303
    assert "The left one." in page


def test_withdrawn_and_opened_again_once(client: TestClient, recourse: Recourse) -> None:
    """Taking back closes a case; it opens once more, not twice; a page gone back to cannot take a step again."""
    link = contested(client)
    at = f"/case/{link}"
    old = hidden(client.get(at).text, f"{at}/withdraw")
    first, again = (client.post(f"{at}/withdraw", data=old, follow_redirects=False) for _ in range(2))
    reopened = step(client, at, f"{at}/reopen", text="I thought again.")
    client.post(f"{at}/withdraw", data=old)
    state = recourse.status(link).state
    step(client, at, f"{at}/withdraw")
    last = client.get(at).text

    assert (first.status_code, again.status_code, reopened.status_code) == (303, 303, 303)
    assert state == "received"
    assert f"{at}/reopen" not in last


def test_everything_kept_is_given_and_erased(client: TestClient, recourse: Recourse) -> None:
    """The archive holds photo, words and steps; erasing asks first, and leaves neither words nor photo."""
    link = contested(client, contact="ann@example.org")
    archive = zipfile.ZipFile(io.BytesIO(client.get(f"/case/{link}/data").content))
    told = json.loads(archive.read("everything.json"))
    unsure = client.post(f"/case/{link}/erase", data={"key": key()})
    kept = recourse.store.live.content(1)
    sure = step(client, f"/case/{link}/erase", f"/case/{link}/erase", sure="yes")
    page = client.get(f"/case/{link}").text

    assert sorted(archive.namelist()) == ["everything.json", "picture.png"]
    assert told["cases"][0]["reason"] == WRITTEN
    assert (unsure.status_code, kept is not None, sure.status_code) == (422, True, 303)
    assert recourse.store.live.content(1) is None
    assert "It is erased." in page
    assert WRITTEN not in page
    assert "ann@example.org" not in page


def test_a_reviewer_who_clicks_twice_decides_once(client: TestClient, recourse: Recourse) -> None:
    """The blind word and the ruling, each sent twice by an impatient finger, are one step each; both clicks lead on."""
    contested(client)
    step(client, "/review", "/review/1/take")
    page = client.get("/review/1").text
    given = {**hidden(page, "/review/1/blind"), "choice": "is:blue"}
    words = [client.post("/review/1/blind", data=given, follow_redirects=False).status_code for _ in range(2)]
    page = client.get("/review/1").text
    ruling = {"do": "decide", "ruling": "upheld", "label": "blue", "reason": REASON}
    given = {**hidden(page, "/review/1/decide"), **ruling}
    rulings = [client.post("/review/1/decide", data=given, follow_redirects=False).status_code for _ in range(2)]
    steps = [event.step for event in recourse.case_by_id(1).events]

    assert (words, rulings) == ([303, 303], [303, 303])
    assert steps == ["received", "taken", "judged blind", "decided"]


def test_two_reviewers_cannot_both_have_a_case(recourse: Recourse, client: TestClient) -> None:
    """Who comes second is told who has it; what they decide meanwhile is not lost to the first."""
    contested(client)
    recourse.take(1, "ann", "reviewer")
    second = client.post("/review/1/take", data=_token(client))

    assert second.status_code == 409
    assert "has this case before them" in second.text
    assert recourse.case_by_id(1).standing.holder == "ann"


def _token(client: TestClient) -> dict[str, str]:
    """Give what a form of the review pages has to bring back."""
    page = client.get("/review").text
    return {"csrf": page.partition('name="csrf" content="')[2].partition('"')[0], "key": key()}


def test_a_reply_is_drafted_from_notes(client: TestClient) -> None:
    """The template joins the notes; what was chosen stays chosen, and nothing is decided by it."""
    contested(client)
    step(client, "/review", "/review/1/take")
    step(client, "/review/1", "/review/1/blind", choice="is:blue")
    given = {"do": "draft", "ruling": "upheld", "label": "blue", "reason": "it is blue all over\nno red to be seen"}
    page = step(client, "/review/1", "/review/1/decide", **given)

    assert page.status_code == 200
    assert "This is what we found." in page.text
    assert "It is blue all over." in page.text
    assert 'value="upheld" required data-key="w" checked' in page.text


def test_owners_see_doubts_and_every_step(client: TestClient) -> None:
    """A ruling within a second is doubtful; the trail holds each step, and nothing that the appellant wrote."""
    contested(client)
    reviewed(client, 1, "blue", ruling="upheld")
    doubts, trail = client.get("/review/doubts").text, client.get("/review/trail").text
    document = client.get("/review/trail.json").json()

    assert "Too quick" in doubts
    assert "judged blind" in trail
    assert WRITTEN not in trail
    assert [each["step"] for each in document["cases"][0]["steps"]][-1] == "decided"


def test_programs_contest_and_follow(client: TestClient) -> None:
    """The same with curl: 201 with the link, the same for the same key, 404 and 409 in the one shape of errors."""
    client.headers["accept"] = "application/json"
    content = picture("red")
    given = form(ticket=ticket_of(client, content), consent="review")
    first, again = (send(client, "/api/appeals", given, content) for _ in range(2))
    followed = client.get(f"/api/appeals/{first.json()['link']}")
    missing = send(client, "/api/appeals", form(ticket="nothing"))
    other = send(client, "/api/appeals", {**given, "key": key()})
    no_form = client.post("/api/appeals", json={})
    no_consent = send(client, "/api/appeals", {**given, "consent": "", "key": key()})

    assert "curl -F" in no_form.json()["error"]["message"]
    assert "consent: none, review or learn" in no_consent.json()["error"]["message"]
    assert (first.status_code, first.json()) == (201, again.json())
    assert followed.json()["state"] == "received"
    assert (missing.status_code, missing.json()["error"]["kind"]) == (404, "TicketUnknown")
    assert (other.status_code, other.json()["error"]["kind"]) == (409, "AlreadyContested")


def test_what_is_written_is_shown_and_never_run(client: TestClient) -> None:
    """Markup, template signs and turned writing in any field come back as text on every page."""
    link = contested(client, reason=HOSTILE)
    step(client, "/review", "/review/1/take")
    step(client, "/review/1", "/review/1/blind", choice="is:blue")
    step(client, "/review/1", "/review/1/ask", text=HOSTILE)
    case = client.get(f"/case/{link}").text
    step(client, f"/case/{link}", f"/case/{link}/tell", text=HOSTILE)
    step(client, "/review", "/review/1/take")
    file = client.get("/review/1").text

    for page in (case, file):
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;alert(1)" in page
        assert "{{ 7*7 }}" in page


def test_large_forms_are_refused(recourse: Recourse) -> None:
    """A form's words and its photo have a size; beyond it the sender hears so, and nothing is recorded."""
    with pages_of(recourse, limits=Limits(max_file_bytes=10_000)) as client:
        ticket = ticket_of(client, picture("red"))
        long = send(client, f"/appeal/{ticket}", form(reason="x" * 70_000))
        large = send(client, f"/appeal/{ticket}", form(consent="review"), b"x" * 20_000)
        link = contested(client, consent="none", seed=5)
        tell = client.post(f"/case/{link}/withdraw", data={"key": key(), "text": "x" * 200_000})
        huge = client.post(f"/case/{link}/withdraw", data={"key": key(), "text": "x" * (2 << 20)})

    assert (huge.status_code, huge.headers["Connection"]) == (413, "close")  # what is still to come is not read
    assert (long.status_code, large.status_code, tell.status_code) == (413, 413, 413)
    assert len(recourse.store.cases.all()) == 1


def test_reasons_are_asked_of_reviewers_too(client: TestClient) -> None:
    """A ruling without a reason, or against itself, is refused with a sentence; what was written stays."""
    contested(client)
    step(client, "/review", "/review/1/take")
    step(client, "/review/1", "/review/1/blind", choice="is:blue")
    short = step(client, "/review/1", "/review/1/decide", do="decide", ruling="upheld", label="blue", reason="no")
    same = step(client, "/review/1", "/review/1/decide", do="decide", ruling="upheld", label="red", reason=REASON)
    none = step(client, "/review/1", "/review/1/decide", do="decide", ruling="", label="blue", reason=REASON)

    assert [each.status_code for each in (short, same, none)] == [422, 422, 422]
    assert "is no reason" in short.text
    assert "as the model did" in same.text
    assert "Say first whether the answer was wrong." in none.text
    assert REASON in none.text
