"""The preview: follows the files, drafts on a button, answers nobody but its own pages."""

import json
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from florilegium.export.folder import write_folder
from florilegium.journal import read_journal
from florilegium.journal.site import build
from florilegium.serve.journal import create_preview
from tests.endpoint_serving import Manner, speaking
from tests.journal_making import MORNING, a_week, chapter_at, project_at, write_chapter
from tests.page_serving import DESK, PHONE, serving

LLM = ("FLORILEGIUM_LLM_URL", "FLORILEGIUM_LLM_MODEL", "FLORILEGIUM_LLM_KEY", "FLORILEGIUM_LLM_PRICE")
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a journal about a project with a week of work, begun by hand a week before."""
    folder = tmp_path_factory.mktemp("preview")
    project = project_at(folder)
    a_week(project)
    write_chapter(folder / "journal", "2026-11-21", "## Progress\n\n- met 2 growers\n\n## Next steps\n\n- [ ] train\n")
    chapter_at(folder / "journal", project, now=MORNING)
    return folder / "journal"


@pytest.fixture(scope="module")
def address(planted: Path) -> Iterator[str]:
    """Serve its preview."""
    with serving(create_preview(planted)) as started:
        yield started


@pytest.fixture(autouse=True)
def no_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test ask the endpoint of whoever runs it."""
    for name in LLM:
        monkeypatch.delenv(name, raising=False)


def post(address: str, path: str, wish: dict[str, Any], **headers: str) -> httpx.Response:
    """Post a wish as the preview's own script does."""
    origin = address.rstrip("/")
    sent = {"Origin": origin, "Content-Type": "application/json"} | headers
    return httpx.post(f"{origin}{path}", content=json.dumps(wish), headers=sent)


