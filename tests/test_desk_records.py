"""What the desk remembers is what the record says: after undo, restart, and click by click."""

from pathlib import Path

import pytest

from florilegium.project.desk import Task
from florilegium.project.desk.memory import Memory
from florilegium.store import Said
from tests.desk_making import answer, desk_at, trained_project, unlabelled_project


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Give a trained project with wrong labels, and the true colours; tests work on copies."""
    folder = tmp_path_factory.mktemp("desk")
    return folder / "project", trained_project(folder)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Give a project without labels, and the true colours; tests work on copies."""
    folder = tmp_path_factory.mktemp("bare")
    return folder / "project", unlabelled_project(folder)


def test_an_undone_first_label_comes_back(bare: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """To take back an item's first label leaves it unlabelled, not out of the set: it lies before the person again."""
    with desk_at(bare[0], tmp_path / "p", again_share=0.0) as desk:
        card = desk.label("s1", "ann")
        assert card is not None
        answer(desk, card, "red")
        desk.undo("u1", who="ann", session="s1")
        back = desk.label("s1", "ann")

        assert back is not None
        assert back.name == card.name
        assert desk.memory.removed == set()


def test_a_random_find_counts_after_a_restart(made: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """What was found by chance and taken out of the set is still evidence when the pages are opened anew."""
    folder, truth = made
    tallies: list[tuple[int, int, int, int, int]] = []
    for _ in range(2):
        with desk_at(folder, tmp_path / "p", control_share=0.9, again_share=0.0) as desk:
            while not tallies and len(desk.memory.standing) < 30:
                card = desk.clean("s1", "ann")
                assert card is not None
                is_right = card.label == truth[card.name]
                desk.judge(card.ticket, Said.KEEP if is_right else Said.REMOVE, None, who="ann")
            found = desk.tally().errors
            assert found is not None
            tallies.append((found.n_judged, found.n_random, found.n_wrong_found, found.low, found.high))

    assert tallies[0] == tallies[1]


def test_nothing_sealed_lies_on_the_desk(made: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """Neither the item nor those that are most like it are of the sealed test set."""
    with desk_at(made[0], tmp_path / "p", blind_share=0.0, again_share=0.5) as desk:
        cards = [desk.drawn(row, Task.CLEAN, "ranked", "ann") for row in desk.cleaning.ranked.rows.tolist()]
        shown = {row for card in cards for row in (card.row, *card.like_label, *card.like_suggestion)}

        assert shown
        assert not desk.memory.sealed[list(shown)].any()


def test_a_name_that_tells_the_label_is_hidden_with_it(made: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """Asked again without its label, an item of a class folder is not called by its path."""
    with desk_at(made[0], tmp_path / "p") as desk:
        row = int(desk.cleaning.ranked.rows[0])

        assert desk.drawn(row, Task.AGAIN, "again", "ann").known_as is None
        assert desk.drawn(row, Task.CLEAN, "ranked", "ann").known_as == desk.memory.names[row]


def test_a_class_keeps_its_key(bare: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """Classes stand in the order in which they came up, whatever the alphabet says."""
    with desk_at(bare[0], tmp_path / "p", again_share=0.0) as desk:
        for label in ("red", "green", "blue"):
            card = desk.label("s1", "ann")
            assert card is not None
            answer(desk, card, label)

        assert desk.buttons(24, 9) == ("red", "green", "blue")
    with desk_at(bare[0], tmp_path / "p") as again:
        assert again.buttons(24, 9) == ("red", "green", "blue")


def test_numbers_follow_each_click(bare: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """What is kept up click by click is what counting anew gives, while classes come, grow and vanish."""
    with desk_at(bare[0], tmp_path / "p", again_share=0.0) as desk:
        for i, label in enumerate(["red", "green", "red", "blue", "red", "amber", "green"]):
            card = desk.label("s1", "ann")
            assert card is not None
            answer(desk, card, label)
            if i == 3:
                desk.undo("u", who="ann", session="s1")
            y, classes = desk.memory.numbers()
            anew, classes_anew = Memory(desk.project.store, desk.holdings).numbers()

            assert classes == classes_anew
            assert y.tolist() == anew.tolist()
