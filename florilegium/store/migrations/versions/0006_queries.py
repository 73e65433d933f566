"""Written queries with every step taken, and the replies to them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this version."""
    op.create_table(
        "queries",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("ticket_hash", sa.String(64), nullable=False),
        sa.Column("prediction_id", sa.Integer),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("may_learn", sa.Boolean, nullable=False),
        sa.Column("model_id", sa.String(64), nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("probability", sa.Float, nullable=False),
        sa.Column("known", sa.Boolean, nullable=False),
        sa.Column("top", sa.JSON, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("handed", sa.Boolean, nullable=False),
        sa.Column("intent", sa.Text),
        sa.Column("reply", sa.Text),
        sa.Column("n_events", sa.Integer, nullable=False),
        sa.Column("item", sa.Text),
        sa.Column("forgotten_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_queries"),
        sa.UniqueConstraint("ticket_hash", name="uq_queries_ticket_hash"),
        sa.UniqueConstraint("prediction_id", name="uq_queries_prediction_id"),
        sa.ForeignKeyConstraint(["prediction_id"], ["predictions.id"], name="fk_queries_prediction_id"),
    )
    op.create_index("ix_queries_state", "queries", ["state", "handed", "id"])
    op.create_table(
        "query_events",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("query_id", sa.Integer, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_query_events"),
        sa.UniqueConstraint("key", name="uq_query_events_key"),
        sa.UniqueConstraint("query_id", "n", name="uq_query_events_query_id"),
        sa.ForeignKeyConstraint(["query_id"], ["queries.id"], name="fk_query_events_query_id"),
    )
    op.create_table(
        "replies",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("intent", sa.Text, nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("links", sa.JSON, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_replies"),
    )


def downgrade() -> None:
    """Take the tables back to the version before; queries and replies are lost, the labels made from them are not."""
    for name in ("replies", "query_events", "queries"):
        op.drop_table(name)
