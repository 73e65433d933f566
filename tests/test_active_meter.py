"""The labelling meter: streams, curves, what was saved, when to stop, and whether its ranges hold."""

import dataclasses

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from florilegium.active import SHARE_RANDOM, Labelling, Meter, Stop, measure, progressive, reserve, turn
from florilegium.active.meter import MIN_JUDGES
from florilegium.active.saving import _rising, saved
from florilegium.errors import InputError, SettingError
from florilegium.evaluation import wilson_interval
from florilegium.model.quick import QuickHead
from florilegium.types import Bools, Ints
from tests.labelling_making import digits, labelled

IDS = [f"photo {i}.jpg" for i in range(5_000)]


def test_an_item_stays_on_its_side_when_others_come() -> None:
    """Which items are set aside for the random stream depends on their own names only."""
    assert reserve(IDS).tolist()[:100] == reserve(IDS[:100]).tolist()
    assert reserve(IDS, seed=1).tolist() != reserve(IDS).tolist()


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_the_share_set_aside_is_the_share_asked_for(share: float) -> None:
    """Of 5,000 items the share is met to within four standard errors, and turns keep it to the label."""
    assert abs(reserve(IDS, share=share).mean() - share) < 4 * np.sqrt(share * (1 - share) / 5_000)
    assert abs(sum(turn(n, share=share) for n in range(1_000)) - 1_000 * share) <= 1


@pytest.mark.parametrize("share", [0.0, 0.04, 0.6, 1.0])
def test_a_share_that_measures_nothing_is_refused(share: float) -> None:
    """Too few random items measure nothing, too many leave nothing to choose from."""
    with pytest.raises(SettingError, match="share"):
        reserve(IDS, share=share)
    with pytest.raises(SettingError, match="share"):
        turn(3, share=share)


def made(right: list[bool], at_random: list[bool] | None = None) -> Labelling:
    """Give labels 0, of which the model's guess was right where said."""
    n = len(right)
    streams = np.array(at_random) if at_random else np.ones(n, dtype=np.bool_)
    return Labelling(rows=np.arange(n), y=np.zeros(n, dtype=np.int64), at_random=streams, guesses=np.where(right, 0, 1))


def test_the_progressive_curve_counts_random_items_only() -> None:
    """Of forty random items ten of the first twenty and all of the last are right: two points, with Wilson's range."""
    curve = progressive(made([True, False] * 10 + [True] * 20 + [False] * 60, [True] * 40 + [False] * 60))

    assert [(p.n_right, p.n) for p in curve.points] == [(10, 20), (20, 20)]
    assert [p.n_labels for p in curve.points] == [10, 30]
    assert (curve.points[0].low, curve.points[0].high) == wilson_interval(10, 20)


def test_before_there_was_a_model_nothing_is_counted() -> None:
    """A label that came before the first model is no answer of any model."""
    given = made([False] * 20 + [True] * 20)
    given = dataclasses.replace(given, guesses=np.where(np.arange(40) < 20, -1, 0))

    assert [(p.n_right, p.n) for p in progressive(given).points] == [(20, 20)]


def test_labels_that_do_not_fit_are_refused() -> None:
    """An item twice, or one stream too few, is said."""
    given = made([True] * 5)
    with pytest.raises(InputError, match="no item twice"):
        dataclasses.replace(given, rows=np.array([1, 2, 3, 3, 4]))
    with pytest.raises(InputError, match="4 streams"):
        dataclasses.replace(given, at_random=np.ones(4, dtype=np.bool_))


def test_few_labels_tell_nothing_and_say_so() -> None:
    """From no label on the meter answers; below its number of random items it says how many more it needs."""
    for n in (0, 1, MIN_JUDGES - 1):
        meter = measure(made([True] * n), _first_class)

        assert (meter.now, meter.saving.share, meter.advice.stop) == (None, None, Stop.TOO_FEW)
        assert f"{MIN_JUDGES - n} random item" in meter.advice.sentence


def _first_class(rows: Ints, y: Ints, asked: Ints) -> Ints:
    del rows, y
    return np.zeros(len(asked), dtype=np.int64)


def test_a_model_that_learns_nothing_more_may_stop() -> None:
    """Four hundred random items, all right since the first ten labels: no gain can hide, so labelling may stop."""
    meter = measure(made([True] * 400), _first_class)

    assert meter.advice.stop is Stop.MAY_STOP
    assert meter.advice.gain is not None
    assert meter.advice.gain.value == 0


