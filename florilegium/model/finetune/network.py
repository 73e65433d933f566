"""An encoder's own graph as a torch module, and back. Path: features -> **model.finetune**.

What is fine-tuned is what is later written: each node of the ONNX graph is computed by its counterpart in torch, and
the learned numbers return into the very same graph. So there is no second description of a network that could differ.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn

from florilegium.errors import ModelFileError
from florilegium.features.encoder import EMBEDDING, FITTED, GraphEncoder, make_encoder
from florilegium.features.precision import halved, widened
from florilegium.model.finetune.operators import OPERATORS

# Which inputs of a node are learned. The statistics of BatchNormalization (3 and 4) stay: they belong to its norms.
_LEARNED: Mapping[str, tuple[int, ...]] = {
    "Add": (0, 1),
    "BatchNormalization": (1, 2),
    "Conv": (1, 2),
    "Gemm": (1, 2),
    "LayerNormalization": (1, 2),
    "MatMul": (0, 1),
    "Mul": (0, 1),
}
# One of these means that the network was built for one size of picture: positions are learned, or places are counted.
_OF_ONE_SIZE = frozenset({"LayerNormalization", "MatMul", "Reshape"})
LEAST_SIDE = 160  # px; smaller pictures have no detail to give away
_PREPARATION = "trunk/"  # the nodes that prepare a picture; what they use is never learned


def learning_side(encoder: GraphEncoder) -> int:
    """Give the px of the square from which an encoder learns: six sevenths of its own where it takes any size.

    Random crops show things larger than whole photos do, so a smaller square in training fits the full one in use
    (Touvron et al. 2019, "Fixing the train-test resolution discrepancy"): as good, in three quarters of the time.
    """
    kinds = {node.op_type for node in encoder.trunk.graph.node}
    takes_any_size = "GlobalAveragePool" in kinds and not kinds & _OF_ONE_SIZE
    smaller = encoder.side * 6 // 7 // 32 * 32  # networks halve their pictures five times
    return smaller if takes_any_size and smaller >= LEAST_SIDE else encoder.side


class GraphNetwork(nn.Module):
    """A graph that ends in `embedding` float32 (n, d), as a torch module. Learns nothing by itself."""

    def __init__(self, trunk: onnx.ModelProto, *, name: str) -> None:
        """Take over the graph's constants.

        Raises: ModelFileError: the graph holds an operator that cannot be trained here.
        """
        super().__init__()
        graph = widened(trunk).graph
        unknown = sorted({node.op_type for node in graph.node} - OPERATORS.keys())
        if unknown:
            raise ModelFileError(
                f"{name}: operators {', '.join(unknown)} cannot be trained here. Choose a convolutional network or a "
                "transformer, or train without --finetune."
            )
        self.nodes = [_Step(node) for node in graph.node]
        learned = set(_learned(graph))
        self.named: dict[str, str] = {}  # ONNX name -> torch name, which may hold no dot
        for number, tensor in enumerate(graph.initializer):
            values = torch.from_numpy(numpy_helper.to_array(tensor).copy())
            own = self.named[tensor.name] = f"t{number}"
            if tensor.name in learned:
                self.register_parameter(own, nn.Parameter(values))
            else:
                self.register_buffer(own, values)
        self.learned = [tensor.name for tensor in graph.initializer if tensor.name in learned]
        self._last_use = _last_use(self.nodes)

    def forward(self, given: Mapping[str, Tensor]) -> Tensor:
        """Compute the nodes in order from the graph's inputs, forgetting each tensor after its last use."""
        known: dict[str, Tensor] = dict(given)
        for number, step in enumerate(self.nodes):
            inputs = [self._tensor(known, name) for name in step.inputs]
            made = step.operator(inputs, step.attributes)
            if step.output == "trunk/prepared":  # pixels next to each other: convolutions on a CPU run far faster
                made = made.contiguous(memory_format=torch.channels_last)
            known[step.output] = made
            for name in self._last_use.get(number, ()):
                known.pop(name, None)
        return known[EMBEDDING]

    def _tensor(self, known: Mapping[str, Tensor], name: str) -> Any:  # noqa: ANN401 - a tensor, or None where left out
        if not name:
            return None
        return known[name] if name in known else getattr(self, self.named[name])

    def parameters_in_order(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Give the learned tensors from the input's end to the embedding's."""
        for name in self.learned:
            yield name, getattr(self, self.named[name])


class Network(GraphNetwork):
    """The trunk of an encoder of pictures: `fitted` uint8 (n, s, s, 3) -> embedding float32 (n, d)."""

    def __init__(self, encoder: GraphEncoder) -> None:
        """Take over the trunk's constants; errors as of `GraphNetwork`."""
        super().__init__(encoder.trunk, name=encoder.name)

    def forward(self, given: Mapping[str, Tensor] | Tensor) -> Tensor:
        """Give the embeddings of fitted pictures."""
        return super().forward({FITTED: given} if isinstance(given, Tensor) else given)


class _Step:
    """One node, unpacked once."""

    def __init__(self, node: onnx.NodeProto) -> None:
        self.operator = OPERATORS[node.op_type]
        self.inputs, self.output = list(node.input), node.output[0]
        self.attributes = {a.name: _attribute(a) for a in node.attribute}


def _attribute(attribute: onnx.AttributeProto) -> Any:  # noqa: ANN401 - whatever ONNX allows
    value = helper.get_attribute_value(attribute)
    return torch.from_numpy(numpy_helper.to_array(value).copy()) if isinstance(value, onnx.TensorProto) else value


def _learned(graph: onnx.GraphProto) -> Iterator[str]:
    """Name the constants that are learned: floating weights that stand where an operator has weights."""
    weights = {t.name for t in graph.initializer if t.data_type == onnx.TensorProto.FLOAT and _n(t) > 1}
    for node in graph.node:
        if not node.output[0].startswith(_PREPARATION):
            yield from (
                node.input[i]
                for i in _LEARNED.get(node.op_type, ())
                if i < len(node.input) and node.input[i] in weights
            )


def _n(tensor: onnx.TensorProto) -> int:
    return int(np.prod(tensor.dims, dtype=np.int64))


def _last_use(steps: list[_Step]) -> dict[int, list[str]]:
    last = {name: number for number, step in enumerate(steps) for name in step.inputs}
    found: dict[int, list[str]] = {}
    for name, number in last.items():
        found.setdefault(number, []).append(name)
    return found


def tuned_encoder(encoder: GraphEncoder, weights: Mapping[str, Tensor], *, name: str) -> GraphEncoder:
    """Give the encoder with learned weights in place of its own, rounded to half precision so that files stay small.

    Args: weights: ONNX name -> values, as `Network.learned` names them.  name: for people.
    """
    trunk = widened(encoder.trunk)
    count = Counter(tensor.name for tensor in trunk.graph.initializer)
    if missing := weights.keys() - count.keys():
        raise ValueError(f"{sorted(missing)[:3]}: no such constants in {encoder.name}")
    for tensor in trunk.graph.initializer:
        if tensor.name in weights:
            values = weights[tensor.name].detach().to("cpu", torch.float32).contiguous().numpy()
            tensor.CopyFrom(numpy_helper.from_array(halved(values), tensor.name))
    return make_encoder(
        name=name,
        fit=encoder.fit,
        trunk=trunk,
        short=encoder.short,
        side=encoder.side,
        d=encoder.d,
        licence=encoder.licence,
        source=f"{encoder.source}; fine-tuned",
        notes=encoder.notes,
    )
