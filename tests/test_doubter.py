"""The quick head: honest answers before anything is trained."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score

from florilegium.audit.suspects import suspects
from florilegium.features.text import similarity_vectors
from florilegium.model import doubter
from florilegium.model.doubter import Doubter
from tests.label_making import turned


def test_turned_labels_of_digits_are_ranked_first() -> None:
    """With 20 % of the labels turned the area under the ranking's curve is at least 0.97 (promised), here 0.99."""
    digits = load_digits()
    y, wrong = turned(digits.target, k=10, share=0.2, rng=np.random.default_rng(0))
    head = Doubter(digits.data.astype(np.float32), seed=0)
    ranked = suspects(y, head.answers(y, np.arange(len(y)) % 5, k=10))

    assert roc_auc_score(wrong[ranked.rows], ranked.scores) >= 0.99


def test_the_discriminant_is_scikit_learns() -> None:
    """Without shrinkage the class with the highest score is that of scikit-learn's linear discriminant analysis."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 6)).astype(np.float32)
    y = rng.integers(3, size=300)
    x[:, :3] += np.eye(3, dtype=np.float32)[y] * 2
    theirs = LinearDiscriminantAnalysis(solver="lsqr").fit(x[:200], y[:200]).predict(x[200:])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(doubter, "SHRINK", 0.0)
        ours = doubter._discriminant(x[:200], y[:200], x[200:], 3).argmax(axis=1)

    assert (ours == theirs).mean() > 0.98


def test_a_label_that_no_other_fold_has_is_not_judged() -> None:
    """The only item of its class gets no answer; nor does an item of a negative fold; the rows of others sum to 1."""
    rng = np.random.default_rng(1)
    y = np.r_[np.arange(60) % 2, 2]
    folds = np.r_[np.arange(60) % 5, 0]
    folds[7] = -1
    answers = Doubter(rng.normal(size=(61, 5)).astype(np.float32), seed=0).answers(y, folds, k=3)

    assert np.flatnonzero(np.isnan(answers).any(axis=1)).tolist() == [7, 60]
    assert answers[np.isfinite(answers).all(axis=1)].sum(axis=1) == pytest.approx(1)


def test_texts_are_told_apart_by_their_pieces() -> None:
    """Two topics in other words each time: what was not learned from is answered right; sparse rows are taken."""
    rng = np.random.default_rng(0)
    words = (("card", "lost", "stolen", "block", "plastic"), ("euro", "rate", "exchange", "dollar", "currency"))
    texts = [" ".join(rng.choice(words[i % 2], 4)) for i in range(120)]
    y = np.arange(120) % 2
    rows = similarity_vectors(texts)
    answers = Doubter(rows, seed=0).answers(y, np.arange(120) // 24, k=2)

    assert sp.issparse(rows)
    assert (answers.argmax(axis=1) == y).mean() > 0.95


def test_classes_of_one_item_each_are_not_judged() -> None:
    """Where no label occurs in another fold nobody can say anything."""
    head = Doubter(np.eye(4, dtype=np.float32), seed=0)

    assert np.isnan(head.answers(np.arange(4), np.arange(4) % 2, k=4)).all()


@pytest.mark.parametrize(("y", "k"), [([0, 0, 0], 1), ([0, 1, 0], 2)])
def test_nothing_to_hold_out_gives_no_answers(y: list[int], k: int) -> None:
    """A single class, or a single fold, leaves nothing to ask."""
    head = Doubter(np.eye(3, dtype=np.float32), seed=0)

    assert np.isnan(head.answers(np.array(y), np.zeros(3, dtype=np.int64), k=k)).all()
