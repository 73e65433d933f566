"""Queries that no intent covers, in groups that a person may name. Path: project -> **serve**."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import RedirectResponse, Response

from florilegium.errors import InputError
from florilegium.project.desk.naming import NewClass
from florilegium.project.desk.ticket import new_click
from florilegium.project.queries.unknown import grouped
from florilegium.serve.accounts import Person, labeller
from florilegium.serve.numbers import NumberSent
from florilegium.serve.queries.at_hand import QueryDeskAtHand
from florilegium.serve.staff import at, staff_page

N_GROUPED = 500  # of the newest: grouping a page takes a second or two
N_SHOWN = 12  # groups


class Naming(BaseModel):
    """What the form of a group sends."""

    click: str = Field(max_length=40)
    intent: str = ""
    new_class: bool = False  # a name that is written much like a known intent is meant so
    chosen: list[NumberSent] = Field(default=[], max_length=N_GROUPED)


def unknown_routes(desk: QueryDeskAtHand) -> APIRouter:
    """Give the routes of the groups."""
    router = APIRouter(include_in_schema=False, dependencies=[Depends(labeller)])

    @router.get("/queries/unknown")
    def groups(
        request: Request,
        named: Annotated[int, Query(ge=0, le=N_GROUPED)] = 0,
        examples: Annotated[int, Query(ge=0, le=N_GROUPED)] = 0,
    ) -> Response:
        return _page(request, desk, n_named=named, n_examples=min(examples, named))

    @router.post("/queries/unknown")
    def name(
        request: Request, person: Annotated[Person, Depends(labeller)], given: Annotated[Naming, Form()]
    ) -> Response:
        try:
            if not given.chosen:
                raise InputError("Nothing was chosen. Tick the queries that belong together.")  # noqa: TRY301 - shown as all others
            n_named, n_examples = desk.now.name(
                given.chosen, given.intent, who=person.name, click=given.click, new_class=given.new_class
            )
        except NewClass as error:
            return _page(request, desk, notice=str(error), status=422, meant=given.intent.strip(), chosen=given.chosen)
        except InputError as error:
            return _page(request, desk, notice=str(error), status=422)
        counts = f"named={min(n_named, N_GROUPED)}&examples={min(n_examples, N_GROUPED)}"
        return RedirectResponse(f"{at(request)}/queries/unknown?{counts}", 303)

    return router


def _page(request: Request, desk: QueryDeskAtHand, *, notice: str = "", status: int = 200, **shown: Any) -> Response:
    """Show the groups.

    Args: shown: n_named and n_examples of what was done; meant and chosen of what is asked about.
    """
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
        intents=now.intents,
        **{"n_named": 0, "n_examples": 0, "meant": "", "chosen": (), **shown},
    )
