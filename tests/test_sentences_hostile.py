"""Folders of sentence encoders that lie: each is run or refused in words, none ends in a traceback."""

import json
import random
import shutil
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from florilegium.errors import ModelFileError
from florilegium.features.sentences import SentenceRunner, needs_torch, sentence_encoder
from florilegium.features.sentences.tensors import read_tensors
from florilegium.project.encoding import export
from tests import sentence_making as making

TEXTS = ["where is my card?", "", "card " * 100]
MISSING = object()
HUGE, INFINITE, NAN = 10**400, float("inf"), float("nan")  # no float holds the first
VALUES: tuple[object, ...] = (
    MISSING, None, True, "16", "x", "\ud800", "a\0b", "y" * 5000, -1, 0, 3, 0.5, HUGE, -HUGE, INFINITE, NAN,
    [], [[]], ["mean_tokens", 7], {}, {"a": {}},
)  # fmt: skip
N_CHANGES = 25  # per file, of thousands
CONFIGS = (
    "config.json",
    "modules.json",
    "sentence_bert_config.json",
    "tokenizer_config.json",
    "config_sentence_transformers.json",
    "1_Pooling/config.json",
    "2_Dense/config.json",
    "tokenizer.json",
)
TENSORS = ("model.safetensors", "2_Dense/model.safetensors")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a sound folder with every file that is read."""
    made = making.write_encoder(tmp_path / "small", dense=5)
    making.write_json(made / "tokenizer_config.json", {"model_max_length": 32})
    making.write_json(made / "1_Pooling" / "config.json", {"pooling_mode": "mean", "pooling_mode_cls_token": False})
    prompts = {"prompts": {"query": "query: "}, "default_prompt_name": "query"}
    making.write_json(made / "config_sentence_transformers.json", prompts)
    told = {**making.config(), "position_embedding_type": "absolute", "is_decoder": False}
    making.write_json(made / "config.json", told)
    return made


def changed(document: Any) -> Iterator[object]:
    """Give the document with one value after the other replaced by each hostile one, down to the leaves."""
    yield from (value for value in VALUES if value is not MISSING)
    for at in list(document) if isinstance(document, dict) else range(len(document)):
        yield from (replaced(document, at, value) for value in VALUES)
        if isinstance(document[at], dict | list):
            yield from (replaced(document, at, inside) for inside in changed(document[at]))


def replaced(document: Any, at: Any, value: object) -> object:
    """Give a copy with another value, or without it."""
    pairs = document.items() if isinstance(document, dict) else enumerate(document)
    kept = [(key, value if key == at else before) for key, before in pairs if key != at or value is not MISSING]
    return dict(kept) if isinstance(document, dict) else [each for _, each in kept]


def some_changed(document: Any, *, seed: str) -> list[object]:
    """Draw some of the changed documents."""
    return random.Random(seed).sample(list(changed(document)), N_CHANGES)  # noqa: S311 - a sample, not a secret


def outcome(folder: Path) -> str:
    """Run the folder; say "run" or "refused"; whatever else is raised is a fault of ours."""
    try:
        needs_torch(folder)
        encoder = sentence_encoder(folder)
        vectors = SentenceRunner(encoder).embed(TEXTS)
    except ModelFileError as error:
        said = str(error)
        return "refused" if "small" in said and len(said) < 1000 else f"refused without where, or at length: {said}"
    assert vectors.shape == (len(TEXTS), encoder.d)
    assert np.isfinite(vectors).all()
    return "run"


def change(path: Path, **values: object) -> None:
    """Change some values of a JSON file."""
    making.write_json(path, {**json.loads(path.read_text()), **values})


@pytest.mark.parametrize("name", CONFIGS)
def test_whatever_the_settings_say_is_run_or_refused(folder: Path, name: str) -> None:
    """Numbers as strings, negative, huge, no numbers, lists, nothing: an answer, or a message that says where."""
    met: Counter[str] = Counter()
    for document in some_changed(json.loads((folder / name).read_text()), seed=name):
        making.write_json(folder / name, document)
        met[outcome(folder)] += 1

    assert met["refused"] > 0
    assert met["refused"] + met["run"] == N_CHANGES


@pytest.mark.parametrize("name", TENSORS)
def test_whatever_the_header_of_tensors_says_is_run_or_refused(folder: Path, name: str) -> None:
    """Sizes, kinds and places of tensors that contradict the file are refused."""
    octets = (folder / name).read_bytes()
    n_header = struct.unpack("<Q", octets[:8])[0]
    for document in some_changed(json.loads(octets[8 : 8 + n_header]), seed=name):
        said = json.dumps(document).encode()
        (folder / name).write_bytes(struct.pack("<Q", len(said)) + said + octets[8 + n_header :])

        assert outcome(folder) in {"run", "refused"}


@pytest.mark.parametrize(
    ("name", "key", "value", "said"),
    [
        ("sentence_bert_config.json", "max_seq_length", "128", 'max_seq_length is "128"; expected a number of tokens'),
        ("sentence_bert_config.json", "max_seq_length", -HUGE, "max_seq_length is -1000"),
        ("sentence_bert_config.json", "max_seq_length", NAN, "max_seq_length is NaN"),
        ("config.json", "hidden_size", INFINITE, "Expected the config.json and model.safetensors of a BERT"),
        ("config.json", "num_hidden_layers", INFINITE, "Expected the config.json"),
        ("config.json", "num_hidden_layers", -1, "-1 layers"),
        ("config.json", "layer_norm_eps", HUGE, "layer_norm_eps is not between 0 and 1"),
        ("1_Pooling/config.json", "pooling_mode", [[]], "pools by"),
        ("1_Pooling/config.json", "pooling_mode", ["mean", "max"], "pools by"),
        ("tokenizer.json", "post_processor", {"type": "TemplateProcessing", "single": [], "pair": []}, "tokenizer"),
    ],
    ids=lambda given: str(given)[:24],
)
def test_the_message_names_the_value(folder: Path, name: str, key: str, value: object, said: str) -> None:
    """What used to end in a traceback is refused by what is wrong and where."""
    change(folder / name, **{key: value})

    with pytest.raises(ModelFileError, match=said):
        sentence_encoder(folder)


@pytest.mark.parametrize("path", ["a\0b", "\ud800", "y" * 5000])
def test_a_path_that_no_folder_can_have_is_refused(folder: Path, path: str) -> None:
    """A module's path with a zero byte, half a character or thousands of them is named, cut short."""
    modules = json.loads((folder / "modules.json").read_text())
    making.write_json(folder / "modules.json", replaced(modules, 0, {**modules[0], "path": path}))

    assert outcome(folder) == "refused"
    with pytest.raises(ModelFileError, match="names no folder"):
        sentence_encoder(folder)


