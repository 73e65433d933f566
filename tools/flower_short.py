"""Short trainings of the flower network, in which ideas can be compared within minutes. For `tools.flower_trials`.

Two trainings instead of six (the folds laid together in two halves), 4 epochs instead of 12, 128 px instead of 192.
What an idea brings is measured in pairs against the same short training without it; how good these networks are says
nothing about the one that ships. The sealed photos are not looked at.
"""

import hashlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from florilegium.cli.bars import Bars
from florilegium.model.finetune import Plan, Task, source_weights
from florilegium.model.finetune.examples import Batch, Examples
from florilegium.model.finetune.learner import HeldOut, Learner
from florilegium.model.finetune.memory import keep_memory
from florilegium.model.finetune.tuning import start_head
from florilegium.model.weights import Linear
from florilegium.types import Floats, Ints, Vectors

SHORT = Plan(epochs=4, side=128)
C = 0.01  # of the linear heads: what measured best on the frozen networks
SHARE_TAUGHT = 0.5  # of each target that is the teacher's answer; the rest is the label


def in_halves(folds: Ints) -> Ints:
    """Lay folds (n,) together in two; what is never asked about stays so.

    >>> in_halves(np.array([-1, 0, 1, 2, 3, 4])).tolist()
    [-1, 0, 1, 0, 1, 0]
    """
    return np.where(folds < 0, folds, folds % 2)


def trained(task: Task, plan: Plan, *, kept: Path, averaged: bool = True) -> Floats:
    """Give probabilities (n, k) out of fold, 0 where nothing was asked.

    Args: kept: a folder for checkpoints: asked again, a training is not done again.
        averaged: answer with the running average of the weights; else with the last ones.
    """
    keep_memory()
    folds = in_halves(task.folds)
    answers = np.zeros((len(task.y), task.k))
    for half in (0, 1):
        learner = Learner(task.encoder, _start(task, plan, folds != half), plan, device="cpu", said=print)
        _learn(learner, _examples(task, plan, folds != half, task.y), kept / f"short-{half}.safetensors")
        if not averaged:
            learner.averages = learner.weights
        held_out = np.flatnonzero(folds == half)
        answers[held_out] = learner.answer(HeldOut(photos=task.photos, rows=held_out))
    return answers


def taught(task: Task, plan: Plan, *, teacher: Vectors) -> Floats:
    """Do as `trained`, where half of each target is the answer of a linear head on the teacher's vectors (n, d).

    The teacher learns from the photos that its pupil learns from, and answers them as they are: Hinton et al. (2015),
    "Distilling the knowledge in a neural network", at temperature 1.
    """
    keep_memory()
    folds = in_halves(task.folds)
    answers = np.zeros((len(task.y), task.k))
    for half in (0, 1):
        learned, held_out = folds != half, np.flatnonzero(folds == half)
        pupil = Pupil(task.encoder, _start(task, plan, learned), plan, device="cpu", said=print)
        head = start_head(teacher[learned], task.y[learned], k=task.k, c=C)
        pupil.taught = torch.from_numpy(teacher @ head.coef + head.intercept).softmax(1)
        pupil.labels = task.y
        _learn(pupil, _examples(task, plan, learned, np.arange(len(task.y))), None)
        answers[held_out] = pupil.answer(HeldOut(photos=task.photos, rows=held_out))
    return answers


class Pupil(Learner):
    """A learner that hears a teacher beside the labels; the y of its examples are numbers of photos."""

    taught: Tensor  # (n, k) the teacher's probabilities
    labels: Ints  # (n,)

    def _mixed(self, batch: Batch, at: int) -> tuple[Tensor, Tensor]:
        pixels, targets = super()._mixed(Batch(batch.pixels, self.labels[batch.y]), at)
        heard = self.taught[torch.from_numpy(batch.y)]
        return pixels, SHARE_TAUGHT * heard + (1 - SHARE_TAUGHT) * targets


def _start(task: Task, plan: Plan, learned: Ints) -> Linear:
    torch.manual_seed(plan.seed)
    return start_head(task.x[learned], task.y[learned], k=task.k, c=C)


def _examples(task: Task, plan: Plan, learned: Ints, y: Ints) -> Examples:
    rows, weights = np.flatnonzero(learned), source_weights(task.sources, power=plan.source_power)
    return Examples(photos=task.photos, rows=rows, y=y[rows], weights=weights[rows])


def _learn(learner: Learner, examples: Examples, kept: Path | None) -> None:
    key = f"{learner.plan} {hashlib.sha256(examples.rows.tobytes() + examples.y.tobytes()).hexdigest()}"
    with Bars() as bars:
        learner.learn(
            examples,
            epochs=learner.plan.epochs,
            held_out=None,
            kept=kept,
            key=key,
            progress=lambda done, total: bars("short training, steps", done, total),
        )
