"""Fine-tuning: the same network in torch, nothing lost on a kill, and a result that is as good as it says."""

import dataclasses
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import onnx
import pytest

pytest.importorskip("torch", reason="the extra finetune is not installed")

import torch

from florilegium.errors import SettingError
from florilegium.features import petal
from florilegium.features.precision import halved, narrowed, widened
from florilegium.features.stream import Runner
from florilegium.model import finetune as tuning
from florilegium.model.finetune import Network, Plan, Task, source_weights, tuned_encoder
from florilegium.model.finetune.augment import view
from florilegium.model.finetune.examples import Examples, epoch_batches
from florilegium.model.finetune.learner import Learner
from florilegium.model.finetune.network import learning_side
from florilegium.model.finetune.tuning import start_head
from tests.finetune_making import SIDE, small_encoder, striped

PLAN = Plan(epochs=6, batch=8, least_crop=0.6, body_rate=3e-3, head_rate=1e-2, depth_decay=1.0, cutout=0.0, blur=0.0)


def make_task(n: int = 48) -> Task:
    """Make a task of stripes; the frozen network has random weights."""
    photos, y = striped(n)
    encoder = small_encoder()
    runner = Runner(encoder)
    x = np.concatenate([runner.embed(runner.fit(photo[None])) for photo in photos])
    return Task(
        encoder=encoder,
        photos=photos.__getitem__,
        x=x,
        y=y,
        k=2,
        folds=np.arange(n) // 2 % 3,
        sources=[None] * n,
        hashes=[str(i) for i in range(n)],
    )


def test_torch_computes_what_onnx_runtime_does() -> None:
    """The network that learns gives the embeddings of the file that it came from."""
    encoder = small_encoder()
    pictures = np.random.default_rng(0).integers(0, 256, (3, SIDE, SIDE, 3), dtype=np.uint8)

    with torch.no_grad():
        found = Network(encoder)(torch.from_numpy(pictures)).numpy()

    np.testing.assert_allclose(found, Runner(encoder).embed(pictures), atol=1e-5)


@pytest.mark.data
@pytest.mark.parametrize("name", ["mobilenetv2_100_tf", "inception_v3_trunk"])
def test_torch_computes_the_backbones_of_the_mirror(name: str) -> None:
    """Both real networks agree in torch and ONNX Runtime, and all their convolutions are learned."""
    from florilegium.features.backbone import backbone, backbone_path

    if backbone_path(name) is None:
        pytest.skip("FLORILEGIUM_DATA does not name a mirror with backbones")
    encoder = backbone(name)
    pictures = np.random.default_rng(0).integers(0, 256, (2, encoder.side, encoder.side, 3), dtype=np.uint8)
    network = Network(encoder)

    with torch.no_grad():
        found = network(torch.from_numpy(pictures)).numpy()

    np.testing.assert_allclose(found, Runner(encoder).embed(pictures), atol=1e-3)
    n_convolutions = sum(node.op_type == "Conv" for node in encoder.trunk.graph.node)
    assert len(network.learned) == 2 * n_convolutions


def test_learned_weights_return_into_the_graph() -> None:
    """A changed weight changes the written encoder as it changes the torch network, up to half precision."""
    encoder = small_encoder()
    network = Network(encoder)
    with torch.no_grad():
        for _, tensor in network.parameters_in_order():
            tensor.mul_(1.25)
    pictures = np.random.default_rng(1).integers(0, 256, (2, SIDE, SIDE, 3), dtype=np.uint8)

    written = tuned_encoder(encoder, dict(network.parameters_in_order()), name="t")

    with torch.no_grad():
        expected = network(torch.from_numpy(pictures)).numpy()
    np.testing.assert_allclose(Runner(written).embed(pictures), expected, rtol=0.01, atol=0.01)
    assert written.key != encoder.key


def test_half_precision_is_stored_without_loss() -> None:
    """A network whose weights were rounded is half as large in the file and answers the very same numbers."""
    encoder = small_encoder()
    network = Network(encoder)
    tuned = tuned_encoder(encoder, dict(network.parameters_in_order()), name="t")
    pictures = np.random.default_rng(1).integers(0, 256, (2, SIDE, SIDE, 3), dtype=np.uint8)

    small = narrowed(tuned.trunk)

    stored = dataclasses.replace(tuned, trunk=small)
    np.testing.assert_array_equal(Runner(stored).embed(pictures), Runner(tuned).embed(pictures))
    assert widened(small).SerializeToString(deterministic=True) == tuned.trunk.SerializeToString(deterministic=True)


def test_rounding_keeps_three_digits() -> None:
    """Half precision has 11 bits: the error is at most 2 ** -11 of the number."""
    numbers = np.random.default_rng(0).standard_normal(1000).astype(np.float32)

    assert (np.abs(halved(numbers) - numbers) <= np.abs(numbers) * 2**-11 + 2**-24).all()


