"""Words that speak for an answer: marked where the model's answer is in sight, never where it is hidden."""

import csv
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

import florilegium
from florilegium.export.page import ASSETS
from florilegium.project import Project
from florilegium.project.desk import Card, Desk, Task
from florilegium.project.marked_texts import MarkedTexts
from florilegium.report.marking import Piece, strongest
from florilegium.report.render import own
from tests.desk_making import browser_of, desk_at
from tests.query_making import queries_csv

N_WRONG = 12
CONTRAST = 4.5  # WCAG 2.2, level AA


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a trained project of queries of which some about a lost card are labelled as a top-up."""
    folder = tmp_path_factory.mktemp("marked")
    queries_csv(folder / "all.csv", n_each=60)
    rows = list(csv.reader((folder / "all.csv").read_text(encoding="utf-8").splitlines()))
    lost = [row for row in rows if row[1] == "lost_card"][:N_WRONG]
    for row in lost:
        row[1] = "top_up_failed"
    with (folder / "queries.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    with florilegium.new(folder / "project", folder / "queries.csv") as project:
        project.train()
        project.report()
    return folder / "project"


@pytest.fixture
def desk(made: Path, tmp_path: Path) -> Iterator[Desk]:
    """Sit down where the model's word is never hidden."""
    with desk_at(made, tmp_path / "p", blind_share=0.0, again_share=0.0, control_share=0.0) as desk:
        yield desk


def suspect(desk: Desk) -> Card:
    """Give the card of a label that looks wrong, and whose text says what it is about."""
    cards = [desk.drawn(int(row), Task.CLEAN, "ranked", "ann") for row in desk.cleaning.ranked.rows[:N_WRONG]]
    return next(card for card in cards if card.suggestion == "lost_card" and card.label != "lost_card")


def test_the_desk_marks_what_speaks_for_the_models_word(desk: Desk) -> None:
    """A query about a lost card that is labelled otherwise has its telling words marked, and named for ears."""
    card = suspect(desk)
    pieces = desk.pieces(card)
    html = browser_of(desk).get("/clean", params={"item": card.name}).text
    shown = re.search(r'<blockquote class="shown words"[^>]*>(.*?)</blockquote>', html, re.DOTALL)

    assert {"lost", "stolen", "took", "anywhere", "find", "somebody"} & set(strongest(pieces).split(", ")[:3])
    assert shown is not None
    assert unescape(re.sub(r"<[^>]+>", "", shown[1])) == card.text
    assert shown[1].count("<mark") == sum(piece.strength > 0 for piece in pieces) > 0
    assert f"Marked, the strongest first: <bdi>{strongest(pieces)}</bdi>" in html


@pytest.mark.parametrize("task", [Task.CLEAN, Task.AGAIN, Task.THIRD])
def test_nothing_is_marked_where_the_models_word_is_hidden(made: Path, tmp_path: Path, task: Task) -> None:
    """Blind cards, second opinions and disputes give the answer away by no mark."""
    with desk_at(made, tmp_path / "p", blind_share=0.9) as desk:
        drawn = [desk.drawn(int(row), task, "ranked", "ann") for row in desk.cleaning.ranked.rows[:40]]
        unseen = [card for card in drawn if card.suggestion is None]

        assert len(unseen) >= 20
        assert all(desk.pieces(card) == () for card in unseen)


def test_a_hidden_word_leaves_a_plain_page(made: Path, tmp_path: Path) -> None:
    """The page of a blind card holds no mark at all."""
    with desk_at(made, tmp_path / "p", blind_share=0.9, again_share=0.0) as desk:
        client = browser_of(desk)
        pages = [
            client.get("/clean", params={"item": desk.memory.names[r]}).text for r in desk.cleaning.ranked.rows[:8]
        ]
        blind = [page for page in pages if "word is hidden" in page]

        assert blind
        assert not any("<mark" in page or "strongest first" in page for page in blind)


def test_the_report_marks_what_spoke_for_wrong_answers(made: Path) -> None:
    """Each mistake shows the words for the answer that was given; right answers stay plain."""
    html = (made / "report.html").read_text(encoding="utf-8")
    mistakes = html.partition('<section id="mistakes"')[2].partition("</section>")[0]

    assert "Marked words spoke for the wrong answer, as the model that learned" in mistakes
    assert "<mark class=" in mistakes
    assert re.search(r"strongest first: <bdi>[^<]*(lost|stolen|somebody|find)", mistakes)
    right = html.partition("<h3>Right answers</h3>")[2].partition("</section>")[0]
    assert "<blockquote" in right
    assert "<mark" not in right


def test_a_project_without_a_model_marks_nothing(tmp_path: Path) -> None:
    """Before training there is nothing that weighs words."""
    queries_csv(tmp_path / "queries.csv", n_each=20)
    florilegium.new(tmp_path / "project", tmp_path / "queries.csv").store.close()
    with Project(tmp_path / "project") as project:
        assert MarkedTexts(project).pieces("my card was stolen", "lost_card") == ()


def test_the_strongest_words_come_first_and_once() -> None:
    """What ears are told is in the order of strength, without repeats and without what is not marked."""
    assert strongest([Piece("card", 1), Piece(" is ", 0), Piece("lost", 3), Piece("card", 1)]) == "lost, card"
    assert strongest(()) == ""


@pytest.mark.parametrize("names", [("ink", "tint", "tint-strong"), ("ink", "tint-1", "tint-2", "tint-3")])
def test_marks_can_be_read_on_every_paper(names: tuple[str, ...]) -> None:
    """Ink on each mark has a contrast of 4.5 or more, in light and in dark, on served pages and in files."""
    sheet = own("style.css") if "tint-1" in names else (ASSETS / "style.css").read_text(encoding="utf-8")
    papers = [dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", each)) for each in re.findall(r"\{([^{}]+)\}", sheet)]
    papers = [colours for colours in papers if set(names) <= set(colours)]

    assert len(papers) >= 3
    for colours in papers:
        for mark in names[1:]:
            assert contrast(colours["ink"], colours[mark]) >= CONTRAST


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours, 1..21 (WCAG 2.2)."""
    low, high = sorted(luminance(each) for each in (one, other))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    """Give the relative luminance of #rrggbb, 0..1."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
