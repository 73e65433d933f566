"""The page without a server, as a reader's browser meets it: real Chromium, a real static server."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from florilegium import model as models
from florilegium.export.static import export_static
from florilegium.model.opened import ModelFile
from tests.model_making import write_image_model
from tests.photo_making import a_picture, encoded
from tests.site_serving import Site, ask, served

pytestmark = pytest.mark.chromium

ALIKE = 1e-3  # how far a probability in the browser may be from Python's (issue 3)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    """Open a small model of three classes."""
    return models.open_model(write_image_model(tmp_path_factory.mktemp("model") / "three.onnx"))


@pytest.fixture(scope="module")
def folder(model: ModelFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Export its page."""
    return export_static(model, tmp_path_factory.mktemp("pages") / "site").folder


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[Site]:
    """Serve it."""
    with served(folder) as started:
        yield started


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Give a fresh browser, as of somebody who was never here."""
    made = browser.new_context()
    yield made
    made.close()


def opened(context: BrowserContext, address: str) -> tuple[Page, list[str]]:
    """Open a page; whatever it complains about gathers in the list."""
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(address)
    return page, faults


def test_answers_have_the_form_of_predict(context: BrowserContext, site: Site, model: ModelFile) -> None:
    """The browser's answer has the keys of `predict --json`, the likeliest class first."""
    page, _ = opened(context, site.address)
    octets = encoded(a_picture(), "PNG")
    said, wanted = (
        ask(page, octets, name="a.png"),
        models.prediction_dict(models.predict_bytes(model, octets, name="a.png")),
    )

    assert list(said) == list(wanted)
    assert [one["label"] for one in said["top"]] == [one["label"] for one in wanted["top"]]
    assert {key: said[key] for key in ("input", "label", "known", "why", "similar")} == {
        key: wanted[key] for key in ("input", "label", "known", "why", "similar")
    }


def test_no_other_host_is_ever_asked(context: BrowserContext, site: Site) -> None:
    """From the first visit to an answer and a second visit, every request goes to the page's own folder."""
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page, faults = opened(context, site.address)
    ask(page, encoded(a_picture(), "JPEG"))
    page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
    page.reload()
    ask(page, encoded(a_picture(), "PNG"))

    assert asked
    assert [url for url in asked if not url.startswith((site.address, f"blob:{site.address}", "data:"))] == []
    assert faults == []


def test_the_page_works_when_the_server_is_gone(context: BrowserContext, folder: Path) -> None:
    """Visited once, the page opens and answers without any network."""
    with served(folder) as site:
        page, _ = opened(context, site.address)
        before = ask(page, encoded(a_picture(), "JPEG"))
        page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
    page.reload()

    assert ask(page, encoded(a_picture(), "JPEG")) == before


def test_the_page_can_be_installed(context: BrowserContext, site: Site) -> None:
    """Chromium finds nothing that would keep it from offering to install the page."""
    page, _ = opened(context, site.address)
    ask(page, encoded(a_picture(), "JPEG"))
    page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
    devtools = context.new_cdp_session(page)
    read = devtools.send("Page.getAppManifest")
    hindrances = [one["errorId"] for one in devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]]

    assert read["errors"] == []
    assert json.loads(read["data"])["name"]
    assert [one for one in hindrances if one != "in-incognito"] == []  # a fresh context counts as incognito


def test_a_page_below_a_path_works_alike(context: BrowserContext, folder: Path, tmp_path: Path) -> None:
    """A host that serves the folder below a path needs no setting; two pages on one host do not disturb each other."""
    for name in ("deep/one", "two"):
        shutil.copytree(folder, tmp_path / name)
    with served(tmp_path) as site:
        page, faults = opened(context, f"{site.address}deep/one/")
        for name in ("deep/one", "two"):
            page.goto(f"{site.address}{name}/")
            ask(page, encoded(a_picture(), "JPEG"))
            page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
        kept = page.evaluate("caches.keys()")
    page.goto(f"{site.address}deep/one/")

    assert len(kept) == 2
    assert faults == []
    assert "label" in ask(page, encoded(a_picture(), "JPEG"))


def test_a_half_updated_host_changes_nothing(context: BrowserContext, folder: Path, tmp_path: Path) -> None:
    """Where one file of a new version is another than promised, readers keep the old version, which works."""
    shutil.copytree(folder, tmp_path / "site")
    with served(tmp_path / "site") as site:
        page, _ = opened(context, site.address)
        before = ask(page, encoded(a_picture(), "JPEG"))
        page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
        page.reload()  # from now on the kept files are shown
        other = models.open_model(write_image_model(tmp_path / "other.onnx", classes=("oak", "ash", "elm")))
        export_static(other, tmp_path / "site")
        shutil.copy(folder / "model.onnx", tmp_path / "site" / "model.onnx")
        page.evaluate("navigator.serviceWorker.getRegistration().then((one) => one.update()).catch(() => 0)")
        page.reload()

        assert ask(page, encoded(a_picture(), "JPEG")) == before


