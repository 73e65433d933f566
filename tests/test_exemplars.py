"""A model file shows training pictures only where their licence clearly allows to pass them on."""

import base64
import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from PIL import Image

import florilegium
from florilegium.errors import ModelFileError
from florilegium.model import exemplars, file
from florilegium.model.exemplars import (
    MAX_THUMBNAIL_BYTES,
    THUMBNAIL_SIDE,
    Exemplar,
    Similar,
    may_be_passed_on,
    thumbnail,
)
from florilegium.model.predict import Prediction, prediction_dict
from florilegium.project import examples
from florilegium.project.side import training_side
from tests.model_making import numbers, some_exemplars, write_image_model


@pytest.mark.parametrize(
    "licence",
    ["CC0-1.0", "cc0", "CC0 1.0", "Public Domain", "PDM-1.0", "PDDL-1.0", "CC0 (Ann Lee, her own garden)"],
)
def test_what_is_free_may_be_shown(licence: str) -> None:
    """CC0 and the public domain ask for nothing."""
    assert may_be_passed_on(licence)


@pytest.mark.parametrize("licence", ["CC-BY-4.0", "CC BY 2.0", "CC-BY-SA-3.0", "cc by-sa 4.0", "CC-BY-2.5"])
def test_what_asks_for_a_credit_is_shown_with_one(licence: str) -> None:
    """CC BY is shown where the source says whom to credit, beside the licence or as the origin, and only there."""
    assert not may_be_passed_on(licence)
    assert may_be_passed_on(licence, origin="Ann Lee")
    assert may_be_passed_on(f"{licence} (Ann Lee)")


@pytest.mark.parametrize(
    "licence",
    [
        # Every licence of flowers20, word for word, out of its README.
        "unstated",
        "unstated in this repository; the original flower_photos archive is published as CC-BY with per-photo credits",
        "MIT (repository licence; the photo itself is not credited)",
        "unstated; README credits Pexels for (some) pictures",
        "Apache-2.0 (repository licence; the photo itself is not credited)",
        "CC0-1.0 (repository licence; the photo itself is not credited)",
        "unstated; README says the pictures come from Unsplash",
        "see LICENSE.txt of the repository",
        # And others that are no clear permission.
        None,
        "",
        "CC-BY-NC-4.0",
        "CC BY-ND 4.0",
        "CC BY-NC-SA 2.0",
        "MIT",
        "All rights reserved",
        "not CC0-1.0",
        "CC0-1.0?",
        "CC0-1.0 (maybe)",
        "CC-BY-4.0, but not for training",
        "CC-BY-4.0; except logos",
        "Unsplash License",
        "CC-BY-9.9",
        "CC0-1.0 (unclear)",
    ],
)
def test_what_is_no_clear_permission_is_none(licence: str | None) -> None:
    """A repository's licence, a doubt, a condition or silence is no permission to pass a photo on."""
    assert not may_be_passed_on(licence, origin="somewhere")


