"""Open a database, bring its tables up to date, and write in turn. Path: report -> **store** -> project.

SQLite lets one writer in at a time. PostgreSQL does the same here, by a lock of the project's own that ends with its
transaction: so what is read stays true until what is written is there, and numbers rise in the order of the commits.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import IntegrityError

from florilegium.errors import StorageError
from florilegium.store.address import Address, parse, shown
from florilegium.store.faults import translated

__all__ = [
    "HEAD",
    "bare_engine",
    "once_more",
    "open_engine",
    "take_turn",
    "translated",
    "upgrade",
    "version",
    "writing",
]

HEAD = "0006"  # the newest migration; test_store holds it to the files in migrations/versions
T = TypeVar("T")
BUSY_WAIT_S = 30.0  # how long a writer waits for another before it gives up
CONNECT_WAIT_S = 10
NEWEST = "head"

# One writer at a time per schema; `schema` is NULL where the connection's own is meant.
_IN_TURN = text(
    "SELECT pg_advisory_xact_lock(hashtext('florilegium'), hashtext(coalesce(:schema, current_schema(), '')))"
)


def open_engine(url: str) -> Engine:
    """Give an engine whose tables are at the newest version.

    Raises: StorageError: the database cannot be opened, is damaged, or was written by a newer Florilegium.
        SettingError: the address is none.
    """
    engine = bare_engine(url)
    try:
        with translated(url):
            _migrate(engine, parse(url).schema)
    except BaseException:
        engine.dispose()
        raise
    return engine


def bare_engine(url: str) -> Engine:
    """Give an engine of a database as it is: nothing is made, nothing brought up to date.

    Raises: SettingError: the address is none.  StorageError: the driver is not installed.
    """
    address = parse(url)
    if address.is_file:
        engine = create_engine(address.url, connect_args={"timeout": BUSY_WAIT_S}, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    try:
        engine = create_engine(
            address.url,
            hide_parameters=True,  # no names and no hashes in any log
            pool_pre_ping=True,  # a connection that the server let go of is made anew before it is used
            pool_timeout=BUSY_WAIT_S,
            connect_args={"connect_timeout": CONNECT_WAIT_S},
        )
    except ImportError as error:
        raise StorageError(f"{shown(url)}: PostgreSQL needs a driver: pip install 'florilegium[postgres]'") from error
    _prepare_postgres(engine, address)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    cursor = connection.cursor()
    # Readers never wait for a writer, and a kill -9 between two statements loses only what was not committed.
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _prepare_postgres(engine: Engine, address: Address) -> None:
    path = address.schema

    def prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - psycopg may be missing where this is read
        connection.execute("SELECT set_config('lock_timeout', %s, false)", (f"{int(BUSY_WAIT_S)}s",))
        # A server that acknowledges before it has written would lose what people were told is kept.
        connection.execute("SELECT set_config('synchronous_commit', 'on', false)")
        if path is not None:
            connection.execute("SELECT set_config('search_path', %s, false)", (f'"{path}"',))
        connection.commit()

    event.listen(engine, "connect", prepare, insert=True)  # before SQLAlchemy asks which schema is the default


def _migrate(engine: Engine, schema: str | None) -> None:
    with engine.connect() as connection:
        found = version(connection)
    if found == HEAD:
        return
    if found is not None and found > HEAD:
        raise StorageError(
            f"{shown(engine.url)}: written by a newer Florilegium (tables {found}, this one knows {HEAD}). "
            "Upgrade the package: pip install --upgrade florilegium"
        )
    with engine.begin() as connection:
        take_turn(connection, schema)
        if version(connection) != HEAD:  # else another program did it while this one waited for its turn
            upgrade(connection)


def take_turn(connection: Connection, schema: str | None = None) -> None:
    """Wait until no other writes to this project; the turn ends with the transaction. A missing schema is made."""
    if connection.dialect.name == "sqlite":
        # Python's sqlite3 opens no transaction before CREATE TABLE or SELECT, and takes the lock at the first INSERT
        # only: without this line a kill -9 half-way leaves tables without a version.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return
    connection.execute(_IN_TURN, {"schema": schema})
    if schema is not None and not inspect(connection).has_schema(schema):
        connection.exec_driver_sql(f'CREATE SCHEMA "{schema}"')  # `address.parse` lets plain names through only


def upgrade(connection: Connection, to: str = NEWEST) -> None:
    """Bring the tables up to a version, within the connection's transaction."""
    # Alembic takes a quarter of a second to load, so only a database that needs it pays for it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Give a connection on which what is read stays true until what is written is there; all or nothing."""
    with translated(_shown(engine.url)), engine.begin() as connection:
        take_turn(connection)
        yield connection


_shown = lru_cache(maxsize=64)(shown)  # it is put together anew for each transaction, and seldom needed


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


def version(connection: Connection) -> str | None:
    """Give the version of the tables; None: there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: Any = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)
