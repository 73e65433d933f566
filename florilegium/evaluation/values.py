"""The frozen results of judging predictions. Path: model -> **evaluation** -> report.

A result cannot be shown without its count and its range. Sees predictions, never models.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from florilegium.errors import InputError
from florilegium.evaluation.notebook import table_html
from florilegium.evaluation.words import percent, points
from florilegium.types import Bools, Floats, Ints

SUM_SLACK = 1e-3  # float32 softmax over 10,000 classes sums to 1 within 1e-4


class Outcome(StrEnum):
    """What a verdict says of the model against the best baseline."""

    BETTER = "better"
    NOT_SHOWN = "not shown"
    WORSE = "worse"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Predictions:
    """What some model, seen only through its answers, said about n items.

    Raises: InputError: shapes disagree, a class number is not 0..k-1, or a row is no set of probabilities.
    """

    names: tuple[str, ...]  # the items
    truth: Ints  # (n,) class numbers
    probabilities: Floats  # (n, k), rows sum to 1
    groups: Ints  # (n,) items with one number are not independent
    classes: tuple[str, ...]  # the k class names

    def __post_init__(self) -> None:
        """Look at everything, complain once."""
        if faults := _faults(self):
            message = f"predictions for {len(self.names)} items cannot be judged: {'; '.join(faults)}."
            raise InputError(message + " Check what the model returned, then train again: florilegium train")

    @classmethod
    def of_labels(
        cls,
        labels: Sequence[str],
        *,
        names: Sequence[str],
        probabilities: Floats,
        groups: Ints,
        classes: Sequence[str],
    ) -> "Predictions":
        """Make predictions from the items' true labels by name, (n,), and the model's k classes.

        A label that the model does not know becomes one more class with probability 0: its items count as mistakes.
        """
        strange = sorted(set(labels) - set(classes))
        wider = (*classes, *strange)
        number = {name: i for i, name in enumerate(wider)}
        return cls(
            names=tuple(names),
            truth=np.array([number[label] for label in labels], dtype=np.int64),
            probabilities=np.pad(np.asarray(probabilities, dtype=np.float64), ((0, 0), (0, len(strange)))),
            groups=groups,
            classes=wider,
        )

    def __len__(self) -> int:
        """Count the items."""
        return len(self.names)

    @property
    def said(self) -> Ints:
        """Give the class number with the highest probability per item; the first of equals; shape (n,)."""
        said: Ints = self.probabilities.argmax(axis=1).astype(np.int64)
        return said

    @property
    def right(self) -> Bools:
        """Tell which items were answered right; shape (n,)."""
        right: Bools = self.said == self.truth
        return right

    @property
    def confidence(self) -> Floats:
        """Give the probability of the class that was said, 0..1; shape (n,)."""
        confidence: Floats = self.probabilities.max(axis=1).astype(np.float64)
        return confidence


def _faults(given: Predictions) -> list[str]:
    n, k = len(given.names), len(given.classes)
    wanted: dict[str, tuple[int, ...]] = {"truth": (n,), "groups": (n,), "probabilities": (n, k)}
    found = {name: getattr(given, name).shape for name in wanted}
    faults = [
        f"{name} has shape {found[name]}, expected {wanted[name]}" for name in wanted if found[name] != wanted[name]
    ]
    if faults or n == 0:
        return faults
    if k == 0 or given.truth.min() < 0 or given.truth.max() >= k:
        faults.append(f"truth holds {given.truth.min()}..{given.truth.max()}, expected class numbers 0..{k - 1}")
    odd = ~np.isfinite(given.probabilities).all(axis=1)
    odd |= ~(np.abs(given.probabilities.sum(axis=1) - 1) < SUM_SLACK) | (given.probabilities < 0).any(axis=1)
    if odd.any():
        first = given.names[int(odd.argmax())]
        faults.append(f"{int(odd.sum())} rows are not probabilities that sum to 1 (first: {first!r})")
    return faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A share of right answers with the range of true accuracies that fit it.

    >>> print(Score(name="model", n_right=45, n=50, low=0.786, high=0.957))
    45 of 50 right (78.6 % to 95.7 %)
    """

    name: str
    n_right: int
    n: int
    low: float  # 0..1
    high: float  # 0..1
    level: float = 0.95  # confidence of the range

    @property
    def accuracy(self) -> float:
        """Give the share of right answers, 0..1."""
        return self.n_right / self.n

    def __str__(self) -> str:
        """Say count and range."""
        return f"{self.n_right:,} of {self.n:,} right ({percent(self.low)} to {percent(self.high)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The model's accuracy minus the baseline's on the same items."""

    value: float  # -1..1
    low: float
    high: float
    level: float  # confidence of the range: 1 - alpha of this opening


@dataclass(frozen=True, slots=True, kw_only=True)
class Sanity:
    """One check that nothing is rotten: shuffled labels, the shortcut model, shared groups."""

    name: str
    passed: bool
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the sealed test set said, at this opening."""

    outcome: Outcome
    sentence: str  # for a beginner
    model: Score
    baseline: Score  # the best of `baselines` on the test set
    difference: Difference
    p_value: float  # exact McNemar, two-sided, each item counted as independent
    p_value_groups: float  # the same test on whole groups; equal to `p_value` where each group is one item
    n_only_model: int  # items that only the model got right
    n_only_baseline: int
    n_test: int
    n_groups: int
    opening: int  # k: this was the k-th opening of the seal
    alpha: float  # alpha_k that this opening was judged at
    smallest_difference: float  # 0..1: what this test set could have shown with 80 % power
    n_more_for_one_point: int | None  # more independent labels needed to show 1 point; None: enough already
    baselines: tuple[Score, ...]
    per_class: tuple[Score, ...] = ()  # recall per class, name = class
    leak_free: Score | None = None  # without test items that have a near-duplicate in train
    n_leaked: int = 0
    same_sources: Score | None = None  # random grouped cross-validation
    new_sources: Score | None = None  # leave-sources-out cross-validation
    calibration_error: float | None = None  # expected calibration error, 0..1
    calibration_low: float | None = None
    calibration_high: float | None = None
    n_unknown: int = 0  # test items on which the model abstains
    answered: Score | None = None  # accuracy among the answered
    design_effect: float = 1.0  # how many items of the difference one independent item is worth, at least 1
    sanity: tuple[Sanity, ...] = ()
    warnings: tuple[str, ...] = field(default_factory=tuple)

    def _repr_html_(self) -> str:
        """Show itself in a notebook."""
        gap = self.difference
        rows = [
            [score.name, percent(score.accuracy), f"{percent(score.low)} to {percent(score.high)}", f"{score.n:,}"]
            for score in (self.model, *self.baselines)
        ]
        rows += [["difference", f"{points(gap.value)} points", f"{points(gap.low)} to {points(gap.high)}", ""]]
        return table_html(self.sentence, head=["", "right", "range", "items"], rows=rows, notes=self.warnings)

    def __str__(self) -> str:
        """Say the verdict's sentence."""
        return self.sentence
