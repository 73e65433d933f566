"""A promised error rate of automatic answers: kept where it is given, and not given where it cannot be."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from scipy.stats import binomtest

from florilegium.errors import SettingError
from florilegium.evaluation import Promise, error_bound, promise
from florilegium.types import Bools, Floats, Ints

N_WORLDS = 200


def world(seed: int, *, n: int = 2_000, size: int = 1) -> tuple[Floats, Bools, Ints]:
    """Draw answers whose probability is the truth: a right one with that chance; items of a group share their fate."""
    rng = np.random.default_rng(seed)
    sure = np.repeat(1 - 0.6 * rng.random(n // size) ** 3, size)
    right = np.repeat(rng.random(n // size), size) < sure
    return sure, right, np.repeat(np.arange(n // size), size)


def true_error(threshold: float) -> float:
    """Give the share wrong above a threshold in such a world, by arithmetic: the mean of 0.6 u^3 up to there."""
    most = min((1 - threshold) / 0.6, 1.0)
    return most * 0.6 / 4


@pytest.mark.parametrize(("size", "least"), [(1, 0.95), (4, 0.95)])
def test_a_promise_is_kept_as_often_as_it_says(size: int, least: float) -> None:
    """Over 200 worlds at most 5 of 100 promises are broken, beyond chance; also where items come in groups of four."""
    broken = 0
    for seed in range(N_WORLDS):
        sure, right, groups = world(seed, size=size)
        said = promise(sure, right, groups, error=0.05, seed=seed)
        broken += said.threshold is not None and true_error(said.threshold) > 0.05

    assert binomtest(broken, N_WORLDS, 1 - least, alternative="greater").pvalue > 0.01
    assert broken > 0 or size > 1  # a promise that is never broken would promise too little


def test_a_promise_answers_nearly_all_that_it_could() -> None:
    """With 20,000 answers the threshold lies within a few points of the one that an oracle would choose."""
    shares = []
    for seed in range(20):
        sure, right, groups = world(seed, n=20_000)
        shares.append(promise(sure, right, groups, error=0.05, seed=seed).automatic.accuracy)
    best = (0.05 * 4 / 0.6) ** (1 / 3)  # of u^3: the error of the answers up to u is 0.15 u^3

    assert best - 0.06 < np.mean(shares) <= best


def test_the_error_need_not_fall_with_the_threshold() -> None:
    """Where the surest answers are the wrong ones nothing is promised, although most answers are right."""
    sure = np.linspace(1, 0.5, 4_000)
    right = np.arange(4_000) > 400

    assert promise(sure, right, np.arange(4_000)).threshold is None


def test_too_few_answers_promise_nothing_and_say_what_could_be() -> None:
    """With 100 right answers 2 % cannot be promised: the sentence says what could."""
    said = promise(np.full(100, 0.99), np.ones(100, dtype=np.bool_), np.arange(100))

    assert said.threshold is None
    assert said.automatic.n_right == 0
    assert 0.02 < said.bound < 0.05
    assert "cannot be promised" in str(said)
    assert f"{100 * said.bound:.1f} %" in str(said)


def test_the_sentence_has_every_number_with_its_range() -> None:
    """Error, certainty, share and its range stand in one line."""
    sure, right, groups = world(1)

    said = str(promise(sure, right, groups, error=0.05))

    assert said.startswith("at most 5 % of automatic answers wrong (95 % sure); ")
    assert "of queries answered automatically [" in said


@pytest.mark.parametrize("n", [1, 2, 3, 30])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_hardly_any_answers_are_no_error(n: int, value: float) -> None:
    """One answer, or none that may be automatic: no promise, no exception."""
    said = promise(np.full(n, value), np.ones(n, dtype=np.bool_), np.arange(n))

    assert isinstance(said, Promise)
    assert said.threshold is None
    assert said.bound >= 0.09


def test_one_group_promises_nothing() -> None:
    """A thousand right answers that are all copies of one tell of one."""
    said = promise(np.full(1_000, 0.99), np.ones(1_000, dtype=np.bool_), np.zeros(1_000, dtype=np.int64))

    assert said.threshold is None


@given(st.integers(1, 2_000), st.floats(0, 1), st.sampled_from([0.9, 0.95, 0.99]))
def test_the_bound_is_that_of_clopper_and_pearson(n: int, share: float, sure: float) -> None:
    """The largest error that fits is SciPy's exact one-sided range."""
    n_wrong = round(share * n)
    exact = binomtest(n_wrong, n, alternative="less").proportion_ci(sure, method="exact").high

    assert error_bound(n_wrong, n, sure=sure) == pytest.approx(exact, abs=1e-9)


@given(st.integers(0, 1_000))
def test_the_same_answers_make_the_same_promise_in_any_order(seed: int) -> None:
    """The order of rows does not matter where each is its own group, known by its number."""
    sure, right, groups = world(7, n=600)
    order = np.random.default_rng(seed).permutation(len(sure))

    assert str(promise(sure[order], right[order], groups[order], error=0.1)) == str(
        promise(sure, right, groups, error=0.1)
    )


@pytest.mark.parametrize(("error", "sure"), [(0.0, 0.95), (0.6, 0.95), (0.02, 1.0), (0.02, 0.3), (float("nan"), 0.95)])
def test_a_promise_out_of_range_is_refused(error: float, sure: float) -> None:
    """What cannot be promised at all is said."""
    with pytest.raises(SettingError, match="expected a share"):
        promise(np.ones(10), np.ones(10, dtype=np.bool_), np.arange(10), error=error, sure=sure)
