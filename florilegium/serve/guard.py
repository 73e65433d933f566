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
PROXIED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")


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
    """Give status and message where a request does not come from this machine's own pages, else None.

    >>> refusal("GET", Headers({"host": "evil.example:8000"}))[0]
    421
    >>> refusal("POST", Headers({"host": "127.0.0.1:8000", "origin": "https://evil.example"}))[0]
    403
    >>> refusal("POST", Headers({"host": "127.0.0.1:8000", "origin": "http://127.0.0.1:8000"})) is None
    True
    """
    if _hostname(headers.get("host", "")) not in HOSTS:
        return 421, "This page is for the people at this machine: open it as http://127.0.0.1 with its port."
    return foreign(method, headers)


def foreign(method: str, headers: Headers, *, ours: str = "") -> tuple[int, str] | None:
    """Give status and message where something is changed from a page of another site, else None.

    Args: ours: the public address; a proxy may name us otherwise than readers do.

    >>> foreign("POST", Headers({"host": "example.org", "sec-fetch-site": "cross-site"}))[0]
    403
    >>> foreign("POST", Headers({"host": "example.org"})) is None  # no browser: a program
    True
    """
    if method in READING:
        return None
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    # A browser that says where a request comes from is believed; its Origin is "null" where pages send no referrer.
    elsewhere = site not in OURS if site is not None else origin is not None and not _is_ours(origin, headers, ours)
    return (403, "This came from a page of another site, so nothing was changed.") if elsewhere else None


def passed_on(headers: Headers) -> bool:
    """Tell whether a request came through a proxy, so that whoever sent it may sit anywhere."""
    return any(name in headers for name in PROXIED)


def _is_ours(origin: str, headers: Headers, ours: str) -> bool:
    if ours and _netloc(origin) == _netloc(ours):
        return True
    return _netloc(origin) == headers.get("host", "").lower()


def _netloc(address: str) -> str:
    return address.partition("://")[2].partition("/")[0].lower()


def _hostname(host: str) -> str | None:
    try:
        return URL(f"//{host}").hostname
    except ValueError:  # such as an address in brackets that are not closed
        return None
