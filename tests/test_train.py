"""Training chooses honestly, calibrates, abstains where told to, and says what it did."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.datasets import load_digits

from florilegium.errors import InputError
from florilegium.model import calibration
from florilegium.model.calibration import Abstention
from florilegium.model.train import _simplest, again, train
from florilegium.model.weights import scores
from florilegium.types import Ints, Vectors
from tests.head_making import clouds, rings


def digits() -> tuple[Vectors, Ints, Ints]:
    """Give scikit-learn's small digits in random order, their classes, and folds for the first 600."""
    bunch = load_digits()
    order = np.random.default_rng(0).permutation(len(bunch.target))
    return (bunch.data[order] / 16).astype(np.float32), bunch.target[order].astype(np.int64), np.arange(600) % 5


def test_digits_are_learned_and_the_folds_tell_the_truth() -> None:
    """Cross-validated accuracy foretells accuracy on items that nobody looked at: both are near 0.97."""
    x, y, folds = digits()
    found = train({"pixels": x[:600]}, y[:600], k=10, folds=folds, seed=0)
    expected = (found.probabilities.argmax(axis=1) == y[:600]).mean()
    met = (scores(found.weights, x[600:]).argmax(axis=1) == y[600:]).mean()

    assert expected > 0.95
    assert abs(expected - met) < 0.03  # four standard errors of an accuracy of 0.97 on 600
    assert np.allclose(found.probabilities.sum(axis=1), 1)


def test_same_seed_same_model() -> None:
    """Two trainings of one seed are equal to the last bit."""
    x, y, folds = digits()
    one, two = (train({"pixels": x[:300]}, y[:300], k=10, folds=folds[:300], seed=4) for _ in range(2))

    assert np.array_equal(one.probabilities, two.probabilities)
    assert np.array_equal(scores(one.weights, x), scores(two.weights, x))
    assert (one.temperature, one.threshold, one.settings) == (two.temperature, two.threshold, two.settings)


def test_shuffled_labels_fall_to_chance() -> None:
    """The run on shuffled labels gets a tenth of ten classes right, within four standard errors."""
    x, y, folds = digits()
    found = train({"pixels": x[:600]}, y[:600], k=10, folds=folds, seed=0)
    n = len(found.shuffled_rows)

    assert n == 600
    assert found.shuffled_right.mean() < 0.1 + 4 * np.sqrt(0.09 / n)


def test_labels_without_meaning_give_no_confidence() -> None:
    """Trained on noise the model is right as often as chance, says so, and its probabilities are near even."""
    rng = np.random.default_rng(0)
    found = train(
        {"noise": rng.normal(size=(300, 8)).astype(np.float32)},
        rng.permutation(np.arange(300) % 3),
        k=3,
        folds=np.arange(300) % 5,
        seed=0,
    )

    assert found.probabilities.max() < 0.6
    assert not found.abstention.reached


def test_the_simple_head_wins_a_tie() -> None:
    """Where a straight rule does as well, it is taken: first in the order of heads, then of encoders."""
    x, y = clouds(200, 6, 3, spread=0.3)
    found = train({"first": x, "second": x.copy()}, y, k=3, folds=np.arange(200) % 5, seed=0)

    assert (found.encoder, found.head.name) == ("first", "linear")
    assert [c.head for c in found.candidates] == ["linear", "linear", "kernel", "kernel"]


def test_the_bent_head_wins_where_straight_is_not_enough() -> None:
    """Two rings: the kernel head is taken, the network is tried too, and the note says what each got."""
    x, y = rings(300)
    found = train({"rings": x}, y, k=2, folds=np.arange(300) % 5, seed=0)

    assert found.head.name == "kernel"
    assert [c.head for c in found.candidates] == ["linear", "kernel", "mlp"]
    assert "linear" in found.notes[0]
    assert "kernel" in found.notes[0]


