"""Pass scores on as if they were a model's answers. Path: **bias** (what Fairlearn's ThresholdOptimizer asks for)."""

from typing import Self

from sklearn.base import BaseEstimator, ClassifierMixin

from florilegium.types import Floats, Ints


class PassedOn(ClassifierMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn has no types
    """An estimator whose only feature is its answer."""

    def fit(self, x: Floats, y: Ints) -> Self:  # noqa: ARG002 - the interface's parameters
        """Learn nothing; the trailing underscore tells scikit-learn that it is fitted."""
        self.fitted_ = True
        return self

    def predict(self, x: Floats) -> Floats:
        """Give the scores (n,) that came in as x (n, 1)."""
        return x[:, 0]
