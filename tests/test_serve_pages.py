"""The pages as they come over the wire: without scripts, with headers that hold browsers back, from this host alone."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter

from florilegium.errors import SettingError, StepMissing
from florilegium.export.page import ASSETS, FILES
from florilegium.model import ModelFile, open_model
from florilegium.serve import Limits, create_app
from florilegium.serve.assets import Asset
from tests.page_serving import painted, serving, write_colour_model

MAX_PAGE_BYTES = 100_000  # the page with its drawing; style sheet and scripts come once and are kept


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    """Open the model of colours."""
    return open_model(write_colour_model(tmp_path_factory.mktemp("model") / "colours.onnx"))


@pytest.fixture(scope="module")
def client(model: ModelFile) -> Iterator[httpx.Client]:
    """Speak to a real server on this machine."""
    limits = Limits(max_file_bytes=200_000)
    with serving(create_app(model, limits=limits)) as address, httpx.Client(base_url=address, timeout=30) as started:
        yield started


class Addresses(HTMLParser):
    """Gather what a page refers to, and what it holds that a strict policy forbids."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline: list[str] = []
        self._tag = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note addresses, styles and handlers."""
        self._tag = tag
        for name, value in attrs:
            if name in ("href", "src", "action") and value:
                self.found.append(value)
            if name == "style" or name.startswith("on"):
                self.inline.append(f"{tag} {name}")

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        self._tag = "" if tag == self._tag else self._tag

    def handle_data(self, data: str) -> None:
        """Note scripts and styles that stand in the page."""
        if self._tag in ("script", "style") and data.strip():
            self.inline.append(self._tag)


def test_everything_that_the_page_names_is_there(client: httpx.Client) -> None:
    """Page and description name only files of this server, by addresses that work below any path, and all are there."""
    for path in ("", "docs"):
        found = Addresses(client.get(path).text)
        own = {address for address in found.found if not address.startswith("#")}

        assert [a for a in own if "://" in a or a.startswith("/")] == []
        assert {a: client.get(a).status_code for a in own} == dict.fromkeys(own, 200)
        assert found.inline == []


def test_scripts_import_only_their_neighbours(client: httpx.Client) -> None:
    """Every module that a script imports is served beside it; nothing names another host."""
    for name in ("app.js", "engine.js", "theme.js", "style.css"):
        text = client.get(name).text

        assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)", text) == []
        for module in re.findall(r'from "\./([^"]+)"', text):
            assert client.get(module).status_code == 200


def test_every_answer_holds_browsers_back(client: httpx.Client) -> None:
    """Pages, files, answers and errors forbid scripts in the page, other hosts, frames and guesses; no cookies."""
    answers = [client.get(path) for path in ("", "docs", "style.css", "api/card", "healthz", "nowhere", "openapi.json")]
    answers.append(client.post("api/predict", files={"photos": ("a.png", painted("rose"))}))
    for answer in answers:
        policy = answer.headers["content-security-policy"]

        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "style-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "://" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in answer.headers


def test_answers_are_kept_by_nobody(client: httpx.Client) -> None:
    """No browser and no proxy may keep an answer to a photo."""
    for path in ("api/predict", ""):
        answer = client.post(path, files={"photos": ("a.png", painted("rose"))})

        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["", "style.css", "app.js", "icon.svg"])
def test_a_second_visit_costs_no_bytes(client: httpx.Client, path: str) -> None:
    """A browser that has a file hears that its copy is good; HEAD gives the headers alone."""
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert client.head(path).content == b""
    assert client.head(path).headers["etag"] == first.headers["etag"]


def test_the_page_is_small_and_comes_packed(client: httpx.Client) -> None:
    """The page has at most 100 kB and travels packed."""
    answer = client.get("")

    assert len(answer.content) < MAX_PAGE_BYTES
    assert answer.headers["content-encoding"] == "gzip"


def test_templates_and_other_files_are_not_given_away(client: httpx.Client) -> None:
    """Only the files that the page needs have an address; no path leads anywhere else."""
    others = {path.name for path in ASSETS.iterdir()} - {*FILES, "engine.js"}
    for name in [*others, "../card.py", "..%2f..%2fpyproject.toml", "%2e%2e/card.py"]:
        assert client.get(name).status_code == 404


def test_the_form_works_without_scripts(client: httpx.Client) -> None:
    """Sent by the plain form, each photo is answered on a page, with its picture and the reasons."""
    photos = [("a.png", painted("rose")), ("b.png", painted("unsure")), ("c.png", painted("strange")), ("d.png", b"x")]
    answer = client.post("", files=[("photos", photo) for photo in photos])
    html = re.sub(r"<template.*?</template>", "", answer.text, flags=re.DOTALL).replace("\u00a0", " ")

    assert answer.status_code == 200
    assert re.findall(r'data-state="(\w+)"', html) == ["known", "unsure", "strange", "failed"]
    assert html.count('src="data:image/jpeg;base64,') == 3
    assert "4 photos: 1 named, 2 not known, 1 could not be read" in html
    assert "I am 96.2 % sure." in html
    assert "I give answers from 50.0 % on" in html
    assert "It is unlike anything that I learned from. If I had to guess: daisy." in html
    assert "Not a picture, or not one of" in html
    assert Addresses(answer.text).inline == []


@pytest.mark.parametrize(
    ("photos", "status", "sentence"),
    [
        ([("", b"")], 422, "There is no photo in the form. Choose one or more photos and try again."),
        ([("big.jpg", b"x" * 200_001)], 413, "big.jpg: more than"),
    ],
)
def test_what_is_wrong_with_the_form_stands_on_the_page(
    client: httpx.Client, photos: list[tuple[str, bytes]], status: int, sentence: str
) -> None:
    """A reader without scripts sees the page again, with the sentence, and not a document for programs."""
    answer = client.post("", files=[("photos", photo) for photo in photos])

    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert f'role="alert">{sentence}' in answer.text


def test_names_on_the_page_are_text(client: httpx.Client) -> None:
    """A photo's name cannot become part of the page."""
    answer = client.post("", files={"photos": ("<img src=x onerror=alert(1)>.png", b"x")})

    assert "<img src=x" not in answer.text
    assert "&lt;img src=x onerror=alert(1)&gt;.png" in answer.text


