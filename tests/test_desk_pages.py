"""The labelling pages over HTTP: what they take, what they refuse, and that nothing acknowledged is ever lost."""

import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi.testclient import TestClient

from florilegium.project import Project
from florilegium.project.desk import Desk, Task
from florilegium.project.desk.card import Wanted
from florilegium.store import Said
from tests.desk_making import COLOURS, browser_of, desk_at, trained_project, unlabelled_project

FRAGMENT = {"X-Fragment": "1"}
N_KILLS = 3  # of the whole server; test_desk_kills kills two hundred desks


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a trained project; tests work on copies."""
    folder = tmp_path_factory.mktemp("desk")
    trained_project(folder)
    return folder / "project"


@pytest.fixture
def desk(made: Path, tmp_path: Path) -> Iterator[Desk]:
    """Sit down at a copy of the trained project."""
    with desk_at(made, tmp_path / "p", again_share=0.0, control_share=0.0) as desk:
        yield desk


@pytest.fixture
def client(desk: Desk) -> TestClient:
    """Give a browser before the desk's pages."""
    return browser_of(desk)


def ticket_of(html: str) -> str:
    """Give the ticket in a page."""
    found = re.search(r'name="ticket" value="([^"]+)"', html)
    assert found is not None
    return found[1]


def question_of(html: str) -> str:
    """Give the question that a page asks, as plain words."""
    found = re.search(r'<h1 class="question">(.*?)</h1>', html, re.DOTALL)
    return "" if found is None else unescape(re.sub(r"<[^>]+>", "", found[1])).strip()


@pytest.mark.parametrize("path", ["/clean", "/clean?view=grid", "/label", "/decide", "/third", "/meter", "/play"])
def test_every_page_is_there(client: TestClient, path: str) -> None:
    """Each page answers, forbids scripts of others, and names no other host."""
    response = client.get(path)

    assert response.status_code == 200
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert re.findall(r'(?:src|href|action)="(?:https?:)?//', response.text) == []
    assert re.findall(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=", response.text) == []


def test_without_a_script_a_form_leads_to_the_next_page(client: TestClient, desk: Desk) -> None:
    """A click is a plain form: it is recorded and the browser is led on."""
    first = client.get("/clean")
    response = client.post("/judge", data={"ticket": ticket_of(first.text), "choice": "keep"}, follow_redirects=False)

    assert (response.status_code, response.headers["location"]) == (303, "/clean")
    assert len(desk.memory.standing) == 1
    assert desk.memory.standing[0].who == "owner"


def test_whoever_differs_is_told_that_a_third_decides(client: TestClient, desk: Desk) -> None:
    """One of the two who differ is not asked, and not told either that nobody differs."""
    row = int(desk.cleaning.ranked.rows[0])
    for who, label in (("owner", "blue"), ("ben", "red")):
        again = desk.drawn(row, Task.AGAIN, "again", who)
        desk.judge(again.ticket, Said.LABEL, label, who=who)

    assert "1 item waits for somebody else" in client.get("/decide").text.replace("\u00a0", " ")


def test_our_script_gets_the_next_card_alone(client: TestClient) -> None:
    """The answer to a click is the next card and what was recorded; the tally can be had beside it."""
    first = client.get("/clean")
    response = client.post(
        "/judge", data={"ticket": ticket_of(first.text), "choice": "keep", "seconds": "1.5"}, headers=FRAGMENT
    )

    assert "<html" not in response.text
    assert "as it was" in response.text
    assert ticket_of(response.text) != ticket_of(first.text)
    assert "You looked at 1 of" in client.get("/tally").text


def test_the_name_is_remembered(client: TestClient, desk: Desk) -> None:
    """Whoever says their name is written down under it; line breaks and turning signs are not."""
    client.post("/who", data={"who": " Ann\u202e\n Lee ", "back": "clean"})
    client.post("/judge", data={"ticket": ticket_of(client.get("/clean").text), "choice": "unsure"})

    assert desk.memory.standing[0].who == "Ann Lee"
    for nothing in ("", "  "):
        refused = client.post("/who", data={"who": nothing})
        assert refused.status_code == 422
        assert "Write a name" in refused.json()["error"]["message"]


def test_undo_by_form(client: TestClient, desk: Desk) -> None:
    """Undo takes back and says so; a second one finds nothing."""
    client.post("/judge", data={"ticket": ticket_of(client.get("/clean").text), "choice": "remove"})
    back = client.post("/undo", data={"on": "clean"}, headers=FRAGMENT)
    nothing = client.post("/undo", data={"on": "clean"}, headers=FRAGMENT)

    assert "Took back" in back.text
    assert "nothing to take back" in nothing.text
    assert desk.memory.standing == []


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        ({"choice": "keep"}, 422, "ticket"),
        ({"ticket": "x", "choice": "keep"}, 422, "belongs to no item"),
        ({"ticket": "OK", "choice": "drop table"}, 422, "expected keep, label"),
        ({"ticket": "OK", "choice": "label", "label": ""}, 422, "No class was named"),
        ({"ticket": "OK", "choice": "is:pink"}, 422, "No class 'pink' yet"),
        ({"ticket": "OK", "choice": "keep", "seconds": "nan"}, 422, "seconds"),
        ({"ticket": "OK", "choice": "label", "label": "x" * 5000, "new_class": "true"}, 422, "at most 200"),
    ],
)
def test_what_makes_no_sense_is_refused(
    client: TestClient, desk: Desk, data: dict[str, str], status: int, said: str
) -> None:
    """A faulty answer is refused in words and leaves no trace."""
    given = {**data, "ticket": ticket_of(client.get("/clean").text)} if data.get("ticket") == "OK" else data
    response = client.post("/judge", data=given, headers=FRAGMENT)

    assert response.status_code == status
    assert said in response.json()["error"]["message"]
    assert desk.memory.standing == []


