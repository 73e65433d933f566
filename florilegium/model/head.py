"""What all heads share: scikit-learn's estimator interface over plain weights. Path: features -> **model**."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy.special import softmax

from florilegium.model.weights import Features, Weights, scores
from florilegium.types import Floats, Ints, Progress, silent


class Head(ABC):
    """Learns to tell k classes apart from vectors (n, d); what it has learned is `weights_`, and nothing else."""

    name: ClassVar[str]
    classes_: Ints  # (k,) the class numbers seen, sorted
    weights_: Weights

    @abstractmethod
    def fit(self, x: Features, y: Ints) -> Self:
        """Learn from n vectors and their class numbers (n,)."""

    @classmethod
    @abstractmethod
    def search(
        cls,
        x: Features,
        y: Ints,
        folds: Ints,
        *,
        k: int,
        seed: int,
        like: "Head | None" = None,
        progress: Progress = silent,
    ) -> "Searched":
        """Choose the settings by cross-validated accuracy, and fit with them.

        Args: y: class numbers 0..k-1, each at least once.  folds: (n,), negative: never held out.
            seed: of what is drawn.
            like: take the settings of this head (chosen on a sample) instead of choosing.
        """

    def scores(self, x: Features) -> Floats:
        """Give scores (n, k): a softmax makes probabilities of them, and a temperature makes those honest."""
        return scores(self.weights_, x)

    def predict_proba(self, x: Features) -> Floats:
        """Give probabilities (n, k), before calibration."""
        return np.asarray(softmax(self.scores(x), axis=1))

    def predict(self, x: Features) -> Ints:
        """Give the class number with the highest score per row; (n,)."""
        found: Ints = self.classes_[self.scores(x).argmax(axis=1)]
        return found


def asked(folds: Ints) -> list[int]:
    """Give the numbers of the folds that are held out in turn; items of a negative fold are always learned from.

    A fold that is all there is leaves nothing to learn from, and is not held out.

    >>> asked(np.array([1, 0, -1, 1])), asked(np.array([0, 0]))
    ([0, 1], [])
    """
    numbers: list[int] = np.unique(folds[folds >= 0]).tolist()
    return numbers if len(numbers) > 1 or (len(numbers) == 1 and bool((folds < 0).any())) else []


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Searched:
    """A fitted head, and what its settings got right on items that it had not seen."""

    head: Head  # fitted on all rows
    scores: Floats  # (n, k) out of fold
    settings: str  # what was chosen, in words
    n_settings: int  # how many were compared: the more, the more flattering the best one's score
