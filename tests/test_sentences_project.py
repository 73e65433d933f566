"""A project of texts whose encoder is a network: trained, judged, answered, fine-tuned, exported."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import florilegium
from florilegium import model as models
from florilegium.cli.commands import app
from florilegium.errors import ModelFileError, SettingError
from florilegium.model import guard
from florilegium.project import Project
from florilegium.project.tuning import TuneWish
from tests import sentence_making as making

runner = CliRunner()


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Let torch use one core: two threads that wait for each other on tiny products cost a hundred times more."""
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a small encoder."""
    return making.write_encoder(tmp_path_factory.mktemp("encoder") / "small")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, encoder: Path) -> Project:
    """Give a trained project of 150 queries of three kinds."""
    folder = tmp_path_factory.mktemp("project")
    texts, labels = making.queries(150)
    with (folder / "q.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *zip(texts, labels, strict=True)])
    made = florilegium.new(folder / "p", folder / "q.csv", encoder=f"st:{encoder}")
    made.train()
    return made


def test_the_whole_way(project: Project) -> None:
    """Trained, judged and reported like any project; the model is one file with the tokenizer's rules inside."""
    verdict = project.verdict()
    opened = models.open_model(project.model_path)

    assert verdict.model.accuracy > 0.8
    assert project.report().path.is_file()
    assert opened.card.tokenizer is not None
    assert opened.card.vocabulary is None
    assert opened.card.strangeness_limit is not None
    assert len(opened.card.exemplars) > 0


def test_the_file_alone_answers_as_the_project_did(project: Project, tmp_path: Path) -> None:
    """Moved elsewhere, without the encoder's folder, the file gives the answers of the cached vectors."""
    moved = tmp_path / "moved.onnx"
    moved.write_bytes(project.model_path.read_bytes())
    opened, holdings = models.open_model(moved), project.holdings()
    texts = holdings.texts(np.flatnonzero(holdings.test))
    cached = opened.answers(next(iter(holdings.survey.encoded.values())).vectors[holdings.test])

    np.testing.assert_allclose(opened.answers_of_texts(texts or ()).probabilities, cached.probabilities, atol=1e-5)


def test_predict_tells_what_is_like_it(project: Project) -> None:
    """Lines and texts are answered in order, each with the training texts most like it; an empty one is an error."""
    given = ["where is my card", "", "top up failed money"]
    done = runner.invoke(app, ["predict", str(project.model_path), *given, "--json"])
    said = json.loads(done.stdout)

    assert [each["input"] for each in said] == given
    assert said[0]["label"] == "lost_card"
    assert len(said[0]["similar"]) == 3
    assert "error" in said[1]


def test_what_came_over_a_wire_has_its_embedding(project: Project) -> None:
    """The vector that is kept with a live answer is what the training texts' vectors are compared with."""
    opened = models.open_model(project.model_path)
    (said,) = models.predict_texts(opened, ["where is my card"])
    survey = next(iter(project.holdings().survey.encoded.values()))

    assert said.vector is not None
    assert said.vector.shape == (survey.vectors.shape[1],)
    again = np.asarray(opened.vectors_of_texts(["where is my card"]))[0]
    assert np.allclose(said.vector, again, atol=1e-5)


def test_a_damaged_tokenizer_is_refused(project: Project, tmp_path: Path) -> None:
    """Metadata of another kind are refused when the file is opened."""
    model = guard.read(project.model_path)
    for entry in model.metadata_props:
        if entry.key == "tokenizer":
            entry.value = json.dumps({"tokenizer": 5, "max_tokens": 32, "lowercase": False, "prefix": ""})
    (tmp_path / "bad.onnx").write_bytes(model.SerializeToString())

    with pytest.raises(ModelFileError, match="'tokenizer'"):
        models.open_model(tmp_path / "bad.onnx")


