"""What was studied stands in the journal's next chapter, each figure with its way back to the record."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC
from pathlib import Path

import pytest

import florilegium
from florilegium.cards.schedule import Rating
from florilegium.journal.events import Bookmark, EventKind
from florilegium.journal.footnotes import Footnotes
from florilegium.journal.telling import studied
from florilegium.project import Project
from florilegium.project.carding import DeckWish
from florilegium.project.journaling import tell
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
