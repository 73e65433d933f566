"""ONNX files of the user's: sound, unclear, unfit and hostile."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from florilegium.errors import ModelFileError, SettingError
from florilegium.features import GraphEncoder, choose, encoder_graph, onnx_encoder
from florilegium.features.stream import Runner, session
from florilegium.source.base import Pixels


def network(
    path: Path,
    *,
    shape: tuple[str | int, ...] = ("N", 3, 8, 8),
    perm: tuple[int, ...] | None = None,
    kind: int = TensorProto.FLOAT,
    opset: int = 13,
    outputs: tuple[str, ...] = ("embedding", "logits"),
    extra: tuple[onnx.NodeProto, ...] = (),
) -> Path:
    """Write a small network: mean over the picture per colour, and two logits from it."""
    nodes = [helper.make_node("Cast", ["input"], ["floats"], to=TensorProto.FLOAT)]
    nodes += [helper.make_node("Transpose", ["floats"], ["turned"], perm=perm or (0, 1, 2, 3))]
    nodes += [
        helper.make_node("GlobalAveragePool", ["turned"], ["map"]),
        helper.make_node("Flatten", ["map"], ["embedding"]),
        helper.make_node("MatMul", ["embedding", "w"], ["logits"]),
        *extra,
    ]
    weights = numpy_helper.from_array(np.ones((3, 2), dtype=np.float32), "w")
    dims: dict[str, list[str | int]] = {
        "embedding": ["N", 3],
        "logits": ["N", 2],
        "map": ["N", 3, 1, 1],
        "relative": ["N", 3],
    }
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("input", kind, list(shape))],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, dims.get(name, ["N", 3])) for name in outputs],
        [weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def vectors(encoder: GraphEncoder) -> np.ndarray:
    """Give the vector of a plain picture of level 51 (a fifth of white)."""
    runner = Runner(encoder)
    return runner.embed(runner.fit(np.full((1, 40, 30, 3), 51, dtype=np.uint8)))


def test_a_network_without_a_recipe_is_prepared_as_for_imagenet_and_says_so(tmp_path: Path) -> None:
    """Layout and size are read from the graph, mean and deviation are torchvision's, and a note tells it."""
    encoder = onnx_encoder(network(tmp_path / "net.onnx"))

    expected = (0.2 - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225])
    assert np.allclose(expected, vectors(encoder), atol=1e-5)
    assert (encoder.side, encoder.short, encoder.d) == (8, 9, 3)
    assert "ImageNet" in encoder.notes[0]


@pytest.mark.parametrize("form", ["json", "toml"])
def test_a_recipe_beside_the_file_is_followed(tmp_path: Path, form: str) -> None:
    """Size, mean, deviation, output and licence come from net.json or net.toml."""
    path = network(tmp_path / "net.onnx", shape=("N", 3, "H", "W"), outputs=("embedding", "logits"))
    if form == "json":
        recipe = {
            "size": 16,
            "short_side": 16,
            "mean": [0, 0, 0],
            "std": [1, 1, 1],
            "output": "logits",
            "licence": "MIT",
        }
        path.with_suffix(".json").write_text(json.dumps(recipe))
    else:
        text = "size = 16\nshort_side = 16\nmean = [0, 0.0, 0]\nstd = [1, 1, 1]\noutput = 'logits'\nlicence = 'MIT'\n"
        path.with_suffix(".toml").write_text(text)
    encoder = onnx_encoder(path)

    assert np.allclose(0.2 * 3, vectors(encoder), atol=1e-6)
    assert (encoder.side, encoder.d, encoder.licence, encoder.notes) == (16, 2, "MIT", ())


@pytest.mark.parametrize(
    "options",
    [
        {"shape": ("N", 8, 8, 3), "perm": (0, 3, 1, 2)},
        {"shape": (1, 3, 8, 8)},
        {"shape": ("N", 3, 8, 8), "outputs": ("map",)},
        {"opset": 20},
        {"opset": 9},
    ],
    ids=["channels last", "one picture at a time", "a map instead of a vector", "new", "old"],
)
def test_other_shapes_of_network_give_the_same_vector(tmp_path: Path, options: dict[str, object]) -> None:
    """Channels last, a fixed first axis, an unpooled output, and old or new dialects all work."""
    plain = vectors(onnx_encoder(network(tmp_path / "plain.onnx")))

    # Fields by name.
    assert np.allclose(plain, vectors(onnx_encoder(network(tmp_path / "net.onnx", **options))), atol=1e-5)  # type: ignore[arg-type]


