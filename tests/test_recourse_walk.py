"""The whole story in real Chromium: an answer is contested, judged blind, answered, learned from, and corrected."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect

from florilegium.project import Project
from florilegium.serve.whole import create_whole
from tests.page_serving import DESK, PHONE, serving
from tests.recourse_making import make_project
from tests.recourse_pages_making import HOSTILE, WRITTEN, project_at

pytestmark = pytest.mark.chromium
REASON = "It is a warm colour, and nothing of it is green."


def yellow(seed: int) -> bytes:
    """Paint what is none of the classes' colours, so that a few labels decide what the classifier says of it."""
    coarse = np.random.default_rng(seed).normal(0, 30, (6, 6, 3))
    pixels = np.clip(np.kron(coarse, np.ones((8, 8, 1))) + np.array([235, 225, 40]), 0, 255)
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def photo(seed: int = 1) -> Any:
    """Give the picture as Playwright hands it over."""
    return {"name": "mine.png", "mimeType": "image/png", "buffer": yellow(seed)}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a trained project; tests work on copies."""
    return make_project(tmp_path_factory.mktemp("made"))


@pytest.fixture
def context(browser: Browser, made: Path, tmp_path: Path) -> Iterator[BrowserContext]:
    """Open a browser before a copy of the project; whatever it complains of fails the test."""
    with project_at(made, tmp_path / "p") as recourse, serving(create_whole(recourse.project, is_here=True)) as address:
        context = browser.new_context(viewport=DESK, base_url=address)
        said = heard(context)
        yield context
        assert [line for line in said if "404" not in line and "422" not in line] == []
        context.close()


def heard(context: BrowserContext) -> list[str]:
    """Gather what the browser's pages complain of, and any dialog."""
    said: list[str] = []
    context.on("console", lambda message: said.append(message.text))
    context.on("weberror", lambda error: said.append(str(error.error)))

    def refuse(dialog: Dialog) -> None:
        said.append(f"dialog {dialog.message}")
        dialog.dismiss()

    context.on("dialog", refuse)
    return said


def asked(context: BrowserContext, seed: int = 1) -> Page:
    """Show the classifier a photo; give the page with its answer."""
    page = context.new_page()
    page.goto("/")
    expect(page.locator("html")).to_have_class(re.compile("script"))
    page.set_input_files("#photos", photo(seed))
    expect(page.locator(".contest a")).to_be_visible(timeout=15_000)
    return page


def form_of(context: BrowserContext, page: Page) -> Page:
    """Follow "This is wrong" into its own tab."""
    with context.expect_page() as opened:
        page.get_by_text("This is wrong").click()
    opened.value.wait_for_load_state("networkidle")
    return opened.value


def contest(form: Page, suggestion: str, *, reason: str = WRITTEN) -> str:
    """Fill the form, send it, and give the private link."""
    form.get_by_label("Why is it wrong?").fill(reason)
    form.locator("#suggestion").fill(suggestion)
    form.locator("[name=consent][value=learn]").check()
    expect(form.locator("#contested img")).to_be_visible()
    form.get_by_role("button", name="Send").click()
    expect(form.locator("h1")).to_have_text("It is received.")
    return form.url.partition("?")[0]


def ready(page: Page, where: str) -> None:
    """Wait until a page of the review listens to keys: it gives its heading the focus then."""
    expect(page.locator(where)).to_be_visible()
    expect(page.locator("h1")).to_be_focused()


def judged(page: Page, number: int, label_key: str, *, ruling_key: str = "w") -> None:
    """Review the first case of the queue by keys alone."""
    page.goto("/review")
    ready(page, ".queue")
    page.keyboard.press("Enter")
    ready(page, ".blind")
    page.keyboard.press(label_key)
    ready(page, "#ruling")
    page.keyboard.press(ruling_key)
    page.keyboard.press("t")
    page.keyboard.type(REASON)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".flash")).to_contain_text(f"Case {number} is decided.")


