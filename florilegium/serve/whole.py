"""One process for all pages of a project. Path: project -> **serve** -> cli. Opens no socket.

Each part of the product is one function in `PARTS` that is handed the `Whole` and gives its routes; each route declares
who may use it (`florilegium.serve.accounts`), and a route that does not answers nobody.
"""

from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, JSONResponse, Response

import florilegium
from florilegium.export.lab import site as lab_site
from florilegium.project import Project
from florilegium.project.desk import DeskWish
from florilegium.project.recourse.upkeep import Upkeep
from florilegium.serve.accounts import Gate, Visits, public
from florilegium.serve.accounts.pages import account_routes
from florilegium.serve.app import GZIP_LEVEL, MIN_GZIP_BYTES
from florilegium.serve.assets import Asset, add_asset, add_assets
from florilegium.serve.bodies import SmallBodies
from florilegium.serve.context import Whole
from florilegium.serve.desk.app import create_desk
from florilegium.serve.desk.at_hand import DeskAtHand
from florilegium.serve.front import front_routes
from florilegium.serve.headers import SecurityHeaders, security_headers
from florilegium.serve.limits import Limits, Room
from florilegium.serve.log import RequestLog
from florilegium.serve.monitor import Timed, metrics_routes, monitor_routes
from florilegium.serve.queries import query_routes
from florilegium.serve.quick import put_first
from florilegium.serve.recourse import recourse_part
from florilegium.serve.reference import reference_html
from florilegium.serve.served import Served
from florilegium.serve.staff import ENTRIES
from florilegium.serve.staff.edge import translate_errors
from florilegium.serve.standing import standing_routes
from florilegium.serve.written import written_routes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PARTS: tuple[Callable[[Whole], APIRouter], ...] = (
    front_routes,
    recourse_part,
    query_routes,
    standing_routes,
    written_routes,
    account_routes,
    monitor_routes,
    metrics_routes,
)
# Paths that count the bytes of photos themselves.
UPLOADS = ("/", "/api/predict", "/api/appeals", "/appeal/*", "/case/*")
QUICK = ("/api/predict",)
STAFF = Path(__file__).parent / "staff" / "assets"
LABEL = "/label"


def create_whole(
    project: Project,
    *,
    is_here: bool,
    url: str = "",
    limits: Limits | None = None,
    frames: Sequence[str] = (),
    log: bool = False,
    wish: DeskWish | None = None,
) -> FastAPI:
    """Make the app of a project.

    Args:
        project: open, and kept open while the app runs.
        is_here: only people at this machine reach the server, so that they need no account while nobody has one.
        url: the public address with a slash at its end, for links; empty: links are relative.
        limits: how much it takes on at once.  frames: sites that may show the classifier in a frame.
        log: write a JSON line per request to standard error.
        wish: how the labelling pages ask.
    Raises: ModelFileError: the model file is damaged.  SettingError: `frames` or `url` are no addresses.
    """
    limits = limits or Limits()
    gate = Gate(accounts=project.user(), is_here=is_here, url=url, title=project.folder.name)
    served = Served(project.model_path, limits=limits)
    whole = Whole(
        project=project,
        recourse=project.recourse(),
        gate=gate,
        served=served,
        limits=limits,
        room=Room(limits.max_held_bytes),
    )
    desk = DeskAtHand(project.folder, wish or DeskWish(seed=project.settings.seed), clock=project.clock)
    app = _bare_app(whole, desk)
    app.state.whole, app.state.desk, app.state.gate = whole, desk, gate
    app.state.headers = _headers(frames)
    translate_errors(app)
    for routes in (*PARTS, _shared_routes):
        app.include_router(made := routes(whole))
        put_first(app, made, QUICK)
    app.include_router(_reference_routes(app, title=gate.title))
    app.mount(LABEL, create_desk(desk.as_desk(), gate=gate))
    gate.paths = frozenset(entry.path for entry in ENTRIES if entry.path == f"{LABEL}/" or _has(app, entry.path))
    _wrap(app, gate, log=log)
    return app


def _bare_app(whole: Whole, desk: DeskAtHand) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> "AsyncIterator[None]":
        desk.prepare()
        with Upkeep(whole.recourse):  # retention, reminders, mail
            yield
        desk.close()

    return FastAPI(
        title=f"Florilegium: {whole.gate.title}",
        description="Says what something is, how sure it is, and when it does not know.",
        version=florilegium.__version__,
        openapi_url=None,  # the routes below say who may read it
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )


def _wrap(app: FastAPI, gate: Gate, *, log: bool) -> None:
    """Put around the app what concerns every request, the innermost first."""
    app.add_middleware(GZipMiddleware, minimum_size=MIN_GZIP_BYTES, compresslevel=GZIP_LEVEL)
    app.add_middleware(Visits, gate=gate)
    app.add_middleware(SmallBodies, uploads=UPLOADS)
    app.add_middleware(SecurityHeaders, headers=app.state.headers)
    app.add_middleware(Timed, registry=app.state.whole.metrics)
    if log:
        app.add_middleware(RequestLog)


def _headers(frames: Sequence[str]) -> dict[str, str]:
    # Our own forms have to say where they come from, or a server without https could not tell them from others'.
    return {**security_headers(frames), "Referrer-Policy": "same-origin"}


def _shared_routes(whole: Whole) -> APIRouter:
    """Give the files that pages share: style, scripts, icons."""
    del whole
    router = APIRouter(dependencies=[Depends(public)])
    add_assets(router)
    for name in ("staff.css", "staff.js"):
        add_asset(router, name, Asset.read(name, name, folder=STAFF))
    add_asset(router, "theme_choice.js", Asset.read("theme_choice.js", "theme_choice.js", folder=lab_site.ASSETS))
    return router


def _reference_routes(app: FastAPI, *, title: str) -> APIRouter:
    router = APIRouter(dependencies=[Depends(public)], include_in_schema=False)

    @router.api_route("/docs", methods=["GET", "HEAD"])
    def docs(request: Request) -> Response:
        return HTMLResponse(reference_html(app.openapi(), title=title, address=str(request.base_url)))

    @router.get("/openapi.json")
    def openapi() -> Response:
        return JSONResponse(app.openapi())

    return router


def _has(app: FastAPI, path: str) -> bool:
    """Tell whether a GET of a path is answered by a route of the app."""
    from starlette.routing import Match

    scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
    return any(route.matches(scope)[0] is Match.FULL for route in app.routes)
