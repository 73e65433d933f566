"""The pages and the JSON that everybody may use: the classifier of a project. Path: model -> **serve**.

Each answer is recorded before it is given, so that whoever gets it can contest it. The photo or text is forgotten,
unless chance draws it for a blind audit and its sender does not object.
"""

from collections.abc import Mapping
from contextlib import aclosing
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field, ValidationError
from starlette.responses import HTMLResponse, JSONResponse, Response

from florilegium.export.page import page_html
from florilegium.model import prediction_dict
from florilegium.serve.accounts import public
from florilegium.serve.classifier import Classifier, refusal
from florilegium.serve.context import Whole
from florilegium.serve.edge import error_json
from florilegium.serve.limits import NoPhoto, NotAForm, RequestRefused
from florilegium.serve.recourse.recording import Recording, key_of
from florilegium.serve.schema import FORM, REFUSALS, Answer, Card
from florilegium.serve.served import Texts
from florilegium.serve.staff import staff_page
from florilegium.serve.uploads import filled, uploads
from florilegium.store import new_ticket

PAGE_KEY = "THE-NUMBER-OF-THIS-FORM"  # replaced in each page that is sent
KEY_SAID = "a number of your own, 8 to 200 characters: sent twice, recorded once"
MOST_TEXTS, MOST_CHARS = 1000, 20_000
TEXTS: dict[str, Any] = {
    "application/json": {
        "schema": {
            "type": "object",
            "required": ["texts"],
            "properties": {
                "texts": {"type": "array", "items": {"type": "string"}},
                "key": {"type": "string", "description": KEY_SAID},
                "may_check": {"type": "boolean", "description": "false: no person may look at it"},
                "columns": {"type": "object", "description": "what is kept beside each answer, by name"},
            },
        }
    }
}


class Asked(BaseModel):
    """Texts that a program wants to have classified."""

    texts: list[Annotated[str, Field(max_length=MOST_CHARS)]] = Field(min_length=1, max_length=MOST_TEXTS)
    key: str | None = None  # the sender's own number of it: sent twice, recorded once
    may_check: bool = True  # False: no person may look at it, whatever chance draws
    columns: dict[str, str] = {}  # what the sender says of them: site, language ...


def front_routes(whole: Whole) -> APIRouter:
    """Give the routes of the classifier."""
    router = APIRouter(dependencies=[Depends(public)])
    _pages(router, whole)
    _programs(router, whole)
    return router


def _pages(router: APIRouter, whole: Whole) -> None:
    served, limits, room, recording = whole.served, whole.limits, whole.room, Recording(whole.recourse)

    @router.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    def show(request: Request) -> Response:
        served.look()
        if isinstance(served.now, Classifier):
            told = recording.page(PAGE_KEY, has_people=whole.gate.knows_people())
            return HTMLResponse(served.page(told).replace(PAGE_KEY.encode(), new_ticket().encode()))
        return _text_page(request, recording, text="", answer=None)

    @router.post("/", include_in_schema=False)
    async def answer_form(request: Request) -> Response:
        served.look()
        classifier = served.now
        if isinstance(classifier, Texts):
            form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
            text = form.get("text", "")[:MOST_CHARS]
            answers = await _said(recording, classifier, [text], form, key=None) if text.strip() else [None]
            return _text_page(request, recording, text=text, answer=answers[0])
        async with filled(request, limits=limits, room=room) as sent:
            if not sent.files:
                raise NoPhoto("There is no photo in the form. Choose one or more photos and try again.")
            said = [
                await classifier.with_preview(
                    await recording.answer(classifier, upload, key=None, fields=sent.fields), upload
                )
                for upload in sent.files
            ]
        has_people = await to_thread.run_sync(whole.gate.knows_people)
        told = recording.page(new_ticket(), has_people=has_people)
        page: dict[str, Any] = {"recourse": told, "max_bytes": limits.max_file_bytes}
        return HTMLResponse(page_html(classifier.card, engine="server", answers=said, **page))


def _programs(router: APIRouter, whole: Whole) -> None:
    served, limits, room, recording = whole.served, whole.limits, whole.room, Recording(whole.recourse)

    @router.post(
        "/api/predict",
        response_model=list[Answer],
        responses=REFUSALS,
        openapi_extra=_accepted(),
        summary="Say what photos or texts are",
        operation_id="predict",
    )
    async def predict(request: Request) -> Response:
        """Give one answer per photo of the form, or per text of the JSON document, in order.

        What cannot be read has an error in its answer. Where no photo could be read, the status says why and the
        answers stand beside the error.
        """
        served.look()
        classifier = served.now
        if isinstance(classifier, Texts):
            asked = await _texts(request)
            fields = {**asked.columns, "may_check": "yes" if asked.may_check else "no"}
            key = key_of(request) or asked.key
            return JSONResponse(await _said(recording, classifier, asked.texts, fields, key=key))
        refused, answers = None, []
        async with aclosing(uploads(request, limits=limits, room=room)) as incoming:
            async for upload in incoming:
                answer = await recording.answer(classifier, upload, key=key_of(request))
                answers.append(answer)
                refused = refused or (refusal(upload, answer) if "error" in answer else None)
        if refused is not None and all("error" in answer for answer in answers):
            return error_json(type(refused).__name__, str(refused), status=refused.status, answers=answers)
        return JSONResponse(answers)

    @router.get("/api/card", response_model=Card, summary="Tell of the model", operation_id="card")
    def card() -> Response:
        """Give what the model was trained on, how good it is, and where it fails; what was not measured is null."""
        return JSONResponse(served.card())


class NoTexts(RequestRefused):
    """What came is no JSON document with texts, or too much of it."""


async def _texts(request: Request) -> Asked:
    if "json" not in request.headers.get("content-type", ""):
        raise NotAForm('This classifier takes texts; expected JSON such as {"texts": ["where is my card?"]}.')
    try:
        return Asked.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise NoTexts(f'{where}: {first["msg"]}; expected JSON such as {{"texts": ["where is my card?"]}}.') from error


async def _said(
    recording: Recording, classifier: Texts, texts: list[str], fields: Mapping[str, str], *, key: str | None
) -> list[dict[str, Any]]:
    """Give answers to texts, each recorded, with its ticket."""
    said = await classifier.said(texts)
    given = {name: value for name, value in fields.items() if name != "text"}
    tickets = await recording.tickets(texts, said, given, key=key, model_id=classifier.model.id)
    return [
        prediction_dict(each) | ({} if ticket is None else {"ticket": ticket})
        for each, ticket in zip(said, tickets, strict=True)
    ]


def _accepted() -> dict[str, Any]:
    body = FORM["requestBody"]
    return {"requestBody": {**body, "content": {**body["content"], **TEXTS}}}


def _text_page(request: Request, recording: Recording, *, text: str, answer: dict[str, Any] | None) -> Response:
    recourse = recording.page(new_ticket())
    return staff_page(request, "front/text.html", here="/", text=text, answer=answer, recourse=recourse)