def test_a_reader_without_a_script_is_told_in_a_page(client: TestClient) -> None:
    """A refusal is a page for people, and JSON for programs."""
    page = client.post("/judge", data={"ticket": "x", "choice": "keep"}, headers={"Accept": "text/html"})

    assert page.status_code == 422
    assert "That was not done" in page.text
    assert client.get("/nowhere").json()["error"]["kind"] == "HTTPError"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
def test_only_our_own_pages_may_change_something(
    client: TestClient, desk: Desk, headers: dict[str, str], status: int
) -> None:
    """A page of another site, or a name that was bent to lead here, changes and reads nothing."""
    ticket = ticket_of(client.get("/clean").text)
    response = client.post("/judge", data={"ticket": ticket, "choice": "keep"}, headers={**FRAGMENT, **headers})

    assert response.status_code == status
    assert len(desk.memory.standing) == (1 if status == 200 else 0)


def test_markup_in_a_class_stays_text(client: TestClient, desk: Desk) -> None:
    """A class called like a script is shown as it is written, on every page."""
    name = "<img src=x onerror=alert(1)>\"'&"
    client.post(
        "/judge",
        data={"ticket": ticket_of(client.get("/clean").text), "choice": "label", "label": name, "new_class": "true"},
    )
    pages = [client.get(path).text for path in ("/clean", "/clean?view=grid", "/label", "/meter")]

    assert name in desk.memory.classes
    assert all("<img src=x" not in page for page in pages)
    assert client.get("/classes", params={"q": "<img"}).json() == [name]


