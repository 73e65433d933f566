"""Learning small pictures from scratch: what is written answers as what was learned, and a kill loses nothing."""

import dataclasses
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra finetune is not installed")

import torch

from florilegium.errors import SettingError
from florilegium.features import GraphEncoder
from florilegium.features.pixels import pixels_encoder
from florilegium.features.stream import Runner, as_rgb
from florilegium.model import finetune
from florilegium.model.finetune import ScratchPlan, ScratchTask, Tuned, warp
from florilegium.model.finetune.epochs import chosen
from florilegium.model.finetune.scratch_learner import ScratchLearner
from florilegium.model.finetune.scratch_network import SmallNetwork, folded, learned_encoder
from tests.scratch_making import PLAN, digits_task


@pytest.fixture(scope="module", autouse=True)
def _one_core() -> Iterator[None]:
    """Learn on one core: for networks this small, threads that wait for each other cost more than they bring."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def task() -> ScratchTask:
    """Give 180 digits in three folds."""
    return digits_task()


@pytest.fixture(scope="module")
def tuned(task: ScratchTask) -> Tuned[GraphEncoder]:
    """Learn them once, without checkpoints."""
    return finetune.from_scratch(task, PLAN)


def embedded(tuned: Tuned[GraphEncoder], task: ScratchTask) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Let ONNX Runtime embed a task's gray pictures with the written encoder."""
    runner = Runner(tuned.encoder)
    return runner.embed(runner.fit(as_rgb(task.pictures[:, 0])))


def test_digits_are_learned_from_nothing() -> None:
    """Six hundred small digits, 91 % right out of fold: more than the nearest mean of their pixels gets."""
    task = digits_task(600)

    tuned = finetune.from_scratch(task, dataclasses.replace(PLAN, epochs=14, widths=(16, 32)))

    means = [
        np.stack([task.pictures[(task.folds != f) & (task.y == c)].mean(axis=0).ravel() for c in range(10)])
        for f in range(3)
    ]
    flat = task.pictures.reshape(len(task.y), -1)
    nearest = np.array([((flat[i] - means[task.folds[i]]) ** 2).sum(axis=1).argmin() for i in range(len(task.y))])
    right = float((tuned.scores.argmax(axis=1) == task.y).mean())
    assert right >= 0.91 > float((nearest == task.y).mean())
    assert tuned.errors[tuned.epochs - 1] == min(tuned.errors) == round((1 - right) * len(task.y))


def test_the_written_graph_answers_as_the_network_learned(task: ScratchTask) -> None:
    """ONNX Runtime and torch embed the same pictures alike, up to the half precision of the file."""
    learner = ScratchLearner(task.pictures, task.y, PLAN, k=10, device="cpu")
    rows = np.arange(64)
    learner.learn(rows, epochs=2, held_out=None, kept=None, key="", progress=lambda _done, _total: None)
    runner = Runner(learned_encoder(task.plain, learner.average))

    written = runner.embed(as_rgb(task.pictures[rows, 0]))

    np.testing.assert_allclose(written, learner.embed(rows), rtol=0.01, atol=0.01)


def test_a_folded_norm_does_what_convolution_and_norm_did() -> None:
    """One convolution with the folded kernel gives, up to half precision, what both gave one after the other."""
    torch.manual_seed(0)
    network = SmallNetwork(side=6, channels=3, widths=(5,), k=2)
    network.train()
    network(torch.randn(16, 3, 6, 6) * 3 + 1)  # moves the running statistics away from 0 and 1
    network.eval()
    pictures = torch.randn(4, 3, 6, 6)

    kernel, shift = folded(network.convolutions[0], network.norms[0])

    with torch.no_grad():
        expected = network.norms[0](network.convolutions[0](pictures))
        found = torch.nn.functional.conv2d(pictures, torch.from_numpy(kernel), torch.from_numpy(shift), padding=1)
    torch.testing.assert_close(found, expected, rtol=2e-3, atol=5e-3)


