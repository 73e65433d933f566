"""Take every row of a record out, and put rows into a new one, on either database. Path: **store** -> project.

Tables are read from the database itself, so rows of any version of the tables can be taken and put. A column without a
value is left out of its row; JSON's own null is a value. No row is changed, and none is put where rows are already.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import JSON, Column, Connection, Engine, MetaData, Table, Text, cast, func, insert, select, text

from florilegium.errors import InputError
from florilegium.store.address import parse, shown
from florilegium.store.database import HEAD, bare_engine, take_turn, translated, upgrade, version
from florilegium.store.plain import from_plain, to_plain
from florilegium.store.schema import Moment

Row = Mapping[str, Any]
N_AT_ONCE = 1000  # rows
ALEMBIC = "alembic_version"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A record as it was at one moment, while its `with` block lasts; others write on meanwhile."""

    version: str  # of the tables
    counts: Mapping[str, int]  # rows per table, in the order in which they can be put back
    rows: Callable[[str], Iterator[Row]]  # of a table, by its key


@contextmanager
def snapshot(engine: Engine) -> Iterator[Snapshot]:
    """Hold one moment of a record."""
    with translated(shown(engine.url)), engine.connect() as db:
        if db.dialect.name == "sqlite":
            db.exec_driver_sql("BEGIN")  # from the first SELECT on it sees one moment, and stops no writer
        else:
            db.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        found = version(db)
        if found is None:
            raise InputError(f"{shown(engine.url)}: no record is kept there. Check the address.")
        tables = {table.name: table for table in reflected(db)}
        counts = {name: int(db.scalar(select(func.count()).select_from(each)) or 0) for name, each in tables.items()}
        yield Snapshot(version=found, counts=counts, rows=lambda name: _rows(db, tables[name]))


def put_rows(url: str, at: str, rows: Mapping[str, Callable[[], Iterable[Row]]]) -> None:
    """Make the tables of version `at`, put these rows into them, bring them up to date; all or nothing.

    Args: url: of a database without tables.  rows: per table.
    Raises: InputError: there are tables already.  ValueError: a row does not fit its table, or the version is newer.
    """
    if at > HEAD:
        raise ValueError(f"it is of a newer Florilegium (tables {at}, this one knows {HEAD}): pip install --upgrade it")
    engine = bare_engine(url)
    try:
        with translated(url), engine.begin() as db:
            take_turn(db, parse(url).schema)
            if version(db) is not None:
                raise InputError(
                    f"{shown(url)}: there is a record already. Name an empty place: a new file, or on PostgreSQL a "
                    "schema that does not exist yet (?schema=NAME)."
                )
            upgrade(db, at)
            tables = {table.name: table for table in reflected(db)}
            if unknown := rows.keys() - tables.keys():
                raise ValueError(f"{min(unknown)}: no table of version {at}")
            for name, table in tables.items():
                _put(db, table, rows[name]() if name in rows else ())
            upgrade(db)
    finally:
        engine.dispose()


def reflected(db: Connection) -> list[Table]:
    """Give the tables that a database has, each after those that it points to."""
    found = MetaData()
    found.reflect(db)
    for table in found.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, JSON):
                column.type = JSON(none_as_null=True)  # a missing value and JSON's null are two things
            elif column.type.python_type.__name__ == "datetime":
                column.type = Moment()
    return [table for table in found.sorted_tables if table.name != ALEMBIC]


def _rows(db: Connection, table: Table) -> Iterator[Row]:
    # JSON as the text that it is: the driver would give None for a missing value and for JSON's null alike.
    columns = [cast(c, Text).label(c.name) if isinstance(c.type, JSON) else c for c in table.columns]
    query = select(*columns).order_by(*table.primary_key.columns)
    for row in db.execution_options(yield_per=N_AT_ONCE).execute(query):
        yield {
            column.name: json.loads(value) if isinstance(column.type, JSON) else to_plain(column.type, value)
            for column, value in zip(table.columns, row, strict=True)
            if value is not None
        }


def _put(db: Connection, table: Table, rows: Iterable[Row]) -> None:
    columns, coming = list(table.columns), iter(rows)
    names = {column.name for column in columns}
    while some := list(islice(coming, N_AT_ONCE)):
        if unknown := {name for row in some for name in row} - names:
            raise ValueError(f"{table.name}: no column {min(unknown)!r}")
        db.execute(insert(table), [{column.name: from_plain(column, row) for column in columns} for row in some])
    _count_on(db, table, columns)


def _count_on(db: Connection, table: Table, columns: list[Column[Any]]) -> None:
    """Let PostgreSQL number new rows behind those that brought their numbers along."""
    if db.dialect.name != "postgresql":
        return
    for column in columns:
        sequence = db.scalar(
            text("SELECT pg_get_serial_sequence(quote_ident(:t), :c)"), {"t": table.name, "c": column.name}
        )
        newest = db.scalar(select(func.max(column))) if sequence else None
        if newest is not None:
            db.execute(text("SELECT setval(CAST(:s AS regclass), :n)"), {"s": sequence, "n": newest})
