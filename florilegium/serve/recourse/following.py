"""The private page of a case: follow it, answer, take it back, ask again, take or erase what is kept.

Path: project -> **serve**. Whoever has the link is let in, and is told nothing about who reviewed.
"""

from collections.abc import Callable, Mapping
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from florilegium.appeals import Consent, Ruling, State, Step
from florilegium.errors import InputError, StateError
from florilegium.project.recourse import CaseStatus, Recourse, TicketUnknown
from florilegium.serve.edge import error_json
from florilegium.serve.recourse import words
from florilegium.serve.recourse.appealing import address_of, as_answered, case_document
from florilegium.serve.recourse.context import LOST, THINGS, Desk, form_key, holder
from florilegium.serve.recourse.render import PRIVATE, public_page
from florilegium.serve.recourse.shapes import APPEAL_REFUSALS, Appeal
from florilegium.serve.staff import at
from florilegium.serve.uploads import Filled, filled, small_form

NO_FIELDS: Mapping[str, str] = {}
SAID = {
    "tell": "Thank you. A person goes on with it.",
    "withdraw": "It is taken back.",
    "reopen": "Another person will look at it anew.",
    "erase": "It is erased.",
}


def _tell(recourse: Recourse, link: str, sent: Filled) -> None:
    """Answer a question, with the photo or text where it came along."""
    fields = sent.fields
    same = fields.get("same", "")
    content = sent.files[0].content if sent.files else as_answered(recourse.prediction_of(recourse.case(link)), same)
    consent = Consent(fields["consent"]) if fields.get("consent") in {each.value for each in Consent} else None
    recourse.tell(link, text=fields.get("text", ""), key=fields.get("key", ""), consent=consent, content=content)


def _erase(recourse: Recourse, link: str, sent: Filled) -> None:
    """Erase all that is personal, where the question before was answered."""
    if sent.fields.get("sure") != "yes":
        raise InputError("Nothing was erased. Say on the page before that you are sure.")
    recourse.forget(link)


Act = Callable[[Recourse, str, Filled], object]
ACTS: Mapping[str, Act] = {
    "tell": _tell,
    "withdraw": lambda recourse, link, sent: recourse.withdraw(link, key=sent.fields.get("key", "")),
    "reopen": lambda recourse, link, sent: recourse.reopen(
        link, text=sent.fields.get("text", ""), key=sent.fields.get("key", "")
    ),
    "erase": _erase,
}


def case_routes(desk: Desk) -> APIRouter:
    """Give the routes."""
    router = APIRouter(dependencies=[Depends(holder)])
    _page(router, desk)
    _acts(router, desk)
    _program(router, desk)
    return router


def _page(router: APIRouter, desk: Desk) -> None:
    @router.get("/case/{link}", include_in_schema=False)
    def show(request: Request, link: str, new: str = "", done: str = "") -> Response:
        return _case(desk, request, link, is_new=bool(new), said=SAID.get(done, ""))

    @router.get("/case/{link}/erase", include_in_schema=False)
    def ask_erase(request: Request, link: str) -> Response:
        try:
            status = desk.recourse.status(link)
        except TicketUnknown:
            return desk.missing(request)
        values = {"is_learned": status.is_learned, "is_closed": status.state.is_closed}
        key = form_key(desk.recourse, link, "erase")
        thing = THINGS[status.kind]
        return public_page(request, "erase.html", title=desk.title, ticket=link, key=key, thing=thing, **values)

    @router.get("/case/{link}/data", include_in_schema=False)
    def data(request: Request, link: str) -> Response:
        try:
            archive = desk.recourse.person_archive(link)
        except TicketUnknown:
            return desk.missing(request)
        headers = {**PRIVATE, "Content-Disposition": 'attachment; filename="case.zip"'}
        return Response(archive, media_type="application/zip", headers=headers)


def _acts(router: APIRouter, desk: Desk) -> None:
    @router.post("/case/{link}/{act}", include_in_schema=False)
    async def take(request: Request, link: str, act: str) -> Response:
        if act == "tell" and "multipart/" in request.headers.get("content-type", ""):
            async with filled(request, limits=desk.limits, room=desk.room) as sent:
                return await to_thread.run_sync(_taken, desk, request, link, act, sent)
        fields = await small_form(request, limits=desk.limits)
        return await to_thread.run_sync(_taken, desk, request, link, act, Filled(fields, ()))


