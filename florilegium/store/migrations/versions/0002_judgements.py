"""What people said of single items, click by click; what the model would have said, beside each label."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this version."""
    op.add_column("labels", sa.Column("suggestion", sa.Text))
    op.create_table(
        "judgements",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("click", sa.String(64), nullable=False),
        sa.Column("item_id", sa.Integer, nullable=False),
        sa.Column("task", sa.String(16), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("label", sa.Text),
        sa.Column("before", sa.Text),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Float),
        sa.Column("suggestion", sa.Text),
        sa.Column("suggested", sa.Boolean, nullable=False),
        sa.Column("suspicion", sa.Float),
        sa.Column("stream", sa.String(16), nullable=False),
        sa.Column("label_id", sa.Integer),
        sa.Column("undoes", sa.Integer),
        sa.PrimaryKeyConstraint("id", name="pk_judgements"),
        sa.UniqueConstraint("click", name="uq_judgements_click"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_judgements_item_id"),
        sa.ForeignKeyConstraint(["label_id"], ["labels.id"], name="fk_judgements_label_id"),
        sa.ForeignKeyConstraint(["undoes"], ["judgements.id"], name="fk_judgements_undoes"),
    )
    op.create_index("ix_judgements_item_id", "judgements", ["item_id"])


def downgrade() -> None:
    """Take the tables back to the version before; what people said of items is lost, their labels are not."""
    op.drop_table("judgements")
    with op.batch_alter_table("labels") as table:
        table.drop_column("suggestion")
