"""Put the pages of recourse together, for the server of a project. Path: project -> **serve**."""

from pathlib import Path

from fastapi import APIRouter, FastAPI

from florilegium.export.lab import ASSETS as LAB
from florilegium.serve.assets import Asset, add_asset
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
    "theme_choice.js": LAB,
}


def recourse_routes(desk: Desk) -> APIRouter:
    """Give all routes of recourse: for everybody, for reviewers, for owners."""
    router = APIRouter()
    for routes in (appeal_routes, case_routes, overseeing_routes, review_routes):
        router.include_router(routes(desk))
    return router


def add_recourse_assets(app: FastAPI) -> None:
    """Serve the files beside the pages; who serves one of them already goes on doing so."""
    for name, folder in FILES.items():
        add_asset(app, name, Asset.read(name, name, folder=folder))
