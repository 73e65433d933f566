"""A backup holds a project whole, goes into either database, is checked before it is believed, overwrites nothing."""

import json
import signal
import stat
import subprocess
import sys
import threading
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from florilegium.cli.commands import app
from florilegium.dataset import LabelEvent
from florilegium.errors import InputError, ProjectBusy
from florilegium.project import Project, restore
from florilegium.project.lock import only_command
from florilegium.store import Store
from tests.backup_making import SETTINGS, rewritten
from tests.desk_making import trained_project
from tests.test_store_migrations import VERSIONS, rows_of, taken


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a trained project with a report and a model of its own; tests that change it work on copies."""
    folder = tmp_path_factory.mktemp("backup")
    trained_project(folder)
    with Project(folder / "project") as project:
        project.report()
        project.relabel("red/005.png", "blue", who="ann", why="it is 🌷 blue")
    return folder / "project"


@pytest.fixture(scope="module")
def backup(made: Path) -> Path:
    """Give a backup of that project."""
    with Project(made) as project:
        return project.backup(made.parent / "backup.zip").path


def record_of(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Take all rows out of a project's record, the commands that were run left aside."""
    with Project(folder) as project:
        rows = taken(project.store._engine)
    return {name: each for name, each in rows.items() if name != "runs"}


def files_of(folder: Path) -> dict[str, bytes]:
    """Give the files of a project that are neither its record nor its cache."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    kept = {name for name in found if not name.startswith((".", "cache/", "florilegium.db"))}
    return {name: found[name].read_bytes() for name in kept}


def test_what_was_backed_up_comes_back(made: Path, backup: Path, tmp_path: Path) -> None:
    """Settings, each row, models and reports are as they were, and the project goes on from there."""
    result = restore(backup, tmp_path / "again")
    with Project(tmp_path / "again") as project:
        status = project.status()
        verdict = project.verdict()

    assert files_of(made).keys() >= {"florilegium.toml", "model.onnx", "report.html", "audit.html"}
    assert {name for name in files_of(made) if name.startswith("models/")}
    assert result.n_files == len(files_of(made)) - 1  # the settings are counted as such
    assert result.has_source
    assert status.model is not None
    assert verdict.n_test > 0
    restored, before = record_of(tmp_path / "again"), record_of(made)
    assert restored.pop("openings") != before.pop("openings")  # the verdict just now
    assert restored == before


def test_a_backup_is_for_its_owner_alone(backup: Path, made: Path) -> None:
    """Nobody else may read it, and it has neither the database's file nor what can be computed again."""
    names = zipfile.ZipFile(backup).namelist()

    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert [name for name in names if "florilegium.db" in name or "cache" in name or "/." in name] == []
    assert (made / "cache").is_dir()


def test_from_sqlite_to_postgresql_and_back(backup: Path, postgres_url: str, tmp_path: Path) -> None:
    """A project moves to PostgreSQL by backup and restore, is worked on there, and moves back; no row is lost."""
    there = restore(backup, tmp_path / "there", database=postgres_url)
    with Project(tmp_path / "there") as project:
        project.relabel("red/006.png", "green", who="bob")
        project.train()
        back = project.backup(tmp_path / "back.zip").path
    restore(back, tmp_path / "home")

    assert there.database.startswith("postgresql://")
    assert not (tmp_path / "there" / "florilegium.db").exists()
    assert record_of(tmp_path / "home") == record_of(tmp_path / "there")
    assert (tmp_path / "home" / "florilegium.db").is_file()
    with zipfile.ZipFile(back) as archive:
        assert b"postgresql" not in archive.read(SETTINGS)


def test_a_taken_database_is_left_alone(backup: Path, postgres_url: str, tmp_path: Path) -> None:
    """Where a record is kept already, nothing is put beside it, and no folder is made."""
    restore(backup, tmp_path / "one", database=postgres_url)
    with pytest.raises(InputError, match="there is a record already"):
        restore(backup, tmp_path / "two", database=postgres_url)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["one"]


def test_nothing_is_overwritten(backup: Path, made: Path, tmp_path: Path) -> None:
    """A folder with anything in it is refused; one that is empty is taken."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "note.txt").write_text("mine")
    (tmp_path / "empty").mkdir()
    restore(backup, tmp_path / "empty")
    for taken_folder in (tmp_path / "full", made, backup):
        with pytest.raises(InputError, match="nothing is overwritten"):
            restore(backup, taken_folder)

    assert (tmp_path / "full" / "note.txt").read_text() == "mine"


def test_a_backup_lies_elsewhere(made: Path) -> None:
    """In the folder that it saves it would be lost with it."""
    with Project(made) as project, pytest.raises(InputError, match="lost with it"):
        project.backup(made / "models" / "backup.zip")


def test_a_backup_waits_for_no_training_half_done(made: Path, tmp_path: Path) -> None:
    """While another command works on the project it is refused with that command's name, and leaves no file."""
    with Project(made) as project, only_command(made, "train"), pytest.raises(ProjectBusy, match="florilegium train"):
        project.backup(tmp_path / "backup.zip")

    assert list(tmp_path.iterdir()) == []