def test_the_description_names_every_address(client: httpx.Client) -> None:
    """The page for people shows every address, every status and every field of the OpenAPI document."""
    described, shown = client.get("openapi.json").json(), client.get("docs").text
    fields = [name for shape in described["components"]["schemas"].values() for name in shape["properties"]]

    assert f"photos=@tulip.jpg {client.base_url}api/predict<" in shown
    assert [path for path in described["paths"] if path not in shown] == []
    assert [status for status in ("408", "413", "415", "422", "429") if f">{status}<" not in shown] == []
    assert [name for name in fields if f"<code>{name}</code>" not in shown] == []


def test_a_page_may_be_let_into_a_frame(model: ModelFile) -> None:
    """Where its maker says so, a named site may show the page in a frame, and no other may."""
    with serving(create_app(model, frames=("https://huggingface.co",))) as address:
        headers = httpx.get(address).headers

    assert headers["content-security-policy"].endswith("frame-ancestors https://huggingface.co")
    assert "x-frame-options" not in headers


@pytest.mark.parametrize("frame", ["huggingface.co", "https://a.b/path", "https://a; script-src *", "javascript:x", ""])
def test_a_frame_is_an_address_and_nothing_else(model: ModelFile, frame: str) -> None:
    """What is no plain address cannot slip into the policy."""
    with pytest.raises(SettingError, match="expected an address without a path"):
        create_app(model, frames=(frame,))


def test_faults_and_missing_steps_have_the_one_shape(model: ModelFile) -> None:
    """A fault of the program is a 500 that tells nothing of its inside, a missing step a 409, both in one shape."""
    app, router = create_app(model), APIRouter()

    @router.get("/fault")
    async def fault() -> None:
        """Break."""
        raise ZeroDivisionError("secret")

    @router.get("/early")
    async def early() -> None:
        """Come too soon."""
        raise StepMissing("train first")

    @router.get("/number")
    async def number(n: int) -> int:
        """Take a number."""
        return n

    app.include_router(router)
    with serving(app) as address:
        broken, missing, wrong = (httpx.get(f"{address}{path}") for path in ("fault", "early", "number?n=x"))

    assert (broken.status_code, broken.json()["error"]["kind"]) == (500, "InternalError")
    assert "secret" not in broken.text
    assert "content-security-policy" in broken.headers
    assert (missing.status_code, missing.json()) == (409, {"error": {"kind": "StepMissing", "message": "train first"}})
    assert (wrong.status_code, wrong.json()["error"]["kind"]) == (422, "RequestError")
    assert "query.n" in wrong.json()["error"]["message"]


def test_a_missing_file_of_the_installation_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A broken installation says which file is missing and what to do."""
    monkeypatch.setattr("florilegium.serve.assets.ASSETS", tmp_path)

    with pytest.raises(Exception, match=r"style\.css: No such file or directory\. Install florilegium again"):
        Asset.read("style.css", "style.css")
