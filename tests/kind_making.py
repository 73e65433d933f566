"""A small source of pictures or of texts with the same items in the same classes, for promises that hold for both."""

import csv
import hashlib
import io
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
        for label in COLOURS:
            for i in range(start, start + n):
                self.put(self.fresh(label, rng), label, number=i)

    def fresh(self, label: str | None, rng: np.random.Generator) -> bytes | str:
        """Make the content of a new item that looks like one of a class; None: like none of them."""
        if self.kind is Kind.TEXT:
            return sentence(label, rng)
        coarse = rng.normal(0, 60, (6, 6, 3))
        pixels = np.clip(np.kron(coarse, np.ones((8, 8, 1))) + (COLOURS[label] if label else 120), 0, 255)
        file = io.BytesIO()
        Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
        return file.getvalue()

    def put(self, content: bytes | str, label: str, *, number: int) -> str:
        """Add an item of a class, and give its name; pictures are named by their number."""
        if isinstance(content, str):
            self._append(content, label)
            return name_of(content)
        (self.folder / label).mkdir(parents=True, exist_ok=True)
        (self.folder / label / f"{number:04}.png").write_bytes(content)
        return f"{label}/{number:04}.png"

    def tell(self, column: str, values: Mapping[str, str]) -> None:
        """Say something of each item, by its name: in a table beside the pictures, or in a column of the texts."""
        if self.kind is Kind.IMAGE:
            lines = [f"file_name,{column}", *(f"{name},{value}" for name, value in values.items())]
            (self.folder / "metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
            return
        told = [(text, label, values[name_of(text)]) for text, label in self._rows()]
        with self.source.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("text", "label", column), *told])

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


def sentence(label: str | None, rng: np.random.Generator) -> str:
    """Make a text of a class, three of its words among six that tell nothing; None: nine that tell nothing."""
    own = rng.choice(WORDS[label], 3, replace=False).tolist() if label else []
    rest = ["".join(rng.choice(SYLLABLES, 3)) for _ in range(9 - len(own))]
    return " ".join(rng.permutation([*own, *rest]).tolist())
