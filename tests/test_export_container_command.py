"""The commands `florilegium export binder` and `florilegium export container` write their folders and say so."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from florilegium.cli.commands import app
from tests.model_making import write_image_model

KINDS = [["binder", "--repo", "ada/flowers"], ["container"], ["container", "--space"]]


def run(*arguments: str | Path) -> tuple[int, str, str]:
    """Run the program; give exit code, standard output and standard error."""
    done = CliRunner().invoke(app, ["export", *map(str, arguments)])
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize("kind", KINDS, ids=" ".join)
def test_the_folder_and_its_readme_are_named(kind: list[str], tmp_path: Path) -> None:
    """The command ends by naming the folder and the README that tells what to do with it."""
    model = write_image_model(tmp_path / "garden.onnx")
    code, said, _ = run(*kind, model, "-o", tmp_path / "out")

    assert code == 0
    assert str(tmp_path / "out" / "README.md") in said.replace("\n", "")
    assert (tmp_path / "out" / "README.md").is_file()


@pytest.mark.parametrize("kind", KINDS, ids=" ".join)
def test_json_is_the_only_thing_on_standard_output(kind: list[str], tmp_path: Path) -> None:
    """With --json one document says folder, number of files and bytes, as they lie on the disk."""
    model = write_image_model(tmp_path / "garden.onnx")
    code, said, _ = run(*kind, model, "-o", tmp_path / "out", "--json")
    sizes = [p.stat().st_size for p in (tmp_path / "out").iterdir() if p.name != "florilegium-export.json"]

    assert code == 0
    assert json.loads(said) == {"folder": str(tmp_path / "out"), "n_files": len(sizes), "n_bytes": sum(sizes)}


def test_a_wrong_repository_is_the_readers_to_correct(tmp_path: Path) -> None:
    """A --repo that is none ends with exit code 2, an example, and no folder."""
    model = write_image_model(tmp_path / "garden.onnx")
    code, _, said = run("binder", model, "-o", tmp_path / "out", "--repo", "flowers")

    assert code == 2
    assert "--repo ada/flowers" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", ["binder", "container"])
def test_a_folder_of_other_things_is_left_alone(kind: str, tmp_path: Path) -> None:
    """A folder that holds something else is refused; with --force what is there stays."""
    model = write_image_model(tmp_path / "garden.onnx")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.txt").write_text("mine")

    assert run(kind, model, "-o", tmp_path / "mine")[0] == 2
    assert run(kind, model, "-o", tmp_path / "mine", "--force")[0] == 0
    assert (tmp_path / "mine" / "diary.txt").read_text() == "mine"
