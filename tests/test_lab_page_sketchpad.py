"""The sketchpad as its readers meet it: drawn on by script, pen, finger, mouse and keys in real Chromium."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

import florilegium
from florilegium import model as models
from florilegium.export.lab.site import sketchpad_files
from tests.lab_page_serving import draw, shown, visit_sketchpad
from tests.scripted_digits import Drawing, drawings, letter, others

pytestmark = pytest.mark.chromium

SEED = 4
PICTURE = """async (strokes) => {
  const { pictureOf } = await import("./strokes.js");
  const levels = pictureOf(strokes);
  return levels && Array.from(levels);
}"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Serve the page with the shipped model."""
    files = sketchpad_files(models.open_model(models.find("digits")), packed=False)
    with shown(files) as started:
        yield started


@pytest.fixture(scope="module")
def opened(browser: Browser, address: str) -> Iterator[Page]:
    """Open the page once."""
    page = visit_sketchpad(browser, address)
    yield page
    page.context.close()


@pytest.fixture
def page(opened: Page) -> Page:
    """Give the page with an empty pad and nothing kept."""
    opened.evaluate("import('./kept.js').then((kept) => kept.forgetAll())")
    opened.locator("#clear").click()
    return opened


def a(label: str, style: str) -> Drawing:
    """Give one drawing of a digit."""
    return next(d for d in drawings(1, rng=np.random.default_rng(SEED)) if (d.label, d.style) == (label, style))


def test_digits_of_every_style_are_read(page: Page) -> None:
    """Each way to write each digit is read, whatever its size, place and pen (`bench_lab_page` draws 240)."""
    drawn = drawings(1, rng=np.random.default_rng(SEED))
    said = [draw(page, drawing)["read"] for drawing in drawn]

    assert sum(read == drawing.label for read, drawing in zip(said, drawn, strict=True)) >= 0.95 * len(drawn)


def test_what_is_no_digit_is_not_named(page: Page) -> None:
    """Letters, shapes and scribbles: the network says that it does not know them, nine times out of ten."""
    answers = [draw(page, drawing) for drawing in others(1, rng=np.random.default_rng(SEED))]
    strange = [answer for answer in answers if answer["state"] == "strange"]

    assert len(strange) >= 0.85 * len(answers)
    assert {answer["said"] for answer in strange} == {"I do not know this"}
    assert all(answer["why"].startswith("It is unlike the digits that I learned from.") for answer in strange)


def test_an_empty_pad_and_a_dot_are_no_digits(page: Page) -> None:
    """Nothing drawn and a dot are said to be so; neither is asked about, and neither can be kept."""
    expect(page.locator("#answer")).to_have_text("Draw something.")
    dot = draw(page, Drawing(label="", style="", strokes=[[(0.5, 0.5), (0.505, 0.5)]], width=0.07))

    assert (dot["state"], dot["said"]) == ("dot", "Only a dot.")
    expect(page.locator("#correct")).to_be_hidden()


def test_pictures_are_made_as_mnist_was(page: Page) -> None:
    """Ink fills a box of 20 pixels and its centre of mass is on pixel 14, wherever and however large it was drawn."""
    for drawing in drawings(1, rng=np.random.default_rng(8))[::3]:
        strokes = [{"points": stroke, "width": drawing.width} for stroke in drawing.strokes]
        levels = np.array(page.evaluate(PICTURE, strokes)).reshape(28, 28)
        rows, columns = np.nonzero(levels)
        longer = max(np.ptp(rows), np.ptp(columns)) + 1

        assert longer == pytest.approx(20, abs=1.1)  # a box that lies between pixels touches one more
        assert (levels.sum(axis=1) @ np.arange(28)) / levels.sum() == pytest.approx(14, abs=0.3)
        assert (levels.sum(axis=0) @ np.arange(28)) / levels.sum() == pytest.approx(14, abs=0.3)


def test_place_and_size_do_not_matter(page: Page) -> None:
    """A digit in a corner, at a quarter of the size, gives nearly the picture of the same digit in the middle."""
    corner = [[(0.02 + 0.25 * x, 0.72 + 0.25 * y) for x, y in line] for line in a("5", "bar last").strokes]
    large = [{"points": line, "width": 0.08} for line in a("5", "bar last").strokes]
    small = [{"points": line, "width": 0.02} for line in corner]
    pictures = [np.array(page.evaluate(PICTURE, strokes), dtype=float) for strokes in (large, small)]

    assert np.abs(pictures[0] - pictures[1]).mean() < 2  # of 255 levels


