"""The page's text: figures with their ranges, plain words, and nothing from a file or a reader that could command."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.export import page_card, phrases
from florilegium.export.page import ASSETS, FEW_MOST, FILES, page_html
from florilegium.model import add_verdict, open_model
from tests.page_serving import write_colour_model
from tests.test_page_card import a_verdict


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Give the card of a judged model of colours."""
    path = write_colour_model(tmp_path_factory.mktemp("model") / "colours.onnx")
    add_verdict(path, a_verdict())
    return page_card(open_model(path))


def text_of(html: str) -> str:
    """Give what a reader sees, without templates and tags."""
    shown = re.sub(r"<template.*?</template>|<svg.*?</svg>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", shown)).replace("&#34;", '"').replace("&#39;", "'")


def an_answer(text: str) -> dict[str, Any]:
    """Make an answer that says one text everywhere."""
    return {
        "input": text,
        "label": text,
        "probability": 0.9,
        "known": True,
        "why": None,
        "preview": None,
        "top": [{"label": text, "probability": 0.9}],
        "similar": [{"label": text, "origin": text, "licence": text, "thumbnail": None}],
    }


def test_the_page_tells_of_its_model(card: dict[str, Any]) -> None:
    """How good, where it fails, when it is silent and what it learned: each figure with its count or range."""
    shown = text_of(page_html(card, engine="server"))

    assert "rose, 5 of 10" in shown
    assert "50.0 % (24.0 to 76.0)" in shown
    assert "rose taken for tulip" in shown
    assert "where its best guess stays below 50.0 %" in shown
    assert "where a photo is unlike all that it learned from" in shown
    assert "25 of 26 (96.2 %; 81.1 to 99.3)" in shown
    assert "noise, 2 of 100" in shown
    assert "1,200 training photos, right 9 of 10 (60.0 to 98.0 %)" in shown
    assert card["verdict"]["model"]["n_right"] / card["verdict"]["n_test"] > 0


def test_sources_never_seen_lead(card: dict[str, Any]) -> None:
    """Where it was measured, the share right on sources never seen is the first and the strong line."""
    score = {"n_right": 60, "n": 100, "low": 0.5, "high": 0.7, "name": "new"}
    with_sources = {**card["verdict"], "new_sources": score, "same_sources": {**score, "n_right": 80}}
    lines = phrases.scores(with_sources)

    assert [(name, strong) for name, _, strong in lines][:2] == [
        ("photos from sources never seen", True),
        ("photos from known sources", False),
    ]
    assert [strong for _, _, strong in lines].count(True) == 1
    assert phrases.scores({**with_sources, "new_sources": None})[1][2] is True


def test_a_model_that_nobody_judged_says_so(card: dict[str, Any]) -> None:
    """Without a verdict the page says that every answer is a guess."""
    bare = {**card, "verdict": None, "abstention": None}
    shown = text_of(page_html(bare, engine="server"))

    assert "Nobody has judged this model" in shown
    assert "It always answers" in shown


HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def test_nothing_hostile_becomes_part_of_the_page(card: dict[str, Any]) -> None:
    """Class names, titles, limits, the model card, photo names and notices are shown as text."""
    classes = [{**card["classes"][0], "label": HOSTILE, "confused_with": [HOSTILE], "n_right": 1}]
    evil = {**card, "title": HOSTILE, "name": HOSTILE, "classes": classes, "limits": [HOSTILE], "licence": HOSTILE}
    evil["text"] = f"# {HOSTILE}\n\n[x](javascript:alert(1)) ![x](https://evil.example/x.png) <b>{HOSTILE}</b>"
    answer = an_answer(HOSTILE)
    html = page_html(evil, engine="server", answers=[answer], notice=HOSTILE)

    assert html.count("<script") == page_html(card, engine="server").count("<script")
    assert "<img src=x" not in html
    assert 'href="javascript:' not in html
    assert 'src="https:' not in html
    assert "alert(1)" in text_of(html)


