"""Whatever file is opened as a model: a clear refusal, never a crash, never a file read or a command run."""

import io
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from florilegium.errors import ModelFileError
from florilegium.features import graphs
from florilegium.model import card, file, guard
from tests.model_making import write_image_model

Change = Callable[[onnx.ModelProto], None]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a sound model file; tests must not change it."""
    return write_image_model(tmp_path_factory.mktemp("model") / "sound.onnx")


def refused(path: Path, content: bytes | onnx.ModelProto) -> str:
    """Write `content` as a model file and give the message that it is refused with."""
    path.write_bytes(content if isinstance(content, bytes) else content.SerializeToString())
    with pytest.raises(ModelFileError) as caught:
        file.open_model(path)
    return str(caught.value)


def test_a_truncated_file_is_refused_wherever_it_ends(sound: Path, tmp_path: Path) -> None:
    """At 50 random places a cut file is refused, with its name and what to do."""
    octets = sound.read_bytes()
    for end in np.random.default_rng(0).integers(0, len(octets), 50):
        message = refused(tmp_path / "cut.onnx", octets[:end])

        assert "cut.onnx" in message
        assert "florilegium train" in message


def test_a_file_with_a_changed_byte_never_crashes(sound: Path, tmp_path: Path) -> None:
    """300 files with one bit turned are each refused or opened; nothing else happens."""
    octets = sound.read_bytes()
    rng = np.random.default_rng(1)
    for place in rng.integers(0, len(octets), 300):
        changed = bytearray(octets)
        changed[place] ^= 1 << int(rng.integers(8))
        (tmp_path / "changed.onnx").write_bytes(changed)
        try:
            model = file.open_model(tmp_path / "changed.onnx")
            model.predict_arrays([np.zeros((8, 8, 3), np.uint8)])
        except ModelFileError:
            continue


@given(octets=st.binary(max_size=300))
def test_random_bytes_are_refused(octets: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No short string of bytes is a model."""
    refused(tmp_path_factory.getbasetemp() / "random.onnx", octets)


def zip_bomb() -> bytes:
    """Give 10 MB of zeros, packed to 10 kB."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.pkl", bytes(10_000_000))
    return buffer.getvalue()


class Trap:
    """Once unpickled, makes a folder."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("sprung",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no ONNX graph"),
        (zip_bomb(), "ZIP archive"),
        (pickle.dumps(Trap()), "pickle"),
        (pickle.dumps(Trap(), protocol=2), "pickle"),
        (b"\x1f\x8b\x08" + bytes(50), "gzip"),
        (b"<!doctype html><title>404</title>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "PNG"),
        (b"\x0a" * 5000, "ONNX"),
    ],
)
def test_what_is_no_model_is_named(content: bytes, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Archives, pickles, pages and pictures with the ending .onnx are called what they are, and not opened."""
    monkeypatch.chdir(tmp_path)

    assert said in refused(tmp_path / "model.onnx", content)
    assert not Path("sprung").exists()


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    """A message within a message, a hundred thousand times over, ends at the parser's limit."""
    octets = b""
    for _ in range(2000):  # ModelProto.graph(7).node(1).attribute(5).g(6).node(1)...: length-delimited all the way
        octets = b"\x0a" + _varint(len(octets)) + octets
        octets = b"\x2a" + _varint(len(octets)) + octets
        octets = b"\x32" + _varint(len(octets)) + octets
    refused(tmp_path / "deep.onnx", b"\x3a" + _varint(len(octets)) + octets)


def _varint(number: int) -> bytes:
    octets = b""
    while number >= 128:
        octets += bytes([number % 128 | 128])
        number //= 128
    return octets + bytes([number])


def test_a_model_of_others_is_refused(tmp_path: Path) -> None:
    """A sound ONNX file that Florilegium did not write is told apart from a damaged one."""
    node = helper.make_node("Relu", ["x"], ["y"])
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    graph = helper.make_graph([node], "g", ends[:1], ends[1:])
    foreign = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)

    assert "not one of Florilegium's" in refused(tmp_path / "foreign.onnx", foreign)


def matrix_of(model: onnx.ModelProto) -> TensorProto:
    """Give the largest constant."""
    largest: TensorProto = max(model.graph.initializer, key=lambda tensor: len(tensor.raw_data))
    return largest


def outside_file(model: onnx.ModelProto) -> None:
    """Let a constant lie in a file of the system."""
    tensor = matrix_of(model)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../../etc/passwd")


def custom_operator(model: onnx.ModelProto) -> None:
    """Add an operator of somebody's own."""
    model.opset_import.append(helper.make_opsetid("com.evil", 1))
    model.graph.node[0].domain = "com.evil"


def strange_operator(model: onnx.ModelProto) -> None:
    """Draw random numbers."""
    model.graph.node.append(helper.make_node("RandomNormal", [], ["noise"], shape=[1]))


def endless_loop(model: onnx.ModelProto) -> None:
    """Loop."""
    body = helper.make_graph([], "body", [], [])
    model.graph.node.append(helper.make_node("Loop", ["", ""], [], body=body))


def own_function(model: onnx.ModelProto) -> None:
    """Bring a function along."""
    model.functions.append(
        helper.make_function("", "Relu", ["x"], ["y"], [helper.make_node("Exp", ["x"], ["y"])], model.opset_import)
    )


def huge_dims(model: onnx.ModelProto) -> None:
    """State a constant of a million million numbers."""
    matrix_of(model).dims[:] = [1 << 20, 1 << 20]


def wrapping_dims(model: onnx.ModelProto) -> None:
    """State sizes whose product wraps around in 64 bits."""
    matrix_of(model).dims[:] = [1 << 32, 1 << 32]


def negative_dims(model: onnx.ModelProto) -> None:
    """State a negative size."""
    matrix_of(model).dims[:] = [-64, -3]


