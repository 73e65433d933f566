"""Join a transformer's nodes and what follows it into one checked graph. Path: **features.sentences**. Runs nothing."""

from collections.abc import Sequence

import onnx
from onnx import TensorProto

from florilegium.errors import ModelFileError
from florilegium.features import graphs
from florilegium.features.encoder import EMBEDDING
from florilegium.features.graphs import model_of, node
from florilegium.features.sentences.bert import TOKENS, Nodes
from florilegium.features.sentences.encoder import TOKEN_IDS, TOKEN_MASK
from florilegium.features.sentences.pooling import Ending, ending_nodes

# What exporters call them; the first three inputs are all that a text without a partner needs.
IDS, MASK, KINDS = "input_ids", "attention_mask", "token_type_ids"
OUTPUTS = ("last_hidden_state", "token_embeddings", "output_0")
INPUTS: dict[str, tuple[int, list[int | str]]] = {
    TOKEN_IDS: (TensorProto.INT64, ["N", "T"]),
    TOKEN_MASK: (TensorProto.INT64, ["N", "T"]),
}


def joined(body: Nodes, ending: Ending, *, d: int, name: str, where: str) -> onnx.ModelProto:
    """Give the whole graph from token numbers to `embedding` float32 (n, d).

    Raises: ModelFileError: it is no valid graph.
    """
    nodes, constants = ending_nodes(ending, tokens=TOKENS)
    width = ending.dense[-1].coef.shape[1] if ending.dense else d
    outputs: dict[str, tuple[int, list[int | str]]] = {EMBEDDING: (TensorProto.FLOAT, ["N", int(width)])}
    try:
        made = model_of([*body.nodes, *nodes], [*body.constants, *constants], name=name, inputs=INPUTS, outputs=outputs)
    except onnx.checker.ValidationError as error:
        raise ModelFileError(f"{where}: no valid graph: {str(error).strip().splitlines()[0][:200]}.") from error
    return graphs.normal(made, where=where)


def exported_nodes(model: onnx.ModelProto, *, where: str) -> tuple[Nodes, int]:
    """Take the transformer out of an exporter's graph: nodes from our inputs to `text/tokens`, and d.

    Raises: ModelFileError: it asks for more than a text has, or gives no vector per token.
    """
    known = {tensor.name for tensor in model.graph.initializer}
    inputs = [value.name for value in model.graph.input if value.name not in known]
    if strange := set(inputs) - {IDS, MASK, KINDS}:
        raise ModelFileError(
            f"{where}: its graph takes {', '.join(sorted(strange))[:200]}; expected {IDS}, {MASK} and at most {KINDS}. "
            "Export the encoder alone, without a head."
        )
    output, d = _tokens_of(model, where=where)
    some, tensors = graphs.needed(model.graph, output)
    keep = {IDS: TOKEN_IDS, MASK: TOKEN_MASK, KINDS: "text/kinds", output: TOKENS}
    nodes, constants = graphs.renamed(some, tensors, prefix="text/", keep=keep)
    kinds = [node("Sub", [TOKEN_IDS, TOKEN_IDS], "text/kinds")] if KINDS in inputs else []  # every text is of kind 0
    return Nodes(nodes=tuple(kinds + nodes), constants=tuple(_named_once(constants))), d


def pooled(model: onnx.ModelProto, *, where: str) -> onnx.ModelProto:
    """Give the model back if it is a whole encoder: from `token_ids` and `token_mask` to `embedding` float32 (n, d).

    Raises: ModelFileError: it is none.
    """
    known = {tensor.name for tensor in model.graph.initializer}
    inputs = {value.name: _kind_and_rank(value) for value in model.graph.input if value.name not in known}
    outputs = {value.name: _kind_and_rank(value) for value in model.graph.output}
    expected = {name: (kind, len(shape)) for name, (kind, shape) in INPUTS.items()}
    fit = inputs == expected and outputs == {EMBEDDING: (TensorProto.FLOAT, 2)}
    if not fit or model.graph.output[0].type.tensor_type.shape.dim[1].dim_value < 1:
        raise ModelFileError(
            f"{where}: its graph leads from {', '.join(inputs)[:100]} to {', '.join(outputs)[:100]}; beside "
            f"florilegium.json expected {', '.join(INPUTS)} (int64) to {EMBEDDING} (float32). Export the encoder "
            "again: florilegium encoder export"
        )
    return model


def _kind_and_rank(value: onnx.ValueInfoProto) -> tuple[int, int]:
    kind = value.type.tensor_type
    return kind.elem_type, len(kind.shape.dim)


def _tokens_of(model: onnx.ModelProto, *, where: str) -> tuple[str, int]:
    """Give the name of the output float32 (n, t, d), and d."""
    shapes = {o.name: o.type.tensor_type for o in model.graph.output}
    fit = [name for name, kind in shapes.items() if _is_tokens(kind)]
    for name in [*OUTPUTS, *fit]:
        if name in fit:
            d = int(shapes[name].shape.dim[2].dim_value)
            return name, d
    raise ModelFileError(
        f"{where}: its outputs are {', '.join(shapes)[:200]}; expected one vector per token, float32 (n, t, d). "
        "Export the transformer, not its pooled answer: pooling is read from modules.json."
    )


def _is_tokens(kind: onnx.TypeProto.Tensor) -> bool:
    return kind.elem_type == TensorProto.FLOAT and len(kind.shape.dim) == 3 and kind.shape.dim[2].dim_value > 0


def _named_once(constants: Sequence[TensorProto]) -> list[TensorProto]:
    return list({tensor.name: tensor for tensor in constants}.values())
