"""Cleaning sessions with planted wrong labels: what a user does, for tests and benchmarks of "errors left"."""

from collections.abc import Iterator

import numpy as np

from florilegium.active.errors_left import Judged, Ruling, Stream
from florilegium.types import Bools, Floats


def session(
    wrong: Bools, suspicion: Floats, *, rng: np.random.Generator, share_random: float = 0.1, peeking: float = 0.0
) -> Iterator[Judged]:
    """Give the verdicts of a perfect user who goes down the list, with random items mixed in, to the last item.

    Args: peeking: the share of clicks with which the user picks a wrong label that stands somewhere in sight.
    """
    order = np.argsort(-suspicion, kind="stable")
    free = np.ones(len(wrong), dtype=np.bool_)
    while free.any():
        kind = rng.random()
        if kind < share_random:
            stream, row = Stream.RANDOM, int(rng.choice(np.flatnonzero(free)))
        elif kind < share_random + peeking and (free & wrong).any():
            stream, row = Stream.CHOSEN, int(rng.choice(np.flatnonzero(free & wrong)))
        else:
            stream, row = Stream.RANKED, int(order[free[order]][0])
        free[row] = False
        yield Judged(row=row, ruling=Ruling.WRONG if wrong[row] else Ruling.KEPT, stream=stream)


def planted(n: int, share: float, *, separation: float, rng: np.random.Generator) -> tuple[Bools, Floats]:
    """Give n labels of which a share is wrong, and suspicions that lie `separation` standard deviations apart."""
    wrong = rng.permutation(n) < round(n * share)
    return wrong, rng.normal(size=n) + separation * wrong
