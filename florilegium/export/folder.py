"""Write a folder of files whole or not at all, and leave what others keep in it. Path: model -> **export**.

The new folder is made beside the old one and takes its place when it is complete. A list in it says which files are
ours, so that a later export replaces those and nothing else: a `.git` or a `CNAME` stays.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from florilegium import __version__
from florilegium.errors import SettingError, StorageError
from florilegium.types import Progress, silent

MARKER = "florilegium-export.json"  # what is ours in the folder
TELL_EVERY = 64  # files between two words of progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A file that lies elsewhere and is large: a link to it, or a copy of it, goes into the folder."""

    path: Path
    sha256: str
    link: bool

    @property
    def mark(self) -> str:
        """Say by what it will be known again as ours: where the link leads, or the contents."""
        return f"link to {self.path.absolute()}" if self.link else self.sha256


def write_folder(
    folder: Path,
    files: Mapping[str, bytes | Placed],
    *,
    kind: str,
    force: bool = False,
    progress: Progress = silent,
) -> None:
    """Make `folder` hold these files; an earlier export of the same kind is replaced.

    Args:
        folder: made if missing, its parents too.
        files: name below the folder (with / between parts) -> content.
        kind: what is exported: "static", "binder", "container", "imagefolder".
        force: write into a folder that holds other things; files of the same names are replaced, all others stay.
    Raises: SettingError: the folder cannot be taken.  StorageError: it cannot be written.
    """
    try:
        target = folder.resolve()
        kept = _kept(folder, target, files, kind=kind, force=force)
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            _fill(beside, files, kind, progress)
            for entry in kept:
                _carry(target / entry, beside / entry)
            _take_the_place(beside, target)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except OSError as error:
        raise StorageError(
            f"{folder}: {error.strerror or error}. Make room, or choose a folder that you may write to."
        ) from error


def _kept(folder: Path, target: Path, files: Mapping[str, bytes | Placed], *, kind: str, force: bool) -> list[str]:
    """Name what stays in the folder; refuse a folder that is not ours to write."""
    if not target.exists():
        return []
    if not target.is_dir():
        raise SettingError(f"{folder}: a file; expected a folder. Name another one: -o site/")
    if Path.cwd().is_relative_to(target) or os.path.ismount(target):
        raise SettingError(f"{folder}: the folder you are in, or a whole disk. Name a folder in it: -o {folder}/site")
    present = sorted(p.relative_to(target).as_posix() for p in _leaves(target))
    ours = _ours(target, kind)
    if present and ours is None and not force:
        raise SettingError(
            f"{folder}: holds {present[0]!r} and is no earlier export of this kind. Name another folder, or add "
            "--force: files of the same names are replaced, all others stay."
        )
    return [name for name in present if name not in files and not _is_ours(target / name, (ours or {}).get(name))]


def _leaves(folder: Path) -> list[Path]:
    """Find all that is no folder, and folders that are empty."""
    return [p for p in folder.rglob("*") if p.is_symlink() or not p.is_dir() or not any(p.iterdir())]


def _ours(target: Path, kind: str) -> dict[str, str] | None:
    """Give the files of the earlier export with their hashes; None: the folder is none of this kind."""
    try:
        document = json.loads((target / MARKER).read_text(encoding="utf-8"))
        listed = document["files"] if document["kind"] == kind else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return {**listed, MARKER: ""} if isinstance(listed, dict) else None


def _is_ours(path: Path, mark: str | None) -> bool:
    """Tell whether a file is one that we wrote and that nobody has changed since."""
    if mark is None:
        return False
    if path.is_symlink():
        return mark == f"link to {path.readlink()}"
    if not path.is_file():
        return False
    return path.name == MARKER or hashlib.sha256(path.read_bytes()).hexdigest() == mark


def _fill(folder: Path, files: Mapping[str, bytes | Placed], kind: str, progress: Progress) -> None:
    listed = {
        name: content.mark if isinstance(content, Placed) else hashlib.sha256(content).hexdigest()
        for name, content in sorted(files.items())
    }
    marker = json.dumps({"florilegium": __version__, "kind": kind, "files": listed}, indent=1) + "\n"
    for number, (name, content) in enumerate({**files, MARKER: marker.encode()}.items(), 1):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, Placed):
            _write(path, content)
        elif content.link:
            path.symlink_to(content.path.absolute())
        else:
            shutil.copyfile(content.path, path)
        if number % TELL_EVERY == 0:
            progress("files written", number, len(files) + 1)
    folder.chmod(0o755)  # mkdtemp makes it readable by its owner only; a web server is another user


def _write(path: Path, octets: bytes) -> None:
    with path.open("wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())


def _carry(source: Path, target: Path) -> None:
    """Give a file of the old folder a second name in the new one, or copy it where the disk knows no second names."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir() and not source.is_symlink():
        target.mkdir()
        return
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def _take_the_place(new: Path, target: Path) -> None:
    if not target.exists():
        new.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent))
    target.rename(old)  # an empty folder may be replaced by another
    try:
        new.rename(target)
    except BaseException:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
