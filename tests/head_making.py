"""Points to learn from, for the tests of heads and of training."""

import numpy as np

from florilegium.types import Ints, Vectors


def clouds(n: int, d: int, k: int, *, seed: int = 0, spread: float = 1.0) -> tuple[Vectors, Ints]:
    """Draw n points in k overlapping clouds, with columns of very different sizes."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % k)
    x = (rng.normal(size=(k, d))[y] + spread * rng.normal(size=(n, d))) * np.geomspace(0.1, 100, d) + 5
    return x.astype(np.float32), y


def rings(n: int, *, seed: int = 0) -> tuple[Vectors, Ints]:
    """Draw points on two rings around one centre, in 3 dimensions: no straight line parts them."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    turn = rng.uniform(0, 2 * np.pi, n)
    radius = 1 + 2 * y + rng.normal(scale=0.2, size=n)
    return np.stack([radius * np.cos(turn), radius * np.sin(turn), rng.normal(size=n)], axis=1).astype(np.float32), y
