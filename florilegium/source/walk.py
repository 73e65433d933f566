"""Walk a folder of class folders, safely and always in the same order. Path: **source** -> dataset. Opens no file."""

import heapq
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from florilegium.source.base import Fault
from florilegium.source.names import printable
from florilegium.types import Progress

SKIPPED_FOLDERS = {"__macosx", "__pycache__", "$recycle.bin", "system volume information", "@eadir", "lost+found"}
SKIPPED_FILES = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"}
LINKED = "links to a folder that is read anyway"
ODD = "links to nowhere, pipes and devices"
MAX_HIDDEN_NAMED = 5


@dataclass(frozen=True, slots=True)
class Found:
    """A file and where it lies below the root."""

    path: Path
    parts: tuple[str, ...]  # as on disk

    @property
    def name(self) -> str:
        """Give the sample's name: the printable path below the root."""
        return "/".join(printable(part) for part in self.parts)


@dataclass(slots=True)
class Walk:
    """What a walk saw; made by `walk`."""

    root: Path
    files: list[Found] = field(default_factory=list)  # by path
    skipped: Counter[str] = field(default_factory=Counter)  # what was ignored -> how many
    hidden: Counter[str] = field(default_factory=Counter)  # names that tools leave behind -> how many
    faults: list[Fault] = field(default_factory=list)  # folders that could not be opened
    _seen: set[tuple[int, int]] = field(default_factory=set)
    _waiting: list[tuple[bool, tuple[str, ...], Path]] = field(default_factory=list)  # (by a link, parts, folder)

    def run(self, progress: Progress) -> None:
        """Read folder after folder: those that lie here first, then those that are linked."""
        self._waiting.append((False, (), self.root))
        while self._waiting:
            linked, parts, folder = heapq.heappop(self._waiting)
            try:
                self._enter(folder, parts, linked=linked)
            except OSError as error:
                name = "/".join(printable(part) for part in parts) or str(self.root)
                self.faults.append(Fault(name=name, reason=f"the folder cannot be opened ({error.strerror})"))
            progress("files found", len(self.files), None)
        self.files.sort(key=lambda found: found.parts)

    def _enter(self, folder: Path, parts: tuple[str, ...], *, linked: bool) -> None:
        facts = folder.stat()
        holds_root = linked and self.root.resolve().is_relative_to(folder.resolve())
        if holds_root or (facts.st_dev, facts.st_ino) in self._seen:
            self.skipped[LINKED] += 1
            return
        self._seen.add((facts.st_dev, facts.st_ino))
        with os.scandir(folder) as entries:
            for entry in entries:
                self._sort(entry, (*parts, entry.name), linked=linked)

    def _sort(self, entry: os.DirEntry[str], parts: tuple[str, ...], *, linked: bool) -> None:
        if entry.name.startswith(".") or entry.name.casefold() in SKIPPED_FOLDERS | SKIPPED_FILES:
            self.hidden[printable(entry.name)] += 1
            return
        try:
            is_folder, is_file = entry.is_dir(), entry.is_file()
        except OSError:  # a link that leads to itself
            is_folder = is_file = False
        if is_folder:
            heapq.heappush(self._waiting, (linked or entry.is_symlink(), parts, Path(entry.path)))
        elif is_file:
            self.files.append(Found(Path(entry.path), parts))
        else:
            self.skipped[ODD] += 1

    def notes(self) -> list[str]:
        """Say what was ignored."""
        told = [f"Ignored: {count:,} {what}." for what, count in sorted(self.skipped.items())]
        if self.hidden:
            named = ", ".join(sorted(self.hidden)[:MAX_HIDDEN_NAMED])
            more = ", ..." if len(self.hidden) > MAX_HIDDEN_NAMED else ""
            told.append(f"Ignored: {self.hidden.total():,} hidden or system files and folders ({named}{more}).")
        return told


def walk(root: Path, *, progress: Progress) -> Walk:
    """Find all files below `root`.

    Links to folders are followed, but no folder is read twice and none that holds the root: a loop ends, and the
    outcome does not hang on the order in which the disk lists things.
    """
    seen = Walk(root)
    seen.run(progress)
    return seen
