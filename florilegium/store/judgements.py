"""Keep what people said of single items, click by click. Path: report -> **store** -> project.

A judgement and the label event that it makes are written together or not at all. Sent twice, it is kept once; made on
what is no longer true, it is refused. Nothing is ever overwritten: to take one back is a judgement too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select

from florilegium.errors import InputError, StateError
from florilegium.store.database import translated, writing
from florilegium.store.schema import items, judgements, labels, placements


class Said(StrEnum):
    """What a person did with an item."""

    KEEP = "keep"  # the label is right
    LABEL = "label"  # it is something else, or was not labelled yet
    REMOVE = "remove"  # it is nothing for this set
    UNSURE = "unsure"  # cannot tell
    GUESS = "guess"  # played: says what a person sees, teaches nothing
    UNDO = "undo"  # takes an earlier one back


TOOK_BACK = "took back: "  # how the reason of a label event begins that restores an earlier label
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
    label_id: int | None = None  # of the label event that it made; given by the store

    @property
    def teaches(self) -> bool:
        """Tell whether it makes a label event. A second opinion is kept beside the label and does not change it."""
        return self.verdict in TEACHING and self.task != "again"


class Judgements:
    """All judgements of one project."""

    def __init__(self, engine: Engine) -> None:
        """Use an engine whose tables are there."""
        self._engine = engine

    def add(self, given: Judgement, *, why: str, seen: int | None = None) -> Judgement:
        """Record a judgement, and the label event that it makes; sent a second time, give what is recorded.

        Args: why: kept with the label event.  seen: id of the item's newest label event when it was shown; None: the
            label alone has to be the same.
        Raises: Overtaken: somebody decided about the item since; nothing is recorded.  InputError: no item has that
            name, or its click number was used for another answer.
        """
        with writing(self._engine) as db:
            if (kept := _by_click(db, given.click)) is not None:
                return _same(db, kept, given)
            item_id = _item_id(db, given.name)
            if given.teaches:
                _refuse_overtaken(db, item_id, given, seen=seen)
            label_id = _add_label(db, item_id, given, why) if given.teaches else None
            return _insert(db, given, item_id, label_id)

    def undo(self, click: str, *, who: str, at: datetime) -> tuple[Judgement | None, int]:
        """Take back a person's newest judgement that can be; its item has the label from before again.

        Passed over are guesses in play, and what somebody decided about since. Gives the judgement that was taken back
        (None: there is none left) and how many were passed over because of others.
        """
        with writing(self._engine) as db:
            if (kept := _by_click(db, click)) is not None:
                return (None if kept.undoes is None else _by_id(db, kept.undoes)), 0
            n_passed = 0
            for last in _standing_of(db, who):
                if last.label_id is None or not _others_since(db, _item_id(db, last.name), last):
                    _take_back(db, last, click=click, at=at)
                    return last, n_passed
                n_passed += 1
        return None, n_passed

    def take_back(self, number: int, *, click: str, at: datetime) -> None:
        """Take back the judgement with this id, a guess in play included; one that is taken back already stays so."""
        with writing(self._engine) as db:
            last = _by_id(db, number)
            is_gone = db.scalar(select(judgements.c.id).where(judgements.c.undoes == number)) is not None
            if last is not None and not is_gone:
                _take_back(db, last, click=click, at=at)

    def newest_labels(self) -> dict[str, int]:
        """Give the id of the newest label event per item name."""
        query = select(items.c.name, func.max(labels.c.id)).join(labels).group_by(items.c.name)
        with translated(self._engine.url.render_as_string()), self._engine.connect() as db:
            return {name: int(number) for name, number in db.execute(query)}

    def all(self, *, task: str | None = None) -> tuple[Judgement, ...]:
        """Give every judgement that stands, oldest first: none that was taken back, and no taking back."""
        with translated(self._engine.url.render_as_string()), self._engine.connect() as db:
            gone = select(judgements.c.undoes).where(judgements.c.undoes.is_not(None))
            query = _JOINED.where(judgements.c.id.not_in(gone), judgements.c.verdict != Said.UNDO.value)
            if task is not None:
                query = query.where(judgements.c.task == task)
            return tuple(_judgement(row._mapping) for row in db.execute(query.order_by(judgements.c.id)))

    def newest(self) -> tuple[int, int, int]:
        """Give the ids of the newest judgement, label event and placement: tells whether somebody else was at work."""
        newest = (func.max(judgements.c.id), func.max(labels.c.id), func.count(placements.c.item_id))
        queries = [select(each) for each in newest]
        with translated(self._engine.url.render_as_string()), self._engine.connect() as db:
            judged, labelled, placed = (int(db.scalar(query) or 0) for query in queries)
        return judged, labelled, placed

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


def _standing_of(db: Connection, who: str) -> Iterator[Judgement]:
    """Give what a person said that stands, newest first; what was guessed in play is not taken back."""
    gone = select(judgements.c.undoes).where(judgements.c.undoes.is_not(None))
    query = _JOINED.where(
        judgements.c.who == who,
        judgements.c.verdict.not_in([Said.UNDO.value, Said.GUESS.value]),
        judgements.c.id.not_in(gone),
    )
    for row in db.execute(query.order_by(judgements.c.id.desc())).all():
        yield _judgement(row._mapping)


def _take_back(db: Connection, last: Judgement, *, click: str, at: datetime) -> None:
    back = replace(
        last,
        click=click,
        verdict=Said.UNDO,
        label=last.before,
        before=last.label,
        at=at,
        id=0,
        undoes=last.id,
        seconds=None,
        suggested=False,
    )
    item_id = _item_id(db, last.name)
    label_id = _add_label(db, item_id, back, f"{TOOK_BACK}{last.verdict}") if last.label_id is not None else None
    _insert(db, back, item_id, label_id)


def _same(db: Connection, kept: Judgement, given: Judgement) -> Judgement:
    """Give what is recorded under a click number, where it is the same answer."""
    is_gone = db.scalar(select(judgements.c.id).where(judgements.c.undoes == kept.id)) is not None
    if is_gone or (kept.verdict, kept.label) != (given.verdict, given.label):
        raise InputError(f"{given.name}: this was answered before. Load the page again and answer anew.")
    return kept


def _others_since(db: Connection, item_id: int, last: Judgement) -> bool:
    """Tell whether somebody else decided about an item since."""
    since = select(labels.c.id).where(
        labels.c.item_id == item_id, labels.c.id > (last.label_id or 0), labels.c.who != last.who
    )
    return db.scalar(since.limit(1)) is not None


def _item_id(db: Connection, name: str) -> int:
    # The row is locked on PostgreSQL; SQLite holds the whole database already.
    found = db.scalar(select(items.c.id).where(items.c.name == name).with_for_update())
    if found is None:
        raise InputError(f"{name!r}: no item of that name in this project. Load the page again.")
    return int(found)


def _refuse_overtaken(db: Connection, item_id: int, given: Judgement, *, seen: int | None) -> None:
    row = db.execute(select(labels).where(labels.c.item_id == item_id).order_by(labels.c.id.desc()).limit(1)).first()
    if row is None or (row.label == given.before if seen is None else row.id == seen):
        return
    said = "took it out of the set" if row.label is None else f"said {row.label!r}"
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
    names = Judgement.__dataclass_fields__.keys() - {"name", "verdict", "id", "label_id"}
    row = {name: getattr(given, name) for name in names}
    row |= {"item_id": item_id, "verdict": given.verdict.value, "label_id": label_id}
    return replace(
        given, label_id=label_id, id=_new_id(db.execute(insert(judgements).values(**row)).inserted_primary_key)
    )


def _new_id(key: Any) -> int:  # noqa: ANN401 - a tuple of one, or None where a database gives no numbers
    return int(key[0]) if key else 0
