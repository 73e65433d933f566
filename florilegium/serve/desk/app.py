"""Put the labelling pages together: one desk, one process. Path: project -> **serve** -> cli. Opens no socket."""

from pathlib import Path

from fastapi import FastAPI

import florilegium
from florilegium.project.desk import Desk
from florilegium.serve.assets import Asset, add_asset
from florilegium.serve.desk.asking import asking_routes
from florilegium.serve.desk.edge import translate_errors
from florilegium.serve.desk.measuring import measuring_routes
from florilegium.serve.desk.pictures import picture_routes
from florilegium.serve.desk.playing import playing_routes
from florilegium.serve.guard import OnlyThisMachine
from florilegium.serve.headers import SecurityHeaders, security_headers

ASSETS = Path(__file__).parent / "assets"
OURS = ("desk.css", "desk.js", "keys.js", "combobox.js", "grid.js", "sending.js")
SHARED = {"style.css": "style.css", "theme.js": "theme.js", "icon.svg": "icon.svg"}  # the same look as all pages


def create_desk(desk: Desk) -> FastAPI:
    """Make the app of a project's labelling pages.

    They are for the people at this machine: a request that names another host, or comes from another site's page, is
    refused. Accounts for people elsewhere come with the pages of recourse.
    """
    app = FastAPI(title="Florilegium: label", version=florilegium.__version__, docs_url=None, redoc_url=None)
    app.state.desk = desk
    app.add_middleware(OnlyThisMachine)
    app.add_middleware(SecurityHeaders, headers=security_headers())
    translate_errors(app)
    for name in OURS:
        add_asset(app, name, Asset.read(name, name, folder=ASSETS))
    for name, file_name in SHARED.items():
        add_asset(app, name, Asset.read(name, file_name))
    for routes in (asking_routes, measuring_routes, picture_routes, playing_routes):
        app.include_router(routes(desk))
    return app
