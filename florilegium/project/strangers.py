"""Pictures that belong to no class, to measure what a model does with them. Path: **project** (shell).

Some are made up here, the same for every model; a folder with one sub-folder per kind brings others.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from florilegium.model import inputs
from florilegium.types import Octets

N_MADE_UP = 100  # of each kind: none missed means below 3.7 % (Wilson, 95 %)
SIDE = 256  # px
WORDS = "the of and a to in is it was for on are with as they be at one have this from or had by but some what"
INKS = (("black", "white"), ("white", "black"), ("navy", "white"), ("#222222", "#f4ecd8"), ("#eeeeee", "#112233"))


def made_up(*, seed: int, n: int = N_MADE_UP) -> dict[str, Iterator[Octets]]:
    """Paint pictures of nothing: kind -> n pictures, uint8 (256, 256, 3). Equal seed, equal pictures."""
    painters = {"noise": _noise, "plain colours and gradients": _gradient, "pages of text": _page}
    rngs = np.random.default_rng(seed).spawn(len(painters))
    return {kind: _several(painter, rng, n) for (kind, painter), rng in zip(painters.items(), rngs, strict=True)}


def _several(painter: Callable[[np.random.Generator], Octets], rng: np.random.Generator, n: int) -> Iterator[Octets]:
    for _ in range(n):
        yield painter(rng)


def in_folder(folder: Path) -> Mapping[str, list[Path]]:
    """Give the pictures of each sub-folder, sorted, under its name; a kind without pictures is left out."""
    kinds = {child.name: child for child in sorted(folder.iterdir()) if child.is_dir()}
    found = {
        name: [entry.content for entry in inputs.pictures([child]) if isinstance(entry.content, Path)]
        for name, child in kinds.items()
    }
    return {name: paths for name, paths in found.items() if paths}


def _noise(rng: np.random.Generator) -> Octets:
    """Draw random colours in squares of 1 to 32 px, or blurred."""
    n = int(rng.choice([4, 8, 16, 64, 256]))
    colours = Image.fromarray(rng.integers(0, 256, (n, n, 3), dtype=np.uint8))
    way = Image.Resampling.NEAREST if rng.integers(2) else Image.Resampling.BICUBIC
    return np.asarray(colours.resize((SIDE, SIDE), way))


def _gradient(rng: np.random.Generator) -> Octets:
    """Fill with one colour, or go from one to another, along any side."""
    start, end = rng.integers(0, 256, (2, 3))
    end = start if rng.integers(2) else end
    steps = np.linspace(0, 1, SIDE)[:, None, None]
    picture = (start * (1 - steps) + end * steps) * np.ones((SIDE, SIDE, 1))
    return np.ascontiguousarray(np.rot90(picture, int(rng.integers(4))).astype(np.uint8))


def _page(rng: np.random.Generator) -> Octets:
    """Set words in lines, in five pairs of ink and paper and four sizes of letters."""
    ink, paper = INKS[int(rng.integers(len(INKS)))]
    size = int(rng.choice([9, 12, 18, 32]))
    image, font = Image.new("RGB", (SIDE, SIDE), paper), ImageFont.load_default(size)
    pen = ImageDraw.Draw(image)
    for top in range(8, SIDE, round(size * 1.4)):
        pen.text((8, top), " ".join(rng.permutation(WORDS.split())), fill=ink, font=font)
    return np.asarray(image)
