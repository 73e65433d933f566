"""The graphs that turn pictures into vectors, against Pillow, NumPy and SciPy."""

import gzip
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image
from scipy import ndimage

from florilegium.errors import ModelFileError, SettingError, StepMissing
from florilegium.features import backbone, encoder_graph, pixels_encoder
from florilegium.features.encoder import resize_crop_graph, stretch_graph
from florilegium.features.graphs import IR_VERSION, OPSET
from florilegium.features.pixels import LUMA, MAX_SHEAR
from florilegium.features.stream import Runner, session
from florilegium.types import Floats, Octets


def photo(height: int, width: int, *, seed: int = 0) -> Octets:
    """Give a smooth made-up photo (h, w, 3)."""
    small = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


@pytest.mark.parametrize(("height", "width"), [(300, 400), (400, 301), (257, 999), (40, 50), (256, 256), (1, 64)])
def test_fit_is_pillows_resize_and_centre_cut(height: int, width: int) -> None:
    """`fit` gives what Pillow's BILINEAR and a centre cut give, to one level in 256."""
    pixels = photo(height, width)
    scale = min(height, width)
    high, wide = height * 256 // scale, width * 256 // scale
    pillow = np.asarray(Image.fromarray(pixels).resize((wide, high), Image.Resampling.BILINEAR)).astype(int)
    top, left = (high - 224) // 2, (wide - 224) // 2

    fitted = session(resize_crop_graph(short=256, side=224)).run(None, {"image": pixels[None]})[0][0]

    assert np.abs(pillow[top : top + 224, left : left + 224] - fitted).max() <= 1


def test_a_picture_of_the_right_size_passes_unchanged() -> None:
    """Stretching to the size that a picture has changes nothing, so digits stay what they are."""
    pixels = np.random.default_rng(1).integers(0, 256, (3, 28, 28, 3), dtype=np.uint8)

    assert np.array_equal(pixels, session(stretch_graph(side=28)).run(None, {"image": pixels})[0])


def test_gray_is_pillows_luma_to_the_level() -> None:
    """The gray of every colour on a grid of 32,768 is Pillow's convert('L'), exactly."""
    levels = np.array([*range(0, 256, 8), 255][:32], dtype=np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, 8, 8, 3)
    pillow = [np.asarray(Image.fromarray(square).convert("L")).ravel() for square in colours]

    rows = Runner(pixels_encoder(side=8, gray=True)).embed(colours)

    assert np.array_equal(pillow, np.rint(rows * 255))
    assert sum(LUMA) == 65536


def test_colour_pixels_keep_their_order() -> None:
    """Row by row, red, green, blue, divided by 255."""
    pixels = np.random.default_rng(2).integers(0, 256, (2, 5, 5, 3), dtype=np.uint8)

    rows = Runner(pixels_encoder(side=5, gray=False)).embed(pixels)

    assert np.allclose(pixels.reshape(2, -1) / 255, rows, atol=1e-7)


def upright(levels: Floats) -> Floats:
    """Deskew one gray picture (s, s) by its moments, with NumPy and SciPy alone."""
    side = len(levels)
    ring = np.concatenate([levels[0], levels[-1], levels[1:-1, 0], levels[1:-1, -1]])
    paper = ring.mean()
    ink = np.abs(levels - paper)
    if ink.sum() == 0:
        return levels
    rows, columns = np.mgrid[:side, :side]
    r, c = np.average(rows, weights=ink), np.average(columns, weights=ink)
    covariance = np.average((rows - r) * (columns - c), weights=ink)
    slope = np.clip(covariance / max(np.average((rows - r) ** 2, weights=ink), 1e-6), -MAX_SHEAR, MAX_SHEAR)
    matrix = np.array([[1.0, 0.0], [slope, 1.0]])
    offset = np.array([r, c]) - matrix @ np.full(2, (side - 1) / 2)
    moved = ndimage.affine_transform(levels - paper, matrix, offset=offset, order=1, mode="grid-constant")
    return np.asarray(moved + paper)


