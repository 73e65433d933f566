"""What was not kept is sent along when a reviewer asks for it: by forms, and in real Chromium by keyboard."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, expect

from florilegium.project.recourse import Recourse
from florilegium.serve.whole import create_whole
from tests.page_serving import PHONE, serving
from tests.recourse_making import make_project, picture
from tests.recourse_pages_making import contested, hidden, pages_of, project_at, step


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a trained project; tests work on copies."""
    return make_project(tmp_path_factory.mktemp("made"))


@pytest.fixture
def recourse(made: Path, tmp_path: Path) -> Iterator[Recourse]:
    """Open a copy of it."""
    with project_at(made, tmp_path / "p") as recourse:
        yield recourse


@pytest.fixture
def client(recourse: Recourse) -> Iterator[TestClient]:
    """Give a browser of this machine."""
    with pages_of(recourse) as client:
        yield client


def without_photo(client: TestClient) -> tuple[str, bytes, dict[str, str]]:
    """Contest an answer with nothing kept, and let the reviewer ask; give link, photo and the form's hidden fields."""
    content = picture("red", seed=99)
    link = contested(client, "red", seed=99, consent="none")
    step(client, "/review", "/review/1/take")
    page = client.get("/review/1").text
    assert "Nothing was kept to look at." in page
    step(client, "/review/1", "/review/1/blind", choice="unsure")
    step(client, "/review/1", "/review/1/ask", text="May we see it?")
    return link, content, hidden(client.get(f"/case/{link}").text, f"/case/{link}/tell")


@pytest.mark.parametrize("consent", ["review", "learn"])
def test_the_photo_comes_with_the_answer_to_a_question(client: TestClient, recourse: Recourse, consent: str) -> None:
    """What was not kept is sent along when a reviewer asks for it, and is looked at, as its owner allows."""
    link, content, given = without_photo(client)
    sent = client.post(
        f"/case/{link}/tell",
        data={**given, "text": "", "consent": consent},
        files={"photo": ("a.png", content)},
        follow_redirects=False,
    )
    step(client, "/review", "/review/1/take")
    page = client.get("/review/1").text
    shown = client.get("/review/1/picture")
    kept = recourse.store.live.content(recourse.case_by_id(1).case.prediction_id)

    assert sent.status_code == 303
    assert "/review/1/picture" in page
    assert shown.status_code == 200
    assert kept is not None
    assert kept.content == content
    assert recourse.status(link).consent == consent
    assert recourse.case_by_id(1).events[-2].details["consent"] == consent
    assert "Your photo, if you want" not in client.get(f"/case/{link}").text


@pytest.mark.parametrize(
    ("other", "consent", "said"),
    [(False, "", "Say what may be done"), (False, "none", "Say what may be done"), (True, "review", "not the picture")],
)
def test_no_photo_is_kept_without_a_word_and_no_other_one(
    client: TestClient, recourse: Recourse, other: bool, consent: str, said: str
) -> None:
    """Without consent nothing is kept; another photo than the answered one is refused; what was written stays."""
    link, content, given = without_photo(client)
    sent = client.post(
        f"/case/{link}/tell",
        data={**given, "text": "Here it is.", "consent": consent},
        files={"photo": ("a.png", picture("blue") if other else content)},
    )

    assert sent.status_code == 422
    assert said in sent.text
    assert "Here it is." in sent.text
    assert recourse.store.live.content(recourse.case_by_id(1).case.prediction_id) is None
    assert recourse.status(link).state == "needs information"


@pytest.mark.chromium
def test_it_is_sent_along_in_a_browser(browser: Browser, recourse: Recourse) -> None:
    """On a phone: the question, the photo chosen again, the consent; then the reviewer sees it."""
    with pages_of(recourse) as client:
        link, content, _ = without_photo(client)
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()
    with serving(create_whole(recourse.project, is_here=True)) as address:
        page = browser.new_page(base_url=address, viewport=PHONE)
        page.goto(f"/case/{link}")
        expect(page.locator("#asked ~ .reason")).to_have_text("May we see it?")
        found = [(each["id"], each["nodes"][0]["html"][:200]) for each in axe.run(page).response["violations"]]
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        page.set_input_files("#photo", {"name": "a.png", "mimeType": "image/png", "buffer": content})
        page.get_by_label("Until I am answered").check()
        page.get_by_role("button", name="Send the answer").click()
        expect(page.locator(".flash")).to_have_text("Thank you. A person goes on with it.")
        page.goto("/review")
        page.locator(".queue button, .queue a").first.click()
        expect(page.locator("figure.shown img")).to_have_js_property("complete", value=True)
        n_wide = page.locator("figure.shown img").evaluate("image => image.naturalWidth")
        page.close()

    assert (found, wide) == ([], 0)
    assert n_wide > 0
