"""The tables of live answers and of cases. Path: report -> **store** -> project. Holds no logic.

Rows are only ever added to `predictions` and `case_events`; what is personal in them can be erased (`forgotten_at`).
`cases.state` and `cases.deadline_at` copy where the events lead and are written with them.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from florilegium.store.schema import Moment, metadata

predictions = Table(
    "predictions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ticket_hash", String(64), unique=True, nullable=False),  # SHA-256 of what only the asker was told
    Column("key", String(64), unique=True),  # the sender's own number of it: sent twice, kept once
    Column("at", Moment, nullable=False, index=True),
    Column("model_id", String(64), nullable=False),
    Column("kind", String(8), nullable=False),  # image or text
    Column("sha256", String(64), nullable=False, index=True),  # of the picture's or text's bytes
    Column("label", Text),  # the best class, also where the model abstains
    Column("probability", Float),  # 0..1, calibrated
    Column("known", Boolean, nullable=False),  # False: the model abstained
    Column("top", JSON, nullable=False),  # [[label, probability], ...]
    Column("vector", LargeBinary),  # (d,) float32, little-endian; NULL: none, or erased
    Column("facts", JSON, nullable=False),  # size, format, brightness ... by name
    Column("metadata", JSON, nullable=False),  # what the sender said of it, by column: site, language ...
    Column("may_check", Boolean, nullable=False),  # False: the asker does not want a person to look at it
    Column("drawn", Boolean, nullable=False),  # chance drew it for a blind audit
    Column("forgotten_at", Moment),
)

contents = Table(
    "contents",
    metadata,
    Column("prediction_id", Integer, ForeignKey("predictions.id"), primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
    Column("media_type", String(64), nullable=False),
    Column("purpose", String(8), nullable=False),  # check, review or learn: what it is kept for
    Column("size_bytes", BigInteger, nullable=False),
    Column("added_at", Moment, nullable=False),
    Column("kept_until", Moment, index=True),  # NULL: while its case is open; learned: until the person wants it erased
    Column("item_id", Integer, ForeignKey("items.id"), unique=True),  # the item that was made of it; NULL: none
)

cases = Table(
    "cases",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("origin", String(8), nullable=False),  # appeal or audit
    Column("prediction_id", Integer, ForeignKey("predictions.id"), nullable=False),
    Column("ticket_hash", String(64), unique=True),  # of the appellant's private link; NULL: an audit
    Column("key", String(64), unique=True, nullable=False),
    Column("at", Moment, nullable=False),
    Column("deadline_at", Moment, nullable=False),
    Column("consent", String(8), nullable=False),  # none, review or learn
    Column("reason", Text, nullable=False),
    Column("suggestion", Text),
    Column("contact", Text, nullable=False),
    Column("state", String(24), nullable=False),
    Index("ix_cases_state", "state", "deadline_at"),
    UniqueConstraint("prediction_id", "origin", name="uq_cases_prediction_id"),  # contested once, drawn once
)

case_events = Table(
    "case_events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", Integer, ForeignKey("cases.id"), nullable=False),
    Column("n", Integer, nullable=False),  # 1, 2, 3 ... in this case: two writers cannot take the same step
    Column("step", String(16), nullable=False),
    Column("at", Moment, nullable=False),
    Column("who", Text, nullable=False),  # "": the appellant, or chance
    Column("key", String(64), unique=True, nullable=False),
    Column("details", JSON, nullable=False),
    UniqueConstraint("case_id", "n", name="uq_case_events_case_id"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", Integer, ForeignKey("cases.id"), nullable=False, index=True),
    Column("key", String(96), unique=True, nullable=False),  # one message per case and occasion
    Column("at", Moment, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("sent_at", Moment),  # NULL: waits
    Column("next_at", Moment, index=True),  # when to try next; NULL: sent, or given up
    Column("n_tries", Integer, nullable=False),
    Column("error", Text),  # of the last try
)
