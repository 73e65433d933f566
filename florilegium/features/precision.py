"""Store weights in half precision where that changes nothing, and read them back. Path: **features** -> model.

Only numbers that are the same in half precision are stored so, and a Cast node turns them back before use: a graph
answers the very same numbers before and after. `halved` is the step that changes numbers; whoever takes it measures
what comes after it.
"""

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, numpy_helper

from florilegium.features.graphs import node
from florilegium.types import Vectors

LEAST_NUMBERS = 1_000  # a smaller tensor is not worth a node of its own
SUFFIX = "/half"


def halved(values: Vectors) -> Vectors:
    """Round float32 numbers to what half precision can hold (about three digits).

    >>> halved(np.array([1.0, 0.1], dtype=np.float32)).tolist()
    [1.0, 0.0999755859375]
    """
    return np.clip(values, -65504, 65504).astype(np.float16).astype(np.float32)


def rounded(model: onnx.ModelProto) -> onnx.ModelProto:
    """Give the model with its large float32 constants rounded by `halved`: other numbers, to be measured anew."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    for tensor in made.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and np.prod(tensor.dims, dtype=np.int64) >= LEAST_NUMBERS:
            tensor.CopyFrom(numpy_helper.from_array(halved(numpy_helper.to_array(tensor)), tensor.name))
    return made


def narrowed(model: onnx.ModelProto) -> onnx.ModelProto:
    """Give the model with each large float32 constant that half precision holds exactly stored so."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    casts: list[NodeProto] = []
    for tensor in made.graph.initializer:
        half = _as_half(tensor)
        if half is not None:
            casts.append(node("Cast", [tensor.name + SUFFIX], tensor.name, to=TensorProto.FLOAT))
            tensor.CopyFrom(numpy_helper.from_array(half, tensor.name + SUFFIX))
    nodes = [*casts, *made.graph.node]
    del made.graph.node[:]
    made.graph.node.extend(nodes)
    return made


def _as_half(tensor: TensorProto) -> np.ndarray[tuple[int, ...], np.dtype[np.float16]] | None:
    if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims, dtype=np.int64) < LEAST_NUMBERS:
        return None
    values = numpy_helper.to_array(tensor)
    if not (np.abs(values) <= 65504).all():
        return None
    half = values.astype(np.float16)
    return half if np.array_equal(half.astype(np.float32), values) else None


def widened(model: onnx.ModelProto) -> onnx.ModelProto:
    """Give the model with constants in half precision, and the Cast nodes behind them, as float32 constants again."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    constants = {t.name: t for t in made.graph.initializer if t.data_type == TensorProto.FLOAT16}
    kept = []
    for part in made.graph.node:
        tensor = constants.get(part.input[0]) if part.op_type == "Cast" and len(part.input) == 1 else None
        if tensor is None:
            kept.append(part)
        else:
            wide = numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(wide, part.output[0]))
    del made.graph.node[:]
    made.graph.node.extend(kept)
    return made
