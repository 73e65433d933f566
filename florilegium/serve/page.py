"""The page itself, and what its form does where scripts are off. Path: export -> **serve**."""

from contextlib import aclosing

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from florilegium.export.page import page_html
from florilegium.serve.assets import tag_of, tagged
from florilegium.serve.classifier import Classifier
from florilegium.serve.limits import Limits, Room
from florilegium.serve.uploads import uploads

HTML = "text/html; charset=utf-8"


def page_routes(classifier: Classifier, *, limits: Limits, room: Room) -> APIRouter:
    """Give the routes of the page."""
    router = APIRouter(include_in_schema=False)
    empty = page_html(classifier.card, engine="server", max_bytes=limits.max_file_bytes).encode()
    tag = tag_of(empty)

    @router.api_route("/", methods=["GET", "HEAD"])
    async def show(request: Request) -> Response:
        return tagged(request, empty, HTML, tag)

    @router.post("/")
    async def answer_form(request: Request) -> Response:
        async with aclosing(uploads(request, limits=limits, room=room)) as incoming:
            answers = [await classifier.answer_with_preview(upload) async for upload in incoming]
        html = page_html(classifier.card, engine="server", answers=answers, max_bytes=limits.max_file_bytes)
        return HTMLResponse(html)

    return router
