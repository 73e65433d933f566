"""Find a learning rate by trying them all, from tiny to hopeless, in one short run. Path: baseline -> **lab**.

Too small: nothing happens; right: the loss falls; too large: it climbs. The weights are put back afterwards.
Source: Smith (2017), WACV, 464-472; length and stop as in fastai's `lr_find`.
"""

from dataclasses import dataclass
from itertools import chain, repeat

import numpy as np

from florilegium.errors import InputError
from florilegium.lab.descent import Loss, batches
from florilegium.lab.ending import check
from florilegium.lab.network import Network
from florilegium.lab.optimiser import SGD, Adam
from florilegium.types import Floats, Ints, Vectors

LOWEST, HIGHEST, N_STEPS = 1e-5, 10.0, 100
KEPT, HOPELESS = 0.9, 4.0  # share that the running mean keeps at each step; times the lowest loss at which to stop


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rates:
    """The loss at each learning rate, and the rate that is proposed."""

    rates: Floats  # (s,) for s steps, at most 100
    losses: Floats  # (s,) running means
    proposed: float  # a tenth of the rate where the loss is lowest: a safe way before the edge


def find_rate(
    network: Network, x: Vectors, y: Ints, *, loss: Loss, optimiser: SGD | Adam, n_batch: int, rng: np.random.Generator
) -> Rates:
    """Try learning rates from 0.00001 to 10 on pictures x (n, h, w) and labels y (n,); the optimiser is used up.

    Raises: InputError: no pictures, or pictures that give no finite loss.  SettingError: `n_batch` is below 1.
    """
    check(len(x), len(y), lr=LOWEST, n_epochs=1, n_batch=n_batch)
    before = [parameter.data.copy() for parameter in network.parameters]
    steps = chain.from_iterable(batches(len(x), n_batch, rng) for _ in repeat(None))  # as many as are asked for
    tried: list[tuple[float, float]] = []  # rate, loss
    total = weight = 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for rate, rows in zip(np.geomspace(LOWEST, HIGHEST, N_STEPS).tolist(), steps, strict=False):
            optimiser.lr = rate
            error = loss(network(x[rows]), y[rows])  # (b, h, w) -> (b, k) -> ()
            error.backward()
            optimiser.step()
            total, weight = KEPT * total + float(error.data), KEPT * weight + 1
            if not total / weight < HOPELESS * min((was for _, was in tried), default=np.inf):
                break
            tried.append((rate, total / weight))
    if not tried:
        raise InputError("the first batch gives no finite loss: the pictures hold NaN. Expected ink from 0 to 1.")
    for parameter, data in zip(network.parameters, before, strict=True):
        parameter.data[...] = data
    rates, losses = np.array(tried).T  # (s, 2) -> (s,), (s,)
    return Rates(rates=rates, losses=losses, proposed=float(rates[losses.argmin()]) / 10)
