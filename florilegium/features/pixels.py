"""The plainest encoder: the pixels themselves, upright if asked. Path: dataset -> **features** -> model.

All of it is ONNX nodes, so that the model file carries it. Learns nothing from data.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper

from florilegium.errors import SettingError
from florilegium.features.encoder import EMBEDDING, FITTED, GraphEncoder, make_encoder, stretch_graph
from florilegium.features.graphs import constant, model_of, node
from florilegium.types import Vectors

MAX_SIDE = 128  # px: more numbers per picture (128 * 128 * 3 = 49,152) than any head here is meant for
MAX_SHEAR = 2.0  # columns per row; of MNIST's 60,000 training digits none leans more than 1.87 (tested)
LUMA = (19595, 38470, 7471)  # red, green, blue in 1/65536: ITU-R 601-2 as Pillow's convert("L") rounds it


def pixels_encoder(*, side: int, gray: bool, deskew: bool = False) -> GraphEncoder:
    """Make the encoder whose vector is the picture, stretched to `side` x `side`, as numbers 0..1, row by row.

    Args:
        side: px, 2..128.  gray: one number per pixel (Pillow's luma), else red, green, blue.
        deskew: shear each picture so that its strokes stand upright, and centre them (needs `gray`).
    Raises: SettingError: `side` out of range, or `deskew` without `gray`.

    >>> pixels_encoder(side=28, gray=True, deskew=True).d
    784
    """
    if not 2 <= side <= MAX_SIDE:
        raise SettingError(f"side = {side}: expected 2 to {MAX_SIDE} pixels")
    if deskew and not gray:
        raise SettingError("deskew needs gray pictures. Choose gray=True, or leave deskew out.")
    d = side * side * (1 if gray else 3)
    name = f"pixels{side}" + ("-gray" if gray else "-rgb") + ("-deskewed" if deskew else "")
    return make_encoder(
        name=name,
        fit=stretch_graph(side=side),
        trunk=_trunk(side, gray=gray, deskew=deskew),
        short=side,
        side=side,
        d=d,
        licence="Apache-2.0",
        source="florilegium",
    )


def _trunk(side: int, *, gray: bool, deskew: bool) -> onnx.ModelProto:
    d = side * side * (1 if gray else 3)
    luma, luma_constants = _luma() if gray else ([], [])
    moved, moved_constants = _deskew(side) if deskew else ([], [])
    nodes = [
        node("Cast", [FITTED], "trunk/levels", to=TensorProto.FLOAT),
        *luma,
        node("Div", ["trunk/gray" if gray else "trunk/levels", "trunk/white"], "trunk/shares"),  # 0..1
        node("Reshape", ["trunk/shares", "trunk/flat"], "trunk/rows" if deskew else EMBEDDING),
        *moved,
    ]
    constants = [constant("trunk/white", 255.0), constant("trunk/flat", [-1, d], np.int64)]
    return model_of(
        nodes,
        [*constants, *luma_constants, *moved_constants],
        name="trunk",
        inputs={FITTED: (TensorProto.UINT8, ["N", side, side, 3])},
        outputs={EMBEDDING: (TensorProto.FLOAT, ["N", d])},
    )


def _luma() -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """Give the nodes from `trunk/levels` (n, s, s, 3) to `trunk/gray` (n, s, s, 1), whole levels 0..255."""
    # Every sum stays below 2**24, so float32 holds it exactly and the result is Pillow's to the level.
    nodes = [
        node("MatMul", ["trunk/levels", "trunk/luma"], "trunk/weighed"),  # (n, s, s, 3) @ (3, 1) -> (n, s, s, 1)
        node("Add", ["trunk/weighed", "trunk/half"], "trunk/rounding"),
        node("Div", ["trunk/rounding", "trunk/one"], "trunk/luminance"),
        node("Floor", ["trunk/luminance"], "trunk/gray"),
    ]
    weights = np.array(LUMA)[:, None]
    return nodes, [constant("trunk/luma", weights), constant("trunk/half", 32768.0), constant("trunk/one", 65536.0)]


def _deskew(side: int) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """Shear by the second moments: column_in = column_out + slope * row_out + centre, for `trunk/rows` (n, s*s).

    Ink is the distance from the paper (the mean of the outer ring), so dark on light works as light on dark.
    """
    return [*_ink(), *_moments(), *_grid(), *_sample()], _deskew_constants(side)


def _ink() -> list[onnx.NodeProto]:
    return [
        node("MatMul", ["trunk/rows", "trunk/ring"], "trunk/paper"),  # (n, s*s) @ (s*s, 1) -> (n, 1)
        node("Sub", ["trunk/rows", "trunk/paper"], "trunk/marks"),
        node("Abs", ["trunk/marks"], "trunk/ink"),
        node("ReduceSum", ["trunk/ink", "trunk/last"], "trunk/total", keepdims=1),
        node("Max", ["trunk/total", "trunk/tiny"], "trunk/amount"),  # an empty picture stays where it is
        node("Div", ["trunk/ink", "trunk/amount"], "trunk/mass"),  # rows sum to 1, or to 0 where there is no ink
    ]


def _moments() -> list[onnx.NodeProto]:
    return [
        node("MatMul", ["trunk/mass", "trunk/powers"], "trunk/raw"),  # (n, s*s) @ (s*s, 4) -> (n, 4): r, c, r*r, r*c
        helper.make_node(
            "Split",
            ["trunk/raw", "trunk/ones"],
            ["trunk/r", "trunk/c", "trunk/rr", "trunk/rc"],
            name="trunk/split",
            axis=1,
        ),
        node("Mul", ["trunk/r", "trunk/r"], "trunk/r2"),
        node("Mul", ["trunk/r", "trunk/c"], "trunk/r_c"),
        node("Sub", ["trunk/rr", "trunk/r2"], "trunk/variance"),
        node("Sub", ["trunk/rc", "trunk/r_c"], "trunk/covariance"),
        node("Max", ["trunk/variance", "trunk/tiny"], "trunk/spread"),
        node("Div", ["trunk/covariance", "trunk/spread"], "trunk/slope_any"),
        node("Clip", ["trunk/slope_any", "trunk/least", "trunk/most"], "trunk/slope"),  # (n, 1)
    ]


def _grid() -> list[onnx.NodeProto]:
    return [
        node("Mul", ["trunk/slope", "trunk/grid_r"], "trunk/shear"),  # (n, 1) * (1, s*s)
        node("Add", ["trunk/shear", "trunk/grid_c"], "trunk/sheared"),
        node("Add", ["trunk/sheared", "trunk/c"], "trunk/columns"),
        node("Add", ["trunk/grid_r", "trunk/r"], "trunk/lines"),
        node("Unsqueeze", ["trunk/columns", "trunk/last"], "trunk/x"),
        node("Unsqueeze", ["trunk/lines", "trunk/last"], "trunk/y"),
        node("Concat", ["trunk/x", "trunk/y"], "trunk/places_px", axis=-1),  # (n, s*s, 2), px from the centre
        node("Div", ["trunk/places_px", "trunk/radius"], "trunk/places"),  # -1..1 from first to last pixel centre
        node("Reshape", ["trunk/places", "trunk/as_grid"], "trunk/grid"),
    ]


def _sample() -> list[onnx.NodeProto]:
    return [
        node("Reshape", ["trunk/marks", "trunk/as_picture"], "trunk/picture"),
        node(
            "GridSample",
            ["trunk/picture", "trunk/grid"],
            "trunk/moved",
            mode="linear",
            padding_mode="zeros",
            align_corners=1,
        ),
        node("Reshape", ["trunk/moved", "trunk/flat"], "trunk/upright"),
        node("Add", ["trunk/upright", "trunk/paper"], "trunk/printed"),
        node(
            "Clip", ["trunk/printed", "trunk/black", "trunk/paper_white"], EMBEDDING
        ),  # rounding may leave 0..1 by a hair
    ]


def _deskew_constants(side: int) -> list[onnx.TensorProto]:
    rows, columns = centred(side)
    edge = np.zeros((side, side))
    edge[[0, -1], :] = edge[:, [0, -1]] = 1
    return [
        constant("trunk/ring", (edge / edge.sum()).reshape(-1, 1)),
        constant("trunk/powers", np.stack([rows, columns, rows * rows, rows * columns], axis=1)),
        constant("trunk/grid_r", rows[None, :]),
        constant("trunk/grid_c", columns[None, :]),
        constant("trunk/radius", (side - 1) / 2),
        constant("trunk/tiny", 1e-6),
        constant("trunk/least", -MAX_SHEAR),
        constant("trunk/most", MAX_SHEAR),
        constant("trunk/black", 0.0),
        constant("trunk/paper_white", 1.0),
        constant("trunk/last", [-1], np.int64),
        constant("trunk/ones", [1, 1, 1, 1], np.int64),
        constant("trunk/as_grid", [-1, side, side, 2], np.int64),
        constant("trunk/as_picture", [-1, 1, side, side], np.int64),
    ]


def centred(side: int) -> tuple[Vectors, Vectors]:
    """Give each pixel's row and column, measured from the picture's centre in px, row by row; two of shape (s*s,)."""
    rows, columns = np.mgrid[:side, :side].astype(np.float32) - np.float32((side - 1) / 2)
    return rows.ravel(), columns.ravel()
