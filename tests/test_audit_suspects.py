"""The ranking of labels by suspicion."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from florilegium.audit.suspects import label_issues, suspects
from florilegium.types import Bools, Floats, Ints
from tests.label_making import planted, turned


def digits_with_turned_labels(share: float) -> tuple[Ints, Bools, Floats]:
    """Give labels of which some are turned, which ones, and what k-NN says without having seen the item."""
    digits = load_digits()
    y, wrong = turned(digits.target, k=10, share=share, rng=np.random.default_rng(0))
    neighbours = KNeighborsClassifier(10, weights="distance")
    return y, wrong, cross_val_predict(neighbours, digits.data, y, cv=4, method="predict_proba")


def test_turned_labels_come_before_right_ones() -> None:
    """With one label in five turned, a wrong label stands before a right one in 97 pairs of 100 by scikit-learn."""
    y, wrong, answers = digits_with_turned_labels(0.2)
    ranked = suspects(y, answers)

    assert len(ranked) == len(y)
    assert roc_auc_score(wrong[ranked.rows], ranked.scores) >= 0.97
    assert roc_auc_score(wrong[ranked.rows], -np.arange(len(y))) >= 0.97


@given(st.integers(0, 2**32 - 1), st.integers(0, 60), st.integers(2, 6))
def test_every_answered_label_has_one_place(seed: int, n: int, k: int) -> None:
    """All items with label and answer are ranked once, suspicion falls from place to place and lies in 0..1."""
    rng = np.random.default_rng(seed)
    y = rng.integers(-1, k, n)
    answers = rng.dirichlet(np.full(k, 0.1), n)
    answers[rng.random(n) < 0.2] = np.nan
    ranked = suspects(y, answers)
    asked = (y >= 0) & ~np.isnan(answers).any(axis=1)

    assert sorted(ranked.rows.tolist()) == np.flatnonzero(asked).tolist()
    assert (np.diff(ranked.scores) <= 0).all()
    assert ((ranked.scores >= 0) & (ranked.scores <= 1)).all()
    assert (ranked.suggestions == answers[ranked.rows].argmax(axis=1)).all()
    assert ranked.flagged[ranked.suggestions != y[ranked.rows]].all()
    assert (ranked.flagged | ~ranked.confident).all()


def test_a_label_is_likelier_wrong_than_right_above_a_half() -> None:
    """By hand: 0.6 for the label and 0.2 for the next class make 0.25; the other way round 0.75."""
    answers = np.array([[0.6, 0.2, 0.2], [0.2, 0.6, 0.2]])
    ranked = suspects(np.array([0, 0]), answers)

    assert ranked.rows.tolist() == [1, 0]
    assert ranked.scores == pytest.approx([0.75, 0.25])


def test_even_answers_too_sure_to_tell_apart_are_ranked() -> None:
    """A label at 1e-30 stands before one at 1e-20, though both suspicions are 1 as far as a number can say."""
    answers = np.array([[1e-20, 1.0], [1e-30, 1.0], [1.0, 0.0]])

    assert suspects(np.array([0, 0, 0]), answers).rows.tolist() == [1, 0, 2]


@pytest.mark.parametrize(("n", "k"), [(0, 0), (0, 3), (3, 1)])
def test_without_two_classes_nothing_is_ranked(n: int, k: int) -> None:
    """Nothing to tell apart, nothing to suspect."""
    assert len(suspects(np.zeros(n, dtype=np.int64), np.ones((n, k)))) == 0


def test_answers_to_other_items_are_refused() -> None:
    """Three labels and two answers cannot belong together."""
    with pytest.raises(ValueError, match="for 3 labels"):
        suspects(np.zeros(3, dtype=np.int64), np.ones((2, 2)))


def test_thousands_of_classes_are_ranked_without_counting_their_pairs() -> None:
    """With 2,001 classes nobody counts four million pairs; plain disagreement flags and ranks all the same."""
    k = 2_001
    y = np.arange(k)
    answers = np.eye(k)
    answers[[5, 6]] = answers[[6, 5]]
    ranked = suspects(y, answers)

    assert ranked.rows[:2].tolist() == [5, 6]
    assert ranked.flagged.tolist() == [True, True] + [False] * (k - 2)
    assert not ranked.confident.any()


def test_planted_wrong_labels_of_digits_are_found() -> None:
    """Of labels turned at random most are found; most of what is found was turned, above all the first."""
    y, wrong, answers = digits_with_turned_labels(0.05)
    rows = label_issues(y, answers)

    assert wrong[rows].sum() / wrong.sum() > 0.8
    assert wrong[rows].mean() > 0.8
    assert wrong[rows[:20]].sum() >= 19


def test_a_class_that_nobody_has_is_no_obstacle() -> None:
    """A class without items, and classes whose numbers have gaps, leave the answer as it is."""
    y, answers, _ = planted(n=300, k=3, n_wrong=10, seed=1)
    wider = np.zeros((300, 6))
    wider[:, [0, 2, 5]] = answers
    spread = np.array([0, 2, 5])[y]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = label_issues(spread, wider)

    assert rows.tolist() == label_issues(y, answers).tolist()


@pytest.mark.parametrize("n", [0, 1, 19])
def test_a_handful_of_answers_proves_nothing(n: int) -> None:
    """Below 20 answers no label is doubted."""
    assert label_issues(np.arange(n) % 2, np.full((n, 2), 0.5)).tolist() == []


def test_answers_that_rule_everything_out_are_taken() -> None:
    """Rows of zeros, as a class unknown to the model leaves them, are no fault."""
    y = np.arange(40) % 2
    answers = np.eye(2)[y]
    answers[0] = 0.0

    assert set(label_issues(y, answers).tolist()) <= {0}
