"""One training of a network and its head: steps, running average, checkpoints. Path: features -> **model.finetune**.

The seven steps, with what fine-tuning adds: the head starts from the frozen model's, early layers learn slowest, the
weights that are kept are a running average. Sees training items, and answers held-out ones; chooses nothing.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own habit
from torch import Tensor

from florilegium.errors import SettingError
from florilegium.features.encoder import GraphEncoder
from florilegium.features.stream import Runner
from florilegium.model.finetune import checkpoint
from florilegium.model.finetune.averaged import Averaged
from florilegium.model.finetune.checkpoint import Progressed
from florilegium.model.finetune.examples import Batch, Examples, Photos, epoch_batches
from florilegium.model.finetune.network import Network, learning_side
from florilegium.model.finetune.plan import Plan
from florilegium.model.weights import Linear
from florilegium.types import Floats, Ints, Vectors

ANSWER_BATCH = 32

Said = Callable[[str], None]  # hears sentences for the user


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeldOut:
    """Items that are only asked about."""

    photos: Photos
    rows: Ints  # (m,)


class Learner(Averaged):
    """A network with a linear head on one device, and the photos that it is shown."""

    def __init__(self, encoder: GraphEncoder, head: Linear, plan: Plan, *, device: str, said: Said) -> None:
        """Put network and head on the device, with the frozen model's head as the start.

        Args: head: (d, k) on embeddings.  device: "cpu" or "cuda".  said: hears what is worth telling.
        """
        network = Network(encoder)
        n = len(network.learned)
        super().__init__(
            network,
            head,
            rates=[plan.rate_of_layer(i, n) for i in range(n)],
            head_rate=plan.head_rate,
            weight_decay=plan.weight_decay,
            averaging=plan.averaging,
            device=device,
        )
        self.plan, self.said = plan, said
        self.side = plan.side or learning_side(encoder)
        self.runner = Runner(encoder)
        self.micro = plan.batch  # photos that are in memory at once; smaller where memory ends

    def learn(
        self,
        examples: Examples,
        *,
        epochs: int,
        held_out: HeldOut | None,
        kept: Path | None,
        key: str,
        progress: Callable[[int, int], None],
    ) -> Progressed:
        """Learn for some epochs of the plan, from the last checkpoint on; answer the held-out items after each.

        Args: kept: the checkpoint's file; None: nothing is kept.  key: names this training.
            progress: hears steps done and steps in all.
        """
        state = (checkpoint.load(kept, key=key) if kept else None) or Progressed()
        self.restore(state)
        n_steps = examples.n_steps(self.plan)
        for epoch in range(state.epoch, epochs):
            began, total = time.perf_counter(), 0.0
            for number, batch in enumerate(epoch_batches(examples, self.plan, side=self.side, epoch=epoch)):
                at = epoch * n_steps + number
                total += self.step(batch, at=at, n_steps=self.plan.epochs * n_steps)
                progress(at + 1, epochs * n_steps)
            state.losses.append(total / n_steps)
            if held_out is not None:
                state.answers.append(self.answer(held_out))
            state.epoch, state.seconds = epoch + 1, state.seconds + time.perf_counter() - began
            state.tensors = self.tensors()
            if kept:
                checkpoint.save(kept, state, key=key)
        progress(epochs * n_steps, epochs * n_steps)
        return state

    def step(self, batch: Batch, *, at: int, n_steps: int) -> float:
        """Take one step; where the device's memory ends, take it in smaller parts."""
        share = self.plan.rate_at(at, n_steps)
        return self.take_step(lambda: self._fitting(batch, at), at=at, share=share)

    def _fitting(self, batch: Batch, at: int) -> float:
        """Fill the gradients; where the device's memory ends, with fewer photos at a time, to the same result."""
        while True:
            try:
                return self._gradients(batch, at)
            except torch.OutOfMemoryError as error:
                if self.micro == 1:
                    raise SettingError(
                        "fine-tuning: the device's memory does not hold a single photo. Use --device cpu, or a "
                        "smaller network."
                    ) from error
            self.micro = max(1, self.micro // 2)
            torch.cuda.empty_cache()
            self.said(f"The device's memory is full: going on with {self.micro} photos at a time.")

    def _gradients(self, batch: Batch, at: int) -> float:
        """Fill the gradients of a whole batch, part by part; give the mean loss."""
        self.optimizer.zero_grad(set_to_none=True)
        pixels, targets = self._mixed(batch, at)
        total = 0.0
        for start in range(0, len(pixels), self.micro):
            part = slice(start, start + self.micro)
            share = len(pixels[part]) / len(pixels)
            with self._precision():
                scores = self.head(self.network(pixels[part].to(self.device)))  # (b, k)
            loss = F.cross_entropy(scores.float(), targets[part].to(self.device)) * share
            loss.backward()  # type: ignore[no-untyped-call]  # the library has no types here
            total += loss.item()
        return total

    def _mixed(self, batch: Batch, at: int) -> tuple[Tensor, Tensor]:
        """Give pixels (b, s, s, 3) and soft targets (b, k), two photos laid over each other where the plan says so."""
        k = self.head.out_features
        targets = F.one_hot(torch.from_numpy(batch.y), k).float()
        targets = targets * (1 - self.plan.smoothing) + self.plan.smoothing / k
        pixels = torch.from_numpy(batch.pixels)
        if self.plan.mixup == 0:
            return pixels, targets
        rng = np.random.default_rng([self.plan.seed, at, 1])
        share, other = (
            float(rng.beta(self.plan.mixup, self.plan.mixup)),
            torch.from_numpy(rng.permutation(len(batch.y))),
        )
        mixed = share * pixels.float() + (1 - share) * pixels[other].float()
        return mixed.round().to(torch.uint8), share * targets + (1 - share) * targets[other]

    def _precision(self) -> AbstractContextManager[object]:
        """Compute in half precision where a GPU has bfloat16, whose range needs no scaling of the loss."""
        if self.device.type == "cuda" and torch.cuda.is_bf16_supported():
            return torch.autocast("cuda", dtype=torch.bfloat16)
        return nullcontext()

    def answer(self, held_out: HeldOut) -> Floats:
        """Give probabilities float64 (m, k) of the averaged weights, on photos prepared as the model file does it."""
        # While `_embedded` goes on, the head has its averaged weights too.
        scores = [self.head(torch.from_numpy(x).to(self.device)).detach().double() for x in self._embedded(held_out)]
        return torch.cat(scores).softmax(1).cpu().numpy() if scores else np.zeros((0, self.head.out_features))

    def embed(self, items: HeldOut) -> Vectors:
        """Give embeddings float32 (m, d) of the averaged weights."""
        return np.concatenate(list(self._embedded(items)))

    def _embedded(self, items: HeldOut) -> Iterator[Vectors]:
        with self.in_averages():
            for start in range(0, len(items.rows), ANSWER_BATCH):
                photos = [items.photos(int(row)) for row in items.rows[start : start + ANSWER_BATCH]]
                fitted = np.stack([self.runner.fit(photo[None])[0] for photo in photos])
                with torch.no_grad(), self._precision():
                    yield self.network(torch.from_numpy(fitted).to(self.device)).float().cpu().numpy()
