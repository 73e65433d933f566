"""Where a new project may live: a folder, and a database that holds no other. Path: **project** (shell)."""

from contextlib import closing
from pathlib import Path

from florilegium import settings
from florilegium.errors import InputError, ProjectMissing, StorageError
from florilegium.store import Store, shown


def make_folder(folder: Path) -> None:
    """Make a project's folder, where it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror}. Choose a folder that you may write to.") from error


def refuse_taken(address: str, *, own: Path) -> None:
    """Refuse a database that another project keeps its record in: the two would share items, labels and openings.

    Args: own: the new project's folder; a database inside of it, or that its settings name already, is its own.
    Raises: InputError: the database is taken.
    """
    if address in {f"{settings.FILE_ADDRESS}{own / settings.DATABASE_NAME}", _address_of(own)}:
        return
    with closing(Store(address)) as store:
        if not store.is_empty():
            raise InputError(
                f"{shown(address)}: another project keeps its record there. Give each project a database of its own, "
                "or on PostgreSQL a schema of its own, made where it is missing: add ?schema=NAME to the address "
                "(&schema=NAME behind other options)."
            )


def _address_of(folder: Path) -> str | None:
    """Give where the project of a folder keeps its record; None: there is no project yet."""
    try:
        return settings.read(folder).address(folder)
    except ProjectMissing:
        return None
