"""What was studied stands in the journal's next chapter, each figure with its way back to the record."""

import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date
from pathlib import Path
from uuid import UUID

import pytest

import florilegium
from florilegium.cards.schedule import Rating
from florilegium.journal import read_journal
from florilegium.journal.events import OWN_DECK, Bookmark, EventKind
from florilegium.journal.footnotes import Footnotes
from florilegium.journal.telling import studied
from florilegium.project import Project
from florilegium.project.carding import DeckWish
from florilegium.project.chapters import bookmarks, new_chapter
from florilegium.project.journaling import tell
from florilegium.project.learner import own_record
from florilegium.project.studying import Study
from florilegium.store import CardRecord
from tests.card_making import Clock
from tests.card_project_making import make_project


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a project with pictures and a model's answers."""
    return make_project(tmp_path_factory.mktemp("journal"))


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Iterator[Project]:
    """Give a copy of that project, to be changed."""
    shutil.copytree(made, tmp_path / "flowers")
    with florilegium.load(tmp_path / "flowers") as opened:
        yield opened


def test_answers_to_cards_are_told_once(project: Project) -> None:
    """Three cards, one taken back and answered again, one asked twice: counted by hand; a later chapter tells none."""
    clock = Clock()
    with closing(CardRecord(project.store.url)) as record:
        study = Study(record, who="ada", clock=clock, project=project)
        study.prepare(DeckWish(decks=("pictures",), shared=False))
        for rating in (Rating.EASY, Rating.GOOD, Rating.AGAIN):
            shown = study.next()
            assert shown is not None
            study.answer(shown, rating, source="page")
        again = study.undo()  # the third is taken back,
        assert again is not None
        study.answer(again, Rating.EASY, source="page")  # and answered anew
        clock.turn(minutes=15)
        second = study.next()  # the one that was good comes again
        assert second is not None
        study.answer(second, Rating.AGAIN, source="page")

    told = tell(project, name="flowers", after=Bookmark(), tz=UTC)
    (event,) = told.of(EventKind.CARDS)
    later = tell(project, name="flowers", after=told.bookmark, tz=UTC)

    assert dict(event.facts) == {"n": 4, "n_cards": 3, "n_new": 3, "n_known": 3}
    assert "**4 answers to 3 cards** of flowers, 3 of them known; 3 seen for the first time." in studied(
        event, Footnotes(UTC)
    )
    assert later.of(EventKind.CARDS) == ()
    assert Bookmark.read(told.bookmark.write("flowers"))[1] == told.bookmark


def study_own(deck: Path, clock: Clock, *ratings: Rating) -> None:
    """Answer cards of the glossary in a deck that belongs to no project."""
    with closing(own_record(deck)) as record:
        study = Study(record, who="ada", clock=clock)
        study.prepare()
        for rating in ratings:
            shown = study.next()
            assert shown is not None
            study.answer(shown, rating, source="terminal")


def test_what_was_studied_without_a_project_is_told_too(tmp_path: Path) -> None:
    """Terms studied from the glossary stand in a chapter with their footnote, tick a planned step, and come once."""
    deck, clock, place = tmp_path / "study.db", Clock(), tmp_path / "journal"
    study_own(deck, clock, Rating.EASY, Rating.EASY, Rating.AGAIN)

    def chapter(day: int) -> str:
        """Open the chapter of a day of May."""
        made = new_chapter(place, {}, now=clock.now, identity=UUID(int=8), day=date(2026, 5, day), own_deck=deck)
        return made.path.read_text(encoding="utf-8")

    first = chapter(1)
    # Last of the sections; what follows it are the footnotes.
    planned = first.replace(
        "whether they happened.)\n", "whether they happened.)\n\n- [ ] study ten cards\n- [ ] rest\n"
    )
    (place / "2026-05-01.md").write_text(planned, encoding="utf-8")
    clock.turn(minutes=30)
    study_own(deck, clock, Rating.GOOD)
    second, third = chapter(2), chapter(3)

    assert "**3 answers to 3 cards** of my own deck, 2 of them known; 3 seen for the first time.[^" in first
    assert re.search(r"^\[\^own_deck-cards-1-3\]: own_deck, answers to cards 1 to 3 .*`n` 3", first, re.MULTILINE)
    assert "**1 answer to 1 card** of my own deck" in second
    assert re.search(r"- \[x\] study ten cards \(the record has it: 1 card, ", second)
    assert "- [ ] rest" in second
    assert "my own deck" not in third
    assert "tags: []" in first  # it is no project
    assert "projects:" not in first
    assert bookmarks(read_journal(place).chapters)[OWN_DECK].cards == 4


def test_a_missing_deck_is_no_fault(tmp_path: Path) -> None:
    """Who never studied has a journal without a line on cards, and no deck is made for them."""
    deck = tmp_path / "none.db"
    made = new_chapter(
        tmp_path / "journal", {}, now=Clock().now, identity=UUID(int=8), day=date(2026, 5, 1), own_deck=deck
    )

    assert "own" not in made.path.read_text(encoding="utf-8")
    assert not deck.exists()


def test_bookmarks_never_go_back() -> None:
    """Of two bookmarks the further counts in every row, whichever chapter it stands in."""
    one, other = Bookmark(runs=2, cards=9), Bookmark(runs=3, models=1, cards=4)

    assert one.furthest(other) == other.furthest(one) == Bookmark(runs=3, models=1, cards=9)
