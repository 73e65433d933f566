"""The questions that are asked of the card tables. Path: report -> **store** (used by its card_record).

Builds statements; runs none.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, select

from florilegium.cards.note import Kind
from florilegium.cards.schedule import Memory, Stage
from florilegium.store.card_schema import card_memories, card_notes, card_reviews, cards

# Made once: a new alias for each question costs more than the question.
_SIBLINGS, _ASKED, _BACK = cards.alias("sibling"), card_memories.alias("asked"), card_reviews.alias("back")
_FIRST, _TAKEN = card_reviews.alias("first_answer"), card_reviews.alias("taken")


def tables(who: str, *, outer: bool) -> Any:  # noqa: ANN401 - SQLAlchemy's join
    """Join cards, their notes and what a learner remembers of them; `outer`: those never seen too."""
    mine = and_(card_memories.c.card_id == cards.c.id, card_memories.c.who == who)
    return cards.join(card_notes, card_notes.c.id == cards.c.note_id).join(card_memories, mine, isouter=outer)


SHOWN = (
    *(card_notes.c[name] for name in ("guid", "deck", "kind", "fields", "tags", "pictures", "rights", "label", "item")),
    *(card_memories.c[name] for name in Memory.__dataclass_fields__),
)


def joined(who: str, *, outer: bool) -> Select[Any]:
    """Select cards that are in a deck, with their notes and memories."""
    shown = select(cards.c.id.label("card_id"), cards.c.ord, *SHOWN)
    return shown.select_from(tables(who, outer=outer)).where(card_notes.c.present, cards.c.present)


def seen(who: str) -> Select[Any]:
    """Select cards that a learner has answered."""
    return joined(who, outer=False)


def learning(until: datetime) -> Any:  # noqa: ANN401 - an SQLAlchemy condition
    """Choose cards in learning, or learned anew, that are due until a moment."""
    return card_memories.c.stage.in_((1, 3)) & (card_memories.c.due <= until)


def in_stage(who: str, stage: Stage, *, before: datetime) -> Select[Any]:
    """Select cards of one stage that are due before a moment, the longest due first, as the index has them."""
    memory = card_memories.c
    return seen(who).where(memory.stage == stage.value, memory.due <= before).order_by(memory.due)


def first_unseen(who: str, since: datetime) -> Select[Any]:
    """Select the number of the first new card: numbers alone are sorted quicker than cards."""
    mine = (card_memories.c.card_id == cards.c.id) & (card_memories.c.who == who)
    found = select(cards.c.id).join(card_notes, card_notes.c.id == cards.c.note_id)
    found = found.where(card_notes.c.present, cards.c.present, ~exists().where(mine), no_sibling(who, since))
    return found.order_by(card_notes.c.position, cards.c.ord).limit(1)


def unseen(who: str) -> Select[Any]:
    """Select cards that are new to a learner."""
    return joined(who, outer=True).where(card_memories.c.card_id.is_(None))


def names() -> Select[Any]:
    """Select the cards with the names by which Anki knows them."""
    return select(card_notes.c.guid, cards.c.ord, cards.c.id).join(cards, cards.c.note_id == card_notes.c.id)


def count(query: Select[Any]) -> Select[Any]:
    """Ask only how many rows a query has."""
    return query.with_only_columns(func.count())


def no_sibling(who: str, since: datetime) -> Any:  # noqa: ANN401 - an SQLAlchemy condition
    """Hold back a card whose note was asked today already: the other side would give the answer away.

    The card itself needs no exception: learned today, it is not due today.
    """
    asked = select(_SIBLINGS.c.note_id).join(_ASKED, _ASKED.c.card_id == _SIBLINGS.c.id)
    return cards.c.note_id.not_in(asked.where(_ASKED.c.who == who, _ASKED.c.last_review >= since))


def standing() -> Any:  # noqa: ANN401 - an SQLAlchemy condition
    """Leave out answers that were taken back."""
    return ~exists().where(_BACK.c.undoes == card_reviews.c.id)


def first_said(who: str) -> Select[Any]:
    """Select a learner's answers to cards that ask for a class, oldest first."""
    asked = select(cards.c.id.label("card_id"), card_notes.c.guid, card_notes.c.item, card_notes.c.label)
    return (
        asked.add_columns(card_notes.c.fields, card_reviews.c.said, card_reviews.c.at)
        .join(cards, cards.c.note_id == card_notes.c.id)
        .join(card_reviews, card_reviews.c.card_id == cards.c.id)
        .where(card_reviews.c.who == who, card_reviews.c.rating.is_not(None), standing())
        .where(card_notes.c.label.is_not(None), card_notes.c.present)
        .order_by(card_reviews.c.at)
    )


def new_since(who: str, since: datetime) -> Select[Any]:
    """Count the cards that a learner saw for the first time since a moment."""
    mine = (card_memories.c.who == who) & (card_memories.c.first_review >= since)
    return select(func.count()).select_from(card_memories).where(mine)


def telling(who: str) -> Select[Any]:
    """Select what a learner was shown by answered cards that do not ask for a class but tell it, oldest first."""
    return (
        select(card_notes.c.fields, card_reviews.c.at)
        .join(cards, cards.c.note_id == card_notes.c.id)
        .join(card_reviews, card_reviews.c.card_id == cards.c.id)
        .where(card_notes.c.kind == Kind.PICTURE.value, card_notes.c.label.is_(None), card_reviews.c.who == who)
        .order_by(card_reviews.c.at)
    )


def answered(after: int) -> Select[Any]:
    """Select answers that stand, each with the number of the first one to its card by the same learner."""
    first = select(func.min(_FIRST.c.id)).where(
        _FIRST.c.card_id == card_reviews.c.card_id, _FIRST.c.who == card_reviews.c.who, _FIRST.c.rating.is_not(None)
    )
    first = first.where(~exists().where(_TAKEN.c.undoes == _FIRST.c.id))
    query = select(card_reviews, first.scalar_subquery().label("first"))
    return query.where(card_reviews.c.id > after, card_reviews.c.rating.is_not(None), standing()).order_by(
        card_reviews.c.id
    )
