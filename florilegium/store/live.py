"""Keep the answers that were given live, and what people allowed to be kept of them. Path: report -> **store**.

An answer is recorded before it is given, so that whoever got one can contest it. Nobody is named; whoever has the
ticket has the answer. Erasing leaves the row, without anything of the person.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from florilegium.source.base import Kind
from florilegium.store.database import translated, writing
from florilegium.store.recourse_schema import contents, predictions
from florilegium.types import Vectors

TICKET_BYTES = 24  # 192 bits: nobody guesses one


class Purpose(StrEnum):
    """What a picture or text is kept for."""

    CHECK = "check"  # a blind audit
    REVIEW = "review"  # an appeal, until it is closed
    LEARN = "learn"  # training


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One live answer."""

    at: datetime  # aware, UTC
    model_id: str
    kind: Kind
    sha256: str  # of the picture's or text's bytes
    label: str | None  # the best class, also where the model abstains
    probability: float | None  # 0..1, calibrated
    known: bool  # False: the model abstained
    top: tuple[tuple[str, float], ...]
    key: str | None = None  # the sender's own number of it: sent twice, recorded once
    facts: Mapping[str, Any] = field(default_factory=dict)  # of the file, by name
    metadata: Mapping[str, str] = field(default_factory=dict)  # what the sender said of it, by column
    may_check: bool = True  # False: the asker does not want a person to look at it
    drawn: bool = False  # chance drew it for a blind audit
    forgotten_at: datetime | None = None
    ticket_hash: str = ""
    id: int = 0  # given by the store


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A picture or text that somebody allowed to be kept."""

    content: bytes
    media_type: str  # as its bytes say, not as its sender did
    purpose: Purpose
    kept_until: datetime | None  # None: until somebody wants it erased


def new_ticket() -> str:
    """Make a ticket: the secret part of a private link."""
    return secrets.token_urlsafe(TICKET_BYTES)


def ticket_hash(ticket: str) -> str:
    """Give what is kept of a ticket."""
    return hashlib.sha256(ticket.encode()).hexdigest()


class Live:
    """All live answers of one project."""

    def __init__(self, engine: Engine) -> None:
        """Use an engine whose tables are there."""
        self._engine = engine

    def record(
        self, given: Sequence[Prediction], *, vectors: Vectors | None = None, kept: Sequence[Content | None] = ()
    ) -> tuple[Prediction, ...]:
        """Record answers, all or none; one whose `key` is known already is given as it was recorded.

        Args: given: each with its `ticket_hash`.  vectors: (n, d), where there are any.
            kept: what goes with each; empty: nothing is kept.
        """
        recorded = []
        with writing(self._engine) as db:
            for i, each in enumerate(given):
                if each.key is not None and (there := _find(db, predictions.c.key == each.key)) is not None:
                    recorded.append(there)
                    continue
                row = _row(each) | {"vector": None if vectors is None else _bytes(vectors[i])}
                key = db.execute(insert(predictions).values(**row)).inserted_primary_key
                new = replace(each, id=int(key[0]) if key else 0)
                recorded.append(new)
                if kept and (content := kept[i]) is not None:
                    _keep(db, new.id, content, each.at)
        return tuple(recorded)

    def by_ticket(self, ticket: str) -> Prediction | None:
        """Give the answer that a ticket belongs to, or None."""
        with translated(self._where), self._engine.connect() as db:
            return _find(db, predictions.c.ticket_hash == ticket_hash(ticket))

    def by_id(self, number: int) -> Prediction | None:
        """Give one answer, or None."""
        with translated(self._where), self._engine.connect() as db:
            return _find(db, predictions.c.id == number)

    def all(self, *, after: int = 0, since: datetime | None = None) -> tuple[Prediction, ...]:
        """Give the answers behind a number and from a moment on, oldest first."""
        query = select(*_COLUMNS).where(predictions.c.id > after).order_by(predictions.c.id)
        if since is not None:
            query = query.where(predictions.c.at >= since)
        with translated(self._where), self._engine.connect() as db:
            return tuple(_prediction(row._mapping) for row in db.execute(query))

    def vectors(self, ids: Sequence[int]) -> dict[int, Vectors]:
        """Give the vectors (d,) of these answers, of those that have one; asked in pieces, so that many fit."""
        found: dict[int, Vectors] = {}
        with translated(self._where), self._engine.connect() as db:
            for start in range(0, len(ids), _PIECE):
                wanted = predictions.c.id.in_(list(ids[start : start + _PIECE])) & predictions.c.vector.is_not(None)
                rows = db.execute(select(predictions.c.id, predictions.c.vector).where(wanted))
                found |= {number: np.frombuffer(vector, dtype="<f4") for number, vector in rows}
        return found

    def count(self) -> int:
        """Count all answers."""
        with translated(self._where), self._engine.connect() as db:
            return int(db.scalar(select(func.count()).select_from(predictions)) or 0)

    def content(self, number: int) -> Content | None:
        """Give what is kept of an answer's picture or text, or None."""
        with translated(self._where), self._engine.connect() as db:
            row = db.execute(select(contents).where(contents.c.prediction_id == number)).first()
        if row is None:
            return None
        return Content(
            content=row.content, media_type=row.media_type, purpose=Purpose(row.purpose), kept_until=row.kept_until
        )

    def keep(self, number: int, content: Content, *, now: datetime) -> None:
        """Keep a picture or text from now on, in place of what was kept of this answer."""
        with writing(self._engine) as db:
            _keep(db, number, content, now)

    def drop(self, number: int) -> None:
        """Erase what was kept of a picture or text."""
        with writing(self._engine) as db:
            db.execute(delete(contents).where(contents.c.prediction_id == number))

    def drop_overdue(self, *, now: datetime) -> int:
        """Erase all that may not be kept any longer; give how many."""
        with writing(self._engine) as db:
            return db.execute(delete(contents).where(contents.c.kept_until <= now)).rowcount

    def forget(self, number: int, *, now: datetime) -> None:
        """Erase picture, text, vector, facts and metadata of an answer, and its hash; class and moment stay counted."""
        with writing(self._engine) as db:
            db.execute(delete(contents).where(contents.c.prediction_id == number))
            erased = {"vector": None, "facts": {}, "metadata": {}, "sha256": "", "forgotten_at": now}
            db.execute(update(predictions).where(predictions.c.id == number).values(**erased))

    @property
    def _where(self) -> str:
        return self._engine.url.render_as_string()


