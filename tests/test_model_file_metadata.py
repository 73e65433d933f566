"""Metadata of a model file that lie, overflow or command a terminal: each is refused by its fault."""

import json
from pathlib import Path

import onnx
import pytest

from florilegium.errors import ModelFileError
from florilegium.model import file
from tests.model_making import write_image_model, write_text_model


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


def with_metadata(path: Path, key: str, value: str) -> onnx.ModelProto:
    """Give a model with one metadata entry replaced or added."""
    model = onnx.load(path)
    strings = {entry.key: entry.value for entry in model.metadata_props} | {key: value}
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, strings)
    return model


@pytest.mark.parametrize(
    "value", ["", "{", "[]", "null", "NaN", "1e999", "[" * 100_000, '{"format": 2}', '{"format": true}']
)
def test_metadata_of_the_wrong_kind_are_refused(value: str, sound: Path, tmp_path: Path) -> None:
    """The card must be one JSON table of format 1."""
    refused(tmp_path / "m.onnx", with_metadata(sound, "florilegium", value))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "sound"),
        ("kind", []),
        ("encoder", "../../etc"),
        ("encoder", 5),
        ("head", "\x1b[2J"),
        ("temperature", "1"),
        ("temperature", -1),
        ("temperature", 1e300),
        ("temperature", True),
        ("threshold", None),
        ("threshold", 2),
        ("n_train", 1.5),
        ("n_train", 10**30),
        ("created", "yesterday"),
        ("created", 0),
        ("short_side", "8"),
        ("short_side", None),
        ("training_hash", "zz" * 32),
        ("provenance", []),
        ("surprise", 1),
    ],
)
def test_a_field_of_the_wrong_type_is_named(field: str, value: object, sound: Path, tmp_path: Path) -> None:
    """A wrong value is refused by the name of its field; an unknown field too."""
    entries = {entry.key: entry.value for entry in onnx.load(sound).metadata_props}
    document = json.loads(entries["florilegium"]) | {field: value}

    assert field in refused(tmp_path / "m.onnx", with_metadata(sound, "florilegium", json.dumps(document)))


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        ('{"0": "rose"}', "expected list"),
        ('["rose", "tulip"]', "3 probabilities for 2 classes"),
        ('["rose", "tulip", 3]', "class name"),
        ('["rose", "tulip", ""]', "class name"),
        ('["rose", "tulip", "tulip"]', "twice"),
        ('["rose", "tulip", "\\u001b]0;owned\\u0007"]', "control characters"),
        ('["rose", "tulip", "\\u202egpj.exe"]', "control characters"),
        ('["rose", "tulip", "' + "x" * 300 + '"]', "characters"),
    ],
)
def test_hostile_class_names_are_refused(classes: str, said: str, sound: Path, tmp_path: Path) -> None:
    """Names must be as many as the outputs, and none may command a terminal or turn its direction around."""
    message = refused(tmp_path / "m.onnx", with_metadata(sound, "classes", classes))

    assert said in message
    assert "\x1b" not in message


def test_an_unknown_metadata_key_is_refused(sound: Path, tmp_path: Path) -> None:
    """Nothing travels in a model file that nobody reads."""
    assert "payload" in refused(tmp_path / "m.onnx", with_metadata(sound, "payload", "x"))


@pytest.mark.parametrize(
    "value", ["[]", '{"words": ["a"]}', '{"words": ["b", "a"], "pieces": []}', '{"words": [1], "pieces": []}']
)
def test_a_hostile_vocabulary_is_refused(value: str, tmp_path: Path) -> None:
    """A vocabulary is two sorted lists of texts, as long as the head's rows."""
    text_model = write_text_model(tmp_path / "t.onnx")

    refused(tmp_path / "m.onnx", with_metadata(text_model, "vocabulary", value))
