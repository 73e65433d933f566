"""The baselines of a project: cross-validated before any model, and asked about the sealed items. Path: **project**."""

from typing import TYPE_CHECKING

import numpy as np

from florilegium import baseline, evaluation
from florilegium.evaluation import Score
from florilegium.project.holdings import Holdings
from florilegium.project.side import TrainingSide, training_side
from florilegium.types import Ints

if TYPE_CHECKING:
    from florilegium.project.project import Project


def views_of(holdings: Holdings, rows: Ints) -> dict[str, baseline.Rows]:
    """Give what the baselines may see of these rows: file facts, and pixels or texts."""
    looks, texts = holdings.survey.looks, holdings.texts(rows)
    views: dict[str, baseline.Rows] = {"facts": looks.facts[rows]}
    if looks.thumbs is not None:
        views["pixels"] = looks.thumbs[rows]
    if texts is not None:
        views["texts"] = np.array(texts, dtype=object)
    return views


def climb(project: "Project", holdings: Holdings, side: TrainingSide) -> tuple[tuple[Score, ...], tuple[str, ...]]:
    """Give the baselines' cross-validated scores, and where only a sample was asked about."""
    climbed = baseline.climb(
        views_of(holdings, side.rows),
        side.y,
        side.folds,
        kind=holdings.dataset.kind,
        k=len(side.classes),
        seed=project.settings.seed,
        progress=project.progress,
    )
    scores = tuple(evaluation.score(each.name, each.right, side.groups[each.rows]) for each in climbed)
    return scores, tuple(each.note for each in climbed if each.note)


def answers_of_baselines(project: "Project", holdings: Holdings, classes: tuple[str, ...]) -> dict[str, Ints]:
    """Fit every baseline on the training side and let it answer the sealed items, as numbers into `classes`."""
    side = training_side(project, holdings)
    place = np.array([classes.index(c) for c in side.classes], dtype=np.int64)
    asked = views_of(holdings, np.flatnonzero(holdings.test))
    project.progress("baselines on the sealed items", 0, None)
    fitted = baseline.fit(views_of(holdings, side.rows), side.y, kind=holdings.dataset.kind, seed=project.settings.seed)
    said: dict[str, Ints] = {}
    for name, (rule, estimator) in fitted.items():
        said[name] = place[estimator.predict(asked[rule.view])]
        project.progress("baselines on the sealed items", len(said), len(fitted))
    return said
