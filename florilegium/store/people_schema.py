"""The tables of accounts. Path: report -> **store** -> project. Holds no logic, no password and no token in clear.

An account is never deleted, since labels and reviews name it; one that may no longer sign in has `disabled_at`.
"""

from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text

from florilegium.store.schema import Moment, metadata

users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(60), nullable=False),  # as it is shown, and as the record of labels has it
    Column("key", String(200), unique=True, nullable=False),  # the name as it is compared: Ann and ann are one person
    Column("role", String(16), nullable=False),  # labeller, reviewer or owner
    Column("password_hash", Text),  # argon2id; NULL: set by a one-time link
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),  # SHA-256 of what the cookie holds
    Column("user_id", Integer, ForeignKey("users.id"), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),  # stands in every form of this session
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
)

invitations = Table(
    "invitations",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("name", String(60), nullable=False),
    Column("key", String(200), nullable=False, index=True),
    Column("role", String(16), nullable=False),
    Column("created_by", String(60), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),  # used, or replaced by a newer one
)
