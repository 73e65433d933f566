"""Who sits before the page: a name that they gave, and a session. Path: **serve**.

Where people have accounts it is the account's name, and none can be given.
"""

import re
import secrets
from typing import TYPE_CHECKING

from fastapi import Request
from starlette.datastructures import QueryParams
from starlette.responses import Response

from florilegium.serve.accounts import known

if TYPE_CHECKING:
    from florilegium.project.desk import Desk

WHO, SESSION = "florilegium_who", "florilegium_session"
NAME = "name"  # a cookie holds no letters beyond ASCII, so it is written as a query is: name=Ann+Lee
NAME_MOST = 60  # characters
YEAR_S = 31_536_000
_TURNING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def who_is(request: Request) -> str:
    """Give the name of who sits there: of the account, else the one that they gave, else that of the command."""
    if account := account_of(request):
        return account
    desk: Desk = request.app.state.desk
    return given_name(QueryParams(request.cookies.get(WHO, "")).get(NAME, "")) or desk.wish.who


def account_of(request: Request) -> str:
    """Give the name of the account that is signed in; empty where nobody has one, and names are given freely."""
    person = known(request)
    return "" if person.is_here else person.name


def session_of(request: Request) -> str:
    """Give the browser's session; empty where it has none yet."""
    found = request.cookies.get(SESSION, "")
    return found if re.fullmatch(r"[0-9a-f]{24}", found) else ""


def given_name(name: str) -> str:
    r"""Give a name as it is kept: one line, nothing that turns the direction of writing.

    >>> given_name("  Ann \u202e\n Lee ")
    'Ann Lee'
    """
    return " ".join(_TURNING.sub(" ", name).split())[:NAME_MOST]


def remember(response: Response, request: Request, *, who: str | None = None) -> Response:
    """Give the browser a session where it has none, and its name where it just gave one."""
    if not session_of(request):
        _set(response, request, SESSION, getattr(request.state, "session", None) or secrets.token_hex(12))
    if who is not None:
        _set(response, request, WHO, str(QueryParams({NAME: who})))
    return response


def begin(request: Request) -> str:
    """Give the session of a request, made up where the browser has none; `remember` sends it back."""
    if found := session_of(request) or getattr(request.state, "session", ""):
        return str(found)
    request.state.session = secrets.token_hex(12)
    return str(request.state.session)


def _set(response: Response, request: Request, name: str, value: str) -> None:
    secure = request.url.scheme == "https"
    response.set_cookie(name, value, max_age=YEAR_S, httponly=True, samesite="strict", secure=secure)
