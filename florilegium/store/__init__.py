"""The only SQL: what a project keeps, and never loses. Path: report -> **store** -> project."""

from florilegium.store.address import shown
from florilegium.store.card_record import Answered, CardRecord, Counts
from florilegium.store.card_rows import Card
from florilegium.store.judgements import Judgement, Overtaken, Said
from florilegium.store.store import Grown, ModelRecord, Opening, Run, Store

__all__ = [
    "Answered",
    "Card",
    "CardRecord",
    "Counts",
    "Grown",
    "Judgement",
    "ModelRecord",
    "Opening",
    "Overtaken",
    "Run",
    "Said",
    "Store",
    "shown",
]
