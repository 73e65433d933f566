"""Turn a table's rows into samples: texts, or pictures that the rows lead to. Path: **source** -> dataset."""

import hashlib
import os
import posixpath
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from florilegium.source.base import NOTHING, Contents, Files, Harvest, Kind, Known, Sample, Side, Texts
from florilegium.source.hashing import examine
from florilegium.source.layout import Layout, place
from florilegium.source.names import printable
from florilegium.source.rows import Extras, Faults, Rows
from florilegium.types import Progress

NAME_DIGITS = 16  # of the hash: 64 bits, so two of a million texts share a name in one of 10^7 tables
MAX_POOL = 10_000  # different values that are kept once
MAX_SHOWN = 80  # signs of a path in a message
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")  # a scheme or a Windows drive
Take = Callable[[int, list[str], Side | None], None]  # (line, cells, side of the source's own split)


class Gather(Protocol):
    """Take rows in, then give the harvest of all of them."""

    def taker(self, rows: Rows, layout: Layout, faults: Faults) -> Take:
        """Give what takes the rows of this table."""

    def finish(self, *, faults: Sequence[Faults], known: Known, progress: Progress) -> Harvest:
        """Give samples and contents of all rows taken in."""


class _Picker:
    """Pick a sample's values out of the rows of one table. Values that come again are kept once."""

    def __init__(self, rows: Rows, layout: Layout) -> None:
        used = {layout.content, layout.label, layout.group, layout.origin, layout.split, layout.licence}
        self._label = place(rows, layout.label)
        self._group = place(rows, layout.group)
        self._origin = place(rows, layout.origin)
        self._licence = place(rows, layout.licence)
        self._extras = [i for i, name in enumerate(rows.columns) if name not in used]
        self._extra_columns = tuple(rows.columns[i] for i in self._extras)
        self._labels: dict[str, str | None] = {}
        self._values: dict[str, str | None] = {"": None}
        self._metadata: dict[tuple[str, ...], Mapping[str, str]] = {}

    def sample(self, cells: list[str], *, name: str, sha256: str, side: Side | None) -> Sample:
        """Give the sample of one row."""
        return Sample(
            name=name,
            label=None if self._label is None else self._label_of(cells[self._label]),
            sha256=sha256,
            group=None if self._group is None else self._value(cells[self._group]),
            origin=None if self._origin is None else self._value(cells[self._origin]),
            licence=None if self._licence is None else self._value(cells[self._licence]),
            side=side,
            metadata=self._metadata_of(tuple(cells[i] for i in self._extras)) if self._extras else NOTHING,
        )

    def _label_of(self, cell: str) -> str | None:
        if cell not in self._labels:
            _make_room(self._labels)
            self._labels[cell] = label_of_cell(cell)
        return self._labels[cell]

    def _value(self, cell: str) -> str | None:
        if cell not in self._values:
            _make_room(self._values)
            self._values[cell] = cell.strip() or None
        return self._values[cell]

    def _metadata_of(self, cells: tuple[str, ...]) -> Mapping[str, str]:
        if cells not in self._metadata:
            _make_room(self._metadata)
            self._metadata[cells] = Extras(self._extra_columns, cells)
        return self._metadata[cells]


def _make_room(pool: dict[Any, Any]) -> None:
    """Forget what was kept where it is too much: then values hardly come again."""
    if len(pool) >= MAX_POOL:
        pool.clear()


def label_of_cell(cell: str) -> str | None:
    """Give the label a cell holds; an empty one means not labelled. Spaces and case stay: the audit looks at them.

    >>> label_of_cell("Card "), label_of_cell("  ")
    ('Card ', None)
    """
    return unicodedata.normalize("NFC", cell) if cell.strip() else None


