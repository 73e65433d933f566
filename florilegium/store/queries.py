"""Keep written queries, every step taken with them, and the replies in use. Path: report -> **store** -> project.

A step, what it changes and the label that it gives are written together or not at all. Sent twice, a step is kept once;
taken on what is no longer true, it is refused.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, insert, select, update

from florilegium.errors import InputError
from florilegium.queries import Reply
from florilegium.store.database import translated, writing
from florilegium.store.judgements import Overtaken
from florilegium.store.query_schema import queries, query_events, replies
from florilegium.store.schema import items, labels
from florilegium.store.tickets import ticket_hash

ITEM_PREFIX = "query/"  # of items that queries became; the rest is the beginning of their hash


class QueryState(StrEnum):
    """How far a query has come."""

    WAITING = "waiting"  # for a person
    AUTOMATIC = "automatic"  # answered without one
    ANSWERED = "answered"  # by a person
    CLOSED = "closed"  # put away without an answer


class QueryStep(StrEnum):
    """What happened to a query."""

    RECEIVED = "received"
    AUTOMATIC = "automatic"  # answered by the model
    SENT = "sent"  # answered by a person
    HANDED = "handed"  # handed over to another person
    NAMED = "named"  # given an intent without an answer
    DRAFTED = "drafted"  # a draft of the reply was asked for
    CLOSED = "closed"
    ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One written query and where it stands."""

    at: datetime  # aware, UTC
    text: str  # "": erased
    model_id: str
    said: str  # the model's intent, also where it abstains
    probability: float  # 0..1, calibrated
    known: bool  # False: the model abstained
    top: tuple[tuple[str, float], ...]
    state: QueryState = QueryState.WAITING
    handed: bool = False  # a person is asked for
    language: str = ""
    name: str = ""  # how the asker wants to be addressed
    may_learn: bool = True
    prediction_id: int | None = None
    ticket_hash: str = ""
    intent: str | None = None  # what a person says it is
    reply: str | None = None  # what the asker was told last
    item: str | None = None
    forgotten_at: datetime | None = None
    n_events: int = 0
    id: int = 0  # given by the store

    @property
    def is_from_machine(self) -> bool:
        """Tell whether what the asker was told last went out without a person: who answers says the intent, too."""
        return self.reply is not None and self.intent is None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryEvent:
    """One step."""

    kind: QueryStep
    at: datetime
    who: str  # "": the asker, or the model
    key: str  # sent twice, kept once
    details: Mapping[str, Any] = field(default_factory=dict)
    n: int = 0  # given by the store


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """The label that a step gives, and what the person knew."""

    label: str
    why: str
    suggested: bool  # was the model's intent in sight?
    suggestion: str | None


