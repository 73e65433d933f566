"""Which classes are mistaken for which, by which items. Path: model -> **evaluation** -> report.

A confusion that cannot be looked at teaches nothing, so each cell knows its items. Sees predictions, never photos.
"""

from dataclasses import dataclass

import numpy as np

from florilegium.evaluation.intervals import LEVEL, score
from florilegium.evaluation.values import Predictions, Score
from florilegium.types import Bools, Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Confusion:
    """How often each class was taken for each class."""

    classes: tuple[str, ...]  # (k,)
    counts: Ints  # (k, k): row is the true class, column the class that was said
    names: dict[tuple[int, int], tuple[str, ...]]  # (true, said) -> items, surest first; empty cells are left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One item that the model got wrong."""

    name: str
    truth: str  # class names
    said: str
    confidence: float  # 0..1, of the class that was said
    confidence_truth: float  # 0..1, of the true class


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScores:
    """How well one class is known; a figure with nothing to count is None."""

    name: str
    n_truth: int  # items of this class
    n_said: int  # items that the model put into this class
    recall: Score | None  # of the items of this class, the share that was found
    precision: Score | None  # of the items put into this class, the share that belongs there
    f1: float | None  # 0..1, harmonic mean of both
    f1_low: float | None
    f1_high: float | None


def confusion(predictions: Predictions) -> Confusion:
    """Count each pair of true and said class, and keep the items behind each count."""
    k = len(predictions.classes)
    cell = predictions.truth * k + predictions.said  # (n,)
    order = np.lexsort((-predictions.confidence, cell))
    numbers, starts = np.unique(cell[order], return_index=True)
    rows = np.split(order, starts[1:])
    return Confusion(
        classes=predictions.classes,
        counts=np.bincount(cell, minlength=k * k).reshape(k, k).astype(np.int64),
        names={
            (int(number) // k, int(number) % k): tuple(predictions.names[row] for row in members.tolist())
            for number, members in zip(numbers.tolist(), rows, strict=True)
        },
    )


def confident_mistakes(predictions: Predictions, *, most: int = 24) -> tuple[Mistake, ...]:
    """Give the mistakes that the model was surest of, surest first: wrong labels are often among them."""
    wrong = np.flatnonzero(~predictions.right)
    order = wrong[np.argsort(-predictions.confidence[wrong], kind="stable")][:most]
    said, confidence = predictions.said, predictions.confidence
    return tuple(
        Mistake(
            name=predictions.names[row],
            truth=predictions.classes[predictions.truth[row]],
            said=predictions.classes[said[row]],
            confidence=float(confidence[row]),
            confidence_truth=float(predictions.probabilities[row, predictions.truth[row]]),
        )
        for row in order.tolist()
    )


def class_scores(predictions: Predictions, *, level: float = LEVEL) -> tuple[ClassScores, ...]:
    """Give recall, precision and F1 of each class, each with its range.

    F1 = 2 J / (1 + J) for the Jaccard share J = both / (items of the class or put into it). J is a plain share, so
    its range (see `score`) turns into the range of F1.
    Source: Hand, Christen & Kirielle (2021), Machine Learning 110, 451-456 (F* is J).
    """
    said, right = predictions.said, predictions.right
    scores = []
    for number, name in enumerate(predictions.classes):
        of_class, put_there = predictions.truth == number, said == number
        rows = (of_class, put_there, of_class | put_there)
        recall, precision, jaccard = (_share(name, right, predictions.groups, row, level=level) for row in rows)
        f1, low, high = (None,) * 3 if jaccard is None else map(_f1, (jaccard.accuracy, jaccard.low, jaccard.high))
        scores.append(
            ClassScores(
                name=name,
                n_truth=int(of_class.sum()),
                n_said=int(put_there.sum()),
                recall=recall,
                precision=precision,
                f1=f1,
                f1_low=low,
                f1_high=high,
            )
        )
    return tuple(scores)


def _share(name: str, right: Bools, groups: Ints, rows: Bools, *, level: float) -> Score | None:
    return score(name, right[rows], groups[rows], level=level) if rows.any() else None


def _f1(jaccard: float) -> float:
    return 2 * jaccard / (1 + jaccard)
