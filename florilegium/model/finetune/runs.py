"""Trainings on items that are known by their row: each fold, then everything. Path: **model.finetune**.

What learning small pictures from scratch and fine-tuning on texts have in common: epochs with checkpoints, folds held
out in turn, the number of epochs that served best out of fold, and a last training on all. Knows no network.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import torch

from florilegium.features.encoder import GraphEncoder
from florilegium.features.sentences import SentenceEncoder
from florilegium.model.finetune import checkpoint
from florilegium.model.finetune.checkpoint import Progressed
from florilegium.model.finetune.epochs import Chosen, chosen
from florilegium.model.finetune.forecast import Forecast
from florilegium.model.finetune.memory import peak_bytes
from florilegium.model.finetune.tuning import Tuned
from florilegium.model.head import asked
from florilegium.model.weights import Linear
from florilegium.types import Floats, Ints, Progress, Vectors

N_TRIES = 3  # of a step and of an answer, before a forecast; the first one pays for what later ones have


class RowLearner(ABC):
    """One training; learns from rows of what it was given, and answers others."""

    device: torch.device

    def learn(
        self,
        rows: Ints,
        *,
        epochs: int,
        held_out: Ints | None,
        kept: Path | None,
        key: str,
        progress: Callable[[int, int], None],
    ) -> Progressed:
        """Learn from some rows for some epochs of the plan, from the last checkpoint on.

        Args: rows: (m,) to learn from.  held_out: (h,) answered after each epoch; None: none.
            kept: the checkpoint's file; None: nothing is kept.  key: names this training.
            progress: hears steps done and steps in all.
        """
        state = (checkpoint.load(kept, key=key) if kept else None) or Progressed()
        self.restore(state)
        n_steps = self.n_steps(rows)
        for epoch in range(state.epoch, epochs):
            began = time.perf_counter()
            state.losses.append(self.epoch(rows, epoch, lambda done: progress(done, epochs * n_steps)))
            if held_out is not None:
                state.answers.append(self.answer(held_out))
            state.epoch, state.seconds = epoch + 1, state.seconds + time.perf_counter() - began
            state.tensors = self.tensors()
            if kept:
                checkpoint.save(kept, state, key=key)
        progress(epochs * n_steps, epochs * n_steps)
        return state

    @abstractmethod
    def n_steps(self, rows: Ints) -> int:
        """Give the steps of one epoch on these rows, at least 1."""

    @abstractmethod
    def epoch(self, rows: Ints, epoch: int, heard: Callable[[int], None]) -> float:
        """Take the steps of one epoch; give their mean loss. Args: heard: hears steps done since the first epoch."""

    @abstractmethod
    def answer(self, rows: Ints) -> Floats:
        """Give probabilities float64 (m, k) of the averaged network on items as they are."""

    @abstractmethod
    def embed(self, rows: Ints) -> Vectors:
        """Give embeddings float32 (m, d) of the averaged network."""

    @abstractmethod
    def tensors(self) -> dict[str, torch.Tensor]:
        """Give all that a checkpoint keeps."""

    @abstractmethod
    def restore(self, state: Progressed) -> None:
        """Take up what a checkpoint kept; nothing before the first epoch."""


L = TypeVar("L", bound=RowLearner)
E = TypeVar("E", bound=GraphEncoder | SentenceEncoder)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Learned(Generic[L]):
    """What all trainings brought."""

    learner: L  # of the last one, on everything
    best: Chosen
    fold_vectors: tuple[Vectors, ...]  # per fold: (n, d) embeddings of all items by that fold's network
    seconds: float


def learned(
    made: Callable[[Ints], L],
    y: Ints,
    folds: Ints,
    *,
    k: int,
    epochs: int,
    key: str,
    kept: Path | None,
    step: str,
    progress: Progress,
) -> Learned[L]:
    """Cross-validate, choose the epochs, and learn from all items.

    Args: made: gives a fresh learner that may start from what these rows tell.  key: names all that it depends on.
        step: what `progress` hears, in percent of all trainings.
    """
    numbers, every = asked(folds), np.arange(len(y))
    n_parts = len(numbers) + 1

    def bar(part: int) -> Callable[[int, int], None]:
        return lambda done, total: progress(step, (100 * part + 100 * done // total) // n_parts, 100)

    def path(name: str) -> Path | None:
        return kept / f"{name}.safetensors" if kept else None

    answers, vectors, seconds = [], [], 0.0
    for part, number in enumerate(numbers):
        rows, held_out = np.flatnonzero(folds != number), np.flatnonzero(folds == number)
        learner = made(rows)
        state = learner.learn(
            rows,
            epochs=epochs,
            held_out=held_out,
            kept=path(f"fold-{number}"),
            key=f"{key} fold {number}",
            progress=bar(part),
        )
        answers.append(state.answers)
        vectors.append(learner.embed(every))
        seconds += state.seconds
    best = chosen(answers, y, folds, k=k, most=epochs)
    learner = made(every)
    state = learner.learn(
        every,
        epochs=best.epochs,
        held_out=None,
        kept=path("whole"),
        key=f"{key} whole",
        progress=bar(n_parts - 1),
    )
    return Learned(learner=learner, best=best, fold_vectors=tuple(vectors), seconds=seconds + state.seconds)


def tuned(found: Learned[L], *, encoder: E, head: Linear) -> Tuned[E]:
    """Give what was learned with the encoder and the head that were made of it."""
    return Tuned(
        encoder=encoder,
        head=head,
        scores=found.best.scores,
        fold_vectors=found.fold_vectors,
        epochs=found.best.epochs,
        errors=found.best.errors,
        seconds=found.seconds,
    )


def forecast_of(
    learner: RowLearner, folds: Ints, *, epochs: int, seen: float, step_s: float, answer_s: float
) -> Forecast:
    """Reckon what all trainings would cost.

    Args: seen: items that a training sees in an epoch, per item it learns from.  step_s, answer_s: seconds per item.
    """
    n, numbers = len(folds), asked(folds)
    n_learned = sum(int((folds != f).sum()) for f in numbers) + n
    n_answered = sum(int((folds == f).sum()) for f in numbers) * epochs + len(numbers) * n
    return Forecast(
        device=learner.device.type,
        seconds=n_learned * seen * epochs * step_s + n_answered * answer_s,
        gigabytes=peak_bytes(learner.device) / 1e9,
        n_trainings=len(numbers) + 1,
        epochs=epochs,
    )


def timed(work: Callable[[], object]) -> float:
    """Give the seconds of the quickest of a few tries."""
    found = []
    for _ in range(N_TRIES):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found)
