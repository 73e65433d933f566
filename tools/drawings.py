"""Drawings that are no digit, made here: letters, scribbles, lines, dots, noise, and an empty page.

White ink on black, 28 x 28, centred as MNIST's digits were (LeCun et al. 1998): the longer side of the ink is brought
to 20 px, and its centre of mass to the middle. Chance is a seed's alone.
"""

import string
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from florilegium.types import Floats, Octets

SIDE, INK_SIDE = 28, 20  # px
CANVAS = 140  # px: drawn large, then made small, as a page does it
LIKE_DIGITS = "OoIliSsZzBbgqGDQTtjJyYe"  # that some hand writes as another writes 0, 1, 2, 5, 8, 6, 9 or 7
LETTERS = "".join(letter for letter in string.ascii_letters if letter not in LIKE_DIGITS)


def centred(canvas: Image.Image) -> Octets:
    """Bring a drawing, light on dark, to 28 x 28 by MNIST's rule; an empty one stays empty.

    >>> int(centred(Image.new("L", (140, 140))).sum())
    0
    """
    box = canvas.getbbox()
    if box is None:
        return np.zeros((SIDE, SIDE), dtype=np.uint8)
    ink = canvas.crop(box)
    share = INK_SIDE / max(ink.size)
    small = ink.resize((max(1, round(ink.width * share)), max(1, round(ink.height * share))), Image.Resampling.BOX)
    mass = np.asarray(small, dtype=np.float64)
    rows, columns = np.mgrid[: mass.shape[0], : mass.shape[1]] + 0.5
    page = Image.new("L", (SIDE, SIDE))
    page.paste(small, (round(SIDE / 2 - _mean(columns, mass)), round(SIDE / 2 - _mean(rows, mass))))
    return np.asarray(page)


def _mean(places: Floats, mass: Floats) -> float:
    return float((places * mass).sum() / mass.sum())


def letter(rng: np.random.Generator) -> Octets:
    """Print a letter that no hand writes like a digit, in a thin or bold stroke, turned by up to 15 degrees."""
    image = Image.new("L", (CANVAS, CANVAS))
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(int(rng.integers(70, 100)))
    sign, bold = str(rng.choice(list(LETTERS))), int(rng.integers(0, 5))
    pen.text((CANVAS / 2, CANVAS / 2), sign, fill=255, font=font, anchor="mm", stroke_width=bold)
    return centred(image.rotate(float(rng.uniform(-15, 15)), Image.Resampling.BILINEAR))


def scribble(rng: np.random.Generator) -> Octets:
    """Draw one line back and forth through 8 to 20 random places."""
    places = rng.uniform(15, CANVAS - 15, (int(rng.integers(8, 21)), 2))
    return centred(_stroke([places], width=int(rng.integers(6, 15))))


def lines(rng: np.random.Generator) -> Octets:
    """Draw two to four straight lines side by side, at any slant but upright: a fence, a ladder, an equals sign."""
    turn = rng.uniform(np.deg2rad(25), np.deg2rad(155))  # from upright: one upright line is a 1
    along, across = np.array([np.sin(turn), np.cos(turn)]), np.array([np.cos(turn), -np.sin(turn)])
    gaps = np.linspace(-40, 40, int(rng.integers(2, 5)))
    strokes = [CANVAS / 2 + gap * across + np.outer([-50, 50], along) for gap in gaps]
    return centred(_stroke(strokes, width=int(rng.integers(6, 15))))


def dots(rng: np.random.Generator) -> Octets:
    """Draw three to nine dots."""
    image = Image.new("L", (CANVAS, CANVAS))
    pen = ImageDraw.Draw(image)
    for x, y in rng.uniform(15, CANVAS - 15, (int(rng.integers(3, 10)), 2)):
        pen.ellipse((x - 7, y - 7, x + 7, y + 7), fill=255)
    return centred(image)


def noise(rng: np.random.Generator) -> Octets:
    """Draw random gray levels in squares of one to seven pixels."""
    n = int(rng.choice([4, 7, 14, 28]))
    return np.kron(rng.integers(0, 256, (n, n)), np.ones((SIDE // n, SIDE // n))).astype(np.uint8)


def empty(rng: np.random.Generator) -> Octets:
    """Give a page of one gray level: black, white or between."""
    return np.full((SIDE, SIDE), rng.choice([0, 0, 255, int(rng.integers(256))]), dtype=np.uint8)


def _stroke(strokes: list[Floats], *, width: int) -> Image.Image:
    image = Image.new("L", (CANVAS, CANVAS))
    pen = ImageDraw.Draw(image)
    for places in strokes:
        pen.line([(float(x), float(y)) for x, y in places], fill=255, width=width, joint="curve")
    return image


KINDS: dict[str, Callable[[np.random.Generator], Octets]] = {
    "printed letters": letter,
    "scribbles": scribble,
    "lines": lines,
    "dots": dots,
    "noise of 28 px": noise,
    "empty pages": empty,
}


def drawn(*, seed: int, n: int) -> dict[str, Octets]:
    """Draw n pictures of each kind: kind -> uint8 (n, 28, 28). Equal seed, equal pictures."""
    rngs = np.random.default_rng(seed).spawn(len(KINDS))
    return {
        kind: np.stack([draw(rng) for _ in range(n)]) for (kind, draw), rng in zip(KINDS.items(), rngs, strict=True)
    }