class Sentences:
    """Gather texts. A text's name is the beginning of its hash, so that it stays when rows move or are added."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._samples: list[Sample] = []
        self._texts: list[str] = []
        self._times: dict[str, int] = {}  # name -> how often its text came

    def taker(self, rows: Rows, layout: Layout, faults: Faults) -> Take:
        """Give what takes the rows of this table."""
        content = place(rows, layout.content, needed_as="text") or 0
        picker = _Picker(rows, layout)

        def take(line: int, cells: list[str], side: Side | None) -> None:
            text = cells[content]
            if not text.strip():
                faults.add(line, f"column {layout.content!r} is empty; write the text or delete the row")
                return
            sha256 = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
            name = self._name(sha256, side)
            self._samples.append(picker.sample(cells, name=name, sha256=sha256, side=side))
            self._texts.append(text)

        return take

    def _name(self, sha256: str, side: Side | None) -> str:
        first = sha256[:NAME_DIGITS] if side is None else f"{side.value}/{sha256[:NAME_DIGITS]}"
        times = self._times[first] = self._times.get(first, 0) + 1
        return first if times == 1 else f"{first}#{times}"

    def finish(self, *, faults: Sequence[Faults], known: Known, progress: Progress) -> Harvest:
        """Give samples and texts."""
        del faults, known, progress
        self._times.clear()
        contents: Contents = Texts(tuple(self._texts))
        return Harvest(kind=Kind.TEXT, samples=tuple(self._samples), contents=contents)


@dataclass(frozen=True, slots=True)
class _Place:
    path: Path
    sample: Sample  # without its hash, so far
    line: int
    faults: Faults


class Pictures:
    """Gather pictures that lie in the table's folder or below; a path that leads out of it is refused."""

    def __init__(self, root: Path) -> None:
        """Begin with nothing; paths are relative to `root`."""
        self._root = root
        self._places: dict[str, _Place] = {}
        self._n_again = 0

    def taker(self, rows: Rows, layout: Layout, faults: Faults) -> Take:
        """Give what takes the rows of this table."""
        content = place(rows, layout.content, needed_as="path") or 0
        picker = _Picker(rows, layout)

        def take(line: int, cells: list[str], side: Side | None) -> None:
            relative, reason = inside(self._root, cells[content])
            if reason:
                faults.add(line, reason)
                return
            name = printable(relative)
            sample = picker.sample(cells, name=name, sha256="", side=side)
            first = self._places.setdefault(name, _Place(self._root / relative, sample, line, faults))
            if first.line == line and first.faults is faults:
                return
            if first.sample.label == sample.label:
                self._n_again += 1
            else:
                faults.add(
                    line, f"{name} came already in line {first.line:,}, with another label; the first one counts"
                )

        return take

    def finish(self, *, faults: Sequence[Faults], known: Known, progress: Progress) -> Harvest:
        """Look at the files; one that is missing or no picture is a fault of its row."""
        del faults
        names, places = list(self._places), list(self._places.values())
        looked = examine([p.path for p in places], names, known=known, progress=progress)
        good = [i for i, one in enumerate(looked) if one.sha256 is not None]
        for place_, name, one in zip(places, names, looked, strict=True):
            if one.sha256 is None:
                place_.faults.add(place_.line, f"{name[:MAX_SHOWN]}: {one.reason}")
        return Harvest(
            kind=Kind.IMAGE,
            samples=tuple(replace(places[i].sample, sha256=looked[i].sha256 or "") for i in good),
            contents=Files(tuple(places[i].path for i in good)),
            stamps=tuple(looked[i].stamp for i in good),
            notes=(f"{self._n_again:,} rows name a picture that came before; left out.",) if self._n_again else (),
        )


def inside(root: Path, given: str) -> tuple[str, str]:
    r"""Give a path relative to `root`, or the reason why it cannot be used.

    >>> inside(Path("/data"), "a/../b.jpg"), inside(Path("/data"), "../b.jpg")[0]
    (('b.jpg', ''), '')
    """
    path = given.strip()
    if not path:
        return "", "the path is empty; write it or delete the row"
    if "\\" in path and not os.path.exists(root / path):  # noqa: PTH110 - Path.exists raises for a name that is too long
        path = path.replace("\\", "/")
    if path.startswith(f"{root}/"):
        path = path.removeprefix(f"{root}/")
    if _ADDRESS.match(path):
        return (
            "",
            f"{path[:MAX_SHOWN]!r} is an address or a drive; put the picture into the table's folder",
        )
    path = posixpath.normpath(path)
    if path.startswith(("/", "../")) or path in {".", ".."}:
        return "", f"{path[:MAX_SHOWN]!r} leads out of the table's folder; move the picture into it"
    return path, ""
