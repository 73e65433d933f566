"""Array aliases and the protocols that stages share. Path: used by every stage; imports only NumPy.

Letters in shapes, everywhere: n items, d numbers per item, k classes, h x w pixels, g groups.
"""

from typing import Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Vectors: TypeAlias = NDArray[np.float32]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
Octets: TypeAlias = NDArray[np.uint8]


class Progress(Protocol):
    """Hear how far a step has come; the shell draws it, the stages only tell."""

    def __call__(self, step: str, done: int, total: int | None, /) -> None:
        """Say that `done` of `total` (None: unknown) units of `step` are finished."""


def silent(step: str, done: int, total: int | None, /) -> None:
    """Hear progress and draw nothing: the default wherever a `Progress` is taken."""


class Classifier(Protocol):
    """What baselines and model heads have in common: scikit-learn's estimator interface.

    `x` is whatever the estimator's features are (n rows); `y` holds class numbers 0..k-1.
    """

    classes_: Ints

    def fit(self, x: Vectors, y: Ints) -> Self:
        """Learn from n rows and their class numbers."""

    def predict_proba(self, x: Vectors) -> Floats:
        """Give one row of k probabilities (0..1, summing to 1) per row of `x`."""

    def predict(self, x: Vectors) -> Ints:
        """Give the class number with the highest probability per row of `x`."""
