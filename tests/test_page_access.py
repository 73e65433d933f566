"""The page on every screen and for everybody: no edge overrun, no barrier, no motion that was not asked for."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from florilegium.model import open_model
from florilegium.serve import create_app
from tests.page_serving import DESK, PHONE, opened, photo, plates, serving, write_colour_model

pytestmark = pytest.mark.chromium


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the page of the model of colours."""
    model = open_model(write_colour_model(tmp_path_factory.mktemp("model") / "colours.onnx"))
    with serving(create_app(model)) as started:
        yield started


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_nothing_runs_over_the_edge(browser: Browser, address: str, size: Any) -> None:
    """No width makes the page scroll sideways: not empty, not with answers, not with the longest of names."""
    context = browser.new_context(viewport=size)
    tab = opened(context, address)
    width = "document.documentElement.scrollWidth"
    empty = tab.evaluate(width)
    tab.set_input_files("#photos", [photo("rose", "w" * 150 + ".png"), photo("strange")])
    plates(tab, "known", "strange")
    few = tab.evaluate(width)
    tab.set_input_files("#photos", [photo("tulip", f"{i}.png") for i in range(4)])
    plates(tab, *["known"] * 5, "strange")

    assert (empty, few, tab.evaluate(width)) == (size["width"],) * 3
    tab.goto(f"{address}docs")
    assert tab.evaluate(width) == size["width"]
    context.close()


def test_on_a_phone_the_account_of_the_model_folds(browser: Browser, address: str) -> None:
    """Below the photos a phone shows headings that unfold, by touch or by a link; a desk shows everything at once."""
    context = browser.new_context(viewport=PHONE)
    tab = opened(context, address)
    expect(tab.locator(".fold:not([open])")).to_have_count(3)
    expect(tab.locator("#good .verdict")).to_be_visible()
    tab.get_by_role("navigation").get_by_text("Where it fails").click()
    expect(tab.locator("#fails .fold")).to_have_attribute("open", "")
    tab.locator("#learned summary").first.click()
    expect(tab.locator("#learned .index")).to_be_visible()

    tab.set_viewport_size(DESK)

    expect(tab.locator(".fold")).to_have_count(0)
    expect(tab.locator("#good > h2 + div")).to_be_visible()
    context.close()


def test_a_phone_offers_its_camera(browser: Browser, address: str) -> None:
    """Where fingers point, a photo can be taken; with a mouse the page does not pretend."""
    phone = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    camera = opened(phone, address).get_by_text("Take a photo")
    desk = browser.new_context(viewport=DESK)

    expect(camera).to_be_visible()
    expect(opened(desk, address).get_by_text("Take a photo")).to_be_hidden()
    for context in (phone, desk):
        context.close()


@pytest.mark.parametrize("n", [1, 5])
def test_long_names_stay_on_one_line(browser: Browser, address: str, n: int) -> None:
    """The longest name of a flower beside its bar is as high as the shortest one: few photos or many, on a phone."""
    context = browser.new_context(viewport={"width": 360, "height": 740})
    tab = opened(context, address)
    tab.set_input_files("#photos", [photo("rose", f"{i}.png") for i in range(n)])
    plates(tab, *["known"] * n)
    tab.locator(".reasons").first.evaluate("(details) => (details.open = true)")
    names = tab.locator(".plate").first.locator(".bars bdi")
    high = [
        names.first.evaluate("(e, name) => { e.textContent = name; return e.parentElement.offsetHeight; }", name)
        for name in ("iris", "chrysanthemum")
    ]

    assert high[0] == high[1] > 0
    context.close()


def test_less_motion_is_respected(browser: Browser, address: str) -> None:
    """Who asks for less motion sees none."""
    context = browser.new_context(reduced_motion="reduce")
    tab = opened(context, address)
    tab.set_input_files("#photos", photo("rose"))
    (plate,) = plates(tab, "known").all()

    assert plate.evaluate("each => getComputedStyle(each).animationName") == "none"
    assert tab.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    context.close()


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("shown", ["empty", "few", "many", "docs"])
def test_axe_finds_no_barrier(browser: Browser, address: str, colours: Any, size: Any, shown: str) -> None:
    """axe-core, which knows what assistive technology stumbles over, finds nothing: contrast, names, order, labels."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()
    context = browser.new_context(viewport=size, color_scheme=colours, bypass_csp=True, reduced_motion="reduce")
    tab = opened(context, address + ("docs" if shown == "docs" else ""))
    kinds = {"few": ["rose", "unsure", "strange"], "many": ["rose"] * 6}.get(shown, [])
    bad = {"name": "bad.jpg", "mimeType": "image/jpeg", "buffer": b"x"}
    if kinds:
        tab.set_input_files("#photos", [*[photo(kind, f"{i}.png") for i, kind in enumerate(kinds)], bad])
        plates(tab, *["known" if kind == "rose" else kind for kind in kinds], "failed")
    tab.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    tab.evaluate("document.querySelectorAll('.plate').forEach(each => { each.style.contentVisibility = 'visible' })")
    found: list[dict[str, Any]] = axe.run(tab).response["violations"]

    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found] == []
    context.close()