def test_the_rule_of_means_is_the_nearest_mean(page: Page) -> None:
    """The simpler rule names the mean digit with the smallest squared distance to the picture."""
    drawing = a("0", "round")
    said = draw(page, drawing)
    strokes = [{"points": stroke, "width": drawing.width} for stroke in drawing.strokes]
    picture = np.array(page.evaluate(PICTURE, strokes), dtype=float)
    means = np.array(
        page.evaluate("import('./means.js').then((m) => m.readMeans()).then((r) => r.means.map((x) => Array.from(x)))")
    )

    assert said["rule"] == str(((means - picture) ** 2).sum(axis=1).argmin())
    expect(page.locator("#rule-score")).to_contain_text("right 82.0 % of the time")


def test_the_page_answers_as_python_does(page: Page, tmp_path: Path) -> None:
    """The picture that the page shows, handed to `predict`, gets the probability that the page shows."""
    drawing = a("8", "two rings")
    draw(page, drawing)
    shown_percent = float(page.locator("#ten .top .number").inner_text().replace("%", ""))
    strokes = [{"points": stroke, "width": drawing.width} for stroke in drawing.strokes]
    levels = np.array(page.evaluate(PICTURE, strokes), dtype=np.uint8).reshape(28, 28)
    Image.fromarray(levels).save(tmp_path / "8.png")
    (answer,) = models.predict(models.open_model(models.find("digits")), [tmp_path / "8.png"])
    ((_, probability), *_) = answer.top

    assert shown_percent == pytest.approx(100 * probability, abs=0.06)  # one decimal is shown


def test_nothing_is_ever_entirely_sure(page: Page) -> None:
    """A probability that would round to 100 % is written as more than 99.9 %; and an 8 is "an 8"."""
    draw(page, a("7", "crossed"))

    expect(page.locator("#ten .top .number")).to_have_text("> 99.9 %")
    expect(page.locator("#why")).to_have_text("More than 99.9 % sure.")
    assert draw(page, a("8", "two rings"))["said"] == "It is an 8"


def test_a_phone_shows_the_answer_above_the_pad(browser: Browser, address: str) -> None:
    """On a phone answer and pad are on one screen, and the pad stays where it is while the answer changes."""
    page = visit_sketchpad(browser, address, viewport={"width": 390, "height": 664}, has_touch=True)
    places = [page.locator("#pad").bounding_box()]
    states = []
    for drawing in (a("3", "two bows"), *others(1, rng=np.random.default_rng(SEED))[:1]):
        states.append(draw(page, drawing)["state"])
        places.append(page.locator("#pad").bounding_box())
    answer, (first, *later) = page.locator("#answer").bounding_box(), places
    page.context.close()

    assert answer is not None
    assert first is not None
    assert later == [first, first]
    assert states == ["known", "strange"]
    assert answer["y"] + answer["height"] <= first["y"]
    assert first["y"] + first["height"] <= 664


def test_undo_and_clear(page: Page) -> None:
    """Undo takes the last stroke back, Clear all of them, and Undo after Clear brings the drawing back."""
    four = draw(page, a("4", "open"))
    page.locator("#undo").click()
    expect(page.locator("#answer")).to_have_attribute("aria-busy", "false")
    one_stroke = page.locator("#ten .top .digit").inner_text()
    page.locator("#clear").click()
    expect(page.locator("#answer")).to_have_text("Draw something.")
    page.locator("#undo").click()

    assert four["read"] == "4"
    assert one_stroke != "4"
    expect(page.locator("#answer")).not_to_have_text("Draw something.")


def test_a_mouse_draws_while_the_window_changes(browser: Browser, address: str) -> None:
    """A seven drawn by mouse while the window shrinks is still a seven, and no stroke is lost."""
    page = visit_sketchpad(browser, address)
    box = page.locator("#pad").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.15 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.15 * box["height"], steps=6)
    page.set_viewport_size({"width": 420, "height": 900})
    page.wait_for_timeout(150)
    box = page.locator("#pad").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.15 * box["height"], steps=2)
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.9 * box["height"], steps=8)
    page.mouse.up()

    expect(page.locator("#ten .top .digit")).to_have_text("7")
    assert page.evaluate("document.documentElement.scrollWidth") == 420
    page.context.close()


