"""The digit model that comes with the package: what it promises, it holds."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from florilegium.features.stream import as_rgb
from florilegium.model import find, open_model, predict, shipped_models
from florilegium.model.opened import ModelFile
from florilegium.source.builtin import mirror
from tools.digits import MAX_BYTES, PATH
from tools.drawings import KINDS, LETTERS, LIKE_DIGITS, centred, drawn


@pytest.fixture(scope="module")
def digits() -> ModelFile:
    """Open the shipped model by its name, as `florilegium predict digits` does."""
    return open_model(find("digits"))


def test_the_package_brings_the_ten_digits(digits: ModelFile) -> None:
    """Ten classes, named as they are written."""
    assert digits.classes == tuple("0123456789")
    assert shipped_models()["digits"] == PATH


def test_the_shipped_file_is_small_enough_for_the_package() -> None:
    """Under 2 MB."""
    assert PATH.stat().st_size < MAX_BYTES == 2_000_000


def test_the_shipped_file_says_how_good_it_is(digits: ModelFile) -> None:
    """On the 10,000 published test digits at least 99.5 % right, and not shown to call more than 5 % strange."""
    card = digits.card

    assert card.n_train == 60_000
    assert card.verdict is not None
    assert card.verdict["n_test"] == 10_000
    assert card.verdict["model"]["n_right"] >= 9_950
    assert card.verdict["outcome"] == "better"
    assert card.abstention is not None
    assert card.abstention.false_alarms.low <= 0.05


def test_what_the_file_says_of_drawings_is_so(digits: ModelFile) -> None:
    """Of each kind that is no digit at most a tenth is answered; drawn anew here, at most a fifth of a few."""
    assert digits.card.abstention is not None
    told = {rate.name: rate.n_events / rate.n for rate in digits.card.abstention.misses}

    assert set(KINDS) <= set(told)
    assert max(told[kind] for kind in KINDS) <= 0.1
    for pictures in drawn(seed=5, n=40).values():
        assert digits.predict_arrays(list(as_rgb(pictures)))[1].mean() <= 0.2


def test_an_empty_page_is_no_digit(digits: ModelFile) -> None:
    """Black and white pages of several sizes, at which a network without a sense of strangeness is quite sure."""
    for side in (1, 28, 500):
        for level in (0, 255):
            known = digits.predict_arrays([np.full((side, side, 3), level, dtype=np.uint8)])[1]

            assert not known.any()


def test_printed_digits_are_read(digits: ModelFile, tmp_path: Path) -> None:
    """Pillow's own font, brought to size by MNIST's rule, by path: at least eight of ten, and at 280 px too."""
    right = 0
    for digit in "0123456789":
        image = Image.new("L", (140, 140))
        ImageDraw.Draw(image).text((70, 70), digit, fill=255, font=ImageFont.load_default(90), anchor="mm")
        small = Image.fromarray(centred(image))
        small.save(tmp_path / f"{digit}-small.png")
        small.resize((280, 280), Image.Resampling.BICUBIC).save(tmp_path / f"{digit}-large.png")
        answers = list(predict(digits, sorted(tmp_path.glob(f"{digit}-*.png"))))
        assert [answer.error for answer in answers] == [None, None]
        right += sum(answer.label == digit for answer in answers)

    assert right >= 16


def content(path: Path) -> bytes:
    """Unpack a file."""
    with gzip.open(path) as file:
        return file.read()


@pytest.mark.data
def test_test_digits_are_read_as_the_verdict_says(digits: ModelFile) -> None:
    """The file itself, on the first thousand digits of MNIST's test set: as many right as its verdict's share."""
    folder = mirror()
    if folder is None or not (folder / "mnist").is_dir():
        pytest.skip("FLORILEGIUM_DATA does not name a mirror with mnist")
    # The format is LeCun's: a head of 16 bytes before the pixels, and of 8 before the labels.
    pictures = np.frombuffer(content(folder / "mnist" / "t10k-images-idx3-ubyte.gz"), np.uint8, 1000 * 784, 16)
    truth = np.frombuffer(content(folder / "mnist" / "t10k-labels-idx1-ubyte.gz"), np.uint8, 1000, 8)

    said = digits.predict_arrays(list(as_rgb(pictures.reshape(-1, 28, 28))))[0].argmax(axis=1)

    assert (said == truth).mean() >= 0.99


def test_a_drawing_is_centred_as_mnist_centred_digits() -> None:
    """The longer side of the ink is 20 px and its centre of mass lies in the middle, wherever it was drawn."""
    for corner in ((0, 0), (100, 60)):
        canvas = Image.new("L", (140, 140))
        ImageDraw.Draw(canvas).rectangle((corner[0], corner[1], corner[0] + 19, corner[1] + 39), fill=255)

        made = centred(canvas)

        ink = np.argwhere(made)
        assert made.shape == (28, 28)
        assert (np.ptp(ink, axis=0) + 1).tolist() == [20, 10]
        np.testing.assert_allclose(ink.mean(axis=0), [13.5, 13.5])


def test_letters_to_be_refused_are_those_that_look_like_no_digit() -> None:
    """O is written as 0, I and l as 1; X and W are not left out."""
    assert not set(LETTERS) & set("OIlSZ")
    assert set("XWKM") <= set(LETTERS)
    assert len(LETTERS) + len(LIKE_DIGITS) == 52
