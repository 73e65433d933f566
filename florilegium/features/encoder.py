"""The value that turns a picture into a vector: two ONNX graphs. Path: dataset -> **features** -> model.

`fit` brings uint8 RGB pictures of any size to one size, `trunk` turns those into embeddings. Python runs the very nodes
that the model file carries, so both give the same numbers. Nothing here decodes files or runs anything.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto

from florilegium.features.decode import DECODE_RULES, MIN_DECODE_SIDE
from florilegium.features.graphs import constant, model_of, node

IMAGE, FITTED, EMBEDDING = "image", "fitted", "embedding"  # the tensor names that join the parts


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GraphEncoder:
    """An encoder of pictures, as two graphs that meet in the tensor `fitted`."""

    name: str  # for people: "pixels28-gray-deskewed", "mobilenetv2_100_tf"
    key: str  # name and hash of the graphs; safe as a folder name; equal key, equal vectors
    fit: onnx.ModelProto  # `image` uint8 (n, h, w, 3) -> `fitted` uint8 (n, s, s, 3)
    trunk: onnx.ModelProto  # `fitted` uint8 (n, s, s, 3) -> `embedding` float32 (n, d)
    short: int  # px: the short side that `fit` resizes to; a decoded picture need not be larger
    side: int  # s, px
    d: int  # numbers per picture
    licence: str
    source: str
    notes: tuple[str, ...] = ()  # what was guessed, to be told to the user

    @property
    def decode_side(self) -> int:
        """Give the short side (px) below which decoding must not reduce a picture."""
        return max(self.short, MIN_DECODE_SIDE)

    @property
    def is_pixels(self) -> bool:
        """Tell whether the vector is the picture itself: quicker to compute than to keep."""
        return self.name.startswith("pixels")


def make_encoder(
    *,
    name: str,
    fit: onnx.ModelProto,
    trunk: onnx.ModelProto,
    short: int,
    side: int,
    d: int,
    licence: str,
    source: str,
    notes: tuple[str, ...] = (),
) -> GraphEncoder:
    """Make an encoder and its key."""
    digest = hashlib.sha256(f"decode {DECODE_RULES} {short}\n".encode())
    for model in (fit, trunk):
        digest.update(model.SerializeToString(deterministic=True))
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:48] or "encoder"
    key = f"{safe}-{digest.hexdigest()[:16]}"
    return GraphEncoder(
        name=name,
        key=key,
        fit=fit,
        trunk=trunk,
        short=short,
        side=side,
        d=d,
        licence=licence,
        source=source,
        notes=notes,
    )


def encoder_graph(encoder: GraphEncoder) -> onnx.ModelProto:
    """Join both parts: `image` uint8 (n, h, w, 3) -> `embedding` float32 (n, d)."""
    fit, trunk = encoder.fit.graph, encoder.trunk.graph
    return model_of(
        [*fit.node, *trunk.node],
        [*fit.initializer, *trunk.initializer],
        name=encoder.key,
        inputs={IMAGE: (TensorProto.UINT8, ["N", "H", "W", 3])},
        outputs={EMBEDDING: (TensorProto.FLOAT, ["N", encoder.d])},
    )


def resize_crop_graph(*, short: int, side: int) -> onnx.ModelProto:
    """Make a `fit` graph: short side to `short` px (the other floored, as torchvision), then the centre square.

    The filter is the antialiased triangle of Pillow's BILINEAR; both agree to one level in 256.
    """
    nodes = [
        node("Shape", [IMAGE], "fit/hw", start=1, end=3),
        node("ReduceMin", ["fit/hw"], "fit/least", keepdims=1),
        node("Mul", ["fit/hw", "fit/short"], "fit/scaled"),
        node("Div", ["fit/scaled", "fit/least"], "fit/hw_new"),  # whole numbers: floor
        *_resize("fit/hw_new", "fit/resized"),
        node("Sub", ["fit/hw_new", "fit/side"], "fit/spare"),
        node("Div", ["fit/spare", "fit/two"], "fit/start"),
        node("Add", ["fit/start", "fit/side"], "fit/end"),
        node("Slice", ["fit/resized", "fit/start", "fit/end", "fit/axes"], FITTED),
    ]
    whole = {"fit/short": [short], "fit/side": [side, side], "fit/two": [2], "fit/axes": [1, 2], "fit/three": [3]}
    return _fit_model(nodes, whole, side=side)


def stretch_graph(*, side: int) -> onnx.ModelProto:
    """Make a `fit` graph that stretches the picture to `side` x `side`; one of that size passes unchanged."""
    return _fit_model(_resize("fit/hw_new", FITTED), {"fit/hw_new": [side, side], "fit/three": [3]}, side=side)


def _resize(hw: str, output: str) -> list[onnx.NodeProto]:
    return [
        node("Shape", [IMAGE], "fit/n", start=0, end=1),
        node("Concat", ["fit/n", hw, "fit/three"], "fit/sizes", axis=0),
        # antialias and exclude_outside are what makes it Pillow's filter; half_pixel is its pixel grid.
        node(
            "Resize",
            [IMAGE, "", "", "fit/sizes"],
            output,
            mode="linear",
            antialias=1,
            exclude_outside=1,
            coordinate_transformation_mode="half_pixel",
        ),
    ]


def _fit_model(nodes: Sequence[onnx.NodeProto], whole: dict[str, list[int]], *, side: int) -> onnx.ModelProto:
    return model_of(
        nodes,
        [constant(name, numbers, np.int64) for name, numbers in whole.items()],
        name="fit",
        inputs={IMAGE: (TensorProto.UINT8, ["N", "H", "W", 3])},
        outputs={FITTED: (TensorProto.UINT8, ["N", side, side, 3])},
    )
