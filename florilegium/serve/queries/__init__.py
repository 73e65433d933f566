"""The query desk, the chat page and the JSON interface of written queries. Path: project -> **serve**."""

from florilegium.serve.queries.routes import query_routes

__all__ = ["query_routes"]
