"""Keep mail that waits to be sent. Path: cases -> **store** -> project. Sends nothing.

A message is written in the transaction of the step that causes it, so that there is none without its step and no step
without its message. Its key makes it one of a kind: written twice, it is kept once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, func, insert, select, update

from florilegium.store.database import translated, writing
from florilegium.store.recourse_schema import outbox

LEASE = timedelta(minutes=10)  # how long one process has a message to itself while it sends


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One message."""

    key: str  # at most 96 characters; one message per case, occasion and recipient
    recipient: str
    subject: str
    body: str
    id: int = 0  # given by the store
    case_id: int = 0
    at: datetime | None = None
    n_tries: int = 0
    error: str | None = None  # of the last try
    sent_at: datetime | None = None


class Outbox:
    """All mail of one project."""

    def __init__(self, engine: Engine) -> None:
        """Use an engine whose tables are there."""
        self._engine = engine

    def put(self, case_id: int, mails: Sequence[Mail], *, now: datetime) -> None:
        """Add messages about a case; those that are there already stay as they are."""
        with writing(self._engine) as db:
            put(db, case_id, mails, now=now)

    def claim(self, *, now: datetime, most: int = 20) -> tuple[Mail, ...]:
        """Give messages that are due, oldest first, and keep them from other processes for ten minutes."""
        due = (
            select(outbox)
            .where(outbox.c.sent_at.is_(None), outbox.c.next_at.is_not(None), outbox.c.next_at <= now)
            .order_by(outbox.c.id)
            .limit(most)
            .with_for_update(skip_locked=True)
        )
        with writing(self._engine) as db:
            rows = db.execute(due).all()
            if rows:
                mine = outbox.c.id.in_([row.id for row in rows])
                db.execute(update(outbox).where(mine).values(next_at=now + LEASE, n_tries=outbox.c.n_tries + 1))
        return tuple(_mail(row) for row in rows)

    def sent(self, number: int, *, now: datetime) -> None:
        """Record that a message was taken by the mail server."""
        with writing(self._engine) as db:
            db.execute(update(outbox).where(outbox.c.id == number).values(sent_at=now, error=None, next_at=None))

    def failed(self, number: int, error: str, *, next_at: datetime | None) -> None:
        """Record why a message could not be sent, and when to try again; None: never."""
        with writing(self._engine) as db:
            db.execute(update(outbox).where(outbox.c.id == number).values(error=error, next_at=next_at))

    def all(self) -> tuple[Mail, ...]:
        """Give every message, oldest first."""
        with translated(self._engine.url.render_as_string()), self._engine.connect() as db:
            return tuple(_mail(row) for row in db.execute(select(outbox).order_by(outbox.c.id)))

    def n_waiting(self) -> int:
        """Count what is not sent yet, given up or not."""
        query = select(func.count()).select_from(outbox).where(outbox.c.sent_at.is_(None))
        with translated(self._engine.url.render_as_string()), self._engine.connect() as db:
            return int(db.scalar(query) or 0)


def put(db: Connection, case_id: int, mails: Sequence[Mail], *, now: datetime) -> None:
    """Add messages in a transaction that is open already."""
    keys = [mail.key for mail in mails]
    there = set(db.scalars(select(outbox.c.key).where(outbox.c.key.in_(keys)))) if keys else set()
    rows = [
        {
            "case_id": case_id,
            "key": mail.key,
            "at": now,
            "recipient": mail.recipient,
            "subject": mail.subject,
            "body": mail.body,
            "n_tries": 0,
            "next_at": now,
        }
        for mail in mails
        if mail.key not in there
    ]
    if rows:
        db.execute(insert(outbox), rows)


def _mail(row: object) -> Mail:
    return Mail(**{name: getattr(row, name) for name in Mail.__dataclass_fields__})
