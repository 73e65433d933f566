"""Baselines say what a person with a pencil would say, and reproduce published figures."""

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from florilegium import baseline
from florilegium.baseline import BASELINES, cross_validate, subset
from florilegium.baseline.pictures import Histogram, MeanImage, NearestPixels
from florilegium.baseline.rule import Majority
from florilegium.baseline.shortcut import Shortcut
from florilegium.baseline.texts import Keywords, Length, NaiveBayes
from florilegium.source.base import Kind
from florilegium.types import Ints, Octets


def test_the_nearest_mean_image_depends_on_the_distance() -> None:
    """One pixel far off weighs more squared: L1 says the first class, L2 the second; reckoned by hand."""
    # Means (0, 0, 0, 0) and (9, 9, 9, 9). From (20, 0, 0, 0): 20 and 11 + 27 = 38 in L1, 400 and 121 + 243 = 364 in L2.
    x = np.array([[[0, 0], [0, 0]], [[9, 9], [9, 9]]], dtype=np.uint8)
    y, new = np.array([0, 1]), np.array([[[20, 0], [0, 0]]], dtype=np.uint8)

    assert MeanImage("l1").fit(x, y).predict(new).tolist() == [0]
    assert MeanImage("l2").fit(x, y).predict(new).tolist() == [1]


def test_the_histogram_does_not_see_places() -> None:
    """A picture turned upside down has the same colours, so it gets the same answer."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (30, 8, 8, 3), dtype=np.uint8)
    rule = Histogram().fit(x, np.arange(30) % 3)

    assert np.array_equal(rule.predict_proba(x), rule.predict_proba(x[:, ::-1]))


def test_nearest_pixels_are_those_of_scikit_learn() -> None:
    """Three neighbours, uniform votes, Euclidean distance: scikit-learn on the same numbers agrees."""
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, 256, (80, 5, 5), dtype=np.uint8), rng.integers(0, 4, 80)
    new = rng.integers(0, 256, (40, 5, 5), dtype=np.uint8)
    judge = KNeighborsClassifier(3).fit(x.reshape(80, -1) / 255, y)

    assert np.array_equal(NearestPixels().fit(x, y).predict(new), judge.predict(new.reshape(40, -1) / 255))


def test_file_size_gives_the_answer_away() -> None:
    """Where the classes differ in one fact only, the shortcut finds it among nine that tell nothing."""
    rng = np.random.default_rng(2)
    y = np.arange(200) % 2
    facts = rng.normal(size=(200, 10)).astype(np.float32)
    facts[:, 4] += 6 * y
    said = cross_validate(Shortcut, facts, y, np.arange(200) % 5, k=2)

    assert (said.argmax(axis=1) == y).mean() > 0.97


def test_facts_that_are_no_numbers_do_not_stop_the_shortcut() -> None:
    """Not-a-number and infinity are facts like others."""
    facts = np.array([[np.nan, 1], [np.inf, 1], [-np.inf, 0], [3e38, 0]] * 5, dtype=np.float32)

    assert np.isfinite(Shortcut().fit(facts, np.arange(20) % 2).predict_proba(facts)).all()


def test_keywords_are_the_words_that_only_one_class_uses() -> None:
    """A text with a class's telling word goes to that class, however many common words surround it."""
    x = np.array(["my card is lost", "my card is late", "my rate is high", "my rate is low"] * 5, dtype=object)
    y = np.array([0, 0, 1, 1] * 5)
    rule = Keywords().fit(x, y)

    assert rule.predict(np.array(["is my my my rate", "the card", "is my"], dtype=object)).tolist() == [1, 0, 0]


def test_length_alone_can_tell() -> None:
    """Short texts of one class, long texts of the other: length knows them."""
    x = np.array(["ab" * (1 + i % 7) for i in range(40)] + ["ab" * (20 + i % 7) for i in range(40)], dtype=object)
    y = np.repeat([0, 1], 40)

    assert Length().fit(x, y).predict(np.array(["abc", "ab" * 30], dtype=object)).tolist() == [0, 1]


