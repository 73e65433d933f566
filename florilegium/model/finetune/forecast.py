"""Say how long a fine-tuning will take and how much memory, by trying two steps of it. Path: **model.finetune**."""

import time
from dataclasses import dataclass

import numpy as np

from florilegium.model.finetune.examples import Examples, epoch_batches, source_weights
from florilegium.model.finetune.learner import HeldOut, Learner
from florilegium.model.finetune.memory import keep_memory, peak_bytes
from florilegium.model.finetune.plan import Plan
from florilegium.model.finetune.tuning import Task, start_head
from florilegium.model.head import asked

N_STEPS = 3  # tried; the first one pays for what later ones have


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a fine-tuning would cost on this machine."""

    device: str
    seconds: float
    gigabytes: float  # at the peak, of the process or of the GPU
    n_trainings: int  # folds, and the last one on everything
    epochs: int

    def __str__(self) -> str:
        """Tell it in a sentence.

        >>> print(Forecast(device="cpu", seconds=2040, gigabytes=2.25, n_trainings=6, epochs=12))
        about 34 min on this CPU, 2.2 GB of memory (6 trainings of up to 12 epochs)
        """
        minutes = max(1, round(self.seconds / 60))
        where = "CPU" if self.device == "cpu" else "GPU"
        return (
            f"about {minutes} min on this {where}, {self.gigabytes:.1f} GB of memory "
            f"({self.n_trainings} trainings of up to {self.epochs} epoch{'' if self.epochs == 1 else 's'})"
        )


def forecast(task: Task, plan: Plan, *, device: str) -> Forecast:
    """Try a few steps and answers, and reckon what all of them would take; learns nothing that is kept."""
    keep_memory()
    rows = np.arange(len(task.y))
    weights = source_weights(task.sources, power=plan.source_power)
    examples = Examples(photos=task.photos, rows=rows, y=task.y, weights=weights)
    learner = Learner(
        task.encoder, start_head(task.x, task.y, k=task.k, c=0.01), plan, device=device, said=lambda _: None
    )
    times = []
    for number, batch in zip(range(N_STEPS), epoch_batches(examples, plan, side=learner.side, epoch=0), strict=False):
        began = time.perf_counter()
        learner.step(batch, at=number, n_steps=N_STEPS)
        times.append(time.perf_counter() - began)
    few = rows[: plan.batch]
    began = time.perf_counter()
    learner.answer(HeldOut(photos=task.photos, rows=few))
    answer_s = (time.perf_counter() - began) / len(few)
    folds = asked(task.folds)
    n_seen = sum(int((task.folds != f).sum()) for f in folds) + len(rows)
    n_answered = sum(int((task.folds == f).sum()) for f in folds) * plan.epochs + len(folds) * len(rows)
    step_s = min(times[1:] or times)
    return Forecast(
        device=device,
        seconds=n_seen / plan.batch * plan.epochs * step_s + n_answered * answer_s,
        gigabytes=peak_bytes(learner.device) / 1e9,
        n_trainings=len(folds) + 1,
        epochs=plan.epochs,
    )
