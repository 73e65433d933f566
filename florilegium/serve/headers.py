"""Tell browsers what a page of ours may do. Path: **serve**. Changes no body."""

import re
from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from florilegium.errors import SettingError

# No script and no style inside a page, nothing from or to another host; blob: and data: are the reader's own photos.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
)


def security_headers(frames: Sequence[str] = ()) -> dict[str, str]:
    """Give the headers of every answer.

    Args: frames: addresses (`https://host`) whose pages may show ours in a frame.
    Raises: SettingError: one is no such address.
    """
    for origin in frames:
        if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?", origin):
            raise SettingError(f"{origin!r}: expected an address without a path, such as https://huggingface.co")
    headers = {
        "Content-Security-Policy": _POLICY.format(ancestors=" ".join(frames) or "'none'"),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",  # the phone takes photos, not we
        "Cache-Control": "no-store",
    }
    return headers if frames else {**headers, "X-Frame-Options": "DENY"}


class SecurityHeaders:
    """Put headers on every answer that does not bring them itself."""

    def __init__(self, app: ASGIApp, headers: dict[str, str]) -> None:
        """Wrap an app."""
        self.app = app
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    present.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)
