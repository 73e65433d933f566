"""Make items and label events of cases, whole or not at all. Path: cases -> **store** -> project.

An item that comes from a case is the project's own: no reading of the source marks it as gone. Its picture stays in the
database, where every process finds it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from florilegium.appeals import CaseEvent
from florilegium.dataset import LabelEvent
from florilegium.errors import StateError
from florilegium.store.cases import CaseFile, append, locked
from florilegium.store.contents import Purpose
from florilegium.store.database import once_more, translated, writing
from florilegium.store.recourse_schema import contents
from florilegium.store.schema import items, labels


class NothingKept(StateError):
    """There is nothing that an item could be made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What a case teaches: an item, and what it is."""

    label: LabelEvent  # its `name` is the item's
    sha256: str
    text: str | None = None  # None: a picture


class Lessons:
    """All items that come from cases."""

    def __init__(self, engine: Engine) -> None:
        """Use an engine whose tables are there."""
        self._engine = engine

    def learn(self, number: int, event: CaseEvent, lesson: Lesson) -> CaseFile:
        """Add item and label event of a case, with the step that says so; done before, give the case as it is.

        The step's details become `item`, `label_id` and `label`.
        Raises: IllegalStep: the case cannot take it.  NothingKept: nothing is there that an item could be made of.
        """

        def learned() -> CaseFile:
            with writing(self._engine) as db:
                there = locked(db, number)
                if any(each.key == event.key for each in there.events):
                    return there
                item_id, name = _item(db, there.case.prediction_id, lesson)
                label_id = _label(db, item_id, lesson.label)
                details = {"item": name, "label_id": label_id, "label": lesson.label.label}
                return append(db, there, [replace(event, details=details)])

        return once_more(learned)

    def names(self) -> frozenset[str]:
        """Give the names of the items that the project keeps itself, forgotten ones included."""
        with translated(self._where), self._engine.connect() as db:
            return frozenset(db.scalars(select(items.c.name).where(items.c.own)))

    def media(self) -> dict[str, tuple[str, str]]:
        """Give content hash and media type per item name, of all that are there."""
        query = select(items.c.name, items.c.sha256, contents.c.media_type).join(contents).where(items.c.present)
        with translated(self._where), self._engine.connect() as db:
            return {name: (sha256, media_type) for name, sha256, media_type in db.execute(query)}

    def contents(self, names: Sequence[str]) -> dict[str, bytes]:
        """Give the pictures of these items, by name."""
        query = select(items.c.name, contents.c.content).join(contents).where(items.c.name.in_(names))
        with translated(self._where), self._engine.connect() as db:
            return dict(map(tuple, db.execute(query)))

    @property
    def _where(self) -> str:
        return self._engine.url.render_as_string()


def _item(db: Connection, prediction_id: int, lesson: Lesson) -> tuple[int, str]:
    """Give number and name of the item: the one there is of this very content, or a new one."""
    same = (items.c.sha256 == lesson.sha256) & items.c.own & items.c.present
    row = db.execute(select(items.c.id, items.c.name).where(same).order_by(items.c.id).with_for_update()).first()
    mine = contents.c.prediction_id == prediction_id
    if row is not None:  # kept once already
        db.execute(delete(contents).where(mine, contents.c.item_id.is_(None)))
        return int(row.id), str(row.name)
    given = lesson.label
    n_of_name = db.scalar(select(func.count()).select_from(items).where(items.c.name == given.name)) or 0
    if n_of_name:
        raise StateError(f"{given.name}: an item of that name is there already. Rename it in the source.")
    values: dict[str, Any] = {
        "name": given.name,
        "sha256": lesson.sha256,
        "text": lesson.text,
        "metadata": {},
        "present": True,
        "added_at": given.at,
        "own": True,
    }
    key = db.execute(insert(items).values(**values)).inserted_primary_key
    item_id = int(key[0]) if key else 0
    kept = {"item_id": item_id, "purpose": Purpose.LEARN.value, "kept_until": None}
    there = db.execute(update(contents).where(mine).values(**kept))
    if not there.rowcount:
        raise NothingKept(f"{given.name}: the picture or text was not kept, so nothing can be learned from it.")
    return item_id, given.name


def _label(db: Connection, item_id: int, given: LabelEvent) -> int:
    row = {
        "item_id": item_id,
        "label": given.label,
        "who": given.who,
        "at": given.at,
        "why": given.why,
        "suggested": given.suggested,
        "suggestion": given.suggestion,
    }
    key = db.execute(insert(labels).values(**row)).inserted_primary_key
    return int(key[0]) if key else 0
