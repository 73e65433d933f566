"""The labelling meter: how good the model is by now, what choosing saved, when to stop. Path: **active**.

All judges are items of the random stream, so they are a fair sample. `progressive` takes what the model said before
each label; nothing is fitted again. `measure` learns the first m labels of either stream once more and asks every
judge, its own label left out, so that all judges count at every m. Sees labels and answers; the model is a function.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np

from florilegium.active.saving import Saving, saved
from florilegium.errors import InputError
from florilegium.evaluation.intervals import wilson_interval
from florilegium.evaluation.paired import compare
from florilegium.evaluation.values import Difference
from florilegium.evaluation.words import counted, percent, points
from florilegium.types import Bools, Ints

MIN_JUDGES = 20  # random items; below, every range is wider than 40 points
N_POINTS = 8  # of a curve
FIRST_POINT = 10  # labels
STEP = 100  # labels; gains are told per so many
WORTH = 0.01  # of accuracy per STEP labels: below this gain labelling may stop
PER_BIN = 20  # random items per point of the progressive curve, at least


class Answers(Protocol):
    """A model as the meter sees it: `QuickHead.answers` with its k."""

    def __call__(self, rows: Ints, y: Ints, asked: Ints, /) -> Ints:
        """Give the class (a,) of each asked item after learning labels y of rows; an asked item's own is left out."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labelling:
    """The labels in the order in which they were given, each item once.

    Raises: InputError: lengths differ, or an item comes twice.
    """

    rows: Ints  # (n,) items
    y: Ints  # (n,) the class that was given
    at_random: Bools  # (n,) of the random stream
    guesses: Ints  # (n,) what the model said before this label was known; -1: there was no model yet

    def __post_init__(self) -> None:
        """Look at everything, complain once."""
        lengths = {len(self.rows), len(self.y), len(self.at_random), len(self.guesses)}
        if len(lengths) > 1 or len(np.unique(self.rows)) != len(self.rows):
            raise InputError(
                f"labels that cannot be measured: {len(self.rows)} rows, {len(self.y)} classes, "
                f"{len(self.at_random)} streams, {len(self.guesses)} guesses: expected as many of each, no item twice."
            )

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """How many random items the model got right with so many labels, and the accuracies that fit."""

    n_labels: int
    n_right: int
    n: int  # random items that were asked
    low: float
    high: float

    @property
    def accuracy(self) -> float:
        """Give the share right, 0..1."""
        return self.n_right / self.n

    def __str__(self) -> str:
        ends = f"{percent(self.low)} to {percent(self.high)}"
        return f"{counted(self.n_labels, 'label')}: {self.n_right} of {self.n} right ({ends})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Accuracy against labels."""

    name: str
    points: tuple[Point, ...]


class Stop(StrEnum):
    """What the meter advises."""

    GO_ON = "go on"
    MAY_STOP = "may stop"
    NOT_SEEN = "not seen"  # whether more labels help cannot be seen with so few random items
    TOO_FEW = "too few to tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Whether to go on, in a sentence."""

    stop: Stop
    sentence: str
    gain: Difference | None = None  # accuracy that the last `n_last` labels brought
    n_last: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """All that the labels so far tell about themselves."""

    n_labels: int
    n_random: int
    progressive: Curve  # as it went
    together: Curve  # all labels in their order
    chosen: Curve
    random: Curve
    saving: Saving
    advice: Advice

    @property
    def now(self) -> Point | None:
        """Give where the model stands; None while there are too few random items."""
        return self.together.points[-1] if self.together.points else None


def progressive(given: Labelling) -> Curve:
    """Give accuracy as it went: the random items' guesses against their labels, in bins of their order.

    A guess came before its label, so each bin is a fair test of the models that answered in it.
    Source: Dawid (1984), Statistical theory: the prequential approach, JRSS-A 147(2), 278-292.
    """
    places = np.flatnonzero(given.at_random & (given.guesses >= 0))
    right = given.guesses[places] == given.y[places]
    n_bins = min(N_POINTS, len(places) // PER_BIN)
    bins = np.array_split(np.arange(len(places)), n_bins) if n_bins else []
    return Curve(name="as it went", points=tuple(_point(round(float(places[b].mean())), right[b]) for b in bins))


def measure(given: Labelling, answers: Answers, *, rng: np.random.Generator | None = None) -> Meter:
    """Measure the labels so far: three curves on the same judges, what choosing saved, and whether to go on.

    Learns about 25 times; with 1,000 labels that takes a second or two. Nothing is left to chance; `rng` is not used.
    """
    del rng
    chosen, at_random = np.flatnonzero(~given.at_random), np.flatnonzero(given.at_random)
    together = _asked(given, np.arange(len(given)), answers)
    equal = min(len(chosen), len(at_random))
    streams = {
        name: _asked(given, order, answers, also=equal) for name, order in (("chosen", chosen), ("random", at_random))
    }
    return Meter(
        n_labels=len(given),
        n_random=len(at_random),
        progressive=progressive(given),
        together=_curve("all labels", together),
        chosen=_curve("chosen", streams["chosen"]),
        random=_curve("at random", streams["random"]),
        saving=saved(streams["chosen"], streams["random"]),
        advice=_advice(given, together, answers),
    )


def _asked(given: Labelling, order: Ints, answers: Answers, *, also: int | None = None) -> dict[int, Bools]:
    """Tell for some m, `also` among them, which judges are right after the first m labels of `order`."""
    if int(given.at_random.sum()) < MIN_JUDGES or len(order) < FIRST_POINT:
        return {}
    grid = np.geomspace(FIRST_POINT, len(order), N_POINTS).round().astype(int).tolist()
    grid += [also] if also else []
    return {m: _right(given, order[:m], answers) for m in sorted(set(grid))}


def _right(given: Labelling, learned: Ints, answers: Answers) -> Bools:
    judges = given.at_random
    said = answers(given.rows[learned], given.y[learned], given.rows[judges])
    return np.asarray(said == given.y[judges], dtype=np.bool_)


def _point(n_labels: int, right: Bools) -> Point:
    low, high = wilson_interval(int(right.sum()), len(right))
    return Point(n_labels=n_labels, n_right=int(right.sum()), n=len(right), low=low, high=high)


def _curve(name: str, right: dict[int, Bools]) -> Curve:
    return Curve(name=name, points=tuple(_point(m, each) for m, each in right.items()))


def _advice(given: Labelling, together: dict[int, Bools], answers: Answers) -> Advice:
    n, n_judges = len(given), int(given.at_random.sum())
    if not together:
        missing = MIN_JUDGES - n_judges
        sentence = f"Too few to tell: {counted(missing, 'random item')} more, then this page can measure."
        return Advice(stop=Stop.TOO_FEW, sentence=sentence)
    n_last = max(n // 3, min(STEP, n // 2))
    before = _right(given, np.arange(n - n_last), answers)
    gain = compare(together[n], before, np.arange(n_judges)).difference
    brought = (
        f"The last {counted(n_last, 'label')} brought {points(gain.value)} points "
        f"({points(gain.low)} to {points(gain.high)})"
    )
    most = gain.high * STEP / n_last
    if most < WORTH:
        stop, end = Stop.MAY_STOP, f"so {STEP} more will hardly bring {points(WORTH)}. You may stop."
    elif gain.low > 0:
        stop, end = Stop.GO_ON, "so more labels are worth it."
    else:
        stop, end = Stop.NOT_SEEN, f"on {n_judges} random items. What more labels bring may be too little to be seen."
    return Advice(stop=stop, sentence=f"{brought}, {end}", gain=gain, n_last=n_last)