def drawn(kind: str) -> Octets:
    """Give gray pictures (n, 28, 28) of one kind."""
    rng = np.random.default_rng(3)
    noise = rng.integers(0, 256, (20, 28, 28), dtype=np.uint8)
    if kind == "noise":
        return noise
    lines = np.zeros((20, 28, 28), dtype=np.uint8)
    for i, picture in enumerate(lines):
        for row in range(5, 23):
            picture[row, np.clip(round(14 + (row - 14) * (i - 10) / 12) + np.arange(2), 0, 27)] = 200
    return 255 - lines if kind == "dark on light" else lines


@pytest.mark.parametrize("kind", ["noise", "light on dark", "dark on light"])
def test_deskewing_in_the_graph_is_scipys(kind: str) -> None:
    """The deskewed pixels are those of an affine transform by the second moments, computed by SciPy."""
    pictures = drawn(kind)
    expected = np.stack([upright(picture / 255) for picture in pictures]).clip(0, 1)

    rows = Runner(pixels_encoder(side=28, gray=True, deskew=True)).embed(np.repeat(pictures[..., None], 3, axis=3))

    assert np.abs(expected.reshape(20, -1) - rows).max() < 1e-4


def test_deskewed_strokes_stand_upright_in_the_middle() -> None:
    """A leaning stroke's ink is centred afterwards, and leans no more."""
    rows = Runner(pixels_encoder(side=28, gray=True, deskew=True)).embed(
        np.repeat(drawn("light on dark")[..., None], 3, axis=3)
    )
    place = np.mgrid[:28, :28].reshape(2, -1)
    for ink in rows:
        centre = np.average(place, axis=1, weights=ink)
        lean = np.average((place[0] - centre[0]) * (place[1] - centre[1]), weights=ink)

        assert centre == pytest.approx([13.5, 13.5], abs=0.1)
        assert abs(lean) < 1.0


@pytest.mark.parametrize("level", [0, 77, 255])
def test_an_empty_picture_is_not_moved(level: int) -> None:
    """Where there is no ink there is nothing to centre, and nothing becomes infinite."""
    blank = np.full((1, 28, 28, 3), level, dtype=np.uint8)

    assert np.allclose(level / 255, Runner(pixels_encoder(side=28, gray=True, deskew=True)).embed(blank), atol=1e-5)


def test_pixels_out_of_range_are_refused() -> None:
    """A side that makes no sense, and deskewing of colours, are setting errors."""
    for side in (0, 1, 129):
        with pytest.raises(SettingError, match=str(side)):
            pixels_encoder(side=side, gray=True)
    with pytest.raises(SettingError, match="gray"):
        pixels_encoder(side=28, gray=False, deskew=True)


@pytest.mark.parametrize("deskew", [False, True])
def test_the_joined_graph_gives_what_both_parts_give(deskew: bool) -> None:
    """One graph from picture to vector, in an old enough dialect for the web, equals its two parts run by hand."""
    encoder = pixels_encoder(side=20, gray=True, deskew=deskew)
    graph, runner = encoder_graph(encoder), Runner(encoder)
    pixels = photo(33, 44)[None]
    onnx.checker.check_model(graph, full_check=True)

    joined = session(graph).run(["embedding"], {"image": pixels})[0]

    assert np.array_equal(runner.embed(runner.fit(pixels)), joined)
    assert graph.ir_version == IR_VERSION <= 9
    assert [(o.domain, o.version) for o in graph.opset_import] == [("", OPSET)]


def test_the_key_is_the_graphs() -> None:
    """Equal encoders have equal keys, different ones different keys, and a key can name a folder."""
    keys = [
        pixels_encoder(side=side, gray=gray, deskew=deskew).key
        for side in (8, 9)
        for gray, deskew in ((False, False), (True, False), (True, True))
    ]

    assert len(set(keys)) == 6
    assert keys[0] == pixels_encoder(side=8, gray=False).key
    assert all(Path(key).name == key for key in keys)


