"""Keep items, labels, placements, models, openings, audits and runs. Path: report -> **store** -> project.

Values in, values out: nothing above this package sees a row or a statement.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, insert, select, update

from florilegium.dataset import LabelEvent
from florilegium.source.base import Harvest, Known, Sample, Side, Texts
from florilegium.store.address import parse
from florilegium.store.cases import Cases
from florilegium.store.database import open_engine, translated, writing
from florilegium.store.forgetting import Forgetting
from florilegium.store.judgements import Judgements
from florilegium.store.lessons import Lessons
from florilegium.store.live import Live
from florilegium.store.outbox import Outbox
from florilegium.store.people import People
from florilegium.store.queries import Queries
from florilegium.store.rows import Snapshot, snapshot
from florilegium.store.schema import audits, items, labels, models, openings, placements, runs
from florilegium.store.sessions import Sessions

IMPORTED = "import"  # who gave a label that came with the source


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """What a reading of the source changed."""

    n_new: int
    n_changed: int  # contents, label or metadata differ from the last reading
    n_gone: int  # were there at the last reading and are not now; their history stays


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The k-th opening of the sealed test set."""

    k: int
    model_id: str
    opened_at: datetime
    alpha: float
    verdict: Mapping[str, Any] | None  # None: opened, and interrupted before the judging was done


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """One trained model."""

    number: int  # 1 for the first one trained in this project
    model_id: str
    trained_at: datetime
    card: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One command that was carried out."""

    at: datetime
    command: str
    seconds: float
    details: Mapping[str, Any]


class Store:
    """One project's record, in SQLite or any database that SQLAlchemy reaches."""

    def __init__(self, url: str) -> None:
        """Open the database at `url` and bring its tables up to date."""
        self.url = url
        self._engine: Engine = open_engine(url)
        self.judgements = Judgements(self._engine)
        self.live = Live(self._engine)
        self.queries = Queries(self._engine)
        self.cases = Cases(self._engine)
        self.people, self.sessions = People(self._engine), Sessions(self._engine)
        self.outbox = Outbox(self._engine)
        self.forgetting = Forgetting(self._engine)
        self.lessons = Lessons(self._engine)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @property
    def file(self) -> Path | None:
        """The file that the record is in; None: it is on a server."""
        address = parse(self.url)
        return Path(address.url.database or "").absolute() if address.is_file else None

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """Hold the record as it is at one moment, in a `with` block; others write on meanwhile."""
        return snapshot(self._engine)

    def is_empty(self) -> bool:
        """Tell whether no project has kept anything here yet."""
        with translated(self.url), self._engine.connect() as db:
            return not any(db.execute(select(table.c[0]).limit(1)).first() for table in (items, models, openings, runs))

    # Items and labels

    def take_in(self, harvest: Harvest, *, now: datetime) -> Grown:
        """Add what is new, mark what is gone, record labels that the source changed; all or nothing."""
        with writing(self._engine) as db:
            found = {row.name: row for row in db.execute(select(items))}
            rows = [_item_row(harvest, i, now) for i in range(len(harvest.samples))]
            new = [row for row in rows if row["name"] not in found]
            changed = [row for row in rows if row["name"] in found and _differs(row, found[row["name"]])]
            # What an appeal or a query became never was in the source, and so it cannot be gone from there.
            missing = found.keys() - {row["name"] for row in rows}
            gone = [name for name in missing if found[name].present and not found[name].own]
            if new:
                db.execute(insert(items), new)
            for row in changed:
                kept = {key: value for key, value in row.items() if key != "added_at"}
                db.execute(update(items).where(items.c.name == row["name"]).values(**kept))
            for name in gone:
                db.execute(update(items).where(items.c.name == name).values(present=False))
            n_relabelled = _record_imported(db, harvest.samples, now)
        return Grown(n_new=len(new), n_changed=max(len(changed), n_relabelled - len(new)), n_gone=len(gone))

    def known(self) -> Known:
        """Give size, time and hash per file name, so that what has not changed is not hashed again."""
        columns = (items.c.name, items.c.size_bytes, items.c.mtime_ns, items.c.sha256)
        with translated(self.url), self._engine.connect() as db:
            rows = db.execute(select(*columns).where(items.c.size_bytes.is_not(None))).all()
        return {name: (size, mtime, sha256) for name, size, mtime, sha256 in rows}

    def samples(self) -> tuple[tuple[Sample, ...], tuple[str | None, ...]]:
        """Give the present items with their newest labels, in order of arrival, and their texts."""
        with translated(self.url), self._engine.connect() as db:
            newest = _newest_labels(db)
            rows = db.execute(select(items).where(items.c.present).order_by(items.c.id)).all()
        return tuple(_sample(row, newest.get(row.id)) for row in rows), tuple(row.text for row in rows)

    def holds_texts(self) -> bool:
        """Tell whether the items are texts."""
        with translated(self.url), self._engine.connect() as db:
            return db.scalar(select(items.c.id).where(items.c.text.is_not(None)).limit(1)) is not None

    def label(self, events: list[LabelEvent]) -> None:
        """Record label events; every one names an item of this project."""
        with writing(self._engine) as db:
            ids = _ids(db)
            db.execute(insert(labels), [_label_row(event, ids[event.name]) for event in events])

    def label_events(self) -> tuple[LabelEvent, ...]:
        """Give every label event ever recorded, oldest first."""
        query = select(items.c.name, labels).join(items, items.c.id == labels.c.item_id).order_by(labels.c.id)
        with translated(self.url), self._engine.connect() as db:
            return tuple(
                LabelEvent(
                    name=r.name,
                    label=r.label,
                    who=r.who,
                    at=r.at,
                    why=r.why,
                    suggested=r.suggested,
                    suggestion=r.suggestion,
                )
                for r in db.execute(query)
            )

    def labels_given(self, *, after: int = 0) -> tuple[tuple[int, LabelEvent], ...]:
        """Give the label events that people recorded, each with its number, from the one behind `after` on."""
        query = select(items.c.name, labels).join(items, items.c.id == labels.c.item_id).order_by(labels.c.id)
        given = (labels.c.who != IMPORTED) & (labels.c.id > after)
        with translated(self.url), self._engine.connect() as db:
            return tuple(
                (r.id, LabelEvent(name=r.name, label=r.label, who=r.who, at=r.at, why=r.why, suggested=r.suggested))
                for r in db.execute(query.where(given))
            )

    # The sealed split

    def sides(self) -> dict[str, tuple[str, Side]]:
        """Give content hash and side per item name, of every item ever placed, present or not."""
        query = select(items.c.name, items.c.sha256, placements.c.side).join(items)
        with translated(self.url), self._engine.connect() as db:
            return {name: (sha256, Side(side)) for name, sha256, side in db.execute(query)}

    def place(self, sides: Mapping[str, Side], *, now: datetime) -> None:
        """Place items that have no side yet; an item that has one keeps it."""
        with writing(self._engine) as db:
            ids = _ids(db)
            placed = set(db.scalars(select(placements.c.item_id)))
            rows = [
                {"item_id": ids[name], "side": side.value, "sealed_at": now}
                for name, side in sides.items()
                if ids[name] not in placed
            ]
            if rows:
                db.execute(insert(placements), rows)

    # Models and the ledger of openings

    def add_model(self, model_id: str, card: Mapping[str, Any], *, now: datetime) -> ModelRecord:
        """Record a trained model; it is the current one from now on."""
        with writing(self._engine) as db:
            row = {"model_id": model_id, "trained_at": now, "card": dict(card)}
            number = db.execute(insert(models).values(**row)).inserted_primary_key
        return ModelRecord(number=number[0] if number else 0, model_id=model_id, trained_at=now, card=card)

    def current_model(self) -> ModelRecord | None:
        """Give the model trained last, or None."""
        with translated(self.url), self._engine.connect() as db:
            row = db.execute(select(models).order_by(models.c.number.desc()).limit(1)).first()
        return None if row is None else ModelRecord(**row._mapping)

    def models(self) -> tuple[ModelRecord, ...]:
        """Give every model ever trained here, oldest first."""
        with translated(self.url), self._engine.connect() as db:
            return tuple(ModelRecord(**row._mapping) for row in db.execute(select(models).order_by(models.c.number)))

    def open_seal(self, model_id: str, *, alpha_of: Callable[[int], float], now: datetime, before: int = 0) -> Opening:
        """Record that the seal is opened for a model, before anything is seen; asked again, give the same opening.

        `alpha_of(k)` is the level that the k-th opening is judged at; `before`: openings that were counted elsewhere.
        """
        with writing(self._engine) as db:
            if (row := _opening(db, model_id)) is not None:
                return row
            k = max(before, db.scalar(select(func.max(openings.c.k))) or 0) + 1  # a ledger never counts back
            level = alpha_of(k)
            db.execute(insert(openings).values(k=k, model_id=model_id, opened_at=now, alpha=level, verdict=None))
        return Opening(k=k, model_id=model_id, opened_at=now, alpha=level, verdict=None)

    def record_verdict(self, k: int, verdict: Mapping[str, Any]) -> None:
        """Fill in what the k-th opening showed; a verdict once recorded is never replaced."""
        with writing(self._engine) as db:
            undecided = (openings.c.k == k) & openings.c.verdict.is_(None)
            db.execute(update(openings).where(undecided).values(verdict=dict(verdict)))

    def ledger(self) -> tuple[Opening, ...]:
        """Give all openings in order."""
        with translated(self.url), self._engine.connect() as db:
            return tuple(Opening(**row._mapping) for row in db.execute(select(openings).order_by(openings.c.k)))

    # What was done

    def record_audit(self, version: str, findings: list[dict[str, Any]], *, now: datetime) -> None:
        """Keep what an audit of this version of the data found."""
        with writing(self._engine) as db:
            db.execute(insert(audits).values(at=now, version=version, findings=findings))

    def last_audit(self) -> tuple[str, list[dict[str, Any]]] | None:
        """Give version and findings of the newest audit, or None."""
        with translated(self.url), self._engine.connect() as db:
            row = db.execute(select(audits).order_by(audits.c.id.desc()).limit(1)).first()
        return None if row is None else (row.version, row.findings)

    def record_run(self, command: str, *, seconds: float, details: Mapping[str, Any], now: datetime) -> None:
        """Keep that a command was carried out."""
        with writing(self._engine) as db:
            db.execute(insert(runs).values(at=now, command=command, seconds=seconds, details=dict(details)))

    def runs(self) -> tuple[Run, ...]:
        """Give every command carried out, oldest first."""
        query = select(runs.c.at, runs.c.command, runs.c.seconds, runs.c.details).order_by(runs.c.id)
        with translated(self.url), self._engine.connect() as db:
            return tuple(Run(**row._mapping) for row in db.execute(query))


