"""What heads have learned, as plain numbers. Path: features -> **model**.

Four kinds of head; each gives scores (n, k), which a temperature and a softmax turn into probabilities. The graph in a
model file is made from these numbers, and nothing else of a head is kept.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from florilegium.features.text import tfidf
from florilegium.types import Floats, Vectors

Features = Vectors | sp.csr_array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Linear:
    """scores = x @ coef + intercept; standardising is folded in."""

    coef: Vectors  # (d, k)
    intercept: Vectors  # (k,)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kernel:
    """scores = cos((x - mean) @ omega + phase) @ coef + intercept: random Fourier features and a ridge."""

    mean: Vectors  # (d,)
    omega: Vectors  # (d, m): principal axes times random directions
    phase: Vectors  # (m,)
    coef: Vectors  # (m, k)
    intercept: Vectors  # (k,)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mlp:
    """Layers of x @ coef + intercept, with ReLU between them."""

    layers: tuple[Linear, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SparseLinear:
    """scores = tfidf(counts, idf) @ coef + intercept."""

    idf: Vectors  # (d,)
    coef: Vectors  # (d, k)
    intercept: Vectors  # (k,)


Weights = Linear | Kernel | Mlp | SparseLinear


def scores(weights: Weights, x: Features) -> Floats:
    """Give the scores (n, k), before temperature and softmax, of features (n, d)."""
    found: Vectors
    match weights:
        case Linear():
            found = _line(weights, x)
        case Kernel():
            found = _cosines(weights, x) @ weights.coef + weights.intercept
        case Mlp():
            inner = x
            for layer in weights.layers[:-1]:
                inner = np.maximum(_line(layer, inner), 0)
            found = _line(weights.layers[-1], inner)
        case SparseLinear():
            found = tfidf(sp.csr_array(x), weights.idf) @ weights.coef + weights.intercept
    return np.asarray(found, dtype=np.float64)


def _line(layer: Linear, x: Features) -> Vectors:
    return np.asarray(np.asarray(x, dtype=np.float32) @ layer.coef + layer.intercept)


def _cosines(weights: Kernel, x: Features) -> Vectors:
    waves = (np.asarray(x, dtype=np.float32) - weights.mean) @ weights.omega  # (n, d) @ (d, m) -> (n, m)
    waves += weights.phase
    return np.cos(waves, out=waves)


def n_classes(weights: Weights) -> int:
    """Count the classes, k."""
    return len(weights.layers[-1].intercept if isinstance(weights, Mlp) else weights.intercept)
