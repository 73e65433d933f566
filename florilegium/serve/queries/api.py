"""The JSON interface for a chat's front end: a query in, a ticket out, the reply when there is one. Path: **serve**."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, Field

from florilegium.errors import InputError
from florilegium.project.queries import Asked, Told
from florilegium.project.queries.routing import MOST_CHARS, MOST_NAME
from florilegium.serve.accounts import public
from florilegium.serve.queries.at_hand import QueryDeskAtHand
from florilegium.serve.queries.refusals import NoSuchQuery, QueryTooLong, Rate
from florilegium.store import QueryState

REFUSED: dict[int | str, dict[str, Any]] = {
    413: {"description": "The text is longer than 10,000 characters."},
    422: {"description": "The text is empty, or a field is none of these."},
    429: {"description": "Too many queries a minute from this address; Retry-After says when to come back."},
    503: {"description": "No model was trained yet."},
}
TicketPath = Annotated[str, Path(max_length=200, description="As POST /api/queries gave it.")]


class NewQuery(BaseModel):
    """What somebody wrote."""

    text: str = Field(description=f"What was written; 1 to {MOST_CHARS:,} characters.", examples=["where is my card?"])
    key: str | None = Field(
        default=None, min_length=8, max_length=200, description="Your own number of it: sent twice, taken once."
    )
    language: str = Field(default="", max_length=35, description="Of the reply, as a tag: en, pt-BR.")
    name: str = Field(default="", max_length=MOST_NAME, description="How the person is addressed: {name} in a reply.")
    may_check: bool = Field(
        default=True, description="A reviewer may look at an automatic answer, should chance draw it."
    )
    may_learn: bool = Field(default=True, description="A model may learn from it, once a person named its intent.")


class QueryAnswer(BaseModel):
    """How far a query has come."""

    ticket: str = Field(description="Keep it: it is the only way to the reply.")
    intent: str = Field(description="What it is about, by a person's word or else the model's.")
    probability: float = Field(description="0..1: how sure the model was.")
    known: bool = Field(description="False: the model does not know.")
    automatic: bool = Field(description="True: the model gave the reply, above the promised threshold.")
    reply: str | None = Field(description="Null while nobody gave one; a newer one may take its place.")
    state: QueryState = Field(description="waiting, automatic, answered or closed.")


def answer_of(told: Told) -> QueryAnswer:
    """Give what the interface says of a query."""
    query = told.query
    return QueryAnswer(
        ticket=told.ticket,
        intent=query.intent or query.said,
        probability=query.probability,
        known=query.known,
        automatic=told.is_automatic,
        reply=query.reply,
        state=query.state,
    )


def api_routes(desk: QueryDeskAtHand, rate: Rate) -> APIRouter:
    """Give the routes for programs."""
    router = APIRouter(dependencies=[Depends(public)], tags=["queries"])

    @router.post("/api/queries", responses=REFUSED, summary="Take a query in", operation_id="new_query")
    def new(request: Request, given: NewQuery) -> QueryAnswer:
        """Answer a query where that is promised, else hand it to a person; ask for the reply with the ticket.

        Nothing is pushed: the front end asks GET /api/queries/TICKET, every few seconds while somebody waits.
        """
        rate.count(request)
        if len(given.text) > MOST_CHARS:
            raise QueryTooLong(f"{len(given.text):,} characters; at most {MOST_CHARS:,} are taken. Say it shorter.")
        return answer_of(desk.now.receive(Asked(**given.model_dump())))

    @router.get("/api/queries/{ticket}", summary="Ask for the reply", operation_id="query")
    def status(ticket: TicketPath) -> QueryAnswer:
        """Tell how far a query has come, with the reply when there is one."""
        return answer_of(found(desk, ticket))

    @router.delete("/api/queries/{ticket}", status_code=204, summary="Erase a query", operation_id="erase_query")
    def erase(ticket: TicketPath) -> Response:
        """Erase what was written and what was answered; that there was a query stays counted."""
        desk.now.erase(found(desk, ticket).ticket)
        return Response(status_code=204)

    return router


def found(desk: QueryDeskAtHand, ticket: str) -> Told:
    """Give a query by its ticket.

    Raises: NoSuchQuery: there is none.
    """
    try:
        return desk.now.status(ticket)
    except InputError as error:
        raise NoSuchQuery(str(error)) from error
