"""Heads agree with other libraries and with slow, plain ways to compute the same."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.svm import LinearSVC

from florilegium import parallel
from florilegium.model.axes import principal_axes
from florilegium.model.head import Head, asked
from florilegium.model.heads import HEADS, suited
from florilegium.model.kernel import KernelHead, n_waves
from florilegium.model.linear import LADDER, LinearHead
from florilegium.model.mlp import MlpHead
from florilegium.model.texts import TextHead
from florilegium.model.weights import Kernel, Linear, Mlp, SparseLinear, n_classes, scores
from tests.head_making import clouds, rings


@pytest.mark.parametrize(("n", "d", "k"), [(300, 12, 4), (60, 90, 3), (200, 5, 2)])
def test_the_linear_head_is_logistic_regression(n: int, d: int, k: int) -> None:
    """On standardised vectors scikit-learn's LogisticRegression gives the same probabilities, to within 0.003."""
    x, y = clouds(n, d, k, spread=2.0)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    # With two classes scikit-learn has one row w, we have w / 2 and -w / 2: half the penalty, as if C were double.
    c = 0.04 if k == 2 else 0.02
    judge = LogisticRegression(C=c, tol=1e-8, max_iter=5000).fit(z, y)
    head = LinearHead(c=0.02).fit(x, y)

    assert np.abs(head.predict_proba(x) - judge.predict_proba(z)).max() < 3e-3


def test_the_linear_search_finds_what_a_full_search_finds() -> None:
    """Climbing the ladder of C ends within one standard error of the best of all its rungs."""
    x, y = clouds(240, 40, 3, spread=4.0)
    folds = np.arange(240) % 5
    best = 0.0
    for c in LADDER:
        right = [
            (LinearHead(c=c).fit(x[folds != f], y[folds != f]).predict(x[folds == f]) == y[folds == f])
            for f in range(5)
        ]
        best = max(best, float(np.concatenate(right).mean()))
    found = LinearHead.search(x, y, folds, k=3, seed=0)

    assert (found.scores.argmax(axis=1) == y).mean() >= best - np.sqrt(best * (1 - best) / 240)


def test_very_wide_vectors_keep_their_strongest_axes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all axes would cost too much the strongest ones still solve the task."""
    monkeypatch.setattr("florilegium.model.linear.MAX_AXES", 20)
    monkeypatch.setattr("florilegium.model.linear.N_AXES_WIDE", 10)
    x, y = clouds(200, 30, 3, spread=0.5)

    assert (LinearHead().fit(x, y).predict(x) == y).mean() > 0.95


def test_the_kernel_head_is_kernel_ridge() -> None:
    """With many waves the scores come near those of exact kernel ridge regression with the Gaussian kernel."""
    x, y = rings(400)
    head = KernelHead(reach=1.0, shrink=1e-2, n_axes=3).fit(x, y)
    one, other = np.random.default_rng(0).integers(0, 400, (2, 5000))
    median = float(np.median(np.square(x[one] - x[other]).sum(axis=1)))
    # The mean of squared cosines is 1/2: the waves' Gram matrix is m / 2 kernels, so the ridge is 2 n shrink / m.
    alpha = 2 * 400 * 1e-2 / n_waves(400)
    onehot = np.eye(2)[y]
    judge = KernelRidge(kernel="rbf", gamma=1.0 / median, alpha=alpha).fit(x, onehot - onehot.mean(axis=0))

    assert np.abs(head.scores(x) - judge.predict(x) - onehot.mean(axis=0)).mean() < 0.05


def test_the_kernel_head_bends_where_the_linear_one_cannot() -> None:
    """Two rings around one centre: the linear head guesses, the kernel head knows."""
    x, y = rings(400)
    new, truth = rings(200, seed=1)

    assert (LinearHead().fit(x, y).predict(new) == truth).mean() < 0.7
    assert (KernelHead().fit(x, y).predict(new) == truth).mean() > 0.95


def test_leaving_a_fold_out_by_subtraction_is_fitting_without_it() -> None:
    """Out-of-fold scores from sums equal those of a ridge solved anew on the other folds' waves, in float64."""
    x, y = clouds(300, 6, 3)
    folds = np.arange(300) % 3
    found = KernelHead.search(x, y, folds, k=3, seed=0)
    head = found.head
    assert isinstance(head, KernelHead)
    assert isinstance(head.weights_, Kernel)
    z = np.cos((x.astype(float) - head.weights_.mean) @ head.weights_.omega + head.weights_.phase)
    for fold in range(3):
        rest, held = folds != fold, folds == fold
        middle, shares = z[rest].mean(axis=0), np.eye(3)[y[rest]].mean(axis=0)
        centred = z[rest] - middle
        ridge = head.shrink * rest.sum() * np.eye(z.shape[1])
        coef = np.linalg.solve(centred.T @ centred + ridge, centred.T @ (np.eye(3)[y[rest]] - shares))

        assert np.allclose((z[held] - middle) @ coef + shares, found.scores[held], atol=5e-3)