def test_the_whole_story(browser: Browser, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Predict, appeal, blind review, the answer on the private link, training, the correction, the audit trail."""
    monkeypatch.setenv("FLORILEGIUM_DATABASE", database_url)
    folder = make_project(tmp_path)
    with Project(folder) as project, serving(create_whole(project, is_here=True)) as address:
        context = browser.new_context(viewport=DESK, base_url=address)
        said = heard(context)
        page = asked(context)
        before = page.locator(".plate .bars bdi").first.inner_text()
        link = contest(form_of(context, page), "red")
        contest(form_of(context, asked(context, 2)), "red")
        reviewer = context.new_page()
        for number in (1, 2):
            judged(reviewer, number, "3")  # blue, green, red
        private = context.new_page()
        private.goto(link)
        expect(private.locator("h1")).to_have_text("You were right to object.")
        expect(private.locator(".verdict-box")).to_contain_text(REASON)
        project.train()
        after = ""
        for _ in range(20):  # the server looks for a new model once a second
            page.goto("/")
            page.set_input_files("#photos", photo())
            expect(page.locator(".contest a")).to_be_visible(timeout=15_000)
            after = page.locator(".plate .bars bdi").first.inner_text()
            if after != before:
                break
            page.wait_for_timeout(500)
        reviewer.goto("/review/trail")
        expect(reviewer.locator("#case-1")).to_contain_text("learned")
        context.close()

    assert (before, after) == ("green", "red")
    assert said == []


def test_a_photo_is_sent_only_where_that_is_allowed(context: BrowserContext) -> None:
    """The form has the photo from the other tab; while nothing is allowed it is not in what is sent."""
    form = form_of(context, asked(context))
    form.get_by_label("Why is it wrong?").fill(WRITTEN)
    form.locator("[name=consent][value=review]").check()
    expect(form.locator("#photo")).to_be_visible()
    n_held = form.evaluate("document.getElementById('photo').files.length")
    form.locator("[name=consent][value=none]").check()
    expect(form.locator("#photo")).to_be_hidden()
    with form.expect_request("**/appeal/*") as sent:
        form.get_by_role("button", name="Send").click()
    expect(form.locator("dl")).to_contain_text("not kept")

    assert n_held == 1
    assert b"PNG" not in (sent.value.post_data_buffer or b"")


def test_going_back_and_sending_again_changes_nothing(context: BrowserContext) -> None:
    """Back to the form and once more: the same case, the same link; back to the blind page: the first word stands."""
    form = form_of(context, asked(context))
    link = contest(form, "red")
    form.go_back()
    form.get_by_label("Why is it wrong?").fill(WRITTEN)
    form.locator("[name=consent][value=none]").check()
    form.get_by_role("button", name="Send").click()
    expect(form.locator("h1")).to_have_text("It is received.")
    again = form.url.partition("?")[0]
    reviewer = context.new_page()
    reviewer.goto("/review")
    ready(reviewer, ".queue")
    reviewer.keyboard.press("Enter")
    ready(reviewer, ".blind")
    reviewer.keyboard.press("1")
    ready(reviewer, "#ruling")
    reviewer.go_back()
    reviewer.reload()
    expect(reviewer.locator(".question")).to_contain_text("You say blue")

    assert again == link


def test_nothing_that_is_written_runs(context: BrowserContext) -> None:
    """Markup in the reason, in a question and in its answer is text on every page; the browser runs none of it."""
    form = form_of(context, asked(context))
    link = contest(form, "red", reason=HOSTILE)
    reviewer = context.new_page()
    reviewer.goto("/review")
    ready(reviewer, ".queue")
    reviewer.keyboard.press("Enter")
    ready(reviewer, ".blind")
    reviewer.keyboard.press("1")
    ready(reviewer, "#ruling")
    reviewer.keyboard.press("a")
    expect(reviewer.locator("#ask")).to_be_focused()
    reviewer.keyboard.type("<b onclick=alert(3)>which?</b>")
    reviewer.get_by_role("button", name="Ask").click()
    form.goto(link)
    expect(form.locator(".verdict-box")).to_contain_text("<b onclick=alert(3)>which?</b>")
    form.get_by_label("Your answer").fill(HOSTILE)
    form.get_by_role("button", name="Send the answer").click()
    reviewer.goto("/review")
    ready(reviewer, ".queue")
    reviewer.keyboard.press("Enter")
    ready(reviewer, "#ruling")  # judged blind before the question
    reviewer.keyboard.press("/")
    reviewer.keyboard.type("red")
    reviewer.keyboard.press("Escape")
    judged_on(reviewer)
    for page in ("/review/trail", "/review/doubts", "/review"):
        reviewer.goto(page)
    form.goto(link)

    assert form.evaluate("document.querySelectorAll('main script, main img').length") == 0


def test_it_all_works_without_scripts(browser: Browser, made: Path, tmp_path: Path) -> None:
    """Classifier, form with its file, private page, queue, blind step and ruling: plain forms."""
    with project_at(made, tmp_path / "p") as recourse, serving(create_whole(recourse.project, is_here=True)) as address:
        context = browser.new_context(viewport=DESK, base_url=address, java_script_enabled=False)
        page = context.new_page()
        page.goto("/")
        page.set_input_files("#photos", photo())
        page.get_by_role("button", name="Name them").click()
        page.get_by_text("This is wrong").click()
        page.get_by_label("Why is it wrong?").fill(WRITTEN)
        page.locator("[name=consent][value=review]").check()
        page.set_input_files("#photo", photo())
        page.get_by_role("button", name="Send").click()
        expect(page.locator("h1")).to_have_text("It is received.")
        link = page.url
        page.goto("/review")
        page.get_by_role("button", name="Take").click()
        page.get_by_role("button", name="red").click()
        page.locator("[name=ruling][value=upheld]").check()
        page.locator("#reason").fill(REASON)
        page.locator(".acts .button[value=decide]").click()
        expect(page.locator(".flash")).to_contain_text("Case 1 is decided.")
        page.goto(link)
        expect(page.locator("h1")).to_have_text("You were right to object.")
        context.close()


@pytest.mark.parametrize(("size", "colours"), [(DESK, "light"), (PHONE, "dark")], ids=["desk-light", "phone-dark"])
def test_axe_finds_no_barrier_and_nothing_runs_over(
    browser: Browser, made: Path, tmp_path: Path, size: Any, colours: Any
) -> None:
    """axe-core finds nothing on any page of the story, and no page scrolls sideways."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()
    found: list[Any] = []

    def look(page: Page) -> None:
        page.wait_for_load_state("networkidle")
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        wide = page.evaluate("document.documentElement.scrollWidth") - size["width"]
        bad = [(each["id"], each["nodes"][0]["html"][:200]) for each in axe.run(page).response["violations"]]
        if bad or wide > 0:
            found.append((page.url, wide, bad))

    with (
        project_at(made, tmp_path / "p", recourse="a@b.example") as recourse,
        serving(create_whole(recourse.project, is_here=True)) as address,
    ):
        choices: Any = {"bypass_csp": True, "reduced_motion": "reduce", "color_scheme": colours}
        context = browser.new_context(viewport=size, base_url=address, **choices)
        page = asked(context)
        look(page)
        form = form_of(context, page)
        look(form)
        link = contest(form, "red")
        look(form)
        reviewer = context.new_page()
        reviewer.goto("/review")
        look(reviewer)
        reviewer.keyboard.press("Enter")
        ready(reviewer, ".blind")
        look(reviewer)
        reviewer.keyboard.press("3")
        ready(reviewer, "#ruling")
        look(reviewer)
        judged_on(reviewer)
        for at in (link, f"{link}/erase", "/case/x", "/review/doubts", "/review/trail"):
            reviewer.goto(at)
            look(reviewer)
        context.close()

    assert found == []


def judged_on(page: Page) -> None:
    """Decide the case whose file is open."""
    page.keyboard.press("w")
    page.keyboard.press("t")
    page.keyboard.type(REASON)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".flash")).to_be_visible()
