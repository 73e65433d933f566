"""What was contested and upheld is learned from; what is sealed stays apart from it."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from florilegium.project.recourse import Recourse
from florilegium.source.base import Side
from tests.recourse_making import ask, contest, make_project, recourse_at, review


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a trained project; tests work on copies."""
    return make_project(tmp_path_factory.mktemp("made"))


def orange(seed: int) -> bytes:
    """Give a picture of a colour that the project does not know."""
    rng = np.random.default_rng(seed)
    pixels = np.clip(np.kron(rng.normal(0, 40, (6, 6, 3)), np.ones((8, 8, 1))) + (235, 150, 20), 0, 255)
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def upheld(recourse: Recourse, content: bytes, label: str) -> None:
    """Contest an answer and uphold that."""
    file, _ = contest(recourse, content)
    review(recourse, file.case.id, label)


def test_an_upheld_appeal_corrects_the_next_model(made: Path, tmp_path: Path) -> None:
    """Orange pictures that were taken for red are contested, upheld as green, learned from, and answered as green."""
    with recourse_at(made, tmp_path / "p") as recourse:
        before, _ = ask(recourse, orange(0))
        for seed in range(1, 9):
            upheld(recourse, orange(seed), "green")
        recourse.project.train()
        after, _ = ask(recourse, orange(0))
        status = recourse.project.status()
        sides = {n: side for n, (_, side) in recourse.store.sides().items() if n.startswith("appeals/")}
        events = [e for e in recourse.store.label_events() if e.name.startswith("appeals/")]
        notes = recourse.store.current_model().card["notes"]

    assert before.label == "red"
    assert after.label == "green"
    assert (status.n_from_appeals, status.n_not_placed) == (8, 0)
    assert set(sides.values()) == {Side.TRAIN}
    assert {(e.who, e.suggested, e.label) for e in events} == {("ann", False, "green")}
    assert events[0].why == "appeal 1 upheld: it is plainly something else"
    assert "Items of live use: 8 appeals with consent to learn." in notes