def _item_row(harvest: Harvest, i: int, now: datetime) -> dict[str, Any]:
    sample = harvest.samples[i]
    size, mtime = harvest.stamps[i] if harvest.stamps else (None, None)
    return {
        "name": sample.name,
        "sha256": sample.sha256,
        "size_bytes": size,
        "mtime_ns": mtime,
        "grouping": sample.group,
        "origin": sample.origin,
        "licence": sample.licence,
        "brought": None if sample.side is None else sample.side.value,
        "text": harvest.contents.strings[i] if isinstance(harvest.contents, Texts) else None,
        "metadata": dict(sample.metadata),
        "present": True,
        "added_at": now,
    }


def _differs(row: Mapping[str, Any], stored: Any) -> bool:  # noqa: ANN401 - an SQLAlchemy row has no narrower type
    return any(value != getattr(stored, key) for key, value in row.items() if key != "added_at")


def _record_imported(db: Connection, samples: tuple[Sample, ...], now: datetime) -> int:
    """Record the source's labels where they are new or differ from what the source said last; give their number.

    A label that a person corrected here stays corrected when the unchanged source is read again.
    """
    ids = _ids(db)
    last = select(func.max(labels.c.id)).where(labels.c.who == IMPORTED).group_by(labels.c.item_id)
    said = _labels_of(db, last)
    fresh = [s for s in samples if s.label is not None and said.get(ids[s.name]) != s.label]
    rows = [
        {
            "item_id": ids[s.name],
            "label": s.label,
            "who": IMPORTED,
            "at": now,
            "why": "came with the source",
            "suggested": False,
        }
        for s in fresh
    ]
    if rows:
        db.execute(insert(labels), rows)
    return len(rows)


