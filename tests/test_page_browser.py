"""The page as its readers meet it: real Chromium, a real server, by mouse, keyboard, clipboard and without scripts."""

import base64
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, FileChooser, Locator, Page, expect

from florilegium.model import ModelFile, open_model
from florilegium.serve import Limits, create_app
from tests.page_serving import DESK, opened, photo, plates, serving, write_colour_model

pytestmark = pytest.mark.chromium


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    """Open the model of colours."""
    return open_model(write_colour_model(tmp_path_factory.mktemp("model") / "colours.onnx"))


@pytest.fixture(scope="module")
def address(model: ModelFile) -> Iterator[str]:
    """Serve its page."""
    with serving(create_app(model, limits=Limits(max_file_bytes=1 << 20))) as started:
        yield started


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Give a fresh browser, as of somebody who was never here."""
    made = browser.new_context(viewport=DESK)
    yield made
    made.close()


@pytest.fixture
def tab(context: BrowserContext, address: str) -> Page:
    """Open the page."""
    return opened(context, address)


def test_a_chosen_photo_is_shown_and_answered(tab: Page) -> None:
    """The photo is seen, and beside it the class, how sure, five bars with numbers, and three training photos."""
    tab.set_input_files("#photos", photo("rose"))
    (plate,) = plates(tab, "known").all()

    expect(plate.locator(".said")).to_have_text("rose")
    expect(plate.locator(".why")).to_have_text("I am 96.2 % sure.")
    expect(plate.locator(".bars li")).to_have_count(3)
    expect(plate.locator(".bars .number").first).to_have_text("96.2 %")
    expect(plate.locator(".bars .fill").first).to_have_attribute("width", re.compile(r"^96\.\d\d%$"))
    expect(plate.locator(".photo")).to_have_js_property("naturalWidth", 64)
    expect(plate.locator(".photo")).to_be_visible()
    expect(plate.locator(".similar li")).to_have_count(3)
    expect(plate.locator(".similar img")).to_have_count(2)
    expect(plate.locator(".similar li").first).to_contain_text("40 training photos, right 5 of 10 (24.0 to 76.0 %)")
    expect(plate.locator(".similar li").nth(1)).to_have_text("rosefrom a garden; licence CC0-1.0")
    expect(tab.locator("#status")).to_have_text("rose.png: rose. I am 96.2 % sure.")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("unsure", "My best guess is daisy, but I am only 33.3 % sure; I give answers from 50.0 % on."),
        ("strange", "It is unlike anything that I learned from. If I had to guess: daisy."),
    ],
)
def test_what_it_does_not_know_is_said_with_its_reason(tab: Page, kind: str, words: str) -> None:
    """Where the model abstains the page says so in words, on the plate and to a screen reader, with the reason."""
    tab.set_input_files("#photos", photo(kind))
    (plate,) = plates(tab, kind).all()

    expect(plate.locator(".said")).to_have_text("I do not know this")
    expect(plate.locator(".why")).to_have_text(words)
    expect(tab.locator("#status")).to_have_text(f"{kind}.png: I do not know this. {words}")


def test_scripts_and_no_scripts_say_the_same(tab: Page, browser: Browser, address: str) -> None:
    """The plain form's page and the page with scripts show the same words for the same photos."""
    photos = [photo("rose"), photo("unsure"), photo("strange"), photo("tulip", "a b.png")]
    photos.append({"name": "x.heic", "mimeType": "image/heic", "buffer": b"\0\0\0\x18ftypheic\0\0\0\0"})
    states = ("known", "unsure", "strange", "known", "failed")
    plain = browser.new_context(java_script_enabled=False).new_page()
    plain.goto(address)
    plain.set_input_files("#photos", photos)
    plain.get_by_role("button", name="Name them").click()
    tab.set_input_files("#photos", photos)

    assert [told(plate) for plate in plates(tab, *states).all()] == [told(p) for p in plates(plain, *states).all()]
    expect(plain.locator(".plate .photo").first).to_be_visible()
    expect(plain.get_by_role("button", name="Clear all")).to_have_count(0)
    plain.context.close()


