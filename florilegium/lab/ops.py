"""What a network needs beside sums and products: bends, losses, convolution, pooling. Path: baseline -> **lab**.

Each function computes a result and hands `Tensor` the rule that carries gradients back. Pictures inside a network are
(c, n, h, w), channels first of all: so a convolution is one matrix product whose result needs no turning.
"""

import numpy as np

from florilegium.lab.tensor import Array, Tensor
from florilegium.types import Ints


def relu(x: Tensor) -> Tensor:
    """Keep what is above 0, any shape; without a bend between them two lines are one line."""
    return Tensor(np.maximum(x.data, 0), [(x, lambda g: g * (x.data > 0))])


def sigmoid(x: Tensor) -> Tensor:
    """Squeeze every number into 0..1, any shape: 1 / (1 + e^-x), by tanh because that cannot overflow."""
    s = (np.tanh(x.data / 2) + 1) / 2
    return Tensor(s, [(x, lambda g: g * s * (1 - s))])


def mean_distance(scores: Tensor, y: Ints) -> Tensor:
    """Give the mean distance between sigmoid(score) and the truth: scores (n, 1), y (n,) of 0 or 1 -> ().

    Source: Howard & Gugger (2020), Deep learning for coders, chapter 4, `mnist_loss`.
    """
    truth = y[:, None].astype(scores.data.dtype)  # (n,) -> (n, 1)
    return (sigmoid(scores) * Tensor(1 - 2 * truth) + Tensor(truth)).sum() * (1 / len(y))  # p, or 1 - p where it is 1


def cross_entropy(scores: Tensor, y: Ints) -> Tensor:
    """Give the mean surprise -log(probability of the true class): scores (n, k), y (n,) of 0..k-1 -> ().

    Softmax and logarithm are one operation here, since their joint gradient is short: (probability - truth) / n.
    """
    n, rows = len(y), np.arange(len(y))
    s = scores.data - scores.data.max(axis=1, keepdims=True)  # (n, k), none above 0: e^s cannot overflow
    log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))  # (n, k)

    def rule(g: Array) -> Array:
        gradient = np.exp(log_p)  # (n, k), the probabilities
        gradient[rows, y] -= 1
        return np.asarray(gradient * (g / n))

    return Tensor(np.asarray(-log_p[rows, y].mean()), [(scores, rule)])


def convolve(x: Tensor, weights: Tensor, bias: Tensor) -> Tensor:
    """Slide small pictures over large ones: x (c, n, h, w), weights (k, c, s, s), bias (k,) -> (k, n, h-s+1, w-s+1).

    Every s x s window becomes a column; then all windows of all pictures meet all weights in one matrix product.
    """
    c, n, h, w = x.shape
    k, _, s, _ = weights.shape
    h_out, w_out = h - s + 1, w - s + 1
    places = [(i, j) for i in range(s) for j in range(s)]  # of a window's pixels
    columns = np.empty((c, s * s, n, h_out, w_out), dtype=x.data.dtype)
    for at, (i, j) in enumerate(places):
        columns[:, at] = x.data[:, :, i : i + h_out, j : j + w_out]
    flat = columns.reshape(c * s * s, n * h_out * w_out)
    kernel = weights.data.reshape(k, c * s * s)
    out = kernel @ flat + bias.data[:, None]  # (k, css) @ (css, nhw) + (k, 1) -> (k, nhw)

    def to_x(g: Array) -> Array:
        back = (kernel.T @ g.reshape(k, -1)).reshape(columns.shape)  # (css, k) @ (k, nhw) -> (css, nhw)
        gradient = np.zeros_like(x.data)
        for at, (i, j) in enumerate(places):  # a pixel lies in up to s * s windows
            gradient[:, :, i : i + h_out, j : j + w_out] += back[:, at]
        return gradient

    rules = [
        (x, to_x),
        (weights, lambda g: (g.reshape(k, -1) @ flat.T).reshape(weights.shape)),  # (k, nhw) @ (nhw, css) -> (k, css)
        (bias, lambda g: g.reshape(k, -1).sum(axis=1)),
    ]
    return Tensor(out.reshape(k, n, h_out, w_out), rules)


def max_pool(x: Tensor) -> Tensor:
    """Keep the largest of each 2 x 2 pixels: (c, n, h, w) -> (c, n, h // 2, w // 2); an odd last row or column goes."""
    h, w = x.shape[2] // 2 * 2, x.shape[3] // 2 * 2
    corners = [(..., slice(i, h, 2), slice(j, w, 2)) for i in (0, 1) for j in (0, 1)]
    best = np.maximum.reduce([x.data[corner] for corner in corners])

    def rule(g: Array) -> Array:
        gradient, free = np.zeros_like(x.data), np.ones(best.shape, dtype=np.bool_)
        for corner in corners:  # the first of equals gets all: an even background is full of equals
            won = free & (x.data[corner] == best)
            gradient[corner] = g * won
            free &= ~won
        return gradient

    return Tensor(best, [(x, rule)])


def flatten(x: Tensor) -> Tensor:
    """Lay each picture out as one row: (c, n, h, w) -> (n, c * h * w)."""
    c, n, h, w = x.shape
    rows = x.data.transpose(1, 0, 2, 3).reshape(n, c * h * w)
    return Tensor(rows, [(x, lambda g: g.reshape(n, c, h, w).transpose(1, 0, 2, 3))])