def test_within_one_standard_error_is_a_tie() -> None:
    """Ahead on 4 items that the two disagree on is 4 of root 4 = 2: shown; 1 of root 1 is not. Reckoned by hand."""
    base = np.zeros(20, dtype=np.bool_)
    four, one = base.copy(), base.copy()
    four[:4], one[0] = True, True

    assert _simplest([base, four]) == 1
    assert _simplest([base, one]) == 0


def test_the_better_encoder_is_chosen() -> None:
    """Of vectors that show the class and vectors that do not, cross-validation takes those that do."""
    x, y = clouds(200, 6, 3, spread=0.5)
    noise = np.random.default_rng(1).normal(size=x.shape).astype(np.float32)
    found = train({"noise": noise, "good": x}, y, k=3, folds=np.arange(200) % 5, seed=0)

    assert found.encoder == "good"


def test_many_items_are_raced_on_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit the candidates meet on a sample; the winner learns from all and is asked about all."""
    monkeypatch.setattr(
        sys.modules["florilegium.model.train"], "MAX_RACE", 100
    )  # the package has a function of that name
    x, y = rings(400)
    found = train({"rings": x}, y, k=2, folds=np.arange(400) % 5, seed=0)
    by_head = {c.head: c.n for c in found.candidates}

    assert found.head.name == "kernel"
    assert by_head["linear"] == 100
    assert by_head["kernel"] == 400
    assert any("sample of 100" in note for note in found.notes)
    assert found.scores.any(axis=1).all()


def test_items_that_are_never_asked_about_count_nowhere() -> None:
    """Fold -1 is learned from; temperature, threshold and counts come from the others alone."""
    x, y = clouds(200, 6, 3, spread=0.5)
    folds = np.where(np.arange(200) < 50, -1, np.arange(200) % 5)
    found = train({"v": x}, y, k=3, folds=folds, seed=0)

    assert found.candidates[0].n == 150
    assert np.allclose(found.probabilities[:50], 1 / 3)
    assert found.shuffled_rows.min() >= 50


def test_again_answers_other_folds() -> None:
    """With sources as folds, a source's items are answered by what the others taught: here, nothing of its class."""
    x, y = clouds(150, 5, 3, spread=0.3)
    found = train({"v": x}, y, k=3, folds=np.arange(150) % 5, seed=0)
    said = again(found, x, y, y, k=3, seed=0)  # each class is its own source

    assert np.allclose(said.sum(axis=1), 1)
    assert (said.argmax(axis=1) == y).mean() < 0.05


def test_a_class_with_one_item_is_kept() -> None:
    """It is in the model, though no fold could be asked about it fairly."""
    x, y = clouds(90, 4, 3)
    y = np.append(y[:-1], 3)
    found = train({"v": x}, y, k=4, folds=np.arange(90) % 5, seed=0)

    assert scores(found.weights, x).shape == (90, 4)
    assert np.isfinite(found.probabilities).all()


@pytest.mark.parametrize(
    ("n", "k", "match"), [(0, 2, "Label some"), (6, 1, "at least 2 classes"), (6, 2, "at least 2 groups")]
)
def test_what_cannot_be_learned_is_said(n: int, k: int, match: str) -> None:
    """No items, one class or no fold to ask about: the message says what is missing."""
    with pytest.raises(InputError, match=match):
        train({"v": np.zeros((n, 2), np.float32)}, np.arange(n) % k, k=k, folds=np.full(n, -1), seed=0)


def test_rows_and_labels_must_fit_together() -> None:
    """A slip of the caller is named, not guessed around."""
    y, folds = np.arange(6) % 2, np.arange(6) % 3
    with pytest.raises(ValueError, match="v: 5 rows for 6 labels"):
        train({"v": np.zeros((5, 2), np.float32)}, y, k=2, folds=folds, seed=0)
    with pytest.raises(ValueError, match=r"expected each of 0\.\.2"):
        train({"v": np.zeros((6, 2), np.float32)}, y, k=3, folds=folds, seed=0)