def told(plate: Locator) -> str:
    """Give all that a plate says, however it is spaced."""
    return "".join("".join(plate.locator(".told").all_text_contents()).split())


def test_without_scripts_the_card_can_be_read(browser: Browser, address: str) -> None:
    """With scripts off the page tells how good the model is and shows a form that can be used."""
    tab = browser.new_context(java_script_enabled=False).new_page()
    tab.goto(address)

    expect(tab.get_by_role("heading", name="Where it fails")).to_be_visible()
    expect(tab.locator("#photos")).to_be_visible()
    expect(tab.get_by_role("button", name="Name them")).to_be_visible()
    expect(tab.get_by_text("Drop photos here")).to_be_hidden()
    tab.context.close()


DROP = """([target, files]) => {
  const data = new DataTransfer();
  for (const [name, type, base64] of files) {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    data.items.add(new File([bytes], name, { type }));
  }
  if (target === "paste") {
    document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
    return "";
  }
  const how = { dataTransfer: data, bubbles: true, cancelable: true };
  const send = (type) => document.body.dispatchEvent(new DragEvent(type, how));
  send("dragenter");
  const marked = document.documentElement.className;
  send("dragover");
  send("drop");
  return marked;
}"""


def hand_over(tab: Page, how: str, *photos: dict[str, Any]) -> str:
    """Drop or paste photos as a reader's hand would."""
    files = [[one["name"], one["mimeType"], base64.b64encode(one["buffer"]).decode()] for one in photos]
    return str(tab.evaluate(DROP, [how, files]))


def test_photos_can_be_dropped(tab: Page) -> None:
    """Dropped anywhere on the page they are taken; while they hover the page shows that it would take them."""
    marked = hand_over(tab, "drop", photo("rose"), photo("tulip"))
    plates(tab, "known", "known")

    assert "dragging" in marked
    expect(tab.locator("html")).not_to_have_class(re.compile("dragging"))
    expect(tab.locator("#tally")).to_have_text("2 photos: 2 named")


def test_photos_can_be_pasted(tab: Page) -> None:
    """A picture on the clipboard is taken; a clipboard without one is said to hold none."""
    hand_over(tab, "paste", photo("daisy"))
    plates(tab, "known")
    hand_over(tab, "paste")

    expect(tab.locator("#status")).to_have_text("There is no photo on the clipboard.")


def test_a_hundred_photos_are_answered(tab: Page) -> None:
    """A hundred at once become a wall of small plates; progress is shown, all are answered, and each rightly."""
    kinds = ["rose", "daisy", "tulip", "unsure"] * 25
    tab.set_input_files("#photos", [photo(kind, f"{i} {kind}.png") for i, kind in enumerate(kinds)])

    expect(tab.locator("#batch")).to_be_visible()
    expect(tab.locator("#tally")).to_have_text("100 photos: 75 named, 25 not known", timeout=60_000)
    expect(tab.locator("#batch")).to_be_hidden()
    expect(tab.locator("#answers")).to_have_class(re.compile("many"))
    expect(tab.locator("#status")).to_have_text("All answered. 100 photos: 75 named, 25 not known")
    said = tab.locator(".plate .said").all_text_contents()
    assert said == [kind if kind != "unsure" else "I do not know this" for kind in kinds]
    tab.locator(".plate summary").first.click()
    expect(tab.locator(".plate .bars").first).to_be_visible()


