"""`predict` answers each input in order, whatever the others are, and stops for none of them."""

import csv
import importlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from florilegium.errors import ModelFileError
from florilegium.model import file
from florilegium.model.inputs import pictures, shown
from florilegium.model.opened import ModelFile
from florilegium.model.predict import Prediction, csv_lines, predict, prediction_dict
from tests.model_making import CLASSES, write_image_model, write_text_model


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    """Give an image model of three classes."""
    return file.open_model(write_image_model(tmp_path_factory.mktemp("image") / "model.onnx"))


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    """Give a text model of three classes."""
    return file.open_model(write_text_model(tmp_path_factory.mktemp("text") / "model.onnx"))


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Give a folder of pictures with sub-folders, hidden files, and things that are no pictures."""
    folder = tmp_path / "album"
    rng = np.random.default_rng(0)
    for name in ("b.png", "a.jpg", "inner/c.PNG", ".hidden/d.png", "__MACOSX/e.png", ".f.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (12, 9, 3), dtype=np.uint8)).save(folder / name)
    (folder / "notes.txt").write_text("no picture")
    (folder / "Thumbs.db").write_bytes(b"x")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    return folder


def names(predictions: Iterator[Prediction] | list[Prediction]) -> list[str]:
    """Give the last part of each input's name."""
    return [Path(said.input).name for said in predictions]


def test_a_folder_gives_its_pictures_in_order(images: ModelFile, album: Path) -> None:
    """Sub-folders are entered; hidden files, links to folders and other files are passed over."""
    assert names(predict(images, [album])) == ["a.jpg", "b.png", "c.PNG"]


def test_a_pattern_gives_what_it_fits(images: ModelFile, album: Path) -> None:
    """A pattern may cross folders, and fits pictures only."""
    assert names(predict(images, [f"{album}/*.png"])) == ["b.png"]
    assert names(predict(images, [f"{album}/**/*"])) == ["a.jpg", "b.png", "c.PNG"]


def test_a_file_whose_name_is_a_pattern_is_that_file(images: ModelFile, album: Path) -> None:
    """A picture called `rose[1].jpg` is found by its name."""
    (album / "a.jpg").rename(album / "rose[1].jpg")

    assert names(predict(images, [album / "rose[1].jpg"])) == ["rose[1].jpg"]


def test_one_bad_input_never_stops_the_rest(images: ModelFile, album: Path) -> None:
    """Bad files, missing ones, addresses and empty folders have their error in their place; the rest is answered."""
    (album / "bad.jpg").write_bytes(b"\xff\xd8\xff" + b"0" * 50)
    (album / "empty").mkdir()
    inputs: list[str | Path] = [
        "https://example.org/a.jpg",
        "none.png",
        album / "b.png",
        album / "bad.jpg",
        album / "a.jpg",
    ]
    inputs += [str(album / "empty"), str(album / "*.tif")]

    said = list(predict(images, inputs, batch=2))

    assert [bool(one.error) for one in said] == [True, True, False, True, False, True, True]
    assert [(one.label is None) == bool(one.error) for one in said] == [True] * 7
    assert "Download" in str(said[0].error)
    assert all(one.error and one.error.endswith(".") for one in said if one.error)


