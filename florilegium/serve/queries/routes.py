"""Put the pages of written queries together; a project of pictures has none. Path: project -> **serve**."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from florilegium.serve.accounts import public
from florilegium.serve.assets import Asset, tagged
from florilegium.serve.context import Whole
from florilegium.serve.desk.app import ASSETS as DESK_ASSETS
from florilegium.serve.queries.api import api_routes
from florilegium.serve.queries.at_hand import QueryDeskAtHand
from florilegium.serve.queries.chat import chat_routes
from florilegium.serve.queries.drafts import draft_routes
from florilegium.serve.queries.inbox import inbox_routes
from florilegium.serve.queries.refusals import Rate
from florilegium.serve.queries.unknown import unknown_routes

ASSETS = Path(__file__).parent / "assets"
OURS = ("queries.css", "queries.js", "chat.js")
SHARED = ("combobox.js", "sending.js")  # of the labelling pages


def query_routes(whole: Whole) -> APIRouter:
    """Give the routes of the query desk, the chat page and their JSON interface."""
    router = APIRouter()
    if not whole.project.queries().are_here():
        return router
    desk, rate = QueryDeskAtHand(whole.project), Rate(whole.project.settings.queries_per_minute)
    for routes in (unknown_routes(desk), draft_routes(desk), inbox_routes(desk)):
        router.include_router(routes)
    for public_routes in (api_routes(desk, rate), chat_routes(desk, rate)):
        router.include_router(public_routes)
    for folder, names in ((ASSETS, OURS), (DESK_ASSETS, SHARED)):
        for name in names:
            route = _asset(Asset.read(name, name, folder=folder))
            router.add_api_route(
                f"/queries/assets/{name}",
                route,
                methods=["GET", "HEAD"],
                include_in_schema=False,
                dependencies=[Depends(public)],
            )
    return router


def _asset(asset: Asset) -> Callable[[Request], Awaitable[Response]]:
    async def file(request: Request) -> Response:
        return tagged(request, asset.content, asset.media_type, asset.tag)

    return file