def test_a_tokenizer_that_panics_is_refused(folder: Path) -> None:
    """The library's panic, which is no Exception, and a piece for the unknown that is not there are said in words."""
    made = making.tokenizer()
    template: Any = made["post_processor"]
    template["single"][0]["SpecialToken"]["id"] = "nowhere"
    making.write_json(folder / "tokenizer.json", made)

    with pytest.raises(ModelFileError, match="tokenizer cannot be"):
        sentence_encoder(folder)


def test_numbers_beyond_the_table_of_words_are_refused(folder: Path) -> None:
    """What stands around every text may not point beyond the network's words either."""
    made = making.tokenizer()
    template: Any = made["post_processor"]
    template["special_tokens"]["[SEP]"]["ids"] = [4000]
    making.write_json(folder / "tokenizer.json", made)

    with pytest.raises(ModelFileError, match="do not belong together"):
        sentence_encoder(folder)


def test_half_a_character_in_a_prompt_is_harmless(folder: Path) -> None:
    """JSON can write half a surrogate pair, which no tokenizer takes."""
    change(folder / "config_sentence_transformers.json", prompts={"query": "\ud800 "})

    assert outcome(folder) == "run"


def test_tensors_that_share_bytes_are_refused(tmp_path: Path) -> None:
    """Many names for the same bytes, which would fill the memory, are not read."""
    each = {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}
    said = json.dumps({str(i): each for i in range(1000)}).encode()
    (tmp_path / "model.safetensors").write_bytes(struct.pack("<Q", len(said)) + said + bytes(16))

    with pytest.raises(ModelFileError, match="share bytes"):
        read_tensors(tmp_path / "model.safetensors")


def test_an_exported_folder_that_promises_too_much_is_refused_in_words(folder: Path, tmp_path: Path) -> None:
    """More tokens than the network takes are said when a text has them; a graph of something else when it is read."""
    made = tmp_path / "exported" / "small"
    export(str(folder), made)
    change(made / "sentence_bert_config.json", max_seq_length=500)
    change(made / "florilegium.json", max_tokens=500)
    runner = SentenceRunner(sentence_encoder(made))

    assert runner.embed(["my card"]).shape == (1, 5)
    with pytest.raises(ModelFileError, match="st-small: its network cannot be run on 500 tokens"):
        runner.embed(["card " * 600])

    graph = onnx.load(made / "onnx" / "model.onnx")
    graph.graph.output[0].name = graph.graph.node[-1].output[0] = "logits"
    onnx.save(graph, made / "onnx" / "model.onnx")
    with pytest.raises(ModelFileError, match=r"to logits; beside florilegium\.json expected"):
        sentence_encoder(made)
    shutil.rmtree(made / "onnx")
    with pytest.raises(ModelFileError, match=r"onnx/model\.onnx"):
        sentence_encoder(made)


def test_positions_are_not_counted_from_the_end(folder: Path) -> None:
    """A RoBERTa whose first place is below 0 would silently read other rows of the table."""
    making.write_json(folder / "config.json", {**making.config(), "model_type": "roberta", "pad_token_id": -9})
    with pytest.raises(ModelFileError, match="pad_token_id is -9"):
        sentence_encoder(folder)