def test_a_thumbnail_is_small() -> None:
    """Even a photo of noise becomes at most 80 px and 4 kB, or none; a plain one is a picture of its colours."""
    noise = np.random.default_rng(0).integers(0, 256, (700, 900, 3), dtype=np.uint8)
    green = np.full((300, 600, 3), (40, 180, 60), dtype=np.uint8)
    content = base64.b64decode(thumbnail(green) or "")
    shown = Image.open(io.BytesIO(content))

    assert len(base64.b64decode(thumbnail(noise) or "")) <= MAX_THUMBNAIL_BYTES
    assert (shown.format, shown.size) == ("WEBP", (THUMBNAIL_SIDE, THUMBNAIL_SIDE // 2))
    assert np.abs(np.asarray(shown.convert("RGB")).mean(axis=(0, 1)) - (40, 180, 60)).max() < 3


def test_a_digit_is_kept_as_it_is() -> None:
    """A picture of a few pixels loses none of them."""
    digit = np.random.default_rng(1).integers(0, 256, (8, 8, 3), dtype=np.uint8)

    shown = Image.open(io.BytesIO(base64.b64decode(thumbnail(digit) or "")))

    assert (np.asarray(shown.convert("RGB")) == digit).all()


def test_a_thumbnail_that_is_too_large_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that does not become small enough has no thumbnail."""
    monkeypatch.setattr(exemplars, "MAX_THUMBNAIL_BYTES", 10)

    assert thumbnail(np.zeros((90, 90, 3), dtype=np.uint8)) is None


def test_examples_come_back_as_they_were_written(tmp_path: Path) -> None:
    """Names, origins, licences and thumbnails are read again word by word; what is unknown stays unknown."""
    small = thumbnail(np.zeros((9, 9, 3), dtype=np.uint8))
    said = (
        Exemplar(name="rose/Böschung 🌷.jpg", label="rose", origin="Ann", licence="CC BY 4.0", thumbnail=small),
        Exemplar(name="tulip/2.jpg", label="tulip"),
        *some_exemplars(8),
    )
    learned = numbers(np.random.default_rng(0), len(said), 64)

    model = file.open_model(write_image_model(tmp_path / "m.onnx", learned=learned, exemplars=said))

    assert model.card.exemplars == said
    metadata = {entry.key: entry.value for entry in onnx.load(tmp_path / "m.onnx").metadata_props}
    assert json.loads(metadata["exemplars"])[1] == {"name": "tulip/2.jpg", "label": "tulip"}


PAGE = base64.b64encode(b"<svg onload=alert(1)>").decode()


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"name": "a"},
        {"name": "a", "label": 7},
        {"name": "a", "label": "rose", "path": "/etc/passwd"},
        {"name": "a" * 5000, "label": "rose"},
        {"name": "a", "label": "rose", "thumbnail": PAGE},
        {"name": "a", "label": "rose", "thumbnail": "no base64"},
        {"name": "a", "label": "rose", "thumbnail": 7},
        {"name": "a", "label": "rose", "thumbnail": base64.b64encode(b"RIFF0000WEBP" + bytes(20_000)).decode()},
    ],
)
def test_an_example_that_is_none_is_refused(document: Any, tmp_path: Path) -> None:
    """Fields of other names, types and sizes, and thumbnails that are no pictures, are refused."""
    path = write_image_model(tmp_path / "m.onnx", learned=numbers(np.random.default_rng(0), 3, 64))
    model = onnx.load(path)
    entry = next(entry for entry in model.metadata_props if entry.key == "exemplars")
    entry.value = json.dumps([*json.loads(entry.value)[:2], document])
    path.write_bytes(model.SerializeToString())

    with pytest.raises(ModelFileError, match="'exemplars', number 2"):
        file.open_model(path)


def test_too_many_examples_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that holds more examples than any model needs is refused before they are read."""
    path = write_image_model(tmp_path / "m.onnx", learned=numbers(np.random.default_rng(0), 30, 64))
    monkeypatch.setattr(exemplars, "MAX_EXEMPLARS", 20)

    with pytest.raises(ModelFileError, match="30 exemplars; at most 20"):
        file.open_model(path)


def test_an_answer_shows_why_it_is_given() -> None:
    """The JSON of an answer names similar training items with origin and licence, and their pictures where wanted."""
    exemplar = Exemplar(name="rose/1.jpg", label="rose", origin="Ann", licence="CC0-1.0", thumbnail="UklGRg==")
    said = Prediction(
        input="a", label="rose", probability=0.4, similar=(Similar(exemplar=exemplar, similarity=0.9),), why="unsure"
    )

    (shown,) = prediction_dict(said)["similar"]
    (bare,) = prediction_dict(said, thumbnails=False)["similar"]

    assert shown == {
        "label": "rose",
        "similarity": 0.9,
        "origin": "Ann",
        "licence": "CC0-1.0",
        "thumbnail": "data:image/webp;base64,UklGRg==",
    }
    assert bare == shown | {"thumbnail": None}
    assert prediction_dict(said)["why"] == "unsure"


@pytest.fixture(scope="module")
def garden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder of two classes whose pictures are of three licences."""
    folder = tmp_path_factory.mktemp("garden")
    rng = np.random.default_rng(3)
    rows = ["file,licence,author_url"]
    for label, colour in {"red": (200, 40, 40), "blue": (50, 60, 210)}.items():
        (folder / label).mkdir()
        for i in range(12):
            coarse = np.kron(rng.normal(0, 60, (6, 6, 3)), np.ones((16, 16, 1)))
            Image.fromarray(np.clip(coarse + colour, 0, 255).astype(np.uint8)).save(folder / label / f"{i:02}.png")
            rows.append(f"{label}/{i:02}.png,{('CC0-1.0', 'unstated', 'CC-BY-NC-4.0')[i % 3]},x")
    (folder / "metadata.csv").write_text("\n".join(rows) + "\n")
    return folder


def test_a_project_s_model_shows_what_it_may(garden: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trained model carries all training items as examples, pictures of the free ones only, and no sealed one."""
    project = florilegium.new(tmp_path / "p", garden)
    project.train()
    holdings = project.holdings()
    card = file.open_model(project.model_path).card
    sealed = {name for name, test in zip(holdings.dataset.names, holdings.test, strict=True) if test}

    assert {e.licence for e in card.exemplars} == {"CC0-1.0", "unstated", "CC-BY-NC-4.0"}
    assert all((e.thumbnail is not None) == (e.licence == "CC0-1.0") for e in card.exemplars)
    assert len(card.exemplars) == card.n_train
    assert sealed & {e.name for e in card.exemplars} == set()
    assert all((garden / e.name).is_file() for e in card.exemplars)

    one = len(next(e.thumbnail for e in card.exemplars if e.thumbnail))
    monkeypatch.setattr(examples, "MAX_THUMBNAILS_BYTES", int(2.5 * one))
    rows = np.flatnonzero(holdings.train)
    some = [e for e in examples.exemplars(holdings, rows, y=holdings.dataset.y[rows]) if e.thumbnail]
    assert {e.label for e in some} == {"red", "blue"}  # each class in turn, until the room is full


def test_a_photo_that_has_gone_has_no_thumbnail(garden: Path, tmp_path: Path) -> None:
    """A free photo that can no longer be read is an example without a picture; a model without a limit has none."""
    photos = tmp_path / "photos"
    shutil.copytree(garden, photos)
    project = florilegium.new(tmp_path / "p", photos)
    holdings = project.holdings()
    rows = np.flatnonzero(holdings.train)
    first = next(i for i in rows.tolist() if holdings.dataset.samples[i].licence == "CC0-1.0")
    (photos / holdings.dataset.names[first]).write_bytes(b"")

    (found,) = examples.exemplars(holdings, np.array([first]), y=np.array([0]))

    assert found.thumbnail is None
    side = training_side(project, holdings)
    assert examples.gather(project, holdings, side, holdings.choice.encoders[0], limit=None) == (None, ())
