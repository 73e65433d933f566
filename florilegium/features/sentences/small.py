"""Store a sentence encoder's weights as bytes, and multiply bytes. Path: **features.sentences**.

Each column of a weight and each token's vector has its own scale, so a text's answer does not depend on the texts that
are asked about beside it. Weights take seven bits: with eight, the sums of pairs overflow on processors without VNNI,
and the same file would answer otherwise there. Only operators of the ONNX standard are used.
Source: Dettmers et al. (2022), LLM.int8(), NeurIPS, section 2.1 (vector-wise scales); ONNX Runtime's documentation on
quantisation (reduced range).
"""

import math

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, numpy_helper

from florilegium.features import graphs
from florilegium.features.graphs import constant, node
from florilegium.types import Vectors

LEVELS = 63  # of a weight, on each side of zero
STEPS = 127  # of an activation, on each side of zero
ZERO = 128  # the byte that stands for 0 in an activation
LEAST_NUMBERS = 256  # a smaller weight is not worth the nodes
TINY = 1e-12


def small(model: onnx.ModelProto) -> onnx.ModelProto:
    """Give the graph with its matrices and its table of words in bytes; what has been made small stays as it is."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    weights = {t.name: numpy_helper.to_array(t) for t in made.graph.initializer if _is_matrix(t)}
    maker = _Maker(weights)
    nodes = [new for each in model.graph.node for new in maker.replaced(each)]
    del made.graph.node[:], made.graph.value_info[:]
    made.graph.node.extend(nodes)
    used = {name for each in nodes for name in each.input}
    kept = [t for t in model.graph.initializer if t.name in used]
    del made.graph.initializer[:]
    made.graph.initializer.extend([*kept, *maker.constants.values()])
    # As it will be when it is read back: the key is of these bytes.
    return graphs.normal(made, where=model.graph.name)


def _is_matrix(tensor: TensorProto) -> bool:
    n = math.prod(tensor.dims)
    return tensor.data_type == TensorProto.FLOAT and len(tensor.dims) == 2 and n >= LEAST_NUMBERS


class _Maker:
    """Replaces one node after the other; what several nodes need is written once."""

    def __init__(self, weights: dict[str, Vectors]) -> None:
        self.weights = weights
        self.constants: dict[str, TensorProto] = {}
        self.quantised: set[str] = set()  # activations that are bytes already

    def replaced(self, each: NodeProto) -> list[NodeProto]:
        if each.op_type == "MatMul" and each.input[1] in self.weights and each.input[0] not in self.weights:
            return self._product(each)
        if each.op_type == "Gather" and each.input[0] in self.weights and not _axis(each):
            return self._rows(each)
        return [each]

    def _product(self, each: NodeProto) -> list[NodeProto]:
        x, weight, out = each.input[0], each.input[1], each.output[0]
        levels, scale = _levels(self.weights[weight], axis=0)
        self.constants[f"{weight}/levels"] = constant(f"{weight}/levels", levels, np.int8)
        self.constants[f"{weight}/scale"] = constant(f"{weight}/scale", scale)
        self._shared()
        return [
            *self._bytes_of(x),
            node("MatMulInteger", [f"{x}/bytes", f"{weight}/levels", "small/zero"], f"{out}/whole"),
            node("Cast", [f"{out}/whole"], f"{out}/number", to=TensorProto.FLOAT),
            node("Mul", [f"{out}/number", f"{weight}/scale"], f"{out}/columns"),
            node("Mul", [f"{out}/columns", f"{x}/scale"], out),
        ]

    def _bytes_of(self, x: str) -> list[NodeProto]:
        """Give the nodes from activations (..., d) to bytes, each vector with its own scale (..., 1)."""
        if x in self.quantised:
            return []
        self.quantised.add(x)
        return [
            node("Abs", [x], f"{x}/sizes"),
            node("ReduceMax", [f"{x}/sizes", "small/last"], f"{x}/largest", keepdims=1),
            node("Add", [f"{x}/largest", "small/tiny"], f"{x}/safe"),
            node("Div", [f"{x}/safe", "small/steps"], f"{x}/scale"),
            node("Div", [x, f"{x}/scale"], f"{x}/stepped"),
            node("Round", [f"{x}/stepped"], f"{x}/rounded"),
            node("Add", [f"{x}/rounded", "small/middle"], f"{x}/shifted"),
            node("Cast", [f"{x}/shifted"], f"{x}/bytes", to=TensorProto.UINT8),
        ]

    def _rows(self, each: NodeProto) -> list[NodeProto]:
        table, ids, out = each.input[0], each.input[1], each.output[0]
        levels, scale = _levels(self.weights[table], axis=1, most=STEPS)  # never multiplied as bytes: all eight bits
        self.constants[f"{table}/levels"] = constant(f"{table}/levels", levels, np.int8)
        self.constants[f"{table}/scale"] = constant(f"{table}/scale", scale)
        return [
            node("Gather", [f"{table}/levels", ids], f"{out}/levels"),
            node("Cast", [f"{out}/levels"], f"{out}/number", to=TensorProto.FLOAT),
            node("Gather", [f"{table}/scale", ids], f"{out}/scale"),
            node("Mul", [f"{out}/number", f"{out}/scale"], out),
        ]

    def _shared(self) -> None:
        if "small/zero" not in self.constants:
            self.constants["small/zero"] = constant("small/zero", ZERO, np.uint8)
            self.constants["small/middle"] = constant("small/middle", float(ZERO))
            self.constants["small/steps"] = constant("small/steps", float(STEPS))
            self.constants["small/tiny"] = constant("small/tiny", TINY)
            self.constants["small/last"] = constant("small/last", [-1], np.int64)


def _levels(weight: Vectors, *, axis: int, most: int = LEVELS) -> tuple[Vectors, Vectors]:
    """Give whole numbers -most..most, and what one is worth: (1, m) per column (axis 0), (n, 1) per row (axis 1).

    >>> levels, scale = _levels(np.array([[1.0, 0.0], [-2.0, 0.5]]), axis=0)
    >>> levels.tolist(), (levels * scale).round(2).tolist()
    ([[32.0, 0.0], [-63.0, 63.0]], [[1.02, 0.0], [-2.0, 0.5]])
    """
    scale = np.maximum(np.abs(weight).max(axis=axis, keepdims=True), TINY) / most
    return np.round(weight / scale), scale


def _axis(each: NodeProto) -> int:
    return next((a.i for a in each.attribute if a.name == "axis"), 0)
