"""The head that learns again after every label."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.gaussian_process.kernels import RBF
from sklearn.kernel_ridge import KernelRidge

from florilegium.errors import InputError
from florilegium.model import quick
from florilegium.model.quick import RIDGE, QuickHead
from florilegium.types import Floats, Ints
from tests.labelling_making import digits


@pytest.fixture(scope="module")
def head() -> QuickHead:
    """Give a head on all digits; every call says what it has learned, so tests may share it."""
    return QuickHead(digits()[0])


def drawn(n: int, seed: int = 0) -> Ints:
    """Give n rows in random order."""
    return np.random.default_rng(seed).permutation(len(digits()[1]))[:n]


def right(probabilities: Floats, rows: Ints) -> float:
    """Give the share right of what was not learned."""
    y = digits()[1]
    rest = np.setdiff1d(np.arange(len(y)), rows)
    return float((probabilities[rest].argmax(axis=1) == y[rest]).mean())


def test_it_is_kernel_ridge_regression(head: QuickHead) -> None:
    """The answers are those of scikit-learn's `KernelRidge` on the same places."""
    y, rows = digits()[1], drawn(150)
    kernel = RBF(length_scale=1 / np.sqrt(2 * head.scale))
    peer = KernelRidge(alpha=RIDGE, kernel="precomputed").fit(kernel(head.places[rows]), np.eye(10)[y[rows]] - 0.1)
    scores = peer.predict(kernel(head.places, head.places[rows]))
    found = head.update(rows, y[rows], k=10)

    assert (found.argmax(axis=1) == scores.argmax(axis=1)).mean() > 0.999
    logs = np.log(found)
    np.testing.assert_allclose(
        np.diff(logs, axis=1) * np.diff(scores, axis=1).std() / np.diff(logs, axis=1).std(),
        np.diff(scores, axis=1),
        atol=2e-3,
    )


@pytest.mark.parametrize("k", [0, 1, 3])
def test_no_label_at_all_works(head: QuickHead, k: int) -> None:
    """Before the first label all classes that there are have the same probability."""
    none = np.zeros(0, dtype=np.int64)
    found = head.update(none, none, k=k)

    assert found.shape == (1_797, k)
    assert not k or (found == 1 / k).all()


def test_one_class_so_far_works(head: QuickHead) -> None:
    """With labels of one class only, that class is certain."""
    assert (head.update(drawn(5), np.zeros(5, dtype=np.int64), k=1) == 1).all()


def test_a_class_may_appear_at_any_time(head: QuickHead) -> None:
    """After the first label of a new class, an item beside it is likelier to be of it than of any other."""
    y, rows = digits()[1], drawn(120)
    rows = rows[y[rows] < 7]
    head.update(rows, y[rows], k=7)
    sevens = np.flatnonzero(y == 7)
    more = np.concatenate([rows, sevens[:1]])
    likes = head.places[sevens[1:]] @ head.places[sevens[0]]
    found = head.update(more, y[more], k=8)

    assert found[sevens[1:][likes.argmax()]].argmax() == 7


@pytest.mark.parametrize("most", [1_024, 64], ids=["every label has a column", "labels through 64 columns"])
def test_order_and_history_do_not_matter(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Labels that came in parts, were changed and withdrawn leave the same answers as the last state given at once."""
    monkeypatch.setattr(quick, "MAX_LEARNED", most)
    x, y = digits()
    rows = drawn(150)
    moved, fresh = QuickHead(x), QuickHead(x)
    for m in (3, 64, 100, 150):
        moved.update(rows[:m], (y[rows[:m]] + 1) % 10, k=10)
    fresh.update(rows[:64], y[rows[:64]], k=10)  # the same columns
    kept = np.delete(rows, [5, 60, 149])
    found = moved.update(kept[::-1], y[kept[::-1]], k=10)
    expected = fresh.update(kept, y[kept], k=10)

    np.testing.assert_allclose(found, expected, atol=0.02)
    assert (found.argmax(axis=1) == expected.argmax(axis=1)).mean() > 0.995


def test_more_labels_than_columns_still_teach(monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for 200 columns, 1,000 labels are better than 200: those without a column are learned too."""
    monkeypatch.setattr(quick, "MAX_LEARNED", 200)
    y, head, rows = digits()[1], QuickHead(digits()[0]), drawn(1_000)
    few = right(head.update(rows[:200], y[rows[:200]], k=10), rows)
    many = right(head.update(rows, y[rows], k=10), rows)

    assert many > few + 0.005


@pytest.mark.parametrize("most", [1_024, 60], ids=["every label has a column", "labels through 60 columns"])
def test_an_item_is_left_out_of_its_own_answer(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """The formula for leaving one label out gives what learning without that label gives."""
    monkeypatch.setattr(quick, "MAX_LEARNED", most)
    y, head, rows = digits()[1], QuickHead(digits()[0]), drawn(100)
    at = np.arange(70, 100)  # none of them has one of the 60 columns
    found = head.answers(rows, y[rows], rows[at], k=10)
    plain = []
    for i in at.tolist():
        without = np.delete(rows, i)
        plain.append(int(head.answers(without, y[without], rows[i : i + 1], k=10)[0]))

    assert found.tolist() == plain


def test_probabilities_are_about_right() -> None:
    """Where 100 random labels are learned, what is given 60 to 90 % is right about as often, give or take 15 points."""
    y, head, rows = digits()[1], QuickHead(digits()[0]), drawn(100, seed=3)
    found = head.update(rows, y[rows], k=10)
    rest = np.setdiff1d(np.arange(len(y)), rows)
    sure = found[rest].max(axis=1)
    middle = (sure > 0.6) & (sure < 0.9)

    assert middle.sum() > 100
    assert abs(sure[middle].mean() - (found[rest].argmax(axis=1) == y[rest])[middle].mean()) < 0.15


@pytest.mark.parametrize(
    ("rows", "y", "said"),
    [
        ([1, 2], [0], "2 rows with 1"),
        ([-1], [0], "rows not in"),
        ([1_797], [0], "rows not in"),
        ([1], [3], "classes not in"),
        ([1, 1], [0, 0], "a row twice"),
    ],
)
def test_labels_that_cannot_be_are_refused(head: QuickHead, rows: list[int], y: list[int], said: str) -> None:
    """Rows that do not exist or come twice, and classes that do not exist, are named."""
    with pytest.raises(InputError, match=said):
        head.update(np.array(rows), np.array(y), k=3)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_vectors_that_are_not_finite_are_refused(bad: float) -> None:
    """NaN and infinity are refused before anything is learned."""
    x = np.zeros((4, 2), dtype=np.float32)
    x[2, 1] = bad
    with pytest.raises(InputError, match="finite"):
        QuickHead(x)


def test_texts_come_as_sparse_rows() -> None:
    """Sparse rows give the answers of the same rows written out, where they have no more directions than are kept."""
    y, rows = digits()[1], drawn(100)
    plain = QuickHead(digits()[0]).update(rows, y[rows], k=10)
    sparse = QuickHead(sp.csr_array(digits()[0])).update(rows, y[rows], k=10)

    np.testing.assert_allclose(sparse, plain, atol=1e-3)


def test_constant_vectors_and_a_single_item_work() -> None:
    """Where nothing tells items apart every item gets the same answer."""
    for n in (1, 30):
        found = QuickHead(np.ones((n, 3), dtype=np.float32)).update(np.array([0]), np.array([1]), k=2)

        assert np.ptp(found, axis=0).max() < 1e-6
        assert found[0].argmax() == 1
