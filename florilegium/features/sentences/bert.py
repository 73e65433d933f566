"""The networks of BERT's family as plain ONNX nodes, from their weights. Path: **features.sentences**.

BERT, RoBERTa and XLM-RoBERTa differ only in where positions begin to count. Written here and not exported, so that a
folder with nothing but weights needs no torch, and every constant has a place that fine-tuning knows.
Source: Devlin et al. (2019), BERT, NAACL; Vaswani et al. (2017), Attention is all you need, NeurIPS, section 3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto

from florilegium.errors import ModelFileError
from florilegium.features.graphs import constant, node
from florilegium.features.sentences.encoder import TOKEN_IDS, TOKEN_MASK
from florilegium.types import Vectors

TOKENS = "text/tokens"  # float32 (n, t, d): one vector per token
FLOAT_MASK = "text/mask"  # float32 (n, t)
FAR_BELOW = -1e9  # added to the score of a free place: its share of attention is 0
FAMILY = ("bert", "roberta", "xlm-roberta", "camembert")
_GELU = {"gelu": "none", "gelu_new": "tanh", "gelu_pytorch_tanh": "tanh"}
_PREFIXES = ("", "bert.", "roberta.", "0.auto_model.")  # before the names of the weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    """Some nodes in order, and the constants they use."""

    nodes: tuple[NodeProto, ...]
    constants: tuple[TensorProto, ...]


def bert_nodes(config: Mapping[str, Any], weights: Mapping[str, Vectors], *, where: str) -> tuple[Nodes, int, int]:
    """Give nodes from token numbers to `text/tokens`, how many tokens fit, and d.

    Args: config: of config.json.  weights: of model.safetensors.
    Raises: ModelFileError: the network is of another kind, or a weight is missing or of another shape.
    """
    try:
        plan = _plan(config)
        return _Builder(plan, weights).built()
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        what = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
        raise ModelFileError(
            f"{where}: {what[:200]}. Expected the config.json and model.safetensors of a BERT."
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    layers: int
    heads: int
    d: int
    eps: float
    gelu: str | None  # None: ReLU
    first: int  # the row of the position table that the first token takes


def _plan(config: Mapping[str, Any]) -> _Plan:
    kind, act = config["model_type"], config.get("hidden_act", "gelu")
    if config.get("position_embedding_type", "absolute") != "absolute" or config.get("is_decoder"):
        raise ValueError("a BERT with relative positions, or a decoder, which is not written here")
    if act not in {*_GELU, "relu"}:
        raise ValueError(f"the activation {act!r} is not written here")
    d, heads = int(config["hidden_size"]), int(config["num_attention_heads"])
    if heads < 1 or d < 1 or d % heads:
        raise ValueError(f"{heads} heads for {d} numbers")
    if not 0 <= config.get("layer_norm_eps", 0) < 1:
        raise ValueError("layer_norm_eps is not between 0 and 1")
    layers = int(config["num_hidden_layers"])
    if layers < 1:
        raise ValueError(f"{layers} layers")
    first = 0 if kind == "bert" else int(config.get("pad_token_id", 1)) + 1
    if kind != "bert" and first < 1:  # rows of the table would be counted from its end
        raise ValueError(f"pad_token_id is {first - 1}, below 0")
    eps = float(config.get("layer_norm_eps", 1e-12))
    return _Plan(layers=layers, heads=heads, d=d, eps=eps, gelu=_GELU.get(act), first=first)


class _Builder:
    """Writes one node after the other."""

    def __init__(self, plan: _Plan, weights: Mapping[str, Vectors]) -> None:
        self.plan = plan
        prefix = next((p for p in _PREFIXES if f"{p}embeddings.word_embeddings.weight" in weights), "")
        self.weights = {name.removeprefix(prefix): tensor for name, tensor in weights.items()}
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def built(self) -> tuple[Nodes, int, int]:
        n_places = self._embeddings()
        x = "text/embedded"
        for number in range(self.plan.layers):
            x = self._layer(x, f"encoder.layer.{number}.", f"text/{number}/", last=number == self.plan.layers - 1)
        return Nodes(nodes=tuple(self.nodes), constants=tuple(self.constants)), n_places, self.plan.d

    def add(self, op: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self.nodes.append(node(op, inputs, output, **attributes))
        return output

    def const(self, name: str, values: Any, dtype: type[np.generic] = np.float32) -> str:  # noqa: ANN401 - array-like
        self.constants.append(constant(name, values, dtype))
        return name

    def weight(self, name: str, *shape: int) -> Vectors:
        tensor = self.weights[name]
        if tensor.ndim != len(shape) or any(s not in (0, n) for s, n in zip(shape, tensor.shape, strict=True)):
            raise ValueError(f"{name} has shape {tensor.shape}")
        if not np.isfinite(tensor).all():
            raise ValueError(f"{name} holds numbers that are not finite")
        return tensor

    def _embeddings(self) -> int:
        d, plan = self.plan.d, self.plan
        words = self.weight("embeddings.word_embeddings.weight", 0, d)
        places = self.weight("embeddings.position_embeddings.weight", 0, d)[plan.first :]
        kinds = "embeddings.token_type_embeddings.weight"
        kind = self.weight(kinds, 0, d) if kinds in self.weights else np.zeros((1, d), dtype=np.float32)
        self.const("text/words", words)
        self.const("text/places", places + kind[:1])  # every text is of the first kind
        for name, values in (("zero", [0]), ("one", [1]), ("middle", [1, 2])):
            self.const(f"text/{name}", values, np.int64)
        self.const("text/heads", [0, 0, plan.heads, d // plan.heads], np.int64)
        self.const("text/whole", [0, 0, d], np.int64)
        self.const("text/far_below", FAR_BELOW)
        self.const("text/full", 1.0)
        self.add("Gather", ["text/words", TOKEN_IDS], "text/word_vectors")
        self.add("Shape", [TOKEN_IDS], "text/t", start=1, end=2)
        self.add("Slice", ["text/places", "text/zero", "text/t", "text/zero"], "text/place_vectors")
        self.add("Add", ["text/word_vectors", "text/place_vectors"], "text/summed")
        self._norm("text/summed", "embeddings.LayerNorm.", "text/embedded")
        self.add("Cast", [TOKEN_MASK], FLOAT_MASK, to=TensorProto.FLOAT)
        self.add("Sub", ["text/full", FLOAT_MASK], "text/free")
        self.add("Mul", ["text/free", "text/far_below"], "text/hidden")
        self.add("Unsqueeze", ["text/hidden", "text/middle"], "text/bias")  # (n, 1, 1, t)
        return len(places)

    def _layer(self, x: str, ours: str, to: str, *, last: bool) -> str:
        scale = (self.plan.d // self.plan.heads) ** -0.5
        perms = {"query": [0, 2, 1, 3], "key": [0, 2, 3, 1], "value": [0, 2, 1, 3]}
        for name, perm in perms.items():
            made = self._line(
                x, f"{ours}attention.self.{name}.", f"{to}{name}", scale=scale if name == "query" else 1.0
            )
            self.add("Reshape", [made, "text/heads"], f"{to}{name}/split")
            self.add("Transpose", [f"{to}{name}/split"], f"{to}{name}/turned", perm=perm)
        self.add("MatMul", [f"{to}query/turned", f"{to}key/turned"], f"{to}raw")  # (n, h, t, t)
        self.add("Add", [f"{to}raw", "text/bias"], f"{to}seen")
        self.add("Softmax", [f"{to}seen"], f"{to}shares", axis=-1)
        self.add("MatMul", [f"{to}shares", f"{to}value/turned"], f"{to}mixed")
        self.add("Transpose", [f"{to}mixed"], f"{to}mixed/turned", perm=[0, 2, 1, 3])
        self.add("Reshape", [f"{to}mixed/turned", "text/whole"], f"{to}mixed/whole")
        out = self._line(f"{to}mixed/whole", f"{ours}attention.output.dense.", f"{to}out")
        self.add("Add", [out, x], f"{to}attended/sum")
        y = self._norm(f"{to}attended/sum", f"{ours}attention.output.LayerNorm.", f"{to}attended")
        wide = self._line(y, f"{ours}intermediate.dense.", f"{to}wide", inner=0)
        if self.plan.gelu is None:
            bent = self.add("Relu", [wide], f"{to}bent")
        else:
            bent = self.add("Gelu", [wide], f"{to}bent", approximate=self.plan.gelu)
        back = self._line(bent, f"{ours}output.dense.", f"{to}back", inner=None)
        self.add("Add", [back, y], f"{to}sum")
        return self._norm(f"{to}sum", f"{ours}output.LayerNorm.", TOKENS if last else f"{to}tokens")

    def _line(self, x: str, ours: str, to: str, *, scale: float = 1.0, inner: int | None = -1) -> str:
        """Write x @ weight + bias; inner: -1 for d to d, 0 for d to any, None for any to d."""
        d = self.plan.d
        shape = {-1: (d, d), 0: (0, d), None: (d, 0)}[inner]
        weight, bias = self.weight(f"{ours}weight", *shape), self.weight(f"{ours}bias", 0)
        self.const(f"{to}/coef", np.ascontiguousarray(weight.T) * np.float32(scale))
        self.const(f"{to}/intercept", bias * np.float32(scale))
        self.add("MatMul", [x, f"{to}/coef"], f"{to}/product")
        return self.add("Add", [f"{to}/product", f"{to}/intercept"], to)

    def _norm(self, x: str, ours: str, to: str) -> str:
        d = self.plan.d
        scale = self.const(f"{to}/norm_scale", self.weight(f"{ours}weight", d))
        shift = self.const(f"{to}/norm_shift", self.weight(f"{ours}bias", d))
        return self.add("LayerNormalization", [x, scale, shift], to, axis=-1, epsilon=self.plan.eps)
