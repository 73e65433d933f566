"""The lesson's pictures as SVG: curves, ranges and rows of digits. Path: lab -> pages of docs/.

Each is one text that stands alone: it brings its colours for light and dark paper, and its digits inside. Takes arrays
and words, writes no file, computes nothing but places.
"""

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from PIL import Image

from florilegium.lab.tensor import Array
from florilegium.types import Floats, Octets

WIDTH, HEIGHT = 720, 340  # px of a chart
LEFT, RIGHT, TOP, BOTTOM = 64, 190, 46, 48  # px around it; names of curves stand on the right
STEP = 15  # px between two names at least
N_DRAWN = 300  # points of a curve that are drawn: more than the eye tells apart
COLOURS = 4
LIGHT = {"ink": "#23211d", "soft": "#5f5b53", "line": "#dfdbd0", "paper": "#fbfaf7"}
DARK = {"ink": "#ebe8e0", "soft": "#aca79c", "line": "#3b3833", "paper": "#201e1c"}
LIGHT_CURVES = ("#59398a", "#0f766e", "#b45309", "#6b665d")
DARK_CURVES = ("#c3aaf0", "#5eead4", "#fbbf24", "#aca79c")


def _colours(named: dict[str, str], curves: Sequence[str]) -> str:
    """Give the rules of one paper; each begins with our own class, since a notebook may put many drawings in a page."""
    rules = [f"text {{ fill: {named['ink']} }}", f".soft {{ fill: {named['soft']} }}"]
    rules += [f".grid {{ stroke: {named['line']} }}", f".paper {{ fill: {named['paper']} }}"]
    for i, colour in enumerate(curves):
        rules += [f".s{i} {{ stroke: {colour} }}", f".f{i} {{ fill: {colour} }}"]
    return " ".join(f".lab-drawing {rule}" for rule in rules)


STYLE = (
    ".lab-drawing text { font: 13px system-ui, sans-serif } .lab-drawing .title { font-weight: 600; font-size: 15px } "
    ".lab-drawing path { fill: none; stroke-width: 2; stroke-linejoin: round } "
    f".lab-drawing image {{ image-rendering: pixelated }}\n{_colours(LIGHT, LIGHT_CURVES)}\n"
    f"@media (prefers-color-scheme: dark) {{ {_colours(DARK, DARK_CURVES)} }}"
)


class Drawing(str):
    """An SVG that a notebook shows as a picture."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<Drawing of {len(self):,} characters>"

    def _repr_svg_(self) -> str:
        """Give the SVG itself, as IPython asks for it."""
        return str(self)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """One curve of a chart."""

    name: str
    x: Floats  # (s,)
    y: Floats  # (s,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """From where to where an axis goes; `log` in powers of ten."""

    name: str
    low: float
    high: float
    log: bool = False

    def place(self, value: float) -> float:
        """Give the place of a value: 0 at the low end, 1 at the high end, cut off there."""
        low, high, at = (math.log10(v) if self.log else v for v in (self.low, self.high, max(value, 1e-300)))
        return min(max((at - low) / (high - low), 0.0), 1.0)

    @property
    def marks(self) -> list[float]:
        """Give the round values that are written at the axis."""
        if self.log:
            powers = range(math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9) + 1)
            return [10.0**power for power in powers]
        rough = (self.high - self.low) / 5
        size = 10 ** math.floor(math.log10(rough))
        step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
        first = math.ceil(self.low / step - 1e-9)
        return [i * step for i in range(first, math.floor(self.high / step + 1e-9) + 1)]


def chart(title: str, curves: Sequence[Curve], *, x: Axis, y: Axis) -> Drawing:
    """Draw curves, at most four, each with its name at its end."""
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    parts = [f'<text class="title" x="{LEFT}" y="24">{escape(title)}</text>']
    for mark in y.marks:
        at = TOP + height * (1 - y.place(mark))
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{LEFT + width}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(f'<text class="soft" x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{mark:g}</text>')
    for mark in x.marks:
        at = LEFT + width * x.place(mark)
        parts.append(f'<text class="soft" x="{at:.1f}" y="{TOP + height + 18}" text-anchor="middle">{mark:g}</text>')
    parts.append(f'<text class="soft" x="{LEFT - 8}" y="{TOP - 10}" text-anchor="end">{escape(y.name)}</text>')
    parts.append(f'<text class="soft" x="{LEFT + width}" y="{HEIGHT - 10}" text-anchor="end">{escape(x.name)}</text>')
    ends = []
    for i, curve in enumerate(curves[:COLOURS]):
        points = _thinned(curve, x, y, width, height)
        parts.append(f'<path class="s{i}" d="M{" L".join(f"{px:.1f} {py:.1f}" for px, py in points)}"/>')
        ends.append((points[-1][1], i, curve.name))
    lowest = -math.inf
    for at, i, name in sorted(ends):
        lowest = max(at, lowest + STEP)
        parts.append(f'<text class="f{i}" x="{LEFT + width + 8}" y="{lowest + 4:.1f}">{escape(name)}</text>')
    return _page(WIDTH, HEIGHT, parts, title)


def _thinned(curve: Curve, x: Axis, y: Axis, width: int, height: int) -> list[tuple[float, float]]:
    """Give the places of a curve's points, neighbours joined to their mean where there are too many to draw."""
    groups = np.array_split(np.arange(len(curve.x)), min(N_DRAWN, len(curve.x)))
    means = [(float(curve.x[g].mean()), float(curve.y[g].mean())) for g in groups]
    return [(LEFT + width * x.place(a), TOP + height * (1 - y.place(b))) for a, b in means if math.isfinite(b)]


