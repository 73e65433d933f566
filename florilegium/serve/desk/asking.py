"""Clean, label and decide: one item is asked about, one click answers. Path: project -> **serve**.

The same form works with our script, which swaps the card in place, and without it, by loading the page again.
"""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from pydantic import BaseModel, Field, field_validator
from starlette.datastructures import QueryParams
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from florilegium.errors import InputError
from florilegium.project.desk import Card, Desk
from florilegium.project.desk.card import Done, Wanted
from florilegium.project.desk.naming import matching
from florilegium.project.desk.ticket import new_click
from florilegium.serve.desk.people import account_of, begin, given_name, remember, who_is
from florilegium.serve.desk.render import base_of, fragment, holds_texts, page, seen_by
from florilegium.serve.edge import FRAGMENT, wants_page
from florilegium.store import Said

N_GRID = 24
MOST_BUTTONS = 24  # classes with a button of their own; beyond that they are typed
N_KEYS = 9  # keys 1 to 9
PAGES = ("clean", "label", "decide")
NOTHING_BACK = "There is nothing to take back."
IS = "is:"  # a button that says what it is: is:peony


class Filter(BaseModel):
    """What an address says of the items that somebody wants to clean."""

    label: str | None = None
    check: str | None = None
    group: str | None = None
    item: str | None = None
    view: str = "single"


def first_page(label: str | None, check: str | None, group: str | None) -> str:
    """Give the path of the page that shows these items; nothing named: the first one.

    >>> first_page("tea rose", None, None), first_page(None, None, None)
    ('clean?label=tea+rose', '')
    """
    query = _query(_wanted(Filter(label=label, check=check, group=group)))
    return f"clean?{query}" if query else ""


Route = Callable[..., Response]  # FastAPI reads its parameters


def asking_routes(desk: Desk) -> APIRouter:
    """Give the routes that ask and take answers."""
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/", _start(desk), methods=["GET"])
    router.add_api_route("/clean", _clean(desk), methods=["GET"])
    router.add_api_route("/label", _one(desk, "label"), methods=["GET"])
    router.add_api_route("/decide", _one(desk, "decide"), methods=["GET"])
    router.add_api_route("/third", _moved, methods=["GET"])
    router.add_api_route("/judge", _judge(desk), methods=["POST"])
    router.add_api_route("/undo", _undo(desk), methods=["POST"])
    router.add_api_route("/who", _who, methods=["POST"])
    router.add_api_route("/tally", _tally(desk), methods=["GET"])
    router.add_api_route("/classes", _classes(desk), methods=["GET"])
    return router


def _start(desk: Desk) -> Route:
    def start(request: Request) -> Response:
        nothing_to_clean = not len(desk.cleaning.ranked)
        return RedirectResponse(f"{base_of(request)}/{'label' if nothing_to_clean else 'clean'}", 303)

    return start


def _clean(desk: Desk) -> Route:
    def clean(request: Request, given: Annotated[Filter, Query()]) -> Response:
        wanted, view = _wanted(given), given.view
        in_grid = view == "grid"
        try:
            session, who = begin(request), who_is(request)
            cards = desk.suspects(who, wanted, N_GRID, session=session) if in_grid else []
            card = None if in_grid else desk.clean(session, who, wanted)
        except InputError as error:  # a class, finding, group or item that is not there
            return _unknown(desk, request, error)
        html = page(
            request,
            "clean.html",
            tab="clean",
            cards=cards,
            card=card,
            tally=desk.tally(),
            **_beside(desk, "clean", wanted, view=view),
        )
        return remember(HTMLResponse(html), request)

    return clean


def _unknown(desk: Desk, request: Request, error: InputError) -> Response:
    """Say calmly to a reader what there is instead; a program gets the error."""
    if not wants_page(request):
        raise error
    html = page(request, "unknown.html", tab="clean", message=str(error), checks=desk.cleaning.checks)
    return remember(HTMLResponse(html, 404), request)


def _moved(request: Request) -> Response:
    return RedirectResponse(f"{base_of(request)}/decide", 308)


def _one(desk: Desk, name: str) -> Route:
    def one(request: Request) -> Response:
        card = _next(desk, name, begin(request), who_is(request), Wanted())
        beside = _beside(desk, name, Wanted())
        html = page(request, "one.html", tab=name, card=card, tally=desk.tally(), **beside)
        return remember(HTMLResponse(html), request)

    return one


class Answer(BaseModel):
    """What a card's form sends."""

    ticket: str
    choice: str
    on: str = "clean"
    label: str = ""
    seconds: float | None = Field(default=None, allow_inf_nan=False)
    new_class: bool = False
    query: str = ""

    @field_validator("seconds", mode="before")
    @classmethod
    def _nothing_is_none(cls, value: object) -> object:
        """Read an empty field, as a form without our script has it, as no time."""
        return value or None


def _judge(desk: Desk) -> Route:
    def judge(request: Request, given: Annotated[Answer, Form()]) -> Response:
        verdict, said = _choice(given.choice, given.label)
        who = who_is(request)
        done = desk.judge(given.ticket, verdict, said, who=who, seconds=given.seconds, new_class=given.new_class)
        if given.on == "grid":
            return _tile_done(request, done.sentence, given.query)
        return _went_on(desk, request, given.on, given.query, done.sentence)

    return judge