def test_a_gain_that_cannot_be_seen_is_called_so() -> None:
    """With twenty random items a gain of a point per hundred labels cannot be seen, whatever the model."""
    given = made([True] * 100, [True] * 20 + [False] * 80)

    assert measure(given, _first_class).advice.stop is Stop.NOT_SEEN


def test_a_model_that_still_learns_goes_on() -> None:
    """A model that knows what it learned and nothing else gains a third of the answers by the last third of labels."""

    def answers(rows: Ints, y: Ints, asked: Ints) -> Ints:
        del y
        return np.where(asked <= rows.max(), 0, 1)

    meter = measure(made([True] * 300), answers)

    assert meter.advice.stop is Stop.GO_ON
    assert meter.advice.gain is not None
    assert meter.advice.gain.value == pytest.approx(1 / 3, abs=0.01)


def right_first(n_right: int, n: int = 200) -> Bools:
    """Tell that the first few of n judges are right."""
    return np.arange(n) < n_right


def test_the_saving_is_read_off_the_curves() -> None:
    """Random labels reach 80 % with 100; chosen ones have 70 % with 20 and 90 % with 60, so 40 do: 60 % fewer."""
    found = saved(
        {20: right_first(140), 60: right_first(180), 100: right_first(190)},
        {50: right_first(120), 100: right_first(160)},
    )

    assert (found.n_chosen, found.n_random) == (40, 100)
    assert found.share == pytest.approx(0.6)
    assert found.low < 0.6 < found.high
    assert found.difference is not None
    assert found.difference.value == pytest.approx(0.15)
    assert found.sentence.startswith("Choosing saved labels: ")


def test_curves_are_made_to_rise_as_scikit_learn_does() -> None:
    """The rising curve nearest to a wavy one is that of `IsotonicRegression`."""
    from sklearn.isotonic import IsotonicRegression

    waves = np.random.default_rng(0).random((5, 9))
    expected = [IsotonicRegression().fit_transform(np.arange(9), wave) for wave in waves]

    np.testing.assert_allclose([_rising(wave) for wave in waves], expected, atol=1e-12)


@pytest.fixture(scope="module")
def meters() -> list[tuple[Meter, float, float]]:
    """Label digits 24 times with 30 % at random; give each meter, the true accuracy now and that of the labels before.

    True: over all 1,797, those that were labelled left out of their own answers, as the meter does.
    """
    x, y = digits()
    head = QuickHead(x)
    found = []
    with threadpool_limits(1):  # the arrays are small
        for seed in range(24):
            given = labelled(head, y, n=120, batch=20, seed=seed, share=0.3).labelling
            meter = measure(given, lambda r, c, a: head.answers(r, c, a, k=10))
            before = slice(0, 120 - meter.advice.n_last)
            now, then = (
                float((head.answers(given.rows[part], given.y[part], np.arange(len(y)), k=10) == y).mean())
                for part in (slice(None), before)
            )
            found.append((meter, now, then))
    return found


def test_the_range_of_the_accuracy_covers_the_truth(meters: list[tuple[Meter, float, float]]) -> None:
    """Of 24 ranges at 95 % at least 20 hold the true accuracy; fewer come once in 150 times where they are honest."""
    covered = [m.now.low <= now <= m.now.high for m, now, _ in meters if m.now]

    assert len(covered) == 24
    assert sum(covered) >= 20


def test_the_range_of_the_gain_covers_the_truth(meters: list[tuple[Meter, float, float]]) -> None:
    """Of 24 ranges of what the last labels brought at least 20 hold what they truly brought."""
    covered = [m.advice.gain.low <= now - then <= m.advice.gain.high for m, now, then in meters if m.advice.gain]

    assert len(covered) == 24
    assert sum(covered) >= 20


def test_what_choosing_saved_is_seen(meters: list[tuple[Meter, float, float]]) -> None:
    """On digits choosing saves labels; the 24 meters say so in the middle, and none says that it cost labels."""
    shares = [m.saving.share for m, _, _ in meters if m.saving.share is not None]

    assert np.median(shares) > 0.2
    assert not any(m.saving.high < 0 for m, _, _ in meters)
    assert SHARE_RANDOM == 0.2
