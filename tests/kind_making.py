"""A small source of pictures or of texts with the same items in the same classes, for promises that hold for both."""

import csv
import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from florilegium.project import Project
from florilegium.source.base import Kind, Side

COLOURS = {"red": (200, 40, 40), "green": (40, 180, 60), "blue": (50, 60, 210)}
WORDS: Mapping[str, list[str]] = {
    "red": ["card", "plastic", "chip", "envelope", "letterbox", "post", "delivery", "postman", "courier", "parcel"],
    "green": ["money", "transfer", "sent", "account", "bank", "balance", "pending", "euro", "payment", "deposit"],
    "blue": ["password", "login", "secret", "phone", "code", "unlock", "forgot", "screen", "sign", "fingerprint"],
}
SYLLABLES = [a + b for a in "bdfgklmnprst" for b in "aeiou"]


@dataclass(frozen=True, slots=True)
class Made:
    """Items in a folder of pictures or in one table, that may grow, be copied and be labelled anew."""

    kind: Kind
    folder: Path

    @property
    def source(self) -> Path:
        """Give what `florilegium new` is told."""
        return self.folder if self.kind is Kind.IMAGE else self.folder / "texts.csv"

    def add(self, *, n: int, seed: int, start: int = 0) -> None:
        """Add n items of each class, no two of them near copies; pictures are numbered from `start` on."""
        rng = np.random.default_rng(seed)
        for label, colour in COLOURS.items():
            for i in range(start, start + n):
                if self.kind is Kind.IMAGE:
                    coarse = rng.normal(0, 60, (6, 6, 3))
                    pixels = np.clip(np.kron(coarse, np.ones((8, 8, 1))) + colour, 0, 255)
                    (self.folder / label).mkdir(parents=True, exist_ok=True)
                    Image.fromarray(pixels.astype(np.uint8)).save(self.folder / label / f"{i:04}.png")
                else:
                    self._append(sentence(label, rng), label)

    def copy(self, name: str) -> str:
        """Add a copy that is written otherwise, in another format or in capitals, and give its name."""
        if self.kind is Kind.IMAGE:
            with Image.open(self.folder / name) as image:
                image.save(self.folder / f"{name}.bmp")
            return f"{name}.bmp"
        text, label = self._row(name)
        self._append(f"{text.upper()}!", label)
        return name_of(f"{text.upper()}!")

    def move(self, name: str, label: str) -> str:
        """Say that an item is of another class, and give the name that it has from then on."""
        if self.kind is Kind.IMAGE:
            (self.folder / name).rename(self.folder / label / "moved.png")
            return f"{label}/moved.png"
        rows = [(text, label if name_of(text) == name else given) for text, given in self._rows()]
        self.source.unlink()
        for row in rows:
            self._append(*row)
        return name

    def content(self, name: str) -> bytes | str:
        """Give what an item holds: the bytes of a file, or the text."""
        return (self.folder / name).read_bytes() if self.kind is Kind.IMAGE else self._row(name)[0]

    def copied_to(self, folder: Path) -> "Made":
        """Give a copy that may be changed."""
        return Made(self.kind, Path(shutil.copytree(self.folder, folder)))

    def _row(self, name: str) -> tuple[str, str]:
        return next(row for row in self._rows() if name_of(row[0]) == name)

    def _rows(self) -> list[tuple[str, str]]:
        with self.source.open(encoding="utf-8", newline="") as file:
            return [(row["text"], row["label"]) for row in csv.DictReader(file)]

    def _append(self, text: str, label: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        is_new = not self.source.exists()
        with self.source.open("a", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("text", "label"), (text, label)] if is_new else [(text, label)])


def name_of(text: str) -> str:
    """Give the name of a text in a project: how its hash begins."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def sides_by_name(project: Project) -> dict[str, Side]:
    """Give the side of each item ever placed."""
    return {name: side for name, (_, side) in project.store.sides().items()}


def sentence(label: str, rng: np.random.Generator) -> str:
    """Make a text of a class: three of its words among six that tell nothing."""
    own = rng.choice(WORDS[label], 3, replace=False).tolist()
    rest = ["".join(rng.choice(SYLLABLES, 3)) for _ in range(6)]
    return " ".join(rng.permutation([*own, *rest]).tolist())