def test_the_text_head_is_a_linear_machine_on_tfidf_of_the_other_folds() -> None:
    """scikit-learn's TfidfTransformer and LinearSVC, fitted on the other folds, give the same scores."""
    rng = np.random.default_rng(5)
    y = np.arange(150) % 3
    dense = rng.poisson(0.5, (150, 30)).astype(np.float32)
    dense[np.arange(150), y] += rng.poisson(2, 150)
    folds = np.arange(150) % 5
    counts = sp.csr_array(dense)
    found = TextHead.search(counts, y, folds, k=3, seed=0)
    head = found.head
    assert isinstance(head, TextHead)
    for fold in range(5):
        rest, held = folds != fold, folds == fold
        weigh = TfidfTransformer(sublinear_tf=True).fit(counts[rest])
        judge = LinearSVC(C=head.c, tol=1e-6, dual=False).fit(weigh.transform(counts[rest]), y[rest])
        said = judge.decision_function(weigh.transform(counts[held]))

        assert np.abs(said - found.scores[held]).max() < 0.05


def test_the_network_head_is_scikit_learns(recwarn: pytest.WarningsRecorder) -> None:
    """Its plain layers give the probabilities of the MLPClassifier that they come from, standardising folded in."""
    x, y = clouds(150, 6, 3)
    head = MlpHead(seed=3).fit(x, y)
    net = MLPClassifier((64,), alpha=0.01, max_iter=60, random_state=3)
    z = (x - x.mean(axis=0, dtype=float)) / x.std(axis=0, dtype=float)
    net.fit(z, y)
    recwarn.clear()  # it stops after 60 rounds, and says so

    assert np.abs(head.predict_proba(x) - net.predict_proba(z)).max() < 1e-3


@pytest.mark.parametrize("kind", HEADS, ids=lambda kind: kind.head.name)
def test_a_lone_fold_is_never_answered_by_itself(kind: object) -> None:
    """Where nothing is left to learn from, the scores are all alike: chance, not a fit."""
    assert kind in HEADS
    head: type[Head] = next(each.head for each in HEADS if each is kind)
    x, y = clouds(40, 5, 2)
    given = sp.csr_array(np.abs(x)) if head is TextHead else x
    found = head.search(given, y, np.zeros(40, dtype=np.int64), k=2, seed=0)

    assert np.ptp(found.scores, axis=1).max() == 0


@pytest.mark.parametrize("kind", HEADS, ids=lambda kind: kind.head.name)
def test_the_searched_head_is_fitted_on_all_items(kind: object) -> None:
    """Items that are never asked about (fold -1) have no scores, but are learned from."""
    head: type[Head] = next(each.head for each in HEADS if each is kind)
    x, y = clouds(120, 5, 3, spread=0.5)
    given = sp.csr_array(np.round(np.abs(x))) if head is TextHead else x
    folds = np.where(y == 2, -1, np.arange(120) % 3)
    found = head.search(given, y, folds, k=3, seed=0)

    assert not found.scores[y == 2].any()
    assert found.scores[y < 2].any(axis=1).all()
    assert (found.head.predict(given[y == 2]) == 2).any()


