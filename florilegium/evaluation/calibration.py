"""Does 90 % sure mean right nine times in ten? Path: model -> **evaluation** -> report.

Compares how sure the model said it was with how often it was right, bin by bin, and says how far off it is and how
far off a perfectly honest model could look by chance. Judges probabilities; fitting a temperature belongs to `model`.
"""

from dataclasses import dataclass

import numpy as np

from florilegium.evaluation.intervals import clustered, design_effect, score
from florilegium.evaluation.values import Predictions, Score
from florilegium.evaluation.words import percent
from florilegium.types import Bools, Floats, Ints

N_BINS_MOST = 15  # Guo et al. (2017)
N_PER_BIN = 30  # fewer answers than this say little about a bin (a range of up to 0.34, test_evaluation)
N_DRAWS = 2000
N_TRIED = 40
SPAN = 4.0  # true errors up to this many standard errors above the usual figure are tried
TINY = 1e-12  # stands for a usual figure of exactly 0
LEVEL = 0.95
IMAGINED_PER_BIN = 2.0  # answers that behave as promised, so that a bin without mistakes still varies


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """The answers that the model was about equally sure of."""

    confidence: float  # 0..1, mean of what the model said
    right: Score  # how many of them were right, with the range
    from_confidence: float  # 0..1, the least sure answer in this bin
    to_confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How far the model's confidence is from its accuracy."""

    error: float  # expected calibration error, 0..1, less what chance alone adds
    low: float  # 0..1
    high: float
    error_raw: float  # the same as usually computed, chance included
    brier: float  # 0..2, mean squared distance of the probabilities from the truth, over all classes; 0 is perfect
    log_loss: float  # 0.., mean of -log(probability of the true class); 0 is perfect
    bins: tuple[Bin, ...]  # the reliability table, least sure first
    n: int
    level: float = LEVEL


def calibration(predictions: Predictions, *, rng: np.random.Generator) -> Calibration:
    """Compare confidence with accuracy.

    The expected calibration error is the mean over answers of |accuracy - confidence| of their bin; bins hold equally
    many answers. Chance alone makes it larger than 0, so `error` is the true error for which a figure like the usual
    one would be the middle one, and `low` and `high` those for which it would be among the 2.5 % largest or smallest.
    Sources: Naeini et al. (2015), AAAI; Nixon et al. (2019), CVPR workshops (equal mass); Kumar, Liang & Ma (2019),
    NeurIPS, section 5 (debiasing); Brier (1950), Monthly Weather Review 78(1), 1-3.
    """
    bin_of = equal_mass_bins(predictions.confidence)
    gaps, errors, shares = _gaps(predictions, bin_of)
    low, middle, high = _range(gaps, errors, shares, rng=rng)
    return Calibration(
        error=middle,
        low=low,
        high=high,
        error_raw=float(shares @ np.abs(gaps)),
        brier=brier(predictions),
        log_loss=log_loss(predictions),
        bins=_bins(predictions, bin_of),
        n=len(predictions),
    )


def equal_mass_bins(confidence: Floats) -> Ints:
    """Give each answer's bin number; bins hold about equally many answers, and equal confidences share a bin.

    >>> equal_mass_bins(np.array([0.5] * 40 + [0.9] * 40)).tolist() == [0] * 40 + [1] * 40
    True
    """
    n_bins = int(np.clip(len(confidence) // N_PER_BIN, 1, N_BINS_MOST))
    inner = np.quantile(confidence, np.arange(1, n_bins) / n_bins, method="closest_observation")
    raw = np.searchsorted(np.unique(inner), confidence, side="left")
    return np.unique(raw, return_inverse=True)[1].astype(np.int64)


def _gaps(predictions: Predictions, bin_of: Ints) -> tuple[Floats, Floats, Floats]:
    """Give per bin: accuracy minus confidence, its standard error, and the bin's share of answers."""
    right, confidence = predictions.right, predictions.confidence
    n = np.bincount(bin_of).astype(np.float64)
    sure = np.bincount(bin_of, weights=confidence) / n
    accuracy = np.bincount(bin_of, weights=right) / n
    smoothed = (accuracy * n + IMAGINED_PER_BIN * sure) / (n + IMAGINED_PER_BIN)
    effects = np.array([_effect(right[bin_of == b], predictions.groups[bin_of == b]) for b in range(len(n))])
    return accuracy - sure, np.sqrt(effects * smoothed * (1 - smoothed) / n), n / n.sum()


def _range(gaps: Floats, errors: Floats, shares: Floats, *, rng: np.random.Generator) -> tuple[float, float, float]:
    """Find the true errors that make the usual figure the largest, the middle and the smallest to be expected.

    What chance adds depends on where the true gaps lie, which nobody knows. The low end takes them all to be in the
    bin that is furthest off, where chance adds most; the middle as found; the high end as equally large everywhere.
    """
    found = float(shares @ np.abs(gaps))
    noise = errors * rng.standard_normal((N_DRAWS, len(gaps)))  # (draws, bins)
    tail = (1 - LEVEL) / 2
    most = np.eye(len(gaps))[np.argmax(shares * np.abs(gaps))] / shares  # (bins,) weighted by shares it sums to 1
    low = _true_error(found, most, noise, shares, quantile=1 - tail)
    middle = min(found, _true_error(found, np.abs(gaps) / max(found, TINY), noise, shares, quantile=0.5))
    high = _true_error(found, np.ones(len(gaps)), noise, shares, quantile=tail)
    return min(low, middle), middle, min(max(high, found), 1.0)


def _true_error(found: float, where: Floats, noise: Floats, shares: Floats, *, quantile: float) -> float:
    """Find the true error for which this quantile of the usual figure is `found`; 0 where even 0 gives more."""
    reach = found + SPAN * float(shares @ noise.std(axis=0))
    tried = np.linspace(0, reach, N_TRIED)
    expected = np.array([np.quantile(np.abs(error * where + noise) @ shares, quantile) for error in tried])
    return float(np.interp(found, np.maximum.accumulate(expected), tried))


def _effect(right: Bools, groups: Ints) -> float:
    return design_effect(clustered(right, groups), worst=0.0, best=1.0)


def _bins(predictions: Predictions, bin_of: Ints) -> tuple[Bin, ...]:
    right, confidence = predictions.right, predictions.confidence
    bins = []
    for number in range(int(bin_of.max()) + 1):
        rows = bin_of == number
        least, most = float(confidence[rows].min()), float(confidence[rows].max())
        name = f"{percent(least)} to {percent(most)} sure"
        bins.append(
            Bin(
                confidence=float(confidence[rows].mean()),
                right=score(name, right[rows], predictions.groups[rows]),
                from_confidence=least,
                to_confidence=most,
            )
        )
    return tuple(bins)


def brier(predictions: Predictions) -> float:
    """Give the mean squared distance between probabilities and truth, summed over the k classes; 0..2.

    Source: Brier (1950), Monthly Weather Review 78(1), 1-3.
    """
    truth = np.eye(len(predictions.classes))[predictions.truth]  # (n, k)
    return float(((predictions.probabilities - truth) ** 2).sum(axis=1).mean())


def log_loss(predictions: Predictions) -> float:
    """Give the mean of -log(probability of the true class); a probability of 0 counts as the smallest above 0."""
    of_truth = predictions.probabilities[np.arange(len(predictions)), predictions.truth]
    return float(-np.log(np.maximum(of_truth, np.finfo(np.float64).eps)).mean())
