"""Put the study page together. Path: project -> **serve** -> cli. Each route calls one method of Study."""

from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Form, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

import florilegium
from florilegium.cards.schedule import Rating
from florilegium.errors import FlorilegiumError
from florilegium.project.studying import LONGEST_ANSWER, Study
from florilegium.serve.assets import Asset, add_asset, tag_of, tagged
from florilegium.serve.edge import error_json, status_of
from florilegium.serve.guard import OnlyThisMachine
from florilegium.serve.headers import SecurityHeaders, security_headers
from florilegium.serve.numbers import MOST
from florilegium.serve.study.render import progress_page, study_page, words_page

ASSETS = Path(__file__).parent / "assets"
OURS = ("study.css", "study.js")
SHARED = ("style.css", "theme.js", "icon.svg")  # the same look as all pages
SEE_OTHER = 303
ELSEWHERE = "/?said=elsewhere"

CardNumber = Annotated[int, Form(ge=1, le=MOST)]
Seen = Annotated[int, Form(ge=0, le=MOST)]
Grade = Annotated[int, Form(ge=1, le=4)]
Named = Annotated[str, Form(max_length=LONGEST_ANSWER)]
Waited = Annotated[float | None, Form(ge=0, le=1e9)]


def create_study(study: Study) -> FastAPI:
    """Make the app of one learner's cards; it answers only this machine's own browser."""
    app = FastAPI(
        title="Florilegium: study", version=florilegium.__version__, openapi_url=None, docs_url=None, redoc_url=None
    )
    app.add_middleware(OnlyThisMachine)
    app.add_middleware(SecurityHeaders, headers=security_headers())
    for error in (FlorilegiumError, HTTPException, RequestValidationError):
        app.add_exception_handler(error, _fault)
    for name in OURS:
        add_asset(app, name, Asset.read(name, name, folder=ASSETS))
    for name in SHARED:
        add_asset(app, name, Asset.read(name, name))
    _pages(app, study)
    _answers(app, study)
    return app


def _pages(app: FastAPI, study: Study) -> None:
    @app.api_route("/", methods=["GET", "HEAD"])
    def show(said: str = "") -> Response:
        return HTMLResponse(study_page(study, study.next(), said=said))

    @app.api_route("/progress", methods=["GET", "HEAD"])
    def progress() -> Response:
        return HTMLResponse(progress_page(study))

    @app.get("/picture/{name}")
    def picture(request: Request, name: str) -> Response:
        path = study.picture(name)
        if path is None:
            raise HTTPException(404)
        content = path.read_bytes()
        kind = "image/png" if path.suffix == ".png" else "image/jpeg"
        return tagged(request, content, kind, tag_of(content))


def _answers(app: FastAPI, study: Study) -> None:
    @app.post("/answer")
    def answer(card: CardNumber, seen: Seen, rating: Grade, said: Named = "", seconds: Waited = None) -> Response:
        shown = study.card(card)
        # The form says how often the card had been answered when it was shown: two tabs, or two devices, answer once.
        kept = shown.seen == seen and study.answer(
            shown, Rating(rating), said=said or None, seconds=seconds, source="page"
        )
        return RedirectResponse("/" if kept else ELSEWHERE, SEE_OTHER)

    @app.post("/undo")
    def undo() -> Response:
        return RedirectResponse("/?said=undone" if study.undo() is not None else "/?said=nothing", SEE_OTHER)

    @app.post("/choices")
    def choices(
        new_per_day: Annotated[int, Form()],
        retention: Annotated[float, Form()],
        consent: Annotated[bool, Form()] = False,  # noqa: FBT002 - a field of the form
    ) -> Response:
        study.choose(new_per_day=new_per_day, retention=retention, consent=consent)
        return RedirectResponse("/?said=kept", SEE_OTHER)


async def _fault(request: Request, error: Exception) -> Response:
    """Answer an error in words: a page to a reader, JSON to a program."""
    if isinstance(error, FlorilegiumError):
        status, message = status_of(error), str(error)
    elif isinstance(error, HTTPException):
        status, message = error.status_code, "There is no such page here."
    else:
        status, message = 422, "The form that was sent does not fit. Load the page again."
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(words_page(message), status)
    return error_json(type(error).__name__, message, status=status)