def test_an_absent_backbone_says_how_to_get_it(tmp_path: Path) -> None:
    """Without the file it names the variable and what works without one; for a name nobody knows, those there are."""
    with pytest.raises(StepMissing, match=r"FLORILEGIUM_DATA .* another encoder: petal"):
        backbone("mobilenetv2_100_tf")
    with pytest.raises(SettingError, match="mobilenetv2_100_tf"):
        backbone("resnet-9000", data=tmp_path)


def test_another_file_in_the_backbones_place_is_refused(tmp_path: Path) -> None:
    """A backbone whose checksum is not the published one is not used."""
    path = tmp_path / "backbones/mobilenetv2_100_tf/model.onnx"
    path.parent.mkdir(parents=True)
    path.write_bytes(encoder_graph(pixels_encoder(side=8, gray=True)).SerializeToString())
    with pytest.raises(ModelFileError, match="SHA-256"):
        backbone("mobilenetv2_100_tf", data=tmp_path)


@pytest.mark.data
def test_mobilenet_gives_what_its_own_file_gives(data: Path) -> None:
    """The encoder's vectors are the published network's, prepared by Pillow and NumPy as its README says."""
    path = data / "backbones/mobilenetv2_100_tf/model.onnx"
    picture = Image.open(data / "flowers20/images/rose/rose_001.jpg").convert("RGB")
    scale = 256 / min(picture.size)
    resized = picture.resize([int(size * scale) for size in picture.size], Image.Resampling.BILINEAR)
    left, top = (resized.width - 224) // 2, (resized.height - 224) // 2
    square = np.asarray(resized.crop((left, top, left + 224, top + 224)), dtype=np.float32)
    prepared = ((square / 255 - 0.5) / 0.5).transpose(2, 0, 1)[None].astype(np.float32)
    expected = session(onnx.load(path)).run(["embedding"], {"input": prepared})[0]

    encoder = backbone("mobilenetv2_100_tf", data=data)
    runner = Runner(encoder)
    given = runner.embed(runner.fit(np.asarray(picture)[None]))

    assert encoder.d == given.shape[1] == 1280
    assert np.abs(expected - given).max() < 0.02 * expected.max()
    assert not any(part.op_type == "Gemm" for part in encoder.trunk.graph.node)  # no logits: nobody needs them


@pytest.mark.data
def test_inception_gives_2560_numbers(data: Path) -> None:
    """The larger trunk sees 299 px squares."""
    encoder = backbone("inception_v3_trunk", data=data)

    assert (encoder.d, encoder.side, encoder.decode_side) == (2560, 299, 342)
    assert Runner(encoder).embed(np.zeros((2, 299, 299, 3), dtype=np.uint8)).shape == (2, 2560)


@pytest.mark.data
def test_no_digit_leans_more_than_the_limit(data: Path) -> None:
    """The limit on shearing cuts no digit of MNIST's training set: the steepest leans 1.87 columns per row."""
    octets = gzip.decompress((data / "mnist/train-images-idx3-ubyte.gz").read_bytes())
    ink = np.frombuffer(octets, dtype=np.uint8, offset=16).reshape(-1, 784) / np.float32(255)
    r, c = np.mgrid[:28, :28].reshape(2, -1).astype(np.float32) - np.float32(13.5)
    moments = (ink / ink.sum(axis=1, keepdims=True)) @ np.stack([r, c, r * r, r * c], axis=1)
    slopes = (moments[:, 3] - moments[:, 0] * moments[:, 1]) / (moments[:, 2] - moments[:, 0] ** 2)

    assert np.abs(slopes).max() == pytest.approx(1.87, abs=0.01)
    assert np.abs(slopes).max() < MAX_SHEAR