class Queries:
    """All queries of one project."""

    def __init__(self, engine: Engine) -> None:
        """Use an engine whose tables are there."""
        self._engine = engine

    def add(self, given: Query, events: Sequence[QueryEvent]) -> Query:
        """Record a query with its first steps; one whose ticket is known is given as it stands."""
        with writing(self._engine) as db:
            if (there := _find(db, queries.c.ticket_hash == given.ticket_hash)) is not None:
                return there
            row = _row(given) | {"n_events": len(events)}
            key = db.execute(insert(queries).values(**row)).inserted_primary_key
            number = int(key[0]) if key else 0
            db.execute(insert(query_events), [_event_row(e, number, n) for n, e in enumerate(events, 1)])
        return replace(given, id=number, n_events=len(events))

    def step(self, number: int, event: QueryEvent, *, seen: int, taught: Taught | None = None, **changes: Any) -> Query:
        """Take a step; one with the same key is not taken again.

        Args: seen: `n_events` when the person looked.  taught: makes the text an item with this label.
            changes: of state, handed, intent, reply.
        Raises: Overtaken: somebody took a step since.  InputError: no such query, or it was erased.
        """
        with writing(self._engine) as db:
            found = _find(db, queries.c.id == number, lock=True)
            if found is None or found.forgotten_at is not None:
                raise InputError("This query is not here any more. Load the page again.")
            if db.scalar(select(query_events.c.id).where(query_events.c.key == event.key)) is not None:
                return found
            if found.n_events != seen:
                raise Overtaken(_overtaken(db, found))
            item = found.item if taught is None or not found.may_learn else _teach(db, found, event, taught)
            db.execute(insert(query_events).values(**_event_row(event, number, seen + 1)))
            values = {**changes, "n_events": seen + 1, "item": item}
            row = {name: value.value if isinstance(value, QueryState) else value for name, value in values.items()}
            db.execute(update(queries).where(queries.c.id == number).values(**row))
        return replace(found, **values)

    def by_ticket(self, ticket: str) -> Query | None:
        """Give the query that a ticket belongs to, or None."""
        with self._reading() as db:
            return _find(db, queries.c.ticket_hash == ticket_hash(ticket))

    def by_id(self, number: int) -> Query | None:
        """Give one query, or None."""
        with self._reading() as db:
            return _find(db, queries.c.id == number)

    def waiting(self, *, most: int, after: tuple[bool, int] | None = None) -> tuple[Query, ...]:
        """Give queries that wait for a person: those handed over first, the oldest first among each.

        Args: after: (handed, id) of the last one on the page before.
        """
        query = select(queries).where(queries.c.state == QueryState.WAITING.value)
        if after is not None:
            handed, number = after
            later = (queries.c.handed == handed) & (queries.c.id > number)
            query = query.where(later | ~queries.c.handed if handed else later)
        return self._all(query.order_by(queries.c.handed.desc(), queries.c.id).limit(most))

    def done(self, *states: QueryState, most: int, before: int | None = None) -> tuple[Query, ...]:
        """Give queries in these states, the newest first. Args: before: the last id on the page before."""
        query = select(queries).where(queries.c.state.in_([state.value for state in states]))
        if before is not None:
            query = query.where(queries.c.id < before)
        return self._all(query.order_by(queries.c.id.desc()).limit(most))

    def unnamed(self, *, most: int) -> tuple[Query, ...]:
        """Give the newest queries on which the model abstained, and that nobody gave an intent or put away."""
        without = (
            ~queries.c.known
            & queries.c.intent.is_(None)
            & queries.c.forgotten_at.is_(None)
            & (queries.c.state != QueryState.CLOSED.value)
        )
        return self._all(select(queries).where(without).order_by(queries.c.id.desc()).limit(most))

    def counts(self) -> dict[QueryState, int]:
        """Count the queries per state."""
        query = select(queries.c.state, func.count()).group_by(queries.c.state)
        with self._reading() as db:
            found = {QueryState(state): int(n) for state, n in db.execute(query)}
        return {state: found.get(state, 0) for state in QueryState}

    def events(self, number: int) -> tuple[QueryEvent, ...]:
        """Give every step of a query, oldest first."""
        query = select(query_events).where(query_events.c.query_id == number).order_by(query_events.c.n)
        with self._reading() as db:
            return tuple(_event(row._mapping) for row in db.execute(query))

    def items(self) -> frozenset[str]:
        """Name the items that queries became: people had seen what the model says of them."""
        with self._reading() as db:
            return frozenset(db.scalars(select(queries.c.item).where(queries.c.item.is_not(None))))

    def of_prediction(self, number: int) -> Query | None:
        """Give the query that an answer was given to, or None: it was a picture."""
        with self._reading() as db:
            return _find(db, queries.c.prediction_id == number)

    def automatic(self) -> dict[int, bool]:
        """Tell, for the number of each live answer to a query, whether it went out without a person."""
        sent = select(query_events.c.query_id).where(query_events.c.kind == QueryStep.AUTOMATIC.value)
        query = select(queries.c.prediction_id, queries.c.id.in_(sent)).where(queries.c.prediction_id.is_not(None))
        with self._reading() as db:
            return {number: bool(is_sent) for number, is_sent in db.execute(query)}

    # Replies

    def replies(self) -> tuple[Reply, ...]:
        """Give the replies in use, by intent and language."""
        query = select(replies).where(replies.c.retired_at.is_(None)).order_by(replies.c.intent, replies.c.language)
        with self._reading() as db:
            return tuple(
                Reply(intent=row.intent, text=row.text, language=row.language, values=row.links)
                for row in db.execute(query)
            )

    def put_replies(self, given: Sequence[Reply], *, who: str, now: datetime) -> None:
        """Take replies into use in place of all that were; the old ones stay in the record."""
        rows = [
            {
                "intent": one.intent,
                "language": one.language,
                "text": one.text,
                "links": dict(one.values or {}),
                "who": who,
                "at": now,
            }
            for one in given
        ]
        with writing(self._engine) as db:
            db.execute(update(replies).where(replies.c.retired_at.is_(None)).values(retired_at=now))
            if rows:
                db.execute(insert(replies), rows)

    def _all(self, query: Any) -> tuple[Query, ...]:  # noqa: ANN401 - an SQLAlchemy statement
        with self._reading() as db:
            return tuple(_query(row._mapping) for row in db.execute(query))

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with translated(self._engine.url.render_as_string()), self._engine.connect() as db:
            yield db


