"""Turn a head's learned numbers into ONNX nodes, and join them to an encoder. Path: features -> **model**.

The result goes from pixels (or counted terms) to probabilities, label and `known`, in standard operators that ONNX
Runtime Web has too. Learns nothing, runs nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper

from florilegium.errors import ModelFileError
from florilegium.features.encoder import EMBEDDING, FITTED, IMAGE, GraphEncoder
from florilegium.features.graphs import constant, model_of, node
from florilegium.features.sentences import TOKEN_IDS, TOKEN_MASK, SentenceEncoder
from florilegium.model.strangeness import TINY, Neighbours
from florilegium.model.weights import Kernel, Linear, Mlp, SparseLinear, Weights, n_classes

SCORES = "head/scores"  # (n, k) before temperature and softmax
TERM_IDS, TERM_COUNTS = "term_ids", "term_counts"  # the inputs of a text model
PROBABILITIES, KNOWN, LABEL = "probabilities", "known", "label"
STRANGENESS, SIMILAR, SIMILARITY = "strangeness", "similar", "similarity"  # of models of embeddings
TEMPERATURE, THRESHOLD, TERM_ROWS = "head/temperature", "head/threshold", "head/term_rows"
LIMIT, EXAMPLES = "like/limit", "like/examples"

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """Some nodes, in order, and the constants they use."""

    nodes: tuple[NodeProto, ...]
    constants: tuple[TensorProto, ...] = ()

    def __add__(self, other: "Part") -> "Part":
        """Put `other` after this one."""
        return Part(nodes=self.nodes + other.nodes, constants=self.constants + other.constants)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Likeness:
    """Examples to compare with, and the strangeness above which the model does not know an item."""

    neighbours: Neighbours
    limit: float  # 0..2


def image_graph(
    encoder: GraphEncoder, weights: Weights, *, temperature: float, threshold: float, likeness: Likeness | None = None
) -> onnx.ModelProto:
    """Join encoder and head: `image` uint8 (n, h, w, 3) -> probabilities (n, k), known (n,), label (n,).

    Args: temperature: above 0; scores are divided by it.  threshold: 0..1; below it `known` is false.
        likeness: adds the outputs strangeness (n,), similar (n, 3) and similarity (n, 3); what is too strange is not
            known either.  None: without them.
    """
    embedding = _part_of(encoder.fit) + _part_of(encoder.trunk)
    inputs: dict[str, tuple[int, list[int | str]]] = {IMAGE: (TensorProto.UINT8, ["N", "H", "W", 3])}
    answer = _answer_of(weights, temperature=temperature, threshold=threshold, likeness=likeness)
    model = _model(embedding + answer, inputs, k=n_classes(weights), n_similar=_n_similar(likeness))
    return _stating(model, {FITTED: (TensorProto.UINT8, ["N", encoder.side, encoder.side, 3]), **_embedding(encoder.d)})


def sentence_graph(
    encoder: SentenceEncoder,
    weights: Weights,
    *,
    temperature: float,
    threshold: float,
    likeness: Likeness | None = None,
) -> onnx.ModelProto:
    """Join encoder and head: `token_ids`, `token_mask` int64 (n, t) -> as `image_graph`.

    Args: as of `image_graph`. Tokens are made outside, by the rules that the card holds.
    """
    inputs: dict[str, tuple[int, list[int | str]]] = {
        TOKEN_IDS: (TensorProto.INT64, ["N", "T"]),
        TOKEN_MASK: (TensorProto.INT64, ["N", "T"]),
    }
    answer = _answer_of(weights, temperature=temperature, threshold=threshold, likeness=likeness)
    whole = _part_of(encoder.trunk) + answer
    model = _model(whole, inputs, k=n_classes(weights), n_similar=_n_similar(likeness))
    return _stating(model, _embedding(encoder.d))


def _part_of(model: onnx.ModelProto) -> Part:
    return Part(nodes=tuple(model.graph.node), constants=tuple(model.graph.initializer))


def _answer_of(weights: Weights, *, temperature: float, threshold: float, likeness: Likeness | None) -> Part:
    """Make the nodes from `embedding` to everything that the file answers."""
    known = KNOWN if likeness is None else "head/is_sure"
    answer = scores_part(weights) + answer_part(temperature=temperature, threshold=threshold, known=known)
    return answer if likeness is None else answer + likeness_part(likeness, sure=known)


def _n_similar(likeness: Likeness | None) -> int:
    return 0 if likeness is None else likeness.neighbours.n_similar


def _embedding(d: int) -> dict[str, tuple[int, list[int | str]]]:
    return {EMBEDDING: (TensorProto.FLOAT, ["N", d])}


def _stating(model: onnx.ModelProto, inner: Mapping[str, tuple[int, list[int | str]]]) -> onnx.ModelProto:
    """State the sizes of inner tensors, so that the file can be taken apart again at these."""
    stated = [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in inner.items()]
    model.graph.value_info.extend(stated)
    return model


def likeness_part(likeness: Likeness, *, sure: str) -> Part:
    """Make the nodes from `embedding` (n, d) to strangeness, similar and similarity, and `known` from `sure` (n,).

    The numbers of `strangeness.similar`: each vector at length 1, on the axes, against every example.
    """
    near = likeness.neighbours
    search = helper.make_node(
        "TopK", ["like/cosines", "like/n_similar"], [SIMILARITY, SIMILAR], name=SIMILAR, axis=1, largest=1, sorted=1
    )
    return Part(
        nodes=(
            node("ReduceL2", [EMBEDDING, "head/last"], "like/length", keepdims=1),  # (n, 1)
            node("Max", ["like/length", "like/tiny"], "like/divisor"),  # a vector of zeros resembles nothing
            node("Div", [EMBEDDING, "like/divisor"], "like/unit"),
            # Bytes are made numbers by plain nodes: not every runtime has the quantised ones.
            node("Cast", ["like/axes"], "like/axis_levels", to=TensorProto.FLOAT),
            node("Mul", ["like/axis_levels", "like/axes_scale"], "like/turn"),
            node("MatMul", ["like/unit", "like/turn"], "like/seen"),  # (n, d) @ (d, m)
            node("Cast", [EXAMPLES], "like/example_levels", to=TensorProto.FLOAT),
            node("Mul", ["like/example_levels", "like/examples_scale"], "like/known_units"),
            node("MatMul", ["like/seen", "like/known_units"], "like/cosines"),  # (n, m) @ (m, e)
            search,
            node("ReduceMax", ["like/cosines", "head/last"], "like/nearest", keepdims=0),
            node("Sub", ["like/one", "like/nearest"], STRANGENESS),
            node("LessOrEqual", [STRANGENESS, LIMIT], "like/is_alike"),
            node("And", [sure, "like/is_alike"], KNOWN),
        ),
        constants=(
            constant("like/tiny", TINY),
            constant("like/one", 1.0),
            constant(LIMIT, likeness.limit),
            constant("like/n_similar", [near.n_similar], np.int64),
            constant("like/axes", near.axes, np.int8),
            constant("like/axes_scale", near.axes_scale),
            constant(EXAMPLES, near.rows, np.int8),
            constant("like/examples_scale", near.rows_scale),
        ),
    )


def text_graph(weights: SparseLinear, *, temperature: float, threshold: float) -> onnx.ModelProto:
    """Make the graph of a text model: `term_ids` int64 (n, t), `term_counts` float32 (n, t) -> as `image_graph`.

    Free places hold the number -1 and the count 0. A text without any known term has `known` false.
    """
    sure = "head/is_sure"
    whole = (
        terms_part(weights)
        + answer_part(temperature=temperature, threshold=threshold, known=sure)
        + Part(
            nodes=(
                node("ReduceMax", [TERM_COUNTS, "head/last"], "head/most", keepdims=0),  # (n, t) -> (n,)
                node("Greater", ["head/most", "head/none"], "head/has_terms"),
                node("And", [sure, "head/has_terms"], KNOWN),
            )
        )
    )
    inputs: dict[str, tuple[int, list[int | str]]] = {
        TERM_IDS: (TensorProto.INT64, ["N", "T"]),
        TERM_COUNTS: (TensorProto.FLOAT, ["N", "T"]),
    }
    return _model(whole, inputs, k=n_classes(weights))


def _model(
    whole: Part, inputs: Mapping[str, tuple[int, Sequence[int | str]]], *, k: int, n_similar: int = 0
) -> onnx.ModelProto:
    outputs: dict[str, tuple[int, list[int | str]]] = {
        PROBABILITIES: (TensorProto.FLOAT, ["N", k]),
        KNOWN: (TensorProto.BOOL, ["N"]),
        LABEL: (TensorProto.INT64, ["N"]),
    }
    if n_similar:
        outputs |= {
            STRANGENESS: (TensorProto.FLOAT, ["N"]),
            SIMILAR: (TensorProto.INT64, ["N", n_similar]),
            SIMILARITY: (TensorProto.FLOAT, ["N", n_similar]),
        }
    return model_of(whole.nodes, whole.constants, name="florilegium", inputs=inputs, outputs=outputs)


def answer_part(*, temperature: float, threshold: float, known: str = KNOWN) -> Part:
    """Make the nodes from scores (n, k) to probabilities (n, k), label (n,) and `known` (n,)."""
    return Part(
        nodes=(
            node("Div", [SCORES, TEMPERATURE], "head/tempered"),
            node("Softmax", ["head/tempered"], PROBABILITIES, axis=1),
            node("ArgMax", [PROBABILITIES], LABEL, axis=1, keepdims=0),
            node("ReduceMax", [PROBABILITIES, "head/last"], "head/highest", keepdims=0),
            node("GreaterOrEqual", ["head/highest", THRESHOLD], known),
        ),
        constants=(
            constant(TEMPERATURE, temperature),
            constant(THRESHOLD, threshold),
            constant("head/last", [-1], np.int64),
        ),
    )


def scores_part(weights: Weights) -> Part:
    """Make the nodes from `embedding` (n, d) to scores (n, k).

    Raises: ModelFileError: the head takes counted terms, not embeddings.
    """
    match weights:
        case Linear():
            return dense_part(EMBEDDING, SCORES, matrix=weights.coef, shift=weights.intercept)
        case Kernel():
            return _kernel_part(weights)
        case Mlp():
            return _mlp_part(weights)
    raise ModelFileError("head: one for texts on an encoder of pictures. Make its graph with text_graph.")


def dense_part(source: str, output: str, *, matrix: Array, shift: Array) -> Part:
    """Make `output` = `source` @ matrix + shift: (n, d) @ (d, m) + (m,)."""
    names = [f"{output}/matrix", f"{output}/shift"]
    return Part(
        nodes=(node("Gemm", [source, *names], output),),
        constants=(constant(names[0], matrix), constant(names[1], shift)),
    )


def _kernel_part(weights: Kernel) -> Part:
    centred = Part(
        nodes=(node("Sub", [EMBEDDING, "head/mean"], "head/centred"),), constants=(constant("head/mean", weights.mean),)
    )
    return (
        centred
        + dense_part("head/centred", "head/waves", matrix=weights.omega, shift=weights.phase)
        + Part(nodes=(node("Cos", ["head/waves"], "head/cosines"),))
        + dense_part("head/cosines", SCORES, matrix=weights.coef, shift=weights.intercept)
    )


def _mlp_part(weights: Mlp) -> Part:
    whole, source = Part(nodes=()), EMBEDDING
    for number, layer in enumerate(weights.layers[:-1], start=1):
        output = f"head/layer{number}"
        whole += dense_part(source, f"{output}/sum", matrix=layer.coef, shift=layer.intercept)
        whole += Part(nodes=(node("Relu", [f"{output}/sum"], output),))
        source = output
    last = weights.layers[-1]
    return whole + dense_part(source, SCORES, matrix=last.coef, shift=last.intercept)


def terms_part(weights: SparseLinear) -> Part:
    """Make the nodes from counted terms to scores: weigh as `features.text.tfidf` does, then add up the terms' rows."""
    return Part(
        nodes=(
            node("Greater", [TERM_COUNTS, "head/none"], "head/is_term"),  # (n, t)
            node("Max", [TERM_COUNTS, "head/one"], "head/at_least_one"),
            node("Log", ["head/at_least_one"], "head/log"),
            node("Add", ["head/log", "head/one"], "head/damped"),
            node("Where", ["head/is_term", "head/damped", "head/none"], "head/frequency"),
            node(
                "Gather", ["head/idf", TERM_IDS], "head/rarity"
            ),  # -1 takes the last row; its count of 0 takes it away
            node("Mul", ["head/frequency", "head/rarity"], "head/weighed"),
            node("ReduceL2", ["head/weighed", "head/last"], "head/length", keepdims=1),  # (n, 1)
            node("Max", ["head/length", "head/tiny"], "head/divisor"),  # a text without terms stays zero
            node("Div", ["head/weighed", "head/divisor"], "head/shares"),
            node("Unsqueeze", ["head/shares", "head/middle"], "head/flat"),  # (n, 1, t)
            node("Gather", [TERM_ROWS, TERM_IDS], "head/rows"),  # (n, t, k)
            node("MatMul", ["head/flat", "head/rows"], "head/sums"),  # (n, 1, t) @ (n, t, k) -> (n, 1, k)
            node("Squeeze", ["head/sums", "head/middle"], "head/sum"),
            node("Add", ["head/sum", "head/intercept"], SCORES),
        ),
        constants=(
            constant("head/none", 0.0),
            constant("head/one", 1.0),
            constant("head/tiny", 1e-12),
            constant("head/middle", [1], np.int64),
            constant("head/idf", weights.idf),
            constant(TERM_ROWS, weights.coef),
            constant("head/intercept", weights.intercept),
        ),
    )
