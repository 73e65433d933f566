"""Keep cases and every step that was taken with them. Path: report -> **store** -> project.

A step is checked against the events before it and written in one transaction with all that follows from it: mail, and
what is kept or erased. Sent twice, it is kept once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from florilegium.appeals import Case, CaseEvent, Consent, Origin, Standing, State, Step, fold, follow
from florilegium.errors import InputError
from florilegium.store import contents, outbox
from florilegium.store.contents import Content
from florilegium.store.database import once_more, translated, writing
from florilegium.store.outbox import Mail
from florilegium.store.recourse_schema import case_events, cases
from florilegium.store.tickets import ticket_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """A case with all that happened to it."""

    case: Case
    events: tuple[CaseEvent, ...]

    @property
    def standing(self) -> Standing:
        """Give where the events lead."""
        return fold(self.events, origin=self.case.origin)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepUntil:
    """A new end for what is kept of the picture or text."""

    moment: datetime | None  # None: while the case is open


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What follows from a step, written with it."""

    mails: Sequence[Mail] = ()
    keep: Content | None = None  # from now on, in place of what was kept
    until: KeepUntil | None = None  # None: as before
    drop: bool = False  # erase what was kept
    consent: Consent | None = None  # what its owner allows from now on; None: as before


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many cases there are."""

    by_state: Mapping[tuple[str, str], int]  # (origin, state) -> cases
    n_overdue: int  # open, after their deadline

    @property
    def n_waiting(self) -> int:
        """Count the cases that a reviewer could take or has."""
        return sum(self.by_state.get((origin.value, state.value), 0) for origin in Origin for state in QUEUED)

    @property
    def n_audits_decided(self) -> int:
        """Count the blind audits that came to an end."""
        return sum(self.by_state.get((Origin.AUDIT.value, state.value), 0) for state in DECIDED)


QUEUED = (State.RECEIVED, State.IN_REVIEW)
DECIDED = (State.UPHELD, State.REJECTED)
Following = Callable[[CaseFile], Effects]


def nothing_more(_file: CaseFile) -> Effects:
    """Follow a step by nothing."""
    return Effects()


class Cases:
    """All cases of one project."""

    def __init__(self, engine: Engine) -> None:
        """Use an engine whose tables are there."""
        self._engine = engine

    def open(self, given: Case, *, days: float, following: Following = nothing_more) -> tuple[CaseFile, bool]:
        """Open a case; asked again with the same key, or for the same prediction and origin, give the one there is.

        Args: days: until its deadline, from `given.at`.  following: of a case that is new.
        Returns: the case, and whether it is new.
        """

        def opened() -> tuple[CaseFile, bool]:
            same = (cases.c.key == given.key) | (
                (cases.c.prediction_id == given.prediction_id) & (cases.c.origin == given.origin.value)
            )
            with writing(self._engine) as db:
                if (row := db.execute(select(cases).where(same)).first()) is not None:
                    return _file(db, row._mapping), False
                file = open_case(db, given, days=days)
                _follow_up(db, file, following(file), now=given.at)
                return file, True

        return once_more(opened)

    def take(self, number: int, *steps: CaseEvent, following: Following = nothing_more) -> CaseFile:
        """Take one or more steps with a case, all or none; where the last was taken before, give the case as it is.

        Raises: IllegalStep: the case cannot take it.  InputError: no such case, or the key was used for another step.
        """
        with writing(self._engine) as db:
            there = locked(db, number)
            if (kept := kept_step(there, steps[-1])) is not None:
                return kept
            file = append(db, there, steps)
            effects = following(file)
            _follow_up(db, file, effects, now=steps[-1].at)
        return replace(file, case=replace(file.case, consent=effects.consent or file.case.consent))

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

    def decisions(self, *, after: int = 0) -> tuple[tuple[int, CaseFile], ...]:
        """Give the cases that a ruling has closed, with the number of that step, from the one behind `after` on."""
        decided = (case_events.c.step == Step.DECIDED.value) & (case_events.c.id > after)
        query = select(func.max(case_events.c.id), case_events.c.case_id).where(decided).group_by(case_events.c.case_id)
        with translated(self._where), self._engine.connect() as db:
            numbers = {int(case_id): int(number) for number, case_id in db.execute(query)}
        mine = case_events.c.id > after, case_events.c.step == Step.DECIDED.value
        files = self._many(cases.c.id.in_(select(case_events.c.case_id).where(*mine)))
        closed = [file for file in files if file.case.id in numbers and file.standing.ruling is not None]
        return tuple(sorted(((numbers[file.case.id], file) for file in closed), key=lambda pair: pair[0]))

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
            rows = db.execute(query).all()
            taken: dict[int, list[CaseEvent]] = {}
            for row in db.execute(steps):
                taken.setdefault(row.case_id, []).append(_event(row._mapping))
        # Read after the cases: a step between the two reads is seen, a case without its first step never.
        return tuple(CaseFile(case=_case(row._mapping), events=tuple(taken.get(row.id, ()))) for row in rows)

    def tally(self, *, now: datetime) -> Tally:
        """Count the cases by origin and state, and those that are overdue."""
        query = select(cases.c.origin, cases.c.state, func.count()).group_by(cases.c.origin, cases.c.state)
        closed = [state.value for state in State if state.is_closed]
        late = select(func.count()).where(cases.c.state.not_in(closed), cases.c.deadline_at < now)
        with translated(self._where), self._engine.connect() as db:
            counts = {(origin, state): int(n) for origin, state, n in db.execute(query)}
            return Tally(by_state=counts, n_overdue=int(db.scalar(late) or 0))

    def n_events(self) -> int:
        """Count all steps that were ever taken."""
        with translated(self._where), self._engine.connect() as db:
            return int(db.scalar(select(func.count()).select_from(case_events)) or 0)

    @property
    def _where(self) -> str:
        return self._engine.url.render_as_string()


def open_case(db: Connection, given: Case, *, days: float) -> CaseFile:
    """Open a case in a transaction that is open already; nobody has opened it before."""
    first = CaseEvent(step=Step.RECEIVED, at=given.at, who="", key=f"{given.key}/1", details={"days": days}, n=1)
    standing = follow(None, first, origin=given.origin)
    copied = {"state": standing.state.value, "deadline_at": standing.deadline_at}
    key = db.execute(insert(cases).values(**_case_row(given) | copied)).inserted_primary_key
    number = int(key[0]) if key else 0
    db.execute(insert(case_events).values(**_event_row(first, number)))
    # Fields by name.
    return CaseFile(case=replace(given, id=number, **copied), events=(first,))  # type: ignore[arg-type]


def locked(db: Connection, number: int) -> CaseFile:
    """Give a case that nobody else changes until the transaction ends.

    Raises: InputError: no such case.
    """
    # The row is locked on PostgreSQL; SQLite holds the whole database already.
    row = db.execute(select(cases).where(cases.c.id == number).with_for_update()).first()
    if row is None:
        raise InputError(f"Case {number}: no such case in this project. Load the list of cases again.")
    return _file(db, row._mapping)


def kept_step(file: CaseFile, given: CaseEvent) -> CaseFile | None:
    """Give the case where a step was taken before; None: it was not.

    Raises: InputError: its key was used for another step.
    """
    kept = next((each for each in file.events if each.key == given.key), None)
    if kept is None:
        return None
    if (kept.step, kept.who, dict(kept.details)) != (given.step, given.who, dict(given.details)):
        raise InputError(f"Case {file.case.id}: this was answered before. Load the page again and answer anew.")
    return file


def append(db: Connection, file: CaseFile, steps: Sequence[CaseEvent]) -> CaseFile:
    """Take steps with a case that is locked.

    Raises: IllegalStep: the case cannot take one of them.
    """
    standing, new = file.standing, []
    for each in steps:
        standing = follow(standing, each)
        new.append(replace(each, n=standing.n))
    db.execute(insert(case_events), [_event_row(each, file.case.id) for each in new])
    copied = {"state": standing.state.value, "deadline_at": standing.deadline_at}
    db.execute(update(cases).where(cases.c.id == file.case.id).values(**copied))
    # Fields by name.
    return CaseFile(case=replace(file.case, **copied), events=(*file.events, *new))  # type: ignore[arg-type]


def _follow_up(db: Connection, file: CaseFile, effects: Effects, *, now: datetime) -> None:
    number = file.case.prediction_id
    outbox.put(db, file.case.id, effects.mails, now=now)
    if effects.drop:
        contents.drop(db, number)
    if effects.keep is not None:
        contents.keep(db, number, effects.keep, now)
    if effects.until is not None:
        contents.keep_until(db, number, effects.until.moment)
    if effects.consent is not None:
        db.execute(update(cases).where(cases.c.id == file.case.id).values(consent=effects.consent.value))


def _file(db: Connection, row: Mapping[Any, Any]) -> CaseFile:
    query = select(case_events).where(case_events.c.case_id == row["id"]).order_by(case_events.c.n)
    return CaseFile(case=_case(row), events=tuple(_event(each._mapping) for each in db.execute(query)))


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
