"""Erase what is personal in an answer and its cases, whole or not at all. Path: cases -> **store** -> project.

What is counted stays: when, by which model, which class, how it was ruled. Nothing that was said in words stays, nor
anything by which the picture or text could be known again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, update

from florilegium.appeals import CaseEvent, steps_from
from florilegium.store.cases import CaseFile, append, locked
from florilegium.store.database import translated, writing
from florilegium.store.queries import erase_queries
from florilegium.store.recourse_schema import case_events, cases, contents, outbox, predictions
from florilegium.store.schema import items, labels

_BLANK: dict[str, Any] = {"vector": None, "facts": {}, "metadata": {}, "sha256": "", "key": None}
IN_WORDS = ("text", "reason", "item")  # what a step's details may hold that is personal


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was erased."""

    n_cases: int
    had_content: bool  # the picture or text was kept until now
    item: str | None  # the new name of the item that was made of it and is taken out of the set


class Forgetting:
    """Erases answers of one project."""

    def __init__(self, engine: Engine) -> None:
        """Use an engine whose tables are there."""
        self._engine = engine

    def forget(
        self, number: int, step: Callable[[CaseFile], CaseEvent], *, now: datetime, keep_learned: bool = False
    ) -> Forgotten:
        """Erase an answer, its cases, and what was made of it; done before, nothing happens.

        Args: step: the event that records it in a case.
            keep_learned: leave a picture or text that the model may learn from, with its label.
        """
        with writing(self._engine) as db:
            mine = select(cases.c.id).where(cases.c.prediction_id == number).order_by(cases.c.id)
            files = [locked(db, case_id) for case_id in db.scalars(mine).all()]
            kept = db.execute(select(contents.c.item_id).where(contents.c.prediction_id == number)).first()
            is_kept = kept is not None and not (keep_learned and kept.item_id is not None)
            item = None if not is_kept or kept is None or kept.item_id is None else _take_out(db, kept.item_id, now)
            if is_kept:
                db.execute(delete(contents).where(contents.c.prediction_id == number))
            for file in files:
                _erase(db, file, step(file))
            mine = select(predictions.c.id).where(predictions.c.id == number)
            erase_queries(db, mine, now=now, take_out=None if keep_learned else _take_out)
            known = (predictions.c.id == number) & predictions.c.forgotten_at.is_(None)
            db.execute(update(predictions).where(known).values(**_BLANK, forgotten_at=now))
        return Forgotten(n_cases=len(files), had_content=is_kept, item=item)

    def forget_before(self, moment: datetime, *, now: datetime) -> int:
        """Erase what is personal in all answers up to a moment that nobody looked at; give how many."""
        with writing(self._engine) as db:
            old = (predictions.c.at <= moment) & predictions.c.forgotten_at.is_(None)
            quiet = predictions.c.id.not_in(select(cases.c.prediction_id))
            erase_queries(db, select(predictions.c.id).where(old, quiet), now=now, take_out=None)
            return db.execute(update(predictions).where(old, quiet).values(**_BLANK, forgotten_at=now)).rowcount

    def old_with_cases(self, moment: datetime) -> tuple[int, ...]:
        """Give the answers up to a moment that have cases and are not forgotten."""
        query = select(predictions.c.id).where(
            predictions.c.at <= moment,
            predictions.c.forgotten_at.is_(None),
            predictions.c.id.in_(select(cases.c.prediction_id)),
        )
        with translated(self._engine.url.render_as_string()), self._engine.connect() as db:
            return tuple(db.scalars(query.order_by(predictions.c.id)))


def _erase(db: Connection, file: CaseFile, event: CaseEvent) -> None:
    if event.step in steps_from(file.standing):
        file = append(db, file, [event])
    number = file.case.id
    db.execute(update(cases).where(cases.c.id == number).values(reason="", suggestion=None, contact=""))
    db.execute(delete(outbox).where(outbox.c.case_id == number))
    for each in file.events:
        if any(each.details.get(name) for name in IN_WORDS):
            bare: dict[str, Any] = {name: "" if name in IN_WORDS else value for name, value in each.details.items()}
            there = (case_events.c.case_id == number) & (case_events.c.n == each.n)
            db.execute(update(case_events).where(there).values(details=bare))


def _take_out(db: Connection, item_id: int, now: datetime) -> str:
    """Take an item out of the set, with an event that says why, and erase by what it could be known again."""
    name = f"forgotten/{item_id}"
    blank: dict[str, Any] = {"name": name, "sha256": "", "text": None, "metadata": {}, "present": False}
    db.execute(update(items).where(items.c.id == item_id).values(**blank))
    db.execute(update(labels).where(labels.c.item_id == item_id).values(why="erased"))
    row = {
        "item_id": item_id,
        "label": None,
        "who": "",
        "at": now,
        "why": "the person wanted it erased",
        "suggested": False,
    }
    db.execute(insert(labels).values(**row))
    return name
