"""The page of an audit: every finding with its items, and that data cannot break it."""

import io
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

import florilegium
from florilegium.audit import CHECKS, Finding, Leak, Rung, Severity
from florilegium.project import auditing
from florilegium.report.audit import ITEMS_FIRST, ITEMS_MOST, AuditAccount, Doubt, build_audit, lead, wanted

HOSTILE = (
    "<script>document.title='broken in'</script>",
    '"><img src=x onerror="document.title=\'broken in\'">',
    "\u202egnp.אבג {{ 7*7 }} 🌷",
    "x" * 5000,
    "café\udce9\x00 ]]> --><style>*{display:none}</style>",
)


def png(shade: int) -> bytes:
    """Make a picture of one shade."""
    file = io.BytesIO()
    Image.fromarray(np.full((40, 40, 3), shade, dtype=np.uint8)).save(file, "PNG")
    return file.getvalue()


def finding(check: str, severity: Severity, names: tuple[str, ...]) -> Finding:
    """Make a finding about these items."""
    return Finding(
        check=check,
        severity=severity,
        message=f"{len(names)} of 100.",
        fix="Look.",
        items=names,
        share=len(names) / 100,
    )


NAMES = tuple([f"rose/{i}.png" for i in range(50)])


def account(names: tuple[str, ...] = NAMES) -> AuditAccount:
    """Make an account with pictures, doubts, a ladder and a leak."""
    return AuditAccount(
        title="garden",
        made=datetime(2026, 5, 1, 12, 30, tzinfo=UTC),
        noun="picture",
        n=100,
        n_checks=len(CHECKS),
        findings=(
            finding("labels", Severity.ERROR, names),
            finding("outliers", Severity.INFO, names[:2]),
            finding("order", Severity.INFO, ()),
        ),
        rungs=(
            Rung(family="size", accuracy=0.8, low=0.7, high=0.87, commonest=0.5, p=0.001, n=90, strongest="width"),
            Rung(family="blur", accuracy=0.5, low=0.4, high=0.6, commonest=0.5, p=1.0, n=90, strongest="blur"),
        ),
        leaks=(Leak(by="near copies", n=90, apart=0.8, divided=0.83, low=0.01, high=0.05),),
        labels=dict.fromkeys(names, "rose"),
        doubts=dict.fromkeys(names, Doubt(said="tulip", suspicion=0.97)),
        pictures={name: png(i) for i, name in enumerate(names)},
    )


def test_each_finding_has_a_card_with_its_first_items() -> None:
    """Eight items are seen at once, 24 unfold, the others are counted; a label error says what the models say."""
    html = build_audit(account())
    cards = html.split('<section class="doubt')[1:]

    assert len(cards) == 3
    assert cards[0].count("<img") == ITEMS_MOST
    assert cards[0].split("<details")[0].count("<img") == ITEMS_FIRST
    assert "24 more items" in cards[0]
    assert "18 items not shown" in cards[0]
    assert re.search(r"labelled <bdi><strong>rose</strong></bdi><br>looks like <bdi><strong>tulip", cards[0])
    assert "suspicion 0.97" in cards[0]
    assert "suspicion" not in cards[1]
    assert "<img" not in cards[2].split("</section>")[0]


def test_the_first_sentence_counts_what_was_found() -> None:
    """Errors, warnings and remarks are counted, with the number of items; nothing found is said too."""
    assert lead(account()) == "1 error and 2 remarks on 100 pictures."
    assert (
        lead(replace(account(), findings=()))
        == f"{len(CHECKS)} checks looked at 100 pictures and held nothing doubtful."
    )


def test_the_ladder_and_the_leak_are_drawn_with_their_ranges() -> None:
    """Each family has its share, range and p, also where nothing was found; a leak its difference."""
    html = build_audit(account())

    assert '<tr class="model"><th scope="row">width, height, bytes' in html
    assert '<tr><th scope="row">how blurred it is' in html
    assert "80.0 %" in html
    assert "(70.0 to 87.0)" in html
    assert '+3.0 <span class="soft">(+1.0 to +5.0)' in html


def test_pictures_seen_at_once_come_before_those_that_unfold() -> None:
    """Where not all pictures fit, every finding keeps its first ones."""
    names = wanted(
        (finding("a", Severity.INFO, tuple(f"a{i}" for i in range(40))), finding("b", Severity.INFO, ("b",)))
    )

    assert names[:9] == (*(f"a{i}" for i in range(8)), "b")
    assert len(names) == ITEMS_MOST + 1


def test_the_same_account_gives_the_same_page() -> None:
    """Nothing on the page depends on chance or on the clock."""
    assert build_audit(account()) == build_audit(account())


