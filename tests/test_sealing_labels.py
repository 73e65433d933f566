"""What a model led to never judges a model: only labels of items drawn at random may be sealed."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

import florilegium
from florilegium.dataset import LabelEvent
from florilegium.project import Project
from florilegium.source.base import Side
from florilegium.store import Judgement, Said

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
N_LABELLED, N_OPEN = 60, 80


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Give a project of texts of two classes; 80 more wait for a label."""
    words = np.random.default_rng(0).permutation([f"{a}{b}" for a in "abcdefghijklmn" for b in "opqrstuvwxyz"]).tolist()
    rows = [f"{words[i]} {words[-i - 1]} text number {i},{'one' if i % 2 else 'two'}" for i in range(N_LABELLED)]
    rows += [f"{words[i]} {words[-i - 1]} text number {i}," for i in range(N_LABELLED, N_LABELLED + N_OPEN)]
    table = tmp_path / "texts.csv"
    table.write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    return florilegium.new(tmp_path / "project", table)


def waiting(project: Project) -> list[str]:
    """Give the names of what has no label yet."""
    return [sample.name for sample in project.store.samples()[0] if sample.label is None]


def give_labels(project: Project, *, stream: str, suggested: bool) -> list[str]:
    """Label all that waits, as the model would have; give the names."""
    names = waiting(project)
    for i, name in enumerate(names):
        label = "one" if i % 2 else "two"
        project.store.judgements.add(
            Judgement(
                click=name, name=name, task="label", verdict=Said.LABEL, label=label, before=None, who="ann",
                at=NOW, suggestion=label, suggested=suggested, stream=stream,
            ),
            why="label",
        )  # fmt: skip
    project._holdings = None
    project.new()
    return names


def n_sealed(project: Project, names: list[str]) -> int:
    """Count those of the names that are in the test set."""
    sides = project.store.sides()
    return sum(sides[name][1] is Side.TEST for name in names)


@pytest.mark.parametrize(
    ("stream", "suggested", "may_be_sealed"),
    [("random", False, True), ("random", True, False), ("teaching", False, False), ("teaching", True, False)],
)
def test_only_blind_random_labels_are_sealed(
    project: Project, *, stream: str, suggested: bool, may_be_sealed: bool
) -> None:
    """A fifth of the labels given blindly to items drawn at random is sealed, and none of the others."""
    names = give_labels(project, stream=stream, suggested=suggested)

    expected = round(0.2 * N_OPEN) if may_be_sealed else 0
    assert abs(n_sealed(project, names) - expected) <= 2


def test_labels_beside_a_suggestion_are_not_sealed_whatever_they_say(project: Project) -> None:
    """Sealing only those that contradict the model would gather its errors; unseen by the model all may be."""
    names = waiting(project)
    seen, unseen = names[:40], names[40:]
    for some, shown in ((seen, True), (unseen, False)):
        project.store.label(
            [
                LabelEvent(name=n, label="one", who="ann", at=NOW, why="file", suggested=shown, suggestion=said)
                for n, said in zip(some, ["one", "two"] * 20, strict=True)
            ]
        )
    project._holdings = None
    project.new()

    assert n_sealed(project, seen) == 0
    assert n_sealed(project, unseen) > 0
