"""A small chat page: write a query, read the reply. Path: project -> **serve**. A demo of the JSON interface's use.

Works without scripts: the conversation is the list of tickets in the address, and the page asks for itself anew while a
reply is missing. With our script only what changed is put in, where screen readers hear of it.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.datastructures import QueryParams
from starlette.responses import HTMLResponse, RedirectResponse, Response

from florilegium.errors import InputError
from florilegium.project.desk.ticket import new_click
from florilegium.project.queries import Asked, Told
from florilegium.project.queries.routing import MOST_CHARS, MOST_NAME
from florilegium.serve.accounts import public, public_form
from florilegium.serve.edge import FRAGMENT
from florilegium.serve.queries.at_hand import QueryDeskAtHand
from florilegium.serve.queries.refusals import Rate
from florilegium.serve.staff import at, staff_html, staff_page
from florilegium.store import QueryState

MOST_TICKETS = 20  # of one conversation that are shown


def chat_routes(desk: QueryDeskAtHand, rate: Rate) -> APIRouter:
    """Give the routes of the chat page."""
    router = APIRouter(include_in_schema=False)

    @router.get("/chat", dependencies=[Depends(public)])
    def chat(request: Request, tickets: str = "") -> Response:
        conversation = _conversation(desk, tickets)
        if FRAGMENT in request.headers:
            return HTMLResponse(staff_html(request, "queries/_log.html", conversation=conversation))
        return _page(request, conversation)

    @router.post("/chat", dependencies=[Depends(public_form)])
    def write(
        request: Request,
        text: Annotated[str, Form()] = "",
        tickets: Annotated[str, Form()] = "",
        key: Annotated[str, Form(max_length=200)] = "",
        name: Annotated[str, Form(max_length=MOST_NAME)] = "",
    ) -> Response:
        rate.count(request)
        try:
            told = desk.now.receive(Asked(text=text, key=key or None, name=name))
        except InputError as error:
            if FRAGMENT in request.headers:
                raise
            return _page(request, _conversation(desk, tickets), notice=str(error), draft=text[:MOST_CHARS], status=422)
        known = [each for each in tickets.split(",") if each and each != told.ticket]
        both = ",".join([*known, told.ticket][-MOST_TICKETS:])
        if FRAGMENT in request.headers:
            return HTMLResponse(staff_html(request, "queries/_log.html", conversation=_conversation(desk, both)))
        return RedirectResponse(f"{at(request)}/chat?{QueryParams({'tickets': both})}#last", 303)

    return router


def _conversation(desk: QueryDeskAtHand, tickets: str) -> list[Told]:
    """Give the queries that these tickets belong to; those that there are not are passed over."""
    told = []
    for ticket in tickets.split(",")[-MOST_TICKETS:]:
        try:
            told.append(desk.now.status(ticket))
        except InputError:
            continue
    return told


def _page(
    request: Request, conversation: list[Told], *, notice: str = "", draft: str = "", status: int = 200
) -> Response:
    return staff_page(
        request,
        "queries/chat.html",
        here="/chat",
        status=status,
        conversation=conversation,
        tickets=",".join(told.ticket for told in conversation),
        waits=any(told.query.state is QueryState.WAITING for told in conversation),
        key=new_click(),
        notice=notice,
        draft=draft,
    )
