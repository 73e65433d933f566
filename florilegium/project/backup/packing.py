"""Write a project into one archive while its pages go on. Path: **project** (shell). Changes nothing in the project.

The record is read as it was at one moment; files are only ever added beside it, and no other command runs meanwhile.
"""

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from florilegium import __version__, settings
from florilegium.errors import InputError
from florilegium.project.backup.manifest import (
    MANIFEST,
    PROJECT,
    RECORD,
    ROWS,
    Entry,
    Manifest,
    check_name,
    is_reserved,
)
from florilegium.project.kept import replacing

if TYPE_CHECKING:
    from florilegium.project.project import Project
    from florilegium.store.rows import Snapshot

PACKED = frozenset({".onnx", ".npz", ".png", ".jpg", ".jpeg", ".webp", ".zip", ".apkg", ".gz"})  # hardly get smaller
CHUNK_BYTES = 1 << 20
LEVEL = 6  # of zlib's 9
STEP = "rows and files packed"
Chunks = Iterator[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    """A backup that was written."""

    path: Path
    n_bytes: int
    n_rows: int
    n_files: int
    tables: str  # the version of the tables
    left_out: tuple[str, ...]  # files whose names or kinds no archive carries: links, sockets, odd names
    source: str  # where the items lie, which are not in it


def pack(project: "Project", output: Path) -> BackedUp:
    """Write a backup, whole or not at all.

    Raises: InputError: it would lie in the project's own folder.
    """
    output = output.absolute()
    if output.resolve().is_relative_to(project.folder):
        raise InputError(f"{output}: a backup in the project's folder is lost with it. Choose another place: -o FILE")
    files, left_out = _files(project.folder, record=project.store.file)
    with project.store.snapshot() as record:
        n_rows, n_done = sum(record.counts.values()), 0

        def done(n: int) -> None:
            nonlocal n_done
            n_done += n
            project.progress(STEP, n_done, n_rows + len(files))

        with replacing(output) as beside:
            with zipfile.ZipFile(beside, "w", compresslevel=LEVEL) as archive:
                made = _Packing(archive, done)
                made.settings(project)
                made.files(project.folder, files)
                made.record(record)
                made.manifest(project, record)
            _to_disk(beside)
        output.chmod(0o600)  # answers of people, hashes of passwords: nobody else's business
        _to_disk(output.parent)
    return BackedUp(
        path=output,
        n_bytes=output.stat().st_size,
        n_rows=n_rows,
        n_files=len(files),
        tables=record.version,
        left_out=tuple(left_out),
        source=project.settings.source.location,
    )


class _Packing:
    """Fills an archive, and notes what is in it."""

    def __init__(self, archive: zipfile.ZipFile, done: Callable[[int], None]) -> None:
        self.archive, self.done = archive, done
        self.entries: dict[str, Entry] = {}

    def settings(self, project: "Project") -> None:
        """Pack the settings, without the address of the database: it may hold a password."""
        with tempfile.TemporaryDirectory(prefix="florilegium-") as place:
            source = project.folder
            if project.settings.database:
                source = Path(place)
                settings.write(replace(project.settings, database=""), source)
            self._file(f"{PROJECT}/{settings.FILE_NAME}", source / settings.FILE_NAME)

    def files(self, folder: Path, files: list[Path]) -> None:
        """Pack files of the project's folder."""
        for path in files:
            self._file(f"{PROJECT}/{path.relative_to(folder).as_posix()}", path)
            self.done(1)

    def record(self, record: "Snapshot") -> None:
        """Pack all rows, a file per table."""
        for table in record.counts:
            self._entry(f"{RECORD}/{table}{ROWS}", _lines(record, table, self.done), zipfile.ZIP_DEFLATED)

    def manifest(self, project: "Project", record: "Snapshot") -> None:
        """Pack what all the others are."""
        found = Manifest(
            made_at=project.clock().isoformat(),
            florilegium=__version__,
            project=project.folder.name,
            tables=record.version,
            counts=record.counts,
            files=self.entries,
        )
        self.archive.writestr(MANIFEST, found.as_json(), zipfile.ZIP_DEFLATED)

    def _file(self, name: str, path: Path) -> None:
        kind = zipfile.ZIP_STORED if path.suffix.lower() in PACKED else zipfile.ZIP_DEFLATED
        with path.open("rb") as file:
            self._entry(name, iter(lambda: file.read(CHUNK_BYTES), b""), kind)

    def _entry(self, name: str, chunks: Chunks, kind: int) -> None:
        info = zipfile.ZipInfo(name)
        info.compress_type, info.external_attr = kind, 0o600 << 16
        digest, n_bytes = hashlib.sha256(), 0
        with self.archive.open(info, "w", force_zip64=True) as out:
            for chunk in chunks:
                digest.update(chunk)
                n_bytes += _written(out, chunk)
        self.entries[name] = Entry(n_bytes=n_bytes, sha256=digest.hexdigest())


def _written(out: IO[bytes], chunk: bytes) -> int:
    out.write(chunk)
    return len(chunk)


def _lines(record: "Snapshot", table: str, done: Callable[[int], None]) -> Chunks:
    """Give the rows of a table as JSON lines, many at a time."""
    lines, n_bytes = [], 0
    for row in record.rows(table):
        lines.append(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
        n_bytes += len(lines[-1])
        if n_bytes > CHUNK_BYTES:
            yield b"\n".join([*lines, b""])
            done(len(lines))
            lines, n_bytes = [], 0
    if lines:
        yield b"\n".join([*lines, b""])
        done(len(lines))


def _files(folder: Path, *, record: Path | None) -> tuple[list[Path], list[str]]:
    """Give the files to pack, sorted, and the names of those that cannot be. `record`: the database, packed as rows."""
    found: list[Path] = []
    left_out: list[str] = []
    kept = set() if record is None else {f"{record}{end}" for end in ("", "-wal", "-shm", "-journal")}
    for path in sorted(folder.rglob("*")):  # which follows no link to a folder
        parts = path.relative_to(folder).parts
        is_ours = str(path) in kept or is_reserved(parts) or parts == (settings.FILE_NAME,)
        if is_ours or any(part.startswith(".") for part in parts) or (path.is_dir() and not path.is_symlink()):
            continue
        if _is_packable(path, parts):
            found.append(path)
        else:
            left_out.append("/".join(parts).encode("utf-8", "backslashreplace").decode())
    return found, left_out


def _is_packable(path: Path, parts: tuple[str, ...]) -> bool:
    try:
        check_name("/".join((PROJECT, *parts)))
    except ValueError:
        return False
    return path.is_file() and not path.is_symlink()


def _to_disk(path: Path) -> None:
    """Wait until a file or folder is on the disk itself, so that a power cut leaves no empty backup."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
