"""Small networks, made here, for the tests of fine-tuning."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from florilegium.features import graphs
from florilegium.features.encoder import GraphEncoder
from florilegium.features.network import network_encoder
from florilegium.features.recipe import Recipe
from florilegium.types import Ints, Octets

SIDE = 32


def conv_network(*, seed: int = 0, d: int = 16) -> onnx.ModelProto:
    """Make a network of three convolutions, one of them depthwise, with a residual, as exporters write it."""
    rng = np.random.default_rng(seed)

    def weights(name: str, *shape: int) -> onnx.TensorProto:
        spread = np.sqrt(2 / max(1, int(np.prod(shape[1:]))))
        return numpy_helper.from_array((rng.standard_normal(shape) * spread).astype(np.float32), name)

    def node(op: str, inputs: Sequence[str], output: str, **attributes: Any) -> onnx.NodeProto:
        return helper.make_node(op, list(inputs), [output], name=output, **attributes)

    nodes = [
        node("Conv", ["input", "w1", "b1"], "c1", kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 1, 1]),
        node("Clip", ["c1", "low", "high"], "r1"),
        node("Conv", ["r1", "w2", "b2"], "c2", kernel_shape=[3, 3], pads=[1, 1, 1, 1], group=8),
        node("Relu", ["c2"], "r2"),
        node("Add", ["r1", "r2"], "sum"),
        node("Conv", ["sum", "w3", "b3"], "c3", kernel_shape=[1, 1]),
        node("Relu", ["c3"], "r3"),
        node("GlobalAveragePool", ["r3"], "pooled"),
        node("Flatten", ["pooled"], "embedding"),
    ]
    constants = [
        weights("w1", 8, 3, 3, 3),
        weights("b1", 8),
        weights("w2", 8, 1, 3, 3),
        weights("b2", 8),
        weights("w3", d, 8, 1, 1),
        weights("b3", d),
        numpy_helper.from_array(np.array(0, dtype=np.float32), "low"),
        numpy_helper.from_array(np.array(6, dtype=np.float32), "high"),
    ]
    return graphs.model_of(
        nodes,
        constants,
        name="small",
        inputs={"input": (TensorProto.FLOAT, ["N", 3, SIDE, SIDE])},
        outputs={"embedding": (TensorProto.FLOAT, ["N", d])},
    )


def small_encoder(*, seed: int = 0) -> GraphEncoder:
    """Give the small network as an encoder."""
    model = graphs.normal(conv_network(seed=seed), where="small")
    return network_encoder(model, Recipe(size=SIDE, short_side=SIDE), name="small", where="small")


def striped(n: int, *, seed: int = 0) -> tuple[list[Octets], Ints]:
    """Draw photos of two classes that colour and brightness do not tell apart: stripes across, and stripes down."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    photos = []
    for label in y:
        wave = 127 + 80 * np.sin(np.arange(40) * rng.uniform(1.2, 1.8) + rng.uniform(0, 6))
        plane = np.tile(wave[:, None] if label else wave[None, :], (1, 40) if label else (40, 1))
        photos.append(np.clip(plane[..., None] + rng.normal(0, 12, (40, 40, 3)), 0, 255).astype(np.uint8))
    return photos, y.astype(np.int64)
