"""Put the labelling pages together: one desk, one process. Path: project -> **serve** -> cli. Opens no socket."""

from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI

import florilegium
from florilegium.project.desk import Desk
from florilegium.serve.accounts import Gate, labeller, public
from florilegium.serve.assets import Asset, add_asset
from florilegium.serve.desk.asking import asking_routes
from florilegium.serve.desk.edge import translate_errors
from florilegium.serve.desk.measuring import measuring_routes
from florilegium.serve.desk.pictures import picture_routes
from florilegium.serve.desk.playing import playing_routes
from florilegium.serve.guard import OnlyThisMachine
from florilegium.serve.headers import SecurityHeaders, security_headers
from florilegium.serve.staff.edge import translate_errors as translate_in_frame

ASSETS = Path(__file__).parent / "assets"
OURS = ("desk.css", "desk.js", "keys.js", "combobox.js", "grid.js", "sending.js")
SHARED = {"style.css": "style.css", "theme.js": "theme.js", "icon.svg": "icon.svg"}  # the same look as all pages


def create_desk(desk: Desk, *, gate: Gate | None = None) -> FastAPI:
    """Make the app of a project's labelling pages.

    Alone they are for the people at this machine: a request that names another host, or comes from another site's
    page, is refused. With a `gate` they are part of a project's server, which asks who is there.
    """
    app = _alone() if gate is None else _part()
    app.state.desk = desk
    shared, theirs = ([], []) if gate is None else ([Depends(public)], [Depends(labeller)])
    files = APIRouter(dependencies=shared)
    for name in OURS:
        add_asset(files, name, Asset.read(name, name, folder=ASSETS))
    for name, file_name in SHARED.items():
        add_asset(files, name, Asset.read(name, file_name))
    app.include_router(files)
    for routes in (asking_routes, measuring_routes, picture_routes, playing_routes):
        app.include_router(routes(desk), dependencies=theirs)
    return app


def _alone() -> FastAPI:
    app = FastAPI(title="Florilegium: label", version=florilegium.__version__, docs_url=None, redoc_url=None)
    app.add_middleware(OnlyThisMachine)
    app.add_middleware(SecurityHeaders, headers=security_headers())
    translate_errors(app)
    return app


def _part() -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.headers = security_headers()
    translate_in_frame(app)
    return app
