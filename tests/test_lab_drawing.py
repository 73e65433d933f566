"""The lesson's pictures are sound SVG that shows what was given."""

import base64
import io
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from florilegium.lab.drawing import Axis, Curve, Drawing, chart, inked, mosaic, ranges, signed

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '<script>alert("&")</script>'
RNG = np.random.default_rng(0)
STEPS = np.arange(1.0, 1001.0)
DRAWINGS = {
    "chart": chart(
        HOSTILE,
        [Curve(name=HOSTILE, x=STEPS, y=np.append(np.full(999, 2.0), np.nan)), Curve(name="b", x=STEPS, y=1 / STEPS)],
        x=Axis(name=HOSTILE, low=1, high=1000, log=True),
        y=Axis(name="loss", low=0, high=3),
    ),
    "ranges": ranges(HOSTILE, [(HOSTILE, 95.0, 94.0, 96.0)], x=Axis(name=HOSTILE, low=90, high=100)),
    "mosaic": mosaic(HOSTILE, [(HOSTILE, [inked(RNG.random((8, 8)))], [HOSTILE])]),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_sound_and_runs_nothing(name: str) -> None:
    """Each drawing is well-formed XML; names become text, never markup; nothing is fetched from elsewhere."""
    root = ET.fromstring(DRAWINGS[name])  # noqa: S314 - our own text

    assert root.tag == f"{SVG}svg"
    assert root.get("aria-label") == HOSTILE
    assert root.findall(f".//{SVG}script") == []
    assert HOSTILE in [t.text for t in root.findall(f".//{SVG}text")]
    assert all(i.get("href", "").startswith("data:image/png;base64,") for i in root.findall(f".//{SVG}image"))
    assert "url(" not in DRAWINGS[name]


def test_a_notebook_shows_it_as_a_picture() -> None:
    """IPython is given the SVG, and a short word in place of its source."""
    drawing = DRAWINGS["chart"]

    assert isinstance(drawing, Drawing)
    assert drawing._repr_svg_() == drawing
    assert len(repr(drawing)) < 50


@pytest.mark.parametrize(
    ("axis", "value", "place"),
    [
        (Axis(name="", low=0, high=10), 2.5, 0.25),
        (Axis(name="", low=1, high=1000, log=True), 10, 1 / 3),
        (Axis(name="", low=0, high=10), 11, 1.0),
        (Axis(name="", low=0, high=10), -1, 0.0),
        (Axis(name="", low=0.1, high=10, log=True), 0.0, 0.0),
    ],
)
def test_a_value_has_its_place(axis: Axis, value: float, place: float) -> None:
    """Places go from 0 to 1 along the axis, in powers of ten where asked; what lies outside is cut off."""
    assert axis.place(value) == pytest.approx(place)


def test_marks_are_round() -> None:
    """An axis is marked at round numbers: steps of 1, 2 or 5, or powers of ten."""
    assert Axis(name="", low=94, high=100).marks == [94, 96, 98, 100]
    assert Axis(name="", low=0, high=1).marks == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert Axis(name="", low=0.05, high=100, log=True).marks == pytest.approx([0.1, 1, 10, 100])


def test_a_long_curve_is_drawn_with_few_points() -> None:
    """A thousand steps become at most 300 points, and a step without a number is left out."""
    root = ET.fromstring(DRAWINGS["chart"])  # noqa: S314 - our own text
    paths = [p.get("d", "") for p in root.findall(f".//{SVG}path")]

    assert len(paths) == 2
    assert all(0 < path.count("L") < 300 for path in paths)
    assert "nan" not in DRAWINGS["chart"]


def test_ink_is_black_on_white() -> None:
    """Full ink is black, none is white, and the picture inside the drawing has these very pixels."""
    ink = np.array([[0.0, 1.0], [0.5, 2.0]])
    (image,) = ET.fromstring(mosaic("", [("", [inked(ink)], ())])).findall(f".//{SVG}image")  # noqa: S314 - our own text
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(image.get("href", "").split(",")[1]))))

    assert pixels.tolist() == [[255, 0], [128, 0]]


def test_signs_have_colours() -> None:
    """0 is white; as far up as down, violet and orange are equally strong; a picture of zeros is white."""
    picture = signed(np.array([[0.0, 2.0, -2.0]]))

    assert picture[0].tolist() == [[255, 255, 255], [89, 57, 138], [196, 98, 16]]
    assert signed(np.zeros((2, 2))).min() == 255
