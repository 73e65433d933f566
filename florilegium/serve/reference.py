"""The description of the JSON interface for people, drawn from its OpenAPI. Path: **serve**.

Loads nothing from anywhere: the usual viewers come from other hosts, which our pages never ask.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from jinja2 import Environment
from starlette.responses import HTMLResponse, Response

from florilegium.serve.environment import page_environment

QUERIES = "/api/queries"  # where a project of texts takes written queries


def reference_routes(app: FastAPI, *, title: str) -> APIRouter:
    """Give the page that describes an app's interface."""
    router = APIRouter(include_in_schema=False)

    @router.api_route("/docs", methods=["GET", "HEAD"])
    async def docs(request: Request) -> Response:
        return HTMLResponse(reference_html(app.openapi(), title=title, address=str(request.base_url)))

    return router


def reference_html(openapi: Mapping[str, Any], *, title: str, address: str) -> str:
    """Give the page for an OpenAPI document; `address`: the server's own, which the example asks."""
    operations = [
        {"path": path, "method": method.upper(), **operation}
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    ]
    shapes = openapi.get("components", {}).get("schemas", {})
    for operation in operations:
        bodies = operation.get("requestBody", {}).get("content", {})
        operation["takes"] = {media: _shape(body["schema"], shapes) for media, body in bodies.items()}
    template = _environment().get_template("reference.html")
    return template.render(
        title=title, operations=operations, shapes=shapes, address=address, has_queries=QUERIES in openapi["paths"]
    )


def _shape(schema: Mapping[str, Any], shapes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the schema itself, or the one that it refers to."""
    found: Mapping[str, Any] = shapes.get(kind_of(schema), schema) if "$ref" in schema else schema
    return found


def kind_of(schema: Mapping[str, Any]) -> str:
    """Say what a JSON schema asks for, in one phrase.

    >>> kind_of({"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "null"}]}})
    'list of text or null'
    """
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(kind_of(each) for each in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return " or ".join(json.dumps(value) for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {kind_of(schema.get('items', {}))}"
    words = {"string": "text", "integer": "whole number", "boolean": "true or false", "object": "table"}
    if schema.get("format") == "binary":
        return "file"
    return words.get(schema.get("type", ""), str(schema.get("type", "anything")))


@cache
def _environment() -> Environment:
    return page_environment(kind=kind_of)
