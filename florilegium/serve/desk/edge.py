"""The edge where errors become a page or JSON, with a status. Path: **serve**."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from florilegium.errors import FlorilegiumError
from florilegium.serve.desk.render import page
from florilegium.serve.edge import error_json, status_of, wants_page


def translate_errors(app: FastAPI) -> None:
    """Let every error of an app be answered in words."""
    app.add_exception_handler(FlorilegiumError, _florilegium)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)


def _florilegium(request: Request, error: Exception) -> Response:
    if not isinstance(error, FlorilegiumError):  # pragma: no cover - registered for this family; this tells mypy
        raise error
    return _answer(request, type(error).__name__, str(error), status_of(error))


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    said = "There is no such page here." if status == 404 else "That cannot be asked here."
    return _answer(request, "HTTPError", said, status)


def _validation(request: Request, error: Exception) -> Response:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    said = "; ".join(f"{'.'.join(map(str, fault['loc'][1:]))}: {fault['msg']}" for fault in faults)
    return _answer(request, "RequestError", f"{said}. Load the page again.", 422)


def _answer(request: Request, kind: str, message: str, status: int) -> Response:
    """Give an error to our script and to programs as JSON, and to a reader as a page."""
    if not wants_page(request):
        return error_json(kind, message, status=status)
    return HTMLResponse(page(request, "fault.html", tab="", message=message), status)
