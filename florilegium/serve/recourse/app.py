"""Put the pages of recourse together, for the server of a project. Path: project -> **serve**."""

from pathlib import Path

from fastapi import APIRouter, Depends

from florilegium.export.page import ASSETS as PAGE
from florilegium.serve.accounts import public
from florilegium.serve.assets import Asset, add_asset
from florilegium.serve.context import Whole
from florilegium.serve.recourse.appealing import appeal_routes
from florilegium.serve.recourse.context import Desk
from florilegium.serve.recourse.following import case_routes
from florilegium.serve.recourse.overseeing import overseeing_routes
from florilegium.serve.recourse.reviewing import review_routes

ASSETS = Path(__file__).parent / "assets"
DESK = Path(__file__).parents[1] / "desk" / "assets"
FILES = {
    "recourse.css": ASSETS,
    "recourse.js": ASSETS,
    "resend.js": ASSETS,
    "keys.js": DESK,
    "sending.js": DESK,
    "contest.js": PAGE,
}


def recourse_part(whole: Whole) -> APIRouter:
    """Give all pages of recourse, with the files beside them."""
    desk = Desk(recourse=whole.recourse, title=whole.gate.title, limits=whole.limits, room=whole.room)
    router = APIRouter()
    for routes in (appeal_routes, case_routes, overseeing_routes, review_routes):
        router.include_router(routes(desk))
    router.include_router(_files())
    return router


def _files() -> APIRouter:
    router = APIRouter(dependencies=[Depends(public)])
    for name, folder in FILES.items():
        add_asset(router, name, Asset.read(name, name, folder=folder))
    return router
