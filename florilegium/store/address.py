"""Read a database's address, and show it without what is secret in it. Path: **store** (used by its database).

Opens nothing. An address is SQLAlchemy's: `sqlite:///file.db` or `postgresql://user@host/database?schema=flowers`.
"""

import re
from dataclasses import dataclass

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from florilegium.errors import SettingError

SCHEMA = "schema"  # our own word in an address: the part of a PostgreSQL database that one project has for itself
DRIVER = "postgresql+psycopg"
POSTGRES = ("postgres", "postgresql", DRIVER)
HIDDEN = "hidden"  # a star would be written as %2A
_SECRET = re.compile("password|passcode|secret|token", re.IGNORECASE)  # words of an address's query
_SCHEMA_NAME = re.compile("(?!pg_|information_schema$)[a-z_][a-z0-9_]{0,62}")
EXPECTED = (
    "expected sqlite:///FILE or postgresql://USER@HOST/DATABASE?schema=NAME. The password may stand in ~/.pgpass or "
    "PGPASSWORD; where it stands in the address, signs like @ and / are written as %40 and %2F"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a project's record lies."""

    url: URL  # as SQLAlchemy opens it
    schema: str | None  # of PostgreSQL; None: the connection's own, mostly "public"

    @property
    def is_file(self) -> bool:
        """Tell whether it is a file of SQLite's."""
        return self.url.get_backend_name() == "sqlite"


def parse(address: str) -> Address:
    """Read an address.

    Raises: SettingError: it is none, or of another kind of database; the message shows no password.
    """
    try:
        url = make_url(address)
    except (ArgumentError, ValueError) as error:
        raise SettingError(f"{shown(address)}: no address of a database; {EXPECTED}.") from error
    schema = url.query.get(SCHEMA)
    url = url.difference_update_query([SCHEMA])
    if url.drivername in POSTGRES and not isinstance(schema, tuple):
        if schema is not None and _SCHEMA_NAME.fullmatch(schema) is None:
            raise SettingError(
                f"schema={schema[:80]!r}: expected a name of a to z, 0 to 9 and _, at most 63 signs, that does not "
                "begin with a digit or pg_."
            )
        return Address(url=url.set(drivername=DRIVER), schema=schema)
    if url.drivername == "sqlite" and schema is None and url.database:  # without a name it would be gone with us
        return Address(url=url, schema=None)
    raise SettingError(f"{shown(address)}: {EXPECTED}.")


def shown(address: str | URL) -> str:
    """Give an address as it may be printed: without passwords, wherever they stand in it.

    >>> shown("postgresql://ann:secret@db.example/flowers?sslpassword=secret&schema=roses")
    'postgresql://ann:***@db.example/flowers?schema=roses&sslpassword=hidden'
    >>> shown("postgresql//ann:secret@db.example")
    'the address of the database'
    """
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        return "the address of the database"  # no telling which part of it is secret
    secret = [name for name in url.query if _SECRET.search(name)]
    return url.update_query_dict(dict.fromkeys(secret, HIDDEN)).render_as_string(hide_password=True)
