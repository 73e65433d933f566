"""Make an encoder from a network's graph and a recipe. Path: dataset -> **features** -> model.

Finds the picture's input and the vector's output, keeps only what the vector needs, puts the preparation into the
graph, and tries the result on two made-up pictures.
"""

from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto

from florilegium.errors import ModelFileError, SettingError
from florilegium.features import graphs
from florilegium.features.encoder import EMBEDDING, FITTED, GraphEncoder, make_encoder, resize_crop_graph
from florilegium.features.graphs import constant, node
from florilegium.features.recipe import MAX_SIDE, Recipe
from florilegium.features.stream import Runner

DEFAULT_SIDE = 224  # px: what most ImageNet networks were trained with
SHORT_TO_SIDE = 256 / 224  # how much is resized for what is cut, since AlexNet
MAX_D = 65_536  # numbers per picture
TOLERANCE = 1e-3  # a network in training mode differs by far more, batches of two sizes by about 1e-5
PREPARED = "trunk/prepared"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    name: str
    layout: str  # "nchw" or "nhwc"
    side: int  # px
    octets: bool  # uint8 0..255: the network prepares pictures itself


def network_encoder(
    model: onnx.ModelProto, recipe: Recipe, *, name: str, where: str, notes: tuple[str, ...] = ()
) -> GraphEncoder:
    """Make an encoder from a safe, normal graph (`graphs.load`).

    Raises: ModelFileError: the graph does not turn pictures into vectors.  SettingError: the recipe does not fit.
    """
    entry = _entry(model, recipe, where)
    short = recipe.short_side or round(entry.side * SHORT_TO_SIDE)
    if short < entry.side:
        raise SettingError(f"{where}: short_side = {short}: expected at least size = {entry.side}. Correct the recipe.")
    nodes, constants = _trunk(model, recipe, entry, where)

    def made(d: int | None) -> GraphEncoder:
        trunk = graphs.model_of(
            nodes,
            constants,
            name="trunk",
            inputs={FITTED: (TensorProto.UINT8, ["N", entry.side, entry.side, 3])},
            outputs={EMBEDDING: (TensorProto.FLOAT, ["N", d or "D"])},
        )
        return make_encoder(
            name=name,
            fit=resize_crop_graph(short=short, side=entry.side),
            trunk=trunk,
            short=short,
            side=entry.side,
            d=d or 0,
            licence=recipe.licence,
            source=recipe.source,
            notes=notes,
        )

    return made(_tried(made(None), where))


def _entry(model: onnx.ModelProto, recipe: Recipe, where: str) -> _Entry:
    weights = {tensor.name for tensor in model.graph.initializer}
    entries = [entry for entry in model.graph.input if entry.name not in weights]
    if len(entries) != 1 or recipe.input not in (None, entries[0].name):
        names = ", ".join(entry.name for entry in entries) or "none"
        raise ModelFileError(f"{where}: inputs: {names}; expected exactly one, a picture. Export the image part alone.")
    kind = entries[0].type.tensor_type
    dims = [d.dim_value for d in kind.shape.dim]  # 0: not fixed
    if kind.elem_type not in (TensorProto.FLOAT, TensorProto.UINT8) or len(dims) != 4:
        raise ModelFileError(f"{where}: its input is not float32 or uint8 with four axes. Export it so.")
    layout = recipe.layout or ("nchw" if dims[1] == 3 else "nhwc" if dims[3] == 3 else None)
    if layout is None or dims[1 if layout == "nchw" else 3] not in (0, 3):
        raise ModelFileError(f"{where}: input {dims}: no axis of 3 colours. State layout in the recipe: nchw or nhwc.")
    high, wide = dims[2:] if layout == "nchw" else dims[1:3]
    return _Entry(
        name=entries[0].name,
        layout=layout,
        side=_side(high, wide, recipe, where),
        octets=kind.elem_type == TensorProto.UINT8,
    )


def _side(high: int, wide: int, recipe: Recipe, where: str) -> int:
    """Agree on one side of a square (px) from the graph's (0: free) and the recipe's."""
    stated = {side for side in (high, wide, recipe.size) if side}
    side = stated.pop() if stated else DEFAULT_SIDE
    if stated or side > MAX_SIDE:
        raise ModelFileError(
            f"{where}: pictures of {high or 'any'} x {wide or 'any'}, recipe size {recipe.size}: "
            f"expected one square of up to {MAX_SIDE} px. Export it so, or correct the recipe."
        )
    return side


