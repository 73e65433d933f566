"""Thumbnails laid over one another: copies agree, other pictures do not."""

import numpy as np
import pytest
from PIL import Image

from florilegium.audit.aligned import agreements
from florilegium.audit.duplicates import AGREE
from florilegium.types import Octets


def scene(seed: int) -> Image.Image:
    """Paint a picture with detail of many sizes, 256 px: blurred noise, as unlike any other as two photos are."""
    rng = np.random.default_rng(seed)
    layers = [
        Image.fromarray(rng.integers(0, 256, (side, side, 3), dtype=np.uint8)).resize(
            (256, 256), Image.Resampling.BICUBIC
        )
        for side in (4, 8, 16, 32)
    ]
    mean = np.mean([np.asarray(layer, dtype=np.float64) for layer in layers], axis=0)
    return Image.fromarray(np.clip((mean - 128) * 2 + 128, 0, 255).astype(np.uint8))


def thumb(picture: Image.Image) -> Octets:
    """Make it small as `features.looks` does."""
    return np.asarray(picture.resize((32, 32), Image.Resampling.BILINEAR))


COPIES = {
    "as it is": lambda p: p,
    "half the size": lambda p: p.resize((128, 128), Image.Resampling.BICUBIC),
    "cropped to 90 % of each side": lambda p: p.crop((20, 5, 250, 235)),
    "turned by 5 degrees": lambda p: p.rotate(5, Image.Resampling.BICUBIC),
    "darker": lambda p: p.point(lambda level: level * 0.7),
    "in a mirror": lambda p: p.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
}


@pytest.mark.parametrize("kind", COPIES)
def test_a_copy_agrees_with_its_original(kind: str) -> None:
    """Whatever was done to a copy, at least 19 of 20 agree with their original."""
    scenes = [scene(seed) for seed in range(20)]
    thumbs = np.stack([thumb(s) for s in scenes] + [thumb(COPIES[kind](s)) for s in scenes])
    rows = np.arange(20)

    assert (agreements(thumbs, rows, rows + 20) >= AGREE).sum() >= 19


def test_strangers_do_not_agree() -> None:
    """No two of 60 different scenes agree."""
    thumbs = np.stack([thumb(scene(seed)) for seed in range(60)])
    i, j = np.triu_indices(60, 1)

    assert (agreements(thumbs, i, j) < AGREE).all()


def test_a_blank_picture_agrees_with_nothing() -> None:
    """A picture without detail is no evidence of a copy; and no pairs give no answers."""
    blank = np.zeros((2, 32, 32, 3), dtype=np.uint8)
    none = np.empty(0, dtype=np.int64)

    assert agreements(blank, np.array([0]), np.array([1])).tolist() == [0.0]
    assert agreements(blank, none, none).tolist() == []


def test_other_shapes_are_refused() -> None:
    """Digits of 8 x 8 are no thumbnails of photos."""
    with pytest.raises(ValueError, match="expected"):
        agreements(np.zeros((2, 8, 8, 3), dtype=np.uint8), np.array([0]), np.array([1]))
