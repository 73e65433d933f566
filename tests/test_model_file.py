"""A model file is written whole, is the same for the same model, and answers as the head in Python does."""

import json
import os
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from scipy.special import softmax

from florilegium.errors import ModelFileError, StorageError
from florilegium.features import pixels_encoder
from florilegium.features.stream import Runner
from florilegium.features.text import TextCounts
from florilegium.model import file
from florilegium.model.card import has_control_characters
from florilegium.model.graph import image_graph, scores_part, text_graph
from florilegium.model.weights import scores
from florilegium.source.base import Kind
from tests.model_making import (
    CLASSES,
    NOON,
    TEMPERATURE,
    TEXTS,
    THRESHOLD,
    a_card,
    image_heads,
    text_weights,
    write_image_model,
    write_text_model,
)


def pictures(n: int, *, seed: int = 0) -> list[Any]:
    """Paint n smooth pictures of various sizes, wide and high."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 6, (n, 2))
    coarse = [rng.integers(0, 256, (h, w, 3), dtype=np.uint8) for h, w in sizes]
    return [np.kron(c, np.ones((9, 7, 1), dtype=np.uint8)) for c in coarse]


@pytest.mark.parametrize("head", ["linear", "kernel", "mlp"])
def test_a_file_answers_as_the_numbers_in_python_do(head: str, tmp_path: Path) -> None:
    """Each kind of head gives in the graph what NumPy and SciPy make of its numbers, to 1e-5."""
    model = file.open_model(write_image_model(tmp_path / "m.onnx", head=head))
    shown = pictures(20)
    runner = Runner(pixels_encoder(side=8, gray=True))
    vectors = np.concatenate([runner.embed(runner.fit(picture[None])) for picture in shown])
    expected = softmax(scores(image_heads(64, 3)[head], vectors) / TEMPERATURE, axis=1)

    whole, known = model.predict_arrays(shown)
    from_vectors, known_from_vectors = model.head(vectors)

    assert np.abs(whole - expected).max() < 1e-5
    assert np.abs(from_vectors - expected).max() < 1e-5
    assert (known == (expected.max(axis=1) >= THRESHOLD)).all()
    assert (known == known_from_vectors).all()


def test_a_text_file_answers_as_the_numbers_in_python_do(tmp_path: Path) -> None:
    """The graph weighs counted terms as `tfidf` does, whatever else is in the batch."""
    model = file.open_model(write_text_model(tmp_path / "t.onnx"))
    texts = [*TEXTS, "card card card", "money"]
    vocabulary = TextCounts.learn(TEXTS)
    counts = vocabulary.counts(texts)
    expected = softmax(scores(text_weights(vocabulary), counts) / TEMPERATURE, axis=1)

    together, _ = model.head(counts)
    alone = np.concatenate([model.head(counts[i : i + 1])[0] for i in range(len(texts))])

    assert np.abs(together - expected).max() < 1e-5
    assert np.abs(alone - expected).max() < 1e-5


def test_a_text_of_unknown_words_is_not_known(tmp_path: Path) -> None:
    """Where no term was ever seen the model abstains, however sure its intercept is."""
    model = file.open_model(write_text_model(tmp_path / "t.onnx", threshold=0.0))
    assert model.card.vocabulary is not None

    _, known = model.head(model.card.vocabulary.counts(["where is my card", "жжж"]))

    assert known.tolist() == [True, False]


def test_equal_models_have_equal_bytes(tmp_path: Path) -> None:
    """Graph, card and moment decide every byte of the file."""
    one, two = (write_image_model(tmp_path / name).read_bytes() for name in ("one.onnx", "two.onnx"))

    assert one == two


def test_the_id_is_of_the_model_not_of_what_is_said_about_it(tmp_path: Path) -> None:
    """A verdict, a text or a moment leaves the id; other numbers, classes or words change it."""
    path = write_image_model(tmp_path / "m.onnx")
    first = file.open_model(path).id
    file.add_verdict(path, {"outcome": "better", "n_test": 40}, text="# A model")
    others = [
        write_image_model(tmp_path / "a.onnx", head="mlp"),
        write_image_model(tmp_path / "b.onnx", classes=("aster", "rose", "tulip")),
        write_text_model(tmp_path / "c.onnx"),
    ]
    later = write_image_model(tmp_path / "d.onnx", created=NOON.replace(year=2027))

    judged = file.open_model(path)

    assert (judged.id, judged.card.verdict, judged.card.text) == (
        first,
        {"outcome": "better", "n_test": 40},
        "# A model",
    )
    assert file.open_model(later).id == first
    assert len({first, *(file.open_model(other).id for other in others)}) == 4
    assert re.fullmatch("[0-9a-f]{64}", first)


@pytest.mark.parametrize("kind", ["image", "text"])
def test_a_card_comes_back_as_it_was_written(kind: str, tmp_path: Path) -> None:
    """What was said of a model is read again word by word."""
    said: dict[str, Any] = {
        "provenance": {"source": "Böschung 🌷", "licences": {"MIT": 2}},
        "text": "# Tulips\n<b>&</b>",
    }
    write = write_image_model if kind == "image" else write_text_model

    card = file.open_model(write(tmp_path / "m.onnx", **said)).card

    assert dict(card.provenance) == said["provenance"]
    assert card.text == said["text"]
    assert (card.classes, card.created, card.n_train, card.kind) == (CLASSES, NOON, 90, Kind(kind))
    if card.vocabulary is not None:
        assert card.vocabulary.key == TextCounts.learn(TEXTS).key


def test_other_programs_find_the_classes(tmp_path: Path) -> None:
    """Class names and verdict are JSON in the metadata that every ONNX runtime shows."""
    path = write_image_model(tmp_path / "m.onnx", verdict={"outcome": "better"})

    metadata = onnxruntime.InferenceSession(path).get_modelmeta().custom_metadata_map

    assert json.loads(metadata["classes"]) == list(CLASSES)
    assert json.loads(metadata["verdict"]) == {"outcome": "better"}


def test_the_file_says_what_goes_in_and_out(tmp_path: Path) -> None:
    """Inputs and outputs bear the names and types of the documentation, and old runtimes can read the file."""
    path = write_image_model(tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(path)
    model = onnx.load(path)

    assert [(i.name, i.type, i.shape) for i in session.get_inputs()] == [("image", "tensor(uint8)", ["N", "H", "W", 3])]
    assert [(o.name, o.type) for o in session.get_outputs()] == [
        ("probabilities", "tensor(float)"),
        ("known", "tensor(bool)"),
        ("label", "tensor(int64)"),
    ]
    assert (model.ir_version, model.opset_import[0].version) <= (9, 20)
    assert "embedding" in {name for node in model.graph.node for name in node.output}


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk is full the file that was there stays, and nothing lies beside it."""
    path = write_image_model(tmp_path / "m.onnx")
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        write_image_model(path, head="mlp")

    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["m.onnx"]


