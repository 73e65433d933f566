"""The seven steps: what is learned, what is refused, and what is told when nothing is learned."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.errors import InputError, SettingError
from florilegium.lab import network
from florilegium.lab.descent import batches, learn
from florilegium.lab.digits import shifted
from florilegium.lab.ending import End, History, told
from florilegium.lab.finder import find_rate
from florilegium.lab.network import Network
from florilegium.lab.ops import cross_entropy
from florilegium.lab.optimiser import SGD, Adam
from florilegium.types import Ints, Vectors

SIDE = 8


def stripes(n: int, *, seed: int = 0) -> tuple[Vectors, Ints]:
    """Draw pictures that are dark on the left (0), on the right (1) or in the middle (2), with noise."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    x = 0.2 * rng.random((n, SIDE, SIDE), dtype=np.float32)
    for label, columns in ((0, slice(0, 3)), (1, slice(5, 8)), (2, slice(3, 5))):
        x[y == label, :, columns] += 0.7
    return x, y


def a_run(lr: float, *, n: int = 120, n_batch: int = 20, n_epochs: int = 5) -> tuple[Network, History]:
    """Learn stripes with a small network and plain descent."""
    x, y = stripes(n)
    net = network.dense(SIDE, 3, rng=np.random.default_rng(1), units=(6,))
    optimiser = SGD(net.parameters, lr=lr)
    rng = np.random.default_rng(2)
    return net, learn(net, x, y, loss=cross_entropy, optimiser=optimiser, n_epochs=n_epochs, n_batch=n_batch, rng=rng)


@pytest.mark.parametrize("kind", ["line", "network", "convolution"])
def test_each_network_learns_what_can_be_learned(kind: str) -> None:
    """Line, bent line and convolution tell stripes apart that they have not seen before."""
    x, y = stripes(300)
    new, truth = stripes(100, seed=5)
    rng = np.random.default_rng(0)
    net = {
        "line": lambda: network.dense(SIDE, 3, rng=rng),
        "network": lambda: network.dense(SIDE, 3, rng=rng, units=(8,)),
        "convolution": lambda: network.convolutional(SIDE, 3, rng=rng, channels=(4, 8)),
    }[kind]()
    optimiser = Adam(net.parameters, lr=0.02)
    history = learn(net, x, y, loss=cross_entropy, optimiser=optimiser, n_epochs=8, n_batch=30, rng=rng)

    assert history.end is End.DONE
    assert len(history.losses) == 8 * 10
    assert (net.scores(new).argmax(axis=1) == truth).mean() == 1.0


def test_the_first_loss_of_a_line_that_knows_nothing_is_known() -> None:
    """Equal scores for k classes give a loss of log k: the surprise of one of k equally likely things."""
    x, y = stripes(60)
    net = network.dense(SIDE, 3, rng=np.random.default_rng(0))
    for parameter in net.parameters:
        parameter.data[...] = 0
    rng = np.random.default_rng(0)
    history = learn(
        net, x, y, loss=cross_entropy, optimiser=SGD(net.parameters, lr=0.1), n_epochs=1, n_batch=60, rng=rng
    )

    assert history.losses[0] == pytest.approx(np.log(3), rel=1e-6)


def test_equal_seeds_give_equal_weights() -> None:
    """Two runs with the same random numbers end at the same weights, bit for bit."""
    first, second = a_run(0.1)[0], a_run(0.1)[0]

    for one, other in zip(first.parameters, second.parameters, strict=True):
        np.testing.assert_array_equal(one.data, other.data)


def test_a_learning_rate_of_0_moves_nothing_and_says_so() -> None:
    """At rate 0 every weight stays where it was, and the reader is told why."""
    start = network.dense(SIDE, 3, rng=np.random.default_rng(1), units=(6,))
    net, history = a_run(0.0)

    for one, other in zip(start.parameters, net.parameters, strict=True):
        np.testing.assert_array_equal(one.data, other.data)
    assert history.end is End.STUCK
    assert "no weight moves" in history.sentence


def test_a_rate_of_0_is_told_though_batches_differ() -> None:
    """At rate 0 the loss of the last batches may be below that of the first: nothing was learned all the same."""
    history = told([0.9, *[0.7] * 60], 0.0)

    assert history.end is End.STUCK
    assert "no weight moves" in history.sentence


@pytest.mark.parametrize(("lr", "advice"), [(2.0, "Try a tenth of it."), (1e9, "Try 0.1.")])
def test_the_advice_leads_out_of_divergence(lr: float, advice: str) -> None:
    """A tenth of 2 may do; a tenth of a billion would diverge as well, so a usual rate is named."""
    assert told([0.7, 900.0], lr).sentence.endswith(advice)


