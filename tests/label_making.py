"""Make labels of which some are wrong, and answers of models that had not seen the items."""

import numpy as np

from florilegium.types import Bools, Floats, Ints


def planted(*, n: int, k: int, n_wrong: int, seed: int) -> tuple[Ints, Floats, set[int]]:
    """Make labels of which some are wrong, and answers that know the truth fairly well."""
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % k
    answers = rng.dirichlet(np.full(k, 0.3), n) * 0.3
    answers[np.arange(n), truth] += 0.7
    y = truth.copy()
    wrong = rng.choice(n, n_wrong, replace=False)
    y[wrong] = (truth[wrong] + 1 + rng.integers(k - 1, size=n_wrong)) % k
    return y, answers, set(wrong.tolist())


def turned(y: Ints, *, k: int, share: float, rng: np.random.Generator) -> tuple[Ints, Bools]:
    """Turn this share of labels (n,) into another class at random; say which were turned."""
    wrong = rng.random(len(y)) < share
    return np.where(wrong, (y + rng.integers(1, k, len(y))) % k, y), wrong
