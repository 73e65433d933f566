"""Live records for the tests of the monitor, made up with a seed."""

import dataclasses
from typing import Any

import numpy as np

from florilegium.bias import Column
from florilegium.evaluation import Score, wilson_interval
from florilegium.feedback import Appeals, LiveRecord, Promise
from florilegium.feedback.record import OPEN, REJECTED, UPHELD

CLASSES = ("iris", "rose", "tulip")
DAY = 20_000.0  # 2024-10-04


def promised(n_right: int, n: int, *, n_effective: float | None = None) -> Promise:
    """Promise so many right."""
    low, high = wilson_interval(n_right, n)
    score = Score(name="model where it answers", n_right=n_right, n=n, low=low, high=high)
    return Promise(score=score, n_effective=n if n_effective is None else n_effective)


def record(n: int = 400, *, seed: int = 0, accuracy: float = 0.9, n_days: float = 30, **changes: Any) -> LiveRecord:
    """Answer n things over some days; a quarter is audited, every tenth abstains, every fiftieth is contested."""
    rng = np.random.default_rng(seed)
    k = len(CLASSES)
    said = rng.integers(0, k, n)
    drawn = rng.random(n) < 0.25
    truth = np.where(rng.random(n) < accuracy, said, (said + 1) % k)
    rows = np.arange(0, n, 50)
    received = DAY + rows / max(n, 1) * n_days
    made = LiveRecord(
        classes=CLASSES,
        at=DAY + np.arange(n) / max(n, 1) * n_days,
        said=said,
        probability=rng.uniform(0.6, 1, n),
        known=np.arange(n) % 10 > 0,
        model=np.ones(n, dtype=np.int64),
        drawn=drawn,
        opted_out=rng.random(n) < 0.1,
        audited=np.where(drawn, truth, -1),
        vectors=rng.standard_normal((n, 8)).astype(np.float32),
        facts={"bytes": rng.lognormal(10, 1, n), "jpeg": (rng.random(n) < 0.7).astype(np.float64)},
        columns=(Column(name="site", groups=("north", "south"), codes=rng.integers(0, 2, n)),),
        appeals=Appeals(
            rows=rows,
            received=received,
            answered=np.where(rows % 100 == 0, received + 2, np.nan),
            deadline=received + 14,
            outcome=np.where(rows % 100 == 0, np.where(rows % 200 == 0, UPHELD, REJECTED), OPEN),
        ),
    )
    return dataclasses.replace(made, **changes)
