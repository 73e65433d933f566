"""Make a project of a backup, in a new folder and an empty database. Path: **project** (shell). Overwrites nothing.

Everything is made beside the folder and takes its place in the end; what breaks off leaves no project.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from florilegium import settings
from florilegium.errors import InputError, StorageError
from florilegium.project.backup.manifest import PROJECT, Manifest
from florilegium.project.backup.unpacking import refused, unpack
from florilegium.project.founding import make_folder
from florilegium.store import shown
from florilegium.store.rows import Row, put_rows
from florilegium.types import Progress, silent

STEP = "rows put back"
LONGEST_ROW_BYTES = 256 << 20  # the largest that a row may hold is a picture of 20 MB
N_TOLD = 1000  # rows between two words about them


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A project that was made of a backup."""

    folder: Path
    database: str  # as it may be shown
    made_at: str  # when the backup was made
    n_rows: int
    n_files: int
    source: str  # where the items lie, which were not in it
    has_source: bool  # is it there on this machine?


def restore(file: str | Path, folder: str | Path, *, database: str = "", progress: Progress = silent) -> Restored:
    """Make a project in `folder` of a backup; its record goes into `database`, or into a file in the folder.

    Raises: InputError: something is in the folder or the database already; the file is no backup, damaged or hostile.
    """
    file, folder = Path(file), Path(folder).absolute()
    if folder.is_symlink() or (folder.exists() and not (folder.is_dir() and not any(folder.iterdir()))):
        raise InputError(f"{folder}: something is there already, and nothing is overwritten. Choose a new folder.")
    make_folder(folder.parent)
    try:
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.restoring-", dir=folder.parent))
    except OSError as error:
        raise StorageError(f"{folder.parent}: {error.strerror}. Choose a folder that you may write to.") from error
    try:
        found = unpack(file, beside, progress=progress)
        made, address = _settings(beside / PROJECT, database)
        n_rows = _rows(file, beside, found, address, progress)
        (beside / PROJECT).chmod(0o755)
        (beside / PROJECT).rename(folder)  # onto nothing, or onto an empty folder
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return Restored(
        folder=folder,
        database=shown(made.address(folder)),
        made_at=found.made_at,
        n_rows=n_rows,
        n_files=len(found.files) - len(found.tables_kept) - 1,  # without the settings
        source=made.source.location,
        has_source=Path(made.source.location).exists() or "/" not in made.source.location,
    )


def _settings(place: Path, database: str) -> tuple[settings.Settings, str]:
    """Give the settings with the new address in them, and where the record goes."""
    made = settings.read(place)
    if database or made.database:  # the backup's own address, where somebody wrote one in, is not ours
        made = replace(made, database=database)
        settings.write(made, place)
    return made, made.address(place)


def _rows(file: Path, beside: Path, found: Manifest, address: str, progress: Progress) -> int:
    """Put all rows into the database; give how many."""
    counted: dict[str, int] = {}
    total, n_done = sum(found.counts.values()), 0

    def read(table: str, path: Path) -> Iterator[Row]:
        nonlocal n_done
        counted[table] = 0
        with path.open("rb") as lines:
            while line := lines.readline(LONGEST_ROW_BYTES):
                row = _row(line, table)
                counted[table] += 1
                n_done += 1
                if n_done % N_TOLD == 0:
                    progress(STEP, n_done, total)
                yield row
        if counted[table] != found.counts.get(table):
            raise ValueError(f"{table}: {counted[table]:,} rows, and not as many as the manifest says")

    kept = {table: partial(read, table, beside / name) for table, name in found.tables_kept.items()}
    with refused(file):
        put_rows(address, found.tables, kept)
    progress(STEP, total, total)
    return n_done


def _row(line: bytes, table: str) -> Row:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{table}: a row is no JSON ({error})") from error
    if not isinstance(row, dict):
        raise ValueError(f"{table}: a row is no object")  # noqa: TRY004 - the archive is at fault, not the program
    return row
