"""Learn small pictures from scratch: two folds or five, then everything. Path: features -> **model.finetune**.

The rules are those of fine-tuning: whole groups are held out in turn, the number of epochs that served best out of fold
is the one that the last training takes, and whether the result is better than the frozen head is for the paired
comparison to say. Sees the training side only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from florilegium.features.encoder import GraphEncoder
from florilegium.model.finetune import checkpoint, warp
from florilegium.model.finetune.forecast import N_STEPS, Forecast
from florilegium.model.finetune.memory import keep_memory
from florilegium.model.finetune.runs import forecast_of, learned, timed, tuned
from florilegium.model.finetune.scratch_learner import ANSWER_BATCH, ScratchLearner
from florilegium.model.finetune.scratch_network import learned_encoder
from florilegium.model.finetune.scratch_plan import ScratchPlan
from florilegium.model.finetune.tuning import Tuned
from florilegium.model.head import asked
from florilegium.types import Ints, Octets, Progress, silent

MANY = (
    10_000  # items; above this all are held out in two parts, since five trainings of 48,000 digits take half an hour
)
STEP = "learning from scratch, percent"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScratchTask:
    """What is learned from: row i of each array is item i of the training side."""

    plain: GraphEncoder  # the pixel encoder that prepares a picture, without deskewing
    pictures: Octets  # (n, c, s, s) as that encoder sees them: c is 1 (gray) or 3
    y: Ints  # (n,) 0..k-1, each at least once
    k: int
    folds: Ints  # (n,) negative: always learned from, never asked about
    hashes: Sequence[str]  # (n,) contents, so that a checkpoint is taken up for the same pictures only


def coarser(folds: Ints, *, many: int = MANY) -> Ints:
    """Give the folds (n,) that a training from scratch holds out: as they are, or in two halves where items are many.

    >>> coarser(np.array([0, 1, 2, 3, 4, -1]), many=5)
    array([ 0,  0,  0,  1,  1, -1])
    """
    numbers = asked(folds)
    if len(folds) <= many or len(numbers) <= 2:
        return folds
    rank = np.searchsorted(numbers, folds)
    halves: Ints = np.where(folds < 0, folds, rank * 2 // len(numbers))
    return halves


def from_scratch(
    task: ScratchTask,
    plan: ScratchPlan,
    *,
    device: str = "cpu",
    kept: Path | None = None,
    progress: Progress = silent,
) -> Tuned[GraphEncoder]:
    """Cross-validate the plan, choose its epochs, and learn from all items.

    Args: device: "cpu" or "cuda".  kept: a folder for checkpoints, so that a killed training goes on where it was.
    """
    keep_memory()
    found = learned(
        lambda _: ScratchLearner(task.pictures, task.y, plan, k=task.k, device=device),
        task.y,
        task.folds,
        k=task.k,
        epochs=plan.epochs,
        key=checkpoint.key_of(
            plan, task.plain.key, device, k=task.k, y=task.y, folds=task.folds, told=list(task.hashes)
        ),
        kept=kept,
        step=STEP,
        progress=progress,
    )
    return tuned(found, encoder=learned_encoder(task.plain, found.learner.average), head=found.learner.head())


def scratch_forecast(task: ScratchTask, plan: ScratchPlan, *, device: str) -> Forecast:
    """Try a few steps and answers, and reckon what all of them would take; learns nothing that is kept."""
    keep_memory()
    learner = ScratchLearner(task.pictures, task.y, plan, k=task.k, device=device)
    n = len(task.y)
    some, few = np.arange(min(plan.batch, n)), np.arange(min(ANSWER_BATCH, n))
    rows = torch.from_numpy(some).to(learner.device)
    theta = torch.from_numpy(warp.maps(len(some), plan, epoch=0)).to(learner.device)
    step_s = timed(lambda: float(learner.step(rows, theta, at=0, n_steps=N_STEPS))) / len(some)
    answer_s = timed(lambda: learner.answer(few)) / len(few)
    return forecast_of(learner, task.folds, epochs=plan.epochs, seen=1.0, step_s=step_s, answer_s=answer_s)
