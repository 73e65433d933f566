"""Whatever release a record was made by, the next one brings it up to date and no value changes on the way."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from florilegium.errors import InputError, StorageError
from florilegium.store import Store, database
from florilegium.store.rows import put_rows, reflected, snapshot
from florilegium.store.schema import metadata

ROWS = Path(__file__).parent / "migration_rows"
MIGRATIONS = Path(database.__file__).parent / "migrations"
Tables = Mapping[str, Sequence[Mapping[str, Any]]]


def script() -> Config:
    """Give what Alembic needs to know."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


VERSIONS = sorted(each.revision for each in ScriptDirectory.from_config(script()).walk_revisions())


def rows_of(version: str) -> Tables:
    """Give the rows that stand for a release."""
    path = ROWS / f"{version}.json"
    if not path.exists():
        pytest.fail(f"no {path.name} in {ROWS}: its README says how to write the rows of a migration")
    found: Tables = json.loads(path.read_text(encoding="utf-8"))
    return found


def put(url: str, version: str) -> None:
    """Make a record of a release, and bring it up to date."""
    put_rows(url, version, {name: partial(iter, rows) for name, rows in rows_of(version).items()})


def taken(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """Take all rows out."""
    with snapshot(engine) as now:
        return {name: [dict(row) for row in now.rows(name)] for name in now.counts}


def moved(engine: Engine, to: str, *, down: bool = False) -> None:
    """Take tables up or down to a version."""
    config = script()
    with engine.begin() as db:
        config.attributes["connection"] = db
        (command.downgrade if down else command.upgrade)(config, to)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Give an empty database, on either kind."""
    engine = database.bare_engine(database_url)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("version", VERSIONS)
def test_no_value_changes_on_the_way_up(version: str, database_url: str, engine: Engine) -> None:
    """Rows of a release stand in today's tables, value by value, and today's program reads and adds to them."""
    put(database_url, version)
    now = taken(engine)
    for name, rows in rows_of(version).items():
        kept = {key: None for row in rows for key in row}
        as_it_was = [{key: value for key, value in row.items() if key in kept} for row in now[name]]

        assert as_it_was == list(rows), name
    with closing(Store(database_url)) as store:
        card = store.add_model("new", {}, now=store.runs()[0].at)

        assert card.number == 3  # numbered on behind those that were there
        assert len(store.samples()[0]) == 2
        assert [o.k for o in store.ledger()] == [3, 4]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_way_down_gives_what_was_there(version: str, database_url: str, engine: Engine) -> None:
    """A step back to a release and up again loses nothing of what that release knew."""
    put(database_url, version)
    moved(engine, version, down=True)
    back = taken(engine)
    moved(engine, "head")

    assert back == {**{name: [] for name in back}, **{name: list(rows) for name, rows in rows_of(version).items()}}
    assert set(taken(engine)) == set(metadata.tables)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_rows_of_a_release_show_all_that_it_could_hold(version: str, tmp_path: Path) -> None:
    """Each table of that version has a row, and each column a value: what is not there proves nothing."""
    engine = database.bare_engine(f"sqlite:///{tmp_path / 'record.db'}")
    moved(engine, version)
    rows = rows_of(version)
    with engine.connect() as db:
        wanted = {(table.name, column.name) for table in reflected(db) for column in table.columns}

    assert wanted - {(name, key) for name, some in rows.items() for row in some for key in row} == set()


def test_the_newest_migration_is_the_one_that_the_store_expects() -> None:
    """`HEAD` is the last migration, and they stand in one line, each on the one before."""
    scripts = ScriptDirectory.from_config(script())

    assert scripts.get_heads() == [database.HEAD]
    assert VERSIONS[-1] == database.HEAD
    assert [scripts.get_revision(each).down_revision for each in VERSIONS] == [None, *VERSIONS[:-1]]


def test_migrations_build_exactly_the_tables_of_the_schema(database_url: str, engine: Engine) -> None:
    """What Alembic builds and what the schema says are the same: tables, columns, types, indexes, constraints."""
    Store(database_url).close()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, metadata)

    assert differences == []


def test_a_record_of_a_newer_release_is_left_alone(database_url: str, engine: Engine) -> None:
    """An older program says that it is older, and touches nothing."""
    Store(database_url).close()
    with engine.begin() as db:
        db.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(StorageError, match="written by a newer Florilegium"):
        Store(database_url)


def test_rows_go_into_an_empty_place_only(database_url: str) -> None:
    """Where a record is, none is put beside it."""
    put(database_url, VERSIONS[-1])

    with pytest.raises(InputError, match="there is a record already"):
        put(database_url, VERSIONS[-1])
