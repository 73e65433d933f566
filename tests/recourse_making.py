"""A small trained project of colours, and the way of a case through it, for the tests of recourse."""

import dataclasses
import io
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

import florilegium
from florilegium import settings as settings_file
from florilegium.appeals import Consent, Ruling
from florilegium.model import predict, predict_bytes
from florilegium.project import Project
from florilegium.project.recourse import Recourse
from florilegium.store import CaseFile, Prediction
from tests.desk_making import COLOURS, painted

BEGAN = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
REASON = "it is plainly something else"


class Moving:
    """A clock that goes on a second each time it is asked, and further when told."""

    def __init__(self) -> None:
        """Begin at noon."""
        self.now = BEGAN

    def __call__(self) -> datetime:
        """Give the next second."""
        self.now += timedelta(seconds=1)
        return self.now

    def later(self, **gap: float) -> None:
        """Let time pass."""
        self.now += timedelta(**gap)


def paint(folder: Path, *, n_each: int = 12, seed: int = 3) -> None:
    """Paint class folders of colours."""
    rng = np.random.default_rng(seed)
    for label in COLOURS:
        (folder / label).mkdir(parents=True)
        for i in range(n_each):
            painted(rng, label).save(folder / label / f"{i:03}.png")


def make_project(folder: Path) -> Path:
    """Make and train a project of colours in `folder`/project."""
    paint(folder / "photos")
    with florilegium.new(folder / "project", folder / "photos", encoder="pixels") as project:
        project.train()
    return folder / "project"


def picture(colour: str, *, seed: int = 99) -> bytes:
    """Give the bytes of a new picture of a colour."""
    file = io.BytesIO()
    painted(np.random.default_rng(seed), colour).save(file, "PNG")
    return file.getvalue()


@contextmanager
def recourse_at(made: Path, at: Path, **changed: Any) -> Iterator[Recourse]:
    """Open a copy of a made project with other settings, by a clock that tests move."""
    if not at.exists():
        shutil.copytree(made, at)
    settings = settings_file.read(at)
    chosen: dict[str, Any] = {"audit_share": 0.0, "second_review_share": 0.0, **changed}
    settings_file.write(dataclasses.replace(settings, **chosen), at)
    with Project(at, clock=Moving()) as project:
        yield project.recourse()


def key() -> str:
    """Give a key as a browser makes it."""
    return uuid.uuid4().hex


def ask(recourse: Recourse, content: bytes | str, **more: object) -> tuple[Prediction, str]:
    """Let the model answer a picture or a text and record that."""
    if isinstance(content, str):
        (said,) = predict(recourse.model, [content])
    else:
        said = predict_bytes(recourse.model, content, name="photo.png", facts=True)
    return recourse.answered(content, said, **more)  # type: ignore[arg-type]  # fields by name


def contest(
    recourse: Recourse, content: bytes | str, *, consent: Consent = Consent.LEARN, **more: object
) -> tuple[CaseFile, str]:
    """Let the model answer a picture or a text, and contest that."""
    _, ticket = ask(recourse, content)
    given = {"reason": "this is wrong", "key": key(), "content": content, **more}
    return recourse.appeal(ticket, consent=consent, **given)  # type: ignore[arg-type]  # fields by name


def review(recourse: Recourse, case: int, label: str | None, *, who: str = "ann", role: str = "reviewer") -> CaseFile:
    """Take a case, judge it blind and decide: upheld where the label is not the model's answer."""
    recourse.take(case, who, role)
    recourse.judge_blind(case, who, label, key=key(), seconds=12.0)
    opened = recourse.open_file(case, who)
    ruling = Ruling.REJECTED if label == opened.answer else Ruling.UPHELD
    return recourse.decide(case, who, ruling, label, reason=REASON, key=key(), seconds=20.0)
