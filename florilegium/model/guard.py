"""Read a model file that may be hostile, up to the graph. Path: features -> **model**.

Refuses whatever could run code, read another file, never end, or fill the memory, before ONNX Runtime sees a byte.
Runs nothing; knows nothing of classes and cards.
"""

import math
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto, helper, numpy_helper, shape_inference

from florilegium.errors import ModelFileError
from florilegium.features import graphs

NEXT = "Use a file that florilegium train wrote, or fetch it again."
# How a probe picture is shaped for the look at tensor sizes; larger ones only scale what `fit` does.
PROBE = {"N": 1, "H": 640, "W": 480, "T": 64}

# First bytes -> what the file really is. People rename files, and checkpoints are most often zipped pickles.
_FOREIGN = (
    (b"PK\x03\x04", "a ZIP archive (PyTorch checkpoints are ZIP archives of pickles)"),
    (b"\x80\x02", "a pickle, which is never opened"),
    (b"\x80\x03", "a pickle, which is never opened"),
    (b"\x80\x04", "a pickle, which is never opened"),
    (b"\x80\x05", "a pickle, which is never opened"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89HDF", "an HDF5 file (Keras)"),
    (b"version https://git-lfs", "a Git LFS pointer, not the model; run: git lfs pull"),
    (b"<", "a web page, not a model"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG", "a PNG picture"),
)

# Plain arithmetic on tensors. Left out on purpose: control flow, sequences, optionals, strings (never needed), and what
# draws random numbers (an answer must be the same tomorrow).
_OPERATORS = """
Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization BitShift BitwiseAnd BitwiseNot
BitwiseOr BitwiseXor Cast CastLike Ceil Celu CenterCropPad Clip Col2Im Compress Concat Constant ConstantOfShape Conv
ConvInteger ConvTranspose Cos Cosh CumSum DFT DeformConv DepthToSpace DequantizeLinear Det Div Dropout
DynamicQuantizeLinear Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm
GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GridSample GroupNormalization HardSigmoid HardSwish
Hardmax Identity InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax
LpNormalization LpPool MatMul MatMulInteger Max MaxPool Mean MeanVarianceNormalization Min Mish Mod Mul Neg NonZero Not
OneHot Or PRelu Pad Pow QLinearConv QLinearMatMul QuantizeLinear RNN Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum
ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize ReverseSequence
RoiAlign Round ScatterElements ScatterND Selu Shape Shrink Sigmoid Sign Sin Sinh Size Slice Softmax Softplus Softsign
SpaceToDepth Split Sqrt Squeeze Sub Sum Tan Tanh ThresholdedRelu Tile TopK Transpose Trilu Unsqueeze Where Xor
"""
OPERATORS = frozenset(_OPERATORS.split())
_STORED_AS: dict[int, int] = {  # element type -> bytes per number in `raw_data`
    TensorProto.FLOAT: 4,
    TensorProto.DOUBLE: 8,
    TensorProto.FLOAT16: 2,
    TensorProto.INT8: 1,
    TensorProto.UINT8: 1,
    TensorProto.INT16: 2,
    TensorProto.UINT16: 2,
    TensorProto.INT32: 4,
    TensorProto.UINT32: 4,
    TensorProto.INT64: 8,
    TensorProto.UINT64: 8,
    TensorProto.BOOL: 1,
}
_FLOATS = (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16)


def read(path: Path) -> onnx.ModelProto:
    """Read and parse a file, and refuse an unsafe graph.

    Raises: ModelFileError: not a plain file, too large, not ONNX, truncated, or unsafe; the message says which.
    """
    octets = _octets(path)
    for mark, what in _FOREIGN:
        if octets.startswith(mark):
            raise ModelFileError(f"{path}: {what}; expected an .onnx model. {NEXT}")
    try:
        model: onnx.ModelProto = onnx.ModelProto.FromString(octets)
    except (DecodeError, RecursionError) as error:
        raise ModelFileError(f"{path}: not an ONNX file, or a truncated one ({len(octets):,} bytes). {NEXT}") from error
    if not model.graph.node:
        raise ModelFileError(f"{path}: no ONNX graph in its {len(octets):,} bytes; expected a model. {NEXT}")
    check(model, where=str(path))
    return model


def _octets(path: Path) -> bytes:
    try:
        # Not blocking: opening a pipe that nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ModelFileError(f"{path}: not a plain file; expected an .onnx model. {NEXT}")
            if status.st_size > graphs.MAX_FILE_BYTES:
                raise ModelFileError(
                    f"{path}: {status.st_size:,} bytes; at most {graphs.MAX_FILE_BYTES:,} are read. {NEXT}"
                )
            return file.read(graphs.MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ModelFileError(f"{path}: {error.strerror}. Give the path of an .onnx file that you may read.") from error
    except ValueError as error:  # a NUL in the name
        raise ModelFileError(f"{str(path)!r}: not a path. Give the path of an .onnx file.") from error


def check(model: onnx.ModelProto, *, where: str) -> None:
    """Refuse a graph that is more than plain arithmetic on tensors of reasonable size.

    Raises: ModelFileError: names everything that was found.
    """
    # Protobuf hands out bytes where it finds no UTF-8, and ONNX Runtime's messages then cannot be decoded.
    if not all(isinstance(text, str) for text in _texts(model)) or not all(map(_is_utf8, _attributes(model))):
        raise ModelFileError(f"{where}: damaged: a name in it is no text. {NEXT}")
    if faults := graphs.unsafe(model) + _faults(model):
        raise ModelFileError(f"{where}: refused: {'; '.join(faults[:8])}. {NEXT}")
    try:
        onnx.checker.check_model(model)
        # Two copies: one with the probe's sizes filled in, so that a tensor of absurd size shows before it is made.
        probed = shape_inference.infer_shapes(_sized(model), check_type=True, strict_mode=True, data_prop=True)
    except Exception as error:  # onnx's checker, its inference and its C++ side raise three families of errors
        said = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        reason = "".join(c if c.isprintable() else "?" for c in said)  # it quotes names out of the file
        raise ModelFileError(f"{where}: not a valid ONNX graph: {reason}. {NEXT}") from error
    infos = [*probed.graph.value_info, *probed.graph.output]
    largest = max((math.prod(max(d.dim_value, 1) for d in i.type.tensor_type.shape.dim) for i in infos), default=0)
    if largest > graphs.MAX_ELEMENTS:
        raise ModelFileError(
            f"{where}: refused: a tensor of {largest:,} numbers; at most {graphs.MAX_ELEMENTS:,}. {NEXT}"
        )


def _faults(model: onnx.ModelProto) -> list[str]:
    graph = model.graph
    tensors = [*graph.initializer, *(a.t for n in graph.node for a in n.attribute if a.HasField("t"))]
    strange = sorted({n.op_type[:40] for n in graph.node} - OPERATORS)
    bytes_of_constants = sum(_n_stored(t) for t in tensors)
    given = [entry.name for entry in graph.input]
    made = [o for n in graph.node for o in n.output if o] + [t.name for t in graph.initializer] + given
    old = [o.version for o in model.opset_import if not 1 <= o.version <= graphs.OPSET]
    found = [
        (f"operators {', '.join(map(repr, strange[:5]))}", bool(strange)),
        ("training information", bool(model.training_info)),
        (f"operator set {old}; up to {graphs.OPSET} is read", bool(old)),
        ("constants larger than the file may be", bytes_of_constants > graphs.MAX_FILE_BYTES),
        ("a name that stands for two tensors", len(set(made)) != len(made)),
        ("metadata that name a key twice", len({p.key for p in model.metadata_props}) != len(model.metadata_props)),
    ]
    return [reason for reason, is_so in found if is_so] + [f for t in tensors if (f := _tensor_fault(t))]


def _texts(model: onnx.ModelProto) -> Iterator[str]:
    """Give every name and text that is read here or in the card."""
    for part in model.graph.node:
        yield from (part.name, part.op_type, part.domain, *part.input, *part.output, *(a.name for a in part.attribute))
    yield from (tensor.name for tensor in model.graph.initializer)
    for info in (*model.graph.input, *model.graph.output, *model.graph.value_info):
        yield from (info.name, *(dim.dim_param for dim in info.type.tensor_type.shape.dim))
    for entry in model.metadata_props:
        yield from (entry.key, entry.value)
    yield from (opset.domain for opset in model.opset_import)
    yield from (model.producer_name, model.domain, model.doc_string, model.graph.name, model.graph.doc_string)


def _attributes(model: onnx.ModelProto) -> Iterator[bytes]:
    for attribute in (a for part in model.graph.node for a in part.attribute):
        yield from (attribute.s, *attribute.strings)


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _n_stored(tensor: TensorProto) -> int:
    return _STORED_AS.get(tensor.data_type, 8) * math.prod(max(int(d), 1) for d in tensor.dims)


def _tensor_fault(tensor: TensorProto) -> str:
    """Say what is wrong with one constant; nothing: it is sound."""
    name = tensor.name[:40]
    n = math.prod(map(int, tensor.dims))
    if tensor.data_type not in _STORED_AS or min(tensor.dims, default=0) < 0:
        return f"constant {name!r}: an element type or a size that is not read"
    if tensor.HasField("raw_data"):
        n_found = len(tensor.raw_data) // _STORED_AS[tensor.data_type]
    else:
        n_found = len(getattr(tensor, helper.tensor_dtype_to_field(tensor.data_type)))
    if n_found != n:
        return f"constant {name!r}: {n_found:,} numbers where its shape says {n:,}"
    if tensor.data_type in _FLOATS and not np.isfinite(numpy_helper.to_array(tensor)).all():
        return f"constant {name!r}: numbers that are not finite"
    return ""


def _sized(model: onnx.ModelProto, sizes: Mapping[str, int] = PROBE) -> onnx.ModelProto:
    """Copy the model with its free sizes filled in and its own claims about inner tensors left out."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.value_info[:], copy.metadata_props[:]
    for info in copy.graph.input:
        for dim in info.type.tensor_type.shape.dim:
            if not dim.HasField("dim_value"):
                dim.dim_value = sizes.get(dim.dim_param, 1)
    return copy
