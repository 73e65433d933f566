"""The only SQL: what a project keeps, and never loses. Path: report -> **store** -> project."""

from florilegium.store.store import Grown, ModelRecord, Opening, Run, Store

__all__ = ["Grown", "ModelRecord", "Opening", "Run", "Store"]
