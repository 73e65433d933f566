"""`train --finetune` on small pictures: a network is learned from scratch, compared, judged, and told."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

pytest.importorskip("torch", reason="the extra finetune is not installed")

import torch

import florilegium
from florilegium.errors import SettingError
from florilegium.evaluation import Comparison
from florilegium.model import open_model, predict
from florilegium.project.tuning import TuneWish

N_EACH = 30
CLASSES = (0, 1, 4)


@pytest.fixture(scope="module", autouse=True)
def _one_core() -> Iterator[None]:
    """Learn on one core: for networks this small, threads that wait for each other cost more than they bring."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write 90 of scikit-learn's digits as PNG files of 8 x 8, one folder per class."""
    folder = tmp_path_factory.mktemp("small")
    images, y = load_digits(return_X_y=True)
    for digit in CLASSES:
        (folder / str(digit)).mkdir()
        for number, row in enumerate(np.flatnonzero(y == digit)[:N_EACH]):
            picture = (images[row].reshape(8, 8) * 255 / 16).astype(np.uint8)
            Image.fromarray(picture).save(folder / str(digit) / f"{number:02}.png")
    return folder


@pytest.fixture(scope="module")
def learned(source: Path, tmp_path_factory: pytest.TempPathFactory) -> florilegium.Project:
    """Learn once, and keep the network whatever the comparison says: on so few digits pixels do as well."""
    project = florilegium.new(tmp_path_factory.mktemp("learned") / "p", source)
    patch = pytest.MonkeyPatch()
    patch.setattr(Comparison, "shows_better", lambda _self, _alpha: True)
    try:
        project.train(TuneWish(epochs=5))
    finally:
        patch.undo()
    return project


def test_the_network_is_told_as_learned(learned: florilegium.Project) -> None:
    """Record and notes speak of a network learned from scratch, and asked again it stays the current one."""
    record = learned.train().record

    assert record.card["encoder"].startswith("cnn8-gray-")
    assert record.card["head"] == "linear"
    assert record.card["fine_tuning"]["plan"]["epochs"] == 5
    assert record.card["abstention"]["share_strange"] <= 0.04
    assert "Learning a network from scratch beat the frozen head on pixels" in record.card["notes"][-1]
    assert learned.train().record.model_id == record.model_id


def test_the_file_with_the_network_is_what_is_judged(learned: florilegium.Project, source: Path) -> None:
    """Verdict and predictions by path agree, and the file has a sense of what is strange to it."""
    verdict = learned.verdict()
    file = open_model(learned.model_path)
    sealed = [name for name, (_, side) in learned.store.sides().items() if side.value == "test"]
    answers = [answer.label for answer in predict(file, [source / name for name in sealed])]

    right = sum(label == name.split("/")[0] for label, name in zip(answers, sealed, strict=True))
    assert verdict.model.n_right == right
    assert file.card.strangeness_limit is not None
    assert file.card.abstention is not None
    assert learned.model_path.stat().st_size < 1_000_000


@pytest.fixture(scope="module")
def fresh(source: Path, tmp_path_factory: pytest.TempPathFactory) -> florilegium.Project:
    """Make a project without a model."""
    return florilegium.new(tmp_path_factory.mktemp("fresh") / "p", source)


def test_a_network_that_does_not_win_leaves_the_pixels(fresh: florilegium.Project) -> None:
    """After one epoch it is worse than the head on pixels: that one is kept, and it is said by how much."""
    trained = fresh.train(TuneWish(epochs=1))

    assert trained.record.card["encoder"].startswith("pixels8-gray")
    assert "was not shown to beat the frozen head on pixels" in trained.notes[-1]
    assert "The frozen one is kept." in trained.notes[-1]


def test_there_is_no_side_to_choose(fresh: florilegium.Project) -> None:
    """`--side` is for photos; the message says so before anything is learned."""
    with pytest.raises(SettingError, match="--side 32: small pictures are learned at their own size"):
        fresh.train(TuneWish(side=32))


def test_large_pictures_by_their_pixels_are_refused(tmp_path: Path) -> None:
    """A network from scratch is for small pictures; for photos the message names the way to one that has learned."""
    rng = np.random.default_rng(0)
    for label in ("dark", "light"):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for number in range(8):
            picture = rng.integers(0, 128, (80, 90, 3), dtype=np.uint8) + (100 if label == "light" else 0)
            Image.fromarray(picture.astype(np.uint8)).save(tmp_path / "photos" / label / f"{number}.png")
    project = florilegium.new(tmp_path / "p", tmp_path / "photos", encoder="pixels")

    with pytest.raises(SettingError, match=r"pictures of more than 64 px.*--encoder onnx:PATH"):
        project.train(TuneWish())
