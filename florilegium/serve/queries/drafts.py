"""Draft a reply: shown what would be sent, sent after a yes, put into the form. Path: project -> **serve**."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from florilegium.errors import InputError
from florilegium.journal.draft import Tone
from florilegium.project.desk.ticket import new_click
from florilegium.project.queries import drafting
from florilegium.project.queries.drafting import DraftAsked
from florilegium.serve.accounts import Person, labeller
from florilegium.serve.numbers import Number
from florilegium.serve.queries.at_hand import QueryDeskAtHand
from florilegium.serve.queries.inbox import HERE, Step
from florilegium.serve.queries.refusals import NoSuchQuery
from florilegium.serve.staff import staff_page


class DraftStep(Step):
    """What the drafting forms send."""

    notes: str = ""
    tone: Tone = Tone.PLAIN
    yes: bool = False  # what is shown may be sent
    shown: str = ""  # mark of what was shown


def draft_routes(desk: QueryDeskAtHand) -> APIRouter:
    """Give the routes of drafting."""
    router = APIRouter(include_in_schema=False, dependencies=[Depends(labeller)])

    @router.post("/queries/{number}/draft")
    def draft(
        request: Request,
        number: Number,
        given: Annotated[DraftStep, Form()],
        person: Annotated[Person, Depends(labeller)],
    ) -> Response:
        query = desk.now.store.by_id(number)
        if query is None:
            raise NoSuchQuery("There is no such query. Go back to the list.")
        asked = DraftAsked(query=query, reply=given.reply, notes=given.notes, tone=given.tone)
        prepared = drafting.prepare(asked)
        made, notice = None, ""
        if given.yes and given.shown != prepared.mark:
            notice = "What would be sent is not what was shown before. Look at it, then send it."
        elif given.yes:
            try:
                made = drafting.carry_out(prepared)
                query = desk.now.drafted(number, by=made.by, who=person.name, seen=given.seen, click=given.click)
            except InputError as error:
                notice = str(error)
        return staff_page(
            request,
            "queries/draft.html",
            here=HERE,
            query=query,
            given=given,
            seen=query.n_events,
            click=new_click(),
            prepared=prepared,
            made=made,
            notice=notice,
            tones=tuple(Tone),
            intents=desk.now.intents,
        )

    return router