def test_fine_tuning_learns_what_a_frozen_network_cannot() -> None:
    """Stripes across and down: a head on random features guesses; the tuned network tells them apart out of fold."""
    task = make_task()

    tuned = tuning.finetune(task, PLAN)

    right = float((tuned.scores.argmax(axis=1) == task.y).mean())
    assert right >= 0.9
    assert tuned.errors[tuned.epochs - 1] == min(tuned.errors) == round((1 - right) * len(task.y))


def test_the_written_model_answers_as_the_trained_one() -> None:
    """Encoder and head together give the classes that the training was about."""
    task = make_task()

    tuned = tuning.finetune(task, PLAN)

    runner = Runner(tuned.encoder)
    x = np.concatenate([runner.embed(runner.fit(task.photos(i)[None])) for i in range(len(task.y))])
    said = (x @ tuned.head.coef + tuned.head.intercept).argmax(axis=1)
    assert (said == task.y).mean() >= 0.9


def test_equal_seeds_give_equal_results() -> None:
    """Chance is the seed's alone."""
    task = make_task(24)
    plan = dataclasses.replace(PLAN, epochs=2)

    one, two = tuning.finetune(task, plan), tuning.finetune(task, plan)

    np.testing.assert_array_equal(one.scores, two.scores)
    assert one.encoder.key == two.encoder.key


KILLED = """
import sys
from pathlib import Path
from tests.test_finetune import make_task, PLAN
from florilegium.model import finetune
from florilegium.model.finetune import checkpoint
import os, signal, dataclasses
n, save = [0], checkpoint.save
def counted(path, state, *, key):
    save(path, state, key=key)
    n[0] += 1
    if n[0] == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
checkpoint.save = counted
finetune.finetune(make_task(24), dataclasses.replace(PLAN, epochs=3), kept=Path(sys.argv[1]))
"""


@pytest.mark.parametrize("n_epochs", [1, 4, 10])
def test_a_killed_training_goes_on_to_the_same_result(tmp_path: Path, n_epochs: int) -> None:
    """`kill -9` after any epoch: the same call takes up the checkpoint and ends with the very same weights."""
    task, plan = make_task(24), dataclasses.replace(PLAN, epochs=3)
    expected = tuning.finetune(task, plan)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])}

    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path), str(n_epochs)], check=False, env=environment
    )
    resumed = tuning.finetune(task, plan, kept=tmp_path)

    assert killed.returncode == -signal.SIGKILL
    np.testing.assert_array_equal(resumed.scores, expected.scores)
    assert resumed.encoder.key == expected.encoder.key


def test_a_checkpoint_of_another_training_is_not_taken_up(tmp_path: Path) -> None:
    """Other labels, other training: what lies in the folder changes nothing."""
    task, plan = make_task(24), dataclasses.replace(PLAN, epochs=1)
    tuning.finetune(task, plan, kept=tmp_path)
    other = dataclasses.replace(task, y=1 - task.y)

    with_old = tuning.finetune(other, plan, kept=tmp_path)

    np.testing.assert_array_equal(with_old.scores, tuning.finetune(other, plan).scores)


def test_a_damaged_checkpoint_is_learned_again(tmp_path: Path) -> None:
    """A file that ends early is no reason to stop."""
    task, plan = make_task(24), dataclasses.replace(PLAN, epochs=1)
    expected = tuning.finetune(task, plan, kept=tmp_path)
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:100])

    np.testing.assert_array_equal(tuning.finetune(task, plan, kept=tmp_path).scores, expected.scores)


def test_no_fold_sees_its_own_items() -> None:
    """With labels that are noise, out-of-fold answers are at chance: nothing leaks from an item into its own answer."""
    task = make_task(60)
    noise = np.random.default_rng(3).integers(0, 2, 60)
    noise[:2] = (0, 1)
    grouped = np.random.default_rng(4).permutation(60) % 3

    tuned = tuning.finetune(dataclasses.replace(task, y=noise, folds=grouped), dataclasses.replace(PLAN, epochs=4))

    wrong = tuned.errors[-1] / 60
    assert 0.3 <= wrong <= 0.7


def test_memory_that_ends_means_smaller_parts_and_the_same_gradient() -> None:
    """Two parts of four photos give the gradient of eight."""
    task = make_task(24)
    head = start_head(task.x, task.y, k=2, c=0.01)
    examples = Examples(photos=task.photos, rows=np.arange(24), y=task.y, weights=np.ones(24))
    batch = next(iter(epoch_batches(examples, PLAN, side=SIDE, epoch=0)))
    found = []
    for micro in (8, 4):
        learner = Learner(task.encoder, head, PLAN, device="cpu", said=lambda _: None)
        learner.micro = micro
        learner._gradients(batch, 0)
        found.append([tensor.grad.numpy() for tensor in learner.weights.values() if tensor.grad is not None])

    for one, two in zip(*found, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-5)


