"""The pages on which an answer is contested, followed and reviewed. Path: project -> **serve**."""

from florilegium.serve.recourse.app import add_recourse_assets, recourse_routes

__all__ = ["add_recourse_assets", "recourse_routes"]
