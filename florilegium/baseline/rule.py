"""What all baselines share, and the plainest of them. Path: split -> **baseline** -> model."""

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from florilegium.types import Floats, Ints

Rows = NDArray[Any]  # n rows of a view: pixels uint8 (n, h, w[, 3]), facts float32 (n, f), texts object (n,)


class Rule(ABC):
    """A baseline with scikit-learn's estimator interface: the constructor remembers, `fit` learns."""

    classes_: Ints  # (k,) the class numbers seen, sorted

    @abstractmethod
    def fit(self, x: Rows, y: Ints) -> Self:
        """Learn from n rows and their class numbers (n,)."""

    @abstractmethod
    def predict_proba(self, x: Rows) -> Floats:
        """Give one row of probabilities per row of `x`, in the order of `classes_`; (n, k)."""

    def predict(self, x: Rows) -> Ints:
        """Give the most probable class number per row; of equals the lowest; (n,)."""
        found: Ints = self.classes_[self.predict_proba(x).argmax(axis=1)]
        return found


class Majority(Rule):
    """Always say the commonest class; of equals the lowest.

    >>> Majority().fit(np.zeros((3, 1)), np.array([4, 7, 7])).predict(np.zeros((2, 1)))
    array([7, 7])
    """

    def fit(self, x: Rows, y: Ints) -> Self:
        """Count the classes."""
        del x
        self.classes_, counts = np.unique(y, return_counts=True)
        self.shares_ = counts / counts.sum()  # (k,)
        return self

    def predict_proba(self, x: Rows) -> Floats:
        """Give every row the classes' shares; (n, k)."""
        return np.tile(self.shares_, (len(x), 1))
