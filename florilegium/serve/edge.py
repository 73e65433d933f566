"""The one edge where errors become words, JSON and a status. Path: **serve**.

One shape for all of them, as the command line has it: `{"error": {"kind": ..., "message": ...}}`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, JSONResponse, Response

from florilegium.errors import FlorilegiumError, InputError, StateError, StorageError
from florilegium.export.page import page_html
from florilegium.serve.limits import RequestRefused

FRAGMENT = "x-fragment"  # header of our own scripts: they want a part of a page, not a page
CLIENT_GONE = 499  # nginx's number; nobody is there to read it
_SENTENCES = {
    404: "There is no such page here. The classifier is at /, the description of its JSON interface at /docs.",
    405: "This address takes another method; /docs says which.",
}


def translate_errors(app: FastAPI) -> None:
    """Let an app answer every error in the one shape."""
    app.add_exception_handler(FlorilegiumError, _florilegium)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _fault)


def error_json(
    kind: str, message: str, *, status: int, answers: Sequence[Mapping[str, Any]] = (), retry_after_s: int | None = None
) -> JSONResponse:
    """Give an error as JSON; `answers` beside it where single photos were answered with errors of their own."""
    document: dict[str, Any] = {"error": {"kind": kind, "message": message}}
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s is not None else None
    return JSONResponse(document | ({"answers": list(answers)} if answers else {}), status, headers=headers)


def wants_page(request: Request) -> bool:
    """Tell whether a reader's browser asks, not our script or a program."""
    return "text/html" in request.headers.get("accept", "") and FRAGMENT not in request.headers


def status_of(error: FlorilegiumError) -> int:
    """Give the HTTP status of an error: its own, else 422 for what was given and 409 for a step that is missing.

    503 where nothing can be kept now: whoever sent it may send it again.
    """
    if isinstance(error, RequestRefused):
        return error.status
    if isinstance(error, StorageError):
        return 503
    return 422 if isinstance(error, InputError) else 409 if isinstance(error, StateError) else 500


async def _florilegium(request: Request, error: Exception) -> Response:
    if not isinstance(error, FlorilegiumError):  # pragma: no cover - registered for this family; this tells mypy
        raise error
    status, retry = status_of(error), getattr(error, "retry_after_s", None)
    response: Response
    if request.url.path == "/":  # the form of a reader without scripts
        state = request.app.state
        html = page_html(
            state.classifier.card, engine="server", notice=str(error), max_bytes=state.limits.max_file_bytes
        )
        response = HTMLResponse(html, status, headers={"Retry-After": str(retry)} if retry is not None else None)
    else:
        response = error_json(type(error).__name__, str(error), status=status, retry_after_s=retry)
    return ending(response, error)


def ending(response: Response, error: Exception) -> Response:
    """Let the connection end after the answer, where the sender goes on sending what nobody wants."""
    if getattr(error, "closes", False):
        response.headers["Connection"] = "close"
    return response


async def _http(request: Request, error: Exception) -> Response:
    del request
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    detail = error.detail if isinstance(error, HTTPException) else ""
    response = error_json("HTTPError", _SENTENCES.get(status, f"{detail}."), status=status)
    response.headers.update(headers or {})
    return response


async def _validation(request: Request, error: Exception) -> Response:
    del request
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    said = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)
    return error_json("RequestError", f"{said}. The description of the interface is at /docs.", status=422)


async def _gone(request: Request, error: Exception) -> Response:
    del request, error
    return Response(status_code=CLIENT_GONE)


async def _fault(request: Request, error: Exception) -> Response:
    del error  # the server prints it, with where it happened
    sentence = "A fault of this program, not of your photo. Please report it, with what the server printed."
    response = error_json("InternalError", sentence, status=500)
    response.headers.update(request.app.state.headers)  # it is made outside of what adds them to all others
    return response