def test_texts_are_shown_as_they_are() -> None:
    """A text stands in full up to 300 characters; an empty one says so."""
    given = replace(account(("a", "b")), noun="text", pictures={}, texts={"a": "<b>where</b> is my card?", "b": ""})
    html = build_audit(given)

    assert "&lt;b&gt;where&lt;/b&gt; is my card?" in html
    assert "(empty)" in html


@pytest.mark.chromium
@pytest.mark.parametrize("noun", ["picture", "text"])
def test_hostile_names_stay_names(browser: Browser, tmp_path: Path, noun: str) -> None:
    """Names, labels and texts with markup run nothing, hide nothing and do not push the page over a phone's edge."""
    given = replace(
        account(HOSTILE),
        title=HOSTILE[0],
        noun=noun,
        labels=dict(zip(HOSTILE, reversed(HOSTILE), strict=True)),
        doubts={name: Doubt(said=name, suspicion=1.0) for name in HOSTILE},
        texts=dict(zip(HOSTILE, HOSTILE, strict=True)) if noun == "text" else {},
        pictures={} if noun == "text" else {HOSTILE[0]: png(9), HOSTILE[1]: b"<svg onload='alert(1)'>"},
    )
    path = tmp_path / "audit.html"
    path.write_text(build_audit(given), encoding="utf-8", errors="backslashreplace")
    tab = browser.new_page(viewport={"width": 360, "height": 800})
    tab.goto(path.as_uri())

    assert "broken in" not in tab.title().replace(HOSTILE[0], "")
    assert tab.locator("section.doubt").count() == 3
    assert tab.locator("section.doubt img").count() == (2 if noun == "picture" else 0)
    assert tab.evaluate("document.documentElement.scrollWidth") == 360
    tab.close()


@pytest.mark.chromium
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_nobody_is_kept_out(browser: Browser, tmp_path: Path, colours: str) -> None:
    """Axe finds no barrier in the page, light or dark, and the keyboard reaches what unfolds."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()
    path = tmp_path / "audit.html"
    path.write_text(build_audit(account()), encoding="utf-8")
    tab = browser.new_page(color_scheme="dark" if colours == "dark" else "light")
    tab.goto(path.as_uri())
    found = axe.run(tab).response["violations"]
    tab.locator("summary").first.focus()
    tab.keyboard.press("Enter")

    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found] == []
    assert tab.locator("details[open] img").count() == ITEMS_MOST - ITEMS_FIRST
    tab.close()


def test_an_audit_right_after_new_finds_planted_errors(tmp_path: Path) -> None:
    """Nothing was trained: turned labels of digits are named first, sealed items never, and the page is there."""
    with florilegium.new(tmp_path / "p", "digits") as project:
        holdings = project.holdings()
        row = int(np.flatnonzero(holdings.train & (holdings.dataset.y == 3))[0])
        name = holdings.dataset.names[row]
        project.relabel(name, "0")
        result = project.audit()
        sealed = {
            n
            for n, s in zip(holdings.dataset.names, holdings.sides, strict=True)
            if s is not None and s.value == "test"
        }
        labels = next(f for f in result.findings if f.check == "labels")

    assert name in labels.items[:20]
    assert not sealed & set(labels.items)
    assert {rung.family for rung in result.ladder} == {"brightness", "border"}
    assert [leak.by for leak in result.leaks] == ["near copies"]
    assert result.path is not None
    assert result.path.read_text(encoding="utf-8").count("<img") > 20


def test_the_page_opens_in_the_browser_that_the_system_names(tmp_path: Path) -> None:
    """`--open` hands the page's address to the browser; `-o` puts it elsewhere; the terminal shows the ladder."""
    seen = tmp_path / "seen"
    browser = tmp_path / "browser.sh"
    browser.write_text(f'#!/bin/sh\necho "$1" > {seen}\n', encoding="utf-8")
    browser.chmod(0o755)
    with florilegium.new(tmp_path / "p", "digits"):
        pass
    page = tmp_path / "elsewhere.html"
    command = [sys.executable, "-m", "florilegium", "audit", "-p", str(tmp_path / "p"), "-o", str(page), "--open"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "BROWSER": f"{browser} %s"}
    )

    assert page.stat().st_size > 10_000
    assert seen.read_text(encoding="utf-8").strip() == page.as_uri()
    assert "commonest class: 10.2%" in done.stdout
    assert re.search(r"border +26\.\d%", done.stdout)
    assert str(page) in done.stdout


def test_what_a_model_has_not_answered_the_quick_head_has() -> None:
    """A trained model's answers come first; where it has none, as for a giant source, the quick head's stand in."""
    model = np.array([[0.9, 0.1], [np.nan, np.nan]])
    quick = np.array([[0.2, 0.8], [0.3, 0.7]])

    # Two arrays give one.
    assert auditing._best(model, quick).tolist() == [[0.9, 0.1], [0.3, 0.7]]  # type: ignore[union-attr]
    assert auditing._best(None, quick) is quick
    assert auditing._best(model, None) is model
