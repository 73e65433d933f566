"""From a vector per token to one per text: pool, map, normalise, as ONNX nodes. Path: **features.sentences**."""

from dataclasses import dataclass

import numpy as np
from onnx import NodeProto, TensorProto

from florilegium.features.encoder import EMBEDDING
from florilegium.features.graphs import constant, node
from florilegium.features.sentences.encoder import TOKEN_MASK
from florilegium.types import Vectors

POOLINGS = ("mean", "cls", "max")
ACTIVATIONS = {"Identity": None, "Tanh": "Tanh", "ReLU": "Relu", "Sigmoid": "Sigmoid"}  # torch's name -> ONNX's
TINY = 1e-12  # keeps a vector of zeros from being divided by its length
FAR_BELOW = -1e9  # what a free place adds to each number before the largest is taken


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dense:
    """A layer after pooling: activation(x @ coef + intercept)."""

    coef: Vectors  # (d, e)
    intercept: Vectors  # (e,)
    activation: str | None  # an ONNX operator; None: none


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ending:
    """What follows the transformer."""

    pooling: str  # one of POOLINGS
    dense: tuple[Dense, ...] = ()
    normalise: bool = False  # each vector to length 1


def ending_nodes(ending: Ending, *, tokens: str) -> tuple[list[NodeProto], list[TensorProto]]:
    """Give the nodes from `tokens` float32 (n, t, d) to `embedding` (n, e), and their constants."""
    nodes, constants = _pooled(ending.pooling, tokens)
    last = "end/pooled"
    for number, layer in enumerate(ending.dense):
        at = f"end/dense{number}"
        nodes += [
            node("MatMul", [last, f"{at}/coef"], f"{at}/product"),
            node("Add", [f"{at}/product", f"{at}/intercept"], f"{at}/line"),
            node(layer.activation or "Identity", [f"{at}/line"], at),
        ]
        constants += [constant(f"{at}/coef", layer.coef), constant(f"{at}/intercept", layer.intercept)]
        last = at
    if not ending.normalise:
        return [*nodes, node("Identity", [last], EMBEDDING)], constants
    nodes += [
        node("Mul", [last, last], "end/squares"),
        node("ReduceSum", ["end/squares", "end/last"], "end/sum", keepdims=1),
        node("Add", ["end/sum", "end/tiny"], "end/safe"),
        node("Sqrt", ["end/safe"], "end/length"),
        node("Div", [last, "end/length"], EMBEDDING),
    ]
    return nodes, [*constants, constant("end/last", [-1], np.int64), constant("end/tiny", TINY)]


def _pooled(pooling: str, tokens: str) -> tuple[list[NodeProto], list[TensorProto]]:
    if pooling == "cls":
        first = constant("end/first", 0, np.int64)
        return [node("Gather", [tokens, "end/first"], "end/pooled", axis=1)], [first]
    mask = [node("Cast", [TOKEN_MASK], "end/mask", to=TensorProto.FLOAT)]
    axis = constant("end/places", [1], np.int64)
    if pooling == "max":
        nodes = [
            node("Sub", ["end/one", "end/mask"], "end/free"),
            node("Mul", ["end/free", "end/far_below"], "end/hidden"),
            node("Unsqueeze", ["end/hidden", "end/deep"], "end/bias"),  # (n, t, 1)
            node("Add", [tokens, "end/bias"], "end/seen"),
            node("ReduceMax", ["end/seen", "end/places"], "end/pooled", keepdims=0),
        ]
        more = [constant("end/one", 1.0), constant("end/far_below", FAR_BELOW), constant("end/deep", [2], np.int64)]
        return mask + nodes, [axis, *more]
    nodes = [
        node("Unsqueeze", ["end/mask", "end/places"], "end/row"),  # (n, 1, t)
        node("MatMul", ["end/row", tokens], "end/summed"),  # (n, 1, t) @ (n, t, d)
        node("Squeeze", ["end/summed", "end/places"], "end/total"),
        node("ReduceSum", ["end/mask", "end/places"], "end/n", keepdims=1),
        node("Add", ["end/n", "end/nearly_none"], "end/divisor"),
        node("Div", ["end/total", "end/divisor"], "end/pooled"),
    ]
    return mask + nodes, [axis, constant("end/nearly_none", 1e-9)]
