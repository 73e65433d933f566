"""A project with a record of its own, without the minutes of training; and a journal about it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import florilegium
from florilegium.dataset import LabelEvent
from florilegium.evaluation import verdict_dict
from florilegium.project import Project
from florilegium.project.chapters import NewChapter, new_chapter
from tests.test_verdict_record import one

IDENTITY = UUID("00000000-0000-4000-8000-000000000001")
MORNING = datetime(2026, 11, 28, 8, 30, tzinfo=UTC)
ROSES, TULIPS = "my rose has thorns", "the tulip is yellow"


def table(folder: Path) -> Path:
    """Write a table of twelve short texts in two classes."""
    rows = [f"{text} {i},{label}" for i in range(6) for text, label in ((ROSES, "rose"), (TULIPS, "tulip"))]
    path = folder / "queries.csv"
    path.write_text("text,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def project_at(folder: Path) -> Project:
    """Make a project of that table, whose clock stands in the morning."""
    folder.mkdir(parents=True, exist_ok=True)
    project = florilegium.new(folder / "garden", table(folder))
    project.clock = lambda: MORNING
    return project


def score(n_right: int, n: int, name: str = "model") -> dict[str, Any]:
    """Give a score as a record holds it, five points to both sides."""
    share = n_right / n
    return {
        "name": name,
        "n_right": n_right,
        "n": n,
        "low": max(share - 0.05, 0.0),
        "high": min(share + 0.05, 1.0),
        "level": 0.95,
    }


def train(project: Project, n_right: int, *, at: datetime) -> str:
    """Record a trained model that got so many of 400 right, beside two rules."""
    number = len(project.store.models()) + 1
    card = {
        "head": "linear",
        "encoder": "tfidf-12ab",
        "cross_validated": score(n_right, 400),
        "baselines": [score(120, 400, "majority"), score(303, 400, "keywords *and* [more]")],
        "seconds": 41.7,
    }
    project.store.add_model(f"{number:064}", card, now=at)
    project.store.record_run("train", seconds=43.2, details={"model": f"{number:064}"}, now=at)
    return f"{number:064}"


def judge(project: Project, model_id: str, *, at: datetime) -> None:
    """Record an opening of the seal whose verdict is the small one of test_verdict_record."""
    opening = project.store.open_seal(model_id, alpha_of=lambda _: 0.03, now=at)
    project.store.record_verdict(opening.k, verdict_dict(one()))
    project.store.record_run("verdict", seconds=2.0, details={"outcome": "not shown"}, now=at)


def label(project: Project, n: int, *, who: str, at: datetime, label: str = "tulip") -> None:
    """Let somebody say of the first items what they are."""
    names = [sample.name for sample in project.store.samples()[0]][:n]
    events = [
        LabelEvent(name=name, label=label, who=who, at=at, why="seen", suggested=i % 2 == 0)
        for i, name in enumerate(names)
    ]
    project.store.label(events)


def a_week(project: Project) -> None:
    """Record a week of work: a model, labels, a better model, its verdict, an audit and a test of bias."""
    train(project, 320, at=MORNING)
    label(project, 7, who="Ada Lovelace", at=MORNING + timedelta(hours=1))
    model_id = train(project, 344, at=MORNING + timedelta(days=1))
    judge(project, model_id, at=MORNING + timedelta(days=1, hours=1))
    found = {"n_findings": 13, "checks": ["labels", "outliers", "shortcuts"]}
    project.store.record_run("audit", seconds=0.4, details=found, now=MORNING + timedelta(days=1, hours=2))
    project.store.record_run("bias", seconds=3.0, details={"n": 240, "n_found": 2}, now=MORNING + timedelta(days=2))


def chapter_at(folder: Path, project: Project | None, *, now: datetime, **choices: Any) -> NewChapter:
    """Open a chapter about one project, or about those that the journal names."""
    projects: Mapping[str, Path] = {} if project is None else {"garden": project.folder}
    return new_chapter(folder, projects, now=now, identity=IDENTITY, **choices)


def write_chapter(folder: Path, name: str, body: str, *, front: str = "") -> Path:
    """Write a chapter by hand."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.md"
    path.write_text(f"---\ndate: {name[:10]}\n{front}---\n\n{body}\n", encoding="utf-8")
    return path
