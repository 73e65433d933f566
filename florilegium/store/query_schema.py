"""The tables of written queries, and of the replies to them. Path: report -> **store** -> project. Holds no logic.

Rows are only ever added to `query_events`; `queries.state`, `queries.intent` and `queries.reply` copy where the events
lead and are written with them. What is personal can be erased (`forgotten_at`). A reply that is replaced stays.
"""

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from florilegium.store.schema import Moment, metadata

queries = Table(
    "queries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ticket_hash", String(64), unique=True, nullable=False),  # SHA-256 of what only the asker was told
    Column("prediction_id", Integer, ForeignKey("predictions.id"), unique=True),
    Column("at", Moment, nullable=False),
    Column("text", Text, nullable=False),  # "": erased
    Column("language", String(35), nullable=False),  # as the sender says; "": unsaid
    Column("name", Text, nullable=False),  # how the asker wants to be addressed; "": unsaid
    Column("may_learn", Boolean, nullable=False),  # False: no model is to learn from it
    Column("model_id", String(64), nullable=False),
    Column("said", Text, nullable=False),  # the model's intent, also where it abstains
    Column("probability", Float, nullable=False),  # 0..1, calibrated
    Column("known", Boolean, nullable=False),  # False: the model abstained
    Column("top", JSON, nullable=False),  # [[intent, probability], ...]
    Column("state", String(16), nullable=False),  # waiting, automatic, answered, closed
    Column("handed", Boolean, nullable=False),  # a person is asked for, by the model or by a person
    Column("intent", Text),  # what a person says it is; NULL: nobody said
    Column("reply", Text),  # what the asker was told last; NULL: nothing yet
    Column("n_events", Integer, nullable=False),
    Column("item", Text),  # the project's item that it became
    Column("forgotten_at", Moment),
    Index("ix_queries_state", "state", "handed", "id"),
)

query_events = Table(
    "query_events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("query_id", Integer, ForeignKey("queries.id"), nullable=False),
    Column("n", Integer, nullable=False),  # 1, 2, 3 ... of this query: two writers cannot take the same step
    Column("kind", String(16), nullable=False),  # received, automatic, sent, handed, named, drafted, closed, erased
    Column("at", Moment, nullable=False),
    Column("who", Text, nullable=False),  # "": the asker, or the model
    Column("key", String(64), unique=True, nullable=False),
    Column("details", JSON, nullable=False),
    UniqueConstraint("query_id", "n", name="uq_query_events_query_id"),
)

replies = Table(
    "replies",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("intent", Text, nullable=False),
    Column("language", String(35), nullable=False),
    Column("text", Text, nullable=False),  # with its places: {name}, {link} ...
    Column("links", JSON, nullable=False),  # what the table itself fills in: place -> text
    Column("who", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("retired_at", Moment),  # NULL: it is the one in use
)