def short_data(model: onnx.ModelProto) -> None:
    """Hold fewer numbers than stated."""
    matrix_of(model).raw_data = matrix_of(model).raw_data[:-8]


def no_numbers(model: onnx.ModelProto) -> None:
    """Put NaN among the weights."""
    tensor = matrix_of(model)
    values = numpy_helper.to_array(tensor).copy()
    values.flat[5] = np.nan
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


def made_in_the_graph(model: onnx.ModelProto) -> None:
    """Make a tensor of a hundred thousand million zeros inside the graph."""
    size = numpy_helper.from_array(np.array([100_000, 1_000_000], dtype=np.int64), "size")
    model.graph.initializer.append(size)
    model.graph.node.append(helper.make_node("ConstantOfShape", ["size"], ["flood"]))


def training_graph(model: onnx.ModelProto) -> None:
    """Bring training information along."""
    model.training_info.add()


def name_twice(model: onnx.ModelProto) -> None:
    """Let two constants bear one name."""
    model.graph.initializer.append(matrix_of(model))


def broken_link(model: onnx.ModelProto) -> None:
    """Read a tensor that nothing makes."""
    model.graph.node[-1].input[0] = "nowhere"


def other_input(model: onnx.ModelProto) -> None:
    """Ask for something else than a picture."""
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.FLOAT


def no_embedding(model: onnx.ModelProto) -> None:
    """Call the inner tensor something else."""
    for node in model.graph.node:
        node.input[:] = ["inner" if name == "embedding" else name for name in node.input]
        node.output[:] = ["inner" if name == "embedding" else name for name in node.output]


def around_the_embedding(model: onnx.ModelProto) -> None:
    """Let the head see the picture past the embedding."""
    last = next(node for node in model.graph.node if "embedding" in node.output)
    model.graph.node.insert(0, helper.make_node("Identity", ["image"], ["copy"]))
    past = [helper.make_node(last.op_type, last.input, ["past"], name="past")]
    head = [node for node in model.graph.node if node.name.startswith(("head/", "prob", "known", "label"))]
    head[0].input[0] = "past"
    nodes = [*model.graph.node]
    place = nodes.index(head[0])
    del model.graph.node[:]
    model.graph.node.extend([*nodes[:place], *past, *nodes[place:]])


def no_utf8(model: onnx.ModelProto) -> None:
    """Say something in an attribute that cannot be decoded."""
    model.graph.node[0].attribute.append(helper.make_attribute("axes", b"\xff\xfe"))


def no_probabilities(model: onnx.ModelProto) -> None:
    """Put out scores as probabilities."""
    softmax = next(node for node in model.graph.node if node.op_type == "Softmax")
    softmax.op_type = "Relu"
    del softmax.attribute[:]


def fails_when_run(model: onnx.ModelProto) -> None:
    """Pass all checks and fail in the runtime."""
    axes = next(tensor for tensor in model.graph.initializer if tensor.name == "head/last")
    axes.CopyFrom(numpy_helper.from_array(np.array(-1, dtype=np.int64), "head/last"))


def newer_operators(model: onnx.ModelProto) -> None:
    """Come from the future."""
    model.opset_import[0].version = 999


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (outside_file, "other files"),
        (custom_operator, "outside the ONNX standard"),
        (strange_operator, "RandomNormal"),
        (endless_loop, "loops"),
        (own_function, "functions"),
        (huge_dims, "more than"),
        (wrapping_dims, "more than"),
        (negative_dims, "size that is not read"),
        (short_data, "where its shape says"),
        (no_numbers, "not finite"),
        (made_in_the_graph, "100,000,000,000"),
        (training_graph, "training"),
        (name_twice, "two tensors"),
        (broken_link, "not a valid ONNX graph"),
        (other_input, "image"),
        (no_embedding, "embedding"),
        (newer_operators, "999"),
        (around_the_embedding, "does not lead from embedding"),
        (no_utf8, "no text"),
        (no_probabilities, "no probabilities"),
        (fails_when_run, "its graph fails"),
    ],
)
def test_a_hostile_graph_is_refused_by_its_fault(change: Change, said: str, sound: Path, tmp_path: Path) -> None:
    """Each way to abuse a graph is named, before ONNX Runtime sees the file."""
    model = onnx.load(sound)
    change(model)

    assert said in refused(tmp_path / "hostile.onnx", model)


def test_metadata_have_a_limit(sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card of gigabytes is refused by its size, before it is parsed."""
    monkeypatch.setattr(card, "MAX_METADATA_CHARS", 100)

    assert "more than 100 characters" in refused(tmp_path / "m.onnx", onnx.load(sound))


def test_files_have_a_limit(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file larger than any model is not read."""
    monkeypatch.setattr(graphs, "MAX_FILE_BYTES", 1000)

    with pytest.raises(ModelFileError, match="at most 1,000"):
        file.open_model(sound)


def test_what_is_no_plain_file_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe, a folder, a missing file and an impossible name are answered at once."""
    os.mkfifo(tmp_path / "pipe.onnx")
    paths = [tmp_path / "pipe.onnx", tmp_path, tmp_path / "none.onnx", Path("nul\0.onnx"), Path("/dev/zero")]

    for path in paths:
        with pytest.raises(ModelFileError):
            file.open_model(path)


def test_every_allowed_operator_is_in_the_standard() -> None:
    """The list of allowed operators holds names of the ONNX standard only, and no control flow."""
    standard = {schema.name for schema in onnx.defs.get_all_schemas() if schema.domain == ""}

    assert guard.OPERATORS - standard == set()
    assert guard.OPERATORS & {"If", "Loop", "Scan", "SequenceMap", "RandomNormal", "Multinomial"} == set()
