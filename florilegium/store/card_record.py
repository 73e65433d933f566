"""Keep cards, what learners answered, and when each card comes again. Path: report -> **store** -> project.

Reviews are only ever added; to take one back is a row too. A card's memory is stored beside and computed from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, insert, select, update

from florilegium.cards.note import Note
from florilegium.cards.schedule import Memory, Rating, Review, Stage, to_ms
from florilegium.store import card_queries as queries
from florilegium.store import card_rows as rows
from florilegium.store.card_rows import Card, Replay
from florilegium.store.card_schema import card_memories, card_notes, card_reviews, card_settings, cards
from florilegium.store.database import open_engine, translated, writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much there is to do today."""

    n_learning: int
    n_due: int
    n_new: int  # not yet seen, without regard to the daily limit
    n_new_today: int  # seen for the first time today
    n_answered_today: int

    @property
    def n_cards(self) -> int:
        """Count what is waiting now."""
        return self.n_learning + self.n_due


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One answer as the journal tells of it."""

    number: int  # its place in the record; rises
    card_id: int
    who: str
    at: datetime
    rating: Rating
    is_first: bool  # the card was new to this learner


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """An answer that was taken back."""

    card_id: int
    at: datetime


class CardRecord:
    """The cards and reviews in one database: a project's, or a learner's own."""

    def __init__(self, url: str) -> None:
        """Open the database at `url` and bring its tables up to date."""
        self.url = url
        self._engine = open_engine(url)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    # Decks

    def take_in(self, notes: Sequence[tuple[Note, str | None]], *, now: datetime, whole: bool = True) -> int:
        """Add notes that are new, bring the others up to date; give how many were new or changed.

        Args: notes: each with the project's item that it shows.  whole: what is not among them is in no deck any more.
        """
        with writing(self._engine) as db:
            found = {row.guid: row for row in db.execute(select(card_notes))}
            given = [rows.note_row(note, item, position, now) for position, (note, item) in enumerate(notes)]
            fresh = [row for row in given if row["guid"] not in found]
            changed = [row for row in given if row["guid"] in found and rows.differs(row, found[row["guid"]])]
            if fresh:
                db.execute(insert(card_notes), fresh)
            for row in changed:
                db.execute(update(card_notes).where(card_notes.c.guid == row["guid"]).values(**row))
            gone = [g for g in found.keys() - {row["guid"] for row in given} if rows.may_go(found[g])] if whole else []
            for guid in gone:
                db.execute(update(card_notes).where(card_notes.c.guid == guid).values(present=False))
            if fresh or changed:
                rows.add_cards(db, {note.guid: note.ords for note, _ in notes})
        return len(fresh) + len(changed)

    def notes(self) -> tuple[Note, ...]:
        """Give all notes that are in a deck, in the order in which they come."""
        query = select(card_notes).where(card_notes.c.present).order_by(card_notes.c.position, card_notes.c.id)
        with translated(self.url), self._engine.connect() as db:
            return tuple(rows.to_note(row) for row in db.execute(query))

    def lost(self, guid: str) -> None:
        """Mark that a note cannot be shown any more, because its picture is gone; its reviews stay."""
        with writing(self._engine) as db:
            db.execute(update(card_notes).where(card_notes.c.guid == guid).values(present=False))

    # What comes next

    def next_card(
        self, who: str, *, now: datetime, today: tuple[datetime, datetime], n_new: int, ahead: timedelta
    ) -> Card | None:
        """Give the card to ask now: learning first, then what is due today, then new ones, then learning a bit early.

        Args: today: when the learner's day began and ends.  n_new: how many more new cards today.
            ahead: how early a learning card may come when nothing else is left.
        """
        reviewed = queries.in_stage(who, Stage.REVIEW, before=today[1]).where(queries.no_sibling(who, today[0]))
        new = queries.joined(who, outer=True).where(cards.c.id == queries.first_unseen(who, today[0]).scalar_subquery())
        steps = [_learning(who, now), [reviewed], [new] if n_new > 0 else [], _learning(who, now + ahead)]
        with translated(self.url), self._engine.connect() as db:
            for step in steps:
                found = [row for query in step if (row := db.execute(query.limit(1)).first()) is not None]
                if found:
                    return rows.to_card(min(found, key=lambda row: row.due or now))
        return None

    def card(self, card_id: int, *, who: str) -> Card | None:
        """Give one card by its number, or None."""
        query = queries.joined(who, outer=True).where(cards.c.id == card_id)
        with translated(self.url), self._engine.connect() as db:
            row = db.execute(query).first()
        return None if row is None else rows.to_card(row)

    def counts(self, who: str, *, now: datetime, today: tuple[datetime, datetime], ahead: timedelta) -> Counts:
        """Count what is to be done today."""
        memory, start = card_memories.c, today[0]
        due = and_(memory.stage == Stage.REVIEW.value, memory.due < today[1], queries.no_sibling(who, start))
        answered = select(func.count()).where(
            card_reviews.c.who == who,
            card_reviews.c.at >= start,
            card_reviews.c.rating.is_not(None),
            queries.standing(),
        )
        with translated(self.url), self._engine.connect() as db:
            n_learning = db.scalar(queries.count(queries.seen(who).where(queries.learning(now + ahead))))
            n_due = db.scalar(queries.count(queries.seen(who).where(due)))
            n_new = db.scalar(queries.count(queries.unseen(who)))
            return Counts(
                n_learning=n_learning or 0,
                n_due=n_due or 0,
                n_new=n_new or 0,
                n_new_today=db.scalar(queries.new_since(who, start)) or 0,
                n_answered_today=db.scalar(answered) or 0,
            )

    def n_new_since(self, who: str, since: datetime) -> int:
        """Count the cards that a learner saw for the first time since a moment."""
        with translated(self.url), self._engine.connect() as db:
            return db.scalar(queries.new_since(who, since)) or 0

    def newest(self, who: str) -> datetime | None:
        """Give when a learner answered last, by the date of the answer; None: never."""
        mine = (card_reviews.c.who == who) & card_reviews.c.rating.is_not(None)
        with translated(self.url), self._engine.connect() as db:
            return db.scalar(select(card_reviews.c.at).where(mine).order_by(card_reviews.c.at.desc()).limit(1))

    # What was answered

    def answer(self, card: Card, review: Review, memory: Memory, *, who: str) -> bool:
        """Record a review and the memory that it leaves, together.

        Gives False, and records nothing, where the card was answered elsewhere since it was shown.
        """
        seen = 0 if card.memory is None else card.memory.n_reviews
        with writing(self._engine) as db:
            present = rows.memory_of(db, who, card.id)
            if (0 if present is None else present.n_reviews) != seen:
                return False
            db.execute(insert(card_reviews).values(**rows.review_row(review, card.id, who)))
            rows.remember(db, who, {card.id: memory})
        return True

    def undo(self, *, who: str, now: datetime, replay: Replay) -> Undone | None:
        """Take back a learner's newest answer given here; give which it was, or None where there is none.

        What came from Anki or a table is not taken back.
        """
        local = card_reviews.c.source.in_(("terminal", "page"))
        query = select(card_reviews).where(card_reviews.c.who == who, card_reviews.c.rating.is_not(None), local)
        with writing(self._engine) as db:
            row = db.execute(query.where(queries.standing()).order_by(card_reviews.c.id.desc()).limit(1)).first()
            if row is None:
                return None
            undone = {"card_id": row.card_id, "who": who, "at": to_ms(now), "source": row.source, "undoes": row.id}
            db.execute(insert(card_reviews).values(**undone))
            rows.recompute(db, who, {row.card_id}, replay)
            return Undone(card_id=row.card_id, at=row.at)

    def reviews(self, who: str) -> tuple[Review, ...]:
        """Give all of a learner's answers that stand, oldest first."""
        with translated(self.url), self._engine.connect() as db:
            return rows.reviews(db, who)

    def answered(self, *, after: int = 0) -> tuple[Answered, ...]:
        """Give the answers of all learners that stand, in the order of the record, from the one behind `after` on."""
        with translated(self.url), self._engine.connect() as db:
            return tuple(
                Answered(
                    number=row.id,
                    card_id=row.card_id,
                    who=row.who,
                    at=row.at,
                    rating=Rating(row.rating),
                    is_first=row.id == row.first,
                )
                for row in db.execute(queries.answered(after))
            )

    def first_said(self, who: str) -> tuple[tuple[str, str, str], ...]:
        """Give (item or note, its class, what the learner said) of the first answer to each card that asks for one.

        An item whose class another card had told before is left out: it was remembered, not seen.
        """
        revealed = self.revealed(who)
        with translated(self.url), self._engine.connect() as db:
            first = {row.card_id: row for row in reversed(db.execute(queries.first_said(who)).all())}
        told = {card: revealed.get(row.fields.get("picture", "")) for card, row in first.items()}
        seen = (row for card, row in first.items() if (at := told[card]) is None or row.at < at)
        return tuple((row.item or row.guid, row.label, row.said) for row in seen if row.said)

    def revealed(self, who: str) -> dict[str, datetime]:
        """Give when a learner was first told what a picture or text shows, by a card that asks for something else."""
        found: dict[str, datetime] = {}
        with translated(self.url), self._engine.connect() as db:
            for fields, at in db.execute(queries.telling(who)):
                for shown in filter(None, (fields.get("picture"), fields.get("second"))):
                    found.setdefault(shown, at)
        return found

    def labels(self) -> tuple[str, ...]:
        """Give all classes that a card asks for, sorted."""
        query = select(card_notes.c.label).where(card_notes.c.label.is_not(None), card_notes.c.present).distinct()
        with translated(self.url), self._engine.connect() as db:
            return tuple(sorted(str(label) for label in db.scalars(query)))

    def merge(self, given: Sequence[Review], *, who: str, replay: Replay) -> tuple[int, int]:
        """Add answers given elsewhere; give how many were new here, and how many belong to no card of this record.

        An answer that was taken back here stays taken back. The memories of the cards concerned are computed again.
        """
        with writing(self._engine) as db:
            ids = {(row.guid, row.ord): row.id for row in db.execute(queries.names())}
            kept = rows.moments(db, who)
            fresh: dict[tuple[int, datetime], Review] = {}
            for review in given:
                card_id = ids.get((review.guid, review.ord))
                at = to_ms(review.at)
                if card_id is not None and not rows.is_kept(kept.setdefault(card_id, set()), at):
                    kept[card_id].add(at)
                    fresh[card_id, at] = review
            if fresh:
                added = [rows.review_row(review, card_id, who) for (card_id, _), review in fresh.items()]
                db.execute(insert(card_reviews), added)
            rows.recompute(db, who, {card_id for card_id, _ in fresh}, replay)
        return len(fresh), sum((review.guid, review.ord) not in ids for review in given)

    def recompute(self, who: str, replay: Replay) -> int:
        """Compute every memory anew from the answers, as after a change of parameters; give how many cards it were."""
        with writing(self._engine) as db:
            ids = set(db.scalars(select(card_memories.c.card_id).where(card_memories.c.who == who)))
            rows.recompute(db, who, ids, replay)
        return len(ids)

    def memories(self, who: str) -> dict[tuple[str, int], Memory]:
        """Give what a learner remembers, by note and card."""
        query = select(card_notes.c.guid, cards.c.ord, card_memories).select_from(queries.tables(who, outer=False))
        with translated(self.url), self._engine.connect() as db:
            return {(row.guid, row.ord): rows.to_memory(row) for row in db.execute(query)}

    # Settings

    def settings(self, who: str) -> dict[str, Any]:
        """Give what a learner chose."""
        query = select(card_settings.c.name, card_settings.c.value).where(card_settings.c.who == who)
        with translated(self.url), self._engine.connect() as db:
            return dict(map(tuple, db.execute(query)))

    def set(self, who: str, name: str, value: Any) -> None:  # noqa: ANN401 - whatever JSON can say
        """Keep a choice; the newest counts."""
        key = (card_settings.c.who == who) & (card_settings.c.name == name)
        with writing(self._engine) as db:
            done = db.execute(update(card_settings).where(key).values(value=value))
            if not done.rowcount:
                db.execute(insert(card_settings).values(who=who, name=name, value=value))


def _learning(who: str, until: datetime) -> list[Select[Any]]:
    """Ask for the first card in each stage of learning: both at once would have to be sorted."""
    return [queries.in_stage(who, stage, before=until) for stage in (Stage.LEARNING, Stage.RELEARNING)]
