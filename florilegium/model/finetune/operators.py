"""What each ONNX operator computes, in torch, with gradients. Path: features -> **model.finetune**.

The tables below are the networks that can be fine-tuned: convolutional ones and vision transformers, as exporters write
them. Each function takes the node's inputs (torch tensors; None: left out) and its attributes. Runs nothing by itself.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own habit
from onnx import TensorProto
from torch import Tensor

from florilegium.errors import ModelFileError

Attributes = Mapping[str, Any]
Operator = Callable[[Sequence[Tensor], Attributes], Tensor]

_TORCH_KINDS = {
    TensorProto.FLOAT: torch.float32,
    TensorProto.FLOAT16: torch.float32,  # weights that are stored in half are trained in full precision
    TensorProto.INT64: torch.int64,
    TensorProto.INT32: torch.int32,
    TensorProto.BOOL: torch.bool,
}


def _whole(tensor: Tensor) -> list[int]:
    """Give a small tensor of sizes as Python numbers."""
    return [int(number) for number in tensor.reshape(-1).tolist()]


def _padded(x: Tensor, attributes: Attributes, *, value: float = 0.0) -> tuple[Tensor, tuple[int, int]]:
    """Pad unevenly by hand where torch's layers can only pad both ends alike; give what is left for them to do."""
    top, left, bottom, right = attributes.get("pads", (0, 0, 0, 0))
    if (top, left) == (bottom, right):
        return x, (top, left)
    return F.pad(x, (left, right, top, bottom), value=value), (0, 0)


