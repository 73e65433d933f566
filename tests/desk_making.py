"""A project of colours with some wrong labels, trained, so that a desk has something to clean, label and play."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from fastapi.testclient import TestClient
from PIL import Image

import florilegium
from florilegium.project import Project
from florilegium.project.desk import Card, Desk, DeskWish
from florilegium.serve.desk import create_desk
from florilegium.source.base import NO_LABELS
from florilegium.store import Said

COLOURS = {"blue": (50, 60, 210), "green": (40, 180, 60), "red": (200, 40, 40)}
N_EACH, N_WRONG = 40, 6
BEGAN = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def painted(rng: np.random.Generator, colour: str) -> Image.Image:
    """Paint a noisy picture of a colour; no two are near copies."""
    coarse = rng.normal(0, 60, (6, 6, 3))
    pixels = np.clip(np.kron(coarse, np.ones((8, 8, 1))) + COLOURS[colour], 0, 255)
    return Image.fromarray(pixels.astype(np.uint8))


def paint_wrongly(folder: Path, *, seed: int = 3) -> dict[str, str]:
    """Paint class folders in which the first pictures of each class are of another colour; give name -> true colour."""
    rng = np.random.default_rng(seed)
    truth = {}
    for label in COLOURS:
        (folder / label).mkdir(parents=True, exist_ok=True)
        for i in range(N_EACH):
            others = [colour for colour in COLOURS if colour != label]
            colour = others[i % 2] if i < N_WRONG // len(COLOURS) else label
            painted(rng, colour).save(folder / label / f"{i:03}.png")
            truth[f"{label}/{i:03}.png"] = colour
    return truth


def paint_unlabelled(folder: Path, *, n: int, seed: int = 4) -> dict[str, str]:
    """Paint n pictures into one folder; give name -> colour."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    names = {f"{i:03}.png": list(COLOURS)[i % len(COLOURS)] for i in range(n)}
    for name, colour in names.items():
        painted(rng, colour).save(folder / name)
    return names


def trained_project(folder: Path) -> dict[str, str]:
    """Make and train a project of wrongly labelled pictures in `folder`/project; give name -> true colour."""
    truth = paint_wrongly(folder / "photos")
    with florilegium.new(folder / "project", folder / "photos", encoder="pixels") as project:
        project.audit()
        project.train()
    return truth


def unlabelled_project(folder: Path, *, n: int = 90) -> dict[str, str]:
    """Make a project of pictures without labels in `folder`/project; give name -> colour."""
    truth = paint_unlabelled(folder / "photos", n=n)
    florilegium.new(folder / "project", folder / "photos", encoder="pixels", labels=NO_LABELS).store.close()
    return truth


class Ticking:
    """A clock that goes on a second each time it is asked."""

    def __init__(self) -> None:
        """Begin at noon."""
        self.now = BEGAN

    def __call__(self) -> datetime:
        """Give the next second."""
        self.now += timedelta(seconds=1)
        return self.now


@contextmanager
def desk_at(made: Path, at: Path, **wish: float | str) -> Iterator[Desk]:
    """Sit down at a copy of a made project, so that the original stays as it is."""
    if not at.exists():
        shutil.copytree(made, at)
    with Project(at, clock=Ticking()) as project:
        desk = project.label(DeskWish(**wish))  # type: ignore[arg-type]  # fields by name
        try:
            yield desk
        finally:
            desk.close()


def answer(desk: Desk, card: Card, truth: str, *, who: str = "ann") -> None:
    """Answer a card as somebody who sees the true colour does."""
    desk.judge(card.ticket, Said.LABEL, truth, who=who, seconds=2.0, new_class=True)


def browser_of(desk: Desk) -> TestClient:
    """Give a client that speaks to a desk's pages as a browser of this machine does."""
    return TestClient(create_desk(desk), base_url="http://127.0.0.1:8000")
