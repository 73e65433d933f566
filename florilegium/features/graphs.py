"""Read ONNX files that may be hostile, and join graphs without clashes. Path: dataset -> **features** -> model.

Nothing here runs a graph. A graph is accepted only if it is plain arithmetic: no code of others (custom domains,
functions), no loops or branches, no files beside it, no tensor that a picture could not explain.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from numpy.typing import ArrayLike
from onnx import NodeProto, TensorProto, helper, numpy_helper, shape_inference, version_converter

from florilegium.errors import ModelFileError

OPSET = 20  # the newest that IR version 9 carries, and that ONNX Runtime Web 1.17 and later run
IR_VERSION = 9
MAX_FILE_BYTES = 1 << 30  # protobuf itself ends at 2 GiB, and a laptop holds the graph two or three times while loading
MAX_NODES = 20_000  # a large vision transformer has about 2,000 nodes
MAX_ELEMENTS = 1 << 28  # the largest single tensor: 1 GiB of float32 for one picture
CONTROL_FLOW = frozenset({"If", "Loop", "Scan", "SequenceMap"})  # may never end, and hide nodes from the checks below


def load(path: Path, *, sha256: str | None = None) -> onnx.ModelProto:
    """Read an ONNX file, refuse what is unsafe, and bring it to `OPSET`.

    Args: path: the file.  sha256: the hex digest that the file must have; None: any.
    Raises: ModelFileError: missing, too large, not ONNX, not the promised file, or unsafe.
    """
    octets = _octets(path)
    found = hashlib.sha256(octets).hexdigest()
    if sha256 is not None and found != sha256:
        raise ModelFileError(f"{path}: its SHA-256 is {found}, expected {sha256}. Fetch the file again.")
    try:
        model = onnx.ModelProto.FromString(octets)
    except DecodeError as error:
        raise ModelFileError(
            f"{path}: not an ONNX file, or a truncated one ({len(octets):,} bytes). Export it again."
        ) from error
    return normal(model, where=str(path))


def _octets(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise ModelFileError(
                f"{path}: {size:,} bytes; at most {MAX_FILE_BYTES:,} are read. Export a smaller network."
            )
        return path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{path}: {error.strerror}. Give the path of an .onnx file that you may read.") from error


def normal(model: onnx.ModelProto, *, where: str) -> onnx.ModelProto:
    """Give the model at `OPSET` and `IR_VERSION`, checked, with tensor shapes inferred.

    Raises: ModelFileError: the graph is unsafe, invalid, or cannot be brought to `OPSET`.
    """
    faults = unsafe(model)
    if faults:
        raise ModelFileError(
            f"{where}: refused: {'; '.join(faults)}. Export a plain network, in one file, for opset {OPSET} or older."
        )
    try:
        onnx.checker.check_model(model)
        if model.opset_import[0].version != OPSET:
            model = version_converter.convert_version(model, OPSET)
        model = shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    except Exception as error:  # onnx's three tools raise three families of errors, and C++ errors besides
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelFileError(
            f"{where}: not a valid ONNX graph for opset {OPSET}: {reason}. Export it again."
        ) from error
    if _largest(model) > MAX_ELEMENTS:
        raise ModelFileError(f"{where}: refused: a tensor of {_largest(model):,} numbers; at most {MAX_ELEMENTS:,}.")
    model.ir_version = IR_VERSION
    return model


def unsafe(model: onnx.ModelProto) -> list[str]:
    """Name what an untrusted graph must not hold: outside files, foreign operators, control flow, absurd sizes."""
    nodes, tensors = model.graph.node, [*model.graph.initializer]
    tensors += [a.t for n in nodes for a in n.attribute if a.HasField("t")] + [
        t for n in nodes for a in n.attribute for t in a.tensors
    ]
    faults = [
        ("tensors in other files", any(t.data_location == TensorProto.EXTERNAL or t.external_data for t in tensors)),
        ("sparse tensors", bool(model.graph.sparse_initializer)),
        ("functions of its own", bool(model.functions)),
        ("operators outside the ONNX standard", {n.domain for n in nodes} - {"", "ai.onnx"} != set()),
        ("operator sets outside the ONNX standard", [o.domain for o in model.opset_import] not in ([""], ["ai.onnx"])),
        ("loops or branches", any(n.op_type in CONTROL_FLOW for n in nodes)),
        ("graphs inside nodes", any(a.HasField("g") or a.graphs for n in nodes for a in n.attribute)),
        (f"more than {MAX_NODES:,} nodes", len(nodes) > MAX_NODES),
        (f"a tensor of more than {MAX_ELEMENTS:,} numbers", any(_n_elements(t.dims) > MAX_ELEMENTS for t in tensors)),
    ]
    return [reason for reason, found in faults if found]


def _n_elements(dims: Sequence[int]) -> int:
    n = 1
    for size in dims:
        n *= max(int(size), 1)  # Python numbers: hostile sizes must not wrap around
    return n


def _largest(model: onnx.ModelProto) -> int:
    infos = [*model.graph.value_info, *model.graph.input, *model.graph.output]
    shapes = [[d.dim_value for d in info.type.tensor_type.shape.dim] for info in infos]
    return max((_n_elements(shape) for shape in shapes), default=0)


def node(op: str, inputs: Sequence[str], output: str, **attributes: Any) -> NodeProto:
    """Make a node with one output that bears the output's name."""
    return helper.make_node(op, list(inputs), [output], name=output, **attributes)


