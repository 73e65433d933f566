"""All pages of a project in one process: photos, texts, written reports, large forms, and whether it can work."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import florilegium
from florilegium.project import Project
from florilegium.serve.served import stamp_of
from florilegium.serve.whole import create_whole
from tests.accounts_making import HERE
from tests.accounts_whole import make_project, whole_of
from tests.model_making import write_text_model
from tests.page_serving import painted


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project once."""
    return make_project(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def app(made: Path) -> Iterator[FastAPI]:
    """Give its app, at this machine and without accounts."""
    with whole_of(made) as app:
        yield app


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    """Give a browser of this machine."""
    return TestClient(app, base_url=HERE)


def test_photos_are_answered_by_page_and_by_program(client: TestClient) -> None:
    """The form of a reader without scripts and the JSON interface say the same."""
    photo = {"photos": ("a.png", painted("rose"))}
    said = client.post("/api/predict", files=photo).json()
    page = client.post("/", files=photo)
    card = client.get("/api/card").json()

    assert said[0]["label"] == "rose"
    assert "rose" in page.text
    assert {each["label"] for each in card["classes"]} == {"daisy", "rose", "tulip"}


def test_texts_are_answered_and_never_taken_for_files(tmp_path: Path) -> None:
    """A text project has a box for a text and takes JSON; a text that is a file's name is a text."""
    table = tmp_path / "texts.csv"
    table.write_text("text,label\n" + "".join(f"card lost {i},card\nmoney sent {i},money\n" for i in range(20)))
    florilegium.new(tmp_path / "desk", table).store.close()
    write_text_model(tmp_path / "desk" / "model.onnx")
    secret = tmp_path / "secret.txt"
    secret.write_text("one\ntwo\nthree\n")
    with Project(tmp_path / "desk") as project:
        client = TestClient(create_whole(project, is_here=True), base_url=HERE)
        page = client.post("/", data={"text": "where is my <b>card</b>?"})
        said = client.post("/api/predict", json={"texts": ["where is my card?", str(secret)]}).json()
        documents: list[Any] = [
            {},
            {"texts": []},
            {"texts": [1]},
            {"texts": ["x" * 20_001]},
            {"texts": ["x"] * 1001},
            [],
        ]
        wrong = [client.post("/api/predict", json=document).status_code for document in documents]
        no_json = client.post("/api/predict", data={"texts": "a"})
        broken = client.post("/api/predict", content=b'{"texts": [', headers={"content-type": "application/json"})

    assert page.status_code == 200
    assert "&lt;b&gt;card" in page.text
    assert len(said) == 2
    assert wrong == [422] * len(wrong)
    assert (no_json.status_code, broken.status_code) == (415, 422)


def test_written_pages_are_shown_in_a_sandbox(client: TestClient, made: Path) -> None:
    """A page that is not there names its command; one that is runs its own script and reaches nothing."""
    early = client.get("/bias", headers={"accept": "text/html"})
    (made / "report.html").write_text("<html><body><h1>Report</h1><script>let a = 1;</script></body></html>")
    page = client.get("/report")
    policy = page.headers["content-security-policy"]

    assert early.status_code == 409
    assert "florilegium bias" in early.text
    assert "Back to all pages" in page.text
    assert "sandbox" in policy
    assert "allow-same-origin" not in policy
    assert "script-src 'sha256-" in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize("is_said", [True, False], ids=["length said", "in pieces"])
def test_large_forms_are_refused_before_they_are_held(client: TestClient, is_said: bool) -> None:
    """More than a megabyte is refused by every page that takes no photos, whether the length is said or not."""
    body = b"name=" + b"x" * 2_000_000
    content = body if is_said else (body[i : i + 65_536] for i in range(0, len(body), 65_536))
    answer = client.post("/login", content=content, headers={"content-type": "application/x-www-form-urlencoded"})

    assert answer.status_code == 413
    assert answer.json()["error"]["kind"] == "TooLarge"


def test_whether_it_can_work_is_said(client: TestClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ready means that database and model answer; alive means that the process does."""
    ready = client.get("/readyz")
    monkeypatch.setattr(app.state.whole.served, "_now", None)
    without = client.get("/readyz")

    assert (ready.status_code, ready.json()) == (200, {"database": True, "model": True})
    assert (without.status_code, without.json()) == (503, {"database": True, "model": False})
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/", headers={"accept": "text/html"}).status_code == 503


def test_a_page_that_is_being_made_ready_comes_by_itself(made: Path) -> None:
    """Whoever opens the labels before they are there reads "One moment", and the browser asks again by itself."""
    with Project(made) as project:
        client = TestClient(create_whole(project, is_here=True), base_url="http://127.0.0.1:8000")
        early = client.get("/label/", headers={"accept": "text/html"})

    assert early.status_code == 503
    assert (early.headers["Refresh"], early.headers["Retry-After"]) == ("2", "2")
    assert "One moment" in early.text
    assert "being made ready" in early.text


def test_a_damaged_model_does_not_take_the_place_of_a_good_one(client: TestClient, app: FastAPI, made: Path) -> None:
    """While a file that is no model lies there, the old one goes on answering."""
    served = app.state.whole.served
    good = made / "model.onnx"
    kept = good.read_bytes()
    before = served.now
    good.write_bytes(b"no model")
    try:
        assert served._opening.acquire(blocking=False)
        served._open_beside((1, 1, 1))
        said = client.post("/api/predict", files={"photos": ("a.png", painted("rose"))})
    finally:
        good.write_bytes(kept)
        served._stamp = stamp_of(good)  # or a later request opens it again, while another test looks

    assert served.now is before
    assert said.json()[0]["label"] == "rose"


def test_below_a_path_every_link_goes_there(made: Path, tmp_path: Path) -> None:
    """Behind a proxy that serves us below a path, links, forms and redirects name that path."""
    shutil.copytree(made, tmp_path / "flowers")
    with whole_of(tmp_path / "flowers") as app:
        client = TestClient(app, base_url=HERE, root_path="/shop", follow_redirects=False)
        home = client.get("/shop/home").text
        desk = client.get("/shop/label/clean").text
        start = client.get("/shop/label/")

    assert 'href="/shop/people"' in home
    assert 'href="/shop/label/meter"' in desk
    assert 'action="/shop/label/judge"' in desk
    assert start.headers["location"] == "/shop/label/clean"
