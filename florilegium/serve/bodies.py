"""Refuse large forms before they are read. Path: **serve**. Photos are counted where they are read, not here."""

from collections.abc import Collection
from contextlib import suppress

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from florilegium.serve.edge import error_json

MOST_BYTES = 1 << 20  # of a form or a JSON document: a thousand texts of a kilobyte each


class SmallBodies:
    """Answer 413 to whatever is larger, whether its length is said beforehand or not."""

    def __init__(self, app: ASGIApp, *, uploads: Collection[str], max_bytes: int = MOST_BYTES) -> None:
        """Wrap an app; `uploads` are the paths that count their own bytes; `/x/*`: all paths below `/x/`."""
        self.app, self.max_bytes = app, max_bytes
        self.uploads = frozenset(path for path in uploads if not path.endswith("*"))
        self.below = tuple(path.removesuffix("*") for path in uploads if path.endswith("*"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer that it is too large."""
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        is_upload = (path in self.uploads or path.startswith(self.below)) and "multipart/" in Headers(scope=scope).get(
            "content-type", ""
        )
        if scope["type"] != "http" or is_upload:
            await self.app(scope, receive, send)
            return
        counter = _Counter(receive, send, self.max_bytes)
        refusal = error_json("TooLarge", f"More than {self.max_bytes >> 20} MB; a form here holds less.", status=413)
        refusal.headers["Connection"] = "close"  # what is still to come is not read to its end
        if int(_digits(Headers(scope=scope).get("content-length", ""))) > self.max_bytes:
            await refusal(scope, receive, send)
            return
        with suppress(_TooLong):
            await self.app(scope, counter.receive, counter.send)
        if counter.is_over and not counter.is_answered:
            await refusal(scope, receive, send)


class _Counter:
    """Counts what comes in; once it is too much, nothing of the app's answer goes out any more."""

    def __init__(self, receive: Receive, send: Send, max_bytes: int) -> None:
        self._receive, self._send, self._max_bytes = receive, send, max_bytes
        self._n_bytes = 0
        self.is_over, self.is_answered = False, False

    async def receive(self) -> Message:
        message = await self._receive()
        self._n_bytes += len(message.get("body", b""))
        if self._n_bytes > self._max_bytes:
            self.is_over = True
            raise _TooLong  # whatever an app makes of it, its answer is not sent
        return message

    async def send(self, message: Message) -> None:
        if not self.is_over or self.is_answered:
            self.is_answered = True
            await self._send(message)


class _TooLong(Exception):
    """More came than is taken."""


def _digits(text: str) -> str:
    return text if text.isascii() and text.isdigit() and len(text) < 20 else "0"
