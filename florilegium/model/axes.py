"""Find the directions in which vectors spread the most. Path: features -> **model**. Sees no labels."""

import numpy as np

from florilegium.types import Vectors

MAX_ROWS = 10_000  # items that axes come from: 40 axes of MNIST are the same to 1 % from 10,000 as from 60,000
MAX_ROWS_WIDE = 2_000  # the same where vectors are wider than that: the cost grows with the cube
FAINT = 1e-6  # an axis with less than this share of the first one's spread is rounding noise


def principal_axes(x: Vectors, p: int, *, seed: int) -> tuple[Vectors, Vectors]:
    """Give the mean (d,) and up to `p` principal axes (d, p'), strongest first; constant vectors have one of zeros.

    Args: x: (n, d).  seed: draws the items that are looked at where there are very many.
    """
    n, d = x.shape
    most = MAX_ROWS if d <= MAX_ROWS_WIDE else MAX_ROWS_WIDE
    rows = x if n <= most else x[np.sort(np.random.default_rng(seed).choice(n, most, replace=False))]
    mean = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    gap = rows - mean
    if len(gap) < d:
        values, vectors = np.linalg.eigh(gap @ gap.T)  # (n, n): the same axes as (d, d), and cheaper
        keep = values > FAINT * max(values[-1], 1e-12)
        axes = gap.T @ vectors[:, keep] / np.sqrt(values[keep])
    else:
        values, vectors = np.linalg.eigh(gap.T @ gap)  # (d, d)
        axes = vectors[:, values > FAINT * max(values[-1], 1e-12)]
    strongest = np.ascontiguousarray(axes[:, ::-1][:, :p], dtype=np.float32)
    return mean, strongest if strongest.shape[1] else np.zeros((d, 1), dtype=np.float32)
