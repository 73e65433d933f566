"""A trained project in which some pictures still wait for a label, so that everything can be written to it."""

from pathlib import Path

from florilegium.project import Project
from tests.desk_making import unlabelled_project


def half_labelled(folder: Path, *, n: int) -> None:
    """Make a project in `folder`/project of which 24 pictures are labelled, and train it. n: pictures, more than 24."""
    truth = unlabelled_project(folder, n=n)
    with Project(folder / "project") as project:
        for name, label in sorted(truth.items())[:24]:
            project.relabel(name, label, new_class=True)
        project.train()
