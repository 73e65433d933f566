"""The package as a user writes it: mypy reads this, nothing runs it. An untyped or renamed name fails the lint."""

from pathlib import Path

import florilegium
from florilegium import Project
from florilegium.errors import FlorilegiumError, InputError, StateError


def whole_way(photos: Path) -> str:
    """Go from a folder to a verdict and a report."""
    project: Project = florilegium.new("flowers", photos, seed=1, share_test=0.25)
    n_doubtful: int = len(project.audit().findings)
    trained: Path = project.train().path
    verdict = project.verdict()
    low: float = verdict.difference.low
    sentence: str = verdict.sentence
    report: Path = project.report().path
    return f"{sentence} {low:+.3f} {n_doubtful} {trained} {report} {florilegium.__version__}"


def go_on(folder: str) -> int:
    """Open a project again and tell the three kinds of trouble apart."""
    try:
        with florilegium.load(folder) as project:
            project.relabel("rose/1.jpg", "peony", why="no thorns")
    except InputError as error:
        return error.exit_code
    except StateError as error:
        return error.exit_code
    except FlorilegiumError:
        return 1
    return 0


def draw(step: str, done: int, total: int | None, /) -> None:
    """Hear progress as any callable of this shape may."""
    del step, done, total


with_progress: Project = florilegium.load(".", progress=draw)