def test_a_negative_learning_rate_climbs_and_says_so() -> None:
    """Below 0 the loss grows, learning stops early, and the reader is told why."""
    _, history = a_run(-1.0, n_epochs=200)

    assert history.end is End.DIVERGED
    assert len(history.losses) < 200 * 6
    assert "climbs" in history.sentence


@pytest.mark.parametrize("lr", [100.0, 1e9, 1e30, 1.7e308])
def test_divergence_is_explained(lr: float) -> None:
    """A huge learning rate ends in a sentence with a number to try, never in a crash or a warning of NumPy."""
    _, history = a_run(lr)

    assert history.end in {End.DIVERGED, End.STUCK}
    assert f"{lr:g}" in history.sentence
    assert "Try 0.1" in history.sentence or lr == 100


def test_a_tiny_learning_rate_is_told_from_a_huge_one() -> None:
    """Where nothing moved because steps were tiny, the advice is a larger rate."""
    _, history = a_run(1e-9)

    assert history.end is End.STUCK
    assert "ten times as much" in history.sentence


@pytest.mark.parametrize("lr", [float("nan"), float("inf"), float("-inf")])
def test_a_learning_rate_that_is_no_number_is_refused(lr: float) -> None:
    """NaN and infinity are refused before the first step, with what to give instead."""
    with pytest.raises(SettingError, match=r"Expected a number such as 0\.1"):
        a_run(lr)


def test_a_batch_larger_than_the_data_is_all_of_it() -> None:
    """With more room in a batch than pictures, each epoch is one step on all of them."""
    _, history = a_run(0.1, n_batch=10**9, n_epochs=7)

    assert len(history.losses) == 7
    assert history.losses[-1] < history.losses[0]


@pytest.mark.parametrize(("n", "n_batch", "n_epochs"), [(0, 20, 5), (120, 0, 5), (120, -3, 5), (120, 20, 0)])
def test_what_nobody_can_learn_from_is_refused(n: int, n_batch: int, n_epochs: int) -> None:
    """No pictures, empty batches and no epochs are refused in words."""
    with pytest.raises(InputError, match="expected"):
        a_run(0.1, n=n, n_batch=n_batch, n_epochs=n_epochs)


@given(n=st.integers(1, 60), n_batch=st.integers(1, 80), seed=st.integers(0, 9))
def test_every_picture_comes_once_an_epoch(n: int, n_batch: int, seed: int) -> None:
    """Batches hold every picture once, whatever their size, and none is larger than was asked for."""
    dealt = list(batches(n, n_batch, np.random.default_rng(seed)))

    assert sorted(np.concatenate(dealt).tolist()) == list(range(n))
    assert max(map(len, dealt)) <= n_batch


def test_the_finder_puts_everything_back_and_proposes_a_rate_that_works() -> None:
    """After the search the weights are as before; its proposal teaches the network, ten thousand times it does not."""
    x, y = stripes(300)
    rng = np.random.default_rng(0)
    net = network.dense(SIDE, 3, rng=rng, units=(6,))
    before = [p.data.copy() for p in net.parameters]
    found = find_rate(net, x, y, loss=cross_entropy, optimiser=SGD(net.parameters, lr=0.0), n_batch=30, rng=rng)

    for parameter, data in zip(net.parameters, before, strict=True):
        np.testing.assert_array_equal(parameter.data, data)
    assert len(found.rates) == len(found.losses) <= 100
    assert 1e-3 < found.proposed <= 1
    assert a_run(found.proposed, n_epochs=30)[1].end is End.DONE
    assert a_run(found.proposed * 1e4)[1].end is not End.DONE


def test_the_finder_refuses_pictures_that_hold_no_numbers() -> None:
    """NaN in the first batch ends in words."""
    x, y = stripes(30)
    net = network.dense(SIDE, 3, rng=np.random.default_rng(0))
    rng = np.random.default_rng(0)

    with pytest.raises(InputError, match="NaN"):
        find_rate(net, x * np.nan, y, loss=cross_entropy, optimiser=SGD(net.parameters, lr=0.0), n_batch=30, rng=rng)
    with pytest.raises(InputError, match="0 pictures"):
        find_rate(net, x[:0], y[:0], loss=cross_entropy, optimiser=SGD(net.parameters, lr=0.0), n_batch=3, rng=rng)


def test_a_shift_moves_ink_and_loses_none_in_the_middle() -> None:
    """Each picture moves by at most one pixel each way; all nine ways occur, and the ink stays what it was."""
    x = np.zeros((500, 5, 5), dtype=np.float32)
    x[:, 2, 2] = 1
    moved = shifted(x, np.random.default_rng(0))
    places = {tuple(int(i) for i in np.argwhere(picture)[0]) for picture in moved}

    assert moved.sum() == 500
    assert places == {(i, j) for i in (1, 2, 3) for j in (1, 2, 3)}
