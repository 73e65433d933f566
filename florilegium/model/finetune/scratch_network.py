"""A small convolutional network for small pictures, and its way into ONNX. Path: features -> **model.finetune**.

    pixels (c, s, s) -> 3x3 convolutions, each with batch norm and ReLU; the picture is halved after the first ones
                     -> mean over all places -> embedding (d) -> linear head (k)

Batch norms are folded into their convolutions when the graph is written: it then holds convolutions and nothing else.
"""

import numpy as np
import onnx
import torch
from onnx import TensorProto
from torch import Tensor, nn

from florilegium.features.encoder import EMBEDDING, FITTED, GraphEncoder, make_encoder
from florilegium.features.graphs import constant, model_of, node
from florilegium.features.precision import halved
from florilegium.types import Vectors

LEAST_SIDE = 8  # px: below this nothing is halved any more
MOST_HALVINGS = 2  # 28 px become 14 and 7
PIXELS = "trunk/plain"  # what the pixel encoder's nodes make: (n, s * s * c) numbers 0..1


class SmallNetwork(nn.Module):
    """The network with its head; learns where an optimiser moves its weights."""

    def __init__(self, *, side: int, channels: int, widths: tuple[int, ...], k: int) -> None:
        """Draw random weights from torch's own generator.

        Args: side: px, 1 or more.  channels: 1 (gray) or 3.  widths: channels of each convolution.  k: classes.
        """
        super().__init__()
        self.side, self.channels = side, channels
        sizes = (channels, *widths)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(one, other, 3, padding=1, bias=False) for one, other in zip(sizes, widths, strict=False)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for width in widths)
        self.head = nn.Linear(widths[-1], k)
        self.halves = halvings(side, len(widths))

    def embed(self, pictures: Tensor) -> Tensor:
        """Give embeddings (n, d) of pictures float (n, c, s, s), 0..1."""
        x = pictures.contiguous(memory_format=torch.channels_last)
        for convolution, norm, halve in zip(self.convolutions, self.norms, self.halves, strict=True):
            x = norm(convolution(x))
            # The largest of four before ReLU is the largest after it, and a quarter is left to do: a tenth of the time.
            x = torch.max_pool2d(x, 2) if halve else x  # (n, width, s / 2, s / 2)
            x = torch.relu_(x)
        return x.mean((2, 3))

    def forward(self, pictures: Tensor) -> Tensor:
        """Give scores (n, k)."""
        return self.head(self.embed(pictures))  # type: ignore[no-any-return]  # the library says Any


def halvings(side: int, n_layers: int) -> tuple[bool, ...]:
    """Tell after which convolutions the picture is halved: the first two, while it is large enough.

    >>> halvings(28, 4), halvings(8, 3)
    ((True, True, False, False), (True, False, False))
    """
    found: list[bool] = []
    for _ in range(n_layers):
        found.append(side >= LEAST_SIDE and sum(found) < MOST_HALVINGS)
        side = side // 2 if found[-1] else side
    return tuple(found)


def folded(convolution: nn.Module, norm: nn.Module) -> tuple[Vectors, Vectors]:
    """Give kernel (o, i, 3, 3) and shift (o,) that do in evaluation what convolution and norm do one after the other.

    Both are rounded to half precision, so that the file is small.
    """
    weights, statistics = convolution.state_dict(), norm.state_dict()
    factor = statistics["weight"] / torch.sqrt(statistics["running_var"] + nn.BatchNorm2d(1).eps)  # (o,)
    kernel = weights["weight"] * factor[:, None, None, None]
    shift = statistics["bias"] - statistics["running_mean"] * factor
    return halved(kernel.cpu().contiguous().numpy()), halved(shift.cpu().numpy())


def learned_encoder(plain: GraphEncoder, network: SmallNetwork) -> GraphEncoder:
    """Give an encoder that prepares pictures as the plain pixel encoder does, and embeds them as the network does.

    Args: plain: from `pixels_encoder`, without deskewing, of the network's side and channels.
    """
    nodes, constants = _layers(network)
    trunk = onnx.GraphProto()
    trunk.CopyFrom(plain.trunk.graph)
    last = next(step for step in trunk.node if EMBEDDING in step.output)
    last.name, last.output[:] = PIXELS, [PIXELS]
    d = network.head.in_features
    return make_encoder(
        name=f"cnn{network.side}-{'gray' if network.channels == 1 else 'rgb'}",
        fit=plain.fit,
        trunk=model_of(
            [*trunk.node, *nodes],
            [*trunk.initializer, *constants],
            name="trunk",
            inputs={FITTED: (TensorProto.UINT8, ["N", network.side, network.side, 3])},
            outputs={EMBEDDING: (TensorProto.FLOAT, ["N", d])},
        ),
        short=plain.short,
        side=plain.side,
        d=d,
        licence=plain.licence,
        source="florilegium; learned from scratch",
    )


def _layers(network: SmallNetwork) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """Give the nodes from PIXELS to the embedding, and their constants."""
    side, channels = network.side, network.channels
    nodes = [
        node("Reshape", [PIXELS, "cnn/rows"], "cnn/grid"),  # (n, s, s, c): colours lie innermost
        node("Transpose", ["cnn/grid"], "cnn/picture", perm=[0, 3, 1, 2]),
    ]
    constants = [constant("cnn/rows", [-1, side, side, channels], np.int64)]
    last = "cnn/picture"
    for number, (convolution, norm, halve) in enumerate(
        zip(network.convolutions, network.norms, network.halves, strict=True), start=1
    ):
        name = f"cnn/layer{number}"
        kernel, shift = folded(convolution, norm)
        constants += [constant(f"{name}/kernel", kernel), constant(f"{name}/shift", shift)]
        inputs, last = [last, f"{name}/kernel", f"{name}/shift"], f"{name}/sum"
        nodes.append(node("Conv", inputs, last, kernel_shape=[3, 3], pads=[1, 1, 1, 1]))
        if halve:
            nodes.append(node("MaxPool", [last], f"{name}/halved", kernel_shape=[2, 2], strides=[2, 2]))
            last = f"{name}/halved"
        nodes.append(node("Relu", [last], name))
        last = name
    nodes += [node("GlobalAveragePool", [last], "cnn/mean"), node("Flatten", ["cnn/mean"], EMBEDDING)]
    return nodes, constants
