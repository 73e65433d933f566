"""The tables of the core: items, labels, placements, models, openings, audits, runs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this version."""
    op.create_table(
        "items",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger),
        sa.Column("mtime_ns", sa.BigInteger),
        sa.Column("grouping", sa.Text),
        sa.Column("origin", sa.Text),
        sa.Column("licence", sa.Text),
        sa.Column("brought", sa.String(8)),
        sa.Column("text", sa.Text),
        sa.Column("metadata", sa.JSON, nullable=False),
        sa.Column("present", sa.Boolean, nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_items"),
        sa.UniqueConstraint("name", name="uq_items_name"),
    )
    op.create_index("ix_items_sha256", "items", ["sha256"])
    op.create_table(
        "labels",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("item_id", sa.Integer, nullable=False),
        sa.Column("label", sa.Text),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("suggested", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_labels"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_labels_item_id"),
    )
    op.create_index("ix_labels_item_id_id", "labels", ["item_id", "id"])
    op.create_table(
        "placements",
        sa.Column("item_id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("item_id", name="pk_placements"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_placements_item_id"),
    )
    op.create_table(
        "models",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("model_id", sa.String(64), nullable=False),
        sa.Column("trained_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("card", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_models"),
    )
    op.create_index("ix_models_model_id", "models", ["model_id"])
    op.create_table(
        "openings",
        sa.Column("k", sa.Integer, nullable=False),
        sa.Column("model_id", sa.String(64), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("alpha", sa.Float, nullable=False),
        sa.Column("verdict", sa.JSON),
        sa.PrimaryKeyConstraint("k", name="pk_openings"),
        sa.UniqueConstraint("model_id", name="uq_openings_model_id"),
    )
    op.create_table(
        "audits",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.String(16), nullable=False),
        sa.Column("findings", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audits"),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("command", sa.Text, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )


def downgrade() -> None:
    """Take the tables back to the version before: an empty database."""
    for table in ("runs", "audits", "openings", "models", "placements", "labels", "items"):
        op.drop_table(table)
