"""Queries that no intent covers, in groups that a person may name. Path: project -> **serve**."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from florilegium.errors import InputError
from florilegium.project.desk.ticket import new_click
from florilegium.project.queries.unknown import grouped
from florilegium.serve.accounts import Person, labeller
from florilegium.serve.queries.at_hand import QueryDeskAtHand
from florilegium.serve.staff import at, staff_page

N_GROUPED = 500  # of the newest: grouping a page takes a second or two
N_SHOWN = 12  # groups


def unknown_routes(desk: QueryDeskAtHand) -> APIRouter:
    """Give the routes of the groups."""
    router = APIRouter(include_in_schema=False, dependencies=[Depends(labeller)])

    @router.get("/queries/unknown")
    def groups(request: Request, named: Annotated[int, Query(ge=0, le=N_GROUPED)] = 0) -> Response:
        return _page(request, desk, n_named=named)

    @router.post("/queries/unknown")
    def name(
        request: Request,
        person: Annotated[Person, Depends(labeller)],
        click: Annotated[str, Form(max_length=40)],
        intent: Annotated[str, Form()] = "",
        chosen: Annotated[list[int] | None, Form()] = None,
    ) -> Response:
        try:
            if not chosen:
                raise InputError("Nothing was chosen. Tick the queries that belong together.")  # noqa: TRY301 - shown as all others
            n_named = desk.now.name(chosen, intent, who=person.name, click=click)
        except InputError as error:
            return _page(request, desk, notice=str(error), status=422)
        return RedirectResponse(f"{at(request)}/queries/unknown?named={min(n_named, N_GROUPED)}", 303)

    return router


def _page(
    request: Request, desk: QueryDeskAtHand, *, notice: str = "", n_named: int = 0, status: int = 200
) -> Response:
    now = desk.now
    found = grouped(now.project, most=N_GROUPED)
    return staff_page(
        request,
        "queries/unknown.html",
        here="/queries",
        status=status,
        tab="unknown",
        found=found,
        groups=found.groups[:N_SHOWN],
        counts=now.store.counts(),
        promised=now.promised,
        click=new_click(),
        notice=notice,
        n_named=n_named,
    )