def _undo(desk: Desk) -> Route:
    def undo(
        request: Request,
        on: Annotated[str, Form()] = "clean",
        query: Annotated[str, Form()] = "",
        click: Annotated[str, Form(max_length=64)] = "",
        view: Annotated[str, Form()] = "single",
    ) -> Response:
        done = desk.undo(click or new_click(), who=who_is(request), session=begin(request))
        if view == "grid":
            return _tile_back(desk, request, done, query)
        return _went_on(desk, request, on, query, NOTHING_BACK if done is None else done.sentence)

    return undo


def _who(request: Request, who: Annotated[str, Form()] = "", back: Annotated[str, Form()] = "clean") -> Response:
    if account_of(request):
        raise InputError("You are signed in: the record says the name of your account.")
    name = given_name(who)
    if not name:
        raise InputError("Write a name, so that the record can say who gave a label.")
    page_name = back if back in PAGES or back in ("meter", "play") else "clean"
    return remember(RedirectResponse(f"{base_of(request)}/{page_name}", 303), request, who=name)


def _tally(desk: Desk) -> Route:
    def tally(request: Request, on: str = "clean") -> Response:
        values = {"on": on if on in PAGES else "clean", "tally": desk.tally(), **seen_by(request)}
        return HTMLResponse(fragment("_tally.html", **values))

    return tally


def _classes(desk: Desk) -> Route:
    def classes(q: Annotated[str, Query(max_length=200)] = "") -> Response:
        return JSONResponse(matching(q, desk.memory.classes))

    return classes


def _wanted(given: Filter) -> Wanted:
    """Read what somebody wants to clean out of an address.

    Raises: InputError: a group is not COLUMN=VALUE.
    """
    column, sign, value = (given.group or "").partition("=")
    if given.group and not (sign and column.strip()):
        raise InputError(f"group={given.group}: expected COLUMN=VALUE, such as source=ann")
    pair = (column.strip(), value.strip()) if given.group else None
    return Wanted(label=given.label or None, check=given.check or None, group=pair, item=given.item or None)


def _query(wanted: Wanted) -> str:
    group = "=".join(wanted.group) if wanted.group else None
    given = {"label": wanted.label, "check": wanted.check, "group": group, "item": wanted.item}
    return str(QueryParams({name: value for name, value in given.items() if value}))


def _of_query(query: str) -> Wanted:
    return _wanted(Filter(**dict(QueryParams(query[:1000]))))


def _choice(choice: str, label: str) -> tuple[Said, str | None]:
    """Read what a button says."""
    if choice.startswith(IS):
        return Said.LABEL, choice.removeprefix(IS)
    if choice not in (Said.KEEP, Said.LABEL, Said.REMOVE, Said.UNSURE):
        raise InputError(f"{choice[:40]!r}: expected keep, label, remove, unsure or is:CLASS.")
    return Said(choice), label or None


def _next(desk: Desk, name: str, session: str, who: str, wanted: Wanted) -> Card | None:
    if name == "label":
        return desk.label(session, who)
    return desk.third(session, who) if name == "decide" else desk.clean(session, who, wanted)


def _beside(desk: Desk, name: str, wanted: Wanted, *, view: str = "single") -> dict[str, Any]:
    """Give what stands beside the card."""
    classes = desk.memory.classes
    return {
        "on": name,
        "view": view,
        "wanted": wanted,
        "query": _query(wanted),
        "checks": desk.cleaning.checks if name == "clean" else {},
        "buttons": desk.buttons(MOST_BUTTONS, N_KEYS),
        "n_classes": len(classes),
        "n_disputed": len(desk.memory.disputed()) if name == "decide" else 0,
        "n_ranked": len(desk.cleaning.ranked) if name == "clean" else 0,
        "n_unlabelled": desk.memory.labels.count(None) - len(desk.memory.removed),
        "ahead": () if holds_texts(desk) else desk.ahead(name),
    }


def _went_on(desk: Desk, request: Request, on: str, query: str, sentence: str) -> Response:
    """Show the next item: as a part of the page to our script, else by loading the page anew."""
    name, wanted = on if on in PAGES else "clean", _of_query(query)
    if FRAGMENT not in request.headers:
        query = f"?{_query(wanted)}" if wanted else ""
        return remember(RedirectResponse(f"{base_of(request)}/{name}{query}", 303), request)
    card = _next(desk, name, begin(request), who_is(request), wanted)
    values = {"card": card, "said": sentence, **_beside(desk, name, wanted), **seen_by(request)}
    return remember(HTMLResponse(fragment("_desk.html", **values)), request)


def _tile_done(request: Request, sentence: str, query: str) -> Response:
    if FRAGMENT not in request.headers:
        return _to_grid(request, query)
    return HTMLResponse(fragment("_tile_done.html", said=sentence))


def _tile_back(desk: Desk, request: Request, done: Done | None, query: str) -> Response:
    """Give the tile that came back, where it is one to be cleaned, and what was taken back."""
    if FRAGMENT not in request.headers:
        return _to_grid(request, query)
    who, session = who_is(request), begin(request)
    cards = [] if done is None else desk.suspects(who, Wanted(item=done.name), 1, session=session)
    values = {"card": cards[0] if cards else None, "query": _query(_of_query(query)), **seen_by(request)}
    html = fragment("_taken_back.html", said=done.sentence if done else NOTHING_BACK, **values)
    return remember(HTMLResponse(html), request)


def _to_grid(request: Request, query: str) -> Response:
    address = f"/clean?{_query(_of_query(query))}&view=grid".replace("?&", "?")
    return RedirectResponse(base_of(request) + address, 303)
