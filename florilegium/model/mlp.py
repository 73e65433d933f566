"""The network head: one hidden layer. Path: features -> **model**.

Slower than the kernel head and seldom better; tried only where it costs seconds.
"""

import warnings
from typing import Self

import numpy as np

from florilegium.model.axes import FAINT
from florilegium.model.head import Head, Searched, asked
from florilegium.model.weights import Features, Linear, Mlp, scores
from florilegium.types import Floats, Ints, Progress, silent

N_HIDDEN = 64
N_ROUNDS = 60  # passes over the items; more only makes it surer of itself
PENALTY = 0.01
STEP = "network head"


class MlpHead(Head):
    """Standardised vectors, 64 hidden units with ReLU, softmax; trained by Adam."""

    name = "mlp"

    def __init__(self, *, seed: int = 0) -> None:
        """Remember the seed of the first weights and of the order of items."""
        self.seed = seed

    def fit(self, x: Features, y: Ints) -> Self:
        """Learn from vectors (n, d) and class numbers (n,)."""
        from sklearn.exceptions import ConvergenceWarning  # loads a second; only fitting needs it
        from sklearn.neural_network import MLPClassifier

        self.classes_ = np.unique(y)
        dense = np.asarray(x, dtype=np.float32)
        mean, scale = dense.mean(axis=0, dtype=np.float64), dense.std(axis=0, dtype=np.float64)
        scale[scale < FAINT] = np.inf  # a constant tells nothing
        net = MLPClassifier((N_HIDDEN,), alpha=PENALTY, max_iter=N_ROUNDS, random_state=self.seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # stopping early is meant
            net.fit((dense - mean) / scale, y)
        layers = [_layer(c, b) for c, b in zip(net.coefs_, net.intercepts_, strict=True)]
        if len(self.classes_) <= 2:  # scikit-learn gives one output: the log odds of the second class
            layers[-1] = _both(layers[-1], len(self.classes_))
        first = net.coefs_[0] / scale[:, None]  # (d, hidden)
        layers[0] = _layer(first, net.intercepts_[0] - mean @ first)
        self.weights_ = Mlp(layers=tuple(layers))
        return self

    @classmethod
    def search(
        cls,
        x: Features,
        y: Ints,
        folds: Ints,
        *,
        k: int,
        seed: int,
        like: Head | None = None,
        progress: Progress = silent,
    ) -> Searched:
        """Ask each fold; nothing is chosen. See `Head.search`."""
        del like
        dense = np.asarray(x, dtype=np.float32)
        found = np.zeros((len(y), k))
        numbers = asked(folds)
        for done, fold in enumerate(numbers):
            progress(STEP, done, len(numbers) + 1)
            held = folds == fold
            found[held] = _answers(cls(seed=seed).fit(dense[~held], y[~held]), dense[held], k)
        head = cls(seed=seed).fit(dense, y)
        progress(STEP, len(numbers) + 1, len(numbers) + 1)
        return Searched(head=head, scores=found, settings=f"{N_HIDDEN} hidden units", n_settings=1)


def _answers(head: MlpHead, x: Features, k: int) -> Floats:
    said = scores(head.weights_, x)
    rows = np.repeat(said.min(axis=1, keepdims=True) - 1, k, axis=1)  # classes that the other folds lack come last
    rows[:, head.classes_] = said
    return rows


def _layer(coef: Floats, intercept: Floats) -> Linear:
    return Linear(coef=coef.astype(np.float32), intercept=intercept.astype(np.float32))


def _both(last: Linear, k: int) -> Linear:
    """Give a layer for both classes (or the only one) from one for the second class's log odds."""
    if k == 1:
        return last
    zero = np.zeros_like(last.coef)
    return _layer(np.hstack([zero, last.coef]), np.concatenate([np.zeros_like(last.intercept), last.intercept]))