def test_the_same_search_gives_the_same_bits() -> None:
    """Folds run side by side, and still nothing depends on which ends first."""
    x, y = clouds(150, 20, 3)
    counts = sp.csr_array(np.round(np.abs(x)))
    for head, given in ((LinearHead, x), (KernelHead, x), (TextHead, counts)):
        one, two = (head.search(given, y, np.arange(150) % 5, k=3, seed=1).scores for _ in range(2))

        assert np.array_equal(one, two)


def test_axes_are_those_of_the_singular_vectors() -> None:
    """NumPy's SVD of the centred rows spans the same plane, whether items or numbers are more."""
    rng = np.random.default_rng(6)
    for n, d in ((50, 8), (8, 50)):
        x = (rng.normal(size=(n, d)) * np.linspace(3, 1, d)).astype(np.float32)
        mean, axes = principal_axes(x, 2, seed=0)
        wanted = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)[2][:2].T

        assert np.allclose(mean, x.mean(axis=0), atol=1e-5)
        assert np.allclose(np.abs(wanted.T @ axes), np.eye(2), atol=1e-3)


def test_axes_of_very_many_items_come_from_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the items gives nearly the same first axis."""
    monkeypatch.setattr("florilegium.model.axes.MAX_ROWS", 200)
    x = (np.random.default_rng(7).normal(size=(2000, 4)) * [9, 1, 1, 1]).astype(np.float32)

    assert abs(float(principal_axes(x, 1, seed=0)[1][0, 0])) > 0.99


def test_weights_of_each_kind_count_their_classes() -> None:
    """Each head's weights are of its own kind and know how many classes they tell apart."""
    x, y = clouds(60, 4, 3)
    kinds = {LinearHead: Linear, KernelHead: Kernel, MlpHead: Mlp, TextHead: SparseLinear}
    for each in HEADS:
        head = each.make(0).fit(sp.csr_array(np.abs(x)) if each.sparse else x, y)

        assert isinstance(head.weights_, kinds[each.head])
        assert n_classes(head.weights_) == 3
        assert np.array_equal(
            scores(head.weights_, sp.csr_array(np.abs(x)) if each.sparse else x),
            head.scores(sp.csr_array(np.abs(x)) if each.sparse else x),
        )


def test_heads_are_tried_where_they_can_win_at_their_price() -> None:
    """Counted terms get the text head alone; too wide a kernel and too slow a network are refused with a reason."""
    assert [each.head for each in suited(sp.csr_array((2, 3)))] == [TextHead]
    dense = {each.head: each for each in suited(np.zeros((2, 3), dtype=np.float32))}

    assert list(dense) == [LinearHead, KernelHead, MlpHead]
    assert dense[KernelHead].too_much(100, 64, 10) == ""
    assert "12,288 numbers" in dense[KernelHead].too_much(100, 12_288, 10)
    assert "classes" in dense[KernelHead].too_much(30_000, 64, 10_000)
    assert "60,000 items" in dense[MlpHead].too_much(60_000, 784, 10)


def test_folds_that_are_asked() -> None:
    """All folds from 0 up, unless one holds everything."""
    assert asked(np.array([2, 0, -1])) == [0, 2]
    assert asked(np.array([0, -1])) == [0]
    assert asked(np.array([3, 3])) == []


def test_work_side_by_side_keeps_its_order() -> None:
    """Results come in the order of the items, and there is at least one core."""
    assert parallel.each_on_its_own_core(lambda i: i * i, list(range(20))) == [i * i for i in range(20)]
    assert parallel.n_cores() >= 1
