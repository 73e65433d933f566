"""The page of gradient descent as its readers meet it: real Chromium, mouse, keyboard, phone."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from florilegium.export.lab.site import STARTS, descent_files
from tests.lab_page_serving import shown, visit

pytestmark = pytest.mark.chromium


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Serve the page."""
    with shown(descent_files()) as started:
        yield started


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """Open the page and wait until the landscape is there."""
    tab = visit(browser, address)
    expect(tab.locator(".land figcaption")).to_contain_text("The loss for every pair", timeout=30_000)
    yield tab
    tab.context.close()


def try_out(page: Page, key: str) -> None:
    """Press one of the buttons below "Try this"."""
    page.locator(f"[data-try={key}]").click()


def test_step_does_one_of_the_seven_steps(page: Page) -> None:
    """Each press of Step does the next step, lights it up, and says what happened with its numbers."""
    seen = []
    for _ in range(6):
        page.get_by_role("button", name="Step").click()
        seen.append(page.locator("#seven [aria-current=step]").inner_text())

    assert [name.split()[-1] for name in seen] == ["Predict", "Loss", "Gradient", "Step", "Repeat", "Predict"]
    expect(page.locator(".said b")).to_have_text("2 Predict.")
    expect(page.locator("#status")).to_contain_text("16 items drawn by lot")


def test_play_descends(page: Page) -> None:
    """From the wrong end the loss of the line falls to that of its noise, about 0.05, and Play becomes Pause."""
    page.locator("#speed").fill("4")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.locator(".said")).to_contain_text(re.compile(r"Loss over all: 0\.0[456]"), timeout=30_000)


WRONG_RATES = {
    "large": "Diverged: the loss went from",
    "huge": "With learning rate 1e+09 each step jumps over the valley",
    "negative": "A negative learning rate climbs instead of descending",
    "nan": "This learning rate is no number",
    "zero": "At learning rate 0 no weight moves. Try 0.1.",
}


def test_a_rate_that_goes_wrong_is_explained(page: Page) -> None:
    """Zero, negative, a billion and no number at all: each is tried, ends or goes nowhere, and is told in words."""
    page.locator("#speed").fill("4")
    for key, words in WRONG_RATES.items():
        try_out(page, key)
        expect(page.locator(".said")).to_contain_text(words, timeout=30_000)


NEARLY_ALL = {"points": r"9\d of 100", "pair": r"2[12]\d of 224", "ten": r"1[01]\d\d of 1198"}


