"""The tables of cards and of what learners answered. Path: report -> **store** -> project. Holds no logic.

Rows are only ever added to `card_reviews`. `card_memories` is computed from them and kept beside, so that the next
card is found at once; `card_notes` holds the decks as they were last made.
"""

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from florilegium.store.schema import Moment, metadata

card_notes = Table(
    "card_notes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("guid", String(64), unique=True, nullable=False),  # the note's name, here and in Anki
    Column("deck", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("fields", JSON, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("pictures", JSON, nullable=False),
    Column("rights", Text, nullable=False),
    Column("label", Text),  # the class that the answer names
    Column("item", Text),  # the project's item that it shows
    Column("position", Integer, nullable=False),  # new cards come in this order
    Column("present", Boolean, nullable=False),  # False: no deck has it any more; its reviews stay
    Column("changed_at", Moment, nullable=False),
    Index("ix_card_notes_position", "position"),
)

cards = Table(
    "cards",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("note_id", Integer, ForeignKey("card_notes.id"), nullable=False),
    Column("ord", Integer, nullable=False),  # from 0, as Anki counts a note's cards
    Column("present", Boolean, nullable=False),  # False: the note no longer asks for it
    UniqueConstraint("note_id", "ord", name="uq_cards_note_id"),
)

card_memories = Table(
    "card_memories",
    metadata,
    Column("who", String(128), primary_key=True),
    Column("card_id", Integer, ForeignKey("cards.id"), primary_key=True, autoincrement=False),
    Column("stage", Integer, nullable=False),
    Column("step", Integer),
    Column("stability", Float, nullable=False),
    Column("difficulty", Float, nullable=False),
    Column("due", Moment, nullable=False),
    Column("last_review", Moment, nullable=False),
    Column("first_review", Moment, nullable=False),
    Column("n_reviews", Integer, nullable=False),
    Column("n_lapses", Integer, nullable=False),
    Index("ix_card_memories_who_due", "who", "stage", "due"),
    Index("ix_card_memories_card_id", "card_id"),
    Index("ix_card_memories_first_review", "who", "first_review"),
    Index("ix_card_memories_last_review", "who", "last_review"),
)

card_reviews = Table(
    "card_reviews",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("card_id", Integer, ForeignKey("cards.id"), nullable=False),
    Column("who", String(128), nullable=False),
    Column("at", Moment, nullable=False),  # whole milliseconds: with the card it names the review on every device
    Column("rating", Integer),  # 1 again .. 4 easy; NULL: takes an earlier review back
    Column("seconds", Float),
    Column("said", Text),  # the class that was named before the answer was seen
    Column("source", String(16), nullable=False),  # terminal, page, anki or csv
    Column("undoes", Integer, ForeignKey("card_reviews.id")),
    Index("ix_card_reviews_who", "who", "card_id", "at"),
    Index("ix_card_reviews_at", "who", "at"),
    Index("ix_card_reviews_undoes", "undoes"),
)

card_settings = Table(
    "card_settings",
    metadata,
    Column("who", String(128), primary_key=True),
    Column("name", String(32), primary_key=True),
    Column("value", JSON, nullable=False),
)
