"""Keep the answers that were given live, and what people allowed to be kept of them. Path: report -> **store**.

An answer is recorded before it is given, so that whoever got one can contest it. Nobody is named; whoever has the
ticket has the answer. Erasing leaves the row, without anything of the person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, Row, bindparam, delete, func, insert, select

from florilegium.appeals import Case
from florilegium.source.base import Kind
from florilegium.store import contents
from florilegium.store.cases import open_case
from florilegium.store.contents import Content
from florilegium.store.database import once_more, translated, writing
from florilegium.store.recourse_schema import contents as _kept
from florilegium.store.recourse_schema import predictions
from florilegium.store.tickets import ticket_hash
from florilegium.types import Vectors


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recording:
    """An answer with what is kept beside it."""

    prediction: Prediction  # with its `ticket_hash`
    vector: Vectors | None = None  # (d,)
    content: Content | None = None
    case: Case | None = None  # a blind audit, opened with it; its `prediction_id` is given by the store
    days: float = 0.0  # until the case's deadline


class Live:
    """All live answers of one project."""

    def __init__(self, engine: Engine) -> None:
        """Use an engine whose tables are there."""
        self._engine = engine
        self._where = engine.url.render_as_string()

    def record(self, given: Sequence[Recording]) -> tuple[Prediction, ...]:
        """Record answers, all or none; one whose `key` is known already is given as it was recorded."""
        return once_more(lambda: self._record(given))

    def _record(self, given: Sequence[Recording]) -> tuple[Prediction, ...]:
        with writing(self._engine) as db:
            keys = [each.prediction.key for each in given if each.prediction.key is not None]
            there = {row.key: row for row in db.execute(_ROWS.where(predictions.c.key.in_(keys)))} if keys else {}
            found = {key: _prediction(row._mapping) for key, row in there.items()}
            fresh = [each for each in given if each.prediction.key is None or each.prediction.key not in found]
            rows = [_row(each.prediction) | {"vector": _bytes(each.vector)} for each in fresh]
            numbers = _insert(db, rows)
            recorded = [replace(each.prediction, id=number) for each, number in zip(fresh, numbers, strict=True)]
            for each, new in zip(fresh, recorded, strict=True):
                if each.content is not None:
                    contents.keep(db, new.id, each.content, new.at)
                if each.case is not None:
                    open_case(db, replace(each.case, prediction_id=new.id), days=each.days)
        rest = iter(recorded)
        return tuple(found[each.prediction.key] if each.prediction.key in found else next(rest) for each in given)

    def by_ticket(self, ticket: str) -> Prediction | None:
        """Give the answer that a ticket belongs to, or None."""
        with translated(self._where), self._engine.connect() as db:
            return _found(db.execute(_BY_TICKET, {"ticket": ticket_hash(ticket)}).first())

    def by_id(self, number: int) -> Prediction | None:
        """Give one answer, or None."""
        with translated(self._where), self._engine.connect() as db:
            return _found(db.execute(_BY_ID, {"number": number}).first())

    def by_ids(self, numbers: Sequence[int]) -> dict[int, Prediction]:
        """Give answers by their numbers; asked in pieces, so that many fit."""
        found: dict[int, Prediction] = {}
        with translated(self._where), self._engine.connect() as db:
            for start in range(0, len(numbers), _PIECE):
                wanted = predictions.c.id.in_(list(numbers[start : start + _PIECE]))
                found |= {row.id: _prediction(row._mapping) for row in db.execute(_ROWS.where(wanted))}
        return found

    def all(self, *, after: int = 0, since: datetime | None = None, most: int | None = None) -> tuple[Prediction, ...]:
        """Give the answers behind a number and from a moment on, oldest first, `most` of them."""
        query = _ROWS.where(predictions.c.id > after).order_by(predictions.c.id)
        if since is not None:
            query = query.where(predictions.c.at >= since)
        if most is not None:
            query = query.limit(most)
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

    def tally(self) -> dict[tuple[str | None, bool], int]:
        """Count the answers by class and by whether the model knew."""
        query = select(predictions.c.label, predictions.c.known, func.count()).group_by(
            predictions.c.label, predictions.c.known
        )
        with translated(self._where), self._engine.connect() as db:
            return {(label, bool(known)): int(n) for label, known, n in db.execute(query)}

    def count(self) -> int:
        """Count all answers."""
        with translated(self._where), self._engine.connect() as db:
            return int(db.scalar(select(func.count()).select_from(predictions)) or 0)

    def content(self, number: int) -> Content | None:
        """Give what is kept of an answer's picture or text, or None."""
        with translated(self._where), self._engine.connect() as db:
            return contents.find(db, _kept.c.prediction_id == number)

    def content_ids(self) -> frozenset[int]:
        """Give the numbers of the answers of which a picture or text is kept."""
        with translated(self._where), self._engine.connect() as db:
            return frozenset(db.scalars(select(_kept.c.prediction_id)))

    def keep(self, number: int, content: Content, *, now: datetime) -> None:
        """Keep a picture or text from now on, in place of what was kept of this answer."""
        with writing(self._engine) as db:
            contents.keep(db, number, content, now)

    def drop(self, number: int) -> None:
        """Erase what was kept of a picture or text."""
        with writing(self._engine) as db:
            contents.drop(db, number)

    def drop_overdue(self, *, now: datetime) -> int:
        """Erase all that may not be kept any longer; give how many."""
        with writing(self._engine) as db:
            overdue = (_kept.c.kept_until <= now) & _kept.c.item_id.is_(None)
            return db.execute(delete(_kept).where(overdue)).rowcount


_PIECE = 500  # numbers in one question; SQLite takes some thousands
# Put together once: that takes longer than most databases need to answer.
_ROWS = select(*(column for column in predictions.c if column.name != "vector"))
_BY_TICKET = _ROWS.where(predictions.c.ticket_hash == bindparam("ticket"))
_BY_ID = _ROWS.where(predictions.c.id == bindparam("number"))
_INSERT = insert(predictions).returning(predictions.c.id, sort_by_parameter_order=True)
_READ = tuple(sorted(Prediction.__dataclass_fields__.keys() - {"kind", "top"}))  # columns that are fields as they are
_WRITTEN = tuple(sorted(Prediction.__dataclass_fields__.keys() - {"id", "kind", "top", "facts", "metadata"}))


def _found(row: Row[Any] | None) -> Prediction | None:
    return None if row is None else _prediction(row._mapping)


def _prediction(row: Mapping[Any, Any]) -> Prediction:
    top = tuple((str(label), float(probability)) for label, probability in row["top"])
    return Prediction(kind=Kind(row["kind"]), top=top, **{name: row[name] for name in _READ})


def _row(given: Prediction) -> dict[str, Any]:
    row = {name: getattr(given, name) for name in _WRITTEN}
    return row | {
        "kind": given.kind.value,
        "top": [list(each) for each in given.top],
        "facts": dict(given.facts),
        "metadata": dict(given.metadata),
    }


def _insert(db: Connection, rows: list[dict[str, Any]]) -> list[int]:
    if not rows:
        return []
    return [int(number) for number in db.scalars(_INSERT, rows)]


def _bytes(vector: Vectors | None) -> bytes | None:
    return None if vector is None else np.ascontiguousarray(vector, dtype="<f4").tobytes()
