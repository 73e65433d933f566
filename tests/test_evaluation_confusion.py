"""Confusions, mistakes and per-class scores: against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from florilegium.errors import InputError
from florilegium.evaluation import Predictions, Score, class_scores, confident_mistakes, confusion, wilson_interval
from florilegium.evaluation.words import listed


def small() -> Predictions:
    """Give five items of three classes: two mistakes, and no item of the third class."""
    return Predictions(
        names=("a", "b", "c", "d", "e"),
        truth=np.array([0, 0, 0, 1, 1]),
        probabilities=np.array([[0.9, 0.1, 0], [0.2, 0.8, 0], [0.3, 0.7, 0], [0.1, 0.9, 0], [0.6, 0.3, 0.1]]),
        groups=np.arange(5),
        classes=("daisy", "rose", "tulip"),
    )


def large(n: int = 400, k: int = 6) -> Predictions:
    """Give random answers to n items of k classes."""
    rng = np.random.default_rng(5)
    return Predictions(
        names=tuple(map(str, range(n))),
        truth=rng.integers(0, k, n),
        probabilities=rng.dirichlet(np.ones(k), n),
        groups=np.arange(n),
        classes=tuple(map(str, range(k))),
    )


def test_counts_are_scikit_learns() -> None:
    """The matrix has true classes as rows and said ones as columns, as in scikit-learn."""
    given = large()
    found = confusion(given)

    assert (found.counts == confusion_matrix(given.truth, given.said)).all()
    assert {cell: len(names) for cell, names in found.names.items()} == {
        (i, j): n for (i, j), n in np.ndenumerate(found.counts) if n
    }


def test_a_cell_opens_its_items() -> None:
    """Behind each count stand its items, the surest first."""
    found = confusion(small())

    assert found.names == {(0, 0): ("a",), (0, 1): ("b", "c"), (1, 0): ("e",), (1, 1): ("d",)}


def test_the_surest_mistakes_come_first() -> None:
    """Mistakes are listed by confidence, with what was true and what was said."""
    found = confident_mistakes(small(), most=2)

    assert [(m.name, m.truth, m.said, m.confidence, m.confidence_truth) for m in found] == [
        ("b", "daisy", "rose", 0.8, 0.2),
        ("c", "daisy", "rose", 0.7, 0.3),
    ]


def test_class_scores_are_scikit_learns() -> None:
    """Recall, precision and F1 of each class equal scikit-learn's, and lie in their ranges."""
    given = large()
    found = class_scores(given)
    precision, recall, f1, support = precision_recall_fscore_support(given.truth, given.said)

    assert [each.n_truth for each in found] == support.tolist()
    assert [each.recall.accuracy for each in found if each.recall] == pytest.approx(recall)
    assert [each.precision.accuracy for each in found if each.precision] == pytest.approx(precision)
    assert [each.f1 for each in found] == pytest.approx(f1)
    assert all((each.f1_low or 0) < (each.f1 or 0) < (each.f1_high or 0) for each in found)


def test_the_range_of_f1_is_that_of_the_jaccard_share() -> None:
    """2 of 4 for rose: F1 is 0.4 from 1 of 4 (Jaccard), and so are the ends of Wilson's range for 1 of 4."""
    rose = class_scores(small())[1]
    low, high = wilson_interval(1, 4)

    assert (rose.n_truth, rose.n_said) == (2, 3)
    assert rose.f1 == pytest.approx(0.4)
    assert (rose.f1_low, rose.f1_high) == pytest.approx((2 * low / (1 + low), 2 * high / (1 + high)))


def test_a_class_without_items_has_no_figures() -> None:
    """Nothing to count gives None, not 0 %."""
    tulip = class_scores(small())[2]

    assert (tulip.n_truth, tulip.n_said) == (0, 0)
    assert (tulip.recall, tulip.precision, tulip.f1, tulip.f1_low, tulip.f1_high) == (None,) * 5


def test_a_class_that_the_model_does_not_know_is_a_mistake() -> None:
    """Items of an unknown class count as wrong, and appear in the confusions under their own name."""
    given = Predictions.of_labels(
        ["rose", "orchid"],
        names=["a", "b"],
        probabilities=np.array([[0.2, 0.8], [0.7, 0.3]]),
        groups=np.arange(2),
        classes=("daisy", "rose"),
    )

    assert given.classes == ("daisy", "rose", "orchid")
    assert given.right.tolist() == [True, False]
    assert confusion(given).names == {(1, 1): ("a",), (2, 0): ("b",)}


def test_all_faults_of_predictions_are_said_at_once() -> None:
    """Class numbers out of range and rows that are no probabilities are named together, with the first item."""
    with pytest.raises(
        InputError, match=r"truth holds 0\.\.2.*2 rows are not probabilities.*first: 'b'.*florilegium train"
    ):
        Predictions(
            names=("a", "b", "c"),
            truth=np.array([0, 1, 2]),
            probabilities=np.array([[0.5, 0.5], [0.5, np.nan], [1.2, -0.2]]),
            groups=np.arange(3),
            classes=("x", "y"),
        )


def test_scores_and_counts_read_well() -> None:
    """Results print with count and range; long lists of names are cut."""
    found = Score(name="model", n_right=1234, n=2000, low=0.595, high=0.638)

    assert str(found) == "1,234 of 2,000 right (59.5 % to 63.8 %)"
    assert listed("abcdefg") == "a, b, c, d, e and 2 more"


def test_arrays_of_other_lengths_are_refused() -> None:
    """Each shape that does not fit is named with the one expected."""
    with pytest.raises(InputError, match=r"groups has shape \(2,\), expected \(1,\); probabilities has shape \(1, 3\)"):
        Predictions(
            names=("a",),
            truth=np.array([0]),
            probabilities=np.ones((1, 3)) / 3,
            groups=np.arange(2),
            classes=("x", "y"),
        )
