"""Accuracy as the model itself would have it: mean calibrated confidence. Path: **feedback** (stage).

An estimate, not a measurement. It holds as long as calibration does: where what comes in differs from what was
calibrated on, or is of no class at all, the model may be sure and wrong, and this number sees nothing of it.
"""

from dataclasses import dataclass

import numpy as np

from florilegium.bias.contrast import mean_of
from florilegium.evaluation.words import counted, percent, points
from florilegium.feedback.record import LiveRecord
from florilegium.types import Bools, Floats, Ints

N_LEAST = 20
ASSUMPTION = "true only while calibration holds and nothing comes in that is none of the classes"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """Answers whose truth is known: how sure the model was and whether it was right; m of them."""

    probability: Floats  # (m,)
    right: Bools  # (m,)
    clusters: Ints | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What mean confidence says of live accuracy, where the model answers."""

    confidence: float | None  # 0..1, the mean of what the model said; None: no answers
    value: float | None  # the same, corrected by how far confidence was off on judged answers; None: too few of either
    low: float | None
    high: float | None
    n: int
    n_judged: int
    sentence: str


def expected(given: LiveRecord, judged: Judged | None) -> Expected:
    """Estimate live accuracy from confidence, corrected on judged answers; both uncertainties are in the range.

    Mean live confidence plus the mean of (right - confidence) over judged answers: the difference estimator of survey
    sampling (Särndal, Swensson & Wretman 1992, section 6.3), whose errors add.
    """
    rows = np.flatnonzero(given.known & np.isfinite(given.probability))
    n, n_judged = len(rows), 0 if judged is None else len(judged.right)
    sure = float(given.probability[rows].mean()) if n else None
    if sure is None or judged is None or min(n, n_judged) < N_LEAST:
        few = "no answer was given yet" if not len(given.known) else "the model abstained every time"
        few = few if sure is None else f"{percent(sure)}, without a range: too few judged answers"
        said = f"Mean confidence: {few}."
        return Expected(confidence=sure, value=None, low=None, high=None, n=n, n_judged=n_judged, sentence=said)
    live = mean_of(given.probability[rows], None if given.clusters is None else given.clusters[rows])
    off = mean_of(judged.probability - judged.right, judged.clusters)
    found = live.minus(off).gap
    value, low, high = (float(np.clip(each, 0, 1)) for each in (found.value, found.low, found.high))
    sentence = (
        f"By its own confidence the model is right in {percent(value)} of cases ({points(low)} to {points(high)}), on "
        f"{counted(n, 'answer')}: {ASSUMPTION}."
    )
    return Expected(confidence=sure, value=value, low=low, high=high, n=n, n_judged=n_judged, sentence=sentence)