def constant(name: str, values: ArrayLike, dtype: type[np.generic] = np.float32) -> TensorProto:
    """Make a named constant (an initializer) of a graph."""
    return numpy_helper.from_array(np.asarray(values, dtype=dtype), name)


def model_of(
    nodes: Sequence[NodeProto],
    constants: Sequence[TensorProto],
    *,
    name: str,
    inputs: Mapping[str, tuple[int, Sequence[int | str]]],
    outputs: Mapping[str, tuple[int, Sequence[int | str]]],
) -> onnx.ModelProto:
    """Make a checked model at `OPSET` from nodes, constants, and named inputs and outputs (element type, shape)."""
    ends = [
        [helper.make_tensor_value_info(n, kind, list(shape)) for n, (kind, shape) in side.items()]
        for side in (inputs, outputs)
    ]
    graph = helper.make_graph(list(nodes), name, ends[0], ends[1], list(constants))
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="florilegium"
    )
    onnx.checker.check_model(model)
    return model


Ends = Mapping[str, tuple[int, Sequence[int | str]]]  # tensor name -> element type and shape


def part(model: onnx.ModelProto, inputs: Ends, outputs: Ends) -> onnx.ModelProto:
    """Cut out what leads from some tensors to others.

    Raises: ModelFileError: nothing does.
    """
    wanted, kept = set(outputs), []
    for each in reversed(model.graph.node):  # ONNX nodes stand in topological order
        if wanted.intersection(each.output):
            kept.append(each)
            wanted.update(name for name in each.input if name not in inputs)
            wanted.difference_update(inputs)
    constants = [tensor for tensor in model.graph.initializer if tensor.name in wanted]
    try:
        return model_of(kept[::-1], constants, name="part", inputs=inputs, outputs=outputs)
    except onnx.checker.ValidationError as error:
        raise ModelFileError(
            f"the graph does not lead from {', '.join(inputs)} to {', '.join(outputs)}. Train again: florilegium train"
        ) from error


def needed(graph: onnx.GraphProto, output: str) -> tuple[list[NodeProto], list[TensorProto]]:
    """Give the nodes and constants that `output` depends on, in order: what else the graph computes is left out."""
    wanted, kept = {output}, []
    for part in reversed(graph.node):  # ONNX nodes stand in topological order
        if wanted.intersection(part.output):
            wanted.update(part.input)
            kept.append(part)
    return kept[::-1], [tensor for tensor in graph.initializer if tensor.name in wanted]


def renamed(
    nodes: Sequence[NodeProto], constants: Sequence[TensorProto], *, prefix: str, keep: Mapping[str, str]
) -> tuple[list[NodeProto], list[TensorProto]]:
    """Copy nodes and constants with `prefix` before every name, except the names in `keep`, which become its values."""

    def new(name: str) -> str:
        return "" if not name else keep.get(name, prefix + name)  # the empty name stands for an input left out

    copies = []
    for number, part in enumerate(nodes):
        copy = NodeProto()
        copy.CopyFrom(part)
        copy.name = f"{prefix}{part.name or number}"
        copy.input[:], copy.output[:] = map(new, part.input), map(new, part.output)
        copies.append(copy)
    tensors = []
    for tensor in constants:
        other = TensorProto()
        other.CopyFrom(tensor)
        other.name = new(tensor.name)
        tensors.append(other)
    return copies, tensors
