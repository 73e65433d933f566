"""The form by which an answer is contested, for people and for programs. Path: project -> **serve**."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from florilegium.appeals import Consent
from florilegium.errors import InputError, StateError
from florilegium.project.recourse import AlreadyContested, NotTheSame, TicketUnknown
from florilegium.serve.edge import error_json
from florilegium.serve.recourse.context import THINGS, Desk, holder
from florilegium.serve.recourse.render import public_page
from florilegium.serve.recourse.shapes import APPEAL_FORM, APPEAL_REFUSALS, Appeal
from florilegium.serve.staff import at
from florilegium.serve.uploads import Filled, filled
from florilegium.source.base import Kind
from florilegium.store import Prediction, new_ticket

N_READING = 2  # forms that are read and written side by side: more threads only wait for one another
NO_TICKET = "No answer belongs to this ticket. /api/predict gives one with each answer."
NO_CONSENT = "Say whether we may keep it (consent: none, review or learn): each is fine, but none is taken as given."


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What stands in the form."""

    reason: str = ""
    right: str = "unknown"  # unknown, none or class
    suggestion: str = ""
    consent: str = ""
    contact: str = ""
    text: str = ""

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> "Given":
        """Take what was sent; a program names the class alone."""
        found = {name: fields.get(name, "") for name in cls.__dataclass_fields__}
        return cls(**{**found, "right": found["right"] or ("class" if found["suggestion"].strip() else "unknown")})


def appeal_routes(desk: Desk) -> APIRouter:
    """Give the routes."""
    router = APIRouter(dependencies=[Depends(holder)])
    _page(router, desk)
    _program(router, desk)
    return router


def _page(router: APIRouter, desk: Desk) -> None:
    turn = CapacityLimiter(N_READING)

    @router.get("/appeal/{ticket}", include_in_schema=False)
    async def form(request: Request, ticket: str) -> Response:
        return await to_thread.run_sync(_empty, desk, request, ticket, limiter=turn)

    @router.post("/appeal/{ticket}", include_in_schema=False)
    async def send(request: Request, ticket: str) -> Response:
        async with filled(request, limits=desk.limits, room=desk.room) as sent:
            return await to_thread.run_sync(_sent, desk, request, ticket, sent)


def _empty(desk: Desk, request: Request, ticket: str) -> Response:
    """Give the form before anything was written into it."""
    try:
        prediction = desk.recourse.answer(ticket)
    except TicketUnknown:
        return desk.missing(request)
    query = desk.recourse.store.queries.of_prediction(prediction.id)
    return _form(desk, request, ticket, prediction, Given(text=query.text if query else ""), key=new_ticket())


def _sent(desk: Desk, request: Request, ticket: str, sent: Filled) -> Response:
    """Open the case and lead to it; what is wrong is said above the form, which keeps what was written."""
    given = Given.of(sent.fields)
    try:
        _, link = _contest(desk, ticket, given, sent)
    except TicketUnknown:
        return desk.missing(request)
    except (InputError, StateError) as error:
        prediction = desk.recourse.answer(ticket)
        status = 409 if isinstance(error, AlreadyContested) else 422
        key = sent.fields.get("key", "") or new_ticket()
        return _form(desk, request, ticket, prediction, given, key=key, notice=_sentence(error), status=status)
    return RedirectResponse(f"{at(request)}/case/{link}?new=1", 303)


def _contest(desk: Desk, ticket: str, given: Given, sent: Filled) -> tuple[Any, str]:
    if given.consent not in {each.value for each in Consent}:
        desk.recourse.answer(ticket)  # a wrong ticket is told first
        raise InputError(NO_CONSENT)
    return desk.recourse.appeal(
        ticket,
        reason=given.reason,
        key=sent.fields.get("key", ""),
        suggestion=given.suggestion if given.right == "class" else None,
        contact=given.contact,
        consent=Consent(given.consent),
        content=sent.files[0].content if sent.files else as_answered(desk.recourse.answer(ticket), given.text),
    )


def as_answered(prediction: Prediction, text: str) -> str | None:
    """Give a text as it was answered: browsers change the ends of its lines when they send a form."""
    ways = (text, text.replace("\r\n", "\n"))
    same = (
        way for way in ways if hashlib.sha256(way.encode("utf-8", "surrogatepass")).hexdigest() == prediction.sha256
    )
    return next(same, text) or None


def _form(
    desk: Desk,
    request: Request,
    ticket: str,
    prediction: Prediction,
    given: Given,
    *,
    key: str,
    notice: str = "",
    status: int = 200,
) -> Response:
    recourse = desk.recourse
    return public_page(
        request,
        "appeal.html",
        title=desk.title,
        status=status,
        ticket=ticket,
        answer=prediction,
        query=recourse.store.queries.of_prediction(prediction.id),
        thing=THINGS[prediction.kind],
        classes=recourse.classes,
        due=recourse.now() + timedelta(days=recourse.settings.appeal_days),
        max_bytes=desk.limits.max_file_bytes if prediction.kind is Kind.IMAGE else None,
        given=given,
        key=key,
        notice=notice,
    )


def _program(router: APIRouter, desk: Desk) -> None:
    @router.post(
        "/api/appeals",
        response_model=Appeal,
        status_code=201,
        responses=APPEAL_REFUSALS,
        openapi_extra=APPEAL_FORM,
        summary="Contest an answer",
        operation_id="appeal",
    )
    async def contest(request: Request) -> Response:
        """Open a case about an answer; a person will look at it. Sent again with the same key it gives the same case.

        Whoever has the link can follow and change the case; it cannot be found again.
        """
        async with filled(request, limits=desk.limits, room=desk.room) as sent:
            return await to_thread.run_sync(_opened, desk, request, sent)


def _opened(desk: Desk, request: Request, sent: Filled) -> Response:
    try:
        _, link = _contest(desk, sent.fields.get("ticket", ""), Given.of(sent.fields), sent)
    except TicketUnknown as error:
        desk.throttle.wrong(request)
        return error_json(type(error).__name__, NO_TICKET, status=404)
    return JSONResponse(case_document(desk, request, link), 201)


def case_document(desk: Desk, request: Request, link: str) -> dict[str, Any]:
    """Give what a program learns of a case."""
    status = desk.recourse.status(link)
    return {
        "link": link,
        "url": address_of(desk, request, link),
        "state": status.state.value,
        "deadline": status.deadline_at.isoformat(),
        "overdue": status.is_overdue,
        "question": status.question,
        "ruling": None if status.ruling is None else status.ruling.value,
        "label": status.label,
        "reason": status.reason,
        "next": status.next,
    }


def address_of(desk: Desk, request: Request, link: str) -> str:
    """Give the whole address of a private link: the public one, where it is set."""
    told = desk.recourse.link_address(link)
    return told if desk.recourse.settings.public_url else f"{str(request.base_url).rstrip('/')}/case/{link}"


def _sentence(error: Exception) -> str:
    said = str(error)
    if isinstance(error, NotTheSame):
        return said
    return f"{said[:1].upper()}{said[1:]}"