def test_an_encoder_of_texts_reads_no_pictures(encoder: Path, tmp_path: Path) -> None:
    """The wish is refused in words where items are pictures."""
    with pytest.raises(SettingError, match="these items are pictures"):
        florilegium.new(tmp_path / "d", "digits", encoder=f"st:{encoder}").train()


def test_the_encoder_is_exported_in_bytes(project: Project, encoder: Path, tmp_path: Path) -> None:
    """The folder runs by itself, is smaller, and the cost of bytes is measured on the project with a range."""
    export, measured = ["encoder", "export", "--json"], ["--int8", "-p", str(project.folder)]
    said = json.loads(runner.invoke(app, [*export, str(encoder), "-o", str(tmp_path / "b"), *measured]).stdout)
    again = json.loads(runner.invoke(app, [*export, str(tmp_path / "b"), "-o", str(tmp_path / "c")]).stdout)

    assert said["cosine"] > 0.98
    assert said["difference"]["low"] <= said["accuracy"][0] - said["accuracy"][1] <= said["difference"]["high"]
    assert not list((tmp_path / "b").rglob("*.safetensors"))
    assert again["n_bytes"] > 0


def test_a_folder_of_other_things_is_not_overwritten(encoder: Path, tmp_path: Path) -> None:
    """Export refuses a folder that it did not write."""
    (tmp_path / "mine.txt").write_text("precious")
    done = runner.invoke(app, ["encoder", "export", str(encoder), "-o", str(tmp_path)])

    assert done.exit_code == 2
    assert (tmp_path / "mine.txt").read_text() == "precious"


@pytest.mark.usefixtures("one_thread")
def test_fine_tuning_says_its_cost_and_goes_on_after_a_kill(project: Project, tmp_path: Path) -> None:
    """The cost is said first; a killed training goes on from its checkpoint to the same result; bytes are refused."""
    from florilegium.features.sentences import small, with_trunk
    from florilegium.model import finetune
    from florilegium.project.side import training_side
    from florilegium.project.tuning import sentence_task

    holdings = project.holdings()
    side = training_side(project, holdings)
    (encoder,) = holdings.choice.encoders
    x = holdings.survey.encoded[encoder.key].vectors[side.rows]
    task = sentence_task(holdings, side, encoder, x)  # type: ignore[arg-type]  # fields by name
    task = replace(task, folds=np.minimum(task.folds, 1))
    plan = finetune.SentencePlan(epochs=2, batch=8)
    whole = finetune.tuned_on_texts(task, plan, kept=tmp_path / "a")

    killed: list[int] = []

    def kill(_step: str, done: int, _total: int | None) -> None:
        killed.append(done)
        if done >= 55:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        finetune.tuned_on_texts(task, plan, kept=tmp_path / "b", progress=kill)
    taken_up = finetune.tuned_on_texts(task, plan, kept=tmp_path / "b")

    assert "min on this CPU" in str(finetune.sentence_forecast(task, plan, device="cpu"))
    np.testing.assert_allclose(taken_up.scores, whole.scores, atol=1e-4)
    np.testing.assert_allclose(taken_up.head.coef, whole.head.coef, atol=1e-4)
    in_bytes = with_trunk(task.encoder, small(task.encoder.trunk), name="b", source="t")
    with pytest.raises(SettingError, match="bytes, which cannot be trained"):
        finetune.tuned_on_texts(replace(task, encoder=in_bytes), plan)


@pytest.mark.usefixtures("one_thread")
def test_a_fine_tuned_encoder_is_kept_only_where_it_is_better(project: Project) -> None:
    """`train --finetune` compares with the frozen head on the same held-out texts, and says so either way."""
    result = project.train(TuneWish(epochs=1))
    record = result.record.card["fine_tuning"]

    assert {"forecast", "difference", "kept", "p_value"} <= record.keys()
    assert any("fine-tun" in note.lower() for note in result.notes)
    assert models.open_model(project.model_path).answers_of_texts(["where is my card"]).known.shape == (1,)
