"""`florilegium labels export` and `labels import`, as they are typed."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import florilegium
from florilegium.cli.commands import app
from tests.label_records import labels_of, pictures, project_of, said


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Give the folders of two projects of one source; in the first one people have said things."""
    root = tmp_path_factory.mktemp("labels")
    photos = pictures(root / "photos")
    with project_of(photos, root / "one") as one, project_of(photos, root / "two") as two:
        one.store.label([said("rose/a0.png", "tulip"), said("rose/a1.png", None), said("rose/a2.png", "tulip")])
        two.store.label([said("rose/a0.png", "rose", who="zoe", day=9), said("rose/a2.png", "rose", who="zoe", day=0)])
        two.store.label([said("rose/a1.png", "tulip", who="zoe", day=0)])
    return root / "one", root / "two"


def run(*arguments: str | Path) -> Result:
    """Run a command of the group."""
    return CliRunner().invoke(app, ["labels", *map(str, arguments)])


def document(result: Result) -> Any:
    """Give the JSON document that a command printed."""
    return json.loads(result.stdout)


def test_out_and_in(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """Export says what it wrote, a dry run what would happen, the import what happened and who disagreed."""
    one, two = folders
    out = run("export", tmp_path / "labels.csv", "-p", one)
    dry = run("import", tmp_path / "labels.csv", "-p", two, "--dry-run")
    done = run("import", tmp_path / "labels.csv", "-p", two)
    again = document(run("import", tmp_path / "labels.csv", "-p", two, "--json"))

    assert "labels.csv: 21 label events of 18 items" in out.stdout
    assert "3 label events would be recorded, about 18 items." in dry.stdout
    assert "3 label events recorded, about 18 items." in done.stdout
    assert "18 came with that project's source; this project's source has its own." in done.stdout
    assert "2 labels of people here give way:" in done.stdout
    assert "  rose/a1.png: here 'tulip' (zoe), in the file taken out (ann)\n" in done.stdout
    assert "  rose/a2.png: here 'rose' (zoe), in the file 'tulip' (ann)\n" in done.stdout
    assert "1 labels here go on counting: they are newer, or preferred:" in done.stdout
    assert (again["n_new"], again["n_known"], again["dry_run"]) == (0, 3, False)


def test_json_has_all_of_it(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """One document with counts, both sides of each disagreement, and what was left out."""
    table = tmp_path / "t.csv"
    rows = ["rose/a3.png,tulip,bob,2020-01-01", *(f"no{i}.png,rose,bob," for i in range(12))]
    table.write_text("item,label,who,at\n" + "\n".join(rows) + "\n", encoding="utf-8")
    written = document(run("export", tmp_path / "tasks.json", "-p", folders[0], "--json", "--prefix", "https://h/"))
    told = document(run("import", table, "-p", folders[0], "--partial", "--dry-run", "--json"))
    shown = run("import", table, "-p", folders[0], "--partial", "--dry-run")

    assert written["n_items"] == 18
    assert '"https://h/rose/a0.png"' in (tmp_path / "tasks.json").read_text(encoding="utf-8")
    assert (told["n_new"], len(told["left_out"])) == (1, 12)
    assert told["replaced"] == told["kept"] == []
    assert "and 2 more (--json lists all)" in shown.stdout


def test_a_disagreement_in_json(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """Each side says its label, who and when."""
    table = tmp_path / "t.csv"
    table.write_text("item,label,who,at\nrose/a0.png,rose,bob,2026-06-01\n", encoding="utf-8")
    (both,) = document(run("import", table, "-p", folders[0], "--dry-run", "--json"))["replaced"]

    assert both["item"] == "rose/a0.png"
    assert (both["here"]["label"], both["file"]["label"]) == ("tulip", "rose")
    assert both["file"]["at"] == "2026-06-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("export", "labels.what"), 2, "its ending says nothing"),
        (("import", "none.csv"), 2, "no such file"),
        (("import", "none.csv", "--prefer", "mine"), 2, "--prefer mine: expected newest, here or file"),
    ],
)
def test_a_slip_is_said(
    folders: tuple[Path, Path], tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    """What is wrong goes to standard error, with exit code 2, and the record is as it was."""
    what, file, *more = arguments
    result = run(what, tmp_path / file, "-p", folders[0], *more)

    assert result.exit_code == code
    assert says in result.stderr


def test_a_folder_is_told_about(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """An ImageFolder says that it holds links, and that a removed picture is in it."""
    out = run("export", tmp_path / "pictures", "-p", folders[0])

    assert "The pictures are links to the originals" in out.stdout
    assert "1 picture taken out of the set" in out.stdout


def test_the_import_is_in_the_history_of_the_project(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """What was imported is recorded with the commands of the project."""
    table, folder = tmp_path / "t.csv", shutil.copytree(folders[0], tmp_path / "copy")
    table.write_text("item,label\nrose/a5.png,tulip\n", encoding="utf-8")
    run("import", table, "-p", folder, "--who", "eve")
    with florilegium.load(folder) as opened:
        last = opened.store.runs()[-1]

        assert (last.command, last.details["n_new"]) == ("labels import", 1)
        assert labels_of(opened)["rose/a5.png"] == "tulip"
