"""Learn small pictures from scratch: two folds or five, then everything. Path: features -> **model.finetune**.

The rules are those of fine-tuning: whole groups are held out in turn, the number of epochs that served best out of fold
is the one that the last training takes, and whether the result is better than the frozen head is for the paired
comparison to say. Sees the training side only.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from florilegium.features.encoder import GraphEncoder
from florilegium.model.finetune import warp
from florilegium.model.finetune.epochs import chosen
from florilegium.model.finetune.forecast import N_STEPS, Forecast
from florilegium.model.finetune.memory import keep_memory, peak_bytes
from florilegium.model.finetune.scratch_learner import ANSWER_BATCH, ScratchLearner
from florilegium.model.finetune.scratch_network import learned_encoder
from florilegium.model.finetune.scratch_plan import ScratchPlan
from florilegium.model.finetune.tuning import Tuned
from florilegium.model.head import asked
from florilegium.types import Floats, Ints, Octets, Progress, Vectors, silent

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
) -> Tuned:
    """Cross-validate the plan, choose its epochs, and learn from all items.

    Args: device: "cpu" or "cuda".  kept: a folder for checkpoints, so that a killed training goes on where it was.
    """
    keep_memory()
    numbers = asked(task.folds)
    run = _Run(task, plan, device=device, kept=kept, progress=progress, n_parts=len(numbers) + 1)
    parts = [run.fold(number, part) for part, number in enumerate(numbers)]
    best = chosen([part.answers for part in parts], task.y, task.folds, k=task.k, most=plan.epochs)
    learner, seconds = run.whole(best.epochs)
    return Tuned(
        encoder=learned_encoder(task.plain, learner.average),
        head=learner.head(),
        scores=best.scores,
        fold_vectors=tuple(part.vectors for part in parts),
        epochs=best.epochs,
        errors=best.errors,
        seconds=seconds + sum(part.seconds for part in parts),
    )


def scratch_forecast(task: ScratchTask, plan: ScratchPlan, *, device: str) -> Forecast:
    """Try a few steps and answers, and reckon what all of them would take; learns nothing that is kept."""
    keep_memory()
    learner = ScratchLearner(task.pictures, task.y, plan, k=task.k, device=device)
    step_s, answer_s = _tried(learner)
    n, folds = len(task.y), asked(task.folds)
    n_seen = sum(int((task.folds != f).sum()) for f in folds) + n
    n_answered = sum(int((task.folds == f).sum()) for f in folds) * plan.epochs + len(folds) * n
    return Forecast(
        device=device,
        seconds=n_seen * plan.epochs * step_s + n_answered * answer_s,
        gigabytes=peak_bytes(learner.device) / 1e9,
        n_trainings=len(folds) + 1,
        epochs=plan.epochs,
    )


def _tried(learner: ScratchLearner) -> tuple[float, float]:
    """Give the seconds that learning from one item and answering one take, each the best of a few tries."""
    n, plan = len(learner.y), learner.plan
    some = np.arange(min(plan.batch, n))
    rows = torch.from_numpy(some).to(learner.device)
    theta = torch.from_numpy(warp.maps(len(some), plan, epoch=0)).to(learner.device)
    few = np.arange(min(ANSWER_BATCH, n))
    step_s = min(_timed(lambda: float(learner.step(rows, theta, at=0, n_steps=N_STEPS))) for _ in range(N_STEPS))
    answer_s = min(_timed(lambda: learner.answer(few)) for _ in range(N_STEPS))
    return step_s / len(some), answer_s / len(few)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """What one fold brought."""

    answers: list[Floats]  # per epoch (m, k)
    vectors: Vectors  # (n, d)
    seconds: float


class _Run:
    """The trainings of one task, one after the other."""

    def __init__(
        self,
        task: ScratchTask,
        plan: ScratchPlan,
        *,
        device: str,
        kept: Path | None,
        progress: Progress,
        n_parts: int,
    ) -> None:
        self.task, self.plan, self.device, self.kept = task, plan, device, kept
        self.progress, self.n_parts = progress, n_parts
        self.key = _key(task, plan, device)

    def fold(self, number: int, part: int) -> _Part:
        learner = self._learner()
        state = learner.learn(
            np.flatnonzero(self.task.folds != number),
            epochs=self.plan.epochs,
            held_out=np.flatnonzero(self.task.folds == number),
            kept=self.kept / f"fold-{number}.safetensors" if self.kept else None,
            key=f"{self.key} fold {number}",
            progress=self._bar(part),
        )
        return _Part(state.answers, learner.embed(np.arange(len(self.task.y))), state.seconds)

    def whole(self, epochs: int) -> tuple[ScratchLearner, float]:
        learner = self._learner()
        state = learner.learn(
            np.arange(len(self.task.y)),
            epochs=epochs,
            held_out=None,
            kept=self.kept / "whole.safetensors" if self.kept else None,
            key=f"{self.key} whole",
            progress=self._bar(self.n_parts - 1),
        )
        return learner, state.seconds

    def _learner(self) -> ScratchLearner:
        return ScratchLearner(self.task.pictures, self.task.y, self.plan, k=self.task.k, device=self.device)

    def _bar(self, part: int) -> Callable[[int, int], None]:
        """Give one bar for all trainings, in percent of them all."""
        return lambda done, total: self.progress(STEP, (100 * part + 100 * done // total) // self.n_parts, 100)


def _key(task: ScratchTask, plan: ScratchPlan, device: str) -> str:
    """Name all that a training depends on, so that no checkpoint of another one is taken up."""
    digest = hashlib.sha256(repr((asdict(plan), task.plain.key, device, task.k)).encode())
    digest.update(task.y.tobytes() + task.folds.tobytes())
    digest.update(repr(list(task.hashes)).encode())
    return digest.hexdigest()
