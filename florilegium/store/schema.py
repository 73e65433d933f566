"""The tables, said once for SQLite and PostgreSQL. Path: report -> **store** -> project. Holds no logic.

Rows are only ever added to `labels`, `judgements`, `openings`, `models`, `audits` and `runs`; nothing recorded is
overwritten, but for the result of an opening, which is filled in when the judging is done.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    false,
)


class Moment(TypeDecorator[datetime]):
    """An aware moment in UTC; SQLite forgets the zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Refuse a moment without a zone: it could mean any of 38 hours."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"{value} has no time zone; pass datetime.now(UTC)")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Give the moment back in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Names for constraints: without them a later migration cannot drop one on SQLite.
NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

items = Table(
    "items",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, unique=True, nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("size_bytes", BigInteger),  # with mtime_ns: a file that has not changed is not hashed again
    Column("mtime_ns", BigInteger),
    Column("grouping", Text),  # the user's group
    Column("origin", Text),
    Column("licence", Text),
    Column("brought", String(8)),  # the side that the source itself puts it on
    Column("text", Text),
    Column("metadata", JSON, nullable=False),
    Column("present", Boolean, nullable=False),  # False: gone from the source at the last reading
    Column("added_at", Moment, nullable=False),
    Column("own", Boolean, nullable=False, default=False, server_default=false()),  # kept here, not by the source
)

labels = Table(
    "labels",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("item_id", Integer, ForeignKey("items.id"), nullable=False),
    Column("label", Text),  # NULL: taken out of the set
    Column("who", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("why", Text, nullable=False),
    Column("suggested", Boolean, nullable=False),
    Column("suggestion", Text),  # what the model would have said, shown or not; NULL: it was not asked
    Index("ix_labels_item_id_id", "item_id", "id"),
)

judgements = Table(
    "judgements",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("click", String(64), unique=True, nullable=False),  # the browser's number of it: sent twice, kept once
    Column("item_id", Integer, ForeignKey("items.id"), nullable=False, index=True),
    Column("task", String(16), nullable=False),  # clean, label, again, third or game
    Column("verdict", String(16), nullable=False),  # keep, label, remove, unsure, guess or undo
    Column("label", Text),  # what the person says it is
    Column("before", Text),  # the label that it had
    Column("who", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("seconds", Float),  # from seeing the item to the click
    Column("suggestion", Text),  # what the model would have said
    Column("suggested", Boolean, nullable=False),  # was that shown?
    Column("suspicion", Float),  # 0..1, how wrong the label looked
    Column("stream", String(16), nullable=False),  # how the item was chosen: ranked, random, teaching
    Column("label_id", Integer, ForeignKey("labels.id")),  # the label event that it made
    Column("undoes", Integer, ForeignKey("judgements.id")),  # the judgement that it takes back
)

placements = Table(
    "placements",
    metadata,
    Column("item_id", Integer, ForeignKey("items.id"), primary_key=True, autoincrement=False),
    Column("side", String(8), nullable=False),  # train, test or withheld
    Column("sealed_at", Moment, nullable=False),
)

models = Table(
    "models",
    metadata,
    Column("number", Integer, primary_key=True),  # 1, 2, 3 ... in the order of training
    Column("model_id", String(64), nullable=False, index=True),
    Column("trained_at", Moment, nullable=False),
    Column("card", JSON, nullable=False),
)

openings = Table(
    "openings",
    metadata,
    Column("k", Integer, primary_key=True),  # the k-th opening of the seal
    Column("model_id", String(64), unique=True, nullable=False),  # one model opens the seal once
    Column("opened_at", Moment, nullable=False),
    Column("alpha", Float, nullable=False),
    Column("verdict", JSON(none_as_null=True)),  # NULL between the opening and the end of the judging
)

audits = Table(
    "audits",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("version", String(16), nullable=False),  # of the data set
    Column("findings", JSON, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("command", Text, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("details", JSON, nullable=False),
)
