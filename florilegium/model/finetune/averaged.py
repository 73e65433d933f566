"""A network with a linear head that learns, and the running average of its weights. Path: **model.finetune**.

What fine-tuning on photos and on texts have in common: the head starts from the frozen model's, the average is what is
kept and asked, a checkpoint holds all that the next step needs. Knows no data.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from florilegium.model.finetune.checkpoint import Progressed
from florilegium.model.finetune.network import GraphNetwork
from florilegium.model.weights import Linear

NORM_OF_GRADIENT = 5.0  # a gradient longer than this is cut to it: one odd batch must not undo an epoch
MOMENTS = ("step", "exp_avg", "exp_avg_sq")  # what AdamW keeps of each tensor


class Averaged:
    """Network and head on one device, their averages, and the optimiser."""

    def __init__(
        self,
        network: GraphNetwork,
        head: Linear,
        *,
        rates: Sequence[float],
        head_rate: float,
        weight_decay: float,
        averaging: float,
        device: str,
    ) -> None:
        """Put network and head on the device.

        Args: head: (d, k) on embeddings, to start from.  rates: peak rate of each learned tensor of the network.
            averaging: decay of the running average, 0..1.  device: "cpu" or "cuda".
        """
        self.device, self._averaging = torch.device(device), averaging
        self.network = network.to(self.device)
        self.head = nn.Linear(*head.coef.shape).to(self.device)
        with torch.no_grad():
            self.head.weight.copy_(torch.from_numpy(np.ascontiguousarray(head.coef.T)))
            self.head.bias.copy_(torch.from_numpy(np.ascontiguousarray(head.intercept)))
        self.weights: dict[str, Tensor] = {
            **dict(network.parameters_in_order()),
            "head.weight": self.head.weight,
            "head.bias": self.head.bias,
        }
        self.averages = {name: tensor.detach().clone() for name, tensor in self.weights.items()}
        peaks = [*rates, head_rate, head_rate]
        # Biases and scales are not pulled towards zero.
        groups = [
            {"params": [tensor], "peak": peak, "lr": peak, "weight_decay": weight_decay if tensor.ndim > 1 else 0.0}
            for tensor, peak in zip(self.weights.values(), peaks, strict=True)
        ]
        self.optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.99))

    def take_step(self, gradients: Callable[[], float], *, at: int, share: float) -> float:
        """Take a step and let the averages follow; give the loss.

        Args: gradients: fills the gradients, gives the loss.  at: number of the step, from 0.
            share: of each tensor's peak rate, 0..1.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * share
        self.optimizer.zero_grad(set_to_none=True)
        loss = gradients()
        nn.utils.clip_grad_norm_(list(self.weights.values()), NORM_OF_GRADIENT)
        self.optimizer.step()
        decay = min(self._averaging, (1 + at) / (10 + at))  # the first steps would otherwise weigh for long
        with torch.no_grad():
            for name, tensor in self.weights.items():
                self.averages[name].lerp_(tensor, 1 - decay)
        return loss

    @contextmanager
    def in_averages(self) -> Iterator[None]:
        """Let network and head have their averaged weights meanwhile."""
        own = {name: tensor.detach().clone() for name, tensor in self.weights.items()}
        self._load(self.averages)
        try:
            yield
        finally:
            self._load(own)

    def _load(self, tensors: dict[str, Tensor]) -> None:
        with torch.no_grad():
            for name, tensor in tensors.items():
                self.weights[name].copy_(tensor)

    def tensors(self) -> dict[str, Tensor]:
        """Give weights, their averages, and the optimiser's moments: all that a checkpoint keeps."""
        kept = {f"weight/{name}": tensor for name, tensor in self.weights.items()}
        kept |= {f"average/{name}": tensor for name, tensor in self.averages.items()}
        for name, tensor in self.weights.items():
            kept |= {f"moment/{what}/{name}": value for what, value in self.optimizer.state[tensor].items()}
        return kept

    def restore(self, state: Progressed) -> None:
        """Take up what a checkpoint kept; nothing before the first epoch."""
        if not state.epoch:
            return
        self._load({name: state.tensors[f"weight/{name}"] for name in self.weights})
        for name, tensor in self.weights.items():
            self.averages[name].copy_(state.tensors[f"average/{name}"])
            for what in MOMENTS:
                value = state.tensors[f"moment/{what}/{name}"]
                self.optimizer.state[tensor][what] = value if what == "step" else value.to(self.device)

    def averaged(self) -> tuple[dict[str, Tensor], Linear]:
        """Give the network's averaged tensors by their ONNX names, and the head's as weights of a linear head."""
        network = {name: self.averages[name] for name in self.network.learned}
        coef, intercept = (self.averages[f"head.{part}"].cpu().numpy() for part in ("weight", "bias"))
        return network, Linear(coef=np.ascontiguousarray(coef.T), intercept=intercept)