def ranges(title: str, rows: Sequence[tuple[str, float, float, float]], *, x: Axis) -> Drawing:
    """Draw one line per row (name, value, low, high): the value as a dot on its range."""
    left, width, each = 200, 360, 28
    height = TOP + each * len(rows) + 44
    parts = [f'<text class="title" x="16" y="24">{escape(title)}</text>']
    for mark in x.marks:
        at = left + width * x.place(mark)
        parts.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP - 8}" y2="{height - 40}"/>')
        parts.append(f'<text class="soft" x="{at:.1f}" y="{height - 22}" text-anchor="middle">{mark:g}</text>')
    for i, (name, value, low, high) in enumerate(rows):
        at = TOP + each * i + 10
        a, b, c = (left + width * x.place(v) for v in (low, value, high))
        parts += [
            f'<text x="{left - 14}" y="{at + 4}" text-anchor="end">{escape(name)}</text>',
            f'<line class="s0" stroke-width="6" stroke-opacity=".35" x1="{a:.1f}" x2="{c:.1f}" y1="{at}" y2="{at}"/>',
            f'<circle class="f0" cx="{b:.1f}" cy="{at}" r="4.5"/>',
            f'<text x="{left + width + 14}" y="{at + 4}">{value:.2f}</text>',
            f'<text class="soft" x="{left + width + 58}" y="{at + 4}">{low:.2f} to {high:.2f}</text>',
        ]
    parts.append(f'<text class="soft" x="16" y="{height - 6}">{escape(x.name)}</text>')
    return _page(WIDTH, height, parts, title)


def mosaic(title: str, rows: Sequence[tuple[str, Sequence[Octets], Sequence[str]]], *, side_px: int = 64) -> Drawing:
    """Draw rows of small pictures: per row its name, pictures (h, w) or (h, w, 3), and a caption under each."""
    gap, each = 12, side_px + 34
    left = 72 if any(name for name, _, _ in rows) else 16
    width = left + max(len(pictures) for _, pictures, _ in rows) * (side_px + gap) + 8
    parts = [f'<text class="title" x="16" y="24">{escape(title)}</text>']
    for i, (name, pictures, captions) in enumerate(rows):
        top = TOP + i * each
        parts.append(f'<text class="soft" x="16" y="{top + side_px / 2 + 4:.0f}">{escape(name)}</text>')
        for j, picture in enumerate(pictures):
            at = left + j * (side_px + gap)
            parts.append(
                f'<image x="{at}" y="{top}" width="{side_px}" height="{side_px}" '
                f'preserveAspectRatio="none" href="{_png(picture)}"/>'
            )
            if j < len(captions):
                middle = at + side_px / 2
                parts.append(
                    f'<text class="soft" x="{middle:.0f}" y="{top + side_px + 15}" text-anchor="middle">'
                    f"{escape(captions[j])}</text>"
                )
    return _page(max(width, WIDTH), TOP + len(rows) * each + 4, parts, title)


def inked(ink: Array) -> Octets:
    """Turn ink 0..1 (h, w) into gray levels: black on white, as on paper."""
    return np.asarray(np.rint(255 * (1 - np.clip(ink, 0, 1))), dtype=np.uint8)


def signed(numbers: Array, *, most: float | None = None) -> Octets:
    """Turn numbers (h, w) into colours (h, w, 3): 0 white, up to `most` violet, down to -`most` orange."""
    size = most or float(np.abs(numbers).max()) or 1.0
    share = np.clip(numbers / size, -1, 1)[..., None]  # (h, w, 1)
    violet, orange, white = np.array([89, 57, 138]), np.array([196, 98, 16]), np.array([255, 255, 255])
    towards = np.where(share > 0, violet, orange)  # (h, w, 1), (3,) -> (h, w, 3)
    return np.asarray(np.rint(white + np.abs(share) * (towards - white)), dtype=np.uint8)


def _png(picture: Octets) -> str:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"


def _page(width: float, height: float, parts: Sequence[str], title: str) -> Drawing:
    inside = "\n".join(parts)
    return Drawing(
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lab-drawing" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" aria-label="{escape(title)}">\n'
        f'<style>{STYLE}</style>\n<rect class="paper" width="100%" height="100%" rx="8"/>\n{inside}\n</svg>\n'
    )
