"""The inbox and the page of one query: read, choose the intent, edit, send, hand over. Path: project -> **serve**."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from florilegium.errors import InputError
from florilegium.evaluation.words import counted
from florilegium.project.desk.naming import NewClass, matching
from florilegium.project.queries import Inbox, QueryCard
from florilegium.serve.accounts import Person, labeller
from florilegium.serve.numbers import Number, NumberAsked, NumberSent
from florilegium.serve.queries.at_hand import QueryDeskAtHand
from florilegium.serve.queries.refusals import NoSuchQuery
from florilegium.serve.staff import at, staff_page
from florilegium.store import QueryState

Who = Annotated[Person, Depends(labeller)]
HERE = "/queries"
MOST_CLICK = 64  # characters
N_LIKELY = 4  # intents that have a button of their own


class Step(BaseModel):
    """What every form of a query's page sends."""

    seen: NumberSent  # steps that were taken when the page was made
    click: str = Field(max_length=MOST_CLICK)  # its number: sent twice, taken once
    intent: str = ""
    reply: str = ""
    new_class: bool = False
    to: str = ""
    note: str = ""


Given = Annotated[Step, Form()]


def inbox_routes(desk: QueryDeskAtHand) -> APIRouter:
    """Give the routes of the inbox and of single queries."""
    router = APIRouter(include_in_schema=False, dependencies=[Depends(labeller)])
    _lists(router, desk)
    _cards(router, desk)
    _steps(router, desk)
    return router


def _lists(router: APIRouter, desk: QueryDeskAtHand) -> None:
    @router.get("/queries")
    def inbox(request: Request, after: NumberAsked | None = None, handed: bool = False) -> Response:  # noqa: FBT001, FBT002 - FastAPI reads it from the address
        now = desk.now
        found = now.inbox(after=None if after is None else (handed, after))
        return _list_page(request, desk, found, "inbox", "Waiting for a person")

    @router.get("/queries/automatic")
    def automatic(request: Request, before: NumberAsked | None = None) -> Response:
        found = desk.now.done(QueryState.AUTOMATIC, before=before)
        return _list_page(request, desk, found, "automatic", "Answered automatically")

    @router.get("/queries/answered")
    def answered(request: Request, before: NumberAsked | None = None) -> Response:
        found = desk.now.done(QueryState.ANSWERED, QueryState.CLOSED, before=before)
        return _list_page(request, desk, found, "answered", "Answered by a person, or put away")


def _list_page(request: Request, desk: QueryDeskAtHand, found: Inbox, tab: str, title: str) -> Response:
    return staff_page(
        request,
        "queries/list.html",
        here=HERE,
        tab=tab,
        title=title,
        found=found,
        promised=desk.now.promised,
        now=desk.now.clock(),
        waited=waited,
    )


def waited(time: timedelta) -> str:
    """Say how long somebody has been waiting.

    >>> waited(timedelta(seconds=30)), waited(timedelta(minutes=90)), waited(timedelta(days=3))
    ('under a minute', '1 hour', '3 days')
    """
    seconds = int(time.total_seconds())
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            return counted(seconds // length, unit)
    return "under a minute"


def _cards(router: APIRouter, desk: QueryDeskAtHand) -> None:
    @router.get("/queries/intents")
    def intents(q: Annotated[str, Query(max_length=200)] = "") -> Response:
        return JSONResponse(matching(q, desk.now.intents))

    @router.get("/queries/{number}")
    def one(request: Request, number: Number, person: Who) -> Response:
        return _card_page(request, desk, _card(desk, number, person))

    @router.get("/queries/{number}/reply")
    def reply(number: Number, person: Who, intent: Annotated[str, Query(max_length=200)] = "") -> Response:
        return JSONResponse({"reply": desk.now.reply_to(number, intent, who=person.name)})

    @router.post("/queries/{number}/intent")
    def choose(request: Request, number: Number, given: Given, person: Who) -> Response:
        try:
            chosen = desk.now.named(given.intent, new_class=given.new_class)
        except InputError as error:
            return _again(request, desk, number, given, person, error=error)
        return _card_page(request, desk, _card(desk, number, person, intent=chosen))


def _steps(router: APIRouter, desk: QueryDeskAtHand) -> None:
    @router.post("/queries/{number}/send")
    def send(request: Request, number: Number, given: Given, person: Who) -> Response:
        try:
            desk.now.send(
                number,
                given.reply,
                given.intent,
                who=person.name,
                seen=given.seen,
                click=given.click,
                new_class=given.new_class,
            )
        except InputError as error:
            return _again(request, desk, number, given, person, error=error)
        return _next(request, desk, number)

    @router.post("/queries/{number}/hand")
    def hand(request: Request, number: Number, given: Given, person: Who) -> Response:
        desk.now.hand_over(number, to=given.to, note=given.note, who=person.name, seen=given.seen, click=given.click)
        return _next(request, desk, number)

    @router.post("/queries/{number}/close")
    def close(request: Request, number: Number, given: Given, person: Who) -> Response:
        desk.now.close(number, who=person.name, seen=given.seen, click=given.click)
        return _next(request, desk, number)


def _next(request: Request, desk: QueryDeskAtHand, done: int) -> Response:
    """Lead on to the next query that waits; to the empty inbox where none does."""
    waiting = [query.id for query in desk.now.inbox().queries if query.id != done]
    return RedirectResponse(f"{at(request)}{HERE}/{waiting[0]}" if waiting else f"{at(request)}{HERE}", 303)


def _card(desk: QueryDeskAtHand, number: int, person: Person, *, intent: str | None = None) -> QueryCard:
    try:
        return desk.now.card(number, intent=intent, who=person.name)
    except InputError as error:
        raise NoSuchQuery(str(error)) from error


def _again(
    request: Request, desk: QueryDeskAtHand, number: int, given: Step, person: Person, *, error: InputError
) -> HTMLResponse:
    """Show the page again with what was written, and what is wrong with it."""
    card = _card(desk, number, person)
    said = {"intent": given.intent, "reply": given.reply, "new_class": isinstance(error, NewClass) or given.new_class}
    return _card_page(request, desk, card, notice=str(error), status=422, **said)


def _card_page(
    request: Request, desk: QueryDeskAtHand, card: QueryCard, *, notice: str = "", status: int = 200, **said: Any
) -> HTMLResponse:
    values = {"intent": card.chosen or "", "reply": card.reply, "new_class": False, **said}
    likely = () if card.is_blind else card.query.top[:N_LIKELY]
    return staff_page(
        request,
        "queries/query.html",
        here=HERE,
        status=status,
        card=card,
        query=card.query,
        likely=likely,
        notice=notice,
        promised=desk.now.promised,
        **values,
    )