def test_a_full_device_is_told_and_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where torch says that memory is full, the step is taken in halves, and the user hears it."""
    task = make_task(24)
    said: list[str] = []
    learner = Learner(task.encoder, start_head(task.x, task.y, k=2, c=0.01), PLAN, device="cpu", said=said.append)
    examples = Examples(photos=task.photos, rows=np.arange(24), y=task.y, weights=np.ones(24))
    whole = learner._gradients

    def limited(batch: object, at: int) -> float:
        if learner.micro > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return whole(batch, at)  # type: ignore[arg-type]  # fields by name

    monkeypatch.setattr(learner, "_gradients", limited)
    learner.learn(examples, epochs=1, held_out=None, kept=None, key="", progress=lambda _done, _total: None)

    assert [sentence.split(" with ")[1].split()[0] for sentence in said] == ["4", "2"]


def test_what_a_step_sees_depends_on_its_place_alone() -> None:
    """Batches from the middle of an epoch on are those of the whole epoch."""
    task = make_task(32)
    examples = Examples(photos=task.photos, rows=np.arange(32), y=task.y, weights=np.ones(32))

    whole = list(epoch_batches(examples, PLAN, side=SIDE, epoch=3))
    rest = list(epoch_batches(examples, PLAN, side=SIDE, epoch=3, first=2))

    for one, two in zip(whole[2:], rest, strict=True):
        np.testing.assert_array_equal(one.pixels, two.pixels)
        np.testing.assert_array_equal(one.y, two.y)


def test_heavy_items_are_drawn_as_often_as_they_weigh() -> None:
    """Weights 3 and 1: three quarters of an epoch's draws are the heavy ones."""
    rows = np.arange(40)
    weights = np.where(rows < 20, 3.0, 1.0)
    photos, _ = striped(40)
    examples = Examples(photos=photos.__getitem__, rows=rows, y=rows, weights=weights)

    drawn = np.concatenate([batch.y for batch in epoch_batches(examples, PLAN, side=SIDE, epoch=0)])

    assert (drawn < 20).sum() == pytest.approx(30, abs=1)


def test_a_large_source_does_not_drown_small_ones() -> None:
    """100 photos of one source count 10 ** -power each of what a source of 10 does."""
    weights = source_weights(["big"] * 100 + ["small"] * 10, power=0.2)

    assert weights[-1] / weights[0] == pytest.approx(10**0.2)


def test_views_differ_and_keep_their_size() -> None:
    """Each random view is a square of the wanted size, and another seed shows another one."""
    photo = striped(1)[0][0]

    views = [view(photo, side=24, plan=Plan(), rng=np.random.default_rng(seed)) for seed in range(3)]

    assert {v.shape for v in views} == {(24, 24, 3)}
    assert not np.array_equal(views[0], views[1])


def test_a_cuda_that_is_not_there_is_named() -> None:
    """The message names the option and what to do."""
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")

    with pytest.raises(SettingError, match=r"--device cuda: torch .* finds no GPU"):
        tuning.chosen_device("cuda")


def test_a_network_of_any_size_learns_from_smaller_photos() -> None:
    """Petal, made for 224 px, learns from 192 px; a network with learned positions, or a tiny one, keeps its size."""
    own = petal.petal()
    with_positions = onnx.ModelProto()
    with_positions.CopyFrom(own.trunk)
    with_positions.graph.node.add(op_type="MatMul")
    tiny = small_encoder()

    assert (own.side, learning_side(own)) == (224, 192)
    assert learning_side(dataclasses.replace(own, trunk=with_positions)) == 224
    assert learning_side(tiny) == tiny.side
    pictures = torch.zeros((1, 192, 192, 3), dtype=torch.uint8)
    with torch.no_grad():
        assert Network(own)(pictures).shape == (1, own.d)


def test_the_forecast_is_of_the_right_size() -> None:
    """What a trial of three steps promises is within a factor of four of what it takes."""
    task, plan = make_task(), dataclasses.replace(PLAN, epochs=4)

    expected = tuning.forecast(task, plan, device="cpu")
    tuned = tuning.finetune(task, plan)

    assert expected.n_trainings == 4
    assert 0.1 <= expected.gigabytes <= 20
    assert expected.seconds < 60
    assert tuned.seconds < 60


def test_plans_out_of_range_are_refused_all_at_once() -> None:
    """Both faults stand in one message."""
    with pytest.raises(SettingError, match=r"epochs = 0.*colour = 3"):
        Plan(epochs=0, colour=3.0)
