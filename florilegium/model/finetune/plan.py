"""What can be chosen about fine-tuning, and what measured best. Path: features -> **model.finetune**."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from florilegium.errors import SettingError

BODY_RATE, HEAD_RATE = 2e-4, 1e-3  # peak learning rates of AdamW; measured in docs/flowers.md


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a network is fine-tuned. Chance is `seed` alone: equal plan and data, equal result on the same machine."""

    epochs: int = 10  # at most; cross-validation may choose fewer. Flat from the eighth of twelve on (decision 0009)
    batch: int = 32  # photos per step
    side: int | None = None  # px of the square that training sees; None: what `learning_side` gives
    body_rate: float = BODY_RATE  # peak learning rate of the last layer of the network
    head_rate: float = HEAD_RATE  # peak learning rate of the head
    depth_decay: float = 0.3  # the first layer's rate as a share of the last one's, 0..1; geometric between
    weight_decay: float = 0.02
    smoothing: float = 0.1  # 0..1 of each target that is spread over all classes
    least_crop: float = 0.25  # 0..1, the smallest share of a photo that a crop shows
    colour: float = 0.3  # how far brightness, contrast and saturation may go, as a share
    blur: float = 0.1  # chance of a blur: web photos are often enlarged
    cutout: float = 0.25  # chance that a rectangle is hidden
    mixup: float = 0.0  # parameter of the Beta law that mixes two photos; 0: none
    averaging: float = 0.995  # decay of the running average of the weights, which is what is kept
    source_power: float = 0.2  # an item counts (items of its source) ** -power: large sources must not drown small ones
    warm_share: float = 0.1  # of all steps, in which the rate rises
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values out of range, all of them at once."""
        ranges = {
            "epochs": (1, 1000),
            "batch": (2, 4096),
            "body_rate": (0.0, 1.0),
            "head_rate": (0.0, 1.0),
            "depth_decay": (1e-6, 1.0),
            "weight_decay": (0.0, 1.0),
            "smoothing": (0.0, 0.9),
            "least_crop": (0.01, 1.0),
            "colour": (0.0, 0.9),
            "blur": (0.0, 1.0),
            "cutout": (0.0, 1.0),
            "mixup": (0.0, 10.0),
            "averaging": (0.0, 0.99999),
            "source_power": (0.0, 1.0),
            "warm_share": (0.0, 0.9),
        }
        faults = faults_of(self, ranges)
        if self.side is not None and not 32 <= self.side <= 1024:
            faults.append(f"side = {self.side}: expected 32 to 1024 px")
        if faults:
            raise SettingError(f"fine-tuning: {'; '.join(faults)}. Correct them and train again.")

    def rate_at(self, step: int, n_steps: int) -> float:
        """Give the share of the peak rate at a step: a straight rise, then half a cosine (one cycle, Smith 2018).

        >>> plan = Plan(warm_share=0.1)
        >>> [round(plan.rate_at(step, 100), 3) for step in (0, 5, 10, 55, 99)]
        [0.1, 0.6, 1.0, 0.5, 0.0]
        """
        return rate_at(step, n_steps, warm_share=self.warm_share)

    def rate_of_layer(self, number: int, n_layers: int) -> float:
        """Give the peak rate of a learned tensor: early layers know edges and colours already, and learn slowest.

        Discriminative rates: Howard and Ruder (2018), ULMFiT, section 3.2.
        """
        depth = (n_layers - 1 - number) / max(1, n_layers - 1)  # 0: last, 1: first
        return self.body_rate * math.pow(self.depth_decay, depth)


def faults_of(plan: object, ranges: Mapping[str, tuple[float, float]]) -> list[str]:
    """Give a sentence per value of a plan that is out of its range (low, high), both included.

    >>> faults_of(Plan(), {"batch": (64, 128), "epochs": (1, 1000)})
    ['batch = 32: expected 64 to 128']
    """
    return [
        f"{name} = {getattr(plan, name)}: expected {low} to {high}"
        for name, (low, high) in ranges.items()
        if not low <= getattr(plan, name) <= high
    ]


def rate_at(step: int, n_steps: int, *, warm_share: float) -> float:
    """Give the share of the peak rate at a step: a straight rise for `warm_share` of all steps, then half a cosine."""
    n_warm = max(1, round(warm_share * n_steps))
    if step < n_warm:
        return (step + 1) / n_warm
    return 0.5 * (1 + math.cos(math.pi * (step - n_warm) / max(1, n_steps - n_warm)))
