"""Layers and the three networks of the lesson: a line, a bent line, a convolution. Path: baseline -> **lab**.

A layer holds its weights, which begin at random (step 1 of 7); a network does one layer after the other.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from florilegium.lab import ops
from florilegium.lab.tensor import Tensor
from florilegium.types import Vectors

CHUNK, SMALL_PX = 500, 16  # pictures answered at a time: flat memory; the largest side for windows of 3 x 3, not 5 x 5
Layer = Callable[[Tensor], Tensor]


class Linear:
    """(n, d) @ weights (d, k) + bias (k,) -> (n, k)."""

    def __init__(self, d: int, k: int, *, rng: np.random.Generator) -> None:
        self.weights, self.bias = _drawn((d, k), k, n_inputs=d, rng=rng)

    def __call__(self, x: Tensor) -> Tensor:
        """Weigh and add up."""
        return x @ self.weights + self.bias  # (n, d) @ (d, k) + (k,) -> (n, k)


class Convolution:
    """k small pictures of s x s, slid over (c, n, h, w) -> (k, n, h - s + 1, w - s + 1)."""

    def __init__(self, c: int, k: int, s: int, *, rng: np.random.Generator) -> None:
        self.weights, self.bias = _drawn((k, c, s, s), k, n_inputs=c * s * s, rng=rng)

    def __call__(self, x: Tensor) -> Tensor:
        """Weigh and add up each window."""
        return ops.convolve(x, self.weights, self.bias)


def _drawn(shape: tuple[int, ...], k: int, *, n_inputs: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Draw weights of variance 2 / n_inputs, which keeps the size of numbers (He et al. 2015, ICCV), and k zeros."""
    weights = rng.standard_normal(shape, dtype=np.float32) * np.float32(math.sqrt(2 / n_inputs))
    return Tensor(weights, learns=True), Tensor(np.zeros(k, dtype=np.float32), learns=True)


class Network:
    """Layers, one after the other: pictures (n, h, w) of ink 0..1 -> scores (n, k)."""

    def __init__(self, *layers: Layer) -> None:
        self.layers = layers

    def __call__(self, pictures: Vectors) -> Tensor:
        """Give the scores of a batch: (n, h, w) -> (n, k); remembers how they came about."""
        x = Tensor(pictures)
        for layer in self.layers:
            x = layer(x)
        return x

    @property
    def parameters(self) -> list[Tensor]:
        """Give all weights and biases, from the first layer to the last."""
        layers = [layer for layer in self.layers if isinstance(layer, Linear | Convolution)]
        return [weights for layer in layers for weights in (layer.weights, layer.bias)]

    def scores(self, pictures: Vectors) -> Vectors:
        """Give the scores of many pictures: (n, h, w) -> (n, k); remembers nothing."""
        parts = [self(pictures[i : i + CHUNK]).data for i in range(0, len(pictures), CHUNK)]
        return np.concatenate(parts).astype(np.float32)


def dense(side_px: int, k: int, *, rng: np.random.Generator, units: Sequence[int] = ()) -> Network:
    """Make a line, one weight per pixel and class; or, with `units` on the way, a line that bends so many times."""
    sizes = [side_px**2, *units, k]
    layers: list[Layer] = [_rows]
    for d_in, d_out in pairwise(sizes):
        layers += [Linear(d_in, d_out, rng=rng), ops.relu]
    return Network(*layers[:-1])  # the scores at the end stay unbent


def convolutional(side_px: int, k: int, *, rng: np.random.Generator, channels: Sequence[int]) -> Network:
    """Make a network that looks at windows: each of `channels` is a convolution that halves the side, where it fits."""
    s = 5 if side_px > SMALL_PX else 3
    layers: list[Layer] = [_one_channel]
    c, side = 1, side_px
    for n_channels in channels:
        if (side - s + 1) // 2 > 0:  # pooling before the bend: the same result with a quarter of the numbers to bend
            layers += [Convolution(c, n_channels, s, rng=rng), ops.max_pool, ops.relu]
            c, side = n_channels, (side - s + 1) // 2
    return Network(*layers, ops.flatten, Linear(c * side**2, k, rng=rng))


def _rows(x: Tensor) -> Tensor:
    return x.reshape(len(x.data), -1)  # (n, h, w) -> (n, h * w)


def _one_channel(x: Tensor) -> Tensor:
    return x.reshape(1, *x.shape)  # (n, h, w) -> (1, n, h, w)
