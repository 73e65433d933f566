"""The training side: everything that may be looked at before the verdict. Path: **project** (shell)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from florilegium import split
from florilegium.errors import StepMissing
from florilegium.project.holdings import Holdings
from florilegium.types import Ints

if TYPE_CHECKING:
    from florilegium.project.project import Project


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingSide:
    """The labelled items to learn from, their classes, groups and folds."""

    rows: Ints  # (n,) rows of the holdings
    names: tuple[str, ...]
    classes: tuple[str, ...]
    y: Ints  # (n,) numbers into classes
    groups: Ints  # (n,) near-duplicates and the user's groups
    near: Ints  # (n,) near-duplicates alone
    folds: Ints  # (n,)


def training_side(project: "Project", holdings: Holdings) -> TrainingSide:
    """Gather the training side and deal it into folds.

    Raises: StepMissing: fewer than two classes or groups, or each label occurs once.
    """
    rows = np.flatnonzero(holdings.train)
    labels = [holdings.dataset.samples[i].label or "" for i in rows]
    classes = tuple(sorted(set(labels)))
    groups = holdings.groups[rows]
    n_groups = len(np.unique(groups))
    if len(classes) < 2 or n_groups < 2:
        raise StepMissing(
            f"{project.folder}: {len(classes)} class(es) in {n_groups} group(s) to learn from; two of each are "
            f"needed at least. Add labelled items and run: florilegium new {project.folder} SOURCE"
        )
    if len(classes) == len(labels):
        raise StepMissing(
            f"{project.folder}: each of the {len(classes):,} labels occurs once, so nothing can be held out. "
            "Is this the label column? Name it with --label, or give each class several items."
        )
    number = {label: i for i, label in enumerate(classes)}
    names = tuple(holdings.dataset.names[i] for i in rows)
    y = np.array([number[label] for label in labels], dtype=np.int64)
    n_folds = min(split.N_FOLDS, n_groups)
    return TrainingSide(
        rows=rows,
        names=names,
        classes=classes,
        y=y,
        groups=groups,
        near=holdings.near[rows],
        folds=split.folds(names, y, groups, n_folds=n_folds, seed=project.settings.seed),
    )
