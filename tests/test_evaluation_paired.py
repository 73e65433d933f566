"""Paired comparison: against statsmodels, published ranges, brute force and plain resampling."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import binom, binomtest
from statsmodels.stats.contingency_tables import mcnemar

from benchmarks.bench_verdict import draw
from florilegium.errors import InputError, SettingError
from florilegium.evaluation import compare, labels_needed, mcnemar_exact, mcnemar_groups, more_labels
from florilegium.evaluation.bootstrap import bootstrap_range, bootstrap_z, types_of
from florilegium.evaluation.paired import tango_range
from florilegium.evaluation.power import smallest_difference
from florilegium.types import Bools, Floats

few = st.integers(0, 300)


@given(a=few, b=few)
def test_mcnemar_is_the_test_of_other_libraries(a: int, b: int) -> None:
    """The p-value is statsmodels' exact McNemar and SciPy's test of a fair coin."""
    assert mcnemar_exact(a, b) == pytest.approx(mcnemar([[9, a], [b, 9]], exact=True).pvalue, rel=1e-9)
    if a + b:
        assert mcnemar_exact(a, b) == pytest.approx(binomtest(a, a + b).pvalue, rel=1e-9)


def test_negative_counts_are_refused() -> None:
    """Nobody disagrees fewer than 0 times."""
    with pytest.raises(InputError, match="from 0 on"):
        mcnemar_exact(-1, 3)


@given(a=few, b=few)
def test_groups_of_one_give_the_plain_test(a: int, b: int) -> None:
    """The test on whole groups is McNemar's where every group is one item."""
    sums = np.array([1] * a + [-1] * b + [0] * 7, dtype=np.int64)

    assert mcnemar_groups(sums) == pytest.approx(mcnemar_exact(a, b), rel=1e-9)


@given(sums=st.lists(st.integers(-6, 6), min_size=1, max_size=9))
def test_groups_are_counted_as_by_hand(sums: list[int]) -> None:
    """The p-value is the share of all sign patterns whose total is at least as far from 0."""
    patterns = [sum(s * x for s, x in zip(signs, sums, strict=True)) for signs in _signs(len(sums))]
    by_hand = sum(abs(total) >= abs(sum(sums)) for total in patterns) / len(patterns)

    assert mcnemar_groups(np.array(sums)) == pytest.approx(by_hand, rel=1e-9)


def _signs(n: int) -> list[tuple[int, ...]]:
    return list(itertools.product((-1, 1), repeat=n))


def test_tango_gives_a_published_range() -> None:
    """1 and 7 of 21 give -0.517 to -0.026: Fagerland, Lydersen & Laake (2014), Stat. Med. 33, 2850-2875 (airways)."""
    assert tango_range(1, 7, 21, z=1.959964) == pytest.approx((-0.517, -0.026), abs=5e-4)


@pytest.mark.parametrize(
    ("a", "b", "n", "z"), [(12, 3, 80, 1.96), (0, 0, 50, 2.5), (5, 0, 30, 1.96), (40, 70, 900, 4.0)]
)
def test_tango_ends_are_where_the_score_test_turns(a: int, b: int, n: int, z: float) -> None:
    """At both ends the score statistic, with the likelihood maximised by SciPy, is z."""
    for end in tango_range(a, b, n, z=z):
        assert abs(_score_statistic(a, b, n, end)) == pytest.approx(z, rel=1e-3)


