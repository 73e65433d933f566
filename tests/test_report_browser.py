"""The report as a reader meets it: in Chromium, on a screen, on a phone, on paper, by keyboard, without scripts."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from florilegium.report import build
from tests.test_report_account import account
from tests.test_report_page import FLOWERS, hostile

pytestmark = pytest.mark.chromium

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the reports that these tests look at into one folder."""
    folder = tmp_path_factory.mktemp("reports")
    texts = account(770, [f"intent {i}" for i in range(77)], pictures=False)
    reports = {
        "photos": account(400, FLOWERS),
        "texts": replace(texts, texts={name: f"Why was {name} declined?" for name in texts.shown.names}),
        "hostile": hostile(),
        "two": account(classes=("yes", "no")),
    }
    for name, told in reports.items():
        (folder / f"{name}.html").write_text(build(told), encoding="utf-8")
    return folder


def show(browser: Browser, path: Path, **choices: Any) -> tuple[Tab, list[str]]:
    """Open a report; whatever it complains about or asks the network for gathers in the list."""
    tab = browser.new_page(**{"viewport": DESK, **choices})
    faults: list[str] = []
    tab.on("console", lambda message: faults.append(message.text))
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.on("request", lambda request: faults.append(request.url) if request.url.startswith("http") else None)
    tab.goto(path.as_uri())
    return tab, faults


@pytest.mark.parametrize("name", ["photos", "texts", "hostile", "two"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_page_never_scrolls_sideways(browser: Browser, pages: Path, name: str, size: dict[str, int]) -> None:
    """Whatever is in the data, only tables scroll sideways, each in its own box; and nothing complains."""
    tab, faults = show(browser, pages / f"{name}.html", viewport=size)
    width = tab.evaluate("document.documentElement.scrollWidth")

    assert width <= size["width"]
    assert faults == []
    tab.close()


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("name", ["photos", "texts", "hostile"])
def test_axe_finds_no_barrier(browser: Browser, pages: Path, name: str, colours: str) -> None:
    """axe-core, which knows what assistive technology stumbles over, finds nothing: contrast, names, order."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()
    tab, _ = show(browser, pages / f"{name}.html", color_scheme=colours, bypass_csp=True)
    tab.evaluate("document.querySelectorAll('details').forEach(each => { each.open = each.closest('#verdict') })")
    found: list[dict[str, Any]] = axe.run(tab).response["violations"]

    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found] == []
    tab.close()


def test_a_cell_opens_by_keyboard_and_closes_by_escape(browser: Browser, pages: Path) -> None:
    """Enter on a cell shows its items, Escape puts them away, and the reader is where they were."""
    tab, _ = show(browser, pages / "photos.html")
    cell = tab.locator("td.s1 a, td.s2 a").first
    count, label = cell.inner_text(), cell.get_attribute("aria-label")
    cell.focus()
    tab.keyboard.press("Enter")
    shown = tab.locator("dialog img").count()
    title = tab.locator("#viewer-title").inner_text()
    tab.keyboard.press("Escape")

    assert shown == int(count)
    assert label is not None
    assert title.startswith(label.split(":")[0])
    assert not tab.locator("dialog").is_visible()
    assert tab.evaluate("document.activeElement.getAttribute('aria-label')") == label
    tab.close()


def test_a_cell_opens_without_scripts(browser: Browser, pages: Path) -> None:
    """With scripts off a cell leads to its list, which opens, and every item is a click away."""
    tab, _ = show(browser, pages / "photos.html", java_script_enabled=False)
    cell = tab.locator("td.s1 a, td.s2 a").first
    target = cell.get_attribute("href")
    cell.focus()
    tab.keyboard.press("Enter")

    assert tab.locator(f".inside:has(> {target}) img").first.is_visible()
    assert tab.get_by_text("Expect ").first.is_visible()
    tab.close()


def test_an_attack_by_names_does_nothing(browser: Browser, pages: Path) -> None:
    """Scripts in class names, file names, texts and notes do not run, not even in the opened cells."""
    tab, faults = show(browser, pages / "hostile.html")
    before = tab.title()
    for cell in tab.locator("td a[data-cell]").all():
        cell.evaluate("each => each.click()")
        tab.keyboard.press("Escape")

    assert tab.title() == before
    assert before.startswith("<script>document.title='broken in'</script>")
    assert faults == []
    tab.close()


def test_what_the_browser_would_refuse_is_refused(browser: Browser, pages: Path) -> None:
    """Even a script that slipped into the page would not run, and no address could be asked for."""
    tab, faults = show(browser, pages / "two.html")
    tab.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=\"http://127.0.0.1:9/x\" onerror=\"a=1\">')")
    tab.wait_for_timeout(100)

    refused = " ".join(faults)

    assert "img-src data:" in refused
    assert "script-src 'sha256-" in refused
    assert tab.evaluate("typeof a") == "undefined"
    tab.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts on", "scripts off"])
def test_the_reader_may_choose_the_colours(browser: Browser, pages: Path, *, scripts: bool) -> None:
    """The page follows the system, and the switch overrules it in both directions, with scripts and without."""
    tab, _ = show(browser, pages / "two.html", color_scheme="dark", java_script_enabled=scripts)
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = tab.evaluate(paper)
    tab.check("#theme-light")
    light = tab.evaluate(paper)
    tab.emulate_media(color_scheme="light")
    tab.check("#theme-dark")

    assert (dark, light, tab.evaluate(paper)) == ("rgb(23, 22, 20)", "rgb(251, 250, 247)", "rgb(23, 22, 20)")
    tab.close()


def test_the_table_of_classes_sorts(browser: Browser, pages: Path) -> None:
    """A click on a column's head sorts by its numbers, a second one the other way round, and says so."""
    tab, _ = show(browser, pages / "photos.html")
    head = tab.locator("table[data-sortable] th button").nth(2)
    column = "[...document.querySelectorAll('table[data-sortable] tbody tr')].map(r => +r.cells[2].dataset.value)"
    head.click()
    up = tab.evaluate(column)
    head.click()
    down = tab.evaluate(column)

    assert up == sorted(up)
    assert down == sorted(down, reverse=True)
    assert tab.locator("th[aria-sort=descending]").count() == 1
    tab.close()


def test_the_page_prints(browser: Browser, pages: Path, tmp_path: Path) -> None:
    """On paper it is black on white even in the dark, without controls, and the mistakes are unfolded."""
    tab, _ = show(browser, pages / "photos.html", color_scheme="dark")
    tab.emulate_media(media="print")
    tab.pdf(path=tmp_path / "report.pdf", format="A4")

    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not tab.locator("nav").is_visible()
    assert not tab.locator("fieldset.theme").is_visible()
    assert tab.locator("details.mistaken:not(details details) img").first.is_visible()
    assert (tmp_path / "report.pdf").stat().st_size > 50_000
    tab.close()