def test_a_project_folder_or_a_name_leads_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model is found by its path, by the folder of its project, or by the name of a shipped one."""
    path = write_image_model(tmp_path / "model.onnx")
    shipped = write_image_model(tmp_path / "models" / "flowers20.onnx")
    monkeypatch.setattr(file, "SHIPPED", shipped.parent)

    assert (file.find(path), file.find(tmp_path), file.find("flowers20")) == (path, path, shipped)


def test_an_unknown_name_is_answered_with_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A typing error in a name is met with the name that was meant."""
    monkeypatch.setattr(file, "SHIPPED", write_image_model(tmp_path / "models" / "flowers20.onnx").parent)

    with pytest.raises(ModelFileError, match="shipped models: flowers20"):
        file.find("flower20")
    with pytest.raises(ModelFileError, match="florilegium train"):
        file.find(tmp_path)
    for impossible in ("x" * 5000, "a\0b"):
        with pytest.raises(ModelFileError, match="no such file"):
            file.find(impossible)


def test_vectors_of_another_encoder_are_refused(tmp_path: Path) -> None:
    """A head never answers vectors that it was not trained on."""
    model = file.open_model(write_image_model(tmp_path / "m.onnx"))
    texts = file.open_model(write_text_model(tmp_path / "t.onnx"))

    with pytest.raises(ModelFileError, match="this model takes 64"):
        model.head(np.zeros((2, 65), dtype=np.float32))
    with pytest.raises(ModelFileError, match="numbers per item"):
        texts.head(np.zeros((2, texts.d), dtype=np.float32))
    with pytest.raises(ModelFileError, match="text model"):
        _ = texts.encoder


