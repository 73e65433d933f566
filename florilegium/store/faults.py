"""Turn what a database says into words that name the place and the next step. Path: **store** (used by its database).

Says no password: what is printed is the address without it, and the database's own words never hold it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from florilegium.errors import StorageError
from florilegium.store.address import shown

# What the database says -> what helps; the first that is found counts. SQLite's words, then PostgreSQL's.
CURES = (
    (
        ("disk is full", "disk I/O", "No space left", "could not extend file"),
        "Free some space on that disk and run the command again; what was recorded before is safe.",
    ),
    (
        ("readonly", "unable to open", "read-only"),
        "Check that the folder exists and that you may write to it, or choose another with -p DIR.",
    ),
    (
        ("locked", "lock timeout", "deadlock", "QueuePool"),
        "Another program holds the database; wait for it to finish and run the command again.",
    ),
    (
        ("malformed", "not a database"),
        "The file is damaged: restore it from a backup, or make a new project with florilegium new.",
    ),
    (
        ("password", "authentication failed", "pg_hba.conf"),
        "Check user and password: the address in florilegium.toml or FLORILEGIUM_DATABASE, ~/.pgpass or PGPASSWORD.",
    ),
    (('role "',), "Make that user on the server (createuser NAME), or name another in the address."),
    (('database "',), "Make it first on the server: createdb NAME; or name another in the address."),
    (
        ("permission denied",),
        "Let the user work there: GRANT CREATE ON DATABASE, or GRANT USAGE, CREATE ON SCHEMA, TO that user.",
    ),
    (
        ("no schema has been selected",),
        "Name a schema at the end of the address: ?schema=NAME; it is made where it is missing.",
    ),
    (
        ("starting up", "shutting down", "recovery mode", "not yet accepting"),
        "The server is on its way up or down; try again in a moment. What was acknowledged is safe.",
    ),
    (
        (
            "closed the connection",
            "connection is lost",
            "connection is closed",
            "terminating connection",
            "SSL SYSCALL",
        ),
        "The server went away; try again once it is back. What was acknowledged is safe.",
    ),
    (
        ("refused", "No such file", "failed to resolve", "translate host name", "timeout expired", "unreachable"),
        "No PostgreSQL answers there: start it, or correct host and port in the address.",
    ),
    (
        ("too many clients", "remaining connection slots"),
        "The server has no connection left: close other programs, or raise its max_connections.",
    ),
    (
        ("NUL (0x00)", "\\u0000", "invalid input syntax", "too long for type", "out of range"),
        "PostgreSQL cannot hold this value. Take it out of the source, or keep the record in a file of SQLite's.",
    ),
)
OTHERWISE = "Check the database address in florilegium.toml."


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn what the database driver says into a `StorageError` that names the place and the next step.

    Args: where: the address; its password is hidden.
    """
    try:
        yield
    except (DBAPIError, PoolTimeout) as error:
        cause = " ".join(str(getattr(error, "orig", None) or error).split())
        raise StorageError(f"{shown(where)}: {cause}. {cure(cause)}") from error


def cure(cause: str) -> str:
    """Give the next step for what a database said."""
    return next((said for signs, said in CURES if any(sign in cause for sign in signs)), OTHERWISE)
