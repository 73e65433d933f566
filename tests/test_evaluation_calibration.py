"""Calibration: against scikit-learn, figures by hand, and laws."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as sklearn_log_loss

from benchmarks.bench_verdict import confident
from florilegium.evaluation import Predictions, brier, calibration, log_loss
from florilegium.evaluation.calibration import equal_mass_bins
from florilegium.types import Floats


def predictions(rng: np.random.Generator, *, n: int = 200, k: int = 4) -> Predictions:
    """Give n items with k classes, random and about half right."""
    truth = rng.integers(0, k, n)
    rows = rng.dirichlet(np.ones(k), n)
    rows[np.arange(n), truth] += 0.3
    return Predictions(
        names=tuple(f"item {i}" for i in range(n)),
        truth=truth,
        probabilities=rows / rows.sum(axis=1, keepdims=True),
        groups=np.arange(n),
        classes=tuple(f"class {i}" for i in range(k)),
    )


def test_brier_and_log_loss_are_scikit_learns() -> None:
    """Both scores equal those of scikit-learn on four classes."""
    given = predictions(np.random.default_rng(0))

    assert brier(given) == pytest.approx(brier_score_loss(given.truth, given.probabilities, scale_by_half=False))
    assert log_loss(given) == pytest.approx(sklearn_log_loss(given.truth, given.probabilities))


def test_a_certain_mistake_has_a_finite_loss() -> None:
    """Probability 0 for the truth costs much, but not infinitely much; Brier's worst is 2."""
    given = two_classes(np.array([1.0]), right=np.array([False]))

    assert 30 < log_loss(given) < 40
    assert brier(given) == pytest.approx(2)


def two_classes(sure: Floats, *, right: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Predictions:
    """Give items whose first class is said with confidence `sure`, right or not."""
    return Predictions(
        names=tuple(map(str, range(len(sure)))),
        truth=np.where(right, 0, 1),
        probabilities=np.stack([sure, 1 - sure], axis=1),
        groups=np.arange(len(sure)),
        classes=("a", "b"),
    )


def test_the_usual_error_is_the_one_by_hand() -> None:
    """60 answers 0.6 sure of which 45 are right and 60 0.9 sure of which 42 are: (0.15 + 0.2) / 2 = 0.175."""
    right = np.concatenate([np.arange(60) < 45, np.arange(60) < 42])
    found = calibration(two_classes(np.repeat([0.6, 0.9], 60), right=right), rng=np.random.default_rng(0))

    assert found.error_raw == pytest.approx(0.175)
    assert [each.confidence for each in found.bins] == pytest.approx([0.6, 0.9])
    assert [(each.right.n_right, each.right.n) for each in found.bins] == [(45, 60), (42, 60)]
    assert found.low < found.error <= found.error_raw < found.high


def test_a_perfect_model_is_perfectly_calibrated() -> None:
    """Wholly sure and always right: no error, no loss, one bin, and a range that starts at 0."""
    found = calibration(two_classes(np.ones(500), right=np.ones(500, dtype=bool)), rng=np.random.default_rng(0))

    assert (found.error_raw, found.error, found.low, found.brier, found.log_loss) == (0, 0, 0, 0, 0)
    assert len(found.bins) == 1


def test_bins_hold_all_items_once_in_order() -> None:
    """Bins follow each other without overlap, hold about equally many answers, and together all of them."""
    given = predictions(np.random.default_rng(1), n=1000)
    bins = calibration(given, rng=np.random.default_rng(0)).bins

    assert sum(each.right.n for each in bins) == 1000
    assert all(a.to_confidence < b.from_confidence for a, b in pairwise(bins))
    assert all(55 <= each.right.n <= 80 for each in bins)


def test_equal_confidences_share_a_bin() -> None:
    """Ties are never torn apart, so the order of items does not matter."""
    sure = np.repeat([0.5, 0.7, 1.0], [10, 500, 700])
    bins = equal_mass_bins(sure)

    assert [len(set(bins[sure == value].tolist())) for value in (0.5, 0.7, 1.0)] == [1, 1, 1]


def test_one_item_has_a_calibration() -> None:
    """A single answer gives one bin and a range within 0..1."""
    found = calibration(two_classes(np.array([0.8]), right=np.array([True])), rng=np.random.default_rng(0))

    assert len(found.bins) == 1
    assert 0 <= found.low <= found.error <= found.high <= 1


def test_groups_widen_the_range() -> None:
    """When each answer is given ten times over, its range is wider than that of as many independent answers."""
    rng = np.random.default_rng(2)
    few = confident(rng, 100, too_sure=0.05)
    rows = np.repeat(np.arange(100), 10)
    alone = Predictions(
        names=tuple(map(str, range(1000))),
        truth=few.truth[rows],
        probabilities=few.probabilities[rows],
        groups=np.arange(1000),
        classes=few.classes,
    )

    single, grouped = (calibration(each, rng=np.random.default_rng(0)) for each in (alone, replace(alone, groups=rows)))

    assert grouped.high - grouped.low > single.high - single.low
