"""Sign in, sign out, accept an invitation, change one's password. Path: project -> **serve**."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from florilegium.errors import InputError
from florilegium.project.accounts import LinkSpent, SignedIn
from florilegium.project.accounts.names import MOST_KEY_CHARS, key_of
from florilegium.serve.accounts.gate import KNOWN, Visit, visit_of
from florilegium.serve.accounts.paths import safe_path
from florilegium.serve.accounts.people import people_routes
from florilegium.serve.accounts.roles import known, labeller, public, public_form
from florilegium.serve.accounts.trying import Tries
from florilegium.serve.context import Whole
from florilegium.serve.staff import HOME, at, staff_page

MOST = 1000  # characters of a field; a password has at most 256
SEE_OTHER = 303
WRONG = "The name or the password is wrong."
DIFFERENT = "The two passwords differ. Type the same one twice."

Field = Annotated[str, Form(max_length=MOST)]


def account_routes(whole: Whole) -> APIRouter:
    """Give the routes of accounts."""
    router = APIRouter(include_in_schema=False)
    tries = Tries()
    _signing(router, whole, tries)
    _invited(router, whole)
    _password(router, whole, tries)
    router.include_router(people_routes(whole))
    return router


def _signing(router: APIRouter, whole: Whole, tries: Tries) -> None:
    accounts, gate = whole.gate.accounts, whole.gate

    @router.get("/login", dependencies=[Depends(public)])
    def login(request: Request, next: str = "") -> Response:  # noqa: A002 - the word in the address
        if known(request).role is not None and gate.knows_people():
            return _on(request, next)
        return _login_page(request, whole, goal=next)

    @router.post("/login", dependencies=[Depends(public_form)])
    # The name that the form's field has.
    def sign_in(request: Request, name: Field, password: Field, next: Field = "") -> Response:  # noqa: A002
        visit, key = _visit(request), key_of(name)[:MOST_KEY_CHARS]
        cookie = visit.cookie(KNOWN)
        before = cookie if cookie and accounts.knows(name, cookie) else ""
        tries.take(request.client.host if request.client else None, key, known=before)
        signed = accounts.sign_in(name, password)
        if signed is None:
            return _login_page(request, whole, goal=next, name=name, notice=WRONG, status=401)
        if before:
            tries.forget(before)
        return _signed_in(request, signed, next)

    @router.post("/logout", dependencies=[Depends(public_form)])
    def sign_out(request: Request) -> Response:
        _visit(request).sign_out()
        return RedirectResponse(f"{at(request)}/login", SEE_OTHER)


def _invited(router: APIRouter, whole: Whole) -> None:
    accounts = whole.gate.accounts

    @router.get("/invitation/{token}", dependencies=[Depends(public)])
    def show(request: Request, token: str) -> Response:
        return _invitation_page(request, whole, token)

    @router.post("/invitation/{token}", dependencies=[Depends(public_form)])
    def accept(request: Request, token: str, password: Field, again: Field) -> Response:
        if password != again:
            return _invitation_page(request, whole, token, notice=DIFFERENT)
        try:
            signed = accounts.accept(token, password)
        except LinkSpent:
            return _invitation_page(request, whole, token)
        except InputError as error:  # a weak password: the link is good for another try
            return _invitation_page(request, whole, token, notice=str(error))
        return _signed_in(request, signed, "")


def _password(router: APIRouter, whole: Whole, tries: Tries) -> None:
    accounts = whole.gate.accounts

    @router.get("/password", dependencies=[Depends(labeller)])
    def show(request: Request) -> Response:
        return _password_page(request)

    @router.post("/password", dependencies=[Depends(labeller)])
    def change(request: Request, old: Field, password: Field, again: Field) -> Response:
        visit = _visit(request)
        if visit.session is None:  # the person at this machine, who has no password
            return _password_page(request)
        if password != again:
            return _password_page(request, notice=DIFFERENT, status=422)
        tries.take(None, f"password of {visit.session.key}", known=f"session of {visit.session.key}")
        try:
            signed = accounts.change_password(visit.session, old, password)
        except InputError as error:
            return _password_page(request, notice=str(error), status=422)
        if signed is None:
            return _password_page(request, notice="The old password is wrong.", status=422)
        visit.sign_in(signed)
        return RedirectResponse(f"{at(request)}{HOME}", SEE_OTHER)


def _signed_in(request: Request, signed: SignedIn, goal: str) -> Response:
    _visit(request).sign_in(signed)
    return _on(request, goal)


def _on(request: Request, goal: str) -> Response:
    return RedirectResponse(safe_path(goal, otherwise=f"{at(request)}{HOME}"), SEE_OTHER)


def _visit(request: Request) -> Visit:
    visit = visit_of(request)
    if visit is None:  # pragma: no cover - these routes stand in an app with a gate; this tells mypy
        raise RuntimeError("no gate")
    return visit


def _login_page(
    request: Request, whole: Whole, *, goal: str, name: str = "", notice: str = "", status: int = 200
) -> Response:
    values = {"goal": safe_path(goal, otherwise=""), "name": name, "notice": notice}
    has_accounts = whole.gate.knows_people()
    return staff_page(request, "accounts/login.html", here="/login", status=status, has_accounts=has_accounts, **values)


def _invitation_page(request: Request, whole: Whole, token: str, *, notice: str = "") -> Response:
    invitation = whole.gate.accounts.invitation(token)
    status = 404 if invitation is None else 422 if notice else 200
    return staff_page(request, "accounts/invitation.html", status=status, invitation=invitation, notice=notice)


def _password_page(request: Request, *, notice: str = "", status: int = 200) -> Response:
    return staff_page(request, "accounts/password.html", here="/password", status=status, notice=notice)
