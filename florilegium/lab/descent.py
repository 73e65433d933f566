"""The seven steps of gradient descent, as one loop. Path: baseline -> **lab**.

    1 initialise · 2 predict · 3 loss · 4 gradient · 5 step · 6 repeat · 7 stop

Takes a network, pictures and labels; opens no file, draws nothing, and chance comes from an `rng`.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np

from florilegium.lab.ending import History, check, is_lost, told
from florilegium.lab.network import Network
from florilegium.lab.optimiser import SGD, Adam
from florilegium.lab.tensor import Tensor
from florilegium.types import Ints, Progress, Vectors, silent

Loss = Callable[[Tensor, Ints], Tensor]
Vary = Callable[[Vectors, np.random.Generator], Vectors]


def batches(n: int, n_batch: int, rng: np.random.Generator) -> Iterator[Ints]:
    """Deal n items in random order into batches; a batch larger than the data holds all of it."""
    order = rng.permutation(n)
    for start in range(0, n, n_batch):
        yield order[start : start + n_batch]


def learn(
    network: Network,
    x: Vectors,
    y: Ints,
    *,
    loss: Loss,
    optimiser: SGD | Adam,
    n_epochs: int,
    n_batch: int,
    rng: np.random.Generator,
    schedule: Callable[[float], float] | None = None,
    vary: Vary | None = None,
    progress: Progress = silent,
    name: str = "learning",
) -> History:
    """Change the weights of a network, which begin at random (step 1), until it tells pictures x (n, h, w) as y (n,).

    Args: schedule: factor of the learning rate after a share 0..1 of all steps.  vary: changes each batch a little.
    Raises: InputError: no pictures, or not as many labels.  SettingError: a number is out of its range.
    """
    check(len(x), len(y), lr=optimiser.lr, n_epochs=n_epochs, n_batch=n_batch)
    lr, n_steps = optimiser.lr, n_epochs * math.ceil(len(x) / n_batch)
    losses: list[float] = []
    with np.errstate(over="ignore", invalid="ignore"):  # divergence is told in words, not in NumPy's warnings
        for _ in range(n_epochs):
            for rows in batches(len(x), n_batch, rng):
                batch = x[rows] if vary is None else vary(x[rows], rng)  # (b, h, w)
                optimiser.lr = lr if schedule is None else lr * schedule(len(losses) / n_steps)
                scores = network(batch)  # 2 predict: (b, h, w) -> (b, k)
                error = loss(scores, y[rows])  # 3 loss: (b, k), (b,) -> ()
                error.backward()  # 4 gradient: one per weight, in the shape of the weight
                optimiser.step()  # 5 step: a little downhill, and the gradient is forgotten
                losses.append(float(error.data))
                progress(name, len(losses), n_steps)
                if is_lost(losses):  # 7 stop, because nothing good will come
                    return told(losses, lr)
            # 6 repeat; 7 stop after the last epoch
    return told(losses, lr)