def test_the_model_card_is_set_as_text_with_headings(card: dict[str, Any]) -> None:
    """Markdown becomes headings below the page's own, lists and tables; HTML in it stays text."""
    html = page_html({**card, "text": "# A title\n\n* one\n\n###### deep\n\n<u>no</u>"}, engine="server")

    assert "<h3>A title</h3>" in html
    assert "<h6>deep</h6>" in html
    assert "<li>one</li>" in html
    assert "&lt;u&gt;no&lt;/u&gt;" in html


def test_the_page_fits_its_engine(card: dict[str, Any]) -> None:
    """A page with a server has a form and a size limit; one without carries its own policy and asks for scripts."""
    served = page_html(card, engine="server", max_bytes=20 << 20)
    local = page_html(card, engine="local", policy="default-src 'none'")

    assert 'data-max-bytes="20971520"' in served
    assert "up to 20 MB each" in served
    assert "manifest" not in served
    assert "http-equiv" not in served
    assert "default-src &#39;none&#39;" in local
    assert 'rel="manifest"' in local
    assert "Your photos stay on this device" in local
    assert "<noscript>" in local


def test_every_file_that_the_page_needs_is_in_the_package() -> None:
    """The files that a page is made of are there."""
    assert [name for name in FILES.values() if not (ASSETS / name).is_file()] == []


def test_both_sides_agree_on_few() -> None:
    """The number of photos that are shown large is the same with scripts and without."""
    assert f"const FEW = {FEW_MOST};" in (ASSETS / "app.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("n", [2, 3, 4])
def test_many_classes_do_not_drown_the_page(card: dict[str, Any], n: int) -> None:
    """Of thousands of classes the page lists two hundred and says how many more there are."""
    one = card["classes"][0]
    many = {**card, "classes": [{**one, "label": f"class {i}"} for i in range(n * 1000)]}
    html = page_html(many, engine="server")

    assert f"and {n * 1000 - 200:,} more" in html
    assert "class 199<" in html
    assert "class 200<" not in html


@given(number=st.integers(1, 399))
def test_plates_are_numbered_as_in_old_books(number: int) -> None:
    """The number that is read back out of a plate's sign is the plate's number."""
    worth = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
    values = [worth[sign] for sign in phrases.roman(number)]
    read = sum(-v if v < max(values[i:]) and v < values[i + 1] else v for i, v in enumerate(values[:-1])) + values[-1]

    assert read == number


def test_the_weakest_classes_are_really_the_weakest() -> None:
    """The weakest classes come first, those that are always right are not named, nor are those never asked."""
    classes = [
        {"label": label, "n_asked": asked, "n_right": right, "high": 1.0}
        for label, asked, right in [("all", 5, 5), ("none", 3, 0), ("half", 4, 2), ("never", 0, None)]
    ]

    assert [one["label"] for one in phrases.weakest({"classes": classes})] == ["none", "half"]


def test_what_is_not_known_of_a_class_is_not_said() -> None:
    """A class that was never asked about has no share of right answers, and a strange label has no facts."""
    card = {
        "classes": [{"label": "rose", "n_train": 1, "n_asked": 0}, {"label": "iris", "n_train": None, "n_asked": 0}]
    }

    assert [phrases.facts(label, card) for label in ("rose", "iris", "oak", None)] == ["1 training photo", "", "", ""]


def test_calibration_is_said_with_its_measure() -> None:
    """What the percentages mean is said; where it was measured, how far off they are too."""
    verdict = {"calibration_error": 0.054, "calibration_low": 0.0, "calibration_high": 0.144}

    assert phrases.calibrated(verdict).endswith("Measured, they are off by 5.4 points (0.0 to 14.4).")
    assert "on photos like those it learned from" in phrases.calibrated(None)


def test_the_photos_page_of_a_hundred_is_a_wall(card: dict[str, Any]) -> None:
    """Up to four answers are shown large with their reasons open; more become a wall whose reasons unfold."""
    few, many = (page_html(card, engine="server", answers=[an_answer("rose")] * n) for n in (4, 5))

    assert 'class="answers few"' in few
    assert few.count('<details class="reasons" open') >= 4
    assert 'class="answers many"' in many
    assert '<details class="reasons" open' not in many