def test_every_problem_is_learned(page: Page) -> None:
    """Two clouds, two digits and ten digits: at least nine in ten become right, and none needs the server again."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator("#speed").fill("4")
    for problem, right in NEARLY_ALL.items():
        page.check(f"[value={problem}]", force=True)
        expect(page.locator(".land figcaption")).to_contain_text("cross", ignore_case=True, timeout=30_000)
        try_out(page, "good")
        expect(page.locator(".said")).to_contain_text(re.compile(f"Right: {right}"), timeout=30_000)

    assert [url for url in asked if not url.endswith("digits.bin")] == []


def test_two_runs_side_by_side(page: Page) -> None:
    """A second run has settings of its own and is told beside the first; switched off, it is gone."""
    try_out(page, "duel")
    rates = [run.input_value() for run in page.locator(".rate").all()]
    expect(page.locator(".run")).to_have_count(2)
    page.uncheck("#second")

    assert len(set(rates)) == 2
    expect(page.locator(".run")).to_have_count(1)


def test_a_batch_larger_than_the_data_takes_all(page: Page) -> None:
    """A batch of 5000 out of 100 is said to take all of them, and each epoch has one batch."""
    page.locator(".batch").fill("5000")
    page.locator(".batch").press("Tab")
    for _ in range(5):
        page.get_by_role("button", name="Step").click()

    expect(page.locator(".notes")).to_have_text(
        "A batch of 5000 is more than the 100 items there are: each step takes all of them."
    )
    expect(page.locator(".said")).to_contain_text("batch 1 of 1 in epoch 1")


def test_it_works_by_keyboard_alone(page: Page) -> None:
    """Tab reaches data, speed, buttons and settings in the order in which they are seen; Enter steps."""
    names = []
    for _ in range(24):
        page.keyboard.press("Tab")
        names.append(
            page.evaluate(
                "document.activeElement.id || document.activeElement.className || document.activeElement.name"
            )
        )
    wanted = [
        "problem",
        "n",
        "speed",
        "play",
        "step",
        "reset",
        "second",
        "rate",
        "rate-slide",
        "batch",
        "momentum",
        "start",
    ]

    assert [name for name in names if name in wanted] == wanted
    page.locator("#step").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".said b")).to_have_text("2 Predict.")


def test_pictures_are_told_to_those_who_do_not_see_them(page: Page) -> None:
    """Every canvas has a label that holds what it shows, and the steps mark the current one."""
    page.get_by_role("button", name="Step").click()
    labels = [canvas.get_attribute("aria-label") for canvas in page.locator("canvas").all()]

    assert all(labels)
    assert any("slope" in str(label) for label in labels)


@pytest.mark.parametrize("press", ["Play", "Step"])
def test_what_is_pressed_is_seen(browser: Browser, address: str, press: str) -> None:
    """On a phone the pictures lie below the button: whoever presses it sees data and map a moment later."""
    tab = visit(browser, address, viewport={"width": 390, "height": 664}, reduced_motion="reduce")
    expect(tab.locator(".land canvas")).not_to_be_in_viewport()
    tab.get_by_role("button", name=press).click()

    expect(tab.locator(".data canvas")).to_be_in_viewport(ratio=1)
    expect(tab.locator(".land canvas")).to_be_in_viewport(ratio=1)
    tab.context.close()


def test_the_losses_of_one_run_stand_beside_it(page: Page) -> None:
    """One run: its losses are on the first screen, in its own part; two runs share one picture of them."""
    expect(page.locator(".run #losses")).to_be_in_viewport()
    page.check("#second")

    expect(page.locator(".run #losses")).to_have_count(0)
    expect(page.locator("#curve #losses")).to_be_visible()


def test_each_step_is_told_as_it_was(page: Page) -> None:
    """A negative rate moves weights uphill, 0 moves none, and with momentum it is speed that moves them."""
    told = []
    for setting, value in ((".rate", "-0.1"), (".rate", "0"), (".rate", "0.1"), (".momentum", "0.9")):
        page.locator(setting).fill(value)
        page.locator(setting).press("Tab")
        for _ in range(4):
            page.get_by_role("button", name="Step").click()
        told.append(page.locator(".said").inner_text())

    assert "moved uphill by 0.1 times its gradient" in told[0]
    assert "At rate 0 no weight moved" in told[1]
    assert "moved downhill by 0.1 times its gradient" in told[2]
    assert "moved downhill by 0.1 times its speed" in told[3]


def test_a_phone_shows_all_of_it(browser: Browser, address: str) -> None:
    """On a phone nothing is wider than the screen, in the light and in the dark, with one run or two."""
    tab = visit(browser, address, viewport={"width": 360, "height": 740}, color_scheme="dark", reduced_motion="reduce")
    tab.check("#second")

    assert tab.evaluate("document.documentElement.scrollWidth") == 360
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(26, 23, 20)"
    tab.context.close()


def test_the_folder_is_the_same_each_time() -> None:
    """Two exports are equal, byte by byte, and hold no address of another host."""
    first, second = descent_files(), descent_files()
    texts = [content.decode() for name, content in first.items() if name.endswith((".js", ".html", ".css"))]

    assert first == second
    assert [text for text in texts if re.search(r"(src|href|from|import\()\s*[=(]?\s*[\"']https?:", text)] == []


def test_names_that_are_written_twice_agree(page: Page) -> None:
    """The starts of the form are those that the scripts know, and so is the number of steps that is promised."""
    starts, most = page.evaluate("import('./descent.js').then((m) => [m.STARTS, m.MAX_STEPS])")

    assert starts == dict(STARTS)
    expect(page.locator("#steps-told")).to_contain_text(f"{most:,} steps")