def _ids(db: Connection) -> dict[str, int]:
    return dict(map(tuple, db.execute(select(items.c.name, items.c.id))))


def _newest_labels(db: Connection) -> dict[int, str | None]:
    newest = select(func.max(labels.c.id)).group_by(labels.c.item_id)
    return _labels_of(db, newest)


def _labels_of(db: Connection, label_ids: Select[tuple[int | None]]) -> dict[int, str | None]:
    query = select(labels.c.item_id, labels.c.label).where(labels.c.id.in_(label_ids))
    return dict(map(tuple, db.execute(query)))


def _sample(row: Any, label: str | None) -> Sample:  # noqa: ANN401 - an SQLAlchemy row has no narrower type
    return Sample(
        name=row.name,
        label=label,
        sha256=row.sha256,
        group=row.grouping,
        origin=row.origin,
        licence=row.licence,
        side=None if row.brought is None else Side(row.brought),
        metadata=row.metadata,
    )


def _label_row(event: LabelEvent, item_id: int) -> dict[str, Any]:
    return {
        "item_id": item_id,
        "label": event.label,
        "who": event.who,
        "at": event.at,
        "why": event.why,
        "suggested": event.suggested,
        "suggestion": event.suggestion,
    }


def _opening(db: Connection, model_id: str) -> Opening | None:
    row = db.execute(select(openings).where(openings.c.model_id == model_id)).first()
    return None if row is None else Opening(**row._mapping)