def barriers(tab: Page) -> list[str]:
    """Give what axe-core finds on a page that keeps somebody out."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()
    return [found["id"] for found in axe.run(tab).response["violations"] if found["impact"] in SERIOUS]


def _note(faults: list[str], message: ConsoleMessage) -> None:
    faults.append(message.text)


def test_pages_come_with_strict_headers(address: str) -> None:
    """Every page forbids scripts and styles inside it, and is not kept by the browser without asking."""
    answer = httpx.get(f"{address}2026-11-28.html")

    assert answer.status_code == 200
    assert "script-src 'self'; style-src 'self'" in answer.headers["Content-Security-Policy"]
    assert httpx.get(address).text.count("<h3>") == 2
    assert httpx.get(f"{address}../../etc/passwd").status_code == 404
    assert httpx.get(f"{address}journal.toml").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": ""}, {"Content-Type": "text/plain"}],
    ids=["another site", "no origin", "a form"],
)
def test_wishes_of_other_pages_are_refused(address: str, headers: dict[str, str]) -> None:
    """A page of another site can neither draft nor write into a chapter."""
    wish = {"chapter": "2026-11-28", "section": "Progress", "send": True, "template": True}

    assert post(address, "/-/draft", wish, **headers).status_code in (403, 422)
    assert post(address, "/-/insert", {"draft": "x"}, **headers).status_code in (403, 422)


def test_other_names_of_this_machine_are_refused(address: str) -> None:
    """A name of the web that was turned to this machine reads nothing."""
    assert httpx.get(address, headers={"Host": "evil.example"}).status_code == 400


def test_what_cannot_be_drafted_is_said(address: str) -> None:
    """A chapter, a section or a draft that there is not is an error with a sentence."""
    for path, wish in (
        ("/-/draft", {"chapter": "gone", "section": "Progress"}),
        ("/-/draft", {"chapter": "2026-11-28", "section": "What I explore now"}),
        ("/-/insert", {"draft": "gone"}),
    ):
        answer = post(address, path, wish)

        assert answer.status_code == 422
        assert answer.json()["error"]["message"]


def test_an_edit_between_draft_and_insertion_wins(planted: Path, address: str) -> None:
    """A draft of a text that was edited meanwhile is not put into it."""
    path = write_chapter(planted, "2026-11-22", "## Progress\n\n- saw a heron\n")
    wish = {"chapter": "2026-11-22", "section": "Progress", "send": True, "template": True}
    drafted = json.loads(post(address, "/-/draft", wish).text.splitlines()[-1])
    path.write_text(path.read_text(encoding="utf-8") + "\nmore\n", encoding="utf-8")
    edited = path.read_text(encoding="utf-8")
    answer = post(address, "/-/insert", {"draft": drafted["id"]})
    path.unlink()

    assert answer.status_code == 422
    assert "edited meanwhile" in answer.json()["error"]["message"]
    assert edited.endswith("more\n")


def test_an_insertion_changes_nothing_else(planted: Path, address: str) -> None:
    """Comments, other tools' fields and line ends of the file stay; the draft's paragraphs are noted in it."""
    path = planted / "2026-11-23.md"
    front = ["---", "# mine", "layout: post", "date: 2026-11-23", "---"]
    body = ["## Progress", "", "- saw a heron", "", "## Other", "", "x[^1]", "", "[^1]: y", ""]
    text = "\r\n".join([*front, *body])
    path.write_bytes(text.encode())
    wish = {"chapter": "2026-11-23", "section": "Progress", "send": True, "template": True}
    drafted = json.loads(post(address, "/-/draft", wish).text.splitlines()[-1])
    post(address, "/-/insert", {"draft": drafted["id"]}).raise_for_status()
    now = path.read_bytes().decode()
    shown = httpx.get(f"{address}2026-11-23.html").text
    path.write_bytes(now.replace("Saw a heron.", "I saw a heron.").encode())
    edited = httpx.get(f"{address}2026-11-23.html").text
    path.unlink()
    lines = now.split("\r\n")

    assert [line for line in lines if line not in text.split("\r\n")] == [lines[4], "Saw a heron."]
    assert lines[4].startswith('drafted: ["')
    assert lines[6:12] == ["## Progress", "", "- saw a heron", "", "Saw a heron.", ""]
    assert "no person has edited this paragraph yet" in shown
    assert "no person has edited this paragraph yet" not in edited


@pytest.mark.chromium
def test_a_reader_finds_her_way(browser: Browser, planted: Path, tmp_path: Path) -> None:
    """The built site works from files: search finds, the colours chosen stay, no barrier, nothing too wide."""
    journal = read_journal(planted)
    for chapter in journal.chapters:
        path = planted / f"{chapter.name}.md"
        (tmp_path / "journal").mkdir(exist_ok=True)
        text = path.read_text(encoding="utf-8").replace("draft: true", "draft: false")
        (tmp_path / "journal" / path.name).write_text(text, encoding="utf-8")
    write_folder(tmp_path / "site", build(read_journal(tmp_path / "journal")).files, kind="journal")
    for size in (DESK, PHONE):
        tab = browser.new_page(viewport=size)
        faults: list[str] = []
        tab.on("console", partial(_note, faults))
        tab.goto((tmp_path / "site" / "index.html").as_uri())
        tab.get_by_label("dark").check()
        tab.get_by_label("Search the chapters").fill("grow")
        tab.keyboard.press("Enter")
        expect(tab.get_by_role("status")).to_have_text("1 chapter")
        tab.get_by_role("link", name="21 November 2026").click()
        expect(tab.get_by_role("heading", level=1)).to_have_text("21 November 2026")
        assert tab.evaluate("document.documentElement.dataset.theme") == "dark"
        tab.get_by_role("link", name="28 November 2026").first.click()
        assert tab.evaluate("document.documentElement.scrollWidth") == size["width"]
        assert faults == []  # before axe, which asks for files in a way that browsers refuse
        assert barriers(tab) == []
        tab.close()


@pytest.mark.chromium
def test_the_preview_drafts_and_follows(browser: Browser, planted: Path, address: str) -> None:
    """The button shows the cost first, then the draft with its lies marked; in the chapter it is marked as drafted."""
    path = planted / "2026-11-28.md"
    before = path.read_text(encoding="utf-8")
    manner = Manner(says="I got 344 of 400 right and beat them by 12.5 points.")
    tab = browser.new_page(viewport=DESK)
    with speaking(manner) as tiny:
        os.environ |= {"FLORILEGIUM_LLM_URL": tiny.url, "FLORILEGIUM_LLM_MODEL": "tiny"}
        try:
            tab.goto(f"{address}2026-11-28.html")
            tab.get_by_role("button", name="Draft a text").first.click()
            expect(tab.locator(".draft")).to_contain_text("to tiny on this machine: about")
            assert manner.asked == []
            tab.get_by_role("button", name="Send to tiny").click()
            expect(tab.locator(".draft mark")).to_have_text("[not in the record]")
            expect(tab.locator(".draft")).to_contain_text("Found in the record: 344, 400")
            found = barriers(tab)
            tab.get_by_role("button", name="Put into the chapter").click()
            expect(tab.locator(".machine")).to_have_count(1)
        finally:
            for name in LLM:
                os.environ.pop(name, None)
    write_chapter(planted, "2026-11-28", "## Progress\n\nWritten by hand.\n")
    expect(tab.get_by_text("Written by hand.")).to_be_visible(timeout=15_000)
    write_chapter(planted, "2026-11-28", "x", front="draft: perhaps\n")
    fault = "2026-11-28.md:3: field 'draft': 'perhaps'; write true or false"
    expect(tab.get_by_text(fault)).to_be_visible(timeout=15_000)
    path.write_text(before, encoding="utf-8")
    expect(tab.get_by_text("Verdict on garden")).to_be_visible(timeout=15_000)
    tab.close()

    assert found == []
