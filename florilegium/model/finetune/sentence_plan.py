"""What can be chosen about fine-tuning on texts, and what measured best. Path: features -> **model.finetune**."""

from dataclasses import dataclass
from typing import Self

from florilegium.errors import SettingError
from florilegium.model.finetune.plan import faults_of, rate_at

SEEN = 4_000  # texts that an epoch sees at least: few texts come several times, each time beside others
MOST_REPEATS = 10
EPOCHS = 5
OFTEN, OFTEN_EPOCHS = 4, 3  # texts seen so often in an epoch gain nothing after the second: the most epochs then
MOST_PAIRS = 20_000  # of two texts of one class in an epoch; what is beyond waits for the next one


@dataclass(frozen=True, slots=True, kw_only=True)
class SentencePlan:
    """How a sentence encoder is fine-tuned. Chance is `seed` alone: equal plan and data, equal result on a machine."""

    epochs: int = EPOCHS  # at most; cross-validation may choose fewer
    batch: int = 32  # texts per step, half of them the partner of another one
    repeats: int = 1  # how often an epoch sees each text
    body_rate: float = 1e-4  # peak learning rate of AdamW
    head_rate: float = 2e-3  # peak learning rate of the head
    weight_decay: float = 0.02
    contrast: float = 0.5  # weight of the contrastive loss beside the head's
    heat: float = 0.1  # its temperature
    smoothing: float = 0.1  # 0..1 of each target that is spread over all classes
    dropped: float = 0.1  # chance that a token is not seen
    averaging: float = 0.99  # decay of the running average of the weights, which is what is kept
    warm_share: float = 0.1  # of all steps, in which the rate rises
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values out of range, all of them at once."""
        ranges = {
            "epochs": (1, 1000),
            "batch": (4, 4096),
            "repeats": (1, 100),
            "body_rate": (0.0, 1.0),
            "head_rate": (0.0, 1.0),
            "weight_decay": (0.0, 1.0),
            "contrast": (0.0, 100.0),
            "heat": (0.001, 100.0),
            "smoothing": (0.0, 0.9),
            "dropped": (0.0, 0.9),
            "averaging": (0.0, 0.99999),
            "warm_share": (0.0, 0.9),
        }
        faults = faults_of(self, ranges)
        if faults:
            raise SettingError(f"fine-tuning on texts: {'; '.join(faults)}. Correct them and train again.")

    @classmethod
    def for_items(cls, n: int, *, seed: int, epochs: int | None = None) -> Self:
        """Give the plan for n texts: few of them are seen more often in an epoch, and in fewer epochs.

        >>> [(plan.repeats, plan.epochs) for plan in (SentencePlan.for_items(n, seed=0) for n in (100, 770, 10_000))]
        [(10, 3), (6, 3), (1, 5)]
        """
        repeats = min(MOST_REPEATS, -(-SEEN // max(n, 1)))
        usual = OFTEN_EPOCHS if repeats >= OFTEN else EPOCHS
        return cls(repeats=repeats, seed=seed, epochs=usual if epochs is None else epochs)

    def rate_at(self, step: int, n_steps: int) -> float:
        """Give the share of the peak rate at a step (0..n_steps - 1): one cycle, as in fine-tuning on photos."""
        return rate_at(step, n_steps, warm_share=self.warm_share)

    def n_pairs(self, n: int) -> int:
        """Count the pairs of an epoch on n texts."""
        return max(1, min(n * self.repeats // 2, MOST_PAIRS))
