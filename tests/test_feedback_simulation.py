"""Self-training on made-up worlds whose outcome is known."""

import numpy as np
import pytest

from florilegium.errors import InputError, SettingError
from florilegium.feedback import Way, Wish, simulate
from florilegium.types import Ints

CLASSES = ("common", "rare")


class Stubborn:
    """A model that only repeats the commonest label it was taught, once that is common enough."""

    def __init__(self, y: Ints) -> None:
        """Know the truth, to answer with it at first."""
        self.y = y

    def __call__(self, _rows: Ints, y: Ints, asked: Ints, /) -> Ints:
        """Answer right while at least 3 of 10 labels are "rare", else always "common"."""
        return self.y[asked] if (y == 1).mean() >= 0.3 else np.zeros(len(asked), dtype=np.int64)


def perfect(y: Ints) -> object:
    """Give a model that is always right."""
    return lambda _rows, _labels, asked: y[asked]


def test_nothing_happens_where_the_model_is_right() -> None:
    """A perfect model feeds itself without harm, and that is what is said."""
    y = np.arange(400) % 2
    found = simulate(y, np.arange(400), perfect(y), classes=CLASSES, seed=0)  # type: ignore[arg-type]  # fields by name

    assert (found.drop.value, found.saved.value) == (0, 0)
    assert "no change is shown" in found.sentence
    assert all(each.value == 1 for course in found.courses for each in course.accuracy)
    assert len(found.courses[0].accuracy) == 11


def test_a_class_that_dies_out_is_named_and_the_audit_is_measured() -> None:
    """A model that forgets a rare class teaches itself to forget it; people alone do not."""
    rng = np.random.default_rng(0)
    y = (rng.random(1000) < 0.3).astype(np.int64)
    wish = Wish(n_rounds=5, automation_bias=1.0, n_repeats=6)
    found = simulate(y, np.arange(1000), Stubborn(y), classes=CLASSES, wish=wish, seed=1)
    alone = next(course for course in found.courses if course.way is Way.ALONE)
    people = next(course for course in found.courses if course.way is Way.PEOPLE)

    assert max(alone.died_out) >= max(people.died_out)
    assert alone.wrong_labels[-1] > 0
    assert people.wrong_labels[-1] == 0
    assert found.drop.low <= found.drop.value <= found.drop.high


def test_people_who_accept_nothing_wrong_label_right() -> None:
    """Without automation bias no label is wrong, whoever labels."""
    y = np.arange(300) % 2
    model = lambda _rows, _labels, asked: 1 - y[asked]  # noqa: E731 - always wrong
    found = simulate(y, np.arange(300), model, classes=CLASSES, wish=Wish(automation_bias=0.0), seed=0)

    assert all(course.wrong_labels[-1] == 0 for course in found.courses)


def test_whole_groups_are_dealt() -> None:
    """No group is learned from and judged on: a model that remembers groups is right on none that are held out."""
    groups = np.repeat(np.arange(100), 3)
    y = np.arange(300) % 2
    seen: list[int] = []

    def model(rows: Ints, _labels: Ints, asked: Ints, /) -> Ints:
        seen.append(int(np.isin(groups[asked], groups[rows]).sum()))
        return y[asked]

    simulate(y, groups, model, classes=CLASSES, wish=Wish(n_repeats=2), seed=0)

    assert set(seen) == {0}


def test_equal_seed_equal_play() -> None:
    """The same seed plays the same rounds."""
    y = np.arange(200) % 2
    plays = [simulate(y, np.arange(200), Stubborn(y), classes=CLASSES, seed=4).sentence for _ in range(2)]

    assert plays[0] == plays[1]


def test_what_cannot_be_played_is_refused() -> None:
    """One class, too few groups and shares out of range are named with what to do."""
    y = np.arange(6) % 2
    with pytest.raises(InputError, match="two classes at least"):
        # On purpose: what is refused.
        simulate(np.zeros(9, dtype=np.int64), np.arange(9), perfect(y), classes=CLASSES, seed=0)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="--rounds"):
        simulate(y, np.arange(6), perfect(y), classes=CLASSES, seed=0)  # type: ignore[arg-type]  # fields by name
    with pytest.raises(SettingError, match="n_repeats = 1"):
        Wish(n_repeats=1, share_start=2.0)