def _taken(desk: Desk, request: Request, link: str, act: str, sent: Filled) -> Response:
    if act not in ACTS:
        return desk.missing(request)
    try:
        ACTS[act](desk.recourse, link, sent)
    except TicketUnknown:
        return desk.missing(request)
    except (InputError, StateError) as error:
        status = 409 if isinstance(error, StateError) else 422
        return _case(desk, request, link, notice=str(error), status=status, fields=sent.fields)
    return RedirectResponse(f"{at(request)}/case/{link}?done={act}", 303)


def _program(router: APIRouter, desk: Desk) -> None:
    @router.get(
        "/api/appeals/{link}",
        response_model=Appeal,
        responses={status: APPEAL_REFUSALS[status] for status in (404, 429)},
        summary="Say where a case stands",
        operation_id="case",
    )
    def case(request: Request, link: str) -> Response:
        """Give the state of a case, its deadline and, in the end, the decision with its reason."""
        try:
            return JSONResponse(case_document(desk, request, link), headers=PRIVATE)
        except TicketUnknown as error:
            desk.throttle.wrong(request)
            return error_json(type(error).__name__, LOST, status=404)


def _case(
    desk: Desk,
    request: Request,
    link: str,
    *,
    is_new: bool = False,
    said: str = "",
    notice: str = "",
    status: int = 200,
    fields: Mapping[str, str] = NO_FIELDS,
) -> Response:
    """Give the page of a case as it stands now; `fields`: what was written and could not be taken."""
    try:
        found = desk.recourse.status(link)
    except TicketUnknown:
        return desk.missing(request)
    values = _values(desk, request, link, found, is_new=is_new) | {"given": fields}
    notice = f"{notice[:1].upper()}{notice[1:]}"
    return public_page(
        request, "case.html", title=desk.title, status=status, ticket=link, said=said, notice=notice, **values
    )


def _values(desk: Desk, request: Request, link: str, found: CaseStatus, *, is_new: bool) -> dict[str, Any]:
    recourse, file, now = desk.recourse, found.file, desk.recourse.now()
    n = file.standing.n
    elsewhere = recourse.settings.recourse
    return {
        "headline": words.ERASED if found.is_forgotten else words.HEADLINES[found.state],
        "is_new": is_new and found.state is State.RECEIVED,
        "link": address_of(desk, request, link),
        "is_closed": found.state.is_closed,
        "late": found.is_overdue,
        "due": found.deadline_at,
        "wait": words.wait(found.deadline_at, now=now),
        "question": found.question,
        # What chance keeps for an audit is not shown in a case whose appellant allowed nothing.
        "can_attach": not found.has_content or found.consent is Consent.NONE,
        "verdict": _verdict(found),
        "story": words.story(file),
        "answer": recourse.prediction_of(file),
        "claim": file.case,
        "thing": THINGS[found.kind],
        "kept": _kept(found),
        "can": {
            "withdraw": Step.WITHDRAWN in found.may,
            "reopen": Step.REOPENED in found.may,
            "erase": not found.is_forgotten,
        },
        "is_erased": found.is_forgotten,
        # One number per step and state: two tabs, or a page that was gone back to, cannot take a step twice.
        "keys": {act: form_key(recourse, link, act, n) for act in ACTS},
        "elsewhere": elsewhere,
        "elsewhere_link": _link_to(elsewhere),
    }


def _verdict(found: CaseStatus) -> dict[str, Any] | None:
    if found.ruling is None or found.is_forgotten:
        return None
    is_upheld = found.ruling is Ruling.UPHELD
    return {
        "title": "The answer was wrong" if is_upheld else "The answer was right",
        "label": found.label,
        "is_none": is_upheld and found.label is None,
        "reason": found.reason,
        "by": found.reviewer,
    }


def _kept(found: CaseStatus) -> str:
    if not found.has_content:
        return "not kept"
    if found.consent is Consent.NONE:
        return "kept for a blind audit that chance drew; not shown in this case"
    return (
        "kept, and may be learned from" if found.consent is Consent.LEARN else "kept until the case is closed for good"
    )


def _link_to(elsewhere: str) -> str:
    """Give the address behind the words, where they are one: a web page or a mail address."""
    if elsewhere.startswith(("https://", "http://")):
        return elsewhere
    return f"mailto:{elsewhere}" if "@" in elsewhere and " " not in elsewhere else ""
