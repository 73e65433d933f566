"""A folder is written whole or not at all, and what others keep in it is safe."""

import json
from pathlib import Path

import pytest

from florilegium.errors import SettingError, StorageError
from florilegium.export.folder import MARKER, write_folder

FILES = {"index.html": b"<p>one", "sub/app.js": b"1", "gone.js": b"2"}


def tree(folder: Path) -> dict[str, bytes]:
    """Give all files below a folder but our list of them."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != MARKER
    }


def test_a_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    """All files are there, others may read the folder, and nothing else is left lying about."""
    write_folder(tmp_path / "a" / "site", FILES, kind="static")

    assert tree(tmp_path / "a" / "site") == FILES
    assert (tmp_path / "a" / "site").stat().st_mode & 0o777 == 0o755
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["site"]


def test_the_list_in_the_folder_names_what_is_ours(tmp_path: Path) -> None:
    """Anyone can check the files: the list holds the SHA-256 of each."""
    write_folder(tmp_path / "site", {"a": b""}, kind="static")
    listed = json.loads((tmp_path / "site" / MARKER).read_text())

    assert listed["kind"] == "static"
    # The SHA-256 of nothing, FIPS 180-4.
    assert listed["files"] == {"a": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}


def test_a_folder_that_is_not_an_export_is_refused(tmp_path: Path) -> None:
    """Somebody's photos are never written over by a slip of the hand."""
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "index.html").write_text("mine")

    with pytest.raises(SettingError, match=r"holds 'index\.html' and is no earlier export"):
        write_folder(folder, FILES, kind="static")
    assert tree(folder) == {"index.html": b"mine"}


def test_force_writes_beside_what_is_there(tmp_path: Path) -> None:
    """With --force files of the same names are replaced; all others stay, links and empty folders too."""
    folder = tmp_path / "pages"
    (folder / ".git" / "refs").mkdir(parents=True)
    (folder / ".git" / "HEAD").write_text("ref")
    (folder / "CNAME").write_text("flowers.example")
    (folder / "index.html").write_text("old")
    (folder / "link").symlink_to("CNAME")

    write_folder(folder, FILES, kind="static", force=True)

    assert tree(folder) == FILES | {
        ".git/HEAD": b"ref",
        "CNAME": b"flowers.example",
        "link": b"flowers.example",
    }
    assert (folder / "link").is_symlink()
    assert (folder / ".git" / "refs").is_dir()


def test_an_earlier_export_is_replaced(tmp_path: Path) -> None:
    """Files of the last export that are no longer needed go; what was added or changed by hand stays."""
    folder = tmp_path / "site"
    write_folder(folder, FILES | {"notes.txt": b"ours"}, kind="static")
    (folder / "CNAME").write_text("flowers.example")
    (folder / "notes.txt").write_text("changed by hand")

    write_folder(folder, {"index.html": b"<p>two"}, kind="static")

    assert tree(folder) == {"index.html": b"<p>two", "CNAME": b"flowers.example", "notes.txt": b"changed by hand"}
    assert [p.name for p in tmp_path.iterdir()] == ["site"]


def test_an_export_of_another_kind_is_refused(tmp_path: Path) -> None:
    """A page does not end up in a folder for Binder."""
    write_folder(tmp_path / "site", FILES, kind="binder")

    with pytest.raises(SettingError, match="no earlier export of this kind"):
        write_folder(tmp_path / "site", FILES, kind="static")


@pytest.mark.parametrize("marker", ["", "[]", "{}", '{"kind": "static", "files": []}', "\xff"])
def test_a_damaged_list_protects_the_folder(tmp_path: Path, marker: str) -> None:
    """A folder whose list cannot be read is nobody's to replace."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / MARKER).write_text(marker, encoding="latin-1")

    with pytest.raises(SettingError, match="no earlier export"):
        write_folder(tmp_path / "site", FILES, kind="static")


def test_a_failure_leaves_the_old_folder_as_it_was(tmp_path: Path) -> None:
    """The new folder takes the old one's place when it is complete, and not before."""
    folder = tmp_path / "site"
    write_folder(folder, FILES, kind="static")

    with pytest.raises(StorageError, match="File name too long"):
        write_folder(folder, {"index.html": b"new", "x" * 300: b""}, kind="static")
    assert tree(folder) == FILES
    assert [p.name for p in tmp_path.iterdir()] == ["site"]


def test_a_place_that_cannot_be_a_folder_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file, a place below a file, and the folder one stands in are refused with what to do."""
    (tmp_path / "file").write_text("mine")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SettingError, match="a file; expected a folder"):
        write_folder(tmp_path / "file", FILES, kind="static")
    with pytest.raises(StorageError, match="file/site: "):
        write_folder(tmp_path / "file" / "site", FILES, kind="static")
    with pytest.raises(SettingError, match="the folder you are in"):
        write_folder(Path(), FILES, kind="static")
    assert (tmp_path / "file").read_text() == "mine"
