"""Shift of what comes in: distances by their definitions, false alarms at the stated rate, planted shifts found."""

import dataclasses

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import ks_2samp, kstest

from florilegium.feedback import Reference, shift
from florilegium.feedback.shifting import energy, smirnov
from tests.monitor_making import record


def test_energy_is_its_definition() -> None:
    """The coefficient is (2 E|X-Y| - E|X-X'| - E|Y-Y'|) / (2 E|X-Y|), worked out with SciPy's distances."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 5)).astype(np.float32), rng.normal(1.0, 1, (30, 5)).astype(np.float32)
    across, within, beyond = 2 * cdist(x, y).mean(), cdist(x, x).mean(), cdist(y, y).mean()

    value, p = energy(x, y, n_permutations=199, rng=rng)

    assert value == pytest.approx((across - within - beyond) / across, abs=1e-4)
    assert p == pytest.approx(1 / 200)


def test_a_fact_is_tested_as_scipy_tests_it() -> None:
    """Without ties statistic and p are SciPy's; with ties the statistic is, and p is by permutation."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=60), rng.normal(0.4, 1, 50)
    tied_x, tied_y = rng.integers(0, 3, 60).astype(float), rng.integers(0, 3, 50).astype(float)

    value, p = smirnov(x, y, n_permutations=99, rng=rng)
    tied, p_tied = smirnov(tied_x, tied_y, n_permutations=999, rng=rng)

    assert (value, p) == pytest.approx((ks_2samp(x, y).statistic, ks_2samp(x, y).pvalue))
    assert tied == pytest.approx(ks_2samp(tied_x, tied_y).statistic)
    assert p_tied <= ks_2samp(tied_x, tied_y).pvalue + 0.05  # SciPy's takes no notice of ties: too large


def test_no_shift_is_found_at_the_stated_rate() -> None:
    """Where nothing has shifted p is spread evenly over 0..1, for embeddings and for facts with ties."""
    rng = np.random.default_rng(2)
    embeddings = [
        energy(rng.normal(size=(30, 4)), rng.normal(size=(25, 4)), n_permutations=99, rng=rng)[1] for _ in range(200)
    ]
    facts = [
        smirnov(rng.integers(0, 9, 60).astype(float), rng.integers(0, 9, 70).astype(float), n_permutations=99, rng=rng)[
            1
        ]
        for _ in range(200)
    ]

    assert kstest(embeddings, "uniform").pvalue > 0.001
    assert np.mean(embeddings) == pytest.approx(0.5, abs=0.08)
    assert np.mean(np.array(facts) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


def reference(n: int = 300, *, seed: int = 9) -> Reference:
    """Learn from n items of the same world as the made-up record."""
    given = record(n, seed=seed)
    return Reference(vectors=given.vectors, said=given.said, facts=given.facts)


def test_the_same_world_is_not_called_shifted() -> None:
    """In 10 records of one world a shift of all, of any class or of any fact is said in at most four."""
    said = 0
    for seed in range(10):
        found = shift(record(300, seed=seed + 100), reference(seed=seed + 500), seed=seed)
        assert found.overall is not None
        said += any(each.found for each in (found.overall, *found.per_class, *found.facts))

    assert said <= 4  # three families at 5 % each: 1.4 are expected, more than 4 in one of 100 such tests


def test_a_planted_shift_is_found_where_it_is() -> None:
    """A shift of one class and of one fact is found there, said with its size, and nowhere else."""
    given = record(900, seed=1)
    vectors = np.array(given.vectors)
    vectors[given.said == 2] += 1.0
    facts = dict(given.facts) | {"bytes": given.facts["bytes"] * 2}
    found = shift(dataclasses.replace(given, vectors=vectors, facts=facts), reference(900), seed=0)

    assert found.overall is not None
    assert found.overall.found
    assert found.overall.told_apart is not None
    assert found.overall.told_apart.low > 0.5
    assert [each.name for each in found.per_class if each.found] == ["tulip"]
    assert [each.name for each in found.facts if each.found] == ["bytes"]
    assert "has shifted" in found.facts[0].sentence


def test_what_could_have_been_seen_is_said() -> None:
    """A gap of the detectable size between two shares is found in at least 8 of 10 samples."""
    first = shift(record(400, seed=3), reference(400), seed=0)
    jpeg = next(each for each in first.facts if each.name == "jpeg")
    assert jpeg.detectable is not None
    rng, seen = np.random.default_rng(4), 0
    for _ in range(40):
        x, y = (rng.random(400) < 0.3).astype(float), (rng.random(400) < 0.3 + jpeg.detectable).astype(float)
        seen += smirnov(x, y, n_permutations=199, rng=rng)[1] <= 0.05

    assert seen >= 32


def test_copies_of_one_item_are_one() -> None:
    """A photo that was sent 300 times shifts nothing: one of each cluster is drawn."""
    given = record(400, seed=5)
    vectors, clusters = np.array(given.vectors), np.arange(400)
    vectors[:300], clusters[:300] = 4.0, 0
    copied = dataclasses.replace(given, vectors=vectors)

    alone = shift(copied, reference(), seed=0).overall
    grouped = shift(dataclasses.replace(copied, clusters=clusters), reference(), seed=0).overall

    assert alone is not None
    assert grouped is not None
    assert alone.found
    assert not grouped.found
    assert grouped.n_live == 101


def test_broken_numbers_are_left_out() -> None:
    """NaN in vectors and facts, constant facts, empty records and other widths break nothing."""
    given = record(200, seed=6)
    vectors = np.array(given.vectors)
    vectors[:50] = np.nan
    facts = {"bytes": np.full(200, np.nan), "jpeg": np.ones(200), "unheard": np.ones(200)}
    found = shift(dataclasses.replace(given, vectors=vectors, facts=facts), reference(), seed=0)
    nothing = shift(record(0), reference(), seed=0)
    wide = shift(dataclasses.replace(given, vectors=np.ones((200, 3), dtype=np.float32)), reference(), seed=0)

    assert found.overall is not None
    assert found.overall.n_live == 150
    assert {each.name for each in found.facts} == {"bytes", "jpeg"}
    assert next(each for each in found.facts if each.name == "bytes").p is None
    assert nothing.overall is not None
    assert nothing.overall.p is None
    assert "too few to tell" in nothing.overall.sentence
    assert wide.overall is None


def test_equal_seed_equal_result() -> None:
    """The same record with the same seed gives the same numbers."""
    assert shift(record(100), reference(), seed=3) == shift(record(100), reference(), seed=3)