def _score_statistic(a: int, b: int, n: int, true: float) -> float:
    def minus_log_likelihood(p_other: float) -> float:
        shares, seen = (p_other + true, p_other, 1 - 2 * p_other - true), (a, b, n - a - b)
        return -sum(x * math.log(max(p, 1e-300)) for p, x in zip(shares, seen, strict=True) if x)

    bounds = (max(0.0, -true), (1 - true) / 2)
    p_other = minimize_scalar(minus_log_likelihood, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x
    return float((a - b - n * true) / math.sqrt(n * (2 * p_other + true - true**2)))


def test_the_bootstrap_is_what_resampling_tends_to() -> None:
    """400,000 plain resamples of unequal groups have the same quantiles, out to a tail of 0.00004."""
    rng = np.random.default_rng(11)
    sums, sizes = _groups(rng)
    given_types = types_of(sums, sizes, np.ones(len(sums)), n_groups=len(sums))
    drawn = rng.multinomial(len(sums), given_types.weights, size=400_000)  # (resamples, types)
    ratios = (drawn @ given_types.sums) / (drawn @ given_types.sizes)

    for z, slack in ((1.96, 0.02), (3.24, 0.05), (3.95, 0.12)):
        tail = 0.5 * math.erfc(z / math.sqrt(2))
        quantiles = np.quantile(ratios, [tail, 1 - tail])
        assert [bootstrap_z(given_types, q) for q in quantiles] == pytest.approx([-z, z], abs=slack)
        width = np.ptp(quantiles)
        assert bootstrap_range(given_types, z=z) == pytest.approx(tuple(quantiles), abs=slack * width)


def _groups(rng: np.random.Generator) -> tuple[Floats, Floats]:
    kind, groups = draw(rng, np.array([0.05, 0.2, 0.75]), icc=0.4, sizes=rng.integers(1, 6, 120))
    each = (kind == 1).astype(float) - (kind == 0)
    sums: Floats = np.bincount(groups, weights=each).astype(np.float64)
    sizes: Floats = np.bincount(groups).astype(np.float64)
    return sums, sizes


def test_single_items_bootstrap_like_a_binomial() -> None:
    """Where only the model is ever right, resamples count right answers: the range is that of binomial quantiles."""
    ones = types_of(np.array([1.0, 0.0]), np.ones(2), np.array([30.0, 970.0]), n_groups=1000)
    low, high = bootstrap_range(ones, z=1.96)

    assert low * 1000 == pytest.approx(binom.ppf(0.025, 1000, 0.03), abs=1)
    assert high * 1000 == pytest.approx(binom.ppf(0.975, 1000, 0.03), abs=1)


def test_ends_stay_thinkable() -> None:
    """Groups that all agree have one ratio, and a search without end stops at the largest ratio there is."""
    alike = types_of(np.array([1.0, 2.0]), np.array([2.0, 4.0]), np.ones(2), n_groups=2)
    mixed = types_of(np.array([1.0, -1.0]), np.ones(2), np.ones(2), n_groups=2)

    assert bootstrap_range(alike, z=2.0) == (0.5, 0.5)
    assert bootstrap_range(mixed, z=math.inf) == (-1.0, 1.0)
    assert bootstrap_range(mixed, z=9.0) == (-1.0, 1.0)
    assert bootstrap_z(mixed, 0.0) == 0.0


answers = st.integers(1, 60).flatmap(
    lambda n: st.tuples(
        *[st.lists(st.booleans(), min_size=n, max_size=n)] * 2, st.lists(st.integers(0, 12), min_size=n, max_size=n)
    )
)


@given(answers=answers, level=st.sampled_from([0.95, 0.97, 0.9988, 0.99993]))
def test_a_comparison_obeys_its_laws(answers: tuple[list[bool], list[bool], list[int]], level: float) -> None:
    """The range holds the difference; exchanging the two mirrors everything; a higher level is never narrower."""
    model, other, groups = (np.array(x) for x in answers)

    found, mirrored = (compare(a, b, groups, level=level) for a, b in ((model, other), (other, model)))
    wider = compare(model, other, groups, level=1 - (1 - level) / 10)

    gap = found.difference
    assert gap.value == pytest.approx(model.mean() - other.mean())
    assert -1 <= gap.low <= gap.value + 1e-9
    assert gap.value - 1e-9 <= gap.high <= 1
    assert (mirrored.difference.low, mirrored.difference.high) == pytest.approx((-gap.high, -gap.low), abs=1e-6)
    assert mirrored.p_value == pytest.approx(found.p_value)
    assert mirrored.p_value_groups == pytest.approx(found.p_value_groups)
    assert wider.difference.low <= gap.low + 1e-9
    assert wider.difference.high >= gap.high - 1e-9
    assert found.design_effect >= 1


def test_no_disagreement_still_has_a_range() -> None:
    """Two that answer alike on 100 items may differ by a few points on others: 3.7 (Tango: z^2 / (n + z^2))."""
    right = np.arange(100) < 90
    found = compare(right, right, np.arange(100))

    assert (found.p_value, found.p_value_groups) == (1.0, 1.0)
    assert found.difference.high == pytest.approx(3.8415 / 103.8415, abs=1e-4)
    assert found.difference.low == pytest.approx(-found.difference.high, abs=1e-6)
    assert not found.shows_better(0.05)
    assert not found.shows_worse(0.05)


def test_copies_buy_no_verdict() -> None:
    """Six items that only the model got right, copied ten times, still are six: p is 1/32, not 2^-59."""
    model, other = _copied(np.array([True] * 26, dtype=bool)), _copied(np.arange(26) >= 6)
    found = compare(model, other, np.repeat(np.arange(26), 10))

    assert found.p_value == pytest.approx(2.0**-59)
    assert found.p_value_groups == pytest.approx(1 / 32)
    assert not found.shows_better(0.0304)


def _copied(right: Bools) -> Bools:
    return np.repeat(right, 10)


def test_answers_to_different_items_are_refused() -> None:
    """A paired comparison needs the same items on both sides."""
    with pytest.raises(InputError, match="3 answers against 2"):
        compare(np.ones(3, dtype=bool), np.ones(2, dtype=bool), np.arange(3))


def test_labels_needed_follows_connors_formula() -> None:
    """For a difference of 10 points with 30 % disagreement: 233 by Connor (1987), computed by hand, and 1/0.1 more."""
    by_hand = ((1.959964 * math.sqrt(0.3) + 0.841621 * math.sqrt(0.3 - 0.01)) / 0.1) ** 2

    assert by_hand == pytest.approx(233, abs=0.5)
    assert labels_needed(0.1, discordance=0.3) == pytest.approx(by_hand + 10, abs=0.01)


@pytest.mark.parametrize(
    ("n", "discordance", "alpha"), [(400, 0.1, 0.0304), (400, 0.3, 0.0304), (2000, 0.05, 0.0012), (60, 0.3, 0.05)]
)
def test_the_smallest_difference_has_the_promised_power(n: int, discordance: float, alpha: float) -> None:
    """The exact test finds that difference in about 80 % of test sets: summed over all outcomes, no simulation."""
    true = smallest_difference(n, discordance=discordance, alpha=alpha)
    psi = max(discordance, true)
    n_disagree = np.arange(n + 1)
    # The fewest wins among m disagreements that are significant; more wins than that reject as well.
    needed = n_disagree - binom.ppf(alpha / 2, n_disagree, 0.5) + 1
    needed += 2 * binom.cdf(n_disagree - needed, n_disagree, 0.5) > alpha
    power = binom.pmf(n_disagree, n, psi) @ binom.sf(needed - 1, n_disagree, (psi + true) / (2 * psi))

    assert power == pytest.approx(0.8, abs=0.05)


@given(n=st.integers(10, 100_000), discordance=st.floats(0, 1), alpha=st.sampled_from([0.05, 0.0012]))
def test_smallest_difference_and_labels_needed_agree(n: int, discordance: float, alpha: float) -> None:
    """Labelling as many as are needed for a difference makes it the smallest; more labels never show less."""
    true = smallest_difference(n, discordance=discordance, alpha=alpha)

    assert 0 < true <= 1
    assert smallest_difference(2 * n, discordance=discordance, alpha=alpha) <= true
    if true < 1:
        assert labels_needed(true, discordance=discordance, alpha=alpha) == pytest.approx(n, rel=1e-3)
        assert more_labels(true * 1.01, n, discordance=discordance, alpha=alpha) == 0


def test_one_item_shows_nothing() -> None:
    """A single test item could not have shown any difference."""
    assert smallest_difference(1, discordance=0.0) == 1.0


@pytest.mark.parametrize(
    "given_numbers", [{"difference": 0.0}, {"difference": 0.1, "alpha": 0.0}, {"difference": 0.1, "power": 1.0}]
)
def test_impossible_plans_are_refused(given_numbers: dict[str, float]) -> None:
    """Difference, alpha and power lie between 0 and 1."""
    with pytest.raises(SettingError, match="expected a number between 0 and 1"):
        labels_needed(discordance=0.1, **given_numbers)
