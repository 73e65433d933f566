"""The pages and the JSON that everybody may use: the classifier of a project. Path: model -> **serve**.

Photos and texts are answered and forgotten here; the routes of recourse take the place of these where answers are
recorded.
"""

from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field, ValidationError
from starlette.responses import HTMLResponse, JSONResponse, Response

from florilegium.export.page import page_html
from florilegium.serve.accounts import public
from florilegium.serve.assets import tag_of, tagged
from florilegium.serve.classifier import Classifier, refusal
from florilegium.serve.context import Whole
from florilegium.serve.edge import error_json
from florilegium.serve.limits import NotAForm, RequestRefused
from florilegium.serve.page import HTML
from florilegium.serve.schema import FORM, REFUSALS, Answer, Card
from florilegium.serve.served import Texts
from florilegium.serve.staff import staff_page
from florilegium.serve.uploads import uploads

MOST_TEXTS, MOST_CHARS = 1000, 20_000
TEXTS: dict[str, Any] = {
    "application/json": {
        "schema": {
            "type": "object",
            "required": ["texts"],
            "properties": {"texts": {"type": "array", "items": {"type": "string"}}},
        }
    }
}


class Asked(BaseModel):
    """Texts that a program wants to have classified."""

    texts: list[Annotated[str, Field(max_length=MOST_CHARS)]] = Field(min_length=1, max_length=MOST_TEXTS)


def front_routes(whole: Whole) -> APIRouter:
    """Give the routes of the classifier."""
    router = APIRouter(dependencies=[Depends(public)])
    _pages(router, whole)
    _programs(router, whole)
    return router


def _pages(router: APIRouter, whole: Whole) -> None:
    served, limits, room = whole.served, whole.limits, whole.room

    @router.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    def show(request: Request) -> Response:
        served.look()
        if isinstance(served.now, Classifier):
            page = served.page()
            return tagged(request, page, HTML, tag_of(page))
        return _text_page(request, text="", answer=None)

    @router.post("/", include_in_schema=False)
    async def answer_form(request: Request) -> Response:
        served.look()
        classifier = served.now
        if isinstance(classifier, Texts):
            text = str((await request.form()).get("text", ""))[:MOST_CHARS]
            answers = await classifier.answers([text]) if text.strip() else [None]
            return _text_page(request, text=text, answer=answers[0])
        async with aclosing(uploads(request, limits=limits, room=room)) as incoming:
            said = [await classifier.answer_with_preview(upload) async for upload in incoming]
        html = page_html(classifier.card, engine="server", answers=said, max_bytes=limits.max_file_bytes)
        return HTMLResponse(html)


def _programs(router: APIRouter, whole: Whole) -> None:
    served, limits, room = whole.served, whole.limits, whole.room

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
            return JSONResponse(await classifier.answers((await _texts(request)).texts))
        refused, answers = None, []
        async with aclosing(uploads(request, limits=limits, room=room)) as incoming:
            async for upload in incoming:
                answer = await classifier.answer(upload)
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


def _accepted() -> dict[str, Any]:
    body = FORM["requestBody"]
    return {"requestBody": {**body, "content": {**body["content"], **TEXTS}}}


def _text_page(request: Request, *, text: str, answer: dict[str, Any] | None) -> Response:
    return staff_page(request, "front/text.html", here="/", text=text, answer=answer)
