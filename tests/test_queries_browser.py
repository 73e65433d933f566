"""The query desk and the chat in a real browser: from a question to the reply and the label, by keyboard alone."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from florilegium.project import Project
from florilegium.serve.whole import create_whole
from tests.page_serving import DESK, PHONE, serving
from tests.query_making import trained_queries

pytestmark = pytest.mark.chromium
STRANGE, SURE = "🌷 სესხი მინდა <3 & მეტი", "my card was stolen, please help"
PAGES = ("/", "/queries", "/queries/1", "/queries/automatic", "/queries/unknown", "/chat")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a trained project with replies and a promise; tests work on copies."""
    return trained_queries(tmp_path_factory.mktemp("queries"))


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Iterator[Project]:
    """Open a copy of it."""
    shutil.copytree(made, tmp_path / "p")
    with Project(tmp_path / "p") as project:
        yield project


@pytest.fixture
def context(browser: Browser, project: Project) -> Iterator[BrowserContext]:
    """Serve it to a browser of its own; whatever the browser complains of fails the test."""
    with serving(create_whole(project, is_here=True)) as address:
        context = browser.new_context(viewport=DESK, base_url=address)
        said: list[str] = []
        context.on("console", lambda message: said.append(message.text))
        context.on("weberror", lambda error: said.append(str(error.error)))
        yield context
        context.close()
        assert [line for line in said if "409" not in line] == []


def ask(page: Page, text: str) -> None:
    """Write into the chat and press Enter."""
    page.get_by_label("Your question").fill(text)
    page.keyboard.press("Enter")
    expect(page.locator(".mine").last).to_contain_text(text)


def awake(page: Page) -> None:
    """Wait until the page's script listens to keys."""
    expect(page.locator("html.script")).to_be_attached()


def test_from_a_question_to_the_reply_and_the_label(context: BrowserContext, project: Project) -> None:
    """The model abstains; a person picks the intent, edits and sends by keyboard; the chat shows it by itself."""
    chat, desk = context.new_page(), context.new_page()
    chat.goto("/chat")
    ask(chat, STRANGE)
    expect(chat.locator(".log")).to_contain_text("A person will read this.")
    desk.goto("/queries")
    awake(desk)
    desk.keyboard.press("j")
    desk.keyboard.press("Enter")
    expect(desk.locator(".asked")).to_have_text(STRANGE)
    awake(desk)
    desk.keyboard.press("/")
    desk.keyboard.type("exch")
    expect(desk.get_by_role("option").first).to_have_text("exchange_rate")
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("Enter")
    expect(desk.get_by_label("Reply", exact=True)).to_have_value("We use the interbank rate of the moment.")
    desk.get_by_label("Reply", exact=True).fill("We use the interbank rate. <i>Yours</i>, Ann")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".empty")).to_contain_text("Nobody waits.")
    expect(chat.locator(".theirs")).to_contain_text("We use the interbank rate. <i>Yours</i>, Ann", timeout=15_000)
    event = project.store.label_events()[-1]

    assert (event.label, event.suggested, event.who) == ("exchange_rate", True, "owner")
    expect(chat.locator(".by")).to_have_text("answered by a person")


def test_a_common_question_is_answered_at_once(context: BrowserContext) -> None:
    """Enter sends, the answer of the machine stands below, the page's address leads back to the conversation."""
    page = context.new_page()
    page.goto("/chat")
    ask(page, SURE)
    expect(page.locator(".theirs")).to_contain_text("Freeze your card in the app under Cards.")
    expect(page.get_by_label("Your question")).to_have_value("")
    page.reload()

    expect(page.locator(".theirs")).to_have_count(1)
    assert page.locator("#log").get_attribute("role") == "log"


def test_the_box_for_a_text_is_as_wide_as_its_page(context: BrowserContext) -> None:
    """The first page of a classifier of texts invites to write: its box fills the column."""
    page = context.new_page()
    page.goto("/")
    column, box = page.locator(".ask-text").bounding_box(), page.get_by_label("Your text").bounding_box()

    assert column is not None
    assert box is not None
    assert box["width"] == pytest.approx(column["width"], abs=2)


def test_words_that_a_person_wrote_are_never_replaced(context: BrowserContext) -> None:
    """Choosing another intent brings its reply, but not over one's own words."""
    page = context.new_page()
    page.goto("/chat")
    ask(page, STRANGE)
    page.goto("/queries/1")
    awake(page)
    reply = page.get_by_label("Reply", exact=True)
    reply.fill("My own words")
    page.locator("[data-intent]").last.click()
    expect(page.locator("#notice")).to_contain_text("Your own words stay")

    expect(reply).to_have_value("My own words")


@pytest.mark.parametrize(("width", "scheme"), [("desk", "light"), ("phone", "dark")])
def test_no_barriers_and_nothing_sticks_out(browser: Browser, project: Project, scheme: str, width: str) -> None:
    """Axe finds nothing on any page, in both colours; on a phone nothing is wider than the screen."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()
    with serving(create_whole(project, is_here=True)) as address:
        context = browser.new_context(
            viewport=DESK if width == "desk" else PHONE,
            base_url=address,
            color_scheme="dark" if scheme == "dark" else "light",
        )
        page = context.new_page()
        page.goto("/chat")
        ask(page, STRANGE)
        ask(page, "w" * 300)
        ask(page, SURE)
        for path in PAGES:
            page.goto(path)
            found = axe.run(page)
            assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found.response["violations"]] == [], path
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, path
        context.close()


def test_two_at_one_query(context: BrowserContext) -> None:
    """Whoever is second is told in words, and nothing is overwritten."""
    first, second = context.new_page(), context.new_page()
    first.goto("/chat")
    ask(first, STRANGE)
    first.goto("/queries/1")
    second.goto("/queries/1")
    for page in (first, second):
        page.get_by_label("Intent", exact=True).fill("lost_card")
        page.get_by_label("Reply", exact=True).fill("An answer")
    first.get_by_role("button", name="Send").click()
    expect(first.locator(".empty")).to_be_visible()
    second.get_by_role("button", name="Send").click()

    expect(second.locator("main")).to_contain_text(re.compile("took this query up meanwhile"))