@pytest.mark.parametrize("make", [Keywords, NaiveBayes, Length])
def test_texts_without_words_get_the_commonest_class(make: type[Keywords | NaiveBayes | Length]) -> None:
    """Empty texts and texts of signs stop nothing."""
    x = np.array(["", "?!", "..."], dtype=object)

    assert make().fit(x, np.array([1, 1, 0])).predict(np.array(["", "…"], dtype=object)).tolist()[0] == 1


def test_cross_validation_is_scikit_learns() -> None:
    """Out-of-fold probabilities equal those of scikit-learn's `cross_val_predict` on the same folds."""
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(60, 4)), np.arange(60) % 3
    folds = rng.permutation(np.arange(60) % 5)
    splits = [(np.flatnonzero(folds != f), np.flatnonzero(folds == f)) for f in range(5)]
    judge = cross_val_predict(KNeighborsClassifier(4), x, y, cv=splits, method="predict_proba")

    assert np.allclose(cross_validate(lambda: KNeighborsClassifier(4), x, y, folds, k=3), judge)


def test_a_class_that_the_other_folds_lack_gets_nothing() -> None:
    """What cannot be learned is never said, and the columns keep their places."""
    y = np.array([0, 0, 2, 2, 1])
    said = cross_validate(Majority, np.zeros((5, 1)), y, np.array([0, 1, 0, 1, 2]), k=3)

    assert said[4].tolist() == [0.5, 0.0, 0.5]
    assert np.allclose(said.sum(axis=1), 1)


def test_items_of_fold_minus_one_are_learned_from_and_never_asked() -> None:
    """Their row is even; the others learn from them."""
    said = cross_validate(Majority, np.zeros((4, 1)), np.array([0, 1, 1, 1]), np.array([0, 1, -1, -1]), k=2)

    assert said.tolist() == [[0.0, 1.0], [1 / 3, 2 / 3], [0.5, 0.5], [0.5, 0.5]]


@given(counts=st.lists(st.integers(1, 60), min_size=1, max_size=8), n=st.integers(1, 200), seed=st.integers(0, 9))
def test_a_sample_keeps_the_shares_of_the_classes(counts: list[int], n: int, seed: int) -> None:
    """Each class is there, with its share of the sample to within one item; no row twice."""
    y: Ints = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    rows = subset(y, n, seed=seed)
    found = np.bincount(y[rows], minlength=len(counts))
    wanted = np.array(counts) * min(1.0, n / len(y))

    assert len(np.unique(rows)) == len(rows)
    assert (np.diff(rows) > 0).all()
    assert (np.abs(found - wanted) <= 1).all()
    assert found.min() >= 1


def test_only_what_is_there_is_tried() -> None:
    """Texts get the text rules, large thumbnails no pixel-by-pixel rule, and everything the plainest two."""
    small, large = np.zeros((2, 8, 8), dtype=np.uint8), np.zeros((2, 80, 80, 3), dtype=np.uint8)
    facts, words = np.zeros((2, 3), dtype=np.float32), np.array(["a", "b"], dtype=object)

    def names(kind: Kind, **views: baseline.Rows) -> set[str]:
        return {each.name for each in baseline.suited(views, kind=kind)}

    assert names(Kind.TEXT, facts=facts, texts=words) == {"majority", "shortcut", "length", "keywords", "naive Bayes"}
    assert names(Kind.IMAGE, facts=facts, pixels=small) - names(Kind.IMAGE, facts=facts, pixels=large) == {
        "nearest pixels"
    }
    assert names(Kind.IMAGE, facts=facts) == {"majority", "shortcut"}


def test_what_a_shortcut_means_is_said_for_every_kind() -> None:
    """A rule for pictures and texts names what either of them would give away."""
    says = {each.name: each.says for each in baseline.BASELINES}["shortcut"]

    assert "brightness or name of a picture" in says
    assert "punctuation of a text" in says