def _trunk(
    model: onnx.ModelProto, recipe: Recipe, entry: _Entry, where: str
) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    output, rank = _exit(model, recipe, where)
    nodes, constants = _prepare(recipe, entry)
    last = EMBEDDING if rank == 2 else "trunk/last"
    body, weights = graphs.needed(model.graph, output)
    body, weights = graphs.renamed(body, weights, prefix="net/", keep={entry.name: PREPARED, output: last})
    if rank == 4:
        pooled = node("GlobalAveragePool", ["trunk/last"], "trunk/pooled")  # (n, d, h, w) -> (n, d, 1, 1)
        body += [pooled, node("Flatten", ["trunk/pooled"], EMBEDDING, axis=1)]
    return [*nodes, *body], [*constants, *weights]


def _exit(model: onnx.ModelProto, recipe: Recipe, where: str) -> tuple[str, int]:
    """Give the tensor that is the vector, and how many axes it has."""
    infos = {info.name: info.type.tensor_type for info in [*model.graph.value_info, *model.graph.output]}
    outputs = [out.name for out in model.graph.output]
    fit = [name for rank in (4, 2) for name in outputs if len(infos[name].shape.dim) == rank]
    chosen = recipe.output or ("embedding" if "embedding" in fit else fit[-1] if fit else "")
    rank = len(infos[chosen].shape.dim) if chosen in infos else 0
    if rank not in (2, 4) or infos[chosen].elem_type != TensorProto.FLOAT:
        raise ModelFileError(
            f"{where}: output {chosen or ', '.join(outputs)}: expected float32 of shape (n, d) or (n, d, h, w). "
            "Name such a tensor as output in the recipe beside the file."
        )
    return chosen, rank


def _prepare(recipe: Recipe, entry: _Entry) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """Give the nodes from `fitted` to PREPARED: axes turned, and (x / 255 - mean) / std unless it takes octets."""
    first = entry.layout == "nchw"
    turn = [node("Transpose", [FITTED], "trunk/turned", perm=[0, 3, 1, 2])] if first else []
    last = "trunk/turned" if turn else FITTED
    if entry.octets:
        return [*turn, node("Identity", [last], PREPARED)], []
    shape = (1, 3, 1, 1) if first else (1, 1, 1, 3)
    mean, std = (np.array(levels, dtype=np.float64).reshape(shape) for levels in (recipe.mean, recipe.std))
    nodes = [
        *turn,
        node("Cast", [last], "trunk/levels", to=TensorProto.FLOAT),
        node("Mul", ["trunk/levels", "trunk/scale"], "trunk/scaled"),
        node("Add", ["trunk/scaled", "trunk/shift"], PREPARED),
    ]
    return nodes, [constant("trunk/scale", 1 / (255 * std)), constant("trunk/shift", -mean / std)]


def _tried(encoder: GraphEncoder, where: str) -> int:
    """Try the encoder on two pictures, together and alone; give d."""
    pictures = np.random.default_rng(0).integers(0, 256, (2, encoder.side, encoder.side, 3), dtype=np.uint8)
    try:
        runner = Runner(encoder)
        both, alone = runner.embed(pictures), runner.embed(pictures[:1])
    except ModelFileError:
        raise
    except Exception as error:  # ONNX Runtime's errors share no base class of their own
        reason = str(error).strip().splitlines()[0][:300]
        raise ModelFileError(f"{where}: fails on two pictures at once: {reason}. Free its first axis.") from error
    if both.ndim != 2 or len(both) != 2 or not 1 <= both.shape[1] <= MAX_D or not np.isfinite(both).all():
        raise ModelFileError(
            f"{where}: gives {both.shape} for two pictures; expected (2, d), d up to {MAX_D:,}, all finite. "
            "Name another output in the recipe beside the file."
        )
    if not np.allclose(both[:1], alone, rtol=TOLERANCE, atol=TOLERANCE):
        raise ModelFileError(f"{where}: a picture's vector depends on its neighbours. Export it in evaluation mode.")
    return int(both.shape[1])
