"""Who is asking, and may they? One gate per server, one visit per request. Path: project -> **serve**.

A route that asks the gate for nobody answers nobody: whoever forgets to declare who may use it gets an error, not an
open door. Every cookie is set here, so that all of them carry the same marks.
"""

import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from florilegium.project.accounts import Role
from florilegium.serve.edge import error_json

if TYPE_CHECKING:
    from florilegium.project.accounts import Accounts, Session, SignedIn

LOGIN, VISIT, KNOWN = "florilegium_login", "florilegium_visit", "florilegium_known"
SECURE = "__Host-"  # a browser takes such a cookie only over https, for this host alone and all its paths
WEEK_S, YEAR_S = 604_800, 31_536_000
SECRET_CHARS, NONCE_CHARS = 32, 16
SURE_S = 1.0  # a public page need not ask at every click whether there are accounts by now
HERE = "owner"  # the person at this machine, where nobody has an account
KEY = "florilegium.visit"  # in the scope of a request


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who is asking."""

    name: str  # as records say it
    role: Role | None  # None: nobody who is known; may use public routes only
    is_here: bool = False  # sits at this machine, and nobody has an account

    def may(self, needed: Role) -> bool:
        """Tell whether this person may what a role may."""
        return self.role is not None and self.role.may(needed)


NOBODY = Person(name="", role=None)


@dataclass(slots=True, kw_only=True)
class Gate:
    """What holds for every request of a server."""

    accounts: "Accounts"
    is_here: bool  # only people at this machine reach it: without accounts they may do everything
    url: str = ""  # the public address, with a slash at its end
    title: str = "Florilegium"  # of the project, over every page
    paths: frozenset[str] = frozenset()  # of the pages that this server has
    was_open: bool | None = None  # when it was last asked; None: not yet
    _asked_at: float = 0.0
    _has_accounts: bool = False  # stays true: the last owner cannot be removed

    def is_open(self) -> bool:
        """Tell whether nobody has to sign in, since only people at this machine come and nobody has an account."""
        self.was_open = self.is_here and not self.knows_people()
        self._asked_at = time.monotonic()
        return self.was_open

    def knows_people(self) -> bool:
        """Tell whether there are accounts."""
        self._has_accounts = self._has_accounts or self.accounts.exist()
        return self._has_accounts

    @property
    def is_sure(self) -> bool:
        """Tell whether `was_open` is good enough for a page that everybody may see."""
        is_fixed = not self.is_here or self._has_accounts
        return self.was_open is not None and (is_fixed or time.monotonic() - self._asked_at < SURE_S)


@dataclass(slots=True, kw_only=True)
class Visit:
    """One request: what its cookies say, who is asking, and which cookies go back."""

    gate: Gate
    secure: bool  # it came over https
    cookies: dict[str, str]
    person: Person | None = None  # None: not asked yet
    session: "Session | None" = None  # of who is signed in
    is_asked: bool = False  # its route has said who may use it
    _given: list[str] = field(default_factory=list)

    def cookie(self, name: str) -> str:
        """Give a cookie of ours; over https only one that no neighbour could have set."""
        return self.cookies.get(self._named(name), "")

    def token(self) -> str:
        """Give what every form has to bring back: of the session, or of the browser of somebody unknown.

        It reads differently on every page, so that a compressed page gives nothing away by its length (BREACH).
        """
        if self.session is None and len(self.cookie(VISIT)) < SECRET_CHARS:
            self._set(VISIT, secrets.token_urlsafe(24), max_age_s=None)
        return _sealed(secrets.token_hex(NONCE_CHARS // 2), self._secret())

    def is_token(self, given: str) -> bool:
        """Tell whether a form brought back what it was given."""
        secret = self._secret()
        expected = _sealed(given[:NONCE_CHARS], secret)
        return bool(secret) and secrets.compare_digest(
            given.encode("utf-8", "replace"), expected.encode("utf-8", "replace")
        )

    def sign_in(self, signed: "SignedIn") -> None:
        """Let the browser keep a new session; whatever session it had before is over."""
        self.sign_out()
        self._set(LOGIN, signed.token, max_age_s=WEEK_S)
        self._set(KNOWN, signed.known, max_age_s=YEAR_S)

    def sign_out(self) -> None:
        """End the browser's session, here and there."""
        if token := self.cookie(LOGIN):
            self.gate.accounts.sign_out(token)
        self._set(LOGIN, "", max_age_s=0)
        self._set(VISIT, "", max_age_s=0)
        self.person, self.session = None, None

    def headers(self) -> list[str]:
        """Give the cookies that go back, one header each."""
        return self._given

    def _set(self, name: str, value: str, *, max_age_s: int | None) -> None:
        named = self._named(name)
        answer = Response()
        # Lax: a link in a mail leads in; what changes something needs the form's token as well.
        answer.set_cookie(named, value, max_age=max_age_s, secure=self.secure, httponly=True, samesite="lax")
        self._given = [each for each in self._given if not each.startswith(f"{named}=")]
        self._given.append(answer.headers["set-cookie"])
        self.cookies = {**self.cookies, named: value}

    def _secret(self) -> str:
        return self.session.csrf if self.session else self.cookie(VISIT)

    def _named(self, name: str) -> str:
        return f"{SECURE}{name}" if self.secure else name


class Visits:
    """Give each request its visit, send its cookies back, and answer nothing that nobody was asked about."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        """Wrap an app."""
        self.app, self.gate = app, gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        secure = scope["scheme"] == "https" or self.gate.url.startswith("https:")
        visit = Visit(gate=self.gate, secure=secure, cookies=dict(HTTPConnection(scope).cookies))
        scope[KEY] = visit
        is_refused = False

        async def send_with_cookies(message: Message) -> None:
            nonlocal is_refused
            if message["type"] == "http.response.start":
                if not visit.is_asked and "endpoint" in scope and message["status"] < 400:
                    is_refused = True
                    said = "This page does not say who may see it, so nobody may. Please report it."
                    await error_json("InternalError", said, status=500)(scope, receive, send)
                    return
                headers = MutableHeaders(scope=message)
                for cookie in visit.headers():
                    headers.append("Set-Cookie", cookie)
            if not is_refused:
                await send(message)

        await self.app(scope, receive, send_with_cookies)


def _sealed(nonce: str, secret: str) -> str:
    return nonce + hashlib.sha256(f"form {nonce} {secret}".encode("utf-8", "replace")).hexdigest()


def visit_of(request: HTTPConnection) -> Visit | None:
    """Give the visit of a request; None: the app has no gate, as the labelling pages of one machine."""
    found = request.scope.get(KEY)
    return found if isinstance(found, Visit) else None
