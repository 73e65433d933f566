"""Keep what people said of single items, click by click. Path: report -> **store** -> project.

A judgement and the label event that it makes are written together or not at all. Sent twice, it is kept once; made on
what is no longer true, it is refused. Nothing is ever overwritten: to take one back is a judgement too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select

from florilegium.errors import InputError, StateError
from florilegium.store.database import translated, writing
from florilegium.store.schema import items, judgements, labels


class Said(StrEnum):
    """What a person did with an item."""

    KEEP = "keep"  # the label is right
    LABEL = "label"  # it is something else, or was not labelled yet
    REMOVE = "remove"  # it is nothing for this set
    UNSURE = "unsure"  # cannot tell
    GUESS = "guess"  # played: says what a person sees, teaches nothing
    UNDO = "undo"  # takes an earlier one back


TEACHING = frozenset({Said.KEEP, Said.LABEL, Said.REMOVE})  # these make a label event


class Overtaken(StateError):
    """Somebody else decided about this item meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One click: what somebody said of one item, and what they knew."""

    click: str  # the browser's own number of it
    name: str  # the item's
    task: str  # clean, label, again, third or game
    verdict: Said
    label: str | None  # what the person says it is; None: removed, unsure
    before: str | None  # the label that the person saw, or that the item had
    who: str
    at: datetime  # aware, UTC
    seconds: float | None = None  # from seeing the item to the click
    suggestion: str | None = None  # what the model would have said
    suggested: bool = False  # was that shown?
    suspicion: float | None = None  # 0..1, how wrong the label looked
    stream: str = "ranked"  # how the item was chosen
    id: int = 0  # given by the store; rises
    undoes: int | None = None  # id of the judgement that it takes back

    @property
    def teaches(self) -> bool:
        """Tell whether it makes a label event. A second opinion is kept beside the label and does not change it."""
        return self.verdict in TEACHING and self.task != "again"


class Judgements:
    """All judgements of one project."""

    def __init__(self, engine: Engine) -> None:
        """Use an engine whose tables are there."""
        self._engine = engine

    def add(self, given: Judgement, *, why: str) -> Judgement:
        """Record a judgement, and the label event that it makes; sent a second time, give what is recorded.

        Args: why: kept with the label event.
        Raises: Overtaken: the item's label is no longer `given.before`; nothing is recorded.
            InputError: no item has that name.
        """
        with writing(self._engine) as db:
            if (kept := _by_click(db, given.click)) is not None:
                return kept
            item_id = _item_id(db, given.name)
            if given.teaches:
                _refuse_overtaken(db, item_id, given)
            label_id = _add_label(db, item_id, given, why) if given.teaches else None
            return _insert(db, given, item_id, label_id)

    def undo(self, click: str, *, who: str, at: datetime, of: int | None = None) -> Judgement | None:
        """Take back a person's newest judgement, or the one with the id `of`; the item has its label from before again.

        Gives the judgement that was taken back, or None where there is none left.
        Raises: Overtaken: somebody else decided about the item since.
        """
        with writing(self._engine) as db:
            if (kept := _by_click(db, click)) is not None:
                return None if kept.undoes is None else _by_id(db, kept.undoes)
            last = _last_standing(db, who, of)
            if last is None:
                return None
            item_id = _item_id(db, last.name)
            label_id = None
            back = replace(last, click=click, verdict=Said.UNDO, at=at, who=who, id=0, undoes=last.id, seconds=None)
            if last.teaches:
                back = replace(back, label=last.before, before=last.label if last.verdict is not Said.REMOVE else None)
                _refuse_overtaken(db, item_id, back)
                restored = replace(back, suggested=False)
                label_id = _add_label(db, item_id, restored, f"took back: {last.verdict}")
            _insert(db, back, item_id, label_id)
            return last

    def all(self, *, task: str | None = None) -> tuple[Judgement, ...]:
        """Give every judgement that stands, oldest first: none that was taken back, and no taking back."""
        with translated(self._engine.url.render_as_string()), self._engine.connect() as db:
            gone = select(judgements.c.undoes).where(judgements.c.undoes.is_not(None))
            query = _JOINED.where(judgements.c.id.not_in(gone), judgements.c.verdict != Said.UNDO.value)
            if task is not None:
                query = query.where(judgements.c.task == task)
            return tuple(_judgement(row._mapping) for row in db.execute(query.order_by(judgements.c.id)))

    def newest(self) -> int:
        """Give the id of the newest judgement, 0 where there is none: tells whether somebody else was at work."""
        with translated(self._engine.url.render_as_string()), self._engine.connect() as db:
            return int(db.scalar(select(func.max(judgements.c.id))) or 0)

    def history(self) -> tuple[Judgement, ...]:
        """Give every judgement ever made, oldest first, with those taken back and the takings back."""
        with translated(self._engine.url.render_as_string()), self._engine.connect() as db:
            return tuple(_judgement(row._mapping) for row in db.execute(_JOINED.order_by(judgements.c.id)))


_JOINED = select(items.c.name, judgements).join(items, items.c.id == judgements.c.item_id)


def _judgement(row: Mapping[Any, Any]) -> Judgement:
    names = Judgement.__dataclass_fields__.keys() - {"verdict"}
    return Judgement(verdict=Said(row["verdict"]), **{name: row[name] for name in names})


def _by_click(db: Connection, click: str) -> Judgement | None:
    row = db.execute(_JOINED.where(judgements.c.click == click)).first()
    return None if row is None else _judgement(row._mapping)


def _by_id(db: Connection, number: int) -> Judgement | None:
    row = db.execute(_JOINED.where(judgements.c.id == number)).first()
    return None if row is None else _judgement(row._mapping)


def _last_standing(db: Connection, who: str, of: int | None) -> Judgement | None:
    gone = select(judgements.c.undoes).where(judgements.c.undoes.is_not(None))
    query = _JOINED.where(
        judgements.c.who == who, judgements.c.verdict != Said.UNDO.value, judgements.c.id.not_in(gone)
    )
    if of is not None:
        query = query.where(judgements.c.id == of)
    row = db.execute(query.order_by(judgements.c.id.desc()).limit(1)).first()
    return None if row is None else _judgement(row._mapping)


def _item_id(db: Connection, name: str) -> int:
    # The row is locked on PostgreSQL; SQLite holds the whole database already.
    found = db.scalar(select(items.c.id).where(items.c.name == name).with_for_update())
    if found is None:
        raise InputError(f"{name!r}: no item of that name in this project. Load the page again.")
    return int(found)


def _refuse_overtaken(db: Connection, item_id: int, given: Judgement) -> None:
    row = db.execute(select(labels).where(labels.c.item_id == item_id).order_by(labels.c.id.desc()).limit(1)).first()
    present = None if row is None else row.label
    if row is not None and present != given.before:
        said = "took it out of the set" if present is None else f"said {present!r}"
        raise Overtaken(
            f"{given.name}: {row.who} {said} meanwhile; nothing was recorded. Look at it again and decide anew."
        )


def _add_label(db: Connection, item_id: int, given: Judgement, why: str) -> int:
    row = {
        "item_id": item_id,
        "label": given.label,
        "who": given.who,
        "at": given.at,
        "why": why,
        "suggested": given.suggested,
        "suggestion": given.suggestion,
    }
    return _new_id(db.execute(insert(labels).values(**row)).inserted_primary_key)


def _insert(db: Connection, given: Judgement, item_id: int, label_id: int | None) -> Judgement:
    names = Judgement.__dataclass_fields__.keys() - {"name", "verdict", "id"}
    row = {name: getattr(given, name) for name in names}
    row |= {"item_id": item_id, "verdict": given.verdict.value, "label_id": label_id}
    return replace(given, id=_new_id(db.execute(insert(judgements).values(**row)).inserted_primary_key))


def _new_id(key: Any) -> int:  # noqa: ANN401 - a tuple of one, or None where a database gives no numbers
    return int(key[0]) if key else 0
