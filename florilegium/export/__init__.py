"""The classifier without this package: a page, a container, a folder for Binder. Path: model -> **export** -> serve."""

from florilegium.export.card import page_card

__all__ = ["page_card"]
