"""Keep cases and every step that was taken with them. Path: report -> **store** -> project.

A step is checked against the events before it and written in one transaction; sent twice, it is kept once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

from florilegium.appeals import Case, CaseEvent, Consent, Origin, Standing, State, Step, fold, follow
from florilegium.errors import InputError
from florilegium.store.database import translated, writing
from florilegium.store.live import ticket_hash
from florilegium.store.recourse_schema import case_events, cases


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """A case with all that happened to it."""

    case: Case
    events: tuple[CaseEvent, ...]

    @property
    def standing(self) -> Standing:
        """Give where the events lead."""
        return fold(self.events, origin=self.case.origin)


class Cases:
    """All cases of one project."""

    def __init__(self, engine: Engine) -> None:
        """Use an engine whose tables are there."""
        self._engine = engine

    def open(self, given: Case, *, days: float) -> CaseFile:
        """Open a case; asked again with the same key, or for the same prediction and origin, give the one there is.

        Args: days: until its deadline, from `given.at`.
        """
        first = CaseEvent(step=Step.RECEIVED, at=given.at, who="", key=f"{given.key}/1", details={"days": days}, n=1)
        standing = follow(None, first, origin=given.origin)
        same = (cases.c.key == given.key) | (
            (cases.c.prediction_id == given.prediction_id) & (cases.c.origin == given.origin.value)
        )
        with writing(self._engine) as db:
            if (row := db.execute(select(cases).where(same)).first()) is not None:
                return _file(db, row._mapping)
            values = _case_row(given) | {"state": standing.state.value, "deadline_at": standing.deadline_at}
            key = db.execute(insert(cases).values(**values)).inserted_primary_key
            number = int(key[0]) if key else 0
            db.execute(insert(case_events).values(**_event_row(first, number)))
        return CaseFile(
            case=replace(given, id=number, state=standing.state.value, deadline_at=standing.deadline_at),
            events=(first,),
        )

    def take(self, number: int, event: CaseEvent) -> CaseFile:
        """Take a step with a case.

        Raises: IllegalStep: the case cannot take it.  InputError: no such case, or the key was used for another step.
        """
        with writing(self._engine) as db:
            # The row is locked on PostgreSQL; SQLite holds the whole database already.
            row = db.execute(select(cases).where(cases.c.id == number).with_for_update()).first()
            if row is None:
                raise InputError(f"Case {number}: no such case in this project.")
            there = _file(db, row._mapping)
            if (kept := next((e for e in there.events if e.key == event.key), None)) is not None:
                return _same(there, kept, event)
            standing = follow(there.standing, event)
            new = replace(event, n=standing.n)
            db.execute(insert(case_events).values(**_event_row(new, number)))
            copied = {"state": standing.state.value, "deadline_at": standing.deadline_at}
            db.execute(update(cases).where(cases.c.id == number).values(**copied))
        return CaseFile(case=replace(there.case, **copied), events=(*there.events, new))

    def by_ticket(self, ticket: str) -> CaseFile | None:
        """Give the case that a private link belongs to, or None."""
        return self._one(cases.c.ticket_hash == ticket_hash(ticket))

    def by_id(self, number: int) -> CaseFile | None:
        """Give one case, or None."""
        return self._one(cases.c.id == number)

    def of_prediction(self, number: int) -> tuple[CaseFile, ...]:
        """Give the cases about one answer: contested, drawn, or both."""
        return self._many(cases.c.prediction_id == number)

    def open_ones(self) -> tuple[CaseFile, ...]:
        """Give the cases that are not closed, the nearest deadline first."""
        closed = [state.value for state in State if state.is_closed]
        return self._many(cases.c.state.not_in(closed))

    def all(self) -> tuple[CaseFile, ...]:
        """Give every case, the nearest deadline first."""
        return self._many(None)

    def forget(self, number: int, event: CaseEvent) -> CaseFile:
        """Erase reason, suggestion and contact of a case, and what its appellant wrote since; record that.

        Raises: IllegalStep: it was done already.
        """
        file = self.take(number, event)
        with writing(self._engine) as db:
            erased = {"reason": "", "suggestion": None, "contact": "", "ticket_hash": file.case.ticket_hash}
            db.execute(update(cases).where(cases.c.id == number).values(**erased))
            for each in file.events:
                if each.who == "" and "text" in each.details:
                    bare = {name: value for name, value in each.details.items() if name != "text"}
                    there = (case_events.c.case_id == number) & (case_events.c.n == each.n)
                    db.execute(update(case_events).where(there).values(details=bare))
        found = self.by_id(number)
        return file if found is None else found

    def _one(self, condition: Any) -> CaseFile | None:  # noqa: ANN401 - an SQLAlchemy condition has no narrower type
        with translated(self._where), self._engine.connect() as db:
            row = db.execute(select(cases).where(condition)).first()
            return None if row is None else _file(db, row._mapping)

    def _many(self, condition: Any) -> tuple[CaseFile, ...]:  # noqa: ANN401 - the same
        query = select(cases).order_by(cases.c.deadline_at, cases.c.id)
        steps = select(case_events).order_by(case_events.c.case_id, case_events.c.n)
        if condition is not None:
            query = query.where(condition)
            steps = steps.where(case_events.c.case_id.in_(select(cases.c.id).where(condition)))
        with translated(self._where), self._engine.connect() as db:
            taken: dict[int, list[CaseEvent]] = {}
            for row in db.execute(steps):
                taken.setdefault(row.case_id, []).append(_event(row._mapping))
            return tuple(
                CaseFile(case=_case(row._mapping), events=tuple(taken.get(row.id, ()))) for row in db.execute(query)
            )

    @property
    def _where(self) -> str:
        return self._engine.url.render_as_string()


def _file(db: Connection, row: Mapping[Any, Any]) -> CaseFile:
    query = select(case_events).where(case_events.c.case_id == row["id"]).order_by(case_events.c.n)
    return CaseFile(case=_case(row), events=tuple(_event(each._mapping) for each in db.execute(query)))


def _same(file: CaseFile, kept: CaseEvent, given: CaseEvent) -> CaseFile:
    """Give the case as it is, where the step that is kept under this key is the one that was sent again."""
    if (kept.step, kept.who, dict(kept.details)) != (given.step, given.who, dict(given.details)):
        raise InputError(f"Case {file.case.id}: this was answered before. Load the page again and answer anew.")
    return file


def _case(row: Mapping[Any, Any]) -> Case:
    names = Case.__dataclass_fields__.keys() - {"origin", "consent"}
    return Case(origin=Origin(row["origin"]), consent=Consent(row["consent"]), **{name: row[name] for name in names})


def _case_row(given: Case) -> dict[str, Any]:
    row = {name: getattr(given, name) for name in Case.__dataclass_fields__.keys() - {"id", "origin", "consent"}}
    return row | {"origin": given.origin.value, "consent": given.consent.value}


def _event(row: Mapping[Any, Any]) -> CaseEvent:
    names = CaseEvent.__dataclass_fields__.keys() - {"step"}
    return CaseEvent(step=Step(row["step"]), **{name: row[name] for name in names})


def _event_row(event: CaseEvent, number: int) -> dict[str, Any]:
    return {
        "case_id": number,
        "n": event.n,
        "step": event.step.value,
        "at": event.at,
        "who": event.who,
        "key": event.key,
        "details": dict(event.details),
    }


def counted(files: Sequence[CaseFile], *, now: datetime) -> dict[str, int]:
    """Count cases per state, and those overdue."""
    numbers = {state.value: 0 for state in State} | {"overdue": 0}
    for file in files:
        numbers[file.case.state] += 1
        numbers["overdue"] += file.case.deadline_at < now and not State(file.case.state).is_closed
    return numbers
