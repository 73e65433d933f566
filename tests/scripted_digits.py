"""Digits drawn by script: several ways to write each one, as lines in a unit square, moved and bent by chance.

What a hand does to a digit (size, place, slant, turn, tremble, pen) is drawn by lot from `rng`; the ways to write it
were put down by eye, from how people write, before any network was asked about them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import numpy as np

Line = list[tuple[float, float]]
N_CURVE = 18  # points of a curve: what a pen that moves quickly leaves


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One drawing on a pad: strokes of points in shares 0..1 of the pad's side, and the pen's width in the same."""

    label: str
    style: str
    strokes: list[Line]
    width: float


def arc(x: float, y: float, rx: float, ry: float, between: tuple[float, float]) -> Line:
    """Give a piece of an ellipse between two angles in degrees, 0 to the right, 90 down."""
    angles = np.radians(np.linspace(*between, N_CURVE))
    return [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles]


def letter(*corners: tuple[float, float]) -> Line:
    """Give straight lines through these corners, with points in between."""
    line: Line = []
    for (x0, y0), (x1, y1) in pairwise(corners):
        line += [(x0 + t * (x1 - x0), y0 + t * (y1 - y0)) for t in np.linspace(0, 1, 8).tolist()]
    return line


# Digit -> ways to write it; x 0..1 to the right, y 0..1 down.
STYLES: Mapping[str, Mapping[str, list[Line]]] = MappingProxyType(
    {
        "0": {
            "round": [arc(0.5, 0.5, 0.36, 0.48, (-90, 275))],
            "narrow": [arc(0.5, 0.5, 0.24, 0.48, (-70, -435))],
            "not quite closed": [arc(0.5, 0.5, 0.33, 0.48, (-60, -400))],
        },
        "1": {
            "a stroke": [letter((0.5, 0.0), (0.5, 1.0))],
            "slanted": [letter((0.62, 0.0), (0.4, 1.0))],
            "with a flag": [letter((0.34, 0.2), (0.55, 0.0), (0.55, 1.0))],
        },
        "2": {
            "with a corner": [arc(0.5, 0.27, 0.32, 0.27, (-170, 30)) + letter((0.77, 0.42), (0.16, 1.0), (0.88, 1.0))],
            "with a loop": [
                arc(0.5, 0.26, 0.3, 0.26, (-165, 40))
                + letter((0.73, 0.42), (0.34, 0.88))
                + arc(0.27, 0.88, 0.12, 0.09, (0, -300))
                + letter((0.33, 0.95), (0.9, 0.98))
            ],
            "like a swan": [
                arc(0.48, 0.24, 0.28, 0.24, (-190, 20)) + letter((0.74, 0.33), (0.5, 0.66), (0.15, 0.97), (0.85, 0.93))
            ],
        },
        "3": {
            "two bows": [arc(0.45, 0.26, 0.3, 0.26, (-150, 90)) + arc(0.45, 0.75, 0.34, 0.25, (-90, 150))],
            "flat top": [letter((0.18, 0.0), (0.78, 0.0), (0.44, 0.4)) + arc(0.44, 0.7, 0.34, 0.3, (-90, 145))],
            "with a knot": [
                arc(0.46, 0.24, 0.28, 0.23, (-160, 75))
                + letter((0.53, 0.46), (0.38, 0.5), (0.5, 0.53))
                + arc(0.46, 0.77, 0.32, 0.24, (-75, 160))
            ],
        },
        "4": {
            "open": [letter((0.24, 0.0), (0.14, 0.56), (0.86, 0.54)), letter((0.66, 0.1), (0.62, 1.0))],
            "closed": [letter((0.62, 1.0), (0.62, 0.0), (0.1, 0.66), (0.92, 0.66))],
            "like a chair": [letter((0.2, 0.02), (0.2, 0.5), (0.76, 0.5)), letter((0.76, 0.0), (0.76, 1.0))],
        },
        "5": {
            "bar last": [
                letter((0.26, 0.0), (0.22, 0.44)) + arc(0.44, 0.7, 0.34, 0.3, (-125, 140)),
                letter((0.26, 0.01), (0.82, 0.0)),
            ],
            "in one": [letter((0.82, 0.0), (0.28, 0.02), (0.24, 0.44)) + arc(0.44, 0.7, 0.34, 0.29, (-120, 150))],
            "like an S": [
                letter((0.78, 0.02), (0.4, 0.02), (0.3, 0.2), (0.28, 0.42)) + arc(0.45, 0.7, 0.3, 0.3, (-110, 130))
            ],
        },
        "6": {
            "bowed": [arc(0.72, 0.62, 0.54, 0.62, (-95, -180)) + arc(0.49, 0.7, 0.31, 0.29, (180, -180))],
            "straight stem": [letter((0.6, 0.0), (0.26, 0.56)) + arc(0.5, 0.72, 0.28, 0.27, (200, -170))],
            "tall": [letter((0.46, 0.0), (0.28, 0.35), (0.24, 0.7)) + arc(0.48, 0.78, 0.25, 0.22, (180, -190))],
        },
        "7": {
            "plain": [letter((0.14, 0.02), (0.84, 0.02), (0.42, 1.0))],
            "crossed": [letter((0.16, 0.03), (0.86, 0.0), (0.44, 1.0)), letter((0.34, 0.5), (0.8, 0.48))],
            "with a hook": [letter((0.16, 0.16), (0.17, 0.02), (0.84, 0.03), (0.58, 0.45), (0.5, 1.0))],
        },
        "8": {
            "in one": [
                arc(0.5, 0.25, 0.25, 0.25, (60, -270)) + arc(0.5, 0.75, 0.31, 0.25, (-90, 235)) + [(0.56, 0.47)]
            ],
            "two rings": [arc(0.5, 0.25, 0.26, 0.25, (-90, 280)), arc(0.5, 0.75, 0.31, 0.25, (-90, 280))],
            "crossing": [
                arc(0.5, 0.24, 0.25, 0.23, (-20, -200))
                + letter((0.27, 0.33), (0.7, 0.6))
                + arc(0.5, 0.76, 0.3, 0.24, (-35, 215))
                + letter((0.26, 0.62), (0.74, 0.2))
            ],
        },
        "9": {
            "straight stem": [arc(0.5, 0.27, 0.28, 0.27, (-10, -360)) + letter((0.78, 0.2), (0.72, 1.0))],
            "bowed": [arc(0.48, 0.28, 0.29, 0.28, (-20, -350)) + arc(0.36, 0.5, 0.42, 0.5, (-35, 70))],
            "slanted": [arc(0.5, 0.26, 0.27, 0.26, (0, -360)) + letter((0.77, 0.26), (0.6, 0.7), (0.46, 1.0))],
        },
    }
)

