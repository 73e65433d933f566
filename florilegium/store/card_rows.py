"""Cards, notes, memories and reviews as rows, and back. Path: report -> **store** (used by its card_record)."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from florilegium.cards.note import IMPORTED, Kind, Note
from florilegium.cards.schedule import Memory, Rating, Review, Stage, to_ms
from florilegium.store.card_queries import standing
from florilegium.store.card_schema import card_memories, card_notes, card_reviews, cards

Replay = Callable[[Iterable[Review]], Memory | None]
SAME = timedelta(milliseconds=5)  # reviews of one card this near are one: Anki moves what collides by a millisecond


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One card of one note, with what one learner remembers of it."""

    id: int
    ord: int
    note: Note
    item: str | None  # the project's item that it shows
    memory: Memory | None  # None: new to this learner


def reviews(db: Connection, who: str, card_id: int | None = None) -> tuple[Review, ...]:
    """Give a learner's answers that stand, oldest first; of one card only where it is named."""
    found = (review for each in by_card(db, who, card_id).values() for review in each)
    return tuple(sorted(found, key=lambda review: review.at))


def by_card(db: Connection, who: str, card_id: int | None = None) -> dict[int, list[Review]]:
    """Give a learner's answers that stand, by card."""
    query = (
        select(card_notes.c.guid, cards.c.ord, card_reviews)
        .join(cards, cards.c.id == card_reviews.c.card_id)
        .join(card_notes, card_notes.c.id == cards.c.note_id)
        .where(card_reviews.c.who == who, card_reviews.c.rating.is_not(None), standing())
        .order_by(card_reviews.c.at, card_reviews.c.id)
    )
    found: dict[int, list[Review]] = {}
    for row in db.execute(query if card_id is None else query.where(card_reviews.c.card_id == card_id)):
        found.setdefault(row.card_id, []).append(
            Review(
                guid=row.guid,
                ord=row.ord,
                at=row.at,
                rating=Rating(row.rating),
                seconds=row.seconds,
                said=row.said,
                source=row.source,
            )
        )
    return found


def moments(db: Connection, who: str) -> dict[int, set[datetime]]:
    """Give when each card was answered, answers that were taken back included: they are known too."""
    query = select(card_reviews.c.card_id, card_reviews.c.at)
    found: dict[int, set[datetime]] = {}
    for card_id, at in db.execute(query.where(card_reviews.c.who == who, card_reviews.c.rating.is_not(None))):
        found.setdefault(card_id, set()).add(at)
    return found


def is_kept(kept: set[datetime], at: datetime) -> bool:
    """Tell whether an answer at a moment is known already."""
    return at in kept or any(abs(at - other) < SAME for other in kept)


def recompute(db: Connection, who: str, card_ids: Collection[int], replay: Replay) -> None:
    """Compute the memories of cards anew from the answers that stand."""
    found = by_card(db, who, next(iter(card_ids)) if len(card_ids) == 1 else None)
    remember(db, who, {card_id: replay(found.get(card_id, ())) for card_id in card_ids})


def remember(db: Connection, who: str, memories: Mapping[int, Memory | None]) -> None:
    """Put memories beside their reviews; None: the card is new again."""
    if not memories:
        return
    one = (card_memories.c.who == who) & (card_memories.c.card_id == bindparam("old"))
    db.execute(delete(card_memories).where(one), [{"old": card_id} for card_id in memories])
    names = tuple(Memory.__dataclass_fields__)
    kept: list[dict[str, Any]] = [
        {"who": who, "card_id": card_id} | {name: getattr(memory, name) for name in names}
        for card_id, memory in memories.items()
        if memory is not None
    ]
    if kept:
        db.execute(insert(card_memories), [row | {"stage": int(row["stage"])} for row in kept])


def memory_of(db: Connection, who: str, card_id: int) -> Memory | None:
    """Give what a learner remembers of a card; the row stays locked until the writing is done."""
    query = select(card_memories).where(card_memories.c.who == who, card_memories.c.card_id == card_id)
    row = db.execute(query.with_for_update()).first()
    return None if row is None else to_memory(row)


def to_memory(row: Any) -> Memory:  # noqa: ANN401 - an SQLAlchemy row has no narrower type
    """Give a memory from its row."""
    values = {name: getattr(row, name) for name in Memory.__dataclass_fields__}
    return Memory(**values | {"stage": Stage(row.stage)})


def to_card(row: Any) -> Card:  # noqa: ANN401 - an SQLAlchemy row has no narrower type
    """Give a card from its row."""
    memory = None if row.stage is None else to_memory(row)
    return Card(id=row.card_id, ord=row.ord, note=to_note(row), item=row.item, memory=memory)


def to_note(row: Any) -> Note:  # noqa: ANN401 - an SQLAlchemy row has no narrower type
    """Give a note from its row."""
    return Note(
        guid=row.guid,
        kind=Kind(row.kind),
        deck=row.deck,
        fields=row.fields,
        tags=tuple(row.tags),
        pictures=tuple(row.pictures),
        rights=row.rights,
        label=row.label,
    )


def note_row(note: Note, item: str | None, position: int, now: datetime) -> dict[str, Any]:
    """Give a note as a row."""
    return {
        "guid": note.guid,
        "deck": note.deck,
        "kind": note.kind.value,
        "fields": dict(note.fields),
        "tags": list(note.tags),
        "pictures": list(note.pictures),
        "rights": note.rights,
        "label": note.label,
        "item": item,
        "position": position,
        "present": True,
        "changed_at": now,
    }


def differs(row: Mapping[str, Any], stored: Any) -> bool:  # noqa: ANN401 - an SQLAlchemy row has no narrower type
    """Tell whether a note changed, the time left aside."""
    return any(value != getattr(stored, key) for key, value in row.items() if key != "changed_at")


def may_go(row: Any) -> bool:  # noqa: ANN401 - an SQLAlchemy row has no narrower type
    """Tell whether a note leaves the decks when it is in none of them; what came from Anki stays."""
    return bool(row.present) and IMPORTED not in row.tags


def add_cards(db: Connection, ords: Mapping[str, Sequence[int]]) -> None:
    """Give each note the cards that it asks for now; a card that it no longer asks for keeps its reviews."""
    ids = dict(map(tuple, db.execute(select(card_notes.c.guid, card_notes.c.id))))
    wanted = {(ids[guid], each) for guid, numbers in ords.items() for each in numbers}
    of_these = {ids[guid] for guid in ords}
    there = {(row.note_id, row.ord): row for row in db.execute(select(cards)) if row.note_id in of_these}
    rows = [{"note_id": note, "ord": each, "present": True} for note, each in sorted(wanted - there.keys())]
    if rows:
        db.execute(insert(cards), rows)
    for key, row in there.items():
        if row.present != (key in wanted):
            db.execute(update(cards).where(cards.c.id == row.id).values(present=key in wanted))


def review_row(review: Review, card_id: int, who: str) -> dict[str, Any]:
    """Give an answer as a row."""
    return {
        "card_id": card_id,
        "who": who,
        "at": to_ms(review.at),
        "rating": int(review.rating),
        "seconds": review.seconds,
        "said": review.said,
        "source": review.source,
        "undoes": None,
    }