def test_a_network_that_takes_octets_prepares_pictures_itself(tmp_path: Path) -> None:
    """Where the input is uint8 nothing is divided or subtracted."""
    assert np.allclose(51, vectors(onnx_encoder(network(tmp_path / "net.onnx", kind=TensorProto.UINT8))))


def test_what_the_vector_does_not_need_is_left_out(tmp_path: Path) -> None:
    """Logits beside the embedding are not computed, and the joined graph still runs."""
    encoder = onnx_encoder(network(tmp_path / "net.onnx"))
    joined = session(encoder_graph(encoder)).run(None, {"image": np.full((2, 40, 30, 3), 51, dtype=np.uint8)})[0]

    assert "MatMul" not in {part.op_type for part in encoder.trunk.graph.node}
    assert np.allclose(vectors(encoder), joined)


def test_the_wish_onnx_path_is_followed(tmp_path: Path) -> None:
    """`onnx:PATH` chooses the user's file and passes its notes on."""
    path = network(tmp_path / "net.onnx")
    choice = choose(Pixels(np.zeros((3, 8, 8), dtype=np.uint8)), wish=f"onnx:{path}")

    assert choice.name == "onnx-net"
    assert "ImageNet" in choice.notes[0]


def changed(path: Path, case: str) -> None:
    """Make a sound file hostile."""
    model = onnx.load(path)
    weights = model.graph.initializer[0]
    if case == "outside file":
        weights.ClearField("raw_data")
        weights.data_location = TensorProto.EXTERNAL
        weights.external_data.add(key="location", value="../../../../etc/passwd")
    elif case == "foreign operator":
        model.graph.node[0].domain = "com.evil"
        model.opset_import.append(helper.make_opsetid("com.evil", 1))
    elif case == "foreign operator set":
        model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    elif case == "function":
        body = [helper.make_node("Identity", ["a"], ["b"])]
        function = helper.make_function("local", "F", ["a"], ["b"], body, [helper.make_opsetid("", 13)])
        model.functions.append(function)
    elif case == "loop":
        inner = helper.make_graph([], "body", [], [])
        model.graph.node.append(helper.make_node("Loop", ["", ""], ["x"], body=inner))
    elif case == "huge constant":
        value = helper.make_tensor("v", TensorProto.FLOAT, [1], [0.0])
        shape = numpy_helper.from_array(np.array([1 << 40], dtype=np.int64), "shape")
        model.graph.initializer.append(shape)
        model.graph.node.append(helper.make_node("ConstantOfShape", ["shape"], ["big"], value=value))
    elif case == "huge claim":
        weights.dims[:] = [1 << 40, 1 << 40]
    path.write_bytes(model.SerializeToString())


@pytest.mark.parametrize(
    "case",
    ["outside file", "foreign operator", "foreign operator set", "function", "loop", "huge constant", "huge claim"],
)
def test_hostile_files_are_refused_before_anything_runs(tmp_path: Path, case: str) -> None:
    """Files beside it, code of others, loops and absurd sizes are refused, with the file's name."""
    path = network(tmp_path / "net.onnx")
    changed(path, case)
    with pytest.raises(ModelFileError, match=r"net\.onnx: "):
        onnx_encoder(path)


@pytest.mark.parametrize("octets", [b"", b"hello", b"\x08\x08\x12", b"\xff" * 1000])
def test_what_is_not_onnx_is_refused(tmp_path: Path, octets: bytes) -> None:
    """Empty, short and random files are model file errors."""
    path = tmp_path / "net.onnx"
    path.write_bytes(octets)
    with pytest.raises(ModelFileError, match="net"):
        onnx_encoder(path)


def test_a_truncated_file_is_refused_at_any_length(tmp_path: Path) -> None:
    """Half a network is never used."""
    octets = network(tmp_path / "net.onnx").read_bytes()
    for length in range(0, len(octets), 41):
        (tmp_path / "cut.onnx").write_bytes(octets[:length])
        with pytest.raises(ModelFileError):
            onnx_encoder(tmp_path / "cut.onnx")


UNFIT = {
    "two inputs": {"outputs": ("logits",)},
    "no colours": {"shape": ("N", 4, 8, 8)},
    "not square": {"shape": ("N", 3, 8, 9)},
    "text": {"kind": TensorProto.INT64},
}