@pytest.mark.parametrize(("side", "gray"), [(7, True), (28, True), (33, False)])
def test_pictures_of_any_size_and_colour_pass(side: int, *, gray: bool) -> None:
    """Odd sides and colours: the written encoder takes pictures of other sizes, and agrees with torch on its own."""
    torch.manual_seed(1)
    network = SmallNetwork(side=side, channels=1 if gray else 3, widths=(4, 6, 8), k=2).eval()
    runner = Runner(learned_encoder(pixels_encoder(side=side, gray=gray), network))
    rgb = np.random.default_rng(0).integers(0, 256, (2, side, side, 3), dtype=np.uint8)
    rgb = np.repeat(rgb[..., :1], 3, axis=3) if gray else rgb
    seen = torch.from_numpy(rgb[..., :1] if gray else rgb).permute(0, 3, 1, 2).float() / 255

    with torch.no_grad():
        expected = network.embed(seen).numpy()

    np.testing.assert_allclose(runner.embed(runner.fit(rgb)), expected, rtol=0.01, atol=0.01)
    assert runner.embed(runner.fit(np.zeros((1, 50, 90, 3), dtype=np.uint8))).shape == (1, 8)


def test_out_of_fold_answers_fit_the_written_head(tuned: Tuned[GraphEncoder], task: ScratchTask) -> None:
    """Encoder and head of the last training know nine tenths of what they learned from."""
    said = (embedded(tuned, task) @ tuned.head.coef + tuned.head.intercept).argmax(axis=1)

    assert (said == task.y).mean() >= 0.9
    assert [vectors.shape for vectors in tuned.fold_vectors] == [(180, 16)] * 3


def test_equal_seeds_give_equal_results(tuned: Tuned[GraphEncoder], task: ScratchTask) -> None:
    """Chance is the seed's alone."""
    again = finetune.from_scratch(task, PLAN)
    other = finetune.from_scratch(task, dataclasses.replace(PLAN, seed=1))

    np.testing.assert_array_equal(again.scores, tuned.scores)
    assert again.encoder.key == tuned.encoder.key != other.encoder.key


KILLED = """
import os, signal, sys
import torch
from pathlib import Path
from tests.scratch_making import PLAN, digits_task
from florilegium.model import finetune
from florilegium.model.finetune import checkpoint
torch.set_num_threads(1)
n, save = [0], checkpoint.save
def counted(path, state, *, key):
    save(path, state, key=key)
    n[0] += 1
    if n[0] == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
checkpoint.save = counted
finetune.from_scratch(digits_task(), PLAN, kept=Path(sys.argv[1]))
"""


