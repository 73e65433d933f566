"""Draw up a card, and the pictures on it. Path: **project** (shell).

A picture goes out decoded and encoded anew, never as the bytes that lie on the disk: those may be anything.
"""

import io
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from florilegium.errors import ItemError
from florilegium.features.decode import decode
from florilegium.features.stream import as_rgb
from florilegium.project.desk.card import AGAIN, CHOSEN, RANDOM, RANKED, TEACHING, TWICE, Card, Task
from florilegium.project.holdings import Holdings
from florilegium.project.space import space_of
from florilegium.source.base import Files, Pixels, Texts
from florilegium.types import Bools, Octets, Vectors

if TYPE_CHECKING:
    from florilegium.project.project import Project

SIDES = {"large": 720, "small": 144}  # px of the longer side
QUALITY = 88
PIXELATED_SIDE = 64  # px: smaller pictures are sent without loss, for the browser to enlarge in squares
N_KEPT = 600  # pictures in memory: some 40 MB
N_LIKE = 4  # similar items beside the one that is judged
N_AXES = 64
MOST_CHARS = 20_000  # of a text on the page
WHYS = {
    RANKED: "its label looks the most doubtful of those left",
    RANDOM: "drawn at random from all that is left",
    CHOSEN: "it is among those that you chose",
    TEACHING: "its label teaches the most now",
    TWICE: "a second person labels it too: this measures how far people agree",
    AGAIN: "it has a label already, which is hidden: this measures how far people agree",
}


class Drawer:
    """Cards and pictures of one project."""

    def __init__(self, project: "Project", holdings: Holdings) -> None:
        """Remember whose they are."""
        self._holdings = holdings
        self._seed = project.settings.seed
        self._points: Vectors | None = None
        self._kept = lru_cache(maxsize=N_KEPT)(self._picture)

    def card(
        self,
        row: int,
        task: Task,
        stream: str,
        *,
        ticket: str,
        label: str | None,
        said: tuple[str, float] | None,
        hidden: bool,
        suspicion: float | None,
        labels: Sequence[str | None] | None,
        opinions: Mapping[str, str | None],
        why: str | None = None,
        sealed: Bools | None = None,
    ) -> Card:
        """Draw up a card.

        Args: labels: all present ones, to find similar items by; None: no similar ones are wanted.  sealed: (n,) items
            that are not shown beside others.
        """
        sample, contents = self._holdings.dataset.samples[row], self._holdings.dataset.contents
        suggestion, share = said if said is not None else (None, None)
        return Card(
            row=row,
            name=sample.name,
            task=task,
            stream=stream,
            ticket=ticket,
            label=label,
            suggestion=suggestion,
            share=share,
            hidden=hidden,
            suspicion=suspicion,
            why=why or ("two people differ about it" if task is Task.THIRD else WHYS[stream]),
            text=contents.strings[row][:MOST_CHARS] if isinstance(contents, Texts) else None,
            known_as=None if label is None and _tells(sample.name) else sample.name,
            like_label=self._like(row, label, labels, sealed),
            like_suggestion=self._like(row, suggestion, labels, sealed) if suggestion != label else (),
            said=tuple(sorted("not in the set" if one is None else one for one in set(opinions.values()))),
            facts=tuple(
                (what, value) for what, value in (("from", sample.origin), ("licence", sample.licence)) if value
            ),
        )

    def text(self, row: int) -> str:
        """Give the beginning of a text item, for a list of similar ones."""
        contents = self._holdings.dataset.contents
        return contents.strings[row][:160] if isinstance(contents, Texts) else ""

    def _like(
        self, row: int, label: str | None, labels: Sequence[str | None] | None, sealed: Bools | None
    ) -> tuple[int, ...]:
        """Give the rows with a label that are most like one, near copies of it and sealed ones left out."""
        if label is None or labels is None:
            return ()
        shut = np.zeros(len(labels), dtype=np.bool_) if sealed is None else sealed
        near = self._holdings.near
        can = np.array(
            [i for i, each in enumerate(labels) if each == label and near[i] != near[row] and not shut[i]],
            dtype=np.int64,
        )
        if not len(can):
            return ()
        points = self.points
        likeness = points[can] @ points[row]
        return tuple(can[np.argsort(-likeness, kind="stable")[:N_LIKE]].tolist())

    @property
    def points(self) -> Vectors:
        """Points of length 1, whose products are likenesses; (n, p)."""
        if self._points is None:
            everything = np.arange(len(self._holdings.dataset), dtype=np.int64)
            found = space_of(self._holdings, everything, seed=self._seed, n_axes=N_AXES).points
            lengths = np.maximum(np.linalg.norm(found, axis=1, keepdims=True), np.float32(1e-12))
            self._points = np.asarray(found / lengths, dtype=np.float32)
        return self._points

    def picture(self, row: int, size: str) -> tuple[bytes, str] | None:
        """Give a picture's bytes and media type; None: its file is gone or cannot be read any more."""
        try:
            return self._kept(row, size)
        except (ItemError, OSError):  # it may come back, so this is not remembered
            return None

    def _picture(self, row: int, size: str) -> tuple[bytes, str] | None:
        contents = self._holdings.dataset.contents
        pixels: Octets
        if isinstance(contents, Pixels):
            pixels = as_rgb(contents.array[row][None])[0]
        elif isinstance(contents, Files):
            pixels = decode(contents.paths[row], short_side=SIDES[size])
        else:
            return None
        return encoded(pixels, SIDES[size])


def _tells(name: str) -> bool:
    """Tell whether a name may hold a label: a path does, by its folders.

    >>> _tells("rose/1.jpg"), _tells("0123456789abcdef")
    (True, False)
    """
    return "/" in name


def encoded(pixels: Octets, side: int) -> tuple[bytes, str]:
    """Encode pixels (h, w, 3) as a PNG where they are few, else as a JPEG of at most `side` px."""
    image, file = Image.fromarray(pixels), io.BytesIO()
    if max(image.size) <= PIXELATED_SIDE:
        image.save(file, "PNG")
        return file.getvalue(), "image/png"
    image.thumbnail((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)
    image.save(file, "JPEG", quality=QUALITY)
    return file.getvalue(), "image/jpeg"
