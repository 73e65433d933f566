"""Let nobody in but the people at this machine. Path: **serve**. Changes no body.

A page of another site, open in the same browser, can send forms to an address of this machine, and by a trick with
names (DNS rebinding) even read the answers. So the host that a request names must be this machine's own, and what
changes something must come from our own pages.
"""

from starlette.datastructures import URL, Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from florilegium.serve.edge import error_json

HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
OURS = frozenset({"same-origin", "none"})  # of Sec-Fetch-Site; none: the reader typed the address
READING = frozenset({"GET", "HEAD"})


class OnlyThisMachine:
    """Refuse what comes from elsewhere."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an app."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer that it is refused."""
        if scope["type"] == "http" and (said := refusal(scope["method"], Headers(scope=scope))) is not None:
            status, message = said
            await error_json("NotFromHere", message, status=status)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def refusal(method: str, headers: Headers) -> tuple[int, str] | None:
    """Give status and message where a request is refused, else None.

    >>> refusal("GET", Headers({"host": "evil.example:8000"}))[0]
    421
    >>> refusal("POST", Headers({"host": "127.0.0.1:8000", "origin": "https://evil.example"}))[0]
    403
    >>> refusal("POST", Headers({"host": "127.0.0.1:8000", "origin": "http://127.0.0.1:8000"})) is None
    True
    """
    host = headers.get("host", "")
    if URL(f"//{host}").hostname not in HOSTS:
        return 421, "This page is for the people at this machine: open it as http://127.0.0.1 with its port."
    if method in READING:
        return None
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    # A browser that says where a request comes from is believed; its Origin is "null" where pages send no referrer.
    foreign = site not in OURS if site is not None else origin is not None and URL(origin).netloc != host
    return (403, "This came from a page of another site, so nothing was changed.") if foreign else None
