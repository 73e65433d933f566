"""Sanity checks: quiet where nothing is rotten, loud where it is."""

import numpy as np
import pytest

from florilegium.errors import InputError
from florilegium.evaluation import commonest_share, shared_groups, shortcut, shuffled_labels
from florilegium.types import Bools


def right(n_right: int, n: int) -> Bools:
    """Give n answers of which the first are right."""
    return np.arange(n) < n_right


def test_chance_passes_and_a_leak_does_not() -> None:
    """58 of 500 right where chance is 10 % is nothing; 90 of 500 is a leak (exact binomial p 7e-8)."""
    fine, leak = (shuffled_labels(right(n, 500), np.arange(500), chance=0.1) for n in (58, 90))

    assert fine.passed
    assert fine.message == "As it should: trained on shuffled labels it gets 11.6 % right, where chance gives 10.0 %."
    assert not leak.passed
    assert leak.message.startswith("Too good: trained on shuffled labels it gets 18.0 % right")


def test_shuffled_labels_seldom_raise_a_false_alarm() -> None:
    """2,000 honest models raise at most a handful of alarms at the level of 0.001."""
    rng = np.random.default_rng(1)
    alarms = sum(not shuffled_labels(rng.random(200) < 0.25, np.arange(200), chance=0.25).passed for _ in range(2000))

    assert alarms <= 7  # P(more | 0.001) < 0.002


def test_less_than_chance_is_no_leak() -> None:
    """Cross-validation on shuffled labels often lands below chance; that is no alarm."""
    assert shuffled_labels(right(2, 300), np.arange(300), chance=0.1).passed


def test_copies_raise_no_alarm() -> None:
    """Thirty copies of three lucky answers are three lucky answers."""
    groups = np.repeat(np.arange(20), 10)

    assert shuffled_labels(groups < 3, groups, chance=0.1).passed
    assert shuffled_labels(groups < 5, groups, chance=0.1).passed
    assert not shuffled_labels(right(50, 200), np.arange(200), chance=0.1).passed


def test_a_weak_shortcut_passes() -> None:
    """File facts at 25 % beside a model at 95 %, with chance at 20 %, explain nothing."""
    found = shortcut(right(285, 300), right(75, 300), np.arange(300), chance=0.2)

    assert found.passed
    assert found.message == (
        "As it should: size, format and other file facts alone get 25.0 % right, "
        "70.0 points fewer than the model (95.0 %)."
    )


def test_a_shortcut_that_explains_most_is_suspicious() -> None:
    """At 80 % beside 95 %, the shortcut goes 80 % of the way up from 20 %: (80 - 20) / (95 - 20)."""
    found = shortcut(right(285, 300), right(240, 300), np.arange(300), chance=0.2)

    assert not found.passed
    assert "that is 80% of the model's way up from chance (20.0 %)" in found.message


def test_a_shortcut_as_good_as_the_model_is_suspicious() -> None:
    """A model that is not shown to be better than file facts may have learned the files."""
    found = shortcut(right(280, 300), right(278, 300), np.arange(300), chance=0.2)

    assert not found.passed
    assert "may have learned the files" in found.message


def test_a_model_at_chance_does_not_divide_by_zero() -> None:
    """Where the model is no better than chance, the shortcut cannot explain a share of nothing."""
    better_than_shortcut = shortcut(right(60, 300), right(10, 300), np.arange(300), chance=0.2)

    assert not better_than_shortcut.passed


def test_shared_groups_are_counted() -> None:
    """One group on both sides, with two test items, is said; none passes."""
    shared = shared_groups(np.array([1, 2, 3]), np.array([3, 3, 4]))

    assert shared_groups(np.array([1, 2]), np.array([3])).passed
    assert not shared.passed
    assert shared.message.startswith("1 group lies on both sides of the split (2 test items)")
    assert shared_groups(np.array([1, 2]), np.array([1, 2])).message.startswith("2 groups lie on both sides")


def test_chance_without_labels_is_refused() -> None:
    """What chance gives is known from labels only."""
    with pytest.raises(InputError, match="no labels"):
        commonest_share(np.array([], dtype=np.int64))


def test_the_shortcut_of_texts_speaks_of_texts() -> None:
    """A text has no format: what the shortcut sees of it is said in its own words, whatever the finding."""
    groups = np.arange(300)
    for shortcut_right in (75, 240, 283):
        found = shortcut(right(285, 300), right(shortcut_right, 300), groups, chance=0.2, texts=True)
        assert "length, casing, punctuation and the like alone get" in found.message
        assert "file" not in found.message
