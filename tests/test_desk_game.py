"""The game over HTTP: twenty items, a person against the model, with pictures and with texts."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from florilegium.project.desk import Desk
from florilegium.project.desk.draw import Drawer
from florilegium.source.base import Texts
from tests.desk_making import browser_of, desk_at, trained_project


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a trained project; tests work on copies."""
    folder = tmp_path_factory.mktemp("desk")
    trained_project(folder)
    return folder / "project"


@pytest.fixture
def desk(made: Path, tmp_path: Path) -> Iterator[Desk]:
    """Sit down at a copy of the trained project."""
    with desk_at(made, tmp_path / "p") as desk:
        yield desk


@pytest.fixture
def client(desk: Desk) -> TestClient:
    """Give a browser before the desk's pages."""
    return browser_of(desk)


def test_the_game_over_http(client: TestClient, desk: Desk) -> None:
    """Twenty guesses end in a score with ranges; a form that is sent twice guesses once."""
    client.post("/play/start", data={"consent": "true"})
    for turn in range(20):
        page = client.get("/play").text
        assert f"{turn + 1} of 20" in page
        for _ in range(2):
            client.post("/play/guess", data={"guess": "red", "turn": str(turn)})
    page = client.get("/play").text

    assert "The score" in page
    assert len(desk.memory.of("game")) == 20  # type: ignore[arg-type]  # fields by name
    assert "People were right on" in client.get("/meter").text


def test_texts_are_played_as_texts(desk: Desk, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a project of texts the game asks about the text, and no page asks for a picture."""
    words = tuple(f"text number {i} <b>" for i in range(len(desk.memory.names)))
    told = replace(desk.holdings.dataset, contents=Texts(words))
    holdings = replace(desk.holdings, dataset=told)
    monkeypatch.setattr(desk, "holdings", holdings)
    monkeypatch.setattr(desk, "drawer", Drawer(desk.project, holdings))
    client.post("/play/start")
    client.post("/play/guess", data={"guess": "red", "turn": "0"})
    page = client.get("/play").text

    assert "text number" in page
    assert "&lt;b&gt;" in page
    assert "picture" not in page.lower()
    assert "/item/" not in page + client.get("/clean").text


def test_a_game_can_be_given_up_and_consent_is_kept(client: TestClient) -> None:
    """A half-played game ends where the player wants; who agreed once need not agree again."""
    client.post("/play/start", data={"consent": "true"})
    given_up = client.post("/play/stop").text
    client.post("/play/start", data={"consent": "true"})
    for turn in range(20):
        client.post("/play/guess", data={"guess": "red", "turn": str(turn)}, follow_redirects=False)

    assert "You against the model" in given_up
    assert 'value="true" checked' in client.get("/play").text


def test_two_guesses_at_once_are_one(client: TestClient, desk: Desk) -> None:
    """A double click, whose two forms arrive together, guesses once."""
    client.post("/play/start", data={"consent": "true"})
    together = threading.Barrier(2)

    def click() -> None:
        together.wait()
        client.post("/play/guess", data={"guess": "red", "turn": "0"}, follow_redirects=False)

    both = [threading.Thread(target=click) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()

    assert len(desk.memory.of("game")) == 1  # type: ignore[arg-type]  # fields by name
