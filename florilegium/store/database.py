"""Open a database, bring its tables up to date, and translate its faults. Path: report -> **store** -> project."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError

from florilegium.errors import StorageError

HEAD = "0006"  # the newest migration; test_store holds it to the files in migrations/versions
T = TypeVar("T")
BUSY_WAIT_S = 30.0  # how long a writer waits for another before it gives up


def open_engine(url: str) -> Engine:
    """Give an engine whose tables are at the newest version.

    Raises: StorageError: the database cannot be opened, is damaged, or was written by a newer Florilegium.
    """
    choices: dict[str, Any] = {"timeout": BUSY_WAIT_S} if url.startswith("sqlite") else {}
    engine = create_engine(url, connect_args=choices, hide_parameters=True)  # no names and no hashes in any log
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    with translated(url):
        _migrate(engine)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    cursor = connection.cursor()
    # Readers never wait for a writer, and a kill -9 between two statements loses only what was not committed.
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _migrate(engine: Engine) -> None:
    with engine.connect() as connection:
        found = _version(connection)
    if found == HEAD:
        return
    if found is not None and found > HEAD:
        raise StorageError(
            f"{engine.url.render_as_string()}: written by a newer Florilegium (tables {found}, this one knows {HEAD}). "
            "Upgrade the package: pip install --upgrade florilegium"
        )
    # Alembic takes a quarter of a second to load, so only a database that needs it pays for it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            # Python's sqlite3 opens no transaction before CREATE TABLE: without this line a kill -9 half-way
            # leaves tables without a version, which no later start can bring up to date.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        if _version(connection) == HEAD:  # another program did it while this one waited for the lock
            return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Give a connection on which what is read stays true until what is written is there; all or nothing."""
    with translated(engine.url.render_as_string()), engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            # Python's sqlite3 would take the lock only at the first INSERT, after the reading.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection


def once_more(work: Callable[[], T]) -> T:
    """Do a piece of work; where another process wrote the same key at the same moment, do it again and find that.

    Only PostgreSQL lets two writers get so far; SQLite has one at a time.
    """
    try:
        return work()
    except StorageError as error:
        if not isinstance(error.__cause__, IntegrityError):
            raise
        return work()


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: Any = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn what the database driver says into a `StorageError` that names the place and the next step."""
    try:
        yield
    except (OperationalError, DatabaseError) as error:
        cause = str(error.orig)
        raise StorageError(f"{where}: {cause}. {_cure(cause)}") from error


def _cure(cause: str) -> str:
    if "disk is full" in cause or "disk I/O" in cause:
        return "Free some space on that disk and run the command again; what was recorded before is safe."
    if "readonly" in cause or "unable to open" in cause:
        return "Check that the folder exists and that you may write to it, or choose another with -p DIR."
    if "locked" in cause:
        return "Another program holds the database; wait for it to finish and run the command again."
    if "malformed" in cause or "not a database" in cause:
        return "The file is damaged: restore it from a backup, or make a new project with florilegium new."
    return "Check the database address in florilegium.toml."
