"""The home page, and whether the server lives and can work. Path: project -> **serve**."""

from typing import Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from florilegium.errors import FlorilegiumError
from florilegium.evaluation.words import counted
from florilegium.serve.accounts import labeller, public
from florilegium.serve.context import Whole
from florilegium.serve.staff import HOME, staff_page

UNREADY = 503
OUTCOMES = {
    "better": "better than the best simple rule",
    "not shown": "not shown to be better than the best simple rule",
    "worse": "worse than the best simple rule",
}


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"]


class Ready(BaseModel):
    """What the server needs to work, each true or false."""

    database: bool
    model: bool


def standing_routes(whole: Whole) -> APIRouter:
    """Give the routes of the home page and of those who watch the server."""
    router = APIRouter()

    @router.get(HOME, dependencies=[Depends(labeller)], include_in_schema=False)
    def home(request: Request) -> Response:
        return staff_page(request, "staff/home.html", here=HOME, standing=_sentence(whole))

    @router.get("/healthz", dependencies=[Depends(public)], summary="Say that the server lives", operation_id="health")
    async def health() -> Alive:
        """Give the word ok; asks neither the database nor the model."""
        return Alive(status="ok")

    @router.get(
        "/readyz",
        dependencies=[Depends(public)],
        summary="Say whether the server can work",
        operation_id="ready",
        response_model=Ready,
        responses={UNREADY: {"model": Ready, "description": "The database does not answer, or there is no model."}},
    )
    def ready() -> Response:
        """Ask the database, and look whether a model answers; status 503 where one of them is false."""
        whole.served.look()
        found = Ready(database=_answers(whole), model=whole.served.kind is not None)
        return JSONResponse(found.model_dump(), 200 if found.database and found.model else UNREADY)

    return router


def _answers(whole: Whole) -> bool:
    try:
        whole.gate.accounts.exist()
    except FlorilegiumError:
        return False
    return True


def _sentence(whole: Whole) -> str:
    """Say in a few words what this project is, and how it stands."""
    found = whole.project.status()
    n_others = found.n_items - found.n_train - found.n_test
    said = f"{counted(found.n_train, 'item')} to learn from, {found.n_test:,} sealed to judge by"
    said += f", {n_others:,} neither." if n_others else "."
    if whole.served.kind is None:
        return f"{said} No classifier yet: florilegium train."
    verdict = (
        "No verdict yet: florilegium verdict." if found.outcome is None else f"The verdict: {OUTCOMES[found.outcome]}."
    )
    return f"{said} {verdict}"