@pytest.mark.parametrize("isolated", [False, True])
def test_hosts_may_differ(context: BrowserContext, folder: Path, isolated: bool) -> None:
    """Hosts that unpack `.gz` themselves, and hosts that allow threads, serve the same answers."""
    isolation = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
    with served(folder, packed=not isolated, headers=isolation if isolated else None) as site:
        page, faults = opened(context, site.address)

        assert "label" in ask(page, encoded(a_picture(), "JPEG"))
        assert page.evaluate("crossOriginIsolated") == isolated
        assert faults == []


def test_a_missing_file_is_said(context: BrowserContext, folder: Path, tmp_path: Path) -> None:
    """Where the host lost the model, the page says which file is missing."""
    shutil.copytree(folder, tmp_path / "site")
    (tmp_path / "site" / "model.onnx").unlink()
    with served(tmp_path / "site") as site:
        page, _ = opened(context, site.address)
        said = page.evaluate("import('./engine.js').then((engine) => engine.load()).catch((error) => error.message)")

    assert said.startswith("The classifier could not be started: model.onnx is missing (HTTP 404).")


def test_a_worker_that_dies_takes_one_photo_with_it(context: BrowserContext, folder: Path, tmp_path: Path) -> None:
    """Where a photo ends the classifier, as a lack of memory does, that photo is said and the others are answered."""
    shutil.copytree(folder, tmp_path / "site")
    engine = tmp_path / "site" / "engine.js"
    engine.write_text(engine.read_text().replace("PATIENCE_MS = 60_000", "PATIENCE_MS = 5_000"))
    with served(tmp_path / "site") as site:
        page, _ = opened(context, site.address)
        ask(page, encoded(a_picture(), "JPEG"))
        page.workers[0].evaluate("self.close()")
        first, second = page.evaluate(ASK_TWO, list(encoded(a_picture(), "JPEG")))

    assert first == {"input": "first", "error": "it stopped the classifier. Try a smaller picture."}
    assert "label" in second


ASK_TWO = """async (octets) => {
  const { classify } = await import("./engine.js");
  const photo = new Blob([new Uint8Array(octets)]);
  return Promise.all(["first", "second"].map((name) => classify(photo, name)));
}"""


def test_a_photo_that_is_no_longer_wanted_is_let_go(context: BrowserContext, site: Site) -> None:
    """Who removes a photo before it is answered stops the wait for it, and the next one is answered."""
    page, _ = opened(context, site.address)
    name = page.evaluate(STOP, list(encoded(a_picture(), "JPEG")))

    assert name == "AbortError"
    assert "label" in ask(page, encoded(a_picture(), "JPEG"))


STOP = """async (octets) => {
  const { classify } = await import("./engine.js");
  const stop = new AbortController();
  const answer = classify(new Blob([new Uint8Array(octets)]), "unwanted", { signal: stop.signal });
  stop.abort();
  return answer.catch((error) => error.name);
}"""


def test_a_page_opened_as_a_file_says_why_it_does_nothing(context: BrowserContext, folder: Path) -> None:
    """A double click on index.html shows what to do instead of a dead page."""
    page, _ = opened(context, (folder / "index.html").as_uri())

    assert "python -m http.server" in page.locator("#trouble").inner_text()
    assert page.locator("#photos").is_disabled()


def test_answers_name_similar_training_pictures(context: BrowserContext, tmp_path: Path) -> None:
    """A model that compares gives the same three examples in the browser, and calls the same photos strange."""
    learned = np.random.default_rng(5).random((40, 64), dtype=np.float32)
    path = write_image_model(tmp_path / "alike.onnx", learned=learned, limit=0.001)
    model = models.open_model(path)
    octets = encoded(a_picture(), "PNG")
    wanted = models.prediction_dict(models.predict_bytes(model, octets, name="a"))
    with served(export_static(model, tmp_path / "site").folder) as site:
        page, _ = opened(context, site.address)
        said = ask(page, octets, name="a")

    assert said["why"] == wanted["why"] == "strange"
    assert [one.pop("similarity") for one in said["similar"]] == pytest.approx(
        [one.pop("similarity") for one in wanted["similar"]], abs=ALIKE
    )
    assert said["similar"] == wanted["similar"]