def test_ten_thousand_classes_are_searched_not_listed(
    desk: Desk, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With many classes the page shows few, and what is typed finds the others."""
    names = (*COLOURS, *(f"class {i:05}" for i in range(10_000)))
    monkeypatch.setattr(type(desk.memory), "classes", property(lambda _: names))

    found = client.get("/classes", params={"q": "0999"}).json()
    assert found == [*(f"class 0999{i}" for i in range(10)), "class 00999"]  # words that begin so come first
    assert len(client.get("/label").text) < 60_000


def test_a_picture_whose_file_vanished_can_still_be_judged(desk: Desk, client: TestClient) -> None:
    """A file that is gone leaves a cross in its place; the item can be taken out of the set."""
    page = client.get("/clean").text
    row = int(re.findall(r"/item/(\d+)/large", page)[0])
    paths = desk.holdings.dataset.contents.paths  # type: ignore[union-attr]  # known from the data
    moved = paths[row].rename(paths[row].with_suffix(".gone"))
    try:
        response = client.get(f"/item/{row}/large")
        done = client.post("/judge", data={"ticket": ticket_of(page), "choice": "remove"}, headers=FRAGMENT)
    finally:
        moved.rename(paths[row])

    assert (response.status_code, response.headers["content-type"]) == (404, "image/svg+xml")
    assert "out of the set" in done.text
    assert client.get("/item/999999/large").status_code == 404
    assert client.get("/item/1/huge").status_code == 422


def test_pictures_go_out_encoded_anew(client: TestClient) -> None:
    """What is sent is a picture that we made, with its tag, never the bytes of the disk."""
    response = client.get("/item/0/large")
    again = client.get("/item/0/large", headers={"If-None-Match": response.headers["etag"]})

    assert response.headers["content-type"] in ("image/png", "image/jpeg")
    assert again.status_code == 304


def test_numbers_for_programs(client: TestClient) -> None:
    """All that the meter shows can be had as JSON."""
    document = client.get("/numbers.json").json()

    assert document.keys() == {"tally", "meter", "human_baseline"}
    assert document["meter"] is None  # nothing was labelled here
    assert document["tally"]["errors"]["n_judged"] == 0
    assert document["tally"]["blind"]["outcome"] == "not measurable"


def test_the_meter_for_programs(tmp_path: Path) -> None:
    """After some labels the JSON holds the meter with its curves, what choosing saved and the advice."""
    truth = unlabelled_project(tmp_path, n=20)
    with desk_at(tmp_path / "project", tmp_path / "project", again_share=0.0) as desk:
        client = browser_of(desk)
        for _ in range(3):
            html = client.get("/label").text
            name = re.findall(r"<bdi>(\d+\.png)</bdi>", html)[0]
            form = {"ticket": ticket_of(html), "choice": "label", "label": truth[name], "new_class": "true"}
            client.post("/judge", data={**form, "on": "label"})
        meter = client.get("/numbers.json").json()["meter"]
        page = client.get("/play")

    assert meter["n_labels"] == 3
    assert meter["together"]["points"] == []
    assert meter["saving"]["low"] is None  # no end: JSON has no infinity
    assert "random item" in meter["advice"]["sentence"]
    assert page.status_code == 200
    assert "Nobody to play against yet" in page.text


def test_a_filter_that_nothing_has(client: TestClient) -> None:
    """A reader who asks for a class that is not there gets a page with those that are."""
    response = client.get("/clean", params={"label": "peony"}, headers={"Accept": "text/html"})

    assert response.status_code == 404
    assert "No class &#39;peony&#39;" in response.text
    assert '<a href="/clean?label=blue">' in response.text
    assert "That was not done" not in response.text


def test_nothing_is_said_of_the_rest_before_chance_drew_one(client: TestClient, desk: Desk) -> None:
    """Labels from the head of the list alone say nothing of the others, so no figure stands there."""
    card = desk.clean("s", "owner")
    assert card is not None
    client.post("/judge", data={"ticket": card.ticket, "choice": "keep"})
    tally = client.get("/tally").text

    assert re.search(r'class="big">\? ', tally)
    assert "they say nothing of the rest" in tally


def test_undo_in_the_grid_gives_the_tile_back(client: TestClient, desk: Desk) -> None:
    """The answer to an undo in the grid is the tile that came back, and what was taken back."""
    card = desk.suspects("owner", Wanted(), 1)[0]
    client.post("/judge", data={"ticket": card.ticket, "choice": "keep", "on": "grid"}, headers=FRAGMENT)
    back = client.post("/undo", data={"on": "clean", "view": "grid"}, headers=FRAGMENT)
    plain = client.post("/undo", data={"on": "clean", "view": "grid"}, follow_redirects=False)

    assert f'data-row="{card.row}"' in back.text
    assert "Took back" in back.text
    assert ticket_of(back.text) != card.ticket
    assert plain.headers["location"] == "/clean?view=grid"


def test_a_group_of_the_bias_page_can_be_cleaned(client: TestClient) -> None:
    """A group is COLUMN=VALUE; anything else is refused with an example."""
    refused = client.get("/clean", params={"group": "site"})
    unknown = client.get("/clean", params={"group": "site=a"})

    assert "expected COLUMN=VALUE" in refused.json()["error"]["message"]
    assert "no column 'site'" in unknown.json()["error"]["message"]


def test_two_tabs_on_one_item(client: TestClient, desk: Desk) -> None:
    """The second tab's answer to a label that the first one changed is refused, and the page says who was faster."""
    card = desk.suspects("owner", Wanted(), 1)[0]
    again = desk.suspects("owner", Wanted(), 1)[0]
    client.post("/judge", data={"ticket": card.ticket, "choice": "is:blue" if card.label != "blue" else "is:red"})
    second = client.post("/judge", data={"ticket": again.ticket, "choice": "remove"}, headers=FRAGMENT)

    assert second.status_code == 409
    assert second.json()["error"]["kind"] == "Overtaken"
    assert "owner said" in second.json()["error"]["message"]


def free_port() -> int:
    """Give a port that is free now."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def started(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    """Start the command itself and wait until it answers."""
    command = [
        sys.executable,
        "-m",
        "florilegium",
        "label",
        "-p",
        str(folder),
        "--no-open",
        "--port",
        str(port),
        "--again",
        "0",
    ]
    server = subprocess.Popen([*command, "--json"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(1200):
        try:
            httpx.get(f"http://127.0.0.1:{port}/label", timeout=60)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return server
    raise AssertionError("the server never answered")


def clicked(port: int, truth: dict[str, str], acknowledged: dict[str, str]) -> None:
    """Label one item after the other until the server is gone; note what it acknowledged."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, headers=FRAGMENT) as client:
        try:
            html = client.get("/label").text
            while "ticket" in html:
                name = re.findall(r"<bdi>(\d+\.png)</bdi>", html)[0]
                form = {"ticket": ticket_of(html), "choice": "label", "label": truth[name], "new_class": "true"}
                html = client.post("/judge", data={**form, "on": "label"}).raise_for_status().text
                acknowledged[name] = truth[name]
        except httpx.TransportError:
            return


@pytest.mark.slow
def test_kill_9_loses_no_acknowledged_click(tmp_path: Path) -> None:
    """Killed at random moments while clicks come in, the server has each one that it acknowledged, and none twice."""
    truth = unlabelled_project(tmp_path, n=300)
    port, rng = free_port(), np.random.default_rng(0)
    acknowledged: dict[str, str] = {}
    for _ in range(N_KILLS):
        server = started(tmp_path / "project", port)
        killer = threading.Timer(float(rng.uniform(0.3, 1.5)), server.kill)
        killer.start()
        clicked(port, truth, acknowledged)
        killer.join()
        server.wait(timeout=30)
    with Project(tmp_path / "project") as project:
        kept = project.store.judgements.all()
        labels = {s.name: s.label for s in project.store.samples()[0] if s.label is not None}

    assert len(acknowledged) >= N_KILLS
    assert acknowledged.items() <= labels.items()
    assert len({j.name for j in kept}) == len(kept) == len(labels)
    assert len(labels) - len(acknowledged) <= N_KILLS  # at most the click that was under way at each kill
