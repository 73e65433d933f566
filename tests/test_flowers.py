"""The flower model that comes with the package: what it promises, it holds."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from florilegium.features import choose, petal
from florilegium.features.stream import Runner
from florilegium.model import find, open_model, predict, shipped_models
from florilegium.model.opened import ModelFile
from florilegium.source.base import Files
from tools.flowers import MAX_BYTES

TWENTY = {
    *("rose", "gerbera", "tulip", "lily", "orchid", "iris", "carnation", "sunflower", "hydrangea", "marigold"),
    *("lotus", "dahlia", "gladiolus", "chrysanthemum", "camellia", "peony", "lavender", "snapdragon", "hibiscus"),
    "daffodil",
}


@pytest.fixture(scope="module")
def flowers() -> ModelFile:
    """Open the shipped model by its name, as `florilegium predict flowers20` does."""
    return open_model(find("flowers20"))


@pytest.fixture
def dahlia(tmp_path: Path) -> Path:
    """Write scikit-learn's own sample photo, a dahlia, as a file."""
    from PIL import Image

    path = tmp_path / "flower.png"
    Image.fromarray(load_sample_image("flower.jpg")).save(path)
    return path


def test_the_package_brings_the_twenty_flowers_it_names(flowers: ModelFile) -> None:
    """Twenty were promised; twenty are there, under these names."""
    assert len(TWENTY) == 20
    assert sorted(TWENTY) == sorted(flowers.classes)
    assert "flowers20" in shipped_models()


def test_the_shipped_file_is_small_enough_for_the_package() -> None:
    """At most 8 MB."""
    assert petal.PATH.stat().st_size <= MAX_BYTES == 8_000_000


def test_the_sample_photo_of_scikit_learn_is_read_as_a_dahlia(flowers: ModelFile, dahlia: Path) -> None:
    """A photo that was in no training set, by its path."""
    (answer,) = predict(flowers, [dahlia])

    assert answer.error is None
    assert answer.label == "dahlia"


def test_the_shipped_file_says_how_good_it_is(flowers: ModelFile) -> None:
    """Verdict, figures per class and the figures of abstention stand in the file's metadata."""
    card = flowers.card

    assert card.verdict is not None
    assert card.verdict["n_test"] > 100
    assert card.verdict["n_openings"] == 2  # the frozen network of the first version was judged on the same photos
    assert card.verdict["new_sources"]["accuracy"] > 0.75
    assert [figures.label for figures in card.per_class] == list(flowers.classes)
    assert sum(figures.n_train for figures in card.per_class) == card.n_train
    assert card.abstention is not None


def test_noise_is_no_flower(flowers: ModelFile, tmp_path: Path) -> None:
    """Ten pictures of noise: the model knows none of them."""
    from PIL import Image

    rng = np.random.default_rng(0)
    paths = []
    for number in range(10):
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray(rng.integers(0, 256, (240, 320, 3), dtype=np.uint8)).save(paths[-1])

    assert not any(answer.known for answer in predict(flowers, paths))


def test_petal_is_the_network_inside_the_flower_model(flowers: ModelFile) -> None:
    """Both give the very same embeddings."""
    pictures = np.random.default_rng(0).integers(0, 256, (2, 250, 300, 3), dtype=np.uint8)
    own, inside = Runner(petal.petal()), Runner(flowers.encoder)

    np.testing.assert_array_equal(own.embed(own.fit(pictures)), inside.embed(inside.fit(pictures)))


def test_photos_need_no_download(dahlia: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any folder of data, petal describes photos."""
    monkeypatch.delenv("FLORILEGIUM_DATA", raising=False)
    digest = hashlib.sha256(dahlia.read_bytes()).hexdigest()

    choice = choose(Files((dahlia,)), hashes=[digest])

    assert choice.name == "petal"
    assert choice.notes == ()


def test_petal_says_which_photos_it_has_seen(dahlia: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no other network is at hand for photos that it learned from, it is said that the figures flatter."""
    monkeypatch.delenv("FLORILEGIUM_DATA", raising=False)
    monkeypatch.setattr(petal, "seen_photos", lambda: frozenset({"a" * petal.HASH_DIGITS, "b" * petal.HASH_DIGITS}))

    choice = choose(Files((dahlia,) * 3), hashes=["a" * 64, "b" * 64, "f" * 64])

    assert choice.name == "petal"
    assert choice.notes == (
        "These figures flatter: it learned from 2 of these 3 photos, and none of them can test it.",
    )


def test_the_file_lists_what_its_network_learned_from(flowers: ModelFile) -> None:
    """All training photos where the network was fine-tuned, and none where it stayed as Google trained it."""
    is_tuned = "fine-tuned" in str(flowers.card.provenance["encoder_source"])

    n_seen = len(petal.seen_photos())
    if is_tuned:
        assert 0.99 * flowers.card.n_train <= n_seen <= flowers.card.n_train  # exact copies share a hash
    else:
        assert n_seen == 0


@pytest.mark.data
def test_photos_that_petal_has_seen_are_judged_by_another_network(
    dahlia: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the mirror's network is at hand, which has seen none of them, it is taken instead."""
    from florilegium.features.backbone import backbone_path

    if backbone_path("mobilenetv2_100_tf") is None:
        pytest.skip("FLORILEGIUM_DATA does not name a mirror with backbones")
    monkeypatch.setattr(petal, "seen_photos", lambda: frozenset({"a" * petal.HASH_DIGITS}))

    choice = choose(Files((dahlia,)), hashes=["a" * 64])

    assert choice.name == "mobilenetv2_100_tf"
    assert "it learned from 1 of these 1 photos" in choice.notes[0]