def test_very_many_items_are_sampled_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit the slow rules answer a sample only, and their note says how many."""
    monkeypatch.setattr("florilegium.baseline.crossval.MAX_SLOW", 40)
    rng = np.random.default_rng(4)
    y, x = np.arange(100) % 4, rng.integers(0, 256, (100, 6, 6), dtype=np.uint8)
    views: dict[str, baseline.Rows] = {"pixels": x, "facts": np.zeros((100, 2), dtype=np.float32)}
    heard: list[int] = []
    climbed = baseline.climb(
        views,
        y,
        np.arange(100) // 20,
        kind=Kind.IMAGE,
        k=4,
        seed=0,
        progress=lambda _step, done, _total: heard.append(done),
    )
    notes = {each.name: each.note for each in climbed}

    assert "40 of 100" in notes["nearest pixels"]
    assert notes["majority"] == ""
    assert heard == list(range(len(climbed) + 1))
    assert all(len(each.right) == len(each.rows) == len(each.probabilities) for each in climbed)
    assert all(each.accuracy == pytest.approx(each.right.sum() / len(each.rows)) for each in climbed)


def test_names_are_unique() -> None:
    """A name finds one baseline."""
    assert len({each.name for each in BASELINES}) == len(BASELINES)


def mnist(folder: Path, part: str) -> tuple[Octets, Ints]:
    """Read an original MNIST file pair: 16 octets of header, then pixels; 8, then labels."""
    pictures = gzip.decompress((folder / f"{part}-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((folder / f"{part}-labels-idx1-ubyte.gz").read_bytes())
    y = np.frombuffer(labels, dtype=np.uint8, offset=8).astype(np.int64)
    return np.frombuffer(pictures, dtype=np.uint8, offset=16).reshape(len(y), 28, 28), y


@pytest.mark.data
def test_mean_digits_reproduce_the_published_figures(data: Path) -> None:
    """On MNIST's 10,000: majority 0.1135, nearest mean image 0.8203; threes against sevens as in the fastai book."""
    (x, y), (new, truth) = mnist(data / "mnist", "train"), mnist(data / "mnist", "t10k")
    two, asked = np.isin(y, (3, 7)), np.isin(truth, (3, 7))

    def recalls(distance: str) -> list[float]:
        said = MeanImage(distance).fit(x[two], y[two]).predict(new[asked])  # type: ignore[arg-type]  # fields by name
        return [float((said[truth[asked] == digit] == digit).mean()) for digit in (3, 7)]

    assert (Majority().fit(x, y).predict(new) == truth).mean() == pytest.approx(0.1135, abs=5e-5)
    assert (MeanImage("l2").fit(x, y).predict(new) == truth).mean() == pytest.approx(0.8203, abs=5e-5)
    assert recalls("l1") == pytest.approx([0.9168, 0.9854], abs=5e-5)
    assert np.mean(recalls("l1")) == pytest.approx(0.9511, abs=5e-5)
    # Counted apart from this package, in float64: 968 of 1,010 threes and 1,001 of 1,028 sevens: 0.96608 in the mean.
    # (Issue 2 says 0.9662; no whole numbers near these give that.)
    assert recalls("l2") == pytest.approx([968 / 1010, 1001 / 1028], abs=1e-9)


@pytest.mark.data
@pytest.mark.slow
def test_nearest_digits_reproduce_the_published_figure(data: Path) -> None:
    """On MNIST's 10,000 three nearest neighbours get 0.9705 right."""
    (x, y), (new, truth) = mnist(data / "mnist", "train"), mnist(data / "mnist", "t10k")

    assert (NearestPixels().fit(x, y).predict(new) == truth).mean() == pytest.approx(0.9705, abs=5e-5)


IN_WHICH_THREADS = """
import sys, threading
import numpy as np

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("sklearn") and threading.current_thread() is not threading.main_thread():
            found.add(name)
        return None

found = set()
sys.meta_path.insert(0, Watch())
from florilegium.baseline import climb
from florilegium.source.base import Kind
texts = np.array([f"{'card lost' if i % 2 else 'open today'} {i % 7}" for i in range(40)], dtype=object)
views = {"texts": texts, "facts": np.arange(40, dtype=np.float32)[:, None]}
y, folds = np.arange(40) % 2, np.arange(40) // 2 % 5
climb(views, y, folds, kind=Kind.TEXT, k=2, seed=0)
print(sorted(found))
"""


def test_threads_find_what_they_import_already_there() -> None:
    """Two threads that import parts of one package at once find it half made: all is imported before they start."""
    asked = subprocess.run([sys.executable, "-c", IN_WHICH_THREADS], capture_output=True, text=True, check=True)

    assert asked.stdout.strip() == "[]"