def test_a_bad_photo_does_not_stop_the_others(tab: Page) -> None:
    """A file that is no photo says so on its own plate; what is too large is refused before it is sent."""
    heic = {"name": "IMG_1.HEIC", "mimeType": "image/heic", "buffer": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"}
    large = {"name": "large.png", "mimeType": "image/png", "buffer": b"x" * ((1 << 20) + 1)}
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.set_input_files("#photos", [heic, photo("rose"), large])
    first, _, last = plates(tab, "failed", "known", "failed").all()

    expect(first.locator(".why")).to_contain_text("A HEIC photo, which is not read. Save it as JPEG")
    expect(first.get_by_text("no preview")).to_be_visible()
    expect(last.locator(".why")).to_have_text("This photo has 1 MB; at most 1 MB are taken. Make it smaller.")
    expect(first.get_by_role("button", name="Try again")).to_be_hidden()
    assert sum("predict" in url for url in asked) == 2


def test_when_the_server_is_gone_it_can_be_tried_again(context: BrowserContext, model: ModelFile) -> None:
    """Without a server the plate says so; once it is back the same photo is answered at a click."""
    with serving(create_app(model)) as first:
        tab = opened(context, first)
        tab.route("**/api/predict", lambda route: route.abort())
        tab.set_input_files("#photos", photo("rose"))
        (plate,) = plates(tab, "failed").all()
        expect(plate.locator(".said")).to_have_text("The server is away")
        expect(plate.locator(".why")).to_contain_text("The server does not answer.")
        tab.unroute("**/api/predict")
        plate.get_by_role("button", name="Try again").click()
        plates(tab, "known")

    assert tab.evaluate("document.activeElement.className") == "said"


def test_a_busy_server_is_asked_again(context: BrowserContext, address: str) -> None:
    """Where the server is busy the page waits as long as it is told and asks again by itself."""
    tab = opened(context, address)
    turns: list[int] = []

    def busy(route: Any) -> None:
        turns.append(1)
        if len(turns) < 3:
            error = '{"error": {"kind": "TooBusy", "message": "busy"}}'
            route.fulfill(status=429, headers={"Retry-After": "0.1"}, body=error, content_type="application/json")
        else:
            route.continue_()

    tab.route("**/api/predict", busy)
    tab.set_input_files("#photos", photo("rose"))
    plates(tab, "known")

    assert len(turns) == 3


def test_an_answer_of_somebody_elses_is_understood(tab: Page) -> None:
    """What a proxy says in place of our server becomes a sentence, not a blank."""
    tab.route("**/api/predict", lambda route: route.fulfill(status=502, body="<html>Bad gateway"))
    tab.set_input_files("#photos", photo("rose"))
    (plate,) = plates(tab, "failed").all()

    expect(plate.locator(".why")).to_have_text("The server answered with HTTP 502. Try again later.")
    expect(plate.get_by_role("button", name="Try again")).to_be_visible()


def test_removing_a_photo_stops_its_upload(tab: Page) -> None:
    """A photo that is taken away while it is being sent is not sent on, and the focus goes to its neighbour."""
    failed: list[str] = []
    tab.on("requestfailed", lambda request: failed.append(str(request.failure)))
    tab.route("**/api/predict", lambda _: None)  # an answer that never comes
    tab.set_input_files("#photos", [photo("rose"), photo("tulip")])
    plates(tab, "looking", "looking")
    tab.get_by_role("button", name="Remove rose.png").click()
    expect(tab.get_by_role("button", name="Remove tulip.png")).to_be_focused()
    tab.get_by_role("button", name="Clear all").click()

    expect(tab.locator(".plate")).to_have_count(0)
    expect(tab.locator("#answers")).to_be_hidden()
    expect(tab.locator("#photos")).to_be_focused()
    for _ in range(50):  # Chromium tells of a stopped request a little later
        if len(failed) < 2:
            tab.wait_for_timeout(100)
    assert len(failed) == 2


FOCUSED = """() => {
  const now = document.activeElement;
  return now.id || now.getAttribute("aria-label") || now.textContent.trim();
}"""


def test_everything_works_by_keyboard(tab: Page) -> None:
    """Tab reaches every control in the order in which it is seen, the skip link first, and the focus can be seen."""
    tab.set_input_files("#photos", [photo("rose")])
    plates(tab, "known")
    tab.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    seen = []
    for _ in range(40):
        tab.keyboard.press("Tab")
        name = tab.evaluate(FOCUSED)
        if name in seen or not name:
            break
        seen.append(name)

    wanted = ["Skip to the photos", "Florilegium", "How good", "theme-auto", "photos", "ask-drawing", "clear"]
    wanted += ["Remove rose.png", "The model card, as its file holds it", "For programs: the JSON interface"]
    assert [name for name in seen if name in wanted] == wanted
    tab.locator("#photos").focus()
    outline = tab.evaluate("getComputedStyle(document.querySelector('label[for=photos]')).outlineStyle")
    assert outline == "solid"


def test_the_skip_link_leads_to_the_photos(tab: Page) -> None:
    """The first Tab shows a link that jumps over the head of the page."""
    tab.keyboard.press("Tab")
    expect(tab.get_by_role("link", name="Skip to the photos")).to_be_in_viewport()
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")

    expect(tab.locator("#photos")).to_be_focused()


def test_space_opens_the_chooser(tab: Page) -> None:
    """The way to choose photos is a real file input: Space opens the system's dialog."""
    chosen: list[FileChooser] = []
    tab.on("filechooser", lambda chooser: chosen.append(chooser))  # noqa: PLW0108 - Playwright marks what it is given
    for _ in range(10):  # a busy browser drops a key now and then: a reader would press it again
        tab.locator("#photos").focus()
        tab.keyboard.press("Space")
        tab.wait_for_timeout(500)
        if chosen:
            break
    chosen[0].set_files([photo("tulip")])

    assert chosen[0].is_multiple()
    plates(tab, "known")


def test_the_drawing_is_not_known(tab: Page) -> None:
    """The page's own drawing can be asked about; it is handed over as a picture and gets an answer."""
    tab.get_by_role("button", name="Ask about the drawing").click()
    found = tab.locator(".plate")
    expect(found).to_have_count(1)
    expect(found).to_have_attribute("data-state", re.compile("unsure|strange|known"), timeout=15_000)

    expect(found.locator(".file")).to_have_text("the drawing")
    expect(found.locator(".photo")).to_have_js_property("naturalWidth", 440)


def test_the_reader_chooses_the_colours_once(context: BrowserContext, address: str) -> None:
    """The page follows the system; the switch overrules it, and the choice is kept for the next visit."""
    tab, paper = opened(context, address), "getComputedStyle(document.body).backgroundColor"
    tab.emulate_media(color_scheme="dark")
    dark = tab.evaluate(paper)
    tab.get_by_role("radio", name="Light").check()
    light = tab.evaluate(paper)
    tab.reload()

    assert tab.evaluate(paper) == light != dark
    expect(tab.get_by_role("radio", name="Light")).to_be_checked()
    tab.get_by_role("radio", name="As the system").check()
    assert tab.evaluate(paper) == dark
    tab.emulate_media(color_scheme="light")
    tab.get_by_role("radio", name="Dark").check()
    assert tab.evaluate(paper) == dark
    assert tab.evaluate("Object.keys(localStorage)") == ["theme"]
    assert context.cookies() == []


def test_the_switch_works_without_scripts(browser: Browser, address: str) -> None:
    """With scripts off the switch changes the colours too, for as long as the page is open."""
    tab = browser.new_context(java_script_enabled=False, color_scheme="dark").new_page()
    tab.goto(address)
    paper = "getComputedStyle(document.body).backgroundColor"
    before = tab.evaluate(paper)
    tab.get_by_role("radio", name="Light").check()

    assert tab.evaluate(paper) != before
    tab.context.close()


def test_the_page_asks_only_its_own_server(context: BrowserContext, address: str) -> None:
    """From the first sight to an answer every request goes to the page's own server, and nothing complains."""
    asked: list[str] = []
    faults: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    context.on("console", lambda message: faults.append(message.text))
    tab = opened(context, address)
    tab.set_input_files("#photos", [photo("rose"), photo("strange")])
    plates(tab, "known", "strange")

    assert [url for url in asked if not url.startswith((address, "blob:", "data:"))] == []
    assert faults == []


def test_a_page_behind_a_path_works(context: BrowserContext, model: ModelFile) -> None:
    """Behind a proxy that serves it below a path, as Binder does, the page finds its files and its answers."""
    outer = FastAPI()
    outer.mount("/user/me/florilegium", create_app(model))
    with serving(outer) as started:
        tab = opened(context, f"{started}user/me/florilegium/")
        tab.set_input_files("#photos", photo("rose"))
        plates(tab, "known")

        expect(tab.locator(".similar li").first).to_contain_text("40 training photos")
