"""Projects with a record of labels in them, for the tests of export and import."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import florilegium
from florilegium.dataset import LabelEvent
from florilegium.project import Project

SOON = datetime(2026, 1, 1, tzinfo=UTC)  # before any test is run
CLASSES = ("rose", "tulip", '=odd, "class"; é|')


def pictures(folder: Path, *, classes: Sequence[str] = CLASSES, n_each: int = 6) -> Path:
    """Write a folder of class folders with small pictures, the same every time."""
    rng = np.random.default_rng(0)
    for number, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for i in range(n_each):
            pixels = rng.integers(0, 255, (40, 40, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{'abcdef'[number]}{i}.png")
    return folder


def queries(path: Path, *, n_each: int = 6) -> Path:
    """Write a table of texts of two classes."""
    rows = [f'"where is my {thing} number {i}, please",{thing}' for thing in ("card", "money") for i in range(n_each)]
    path.write_text("text,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def project_of(source: Path, folder: Path) -> Project:
    """Make a project of a source."""
    return florilegium.new(folder, source)


def said(name: str, label: str | None, *, who: str = "ann", day: int = 1, **facts: object) -> LabelEvent:
    """Give a label event of a person, `day` days after New Year 2026."""
    choices = {"why": "", **facts}
    # Fields by name.
    return LabelEvent(name=name, label=label, who=who, at=SOON + timedelta(days=day), **choices)  # type: ignore[arg-type]


def of_people(project: Project) -> list[LabelEvent]:
    """Give what people said in a project, without the labels that came with its source; repetitions once."""
    events = [event for event in project.store.label_events() if event.who != "import"]
    return list(reversed(dict.fromkeys(reversed(events))))


def labels_of(project: Project) -> dict[str, str | None]:
    """Give the label that counts per item."""
    return {sample.name: sample.label for sample in project.store.samples()[0]}


def written(path: Path, content: str | bytes) -> Path:
    """Write a file and give its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def studio(path: Path, *tasks: Any) -> Path:
    """Write tasks of Label Studio."""
    return written(path, json.dumps(list(tasks)))


def annotation(label: str, **facts: Any) -> dict[str, Any]:
    """Give an annotation as Label Studio exports it."""
    result = {"id": "x1", "from_name": "flower", "to_name": "img", "type": "choices", "value": {"choices": [label]}}
    return {"id": 7, "completed_by": 3, "updated_at": "2026-02-01T10:00:00.5Z", "result": [result], **facts}