def _find(db: Connection, condition: Any, *, lock: bool = False) -> Query | None:  # noqa: ANN401 - an SQLAlchemy condition
    query = select(queries).where(condition)
    # The row is locked on PostgreSQL; SQLite holds the whole database already.
    row = db.execute(query.with_for_update() if lock else query).first()
    return None if row is None else _query(row._mapping)


def _query(row: Mapping[Any, Any]) -> Query:
    names = Query.__dataclass_fields__.keys() - {"state", "top"}
    top = tuple((str(intent), float(probability)) for intent, probability in row["top"])
    return Query(state=QueryState(row["state"]), top=top, **{name: row[name] for name in names})


def _row(given: Query) -> dict[str, Any]:
    names = Query.__dataclass_fields__.keys() - {"id", "state", "top"}
    row = {name: getattr(given, name) for name in names}
    return row | {"state": given.state.value, "top": [list(each) for each in given.top]}


def _event_row(event: QueryEvent, number: int, n: int) -> dict[str, Any]:
    return {
        "query_id": number,
        "n": n,
        "kind": event.kind.value,
        "at": event.at,
        "who": event.who,
        "key": event.key,
        "details": dict(event.details),
    }


def _event(row: Mapping[Any, Any]) -> QueryEvent:
    names = QueryEvent.__dataclass_fields__.keys() - {"kind"}
    return QueryEvent(kind=QueryStep(row["kind"]), **{name: row[name] for name in names})


def _overtaken(db: Connection, found: Query) -> str:
    last = db.execute(
        select(query_events).where(query_events.c.query_id == found.id).order_by(query_events.c.n.desc()).limit(1)
    ).first()
    who = (last.who if last is not None else "") or "the model"
    return f"{who} took this query up meanwhile; nothing was recorded. Look at it again and decide anew."


def erase_queries(
    db: Connection,
    of: Select[tuple[int]],
    *,
    now: datetime,
    take_out: Callable[[Connection, int, datetime], object] | None,
) -> None:
    """Erase text, name, reply and what was written about the queries of these answers; that they were stays counted.

    Args: take_out: takes the item that a query became out of the set; None: what the model may learn from stays.
    """
    mine = queries.c.prediction_id.in_(of) & queries.c.forgotten_at.is_(None)
    for row in db.execute(select(queries).where(mine)).all():
        found = _query(row._mapping)
        event = QueryEvent(kind=QueryStep.ERASED, at=now, who="", key=f"erased/{found.id}")
        db.execute(update(query_events).where(query_events.c.query_id == found.id).values(details={}))
        db.execute(insert(query_events).values(**_event_row(event, found.id, found.n_events + 1)))
        gone = {"text": "", "name": "", "reply": None, "forgotten_at": now, "n_events": found.n_events + 1}
        state = QueryState.CLOSED if found.state is QueryState.WAITING else found.state
        item = found.item if take_out is None else None
        db.execute(update(queries).where(queries.c.id == found.id).values(**gone, state=state.value, item=item))
        if take_out is not None and found.item is not None and not _is_wanted(db, found.item):
            take_out(db, db.scalars(select(items.c.id).where(items.c.name == found.item)).one(), now)


def _is_wanted(db: Connection, item: str) -> bool:
    """Tell whether another query that is still there became this item."""
    return db.scalar(select(queries.c.id).where(queries.c.item == item).limit(1)) is not None


def _teach(db: Connection, found: Query, event: QueryEvent, taught: Taught) -> str | None:
    """Make a query an item of the project, with a label; a text that the source brought teaches nothing new."""
    sha256 = hashlib.sha256(found.text.encode("utf-8", "replace")).hexdigest()
    name = f"{ITEM_PREFIX}{sha256[:16]}"
    there = db.execute(select(items.c.id, items.c.name).where(items.c.sha256 == sha256)).first()
    if there is not None and there.name != name:
        return None
    number = there.id if there is not None else _new_item(db, name, sha256, found.text, event.at)
    row = {"item_id": number, "label": taught.label, "who": event.who, "at": event.at, "why": taught.why}
    db.execute(insert(labels).values(**row, suggested=taught.suggested, suggestion=taught.suggestion))
    return name


def _new_item(db: Connection, name: str, sha256: str, text: str, at: datetime) -> int:
    row = {"name": name, "sha256": sha256, "text": text, "metadata": {}, "present": True, "added_at": at, "own": True}
    key = db.execute(insert(items).values(**row)).inserted_primary_key
    return int(key[0]) if key else 0
