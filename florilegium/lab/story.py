"""The story of chapter 4: a simple rule first, then a line, a bent line and a convolution. Path: baseline -> **lab**.

Each rung answers the same test pictures and is compared with the rung before it, in pairs. The test pictures choose
nothing: the learning rates below are the book's, or were chosen on the last 10,000 training pictures (docs/lab.md).
Source of the story: Howard & Gugger (2020), Deep learning for coders with fastai and PyTorch, chapter 4.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from florilegium import parallel
from florilegium.baseline.pictures import MeanImage
from florilegium.evaluation import Comparison, Score, compare, score
from florilegium.lab import network as networks
from florilegium.lab.descent import Loss, Vary, learn
from florilegium.lab.digits import Digits, shifted
from florilegium.lab.ending import History
from florilegium.lab.network import Network
from florilegium.lab.ops import cross_entropy, mean_distance
from florilegium.lab.optimiser import SGD, Adam, one_cycle
from florilegium.types import Bools, Ints, Progress, Vectors, silent

LEAST_STEPS = 500  # small data comes round more often, or nothing would be learned from it


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rung that does not learn by descent: the class whose mean picture is the nearest."""

    name: str
    distance: Literal["l1", "l2"]
    published: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A rung that learns: which network, and how."""

    name: str
    make: Callable[..., Network]  # (side_px, n_outputs, rng=)
    n_outputs: int  # 1: a score above 0 says the second class; else one score per class
    loss: Loss
    optimiser: Callable[..., SGD | Adam]  # (parameters, lr=)
    lr: float
    n_epochs: int
    n_batch: int
    schedule: Callable[[float], float] | None = None
    vary: Vary | None = None
    published: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rung:
    """One way to answer the test pictures, and how good it is."""

    name: str
    score: Score
    published: float | None  # the book's figure, where it has one
    as_published: float | None  # ours, counted as the book does
    against: Comparison | None  # with the rung before
    before: str  # the name of that rung
    right: Bools  # (m,) which test pictures
    said: Ints  # (m,) class numbers
    seconds: float
    n_parameters: int
    history: History | None = None
    network: Network | None = None

    def as_dict(self) -> dict[str, Any]:
        """Give what JSON can say of it."""
        s, c = self.score, self.against
        found: dict[str, Any] = {
            "name": self.name,
            "accuracy": s.accuracy,
            "low": s.low,
            "high": s.high,
            "n_right": s.n_right,
            "n": s.n,
            "published": self.published,
            "as_published": self.as_published,
            "seconds": round(self.seconds, 2),
            "n_parameters": self.n_parameters,
        }
        if c is not None:
            d = c.difference
            found["against"] = {"name": self.before, "value": d.value, "low": d.low, "high": d.high, "p": c.p_value}
        if self.history is not None:
            found |= {"end": self.history.end.value, "sentence": self.history.sentence}
        return found


_two: dict[str, Any] = {"n_outputs": 1, "loss": mean_distance, "n_batch": 256}
_ten: dict[str, Any] = {"n_outputs": 10, "loss": cross_entropy, "schedule": one_cycle, "optimiser": Adam}
# The book's chapter ends with the network of 30 units; its learning rates, batch and 40 epochs are the book's.
THREE_OR_SEVEN: tuple[Rule | Recipe, ...] = (
    Rule(name="pixel similarity, L1", distance="l1", published=0.9511),
    Rule(name="pixel similarity, L2", distance="l2", published=0.9662),
    Recipe(name="a line", make=networks.dense, optimiser=SGD, lr=1.0, n_epochs=20, **_two),
    Recipe(
        name="a network of 30 units",
        make=partial(networks.dense, units=(30,)),
        optimiser=SGD,
        lr=0.1,
        n_epochs=40,
        published=0.982,
        **_two,
    ),
    Recipe(
        name="a convolutional network",
        make=partial(networks.convolutional, channels=(8, 16)),
        optimiser=Adam,
        lr=0.01,
        n_epochs=5,
        schedule=one_cycle,
        **_two | {"n_batch": 64},
    ),
)
TEN_DIGITS: tuple[Rule | Recipe, ...] = (
    Rule(name="pixel similarity, L2", distance="l2"),
    Recipe(name="a line", make=networks.dense, lr=0.03, n_epochs=5, n_batch=256, **_ten),
    Recipe(
        name="a network of 512 units",
        make=partial(networks.dense, units=(512,)),
        lr=0.003,
        n_epochs=15,
        n_batch=256,
        vary=shifted,
        **_ten,
    ),
    Recipe(
        name="a convolutional network",
        make=partial(networks.convolutional, channels=(12, 24)),
        lr=0.01,
        n_epochs=6,
        n_batch=64,
        vary=shifted,
        **_ten,
    ),
)


def climb(
    digits: Digits,
    rungs: tuple[Rule | Recipe, ...],
    *,
    rng: np.random.Generator,
    lr: float | None = None,
    n_batch: int | None = None,
    progress: Progress = silent,
) -> Iterator[Rung]:
    """Give one rung after the other, each compared with the one before.

    Args: lr, n_batch: in place of what the recipes say, to see what happens.
    Raises: SettingError: one of these is out of its range.
    """
    before: Rung | None = None
    for rung in rungs:
        began = time.perf_counter()
        # A second thread saves a network of this size little, and costs a lot where another program runs.
        with parallel.on_one_core():
            if isinstance(rung, Rule):
                learned = None
                said = MeanImage(rung.distance).fit(digits.x, digits.y).predict(digits.x_test)
            else:
                learned = train(digits, rung, rng=rng, lr=lr, n_batch=n_batch, progress=progress)
                said = answers(learned[0], digits.ink_test)
        before = _judged(rung, digits, said, before, seconds=time.perf_counter() - began, learned=learned)
        yield before


def train(
    digits: Digits,
    recipe: Recipe,
    *,
    rng: np.random.Generator,
    lr: float | None = None,
    n_batch: int | None = None,
    progress: Progress = silent,
) -> tuple[Network, History]:
    """Follow one recipe; give the network and what happened."""
    network = recipe.make(digits.side_px, recipe.n_outputs, rng=rng)
    optimiser = recipe.optimiser(network.parameters, lr=recipe.lr if lr is None else lr)
    history = learn(
        network,
        digits.ink,
        digits.y,
        loss=recipe.loss,
        optimiser=optimiser,
        n_epochs=max(recipe.n_epochs, round(LEAST_STEPS * recipe.n_batch / len(digits.x))),
        n_batch=recipe.n_batch if n_batch is None else n_batch,
        rng=rng,
        schedule=recipe.schedule,
        vary=recipe.vary,
        progress=progress,
        name=recipe.name,
    )
    return network, history


def answers(network: Network, ink: Vectors) -> Ints:
    """Give the class number that a network says of each picture: (n, h, w) -> (n,)."""
    with np.errstate(over="ignore", invalid="ignore"):  # a network that has diverged still answers something
        scores = network.scores(ink)  # (n, k)
    said = scores[:, 0] > 0 if scores.shape[1] == 1 else scores.argmax(axis=1)
    return np.asarray(said, dtype=np.int64)


def _judged(
    rung: Rule | Recipe,
    digits: Digits,
    said: Ints,
    before: Rung | None,
    *,
    seconds: float,
    learned: tuple[Network, History] | None,
) -> Rung:
    network, history = learned or (None, None)
    published = rung.published if digits.name == "mnist" else None
    right = said == digits.y_test
    each = np.arange(len(right))  # every picture is a group of its own: the files do not say who wrote which
    return Rung(
        name=rung.name,
        score=score(rung.name, right, each),
        published=published,
        as_published=None if published is None else _as_the_book_counts(rung, right, digits.y_test),
        against=None if before is None else compare(right, before.right, each),
        before="" if before is None else before.name,
        right=right,
        said=said,
        seconds=seconds,
        n_parameters=0 if network is None else sum(p.data.size for p in network.parameters),
        history=history,
        network=network,
    )


def _as_the_book_counts(rung: Rule | Recipe, right: Bools, truth: Ints) -> float:
    """Give the mean over classes of the share that was found, for a rule; the share of all, for what learns."""
    if isinstance(rung, Recipe):
        return float(right.mean())
    return float(np.mean([right[truth == c].mean() for c in np.unique(truth)]))
