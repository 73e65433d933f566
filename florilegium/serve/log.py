"""One JSON line per request, for machines that watch. Path: **serve**. Names no person, no ticket and no address.

What is written is the route's template (`/case/{ticket}`), never the path that was asked for, and no query.
"""

import json
import logging
import re
import secrets
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ID_HEADER = "X-Request-ID"
_ID = re.compile(r"[A-Za-z0-9-]{8,64}")  # a proxy may have given one; anything else in its place could forge lines
FAULT = 500

Write = Callable[[str], Any]


class RequestLog:
    """Write a line when a request is answered."""

    def __init__(self, app: ASGIApp, write: Write | None = None) -> None:
        """Wrap an app; `write` takes a line with its end."""
        self.app = app
        self.write: Write = write or sys.stderr.write

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note what became of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(ID_HEADER, "")
        request_id = given if _ID.fullmatch(given) else secrets.token_hex(8)
        began, status = time.perf_counter(), FAULT

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[ID_HEADER] = request_id
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            ms = round((time.perf_counter() - began) * 1000, 1)
            said = {"method": scope["method"], "route": route_of(scope), "status": status, "ms": ms, "id": request_id}
            self.write(line(said))


class JsonFaults(logging.Formatter):
    """Write what the server itself has to say as JSON lines: where a fault happened, not what was being worked on."""

    def format(self, record: logging.LogRecord) -> str:
        """Give a record as one line, without its end."""
        said: dict[str, Any] = {"level": record.levelname.lower(), "logger": record.name}
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            frames = traceback.extract_tb(error.__traceback__)
            said["error"] = type(error).__name__  # its message may hold what a person wrote
            said["at"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        else:
            said["message"] = record.getMessage()
        return line(said).rstrip("\n")


def line(said: dict[str, Any]) -> str:
    """Give one line with the moment in front."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return json.dumps({"time": now, **said}, ensure_ascii=True) + "\n"


def route_of(scope: Scope) -> str:
    """Give the template of the route that answered; empty where none did.

    >>> route_of({"type": "http"})
    ''
    """
    path = getattr(scope.get("route"), "path", "")
    outer = scope.get("app_root_path", "")
    return f"{scope.get('root_path', '').removeprefix(outer)}{path}" if path else ""


def logging_config() -> dict[str, Any]:
    """Give the settings of `logging` that make the server's own words JSON lines."""
    stream = {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonFaults}},
        "handlers": {"stderr": stream},
        "loggers": {"uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False}},
    }