@given(seed=st.integers(0, 20), truth=st.floats(0.2, 5))
def test_the_temperature_is_the_one_that_made_the_labels(seed: int, truth: float) -> None:
    """Labels drawn at a temperature give that temperature back, within a tenth and a bit."""
    rng = np.random.default_rng(seed)
    raw = rng.normal(scale=3 * truth, size=(6000, 4))
    y = (softmax(raw / truth, axis=1).cumsum(axis=1) < rng.random((6000, 1))).sum(axis=1).clip(0, 3)

    assert calibration.temperature(raw, y) == pytest.approx(truth, rel=0.15)


def test_the_temperature_is_the_best_one() -> None:
    """No temperature of a fine grid has a lower log loss (with the imagined doubt left out: it weighs 1 in 2,002)."""
    rng = np.random.default_rng(3)
    raw, y = rng.normal(scale=4, size=(2000, 5)), rng.integers(0, 5, 2000)
    raw[np.arange(2000), y] += 3

    def loss(log_t: float) -> float:
        return float(-log_softmax(raw / np.exp(log_t), axis=1)[np.arange(2000), y].mean())

    judge = float(np.exp(minimize_scalar(loss, bounds=(-3, 5), method="bounded").x))

    assert calibration.temperature(raw, y) == pytest.approx(judge, rel=0.02)


def test_always_right_is_not_certain() -> None:
    """Fifty right answers out of fifty do not make a model sure: one doubt in 52 stays, as Laplace would have it."""
    y = np.arange(50) % 2
    raw = np.eye(2)[y]
    said = calibration.probabilities(raw, temperature=calibration.temperature(raw, y))

    assert said.max() == pytest.approx(51 / 52, abs=0.001)


def test_the_threshold_is_the_smallest_that_reaches_the_target() -> None:
    """Ten answers, the two least sure wrong: 8 of 8 above, 8 of 9 below; reckoned by hand."""
    sure = np.linspace(0.95, 0.5, 10)
    right = np.array([True] * 8 + [False] * 2)
    found = calibration.abstention(sure, right, target=0.95)

    assert (found.share_answered, found.accuracy_answered, found.reached) == (0.8, 1.0, True)
    assert sure[8] < found.threshold < sure[7]


def test_a_target_out_of_reach_gives_up_half() -> None:
    """Where even the surer half is wrong too often, half is answered and it is said that the target was missed."""
    right = np.arange(10) % 2 == 0
    found = calibration.abstention(np.linspace(0.9, 0.3, 10), right, target=0.95)

    assert (found.share_answered, found.reached) == (0.5, False)
    assert "falls short" in calibration.told(found, target=0.95)


def test_equal_confidence_is_answered_or_not_together() -> None:
    """A threshold never divides items that are equally sure."""
    sure = np.array([0.9, 0.9, 0.9, 0.9, 0.6, 0.6, 0.6])
    found = calibration.abstention(sure, np.array([True, True, True, True, True, False, False]), target=0.9)

    assert 0.6 < found.threshold < 0.9
    assert found.share_answered == pytest.approx(4 / 7)


@given(rows=st.lists(st.tuples(st.floats(0.1, 1), st.booleans()), min_size=1, max_size=60), target=st.floats(0.5, 1))
def test_a_reached_target_is_reached(rows: list[tuple[float, bool]], target: float) -> None:
    """What is reported of the answered is true of them, and where the target is met at least half are answered."""
    sure, right = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    found = calibration.abstention(sure, right, target=target)
    answered = sure >= found.threshold

    assert found.share_answered == pytest.approx(answered.mean())
    assert found.accuracy_answered == pytest.approx(right[answered].mean())
    assert not found.reached or (found.accuracy_answered >= target - 1e-12 and found.share_answered >= 0.5)


def test_a_model_that_always_answers_says_so() -> None:
    """Without a threshold the note promises no silence."""
    told = calibration.told(
        Abstention(threshold=0.0, share_answered=1, accuracy_answered=0.99, reached=True), target=0.9
    )

    assert told == "The model answers always: 99.0 % right out of fold, and 90 % were wanted."
