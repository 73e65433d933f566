"""The photos that a training sees, and in which order. Path: features -> **model.finetune**.

Each epoch is drawn from (seed, epoch) alone, each view from (seed, epoch, place): what a step sees does not depend on
the steps before it. Views are made beside the training, a few batches ahead.
"""

import itertools
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from florilegium.model.finetune.augment import view
from florilegium.model.finetune.plan import Plan
from florilegium.types import Floats, Ints, Octets

AHEAD = 3  # batches made in advance
Photos = Callable[[int], Octets]  # number of an item -> uint8 (h, w, 3); called from several threads


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Examples:
    """Items to learn from: row i of each array is one item of `rows`."""

    photos: Photos
    rows: Ints  # (m,) numbers that `photos` takes
    y: Ints  # (m,) classes
    weights: Floats  # (m,) how often each is drawn, relative to the others

    def n_steps(self, plan: Plan) -> int:
        """Give the steps of one epoch, at least 1."""
        return max(1, len(self.rows) // plan.batch)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What one step sees."""

    pixels: Octets  # (b, s, s, 3)
    y: Ints  # (b,)


def source_weights(sources: Sequence[str | None], *, power: float) -> Floats:
    """Give each item's weight (n,): (items of its source) ** -power; items of no known source count as one source each.

    >>> source_weights(["a", "a", "a", "a", "b", None], power=0.5).tolist()
    [0.5, 0.5, 0.5, 0.5, 1.0, 1.0]
    """
    count = Counter(sources)
    return np.array([1.0 if source is None else float(count[source]) ** -power for source in sources])


def epoch_batches(examples: Examples, plan: Plan, *, side: int, epoch: int, first: int = 0) -> Iterator[Batch]:
    """Give the batches of one epoch from number `first` on."""
    order = _order(examples, plan, epoch)
    places = [order[i : i + plan.batch] for i in range(0, examples.n_steps(plan) * plan.batch, plan.batch)]

    def made(number: int) -> Batch:
        at = places[number]
        views = [
            view(
                examples.photos(int(examples.rows[place])),
                side=side,
                plan=plan,
                rng=np.random.default_rng([plan.seed, epoch, number, i]),
            )
            for i, place in enumerate(at)
        ]
        return Batch(np.stack(views), examples.y[at])

    with ThreadPoolExecutor(1) as pool:
        numbers = iter(range(first, len(places)))
        waiting = deque(pool.submit(made, number) for number in itertools.islice(numbers, AHEAD))
        while waiting:
            batch = waiting.popleft().result()
            waiting.extend(pool.submit(made, number) for number in itertools.islice(numbers, 1))
            yield batch


def _order(examples: Examples, plan: Plan, epoch: int) -> Ints:
    """Draw an epoch's items: each as often as its weight says, as evenly as whole numbers allow, in random order."""
    rng = np.random.default_rng([plan.seed, epoch])
    n = examples.n_steps(plan) * plan.batch
    shuffled = rng.permutation(len(examples.rows))
    # Equal weights side by side: each kind of source then gets its share of every epoch, and not only on average.
    shuffled = shuffled[np.argsort(examples.weights[shuffled], kind="stable")]
    shares = np.cumsum(examples.weights[shuffled])
    marks = (np.arange(n) + rng.random()) / n * shares[-1]  # systematic sampling: one point in each n-th of the whole
    drawn = shuffled[np.minimum(np.searchsorted(shares, marks, side="right"), len(shuffled) - 1)]
    order: Ints = rng.permutation(drawn)
    return order