def test_no_vectors_no_answers(tmp_path: Path) -> None:
    """Nothing asked, nothing said: no rows of k probabilities."""
    model = file.open_model(write_image_model(tmp_path / "m.onnx"))

    assert model.head(np.zeros((0, 64), dtype=np.float32))[0].shape == (0, 3)
    assert model.predict_arrays([])[0].shape == (0, 3)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"classes": ("rose",)}, "2 to"),
        ({"classes": ("rose", "rose", "tulip")}, "twice"),
        ({"classes": ("rose", "\x1b[2Jtulip", "iris")}, "control characters"),
        ({"threshold": 1.5}, "0 to 1"),
        ({"temperature": 0.0}, "above 0"),
        ({"created": datetime(2026, 3, 1)}, "with its zone"),  # noqa: DTZ001 - that is the fault
        ({"training_hash": "abc"}, "64 hex digits"),
        ({"short_side": None}, "short_side"),
        ({"vocabulary": TextCounts(words=("a",), pieces=())}, "vocabulary"),
        ({"provenance": {"share": float("nan")}}, "JSON"),
    ],
)
def test_a_card_with_a_fault_is_not_written(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    """What no reader should trust is not written in the first place; the message names it."""
    with pytest.raises(ModelFileError, match=said):
        write_image_model(tmp_path / "m.onnx", **changes)

    assert list(tmp_path.iterdir()) == []


def test_graph_and_card_must_agree(tmp_path: Path) -> None:
    """A card with other classes, threshold or kind than its graph is refused."""
    encoder = pixels_encoder(side=8, gray=True)
    graph = image_graph(encoder, image_heads(64, 3)["linear"], temperature=TEMPERATURE, threshold=THRESHOLD)
    vocabulary = TextCounts.learn(TEXTS)
    words = replace(a_card(), kind=Kind.TEXT, short_side=None, vocabulary=vocabulary)
    short = TextCounts(words=vocabulary.words[:-1], pieces=vocabulary.pieces)
    texts = text_graph(text_weights(vocabulary), temperature=TEMPERATURE, threshold=THRESHOLD)

    for other, card in [
        (graph, a_card(classes=("rose", "tulip"))),
        (graph, a_card(threshold=0.25)),
        (graph, words),
        (texts, replace(words, vocabulary=short)),
    ]:
        with pytest.raises(ModelFileError, match="disagree"):
            file.write(tmp_path / "m.onnx", other, card)


def test_a_text_head_does_not_fit_pictures() -> None:
    """A head that counts terms cannot be joined to an encoder of pictures."""
    with pytest.raises(ModelFileError, match="text_graph"):
        scores_part(text_weights(TextCounts.learn(TEXTS)))


def test_markup_is_a_name_like_any_other(tmp_path: Path) -> None:
    """A class may be called `<script>`: whoever shows it escapes it; only what commands a terminal is refused."""
    names = ("<script>alert(1)</script>", "a & b", "شقائق")

    assert file.open_model(write_image_model(tmp_path / "m.onnx", classes=names)).classes == names
    assert [has_control_characters(name) for name in (*names, "a\nb", "a\u2028b")] == [False] * 3 + [True] * 2
