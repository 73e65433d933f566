"""Keep who is signed in. Path: report -> **store** -> project. Knows of a cookie only its SHA-256."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, insert, select, update

from florilegium.store.database import translated, writing
from florilegium.store.people import Account, Role
from florilegium.store.people_schema import sessions, users

SEEN_EVERY = timedelta(minutes=1)  # a reader's every click shall not be a write


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who is signed in."""

    user_id: int
    name: str
    key: str
    role: Role
    csrf: str  # stands in every form


class Sessions:
    """All open sessions of one project."""

    def __init__(self, engine: Engine) -> None:
        """Use an engine whose tables are there."""
        self._engine = engine

    def begin(self, token_hash: str, csrf: str, account: Account, *, now: datetime, until: datetime) -> bool:
        """Sign somebody in, and sweep away what is over; False: the account was closed or reset since it was read."""
        row = {"token_hash": token_hash, "user_id": account.id, "csrf": csrf, "created_at": now, "seen_at": now}
        same = (users.c.id == account.id) & (users.c.password_hash == account.password_hash)
        query = select(users.c.id).where(same, users.c.disabled_at.is_(None)).with_for_update()
        with writing(self._engine) as db:
            if db.scalar(query) is None:
                return False
            db.execute(delete(sessions).where(sessions.c.expires_at <= now))
            db.execute(insert(sessions).values(**row, expires_at=until))
            return True

    def find(self, token_hash: str, *, now: datetime, idle: timedelta) -> Session | None:
        """Give who is signed in by a cookie; None: nobody, any more, or the account was closed.

        Args: idle: how long a session lives without a click.
        """
        columns = (sessions.c.seen_at, sessions.c.csrf, users.c.id, users.c.name, users.c.key, users.c.role)
        good = (sessions.c.token_hash == token_hash) & (sessions.c.expires_at > now) & (sessions.c.seen_at > now - idle)
        query = (
            select(*columns).join(users, users.c.id == sessions.c.user_id).where(good, users.c.disabled_at.is_(None))
        )
        with translated(self._engine.url.render_as_string()), self._engine.connect() as db:
            row = db.execute(query).first()
        if row is None:
            return None
        if now - row.seen_at >= SEEN_EVERY:
            with writing(self._engine) as db:
                db.execute(update(sessions).where(sessions.c.token_hash == token_hash).values(seen_at=now))
        return Session(user_id=row.id, name=row.name, key=row.key, role=Role(row.role), csrf=row.csrf)

    def end(self, token_hash: str) -> None:
        """Sign somebody out, here."""
        with writing(self._engine) as db:
            db.execute(delete(sessions).where(sessions.c.token_hash == token_hash))
