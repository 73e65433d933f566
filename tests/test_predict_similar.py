"""`predict --similar`: the training examples that an answer rests on, named where they are at hand."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from florilegium.cli.commands import app
from florilegium.project import Project
from tests import sentence_making
from tests.page_serving import painted, write_colour_model
from tests.query_making import trained_queries

ASKED = "sorry my card was stolen in the app"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a trained project of queries."""
    return trained_queries(tmp_path_factory.mktemp("similar"), promise=False)


def test_json_names_the_training_texts_most_like_a_text(made: Path) -> None:
    """Three training texts come with label, likeness and words, the most similar first, none from the sealed set."""
    result = CliRunner().invoke(app, ["predict", str(made), ASKED, "--similar", "--json"])
    (said,) = json.loads(result.stdout)
    with Project(made) as project:
        holdings = project.holdings()
        trained = {holdings.dataset.names[i] for i in holdings.train.nonzero()[0]}

    assert result.exit_code == 0
    assert [each["label"] for each in said["similar"]] == ["lost_card"] * 3
    assert all("stolen" in each["text"] and each["name"] in trained for each in said["similar"])
    likeness = [each["similarity"] for each in said["similar"]]
    assert likeness == sorted(likeness, reverse=True)
    assert 0.4 < likeness[-1] <= likeness[0] <= 1


def test_the_terminal_shows_them_below_the_answer(made: Path, tmp_path: Path) -> None:
    """Each line of a file of texts has its own examples; without the option there are none."""
    (tmp_path / "asked.txt").write_text(f"{ASKED}\nwhich rate for dollars thanks\n", encoding="utf-8")
    with_them = CliRunner().invoke(app, ["predict", str(made), str(tmp_path / "asked.txt"), "--similar"])
    without = CliRunner().invoke(app, ["predict", str(made), str(tmp_path / "asked.txt")])

    assert with_them.exit_code == 0
    assert with_them.stdout.count("% like lost_card") == 3
    assert with_them.stdout.count("% like exchange_rate") == 3
    assert "stolen" in with_them.stdout.split("% like", 1)[1]
    assert "% like" not in without.stdout


def test_a_model_file_alone_holds_no_texts(made: Path) -> None:
    """Asked of the file, the command says what to name instead."""
    result = CliRunner().invoke(app, ["predict", str(made / "model.onnx"), ASKED, "--similar"])

    assert result.exit_code == 2
    assert "Name the project folder" in result.stderr


def test_a_network_of_sentences_names_its_own_and_the_project_has_their_words(tmp_path: Path) -> None:
    """File and project name the same examples, most like it as the network sees them; the project has their words."""
    encoder = sentence_making.write_encoder(tmp_path / "small")
    folder = trained_queries(tmp_path, promise=False, encoder=f"st:{encoder}", n_each=40)
    alone, at_home = (
        json.loads(CliRunner().invoke(app, ["predict", str(model), ASKED, "--similar", "--json"]).stdout)[0]["similar"]
        for model in (folder / "model.onnx", folder)
    )
    shown = CliRunner().invoke(app, ["predict", str(folder / "model.onnx"), ASKED, "--similar"]).stdout

    assert [each["name"] for each in alone] == [each["name"] for each in at_home]
    assert all("text" not in each for each in alone)
    assert all(each["text"] for each in at_home)
    assert all(each["name"] in shown for each in alone)


def test_no_place_for_them_in_a_table(made: Path) -> None:
    """With --csv the option is refused."""
    result = CliRunner().invoke(app, ["predict", str(made), ASKED, "--similar", "--csv"])

    assert result.exit_code == 2
    assert "Take --json" in result.stderr


def test_pictures_have_them_in_their_file(tmp_path: Path) -> None:
    """A model of pictures names those that its file holds."""
    write_colour_model(tmp_path / "model.onnx")
    (tmp_path / "a.png").write_bytes(painted("rose"))
    result = CliRunner().invoke(app, ["predict", str(tmp_path / "model.onnx"), str(tmp_path / "a.png"), "--similar"])

    assert result.exit_code == 0
    assert "% like rose" in result.stdout