def test_a_killed_training_goes_on_to_the_same_result(
    tuned: Tuned[GraphEncoder], task: ScratchTask, tmp_path: Path
) -> None:
    """`kill -9` amid the second fold: the same call takes up the checkpoints and ends with the very same weights."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])}
    program = [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path), str(PLAN.epochs + 3)]

    killed = subprocess.run(program, check=False, env=environment)
    resumed = finetune.from_scratch(task, PLAN, kept=tmp_path)

    assert killed.returncode == -signal.SIGKILL
    np.testing.assert_array_equal(resumed.scores, tuned.scores)
    assert resumed.encoder.key == tuned.encoder.key


def test_checkpoints_of_others_and_damaged_ones_are_not_taken_up(
    tuned: Tuned[GraphEncoder], task: ScratchTask, tmp_path: Path
) -> None:
    """What another labelling left in the folder changes nothing, nor does a file that ends early."""
    finetune.from_scratch(dataclasses.replace(task, y=(task.y + 1) % 10), PLAN, kept=tmp_path)
    (tmp_path / "fold-1.safetensors").write_bytes(b"\x08")

    with_old = finetune.from_scratch(task, PLAN, kept=tmp_path)

    np.testing.assert_array_equal(with_old.scores, tuned.scores)


def test_no_fold_sees_its_own_items(task: ScratchTask) -> None:
    """With labels that are noise, out-of-fold answers are at chance: nine of ten are wrong."""
    noise = np.random.default_rng(3).permutation(task.y)

    tuned = finetune.from_scratch(dataclasses.replace(task, y=noise), PLAN)

    assert 0.82 <= tuned.errors[-1] / len(noise) <= 0.97


def test_many_items_are_held_out_in_two_halves() -> None:
    """Five folds become two of three and two; whole folds stay together, and what is never asked stays so."""
    folds = np.array([4, 0, 1, 2, 3, -1, 0])

    np.testing.assert_array_equal(finetune.coarser(folds, many=6), [1, 0, 0, 0, 1, -1, 0])
    np.testing.assert_array_equal(finetune.coarser(folds, many=7), folds)


def test_the_epochs_with_the_fewest_errors_are_taken() -> None:
    """Two folds of two items, by hand: 2, 1 and 1 wrong after three epochs; the first of the two best is taken."""
    right, wrong = np.array([0.9, 0.1]), np.array([0.2, 0.8])  # of items whose class is 0
    one = [np.stack(each) for each in ((right, wrong), (right, right), (right, right))]
    other = [np.stack(each) for each in ((wrong, right), (right, wrong), (wrong, right))]

    best = chosen([one, other], np.zeros(4, dtype=np.int64), np.array([0, 1, 0, 1]), k=2, most=9)

    assert best.errors == (2, 1, 1)
    assert best.epochs == 2
    np.testing.assert_allclose(np.exp(best.scores), [right, right, right, wrong])
    assert chosen([], np.zeros(4, dtype=np.int64), np.full(4, -1), k=2, most=9).epochs == 9


def test_a_view_without_any_change_is_the_picture() -> None:
    """With all ranges at 0 the maps are the identity, and the bilinear samples are the pixels themselves."""
    still = ScratchPlan(turn=0.0, shift=0.0, scale=0.0, shear=0.0)
    pictures = torch.rand(3, 1, 9, 9)

    seen = warp.views(pictures, torch.from_numpy(warp.maps(3, still, epoch=0)))

    torch.testing.assert_close(seen, pictures, rtol=1e-4, atol=1e-5)


def test_paper_stays_paper() -> None:
    """A white page, turned and moved as far as it goes, is white to its corners; so is a black one."""
    far = ScratchPlan(turn=45.0, shift=0.4, scale=0.5, shear=0.5)
    maps = torch.from_numpy(warp.maps(2, far, epoch=0))
    pages = torch.cat([torch.zeros(1, 1, 9, 9), torch.ones(1, 1, 9, 9)])

    torch.testing.assert_close(warp.views(pages, maps), pages)


def test_a_view_turned_by_90_degrees_is_the_turned_picture() -> None:
    """The map of a quarter turn gives what `torch.rot90` gives, to the pixel."""
    pictures = torch.rand(1, 1, 8, 8)
    quarter = torch.tensor([[[0.0, -1.0, 0.0], [1.0, 0.0, 0.0]]])

    seen = warp.views(pictures, quarter)

    torch.testing.assert_close(seen, torch.rot90(pictures, 1, (2, 3)), rtol=1e-4, atol=1e-5)


def test_an_epoch_shows_each_item_once_at_most() -> None:
    """Whole batches of different items, another order each epoch, and the same one when asked again."""
    plan = ScratchPlan(batch=16)

    first, second = (warp.order(50, plan, epoch=epoch) for epoch in (0, 1))

    assert len(first) == len(set(first.tolist())) == 48
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, warp.order(50, plan, epoch=0))
    assert sorted(warp.order(5, plan, epoch=0)) == [0, 1, 2, 3, 4]


def test_the_forecast_is_of_the_right_size(task: ScratchTask) -> None:
    """Four trainings (three folds and the whole); seconds, not minutes."""
    expected = finetune.scratch_forecast(task, PLAN, device="cpu")

    assert expected.n_trainings == 4
    assert expected.epochs == PLAN.epochs
    assert 0.001 <= expected.seconds <= 60
    assert 0.1 <= expected.gigabytes <= 20


def test_plans_out_of_range_are_refused_all_at_once() -> None:
    """Three faults stand in one message."""
    with pytest.raises(SettingError, match=r"epochs = 0.*turn = 200.*widths = \(\)"):
        ScratchPlan(epochs=0, turn=200.0, widths=())
