"""What can be chosen about learning small pictures from scratch. Path: features -> **model.finetune**."""

from dataclasses import dataclass
from typing import Self

from florilegium.errors import SettingError
from florilegium.model.finetune.plan import faults_of, rate_at

VIEWS = 600_000  # that a training sees in all: ten epochs of MNIST's 60,000 digits
LEAST_EPOCHS, MOST_EPOCHS = 10, 60
LEAST_BATCH, MOST_BATCH = 16, 256
STEPS_OF_EPOCH = 100  # wanted at least, so that few items still make many steps


@dataclass(frozen=True, slots=True, kw_only=True)
class ScratchPlan:
    """How a network learns from nothing. Chance is `seed` alone: equal plan and data, equal result on a machine."""

    epochs: int = LEAST_EPOCHS  # at most; cross-validation may choose fewer
    batch: int = MOST_BATCH  # pictures per step
    widths: tuple[int, ...] = (32, 64, 128, 128)  # channels of each convolution
    rate: float = 4e-3  # peak learning rate of AdamW
    weight_decay: float = 0.05
    smoothing: float = 0.1  # 0..1 of each target that is spread over all classes
    turn: float = 12.0  # degrees, either way
    shift: float = 0.08  # of the side, either way: 2 px of 28
    scale: float = 0.12  # of the size, either way, across and down each for itself
    shear: float = 0.12  # columns per row, either way
    averaging: float = 0.995  # decay of the running average of the weights, which is what is kept
    warm_share: float = 0.2  # of all steps, in which the rate rises
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values out of range, all of them at once."""
        ranges = {
            "epochs": (1, 1000),
            "batch": (2, 65_536),
            "rate": (0.0, 1.0),
            "weight_decay": (0.0, 1.0),
            "smoothing": (0.0, 0.9),
            "turn": (0.0, 180.0),
            "shift": (0.0, 0.5),
            "scale": (0.0, 0.9),
            "shear": (0.0, 2.0),
            "averaging": (0.0, 0.99999),
            "warm_share": (0.0, 0.9),
        }
        faults = faults_of(self, ranges)
        if not 1 <= len(self.widths) <= 8 or not all(1 <= width <= 1024 for width in self.widths):
            faults.append(f"widths = {self.widths}: expected 1 to 8 whole numbers of 1 to 1,024 channels")
        if faults:
            raise SettingError(f"learning from scratch: {'; '.join(faults)}. Correct them and train again.")

    @classmethod
    def for_items(cls, n: int, *, seed: int, epochs: int | None = None) -> Self:
        """Give the plan for n items: few of them are seen more often, in smaller steps.

        Args: epochs: at most; None: as many as make `VIEWS`.

        >>> [(p.epochs, p.batch) for p in (ScratchPlan.for_items(n, seed=0) for n in (1_797, 60_000))]
        [(60, 16), (10, 256)]
        """
        wanted = min(max(VIEWS // max(n, 1), LEAST_EPOCHS), MOST_EPOCHS)
        batch = LEAST_BATCH
        while batch < MOST_BATCH and n // (2 * batch) >= STEPS_OF_EPOCH:
            batch *= 2
        return cls(epochs=wanted if epochs is None else epochs, batch=batch, seed=seed)

    def rate_at(self, step: int, n_steps: int) -> float:
        """Give the share of the peak rate at a step (0..n_steps - 1): one cycle, as in fine-tuning."""
        return rate_at(step, n_steps, warm_share=self.warm_share)