# What is no digit, and looks like none: a letter that could be read as one (O, I, S, B, Z, q) would prove nothing.
NO_DIGITS: Mapping[str, list[Line]] = MappingProxyType(
    {
        "A": [letter((0.1, 1.0), (0.5, 0.0), (0.9, 1.0)), letter((0.28, 0.62), (0.72, 0.62))],
        "E": [letter((0.85, 0.0), (0.2, 0.0), (0.2, 1.0), (0.85, 1.0)), letter((0.2, 0.5), (0.7, 0.5))],
        "H": [letter((0.15, 0.0), (0.15, 1.0)), letter((0.85, 0.0), (0.85, 1.0)), letter((0.15, 0.5), (0.85, 0.5))],
        "K": [letter((0.2, 0.0), (0.2, 1.0)), letter((0.85, 0.0), (0.2, 0.52), (0.9, 1.0))],
        "M": [letter((0.05, 1.0), (0.15, 0.0), (0.5, 0.6), (0.85, 0.0), (0.95, 1.0))],
        "N": [letter((0.15, 1.0), (0.15, 0.0), (0.85, 1.0), (0.85, 0.0))],
        "R": [letter((0.2, 1.0), (0.2, 0.0)) + arc(0.4, 0.27, 0.36, 0.27, (-90, 90)) + letter((0.4, 0.54), (0.9, 1.0))],
        "W": [letter((0.0, 0.0), (0.25, 1.0), (0.5, 0.35), (0.75, 1.0), (1.0, 0.0))],
        "X": [letter((0.1, 0.0), (0.9, 1.0)), letter((0.9, 0.0), (0.1, 1.0))],
        "a star": [letter((0.2, 1.0), (0.5, 0.0), (0.8, 1.0), (0.05, 0.36), (0.95, 0.36), (0.2, 1.0))],
        "a square": [letter((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0))],
        "a house": [letter((0.1, 1.0), (0.1, 0.4), (0.5, 0.0), (0.9, 0.4), (0.9, 1.0), (0.1, 1.0))],
    }
)


def scribble(rng: np.random.Generator) -> list[Line]:
    """Give a line that goes back and forth without meaning anything."""
    return [[(float(x), float(y)) for x, y in rng.random((40, 2))]]


def drawn(label: str, style: str, lines: list[Line], *, rng: np.random.Generator) -> Drawing:
    """Write a shape as a hand would: any size from a tenth of the pad to nearly all of it, anywhere, any pen."""
    height = float(rng.uniform(0.16, 0.85))
    ratio, slant, turn = rng.uniform(0.55, 0.85), rng.uniform(-0.15, 0.3), math.radians(rng.uniform(-8, 8))
    along = np.array([[ratio, -slant], [0.0, 1.0]])  # x gets narrower and leans with y
    turned = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    shape = [(turned @ along @ (np.array(line).T - 0.5)).T * height for line in lines]  # each (n, 2)
    shape = [line + _trembling(len(line), 0.012 * height, rng) for line in shape]
    low, high = np.vstack(shape).min(axis=0), np.vstack(shape).max(axis=0)
    shift = rng.uniform(0.03 - low, np.maximum(0.97 - high, 0.031 - low))
    strokes = [[(float(x), float(y)) for x, y in line + shift] for line in shape]
    return Drawing(label=label, style=style, strokes=strokes, width=float(rng.uniform(0.05, 0.16) * max(height, 0.3)))


def _trembling(n: int, size: float, rng: np.random.Generator) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    """Give a slow tremble: a walk that is pulled back, (n, 2)."""
    steps = rng.normal(0, size, (n, 2))
    for i in range(1, n):
        steps[i] += 0.8 * steps[i - 1]
    return steps


def drawings(n_each: int, *, rng: np.random.Generator) -> list[Drawing]:
    """Draw every style of every digit `n_each` times."""
    return [
        drawn(label, style, lines, rng=rng)
        for label, styles in STYLES.items()
        for style, lines in styles.items()
        for _ in range(n_each)
    ]


def others(n_each: int, *, rng: np.random.Generator) -> list[Drawing]:
    """Draw every shape that is no digit `n_each` times, and as many scribbles as there are shapes."""
    shapes = [drawn("", name, lines, rng=rng) for name, lines in NO_DIGITS.items() for _ in range(n_each)]
    return shapes + [drawn("", "a scribble", scribble(rng), rng=rng) for _ in shapes]
