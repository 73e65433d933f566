"""Simulations: ranges cover what they promise, and looking twenty times does not pay. Seeded, so never flaky.

Allowed is what is promised plus three standard errors of the simulation; benchmarks/bench_verdict.py runs longer ones.
"""

import math

import numpy as np
import pytest

from benchmarks.bench_verdict import SIZES, claims, confident, draw, false_claims
from florilegium.evaluation import alpha_of_opening, calibration, compare, score
from florilegium.evaluation.power import smallest_difference

pytestmark = pytest.mark.slow


def allowed(promised: float, rounds: int) -> float:
    """Give the largest share that a simulation of this length shows where `promised` is true."""
    return promised + 3 * math.sqrt(promised * (1 - promised) / rounds)


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("icc", [0.0, 0.5])
def test_ranges_of_an_accuracy_cover(name: str, icc: float) -> None:
    """At accuracies from 0.6 to 0.98, 95 % ranges miss in at most 5 %, grouped or not, alike within groups or not."""
    rng, rounds, missed = np.random.default_rng(3), 1500, 0
    for true in rng.uniform(0.6, 0.98, rounds):
        drawn, groups = draw(rng, np.array([1 - true, true]), icc=icc, sizes=SIZES[name](rng))
        found = score("model", drawn == 1, groups)
        missed += not found.low <= true <= found.high

    assert missed / rounds <= allowed(0.05, rounds)


def test_ignoring_groups_would_not_cover() -> None:
    """The same simulation fails without groups, so it can fail: a sixth of plain ranges or more miss."""
    rng, rounds, missed = np.random.default_rng(3), 300, 0
    for true in rng.uniform(0.6, 0.98, rounds):
        drawn, _ = draw(rng, np.array([1 - true, true]), icc=0.5, sizes=SIZES["60 x 5"](rng))
        found = score("model", drawn == 1, np.arange(len(drawn)))
        missed += not found.low <= true <= found.high

    assert missed / rounds > 1 / 6


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("opening", [1, 5])
def test_ranges_of_a_difference_cover(name: str, opening: int) -> None:
    """Ranges of a difference miss no more often than alpha_k allows, at the first opening and at the fifth."""
    rng, rounds, missed, alpha = np.random.default_rng(5), 600, 0, alpha_of_opening(opening)
    for _ in range(rounds):
        p_model, p_other = rng.uniform(0.02, 0.3), rng.uniform(0.02, 0.15)
        shares = np.array([p_other, p_model, 1 - p_model - p_other])
        kind, groups = draw(rng, shares, icc=rng.choice([0.0, 0.5]), sizes=SIZES[name](rng))
        found = compare(kind == 1, kind == 0, groups, level=1 - alpha).difference
        missed += not found.low <= p_model - p_other <= found.high

    assert missed / rounds <= allowed(alpha, rounds)


@pytest.mark.parametrize(
    ("name", "icc"), [("100 single", 0.0), ("400 single", 0.0), ("60 x 5", 0.7), ("150 of 1..30", 0.7)]
)
@pytest.mark.parametrize("climbs", [False, True], ids=["tries new models", "keeps the best"])
def test_twenty_looks_cost_at_most_five_percent(name: str, icc: float, climbs: bool) -> None:
    """Opening the seal 20 times for models no better than the baseline ever claims a difference in at most 5 %."""
    rng, rounds = np.random.default_rng(7), 200
    false = np.array([false_claims(rng, SIZES[name](rng), icc=icc, climbs=climbs) for _ in range(rounds)])
    spent, each_time, _ = false.mean(axis=0)

    assert spent <= allowed(0.05, rounds)
    assert each_time > 0.15  # judging each look at 5 % would claim something that often: the stricter levels are needed


@pytest.mark.parametrize(("name", "icc"), [("400 single", 0.0), ("60 x 5", 0.5)])
def test_the_smallest_difference_is_shown_four_times_in_five(name: str, icc: float) -> None:
    """A true difference of the size that the verdict names is called better in about 80 % of test sets."""
    rng, rounds, alpha = np.random.default_rng(9), 300, alpha_of_opening(1)
    sizes = SIZES[name](rng)
    effect = 1 + icc * float((sizes**2).sum() / sizes.sum() - 1)  # Kish: 1 + (m - 1) icc
    true = smallest_difference(sizes.sum() / effect, discordance=0.25, alpha=alpha)
    shares = np.array([(0.25 - true) / 2, (0.25 + true) / 2, 0.75])
    shown = 0
    for _ in range(rounds):
        kind, groups = draw(rng, shares, icc=icc, sizes=sizes)
        found = compare(kind == 1, kind == 0, groups, level=1 - alpha)
        shown += claims(kind == 1, kind == 0, groups, found.p_value, alpha=alpha)

    assert 0.7 <= shown / rounds <= 0.9


@pytest.mark.parametrize("too_sure", [0.0, 0.03, 0.1])
@pytest.mark.parametrize("n", [300, 2000])
def test_ranges_of_the_calibration_error_cover(too_sure: float, n: int) -> None:
    """Where confidence is too high by a known constant, the range holds that constant in 95 % of test sets."""
    rng, rounds = np.random.default_rng(13), 150
    found = [calibration(confident(rng, n, too_sure=too_sure), rng=rng) for _ in range(rounds)]
    missed = np.mean([not each.low <= too_sure <= each.high for each in found])

    assert missed <= allowed(0.05, rounds)
    assert np.mean([each.error for each in found]) == pytest.approx(too_sure, abs=0.02)
