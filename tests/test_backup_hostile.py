"""An archive may come from a stranger: nothing that it says is believed, and what is refused leaves nothing behind."""

import json
import shutil
import stat
import warnings
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import florilegium
from florilegium.errors import FlorilegiumError, InputError
from florilegium.project import restore
from florilegium.project.backup.manifest import MANIFEST, check_name
from tests.backup_making import SETTINGS, rewritten


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a backup of a small project of texts."""
    folder = tmp_path_factory.mktemp("hostile")
    rows = [f"the {colour} one number {i},{colour}" for i in range(20) for colour in ("red", "blue")]
    (folder / "texts.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    with florilegium.new(folder / "project", folder / "texts.csv") as project:
        return project.backup(folder / "backup.zip").path


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/etc/evil",
        "project/../../evil",
        "project/./x",
        "project//x",
        "project\\..\\evil",
        "project/a:b",
        "project/.florilegium.lock",
        "project/cache/desk.key",
        "project/florilegium.db",
        "project/florilegium.db-wal",
        "project/a\x00b",
        "project/a\nb",
        "project/" + "a" * 256,
        "project/" + "a/" * 20 + "a",
        "record/Items.jsonl",
        "record/sub/items.jsonl",
        "record/items.txt",
        "elsewhere/x",
        "evil",
        "project",
        "",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    """Only plain files in the project's folder, and tables of the record, are a backup's to fill."""
    with pytest.raises(ValueError, match="backup"):
        check_name(name)


def link(archive: zipfile.ZipFile) -> None:
    """Add a symbolic link."""
    info = zipfile.ZipInfo("project/link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(info, "/etc/passwd")


def again(archive: zipfile.ZipFile) -> None:
    """Add a second entry of a name that is there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr(SETTINGS, "seed = 1")


def appended(change: Callable[[zipfile.ZipFile], None], backup: Path, to: Path) -> Path:
    """Copy a backup and add to it."""
    shutil.copy(backup, to)
    with zipfile.ZipFile(to, "a") as archive:
        change(archive)
    return to


def cut(backup: Path, to: Path) -> Path:
    """Give the first half of a backup."""
    to.write_bytes(backup.read_bytes()[: backup.stat().st_size // 2])
    return to


def flipped(backup: Path, to: Path) -> Path:
    """Change one byte in the middle of the largest file."""
    with zipfile.ZipFile(backup) as archive:
        large = max(archive.infolist(), key=lambda info: info.compress_size)
    content = bytearray(backup.read_bytes())
    content[large.header_offset + 200 + large.compress_size // 2] ^= 1
    to.write_bytes(content)
    return to


def claiming(backup: Path, to: Path, n_bytes: int) -> Path:
    """Add a file of zeros of which the manifest says that it has so many bytes."""
    with zipfile.ZipFile(backup) as archive:
        entries = json.loads(archive.read(MANIFEST))["files"]
    entries["project/zeros"] = {"n_bytes": n_bytes, "sha256": "0" * 64}
    to_add: dict[str, Any] = {"files": entries}
    return rewritten(backup, to, add={"project/zeros": bytes(1 << 20)}, honest=False, claims=to_add)


ROW = b'{"id":1,"name":"a","sha256":"aa","metadata":{},"present":true,"added_at":"2026-11-22T12:00:00+00:00"}\n'
LABEL = b'{"id":1,"item_id":9,"who":"a","at":"2026-11-22T12:00:00+00:00","why":"","suggested":false}\n'
HOSTILE: dict[str, tuple[Callable[[Path, Path], Path], str]] = {
    "a link": (partial(appended, link), "link"),
    "two of one name": (partial(appended, again), "two entries"),
    "a half": (cut, "no backup"),
    "a byte": (flipped, "no backup"),
    "a bomb": (partial(claiming, n_bytes=1 << 40), "would unpack to"),
    "another size": (partial(claiming, n_bytes=1000), "not what the manifest says"),
    "a way out": (partial(rewritten, add={"project/../../evil": b"x"}), "no name of a file"),
    "the record itself": (partial(rewritten, add={"project/florilegium.db": b"x"}), "not a place"),
    "unknown table": (partial(rewritten, rows={"users_x": b"{}\n"}), "no table"),
    "unknown column": (partial(rewritten, rows={"items": ROW.replace(b'"id"', b'"di"')}), "no column"),
    "text for a number": (partial(rewritten, rows={"items": ROW.replace(b":1,", b':"1 OR 1",')}), "items.id"),
    "no moment": (partial(rewritten, rows={"items": ROW.replace(b"2026-11-22T", b"yesterday")}), "items.added_at"),
    "no such item": (
        partial(
            rewritten, rows={"placements": b'{"item_id":9,"side":"test","sealed_at":"2026-11-22T12:00:00+00:00"}\n'}
        ),
        "FOREIGN KEY",
    ),
    "no JSON": (partial(rewritten, rows={"items": b"{" * 100 + b"\n"}), "no JSON"),
    "deep JSON": (partial(rewritten, rows={"items": b"[" * 200_000 + b"\n"}), "no JSON"),
    "half a character": (partial(rewritten, rows={"items": ROW.replace(b'"a"', b'"\\ud800"')}), "items.name"),
    "a huge number": (partial(rewritten, rows={"items": ROW.replace(b":1,", b":%d," % (1 << 70))}), "out of range"),
    "version": (partial(rewritten, claims={"tables": "0001; DROP"}), "there is none"),
    "newer": (partial(rewritten, claims={"format": 2}), "newer Florilegium"),
    "newer tables": (partial(rewritten, claims={"tables": "9999"}), "newer Florilegium"),
    "counts": (partial(rewritten, claims={"counts": {"items": 3}}), "not as many"),
    "no list": (partial(rewritten, claims={"files": 3}), "manifest is damaged"),
    "settings": (partial(rewritten, add={SETTINGS: b"seed = 'x"}), "not valid TOML"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_or_damaged_archive_is_refused_whole(kind: str, backup: Path, tmp_path: Path) -> None:
    """Whatever is wrong with it is said, and nothing lies where the project should have been, nor beside it."""
    change, said = HOSTILE[kind]
    given = change(backup, tmp_path / "given.zip")
    with pytest.raises(FlorilegiumError, match=said):
        restore(given, tmp_path / "p")

    assert [path.name for path in tmp_path.iterdir()] == ["given.zip"]


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04" * 100])
def test_what_is_no_archive_is_said(content: bytes, tmp_path: Path) -> None:
    """Any other file, and one that is not there, end with words."""
    (tmp_path / "given.zip").write_bytes(content)
    for name in ("given.zip", "absent.zip"):
        with pytest.raises(InputError, match="backup"):
            restore(tmp_path / name, tmp_path / "p")

    assert not (tmp_path / "p").exists()
