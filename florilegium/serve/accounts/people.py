"""The owner's page: who may sign in, invitations, roles. Path: project -> **serve**."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from florilegium.errors import FlorilegiumError
from florilegium.project.accounts import Link, Role
from florilegium.serve.accounts.gate import Person
from florilegium.serve.accounts.roles import owner
from florilegium.serve.context import Whole
from florilegium.serve.staff import at, staff_page

HERE = "/people"
SEE_OTHER = 303
Name = Annotated[str, Form(max_length=1000)]
Asked = Annotated[Role, Form()]
Owner = Annotated[Person, Depends(owner)]


def people_routes(whole: Whole) -> APIRouter:
    """Give the routes of the owner's page."""
    router = APIRouter(prefix=HERE, dependencies=[Depends(owner)], include_in_schema=False)
    accounts = whole.gate.accounts

    @router.get("")
    def show(request: Request) -> Response:
        return _page(request, whole)

    @router.post("/invite")
    def invite(request: Request, person: Owner, name: Name, role: Asked) -> Response:
        return _with_link(request, whole, lambda: accounts.invite(" ".join(name.split()), role=role, by=person.name))

    @router.post("/reset")
    def reset(request: Request, person: Owner, name: Name) -> Response:
        return _with_link(request, whole, lambda: accounts.reset(name, by=person.name))

    @router.post("/withdraw")
    def withdraw(request: Request, name: Name) -> Response:
        return _done(request, whole, lambda: accounts.withdraw(name))

    @router.post("/role")
    def set_role(request: Request, name: Name, role: Asked) -> Response:
        return _done(request, whole, lambda: accounts.set_role(name, role))

    @router.post("/remove")
    def remove(request: Request, name: Name) -> Response:
        return _done(request, whole, lambda: accounts.remove(name))

    return router


def _done(request: Request, whole: Whole, act: Callable[[], None]) -> Response:
    try:
        act()
    except FlorilegiumError as error:  # said on the page itself, beside what it is about
        return _page(request, whole, notice=str(error), status=409)
    return RedirectResponse(f"{at(request)}{HERE}", SEE_OTHER)


def _with_link(request: Request, whole: Whole, act: Callable[[], Link]) -> Response:
    """Show a link, once: it is kept nowhere, so that no later look at this page can give it away."""
    try:
        link = act()
    except FlorilegiumError as error:
        return _page(request, whole, notice=str(error), status=409)
    return _page(request, whole, link=link)


def _page(request: Request, whole: Whole, *, link: Link | None = None, notice: str = "", status: int = 200) -> Response:
    accounts = whole.gate.accounts
    people = accounts.list()
    keys = {account.key for account in people}
    address = whole.url or str(request.base_url)
    return staff_page(
        request,
        "accounts/people.html",
        here=HERE,
        status=status,
        people=people,
        invitations=[each for each in accounts.invitations() if each.key not in keys],
        roles=list(Role),
        link=link,
        link_address=f"{address}invitation/{link.token}" if link else "",
        notice=notice,
    )
