"""The story of chapter 4: each rung is counted rightly and compared with the one before."""

import json
import math
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from florilegium.baseline.pictures import MeanImage
from florilegium.errors import SettingError, SourceError
from florilegium.lab import story
from florilegium.lab.digits import Digits, load
from florilegium.lab.story import Rung

ROOT = Path(__file__).parents[1]
LAB = ROOT / "florilegium" / "lab"


@pytest.fixture(scope="module")
def digits() -> Digits:
    """Give the embedded digits."""
    return load("digits")


@pytest.fixture(scope="module")
def rungs(digits: Digits) -> list[Rung]:
    """Climb the ten-digit ladder once."""
    return list(story.climb(digits, story.TEN_DIGITS, rng=np.random.default_rng(0)))


def test_the_two_sides_share_no_picture(digits: Digits) -> None:
    """A third of the embedded digits is kept for judging, and a word says so; no picture is on both sides."""
    train = {picture.tobytes() for picture in digits.x}
    test = {picture.tobytes() for picture in digits.x_test}

    assert len(digits.x) + len(digits.x_test) == 1_797
    assert len(digits.x_test) == 599
    assert train & test == set()
    assert "drawn by lot" in digits.notes[0]


def test_only_threes_and_sevens_are_left_where_asked(digits: Digits) -> None:
    """`only` keeps the pictures of the digits named and numbers them in that order."""
    two = digits.only(7, 3)

    assert two.classes == ("7", "3")
    assert len(two.x) == int(np.isin(digits.y, (3, 7)).sum())
    np.testing.assert_array_equal(two.x[two.y == 1], digits.x[digits.y == 3])


def test_every_rung_says_what_it_got_right(digits: Digits, rungs: list[Rung]) -> None:
    """Counts are those of the answers, the range holds the accuracy, and every rung of the ladder is there."""
    assert [r.name for r in rungs] == [r.name for r in story.TEN_DIGITS]
    for rung in rungs:
        assert rung.score.n_right == int((rung.said == digits.y_test).sum())
        assert rung.score.low <= rung.score.accuracy <= rung.score.high


def test_a_simple_rule_comes_first(digits: Digits, rungs: list[Rung]) -> None:
    """The first rung is the package's own baseline, with no weights and nothing to compare it with."""
    rule = MeanImage("l2").fit(digits.x, digits.y).predict(digits.x_test)

    np.testing.assert_array_equal(rungs[0].said, rule)
    assert rungs[0].against is None
    assert rungs[0].n_parameters == 0


def test_rungs_are_compared_in_pairs(rungs: list[Rung]) -> None:
    """A rung's difference to the one before counts the pictures that only one of the two got right."""
    for before, rung in pairwise(rungs):
        assert rung.against is not None
        assert rung.before == before.name
        assert rung.against.n_only_model == int((rung.right & ~before.right).sum())
        difference = rung.against.difference
        assert math.isclose(difference.value, rung.score.accuracy - before.score.accuracy)
        assert difference.low <= difference.value <= difference.high


def test_learning_beats_the_rule_on_ten_digits(rungs: list[Rung]) -> None:
    """On the embedded digits a line is better than the nearest mean picture, shown in pairs."""
    line = rungs[1]

    assert line.against is not None
    assert line.against.shows_better(0.05)
    assert rungs[2].score.accuracy > 0.95


def test_weights_are_counted(rungs: list[Rung]) -> None:
    """A line for 64 pixels and 10 digits has 64 * 10 + 10 weights; 512 units in between make it 38,410."""
    assert [r.n_parameters for r in rungs[:3]] == [0, 650, 64 * 512 + 512 + 512 * 10 + 10]


def test_a_rung_is_json(rungs: list[Rung]) -> None:
    """What a rung says of itself can be written as JSON, without NaN."""
    for rung in rungs:
        said = json.loads(json.dumps(rung.as_dict(), allow_nan=False))

        assert said["n_right"] / said["n"] == pytest.approx(said["accuracy"])


@pytest.mark.parametrize("lr", [0.0, -0.5, 1e9])
def test_a_bad_learning_rate_is_a_lesson(digits: Digits, lr: float) -> None:
    """With rates that cannot work a rung still answers every picture, and says what went wrong."""
    (rung,) = story.climb(digits, story.TEN_DIGITS[1:2], rng=np.random.default_rng(0), lr=lr)

    assert rung.history is not None
    assert rung.history.end != "done"
    assert rung.score.n == len(digits.x_test)


def test_a_batch_can_be_larger_than_the_data(digits: Digits) -> None:
    """Asked for a batch of a million, a rung takes all pictures at each step."""
    (rung,) = story.climb(digits.only(7, 3), story.THREE_OR_SEVEN[2:3], rng=np.random.default_rng(0), n_batch=10**6)

    assert rung.score.accuracy > 0.9


def test_where_mnist_cannot_be_had_the_small_digits_step_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a mirror or a network the story runs on the embedded digits, and the first note says why."""
    monkeypatch.setenv("FLORILEGIUM_DATA", "")
    monkeypatch.setattr("florilegium.source.builtin.MNIST_ADDRESSES", ())
    monkeypatch.setattr("florilegium.source.remote.fetch", _no_network)
    given = load()

    assert given.name == "digits"
    assert "MNIST cannot be had here" in given.notes[0]
    with pytest.raises(SourceError):
        load("mnist")


def _no_network(*_: object, **__: object) -> None:
    raise SourceError("no network")


def test_other_digits_are_not_known() -> None:
    """A set with another name is refused, with the names that there are."""
    with pytest.raises(SettingError, match="mnist or digits"):
        load("fashion")


@pytest.mark.data
def test_pixel_similarity_is_as_published() -> None:
    """On MNIST the two rules for 3 or 7 find what the book prints: L1 0.9511; L2 0.9661 where it says 0.9662."""
    two = load("mnist").only(7, 3)
    l1, l2 = story.climb(two, story.THREE_OR_SEVEN[:2], rng=np.random.default_rng(0))

    assert len(two.x) == 12_396  # MNIST_SAMPLE's own counts
    assert len(two.x_test) == 2_038
    assert l1.as_published == pytest.approx(0.9511, abs=5e-5)
    assert l2.as_published == pytest.approx(0.9662, abs=2e-4)


def test_the_lesson_stays_short() -> None:
    """The core of the lab is under 500 lines, and docs/lab.md says how long each of its files is."""
    page = (ROOT / "docs" / "lab.md").read_text(encoding="utf-8")
    said = dict(re.findall(r"^\| \[`(\w+\.py)`\]\(\S+\) \| (\d+) \|", page, flags=re.MULTILINE))
    found = {name: len((LAB / name).read_text(encoding="utf-8").splitlines()) for name in said}

    assert sorted(said) == ["descent.py", "finder.py", "network.py", "ops.py", "optimiser.py", "tensor.py"]
    assert {name: int(lines) for name, lines in said.items()} == found
    assert sum(found.values()) < 500
    assert f"in {sum(found.values())} lines of NumPy" in page