@pytest.mark.parametrize("case", sorted(UNFIT))
def test_networks_that_do_not_take_pictures_are_refused(tmp_path: Path, case: str) -> None:
    """The message says what was expected of the input."""
    path = network(tmp_path / "net.onnx", **UNFIT[case])  # type: ignore[arg-type]  # fields by name
    if case == "two inputs":
        model = onnx.load(path)
        model.graph.input.append(helper.make_tensor_value_info("mask", TensorProto.FLOAT, [1]))
        path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelFileError, match=r"expected|Export|layout"):
        onnx_encoder(path)


def test_a_vector_that_depends_on_other_pictures_is_refused(tmp_path: Path) -> None:
    """A network left in training mode would give a picture another vector in every batch."""
    mean = helper.make_node("ReduceMean", ["embedding"], ["all"], axes=[0], keepdims=1)
    extra = (mean, helper.make_node("Sub", ["embedding", "all"], ["relative"]))
    path = network(tmp_path / "net.onnx", outputs=("relative",), extra=extra)
    path.with_suffix(".json").write_text('{"output": "relative"}')
    with pytest.raises(ModelFileError, match="neighbours"):
        onnx_encoder(path)


@pytest.mark.parametrize(
    "recipe",
    [
        '{"size": 0}',
        '{"size": true}',
        '{"std": [1, 1, 0]}',
        '{"mean": [1, 1]}',
        '{"mean": "gray"}',
        '{"layout": "chwn"}',
        '{"licence": 3}',
        '{"sise": 8}',
        "[1]",
        "{",
        "[" * 100_000,
        '{"short_side": 4}',
        '{"output": "nothing"}',
    ],
)
def test_a_wrong_recipe_is_refused(tmp_path: Path, recipe: str) -> None:
    """Each fault of the recipe is named, never guessed around."""
    path = network(tmp_path / "net.onnx")
    path.with_suffix(".json").write_text(recipe)
    with pytest.raises((SettingError, ModelFileError), match="net"):
        onnx_encoder(path)


def test_missing_and_absurdly_large_files_are_refused(tmp_path: Path) -> None:
    """What is not there, and what no laptop loads twice, is said before it is read."""
    with pytest.raises(ModelFileError, match="No such file"):
        onnx_encoder(tmp_path / "none.onnx")
    with (tmp_path / "large.onnx").open("wb") as file:
        file.truncate(3_000_000_000)
    with pytest.raises(ModelFileError, match="3,000,000,000 bytes"):
        onnx_encoder(tmp_path / "large.onnx")


def test_a_network_that_takes_one_picture_only_is_refused(tmp_path: Path) -> None:
    """A batch of one, built into the nodes, fails on two pictures, and the message says how to export."""
    path = network(
        tmp_path / "net.onnx", outputs=("fixed",), extra=(helper.make_node("Reshape", ["map", "s"], ["fixed"]),)
    )
    model = onnx.load(path)
    model.graph.initializer.append(numpy_helper.from_array(np.array([1, 3], dtype=np.int64), "s"))
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelFileError, match="two pictures at once"):
        onnx_encoder(path)


def test_a_vector_of_infinite_numbers_is_refused(tmp_path: Path) -> None:
    """A network whose vector is no number at all is refused when it is tried."""
    extra = (helper.make_node("Sub", ["embedding", "embedding"], ["zero"]), helper.make_node("Log", ["zero"], ["none"]))
    with pytest.raises(ModelFileError, match="finite"):
        onnx_encoder(network(tmp_path / "net.onnx", outputs=("none",), extra=extra))


def test_a_layout_that_contradicts_the_graph_is_refused(tmp_path: Path) -> None:
    """Where the recipe says channels last and the graph has them first, nothing is guessed."""
    path = network(tmp_path / "net.onnx")
    path.with_suffix(".json").write_text('{"layout": "nhwc"}')
    with pytest.raises(ModelFileError, match="3 colours"):
        onnx_encoder(path)


def test_an_operator_that_onnx_runtime_lacks_is_said(tmp_path: Path) -> None:
    """A valid graph that the runtime has no code for is refused with the runtime's reason."""
    extra = (
        helper.make_node("Cast", ["embedding"], ["brief"], to=TensorProto.BFLOAT16),
        helper.make_node("Erf", ["brief"], ["bent"]),
        helper.make_node("Cast", ["bent"], ["end"], to=TensorProto.FLOAT),
    )
    with pytest.raises(ModelFileError, match="ONNX Runtime cannot run it"):
        onnx_encoder(network(tmp_path / "net.onnx", outputs=("end",), extra=extra))
