"""What every route declares: who may use it. Path: project -> **serve**.

    @router.get("/review", dependencies=[Depends(reviewer)])
    def queue(person: Annotated[Person, Depends(reviewer)]) -> Response: ...

`public` lets everybody in; `public_form` as well, and wants the form's token. The roles want somebody who is signed in
and may that much, and on everything that changes something the token too, from a page of ours.
"""

from collections.abc import Awaitable, Callable

from anyio import to_thread
from fastapi import Request
from markupsafe import Markup
from starlette.requests import HTTPConnection

from florilegium.project.accounts import Role
from florilegium.serve.accounts.gate import HERE, LOGIN, NOBODY, Person, Visit, visit_of
from florilegium.serve.guard import READING, foreign, passed_on, refusal
from florilegium.serve.limits import RequestRefused

FIELD, HEADER = "csrf", "x-csrf-token"
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
LOAD_AGAIN = "This page was open too long, or was not loaded here, so nothing was changed. Load it again and try anew."


class Refusal(RequestRefused):
    """What the gate says to those whom it does not let through."""


class NotSignedIn(Refusal):
    """Nobody is signed in, and somebody has to be."""

    status = 401


class NotAllowed(Refusal):
    """Who is signed in may not do this."""

    status = 403


class NotFromHere(Refusal):
    """A page of another site sent this, or the form's token is missing."""

    status = 403


class WrongHost(Refusal):
    """The request names another machine than this one."""

    status = 421


Dependency = Callable[[Request], Awaitable[Person]]


async def public(request: Request) -> Person:
    """Let everybody in; nobody from a page of another site may change anything."""
    visit = _asked(request)
    if visit.person is None and (visit.cookie(LOGIN) or not visit.gate.is_sure):
        await to_thread.run_sync(known, request)
    elif visit.person is None:
        visit.person = _unknown(request, is_open=bool(visit.gate.was_open))
    _refuse_foreign(request, visit)
    return known(request)


async def public_form(request: Request) -> Person:
    """Let everybody in who has loaded the page with the form."""
    person = await public(request)
    await _refuse_without_token(request)
    return person


def _role(needed: Role) -> Dependency:
    async def allowed(request: Request) -> Person:
        visit = _asked(request)
        person = await to_thread.run_sync(known, request)
        _refuse_foreign(request, visit)
        if person.role is None:
            raise NotSignedIn("Sign in first: this page is for the people who work on this project.")
        if not person.may(needed):
            raise NotAllowed(f"This is for {_those(needed)}; you are signed in as {person.name}, {person.role}.")
        await _refuse_without_token(request)
        return person

    allowed.__name__ = allowed.__qualname__ = needed.value
    allowed.__doc__ = f"Let in who may what a {needed.value} may."
    return allowed


labeller, reviewer, owner = _role(Role.LABELLER), _role(Role.REVIEWER), _role(Role.OWNER)


def known(request: HTTPConnection) -> Person:
    """Give who is asking, asked of the store once per request; for a page that shows it, whoever may see the page."""
    visit = visit_of(request)
    if visit is None:
        return NOBODY
    if visit.person is None:
        visit.person = _person(request, visit)
    return visit.person


def csrf_of(request: HTTPConnection) -> str:
    """Give the token that a form or a script of ours has to bring back; empty where the app has no gate."""
    visit = visit_of(request)
    known(request)  # the token is the session's, where there is one
    return "" if visit is None else visit.token()


def csrf_field(request: HTTPConnection) -> Markup:
    """Give the token as a hidden field, for every form that is posted."""
    token = csrf_of(request)
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, token) if token else Markup()


def _person(request: HTTPConnection, visit: Visit) -> Person:
    if token := visit.cookie(LOGIN):
        session = visit.gate.accounts.session(token)
        if session is not None:
            visit.session = session
            return Person(name=session.name, role=session.role)
    return _unknown(request, is_open=visit.gate.is_open())


def _unknown(request: HTTPConnection, *, is_open: bool) -> Person:
    if is_open and not passed_on(request.headers):
        return Person(name=HERE, role=Role.OWNER, is_here=True)
    return NOBODY


def _asked(request: Request) -> Visit:
    visit = visit_of(request)
    if visit is None:
        raise RuntimeError("a route that asks who is there stands in an app without `Visits`")
    visit.is_asked = True
    return visit


def _refuse_foreign(request: Request, visit: Visit) -> None:
    if visit.gate.was_open and (said := refusal(request.method, request.headers)):
        raise WrongHost(said[1]) if said[0] == WrongHost.status else NotFromHere(said[1])
    if said := foreign(request.method, request.headers, ours=visit.gate.url):
        raise NotFromHere(said[1])


async def _refuse_without_token(request: Request) -> None:
    if request.method in READING:
        return
    given = request.headers.get(HEADER, "")
    if not given and request.headers.get("content-type", "").partition(";")[0].strip().lower() in FORMS:
        field = (await request.form()).get(FIELD, "")
        given = field if isinstance(field, str) else ""
    visit = visit_of(request)
    if visit is None or not visit.is_token(given):
        raise NotFromHere(LOAD_AGAIN)


def _those(needed: Role) -> str:
    return {Role.LABELLER: "labellers, reviewers and owners", Role.REVIEWER: "reviewers and owners"}.get(
        needed, "owners"
    )
