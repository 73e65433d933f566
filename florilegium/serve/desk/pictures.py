"""The items' pictures, decoded and encoded anew. Path: project -> **serve**. Sends no byte as it lies on the disk."""

from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import Response

from florilegium.project.desk import Desk
from florilegium.serve.assets import tag_of, tagged
from florilegium.serve.numbers import Number

# What stands in place of a picture whose file is gone: gray, with a cross.
GONE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 90"><rect width="120" height="90" fill="#8883"/>'
    b'<path d="M50 35l20 20M70 35l-20 20" stroke="#888" stroke-width="3"/></svg>'
)


def picture_routes(desk: Desk) -> APIRouter:
    """Give the route of the pictures."""
    router = APIRouter(include_in_schema=False)

    @router.get("/item/{row}/{size}")
    def picture(request: Request, row: Number, size: Literal["large", "small"]) -> Response:
        found = desk.drawer.picture(row, size) if 0 <= row < len(desk.memory.names) else None
        if found is None:
            return Response(GONE, 404, media_type="image/svg+xml")
        content, media_type = found
        return tagged(request, content, media_type, tag_of(content))

    return router
