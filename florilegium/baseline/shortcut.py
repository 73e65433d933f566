"""The baseline that sees only what a file says of itself. Path: split -> **baseline** -> model.

It is not meant to be good: where it comes near the model, size, format, brightness or name give the answer away.
"""

from typing import Self

import numpy as np

from florilegium.baseline.rule import Rows, Rule
from florilegium.types import Floats, Ints, Vectors

N_TREES = 60
MIN_PER_LEAF = 2  # a leaf with one file would remember that file
LARGEST = 1e30  # trees read float32; what no file can have is brought down to this


class Shortcut(Rule):
    """Random trees on file facts (n, f): trees need no scaling and take facts that are odd."""

    def __init__(self, seed: int = 0) -> None:
        """Remember the seed of the trees."""
        self.seed = seed

    def fit(self, x: Rows, y: Ints) -> Self:
        """Grow the trees."""
        from sklearn.ensemble import ExtraTreesClassifier  # loads a second; only fitting needs it

        self.trees_ = ExtraTreesClassifier(
            N_TREES, min_samples_leaf=MIN_PER_LEAF, max_features=0.5, random_state=self.seed
        )
        self.trees_.fit(_readable(x), y)
        self.classes_ = self.trees_.classes_
        return self

    def predict_proba(self, x: Rows) -> Floats:
        """Give the mean of the trees' shares; (n, k)."""
        if len(x) == 0:
            return np.empty((0, len(self.classes_)))
        return np.asarray(self.trees_.predict_proba(_readable(x)), dtype=np.float64)


def _readable(facts: Rows) -> Vectors:
    clean = np.nan_to_num(np.asarray(facts, dtype=np.float32), nan=-1.0, posinf=LARGEST, neginf=-LARGEST)
    return np.asarray(clean.reshape(len(clean), -1))
