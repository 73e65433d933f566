"""Make the pictures of docs/journal.md and docs/draft.md: a week's journal in Chromium, a scripted model beside it.

    python -m tools.journal_pictures    about a minute, most of it training on the embedded digits

The language model is a stand-in on this machine that says what stands below, a lie included.
"""

import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Literal
from uuid import uuid4

from playwright.sync_api import Browser, Page, ViewportSize

import florilegium
from florilegium import endpoint
from florilegium.project.chapters import new_chapter
from florilegium.serve.journal import create_preview
from tests.endpoint_serving import Manner, speaking
from tests.page_serving import serving
from tests.site_serving import chromium

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
DESK: ViewportSize = {"width": 1000, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
MOST_BYTES = 200_000
SAYS = (
    "I read the digits again this week. The model got 356 of 359 sealed pictures right, and so did a rule that only "
    "looks the nearest picture up: nothing shows that learning helped here. I am sure that a larger network gains 2.4 "
    "points."
)
EARLIER = """---
title: A rule to beat
date: {day}
tags: [digits, baselines]
---

## Progress

Before any learning I wanted to know how far a simple rule comes.

## Next steps

- [x] read the chapter on baselines
- [ ] open the seal: florilegium verdict
- [ ] ask someone to write digits for me
"""
TERMINAL = """<!doctype html><style>
body {{ margin: 0; background: #171614; }} b {{ color: #c3aaf0; }}
pre {{ margin: 0; padding: 24px; color: #ebe8e0; font: 15px/1.5 monospace; white-space: pre-wrap; }}
</style><pre><b>$ {command}</b>
{out}</pre>"""


def journal_at(folder: Path, now: datetime) -> Path:
    """Go the whole way on the embedded digits, and open a chapter about it behind one written by hand."""
    project = florilegium.new(folder / "digits", "digits")
    project.audit()
    project.train()
    project.verdict()
    journal = folder / "journal"
    journal.mkdir()
    day = now.date().replace(day=23).isoformat()
    (journal / f"{day}.md").write_text(EARLIER.format(day=day), encoding="utf-8")
    new_chapter(journal, {"digits": project.folder}, now=now, identity=uuid4())
    return journal


def shoot(page: Page, name: str, *, whole: bool = False) -> None:
    """Take a picture, and refuse one that is too heavy for a page."""
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path, full_page=whole)
    n_bytes = path.stat().st_size
    print(f"{path.relative_to(ROOT)}: {n_bytes / 1e3:.0f} kB")
    if n_bytes > MOST_BYTES:
        sys.exit(f"{path}: more than {MOST_BYTES:,} bytes")


def pages(browser: Browser, address: str, name: str) -> None:
    """Show a chapter on a desk and on a phone, the list, and a draft with its lie marked."""
    shown: tuple[tuple[ViewportSize, Literal["light", "dark"], str], ...] = (
        (DESK, "light", "journal-light"),
        (PHONE, "dark", "journal-phone"),
    )
    for size, scheme, picture in shown:
        page = browser.new_page(viewport=size)
        page.emulate_media(color_scheme=scheme)
        page.goto(f"{address}{name}.html")
        shoot(page, picture)
    page = browser.new_page(viewport={"width": 1000, "height": 620})
    page.goto(address)
    shoot(page, "journal-list")
    page.goto(f"{address}{name}.html")
    page.get_by_role("button", name="Draft a text").first.click()
    page.get_by_role("button", name="Send to").click()
    page.get_by_role("button", name="Put into the chapter").wait_for()
    page.locator(".draft").scroll_into_view_if_needed()
    shoot(page, "draft-button")


def terminal(browser: Browser, project: Path) -> None:
    """Show the command as it runs in a terminal."""
    words = ["draft", "read the digits again", "356 of 359 right", "why no gain?", "--yes"]
    start = [sys.executable, "-u", "-m", "florilegium", *words, "-p", str(project)]
    done = subprocess.run(start, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True, cwd=ROOT)
    shown = " ".join(f'"{word}"' if " " in word else word for word in ["florilegium", *words, "-p", "digits"])
    page = browser.new_page(viewport={"width": 900, "height": 100})
    page.set_content(TERMINAL.format(command=escape(shown), out=escape(done.stdout)))
    shoot(page, "draft-terminal", whole=True)


def main() -> None:
    """Make all pictures."""
    with tempfile.TemporaryDirectory() as name, chromium() as browser, speaking(Manner(says=SAYS)) as tiny:
        os.environ |= {endpoint.URL: tiny.url, endpoint.MODEL: "tiny"}
        now = datetime.now(UTC)
        journal = journal_at(Path(name), now)
        with serving(create_preview(journal)) as address:
            pages(browser, address, now.date().isoformat())
        terminal(browser, Path(name) / "digits")


if __name__ == "__main__":
    main()
