"""Labelling as it happens, with the answers known: the digits of scikit-learn, labelled in batches."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from sklearn.datasets import load_digits

from florilegium.active import Labelling, next_batch, reserve
from florilegium.model.quick import QuickHead
from florilegium.types import Bools, Floats, Ints, Vectors


@dataclass(frozen=True, kw_only=True, eq=False)
class Done:
    """One labelling from first to last label."""

    labelling: Labelling
    probabilities: Floats  # (n, k) after the last label


@cache
def digits() -> tuple[Vectors, Ints]:
    """Give 1,797 digits of 8 x 8 pixels, and what they are."""
    x, y = load_digits(return_X_y=True)
    return x.astype(np.float32), y.astype(np.int64)


def labelled(head: QuickHead, y: Ints, *, n: int, batch: int, seed: int, share: float, by_chance: bool = False) -> Done:
    """Label n items in batches: `share` of each at random from those set aside, the rest chosen; 1: all at random.

    By chance, the "chosen" ones are drawn too: nothing can be saved. Items from `len(y)` on are never asked.
    """
    rng = np.random.default_rng(seed)
    k = int(y.max()) + 1
    aside: Bools = reserve([str(i) for i in range(len(y))], share=share, seed=seed) if 0 < share < 1 else y < 0
    deck = rng.permutation(np.flatnonzero(aside) if share < 1 else len(y))
    labels = np.full(len(head.places), -1)
    order, streams, guesses = (
        [np.zeros(0, dtype=np.int64)],
        [np.zeros(0, dtype=np.bool_)],
        [np.zeros(0, dtype=np.int64)],
    )
    probabilities: Floats | None = None
    while sum(map(len, order)) < n:
        n_random = round(share * batch)
        drawn, deck = deck[:n_random], deck[n_random:]
        rows = drawn
        if n_random < batch:
            free, seen = np.flatnonzero(~aside & (labels[: len(y)] < 0)), np.flatnonzero(labels >= 0)
            doubts = head.update(seen, labels[seen], k=k)
            chosen = (
                rng.choice(free, batch - n_random, replace=False)
                if by_chance
                else next_batch(head.places, labels, doubts, candidates=free, n=batch - n_random, rng=rng).rows
            )
            labels[chosen] = y[chosen]  # choosing does not see the labels of the random stream
            rows = np.concatenate([chosen, drawn])
        guesses.append(np.full(len(rows), -1) if probabilities is None else probabilities[rows].argmax(axis=1))
        order.append(rows)
        streams.append(np.isin(rows, drawn))
        done = np.concatenate(order)
        probabilities = head.update(done, y[done], k=k)
    done = np.concatenate(order)
    given = Labelling(rows=done, y=y[done], at_random=np.concatenate(streams), guesses=np.concatenate(guesses))
    assert probabilities is not None
    return Done(labelling=given, probabilities=probabilities)
