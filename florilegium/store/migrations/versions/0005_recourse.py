"""Live answers, what was kept of them, the cases that people have to look at, and mail that waits."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this version."""
    op.create_table(
        "predictions",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("ticket_hash", sa.String(64), nullable=False),
        sa.Column("key", sa.String(64)),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("model_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("label", sa.Text),
        sa.Column("probability", sa.Float),
        sa.Column("known", sa.Boolean, nullable=False),
        sa.Column("top", sa.JSON, nullable=False),
        sa.Column("vector", sa.LargeBinary),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("metadata", sa.JSON, nullable=False),
        sa.Column("may_check", sa.Boolean, nullable=False),
        sa.Column("drawn", sa.Boolean, nullable=False),
        sa.Column("forgotten_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_predictions"),
        sa.UniqueConstraint("ticket_hash", name="uq_predictions_ticket_hash"),
        sa.UniqueConstraint("key", name="uq_predictions_key"),
    )
    op.create_table(
        "contents",
        sa.Column("prediction_id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("media_type", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(8), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_until", sa.DateTime(timezone=True)),
        sa.Column("item_id", sa.Integer),
        sa.PrimaryKeyConstraint("prediction_id", name="pk_contents"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_contents_item_id"),
        sa.UniqueConstraint("item_id", name="uq_contents_item_id"),
        sa.ForeignKeyConstraint(["prediction_id"], ["predictions.id"], name="fk_contents_prediction_id"),
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("origin", sa.String(8), nullable=False),
        sa.Column("prediction_id", sa.Integer, nullable=False),
        sa.Column("ticket_hash", sa.String(64)),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consent", sa.String(8), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("suggestion", sa.Text),
        sa.Column("contact", sa.Text, nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
        sa.ForeignKeyConstraint(["prediction_id"], ["predictions.id"], name="fk_cases_prediction_id"),
        sa.UniqueConstraint("ticket_hash", name="uq_cases_ticket_hash"),
        sa.UniqueConstraint("key", name="uq_cases_key"),
        sa.UniqueConstraint("prediction_id", "origin", name="uq_cases_prediction_id"),
    )
    op.create_table(
        "case_events",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("case_id", sa.Integer, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("step", sa.String(16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_case_events"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_case_events_case_id"),
        sa.UniqueConstraint("key", name="uq_case_events_key"),
        sa.UniqueConstraint("case_id", "n", name="uq_case_events_case_id"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("case_id", sa.Integer, nullable=False),
        sa.Column("key", sa.String(96), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("n_tries", sa.Integer, nullable=False),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_outbox_case_id"),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
    )
    op.create_index("ix_predictions_at", "predictions", ["at"])
    op.create_index("ix_predictions_sha256", "predictions", ["sha256"])
    op.create_index("ix_contents_kept_until", "contents", ["kept_until"])
    op.create_index("ix_cases_state", "cases", ["state", "deadline_at"])
    op.create_index("ix_outbox_case_id", "outbox", ["case_id"])
    op.create_index("ix_outbox_next_at", "outbox", ["next_at"])
    # True: kept by the project itself, not by its source.
    op.add_column("items", sa.Column("own", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Take the tables back to the version before; answers, cases and waiting mail are lost."""
    op.drop_column("items", "own")
    op.drop_table("outbox")
    op.drop_table("case_events")
    op.drop_table("cases")
    op.drop_table("contents")
    op.drop_table("predictions")