def test_a_folder_that_may_not_be_entered_is_named(
    images: ModelFile, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the system refuses to list has an error, and the next input is answered; an impossible pattern too."""

    def refuse(_: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    said = list(predict(images, [album, f"{album}/**x", album / "b.png"]))

    assert [bool(one.error) for one in said] == [True, True, False]


def test_a_hidden_folder_can_be_asked_for(images: ModelFile, album: Path) -> None:
    """A pattern that names a hidden folder means it; folders that a pattern fits are walked."""
    assert names(predict(images, [f"{album}/.hid*/*.png"])) == ["d.png"]
    assert names(predict(images, [f"{album}/inn*"])) == ["c.PNG"]


def test_a_graph_that_fails_on_a_picture_is_the_model_s_fault(
    images: ModelFile, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When ONNX Runtime gives up halfway, the message speaks of the model file."""

    def give_up(*_: object) -> Iterator[None]:
        raise RuntimeError("bad \x1b[2J node")

    # The package offers a function of the module's name.
    monkeypatch.setattr(importlib.import_module("florilegium.model.predict"), "stream", give_up)

    with pytest.raises(ModelFileError, match=r"its graph fails: bad  \[2J node"):
        list(predict(images, [album]))


def test_only_bad_inputs_are_answered_too(images: ModelFile, tmp_path: Path) -> None:
    """Where nothing can be read every input still has its record; no input, no record."""
    assert [bool(s.error) for s in predict(images, ["http://a/b", str(tmp_path)])] == [True, True]
    assert list(predict(images, [])) == []


def test_answers_are_those_of_the_whole_graph(images: ModelFile, album: Path) -> None:
    """What `predict` says is what the file's own graph gives for the decoded pixels."""
    pixels = np.asarray(Image.open(album / "b.png").convert("RGB"))
    expected, known = images.predict_arrays([pixels])

    (said,) = predict(images, [album / "b.png"], top=3)

    assert dict(said.top) == pytest.approx(dict(zip(CLASSES, expected[0], strict=True)), abs=1e-6)
    assert [p for _, p in said.top] == sorted((p for _, p in said.top), reverse=True)
    assert (said.label, said.probability) == said.top[0]
    assert said.known == known[0]


def test_the_batch_changes_no_answer(images: ModelFile, album: Path) -> None:
    """However many inputs are answered together, each has the same answer."""
    inputs: list[str | Path] = [album, album, "none.png", album]

    assert list(predict(images, inputs, batch=1)) == list(predict(images, inputs, batch=100))


def test_an_endless_list_is_read_as_it_is_answered(images: ModelFile, album: Path) -> None:
    """Inputs that never end are streamed: a few are read ahead, no more."""
    n_read = 0

    def endless() -> Iterator[Path]:
        nonlocal n_read
        while True:
            n_read += 1
            yield album / "b.png"

    answers = predict(images, endless(), batch=4)
    for _ in range(8):
        next(answers)
    del answers

    assert 8 <= n_read < 8 + 8 * 3 * (os.cpu_count() or 1) + 100


def test_progress_counts_what_is_answered(images: ModelFile, album: Path) -> None:
    """A list of inputs has a known total, folders counted; a stream has none."""
    heard: list[tuple[str, int, int | None]] = []
    list(predict(images, [album, album / "b.png"], progress=lambda *said: heard.append(said)))
    list(predict(images, iter([album / "b.png"]), progress=lambda *said: heard.append(said)))

    assert heard == [("pictures", i, 4) for i in (1, 2, 3, 4)] + [("pictures", 1, None)]


def test_a_name_that_is_no_utf8_can_be_printed(images: ModelFile, album: Path) -> None:
    """A file name of any bytes is read, and shown with escapes where it is not UTF-8."""
    name = os.fsdecode(b"ros\xe9.png")
    (album / "b.png").rename(album / name)

    said = list(predict(images, [album]))

    assert [one.error for one in said] == [None] * 3
    assert names(said)[2] == r"ros\xe9.png"
    assert said[2].input.encode()
    assert shown("Rosé 🌹") == "Rosé 🌹"


def test_a_picture_that_is_never_read_is_named(album: Path) -> None:
    """HEIC and SVG files are not passed over in silence."""
    (album / "phone.HEIC").write_bytes(b"\0\0\0\x18ftypheic")

    assert "phone.HEIC" in [Path(entry.name).name for entry in pictures([album])]


def test_texts_are_answered_in_order(texts: ModelFile) -> None:
    """Strings are texts, also those that look like addresses or folders; an empty one has an error."""
    said = list(predict(texts, ["my card", " ", "https://example.org", "/etc", "send money"], batch=2))

    assert [one.input for one in said] == ["my card", " ", "https://example.org", "/etc", "send money"]
    assert [bool(one.error) for one in said] == [False, True, False, False, False]


def test_a_text_file_gives_a_text_a_line(texts: ModelFile, tmp_path: Path) -> None:
    """A .txt file is read line by line, without its byte order mark and its empty lines."""
    path = tmp_path / "my queries.txt"
    path.write_text("\ufeffmy card\r\n\n  send money \n" + "x" * 2_000_000 + "\nlast", encoding="utf-8")

    said = list(predict(texts, [str(path)]))

    assert [one.input[:12] for one in said] == ["my card", "send money", "x" * 12, "last"]
    assert list(predict(texts, [path])) == said


def test_what_should_be_a_text_file_is_never_taken_for_a_text(texts: ModelFile, tmp_path: Path) -> None:
    """A missing .txt file, one that is not UTF-8 and a table are errors, not sentences."""
    (tmp_path / "latin.txt").write_bytes(b"ros\xe9\n")
    (tmp_path / "t.csv").write_text("text\nmy card\n")

    said = list(
        predict(texts, ["missing.txt", tmp_path / "latin.txt", str(tmp_path / "t.csv"), "it is in card.csv now"])
    )

    assert [bool(one.error) for one in said] == [True, True, True, False]
    assert "table" in str(said[2].error)


def test_unknown_words_make_the_model_abstain(texts: ModelFile) -> None:
    """A text without any term that was seen in training has a label and `known: false`."""
    (said,) = predict(texts, ["жжж"])

    assert prediction_dict(said).keys() == {"input", "label", "probability", "top", "known", "why", "similar"}
    assert said.known is False


def test_an_error_document_holds_no_label() -> None:
    """A reader of the JSON can tell an error from an answer by its keys."""
    assert prediction_dict(Prediction(input="a.jpg", error="empty.")) == {"input": "a.jpg", "error": "empty."}


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_a_spreadsheet_runs_no_cell(name: str) -> None:
    """Whatever an input or a class is called, its cell begins with an apostrophe where it could be a formula."""
    lines = "".join(csv_lines([Prediction(input=name, label=name, probability=0.5), Prediction(input=name, error="x")]))
    rows = list(csv.DictReader(lines.splitlines(keepends=True)))

    assert [rows[0]["input"], rows[0]["label"], rows[1]["input"]] == [f"'{name}"] * 3
    assert [row["known"] for row in rows] == ["false", ""]


def test_a_row_says_why_the_model_abstains() -> None:
    """The last column is empty for an answer and names the reason otherwise, as the JSON does."""
    said = [Prediction(input="a.jpg", label="rose", probability=0.5, why=why) for why in (None, "unsure", "strange")]

    rows = list(csv.DictReader("".join(csv_lines(said)).splitlines(keepends=True)))

    assert list(rows[0])[-1] == "why"
    assert [row["why"] for row in rows] == ["", "unsure", "strange"]


def test_csv_comes_back_as_it_was(images: ModelFile, album: Path) -> None:
    """Names with commas, quotes and line breaks survive the table."""
    (album / "b.png").rename(album / 'a, "b"\nc.png')

    said = list(predict(images, [album]))
    rows = list(csv.DictReader("".join(csv_lines(said)).splitlines(keepends=True)))

    assert [row["input"] for row in rows] == [one.input for one in said]
    assert [float(row["probability"]) for row in rows] == pytest.approx([one.probability for one in said], rel=1e-5)
