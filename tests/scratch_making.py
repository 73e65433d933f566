"""Tasks for a training from scratch: scikit-learn's 8 x 8 digits, and networks small enough for a test."""

import numpy as np
from sklearn.datasets import load_digits

from florilegium.features.pixels import pixels_encoder
from florilegium.model.finetune import ScratchPlan, ScratchTask

SIDE = 8
PLAN = ScratchPlan(
    epochs=8, batch=12, widths=(8, 16), rate=2e-2, averaging=0.9, turn=5.0, shift=0.03, scale=0.05, shear=0.05
)


def digits_task(n: int = 180, *, n_folds: int = 3) -> ScratchTask:
    """Take the first n digits of 43 writers; consecutive ones share a fold."""
    images, y = load_digits(return_X_y=True)
    pictures = (images[:n].reshape(-1, 1, SIDE, SIDE) * 255 / 16).astype(np.uint8)
    return ScratchTask(
        plain=pixels_encoder(side=SIDE, gray=True),
        pictures=pictures,
        y=y[:n].astype(np.int64),
        k=10,
        folds=(np.arange(n) * n_folds // n).astype(np.int64),
        hashes=[str(i) for i in range(n)],
    )
