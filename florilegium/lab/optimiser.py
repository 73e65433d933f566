"""From a gradient to a step: three ways to go downhill. Path: baseline -> **lab**.

A gradient says where up is; an optimiser decides how far to go the other way (step 5 of 7), and then forgets it.
"""

import math
from collections.abc import Sequence

import numpy as np

from florilegium.lab.tensor import Array, Tensor

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8  # of Adam: what its two means keep at each step; no division by 0
WARM_UP = 0.25  # share of all steps in which `one_cycle` climbs


class SGD:
    """Take the gradient times the learning rate off each weight; with momentum 0..1, keep rolling (Polyak 1964)."""

    def __init__(self, parameters: Sequence[Tensor], *, lr: float, momentum: float = 0.0) -> None:
        self.parameters, self.lr, self.momentum = parameters, lr, momentum
        self.velocity: list[Array] = [np.zeros_like(p.data) for p in parameters]

    def step(self) -> None:
        """Go one step downhill, and forget the gradients."""
        for p, v in zip(self.parameters, self.velocity, strict=True):
            if p.grad is not None:
                v[...] = self.momentum * v + p.grad
                p.data -= self.lr * v
            p.grad = None


class Adam:
    """Give each weight a step of its own: the mean of its gradients over their usual size (Kingma & Ba 2015, ICLR)."""

    def __init__(self, parameters: Sequence[Tensor], *, lr: float) -> None:
        self.parameters, self.lr = parameters, lr
        self.memory: list[Array] = [np.zeros((2, *p.shape), dtype=p.data.dtype) for p in parameters]
        self.n_steps = 0

    def step(self) -> None:
        """Go one step downhill, and forget the gradients."""
        self.n_steps += 1
        # Both means begin at 0 and are too small at first; these two shares make up for it.
        grown1, grown2 = 1 - BETA1**self.n_steps, 1 - BETA2**self.n_steps
        for p, memory in zip(self.parameters, self.memory, strict=True):
            if p.grad is not None:
                m, v = memory  # running means of the gradient and of its square, changed in place
                m += (1 - BETA1) * (p.grad - m)
                v += (1 - BETA2) * (p.grad * p.grad - v)
                p.data -= (self.lr / grown1) * (m / (np.sqrt(v) / math.sqrt(grown2) + EPS))
            p.grad = None


def one_cycle(share_done: float) -> float:
    """Give the factor of the learning rate after this share (0..1) of all steps: up to 1, then down to 0.

    Small steps while everything is still random, large ones in the middle, small ones at the end to settle down.
    Source: Smith & Topin (2018), arXiv:1708.07120; with cosines in place of straight lines, as fastai has it.

    >>> [round(one_cycle(share), 2) for share in (0, 0.25, 0.625, 1)]
    [0.04, 1.0, 0.5, 0.0]
    """
    if share_done < WARM_UP:
        return 1 - 0.96 * (1 + math.cos(math.pi * share_done / WARM_UP)) / 2
    return (1 + math.cos(math.pi * (share_done - WARM_UP) / (1 - WARM_UP))) / 2
