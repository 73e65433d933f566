"""Short trainings, in which ideas for the flower model are compared: who is asked, who is taught, what is kept."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra finetune is not installed")

import torch

from florilegium.model.finetune.examples import Batch
from florilegium.model.finetune.tuning import start_head
from tests.finetune_making import SIDE
from tests.test_finetune import PLAN, make_task
from tools.flower_short import Pupil, taught, trained

SHORT = dataclasses.replace(PLAN, epochs=1)


def test_each_photo_is_asked_once_and_nothing_else(tmp_path: Path) -> None:
    """Items of a fold get probabilities, those always learned from get none; asked again, nothing is learned anew."""
    task = make_task()
    task = dataclasses.replace(task, folds=np.where(np.arange(len(task.y)) < 6, -1, task.folds))

    answers = trained(task, SHORT, kept=tmp_path)
    written = (tmp_path / "short-0.safetensors").stat().st_mtime_ns
    again = trained(task, SHORT, kept=tmp_path)
    raw = trained(task, SHORT, kept=tmp_path, averaged=False)

    np.testing.assert_allclose(answers.sum(axis=1), task.folds >= 0, atol=1e-6)
    np.testing.assert_array_equal(answers, again)
    assert (tmp_path / "short-0.safetensors").stat().st_mtime_ns == written
    assert not np.array_equal(answers, raw)


def test_a_pupil_hears_label_and_teacher_by_halves() -> None:
    """A label smoothed to 0.95 and a teacher who says 0.5 make a target of 0.725."""
    task = make_task(8)
    pupil = Pupil(task.encoder, start_head(task.x, task.y, k=2, c=1.0), SHORT, device="cpu", said=print)
    pupil.labels, pupil.taught = np.array([1, 0]), torch.tensor([[0.3, 0.7], [0.5, 0.5]])
    pixels = np.zeros((1, SIDE, SIDE, 3), dtype=np.uint8)

    _, targets = pupil._mixed(Batch(pixels, np.array([1])), 0)

    np.testing.assert_allclose(targets.numpy(), [[0.5 * 0.95 + 0.5 * 0.5, 0.5 * 0.05 + 0.5 * 0.5]], atol=1e-6)


def test_a_teacher_changes_what_is_learned(tmp_path: Path) -> None:
    """The same photos with a teacher beside the labels give other answers, for the same items."""
    task = make_task(24)

    alone = trained(task, SHORT, kept=tmp_path)
    with_teacher = taught(task, SHORT, teacher=np.eye(2, dtype=np.float32)[task.y])

    np.testing.assert_allclose(with_teacher.sum(axis=1), 1, atol=1e-6)
    assert not np.allclose(alone, with_teacher)