TOGETHER = """() => {
  const pad = document.getElementById("pad");
  const box = pad.getBoundingClientRect();
  const send = (type, pointerId, pointerType, x, y) => pad.dispatchEvent(new PointerEvent(type, {
    bubbles: true, cancelable: true, pointerId, pointerType,
    clientX: box.left + x * box.width, clientY: box.top + y * box.height,
  }));
  send("pointerdown", 1, "mouse", 0.3, 0.1);
  send("pointerdown", 2, "touch", 0.65, 0.1);
  for (let i = 1; i <= 10; i++) {
    send("pointermove", 1, "mouse", 0.3 + (i > 5 ? (i - 5) * 0.11 : 0), 0.1 + Math.min(i, 5) * 0.08);
    send("pointermove", 2, "touch", 0.65, 0.1 + i * 0.08);
  }
  send("pointercancel", 1, "mouse", 0.85, 0.5);
  send("pointerup", 2, "touch", 0.65, 0.9);
}"""


def test_mouse_and_touch_draw_together(page: Page) -> None:
    """Mouse and finger draw one stroke each at the same time: together a 4, as neither could alone."""
    page.evaluate(TOGETHER)

    expect(page.locator("#ten .top .digit")).to_have_text("4")
    page.locator("#undo").click()
    expect(page.locator("#ten .top .digit")).not_to_have_text("4")


def test_a_digit_can_be_drawn_by_keys(page: Page) -> None:
    """Arrows lead the pen and Space puts it down: a line downwards is a one."""
    page.locator("#pad").focus()
    for _ in range(8):
        page.keyboard.press("ArrowUp")
    page.keyboard.press(" ")
    for _ in range(16):
        page.keyboard.press("ArrowDown")
    page.keyboard.press(" ")

    expect(page.locator("#ten .top .digit")).to_have_text("1")
    expect(page.locator("#status")).to_contain_text("1")
    page.keyboard.press("Control+z")
    expect(page.locator("#answer")).to_have_text("Draw something.")


def test_a_correction_becomes_an_example(page: Page, tmp_path: Path) -> None:
    """What is labelled is kept in the browser, and downloaded as a folder that `florilegium new` reads."""
    for drawing in drawings(1, rng=np.random.default_rng(SEED))[3:15]:  # ones to fours
        draw(page, drawing)
        page.get_by_role("button", name=f"It is a {drawing.label}", exact=True).click()
        expect(page.locator("#kept-said")).to_contain_text(f"Kept in this browser as a {drawing.label}")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as a folder").click()
    archive = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
    archive.extractall(tmp_path)
    project = florilegium.new(tmp_path / "mine", str(tmp_path / "drawn"))

    assert archive.testzip() is None
    with Image.open(next((tmp_path / "drawn" / "3").iterdir())) as picture:
        assert (picture.size, picture.mode) == ((28, 28), "L")
    assert set(project.holdings().dataset.classes) == {"1", "2", "3", "4"}
    assert download.value.suggested_filename == "drawn.zip"
    assert (tmp_path / "drawn" / "metadata.csv").read_text().count("\n") == 13
    expect(page.locator("#kept li")).to_have_count(12)
    page.get_by_role("button", name="Forget all").click()
    expect(page.locator("#none-kept")).to_be_visible()


def test_nothing_that_is_drawn_is_sent(page: Page) -> None:
    """While a digit is drawn, read and labelled no request leaves the page."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    draw(page, a("6", "bowed"))
    page.get_by_role("button", name="It is a 6", exact=True).click()
    expect(page.locator("#kept li")).to_have_count(1)

    assert asked == []


def test_strokes_at_the_edge_stay_in_the_picture(page: Page) -> None:
    """A lopsided drawing keeps all its ink in the picture, even where its mass lies far from its middle."""
    lopsided = [letter((0.0, 0.0), (1.0, 0.0)), letter((0.0, 0.0), (0.05, 0.0)), letter((0.0, 0.05), (0.0, 1.0))]
    levels = page.evaluate(PICTURE, [{"points": line, "width": 0.05} for line in lopsided])
    picture = np.array(levels).reshape(28, 28)

    assert picture.max() == 255
    assert min(np.ptp(np.nonzero(picture)[0]), np.ptp(np.nonzero(picture)[1])) + 1 >= 19