_PIECE = 500  # numbers in one question; SQLite takes some thousands
_COLUMNS = tuple(column for column in predictions.c if column.name != "vector")


def _find(db: Connection, condition: Any) -> Prediction | None:  # noqa: ANN401 - an SQLAlchemy condition has no narrower type
    row = db.execute(select(*_COLUMNS).where(condition)).first()
    return None if row is None else _prediction(row._mapping)


def _prediction(row: Mapping[Any, Any]) -> Prediction:
    names = Prediction.__dataclass_fields__.keys() - {"kind", "top"}
    top = tuple((str(label), float(probability)) for label, probability in row["top"])
    return Prediction(kind=Kind(row["kind"]), top=top, **{name: row[name] for name in names})


def _row(given: Prediction) -> dict[str, Any]:
    names = Prediction.__dataclass_fields__.keys() - {"id", "kind", "top", "facts", "metadata"}
    row = {name: getattr(given, name) for name in names}
    return row | {
        "kind": given.kind.value,
        "top": [list(each) for each in given.top],
        "facts": dict(given.facts),
        "metadata": dict(given.metadata),
    }


def _bytes(vector: Vectors) -> bytes:
    return np.ascontiguousarray(vector, dtype="<f4").tobytes()


def _keep(db: Connection, number: int, content: Content, now: datetime) -> None:
    db.execute(delete(contents).where(contents.c.prediction_id == number))
    row = {
        "prediction_id": number,
        "content": content.content,
        "media_type": content.media_type,
        "purpose": content.purpose.value,
        "size_bytes": len(content.content),
        "added_at": now,
        "kept_until": content.kept_until,
    }
    db.execute(insert(contents).values(**row))