def _conv(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    x, padding = _padded(inputs[0], attributes)
    return F.conv2d(
        x,
        inputs[1],  # (out, in / groups, kh, kw)
        inputs[2] if len(inputs) > 2 else None,
        stride=tuple(attributes.get("strides", (1, 1))),
        padding=padding,
        dilation=tuple(attributes.get("dilations", (1, 1))),
        groups=attributes.get("group", 1),
    )


def _max_pool(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    x, padding = _padded(inputs[0], attributes, value=-math.inf)
    return F.max_pool2d(
        x,
        attributes["kernel_shape"],
        attributes.get("strides", (1, 1)),
        padding=padding,
        ceil_mode=bool(attributes.get("ceil_mode", 0)),
    )


def _average_pool(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    counted = bool(attributes.get("count_include_pad", 0))
    top, left, bottom, right = attributes.get("pads", (0, 0, 0, 0))
    if (top, left) != (bottom, right):
        raise ModelFileError(
            "AveragePool with uneven padding cannot be trained here. Export the network with even padding, or train "
            "without --finetune."
        )
    return F.avg_pool2d(
        inputs[0],
        attributes["kernel_shape"],
        attributes.get("strides", (1, 1)),
        padding=(top, left),
        ceil_mode=bool(attributes.get("ceil_mode", 0)),
        count_include_pad=counted,
    )


def _clip(inputs: Sequence[Tensor], _attributes: Attributes) -> Tensor:
    low, high = (inputs[i].item() if len(inputs) > i and inputs[i] is not None else None for i in (1, 2))
    if (low, high) == (0.0, 6.0):
        return F.relu6(inputs[0])  # the same, in one pass
    return torch.clamp(inputs[0], low, high)


def _gemm(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    a = inputs[0].T if attributes.get("transA") else inputs[0]
    b = inputs[1].T if attributes.get("transB") else inputs[1]
    made = torch.matmul(a, b) * attributes.get("alpha", 1.0)
    return torch.add(made, inputs[2], alpha=attributes.get("beta", 1.0)) if len(inputs) > 2 else made


def _batch_normalization(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    """Normalise with the statistics of the first training: those of a few photos would be worse."""
    x, scale, shift, mean, variance = inputs
    return F.batch_norm(x, mean, variance, scale, shift, training=False, eps=attributes.get("epsilon", 1e-5))


def _layer_normalization(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    x, axis = inputs[0], attributes.get("axis", -1)
    shape = x.shape[axis:]
    return F.layer_norm(
        x, shape, inputs[1], inputs[2] if len(inputs) > 2 else None, eps=attributes.get("epsilon", 1e-5)
    )


def _axes(inputs: Sequence[Tensor], attributes: Attributes) -> list[int]:
    if len(inputs) > 1 and inputs[1] is not None:
        return _whole(inputs[1])
    return list(attributes.get("axes", range(inputs[0].ndim)))


def _reduced(how: Callable[..., Tensor]) -> Operator:
    def operator(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
        return how(inputs[0], dim=_axes(inputs, attributes), keepdim=bool(attributes.get("keepdims", 1)))

    return operator


def _reshape(inputs: Sequence[Tensor], _attributes: Attributes) -> Tensor:
    x, wanted = inputs[0], _whole(inputs[1])
    return x.reshape([x.shape[i] if size == 0 else size for i, size in enumerate(wanted)])  # 0: as it is


def _squeeze(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    return inputs[0].squeeze(tuple(_axes(inputs, attributes)))


def _unsqueeze(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    made = inputs[0]
    n_axes = made.ndim + len(_axes(inputs, attributes))
    for axis in sorted(axis % n_axes for axis in _axes(inputs, attributes)):
        made = made.unsqueeze(axis)
    return made


def _slice(inputs: Sequence[Tensor], _attributes: Attributes) -> Tensor:
    made, starts, ends = inputs[0], _whole(inputs[1]), _whole(inputs[2])
    axes = _whole(inputs[3]) if len(inputs) > 3 and inputs[3] is not None else list(range(len(starts)))
    steps = _whole(inputs[4]) if len(inputs) > 4 and inputs[4] is not None else [1] * len(starts)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        at = torch.arange(made.shape[axis], device=made.device)[slice(start, end, step)]
        made = made.index_select(axis, at)
    return made


def _gather(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    x, at, axis = inputs[0], inputs[1].long(), attributes.get("axis", 0)
    taken = x.index_select(axis, at.reshape(-1) % x.shape[axis])
    return taken.reshape([*x.shape[: axis % x.ndim], *at.shape, *x.shape[axis % x.ndim + 1 :]])


def _shape(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    sizes = list(inputs[0].shape)[attributes.get("start", 0) : attributes.get("end")]
    return torch.tensor(sizes, dtype=torch.int64, device=inputs[0].device)


def _expand(inputs: Sequence[Tensor], _attributes: Attributes) -> Tensor:
    shape = np.broadcast_shapes(tuple(inputs[0].shape), tuple(_whole(inputs[1])))
    return inputs[0].expand(shape)


def _constant_of_shape(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    value = attributes.get("value")
    filled = torch.zeros(1) if value is None else value
    return filled.to(inputs[0].device).expand(_whole(inputs[0])).clone()


def _div(inputs: Sequence[Tensor], _attributes: Attributes) -> Tensor:
    whole = not inputs[0].dtype.is_floating_point
    return torch.div(inputs[0], inputs[1], rounding_mode="trunc" if whole else None)


def _gelu(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    kind = attributes.get("approximate", b"none")
    return F.gelu(inputs[0], approximate=kind.decode() if isinstance(kind, bytes) else str(kind))


def _hard_sigmoid(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    return torch.clamp(attributes.get("alpha", 0.2) * inputs[0] + attributes.get("beta", 0.5), 0.0, 1.0)


def _unary(how: Callable[[Tensor], Tensor]) -> Operator:
    return lambda inputs, _attributes: how(inputs[0])


def _binary(how: Callable[[Tensor, Tensor], Tensor]) -> Operator:
    return lambda inputs, _attributes: how(inputs[0], inputs[1])


OPERATORS: Mapping[str, Operator] = MappingProxyType(
    {
        "Add": _binary(torch.add),
        "AveragePool": _average_pool,
        "BatchNormalization": _batch_normalization,
        "Cast": lambda inputs, attributes: inputs[0].to(_TORCH_KINDS[attributes["to"]]),
        "Clip": _clip,
        "Concat": lambda inputs, attributes: torch.cat(list(inputs), dim=attributes["axis"]),
        "Constant": lambda _inputs, attributes: attributes["value"],
        "ConstantOfShape": _constant_of_shape,
        "Conv": _conv,
        "Div": _div,
        "Dropout": _unary(torch.clone),  # networks are exported as they answer, not as they learned
        "Erf": _unary(torch.erf),
        "Equal": _binary(torch.eq),
        "Exp": _unary(torch.exp),
        "Expand": _expand,
        "Flatten": lambda inputs, attributes: inputs[0].flatten(attributes.get("axis", 1)),
        "Gather": _gather,
        "Gelu": _gelu,
        "Gemm": _gemm,
        "GlobalAveragePool": lambda inputs, _attributes: inputs[0].mean((2, 3), keepdim=True),
        "HardSigmoid": _hard_sigmoid,
        "HardSwish": _unary(F.hardswish),
        "Identity": _unary(lambda x: x),
        "LayerNormalization": _layer_normalization,
        "MatMul": _binary(torch.matmul),
        "MaxPool": _max_pool,
        "Mul": _binary(torch.mul),
        "Neg": _unary(torch.neg),
        "Pow": _binary(torch.pow),
        "ReduceMax": _reduced(torch.amax),
        "ReduceMean": _reduced(torch.mean),
        "ReduceSum": _reduced(torch.sum),
        "Relu": _unary(torch.relu),
        "Reshape": _reshape,
        "Shape": _shape,
        "Sigmoid": _unary(torch.sigmoid),
        "Slice": _slice,
        "Softmax": lambda inputs, attributes: torch.softmax(inputs[0], dim=attributes.get("axis", -1)),
        "Sqrt": _unary(torch.sqrt),
        "Squeeze": _squeeze,
        "Sub": _binary(torch.sub),
        "Tanh": _unary(torch.tanh),
        "Transpose": lambda inputs, attributes: inputs[0].permute(list(attributes["perm"])),
        "Unsqueeze": _unsqueeze,
        "Where": lambda inputs, _attributes: torch.where(inputs[0], inputs[1], inputs[2]),
    }
)
