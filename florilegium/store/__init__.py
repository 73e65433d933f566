"""The only SQL: what a project keeps, and never loses. Path: report -> **store** -> project."""

from florilegium.store.card_record import Answered, CardRecord, Counts
from florilegium.store.card_rows import Card
from florilegium.store.cases import CaseFile
from florilegium.store.judgements import Judgement, Overtaken, Said
from florilegium.store.live import Content, Prediction, Purpose, new_ticket, ticket_hash
from florilegium.store.people import Account, Invitation, Role
from florilegium.store.queries import Queries, Query, QueryEvent, QueryState, QueryStep, Taught
from florilegium.store.store import Grown, ModelRecord, Opening, Run, Store

__all__ = [
    "Account",
    "Answered",
    "Card",
    "CardRecord",
    "CaseFile",
    "Content",
    "Counts",
    "Grown",
    "Invitation",
    "Judgement",
    "ModelRecord",
    "Opening",
    "Overtaken",
    "Prediction",
    "Purpose",
    "Queries",
    "Query",
    "QueryEvent",
    "QueryState",
    "QueryStep",
    "Role",
    "Run",
    "Said",
    "Store",
    "Taught",
    "new_ticket",
    "ticket_hash",
]
