"""Fine-tune a network with cross-validated groups, then on everything. Path: features -> **model.finetune**.

Every fold starts from the frozen network and a head that never saw the fold's held-out items, and answers those after
each epoch. The number of epochs that served best out of fold is the one that the last training takes. Sees the training
side only; whether the result is better than the frozen head is for the paired comparison to say.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import torch

from florilegium.features.encoder import GraphEncoder
from florilegium.features.sentences import SentenceEncoder
from florilegium.model.finetune import checkpoint
from florilegium.model.finetune.epochs import chosen
from florilegium.model.finetune.examples import Examples, Photos, source_weights
from florilegium.model.finetune.learner import HeldOut, Learner
from florilegium.model.finetune.memory import keep_memory
from florilegium.model.finetune.network import tuned_encoder
from florilegium.model.finetune.plan import Plan
from florilegium.model.head import asked
from florilegium.model.linear import LinearHead
from florilegium.model.weights import Linear
from florilegium.types import Floats, Ints, Progress, Vectors, silent

Encoder_co = TypeVar("Encoder_co", bound=GraphEncoder | SentenceEncoder, covariant=True)

STEP = "fine-tuning, percent"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Task:
    """What is learned from: row i of each array is item i of the training side."""

    encoder: GraphEncoder
    photos: Photos
    x: Vectors  # (n, d) embeddings of the frozen encoder, for the heads to start from
    y: Ints  # (n,) 0..k-1, each at least once
    k: int
    folds: Ints  # (n,) negative: always learned from, never asked about
    sources: Sequence[str | None]  # (n,) where each item comes from
    hashes: Sequence[str]  # (n,) contents, so that a checkpoint is taken up for the same photos only


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tuned(Generic[Encoder_co]):
    """A fine-tuned encoder and head, and what they answered out of fold."""

    encoder: Encoder_co
    head: Linear
    scores: Floats  # (n, k) out of fold, logarithms of probabilities; rows never asked about are 0
    fold_vectors: tuple[Vectors, ...]  # per fold: (n, d) embeddings of all items by that fold's network
    epochs: int  # that served best
    errors: tuple[int, ...]  # wrong answers out of fold after each epoch
    seconds: float
    notes: tuple[str, ...] = field(default=())


def finetune(
    task: Task,
    plan: Plan,
    *,
    device: str = "cpu",
    kept: Path | None = None,
    progress: Progress = silent,
    said: Callable[[str], None] = lambda _: None,
) -> Tuned[GraphEncoder]:
    """Cross-validate the plan, choose its epochs, and learn from all items.

    Args: device: "cpu" or "cuda".  kept: a folder for checkpoints, so that a killed training goes on where it was.
        said: hears what is worth telling on the way.
    """
    keep_memory()
    notes: list[str] = []

    def heard(sentence: str) -> None:
        notes.append(sentence)
        said(sentence)

    numbers = asked(task.folds)
    run = _Run(task, plan, device=device, kept=kept, said=heard, progress=progress, n_parts=len(numbers) + 1)
    parts = [run.fold(number, part) for part, number in enumerate(numbers)]
    best = chosen([part.answers for part in parts], task.y, task.folds, k=task.k, most=plan.epochs)
    learner, seconds = run.whole(best.epochs)
    network, head = learner.averaged()
    return Tuned(
        encoder=tuned_encoder(task.encoder, network, name=f"{task.encoder.name}-tuned"),
        head=head,
        scores=best.scores,
        fold_vectors=tuple(part.vectors for part in parts),
        epochs=best.epochs,
        errors=best.errors,
        seconds=seconds + sum(part.seconds for part in parts),
        notes=tuple(notes),
    )


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
        task: Task,
        plan: Plan,
        *,
        device: str,
        kept: Path | None,
        said: Callable[[str], None],
        progress: Progress,
        n_parts: int,
    ) -> None:
        self.task, self.plan, self.device, self.kept = task, plan, device, kept
        self.said, self.progress, self.n_parts = said, progress, n_parts
        self.weights = source_weights(task.sources, power=plan.source_power)
        self.c = _strength(task)
        self.key = checkpoint.key_of(
            plan,
            task.encoder.key,
            device,
            k=task.k,
            y=task.y,
            folds=task.folds,
            told=(list(task.hashes), list(task.sources)),
        )

    def fold(self, number: int, part: int) -> _Part:
        learner = self._learner(np.flatnonzero(self.task.folds != number))
        held_out = HeldOut(photos=self.task.photos, rows=np.flatnonzero(self.task.folds == number))
        state = learner.learn(
            self._examples(np.flatnonzero(self.task.folds != number)),
            epochs=self.plan.epochs,
            held_out=held_out,
            kept=self.kept / f"fold-{number}.safetensors" if self.kept else None,
            key=f"{self.key} fold {number}",
            progress=self._bar(part),
        )
        every = HeldOut(photos=self.task.photos, rows=np.arange(len(self.task.y)))
        return _Part(state.answers, learner.embed(every), state.seconds)

    def whole(self, epochs: int) -> tuple[Learner, float]:
        everything = np.arange(len(self.task.y))
        learner = self._learner(everything)
        state = learner.learn(
            self._examples(everything),
            epochs=epochs,
            held_out=None,
            kept=self.kept / "whole.safetensors" if self.kept else None,
            key=f"{self.key} whole",
            progress=self._bar(self.n_parts - 1),
        )
        return learner, state.seconds

    def _learner(self, rows: Ints) -> Learner:
        torch.manual_seed(self.plan.seed)
        head = start_head(self.task.x[rows], self.task.y[rows], k=self.task.k, c=self.c)
        return Learner(self.task.encoder, head, self.plan, device=self.device, said=self.said)

    def _examples(self, rows: Ints) -> Examples:
        return Examples(photos=self.task.photos, rows=rows, y=self.task.y[rows], weights=self.weights[rows])

    def _bar(self, part: int) -> Callable[[int, int], None]:
        """Give one bar for all trainings, in percent of them all."""
        return lambda done, total: self.progress(STEP, (100 * part + 100 * done // total) // self.n_parts, 100)


def start_head(x: Vectors, y: Ints, *, k: int, c: float) -> Linear:
    """Fit the linear head that a training starts from; a class that these rows lack gets no score of its own."""
    head = LinearHead(c=c).fit(x, y)
    weights = head.weights_
    if not isinstance(weights, Linear):
        raise TypeError(f"{type(weights).__name__}: expected the weights of a linear head")
    coef, intercept = np.zeros((x.shape[1], k), dtype=np.float32), np.zeros(k, dtype=np.float32)
    coef[:, head.classes_], intercept[head.classes_] = weights.coef, weights.intercept
    return Linear(coef=coef, intercept=intercept)


def _strength(task: Task) -> float:
    """Choose the frozen head's C on the same folds."""
    found = LinearHead.search(task.x, task.y, task.folds, k=task.k, seed=0).head
    return found.c if isinstance(found, LinearHead) else LinearHead().c
