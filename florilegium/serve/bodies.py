"""Refuse large forms before they are read. Path: **serve**. Photos are counted where they are read, not here."""

from collections.abc import Collection

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
        n_bytes, is_answered = 0, False
        said = f"More than {self.max_bytes >> 20} MB; a form here holds less."

        async def counted() -> Message:
            nonlocal n_bytes
            message = await receive()
            n_bytes += len(message.get("body", b""))
            if n_bytes > self.max_bytes:
                raise _TooLong
            return message

        async def noted(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        try:
            if int(_digits(Headers(scope=scope).get("content-length", ""))) > self.max_bytes:
                raise _TooLong  # noqa: TRY301 - the same answer, before a byte is read
            await self.app(scope, counted, noted)
        except _TooLong:
            if not is_answered:
                await error_json("TooLarge", said, status=413)(scope, receive, send)


class _TooLong(Exception):
    """More came than is taken."""


def _digits(text: str) -> str:
    return text if text.isascii() and text.isdigit() and len(text) < 20 else "0"
