"""The edge of a project's server: errors become a page for people and JSON for programs. Path: **serve**."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse, Response

from florilegium.errors import FlorilegiumError
from florilegium.serve.accounts.roles import NotSignedIn
from florilegium.serve.edge import CLIENT_GONE, ending, error_json, status_of, wants_page
from florilegium.serve.guard import READING
from florilegium.serve.staff.render import at, staff_page

TITLES = {401: "Sign in first", 403: "Not allowed", 404: "No such page", 405: "Not here", 421: "Another address"}
_SAID = {
    400: "What was sent cannot be read. A program sends JSON in UTF-8; /docs describes the fields.",
    404: "There is no such page here.",
    405: "That cannot be asked here.",
}
NOT_DONE = "That was not done"
UNREADY, SOON_S = 503, 10  # a page that is there in ten seconds comes by itself


def translate_errors(app: FastAPI) -> None:
    """Let every error of an app be answered in words."""
    app.add_exception_handler(FlorilegiumError, _florilegium)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _fault)


async def _florilegium(request: Request, error: Exception) -> Response:
    if not isinstance(error, FlorilegiumError):  # pragma: no cover - registered for this family; this tells mypy
        raise error
    if isinstance(error, NotSignedIn) and wants_page(request) and request.method in READING:
        return RedirectResponse(f"{at(request)}/login?{QueryParams({'next': _asked(request)})}", 303)
    retry = getattr(error, "retry_after_s", None)
    answer = _answer(request, type(error).__name__, str(error), status_of(error), retry_after_s=retry)
    return ending(answer, error)


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    response = _answer(request, "HTTPError", _SAID.get(status, "That cannot be asked here."), status)
    response.headers.update((error.headers if isinstance(error, HTTPException) else None) or {})
    return response


async def _validation(request: Request, error: Exception) -> Response:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    said = "; ".join(f"{'.'.join(map(str, fault['loc'][1:]))}: {fault['msg']}" for fault in faults)
    return _answer(request, "RequestError", f"{said}. Load the page again.", 422)


async def _gone(request: Request, error: Exception) -> Response:
    del request, error
    return Response(status_code=CLIENT_GONE)


async def _fault(request: Request, error: Exception) -> Response:
    del error  # the server prints it, with where it happened
    response = error_json(
        "InternalError", "A fault of this program. Please report what the server printed.", status=500
    )
    response.headers.update(request.app.state.headers)  # it is made outside of what adds them to all others
    return response


def _answer(request: Request, kind: str, message: str, status: int, *, retry_after_s: int | None = None) -> Response:
    if not wants_page(request):
        return error_json(kind, message, status=status, retry_after_s=retry_after_s)
    is_soon = status == UNREADY and retry_after_s is not None and retry_after_s <= SOON_S
    title = "One moment" if is_soon else TITLES.get(status, NOT_DONE)
    response = staff_page(request, "staff/words.html", status=status, title=title, message=message)
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
        if is_soon and request.method in READING:
            response.headers["Refresh"] = str(retry_after_s)  # without a script
    return response


def _asked(request: Request) -> str:
    """Give the path that was asked for, with its query, to come back to."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
