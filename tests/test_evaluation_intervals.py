"""Ranges of an accuracy: against SciPy, statsmodels, closed forms, and laws about groups."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from statsmodels.stats.proportion import proportion_confint

from florilegium.errors import InputError, SettingError
from florilegium.evaluation import alpha_of_opening, score, wilson_interval
from florilegium.evaluation.cautions import MANY_OPENINGS, MIN_PER_CLASS
from florilegium.evaluation.intervals import clustered, critical_value, design_effect

counts = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
levels = st.sampled_from([0.8, 0.95, 0.9988, 1 - alpha_of_opening(20)])


@given(counts=counts, level=levels)
def test_wilson_is_the_range_of_other_libraries(counts: tuple[int, int], level: float) -> None:
    """At every count and level the range is statsmodels' and SciPy's Wilson range."""
    n_right, n = counts

    low, high = wilson_interval(n_right, n, level=level)

    statsmodels = proportion_confint(n_right, n, alpha=1 - level, method="wilson")
    scipy = binomtest(n_right, n).proportion_ci(confidence_level=level, method="wilson")
    assert (low, high) == pytest.approx(statsmodels, abs=1e-10)
    assert (low, high) == pytest.approx((scipy.low, scipy.high), abs=1e-10)


def test_wilson_gives_a_published_range() -> None:
    """81 of 263 gives 0.2553 to 0.3662: Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3."""
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


@given(n=st.integers(1, 10_000))
def test_all_right_is_never_certain(n: int) -> None:
    """All of n right has the closed form n / (n + z^2) as its low end, and 1 as its high end."""
    z = 1.959963984540054

    assert wilson_interval(n, n) == pytest.approx((n / (n + z * z), 1.0), abs=1e-12)
    assert wilson_interval(0, n) == pytest.approx((0.0, z * z / (n + z * z)), abs=1e-12)


@pytest.mark.parametrize(("n_right", "n"), [(1, 0), (-1, 5), (6, 5), (0, 0)])
def test_impossible_counts_are_refused(n_right: int, n: int) -> None:
    """No range is given for counts that cannot be."""
    with pytest.raises(InputError, match="at least one answer"):
        wilson_interval(n_right, n)


@pytest.mark.parametrize("level", [0.0, 1.0, -1, 95.0, math.nan])
def test_an_impossible_level_is_refused(level: float) -> None:
    """A level is a number between 0 and 1; 95 is not 0.95."""
    with pytest.raises(SettingError, match="level"):
        wilson_interval(1, 2, level=level)


@given(counts=counts, level=levels)
def test_single_items_have_the_plain_range(counts: tuple[int, int], level: float) -> None:
    """Where every group is one item, the range of a score is Wilson's."""
    n_right, n = counts
    right = np.arange(n) < n_right

    found = score("model", right, np.arange(n), level=level)

    assert (found.n_right, found.n, found.level) == (n_right, n, level)
    assert (found.low, found.high) == pytest.approx(wilson_interval(n_right, n, level=level), abs=1e-9)


@given(rights=st.lists(st.booleans(), min_size=2, max_size=60), copies=st.integers(2, 9))
def test_copies_tell_nothing_new(rights: list[bool], copies: int) -> None:
    """Copying every item, as near-duplicates do, never makes the range narrower."""
    once = score("once", np.array(rights), np.arange(len(rights)))
    often = score("often", np.repeat(rights, copies), np.repeat(np.arange(len(rights)), copies))

    assert often.accuracy == pytest.approx(once.accuracy)
    assert often.low <= once.low + 1e-12
    assert often.high >= once.high - 1e-12


@given(
    rights=st.lists(st.booleans(), min_size=1, max_size=80),
    seed=st.integers(0, 1000),
    n_groups=st.integers(1, 30),
)
def test_a_range_holds_its_accuracy_whatever_the_order(rights: list[bool], seed: int, n_groups: int) -> None:
    """Low <= accuracy <= high within 0..1; neither the order of items nor the groups' numbers matter."""
    rng = np.random.default_rng(seed)
    right, groups = np.array(rights), rng.integers(0, n_groups, len(rights))
    order = rng.permutation(len(rights))

    found = score("model", right, groups)
    shuffled = score("model", right[order], 1000 - 3 * groups[order])

    assert 0 <= found.low <= found.accuracy <= found.high <= 1
    assert (shuffled.low, shuffled.high) == pytest.approx((found.low, found.high), abs=1e-9)
    assert found.low <= wilson_interval(int(right.sum()), len(right))[0] + 1e-9


def test_one_group_says_nothing() -> None:
    """Fifty photos of one plant are one observation: any accuracy fits."""
    found = score("model", np.array([True] * 49 + [False]), np.zeros(50, dtype=np.int64))

    assert (found.low, found.high) == (0.0, 1.0)


def test_equal_groups_have_kish_design_effect() -> None:
    """Groups of m that answer alike count as one item each: the design effect is m (Kish 1965), nearly 1 where not."""
    rng = np.random.default_rng(4)
    groups = np.repeat(np.arange(2000), 5)
    alike, mixed = np.repeat(rng.random(2000) < 0.7, 5), rng.random(10_000) < 0.7

    effects = [design_effect(clustered(right, groups), worst=0.0, best=1.0) for right in (alike, mixed)]

    assert effects[0] == pytest.approx(5, rel=1e-3)
    assert effects[1] == pytest.approx(1, abs=0.08)


def test_few_groups_use_students_t() -> None:
    """Ten groups reach as far as t with 9 degrees of freedom (2.262, from any table); ten single items as z (1.960)."""
    grouped = clustered(np.ones(20), np.repeat(np.arange(10), 2))
    single = clustered(np.ones(10), np.arange(10))

    assert critical_value(grouped, level=0.95) == pytest.approx(2.262, abs=5e-4)
    assert critical_value(single, level=0.95) == pytest.approx(1.960, abs=5e-4)


def test_answers_without_groups_are_refused() -> None:
    """One group number per answer, and at least one answer."""
    with pytest.raises(InputError, match="3 answers with 2 group numbers"):
        score("model", np.ones(3, dtype=bool), np.arange(2))
    with pytest.raises(InputError, match="at least 1"):
        score("model", np.ones(0, dtype=bool), np.arange(0))


def test_all_openings_together_spend_alpha() -> None:
    """The levels of ten thousand openings sum to just below 0.05 (Euler: the sum of 1/k^2 is pi^2/6)."""
    spent = sum(alpha_of_opening(k) for k in range(1, 10_001))

    assert 0.05 * (1 - 1e-4) < spent < 0.05


@pytest.mark.parametrize(("opening", "alpha"), [(0, 0.05), (-1, 0.05), (1, 0.0), (1, 1.0)])
def test_impossible_openings_are_refused(opening: int, alpha: float) -> None:
    """Openings are counted from 1 and alpha is between 0 and 1."""
    with pytest.raises(SettingError):
        alpha_of_opening(opening, alpha=alpha)


def test_constants_are_what_their_comments_say() -> None:
    """30 answers have a range of at most 0.337; the 5th opening needs over 1.3 times the difference of the first."""
    widest = max(wilson_interval(x, MIN_PER_CLASS)[1] - wilson_interval(x, MIN_PER_CLASS)[0] for x in range(31))
    needed = [_z(alpha_of_opening(k) / 2) + _z(0.2) for k in (1, MANY_OPENINGS)]

    assert round(widest, 3) == 0.337
    assert 1.3 < needed[1] / needed[0] < 1.4


def _z(tail: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(1 - tail)