def test_labels_given_meanwhile_are_whole_or_absent(database_url: str, made: Path, tmp_path: Path) -> None:
    """Somebody labels while a backup is taken: it holds the first n of their labels, none without its judgement."""
    plain = tmp_path / "plain.zip"
    with Project(made) as project:
        project.backup(plain)
    restore(plain, tmp_path / "p", database=database_url)
    stop = threading.Event()

    def label() -> None:
        with closing(Store(database_url)) as store:
            i = 0
            while not stop.is_set():
                at = store.runs()[0].at
                store.label([LabelEvent(name="red/005.png", label=str(i), who="w", at=at, why="test")])
                i += 1

    worker = threading.Thread(target=label)
    worker.start()
    try:
        with Project(tmp_path / "p") as project:
            for n in range(3):
                project.backup(tmp_path / f"{n}.zip")
    finally:
        stop.set()
        worker.join()
    for n in range(3):
        restore(tmp_path / f"{n}.zip", tmp_path / f"r{n}")
        with Project(tmp_path / f"r{n}") as project:
            said = [e.label for e in project.store.label_events() if e.who == "w"]

        assert said == [str(i) for i in range(len(said))]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_backup_of_an_older_release_is_brought_up_to_date(version: str, backup: Path, tmp_path: Path) -> None:
    """Rows of tables as they were then become rows of today's."""
    rows = {name: "".join(json.dumps(row) + "\n" for row in some).encode() for name, some in rows_of(version).items()}
    old = rewritten(backup, tmp_path / "old.zip", rows=rows, claims={"tables": version})
    restore(old, tmp_path / "p")
    with Project(tmp_path / "p") as project:
        names = [s.name for s in project.store.samples()[0]]

    assert names == ["roses/001.jpg", "x'; DROP TABLE items; --"]


KILLED = """
import os, signal, sys
from pathlib import Path
from florilegium.project import Project, restore
def progress(step, done, total):
    if step == sys.argv[1] and done >= total * float(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[1] == "rows and files packed":
    Project(Path(sys.argv[3]), progress=progress).backup(sys.argv[4])
else:
    restore(sys.argv[3], sys.argv[4], progress=progress)
"""


@pytest.mark.parametrize(
    ("step", "share"), [("rows and files packed", 0.5), ("files unpacked", 0.5), ("rows put back", 1.0)]
)
def test_kill_9_leaves_nothing_that_looks_whole(
    step: str, share: float, made: Path, backup: Path, tmp_path: Path
) -> None:
    """Killed half-way there is no backup and no project, and the same command succeeds afterwards."""
    packs = step == "rows and files packed"
    given, target = (made, tmp_path / "new.zip") if packs else (backup, tmp_path / "p")
    killed = [sys.executable, "-c", KILLED, step, str(share), str(given), str(target)]
    done = subprocess.run(killed, check=False)
    left = [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")]
    if packs:
        with Project(made) as project:
            project.backup(target)
    else:
        restore(backup, target)

    assert done.returncode == -signal.SIGKILL
    assert left == []
    assert target.exists()


def test_both_commands_speak_json(made: Path, tmp_path: Path) -> None:
    """A program reads what was written, where, and what was left out."""
    (made / "models" / "link").symlink_to("/etc/passwd")
    try:
        written = CliRunner().invoke(app, ["backup", "-p", str(made), "-o", str(tmp_path / "b.zip"), "--json"])
    finally:
        (made / "models" / "link").unlink()
    back = CliRunner().invoke(app, ["restore", str(tmp_path / "b.zip"), str(tmp_path / "p"), "--json"])
    refused = CliRunner().invoke(app, ["restore", str(tmp_path / "b.zip"), str(tmp_path / "p"), "--json"])

    assert json.loads(written.stdout)["left_out"] == ["models/link"]
    assert json.loads(back.stdout)["n_rows"] == json.loads(written.stdout)["n_rows"]
    assert (written.exit_code, back.exit_code, refused.exit_code) == (0, 0, 2)
    assert json.loads(refused.stdout)["error"]["kind"] == "InputError"
