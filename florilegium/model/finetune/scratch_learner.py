"""One training of a small network: steps, running average, checkpoints. Path: features -> **model.finetune**.

The seven steps on small pictures that all fit in memory. Sees training items, and answers held-out ones; chooses
nothing.
"""

import copy
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own habit
from torch import Tensor

from florilegium.model.finetune import warp
from florilegium.model.finetune.checkpoint import Progressed
from florilegium.model.finetune.runs import RowLearner
from florilegium.model.finetune.scratch_network import SmallNetwork
from florilegium.model.finetune.scratch_plan import ScratchPlan
from florilegium.model.weights import Linear
from florilegium.types import Floats, Ints, Octets, Vectors

ANSWER_BATCH = 512
WHITE = 255.0


class ScratchLearner(RowLearner):
    """A network that learns from nothing, on one device."""

    def __init__(self, pictures: Octets, y: Ints, plan: ScratchPlan, *, k: int, device: str) -> None:
        """Draw a network's weights, and keep the items where they can be had quickly.

        Args: pictures: uint8 (n, c, s, s).  y: (n,) classes 0..k-1.  device: "cpu" or "cuda".
        """
        self.plan, self.device = plan, torch.device(device)
        self.pictures = torch.from_numpy(pictures).to(self.device)
        self.y = torch.from_numpy(y).to(self.device)
        torch.manual_seed(plan.seed)
        network = SmallNetwork(side=pictures.shape[3], channels=pictures.shape[1], widths=plan.widths, k=k)
        # The library's types know fewer ways to call it.
        self.network = network.to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.network).eval()
        matrices = [tensor for tensor in self.network.parameters() if tensor.ndim > 1]
        others = [tensor for tensor in self.network.parameters() if tensor.ndim <= 1]
        # Biases and scales are not pulled towards zero.
        self.optimizer = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": plan.weight_decay}, {"params": others, "weight_decay": 0.0}],
            lr=plan.rate,
            betas=(0.9, 0.99),
        )

    def n_steps(self, rows: Ints) -> int:
        """Give the steps of one epoch on these rows, at least 1."""
        return n_steps_of(len(rows), self.plan)

    def epoch(self, rows: Ints, epoch: int, heard: Callable[[int], None]) -> float:
        """Take the steps of one epoch; give their mean loss."""
        n_steps = n_steps_of(len(rows), self.plan)
        places = torch.from_numpy(rows[warp.order(len(rows), self.plan, epoch=epoch)]).to(self.device)
        maps = torch.from_numpy(warp.maps(len(places), self.plan, epoch=epoch)).to(self.device)
        total = torch.zeros((), device=self.device)
        for number, (these, theta) in enumerate(zip(places.chunk(n_steps), maps.chunk(n_steps), strict=True)):
            at = epoch * n_steps + number
            total += self.step(these, theta, at=at, n_steps=self.plan.epochs * n_steps)
            heard(at + 1)
        return float(total) / n_steps

    def step(self, rows: Tensor, theta: Tensor, *, at: int, n_steps: int) -> Tensor:
        """Take one step on views of some rows (b,), by maps (b, 2, 3); give its loss."""
        self.network.train()
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.rate * self.plan.rate_at(at, n_steps)
        pictures = warp.views(self.pictures[rows].float() / WHITE, theta)  # (b, c, s, s)
        self.optimizer.zero_grad(set_to_none=True)
        with self._precision():
            scores = self.network(pictures)  # (b, k)
        loss = F.cross_entropy(scores.float(), self.y[rows], label_smoothing=self.plan.smoothing)
        loss.backward()  # type: ignore[no-untyped-call]  # the library has no types here
        self.optimizer.step()
        self._follow(at)
        return loss.detach()

    def _precision(self) -> AbstractContextManager[object]:
        """Compute in half precision where a GPU has bfloat16, whose range needs no scaling of the loss."""
        if self.device.type == "cuda" and torch.cuda.is_bf16_supported():
            return torch.autocast("cuda", dtype=torch.bfloat16)
        return nullcontext()

    def _follow(self, at: int) -> None:
        """Move the running average towards the weights, and its batch norms' statistics with them."""
        decay = min(self.plan.averaging, (1 + at) / (10 + at))  # the first steps would otherwise weigh for long
        with torch.no_grad():
            own = self.network.state_dict()
            for name, tensor in self.average.state_dict().items():
                if tensor.is_floating_point():
                    tensor.lerp_(own[name], 1 - decay)

    def answer(self, rows: Ints) -> Floats:
        """Give probabilities float64 (m, k) of the averaged network on the pictures as they are."""
        with torch.no_grad():
            found = [self.average(part).double().softmax(1).cpu() for part in self._parts(rows)]
        return torch.cat(found).numpy() if found else np.zeros((0, self.network.head.out_features))

    def embed(self, rows: Ints) -> Vectors:
        """Give embeddings float32 (m, d) of the averaged network."""
        with torch.no_grad():
            return torch.cat([self.average.embed(part).cpu() for part in self._parts(rows)]).numpy()

    def _parts(self, rows: Ints) -> list[Tensor]:
        starts = range(0, len(rows), ANSWER_BATCH)
        parts = [torch.from_numpy(rows[start : start + ANSWER_BATCH]).to(self.device) for start in starts]
        return [self.pictures[part].float() / WHITE for part in parts]

    def tensors(self) -> dict[str, Tensor]:
        """Give weights, their averages, and the optimiser's moments."""
        kept = {f"weight/{name}": tensor for name, tensor in self.network.state_dict().items()}
        kept |= {f"average/{name}": tensor for name, tensor in self.average.state_dict().items()}
        for name, tensor in self.network.named_parameters():
            kept |= {f"moment/{what}/{name}": value for what, value in self.optimizer.state[tensor].items()}
        return kept

    def restore(self, state: Progressed) -> None:
        """Take up what a checkpoint kept."""
        if not state.epoch:
            return
        for module, kind in ((self.network, "weight"), (self.average, "average")):
            module.load_state_dict({name: state.tensors[f"{kind}/{name}"] for name in module.state_dict()})
        for name, tensor in self.network.named_parameters():
            for what in ("step", "exp_avg", "exp_avg_sq"):
                value = state.tensors[f"moment/{what}/{name}"]
                # A step count stays on the CPU; moments lie in memory as their weights do, or sums come out otherwise.
                self.optimizer.state[tensor][what] = value if what == "step" else torch.empty_like(tensor).copy_(value)

    def head(self) -> Linear:
        """Give the averaged head as the weights of a linear one."""
        coef, intercept = (part.detach().cpu().numpy() for part in (self.average.head.weight, self.average.head.bias))
        return Linear(coef=np.ascontiguousarray(coef.T), intercept=np.array(intercept))


def n_steps_of(n: int, plan: ScratchPlan) -> int:
    """Give the steps of an epoch of n items, at least 1."""
    return max(1, n // plan.batch)
