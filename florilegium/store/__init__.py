"""The only SQL: what a project keeps, and never loses. Path: report -> **store** -> project."""

from florilegium.store.address import shown
from florilegium.store.card_record import Answered, CardRecord, Counts
from florilegium.store.card_rows import Card
from florilegium.store.cases import CaseFile, Effects, KeepUntil
from florilegium.store.contents import Content, Purpose
from florilegium.store.judgements import Judgement, Overtaken, Said
from florilegium.store.lessons import Lesson, NothingKept
from florilegium.store.live import Prediction, Recording
from florilegium.store.outbox import Mail
from florilegium.store.people import Account, Invitation, Role
from florilegium.store.queries import Queries, Query, QueryEvent, QueryState, QueryStep, Taught
from florilegium.store.store import Grown, ModelRecord, Opening, Run, Store
from florilegium.store.tickets import new_ticket, ticket_hash

__all__ = [
    "Account",
    "Answered",
    "Card",
    "CardRecord",
    "CaseFile",
    "Content",
    "Counts",
    "Effects",
    "Grown",
    "Invitation",
    "Judgement",
    "KeepUntil",
    "Lesson",
    "Mail",
    "ModelRecord",
    "NothingKept",
    "Opening",
    "Overtaken",
    "Prediction",
    "Purpose",
    "Queries",
    "Query",
    "QueryEvent",
    "QueryState",
    "QueryStep",
    "Recording",
    "Role",
    "Run",
    "Said",
    "Store",
    "Taught",
    "new_ticket",
    "shown",
    "ticket_hash",
]
