"""Small pictures and texts of items, by name, for the pages. Path: **project** (shell)."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from florilegium import report
from florilegium.errors import ItemError
from florilegium.evaluation import Predictions
from florilegium.features import decode
from florilegium.features.telling import telling_words
from florilegium.project import kept
from florilegium.project.holdings import Holdings
from florilegium.project.marked_texts import MarkedTexts
from florilegium.report.values import Marks
from florilegium.source.base import Files, Pixels, Texts

if TYPE_CHECKING:
    from florilegium.project.project import Project


def pictures(project: "Project", holdings: Holdings, names: Iterable[str]) -> Mapping[str, bytes]:
    """Give thumbnails by name; those of files are kept in the cache by content."""
    contents = holdings.dataset.contents
    row = {name: i for i, name in enumerate(holdings.dataset.names)}
    rows = [(name, row[name]) for name in names if name in row]
    if isinstance(contents, Texts):
        return {}
    if isinstance(contents, Pixels):
        return {name: report.thumbnail(contents.array[i]) for name, i in rows}
    return _file_thumbnails(project.cache / "thumbnails", holdings, contents, rows)


def _file_thumbnails(
    folder: Path, holdings: Holdings, contents: Files, rows: list[tuple[str, int]]
) -> Mapping[str, bytes]:
    folder.mkdir(parents=True, exist_ok=True)

    def one(entry: tuple[str, int]) -> tuple[str, bytes | None]:
        name, i = entry
        place = folder / holdings.dataset.hashes[i]
        try:
            return name, place.read_bytes()
        except FileNotFoundError:
            pass
        try:
            made = report.thumbnail(decode(contents.paths[i]))
        except (ItemError, OSError):
            return name, None  # gone since it was read; the page names it without a picture
        with kept.replacing(place) as beside:
            beside.write_bytes(made)
        return name, made

    with ThreadPoolExecutor() as pool:
        return {name: made for name, made in pool.map(one, rows) if made is not None}


def marks(project: "Project", holdings: Holdings, shown: Predictions | None) -> Mapping[str, Marks]:
    """Give the words that spoke for each wrong answer to a text, the surest mistakes first; none for pictures.

    At most 600 are taken apart; where words must be left out one by one (a network), at most 24.
    """
    contents = holdings.dataset.contents
    if shown is None or not isinstance(contents, Texts):
        return {}
    string = dict(zip(holdings.dataset.names, contents.strings, strict=True))
    wrong = np.flatnonzero(~shown.right)
    wrong = wrong[np.argsort(-shown.confidence[wrong], kind="stable")]
    asked = MarkedTexts(project)
    rows = [row for row in wrong.tolist() if shown.names[row] in string][: asked.at_most]
    return {shown.names[row]: asked.words(string[shown.names[row]], shown.classes[shown.said[row]]) for row in rows}


def words(holdings: Holdings) -> Mapping[str, tuple[str, ...]]:
    """Give the words that set each class apart in the training texts; none where the items are pictures."""
    rows = np.flatnonzero(holdings.train)
    strings = holdings.texts(rows)
    if strings is None or not len(rows):
        return {}
    labels, y = np.unique([holdings.dataset.samples[i].label or "" for i in rows], return_inverse=True)
    found = telling_words(strings, y.astype(np.int64), k=len(labels))
    return dict(zip(labels.tolist(), found, strict=True))


def texts(holdings: Holdings) -> Mapping[str, str]:
    """Give every text by name; none where the items are pictures."""
    contents = holdings.dataset.contents
    return dict(zip(holdings.dataset.names, contents.strings, strict=True)) if isinstance(contents, Texts) else {}
