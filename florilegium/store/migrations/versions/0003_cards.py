"""Cards, what learners answered, and what is known of each card's memory."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the tables to this version."""
    op.create_table(
        "card_notes",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("guid", sa.String(64), nullable=False),
        sa.Column("deck", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("pictures", sa.JSON, nullable=False),
        sa.Column("rights", sa.Text, nullable=False),
        sa.Column("label", sa.Text),
        sa.Column("item", sa.Text),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("present", sa.Boolean, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_card_notes"),
        sa.UniqueConstraint("guid", name="uq_card_notes_guid"),
    )
    op.create_index("ix_card_notes_position", "card_notes", ["position"])
    op.create_table(
        "cards",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("note_id", sa.Integer, nullable=False),
        sa.Column("ord", sa.Integer, nullable=False),
        sa.Column("present", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cards"),
        sa.UniqueConstraint("note_id", "ord", name="uq_cards_note_id"),
        sa.ForeignKeyConstraint(["note_id"], ["card_notes.id"], name="fk_cards_note_id"),
    )
    op.create_table(
        "card_memories",
        sa.Column("who", sa.String(128), nullable=False),
        sa.Column("card_id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("stage", sa.Integer, nullable=False),
        sa.Column("step", sa.Integer),
        sa.Column("stability", sa.Float, nullable=False),
        sa.Column("difficulty", sa.Float, nullable=False),
        sa.Column("due", MOMENT, nullable=False),
        sa.Column("last_review", MOMENT, nullable=False),
        sa.Column("first_review", MOMENT, nullable=False),
        sa.Column("n_reviews", sa.Integer, nullable=False),
        sa.Column("n_lapses", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("who", "card_id", name="pk_card_memories"),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name="fk_card_memories_card_id"),
    )
    op.create_index("ix_card_memories_who_due", "card_memories", ["who", "stage", "due"])
    op.create_index("ix_card_memories_card_id", "card_memories", ["card_id"])
    op.create_index("ix_card_memories_first_review", "card_memories", ["who", "first_review"])
    op.create_index("ix_card_memories_last_review", "card_memories", ["who", "last_review"])
    op.create_table(
        "card_reviews",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("card_id", sa.Integer, nullable=False),
        sa.Column("who", sa.String(128), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("rating", sa.Integer),
        sa.Column("seconds", sa.Float),
        sa.Column("said", sa.Text),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("undoes", sa.Integer),
        sa.PrimaryKeyConstraint("id", name="pk_card_reviews"),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name="fk_card_reviews_card_id"),
        sa.ForeignKeyConstraint(["undoes"], ["card_reviews.id"], name="fk_card_reviews_undoes"),
    )
    op.create_index("ix_card_reviews_who", "card_reviews", ["who", "card_id", "at"])
    op.create_index("ix_card_reviews_at", "card_reviews", ["who", "at"])
    op.create_index("ix_card_reviews_undoes", "card_reviews", ["undoes"])
    op.create_table(
        "card_settings",
        sa.Column("who", sa.String(128), nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("value", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("who", "name", name="pk_card_settings"),
    )


def downgrade() -> None:
    """Take the tables back to the version before; reviews are lost."""
    for table in ("card_settings", "card_reviews", "card_memories", "cards", "card_notes"):
        op.drop_table(table)
