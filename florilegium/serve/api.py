"""The JSON interface: answers, the model's card, and whether the server lives. Path: export -> **serve**."""

from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from florilegium.serve.classifier import Classifier, refusal
from florilegium.serve.edge import error_json
from florilegium.serve.limits import Limits, Room
from florilegium.serve.schema import FORM, REFUSALS, Answer, Card, Health
from florilegium.serve.uploads import uploads


def api_routes(classifier: Classifier, *, limits: Limits, room: Room) -> APIRouter:
    """Give the routes of the JSON interface."""
    router = APIRouter()

    @router.post(
        "/api/predict",
        response_model=list[Answer],
        responses=REFUSALS,
        openapi_extra=FORM,
        summary="Say what photos show",
        operation_id="predict",
    )
    async def predict(request: Request) -> Response:
        """Give one answer per photo of the form, in order. A photo that cannot be read has an error in its answer.

        Where none could be read, the status says why and the answers stand beside the error. Photos are not kept.
        """
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
    async def card() -> Any:  # noqa: ANN401 - FastAPI turns it into what response_model says
        """Give what the model was trained on, how good it is, and where it fails; what was not measured is null."""
        return JSONResponse(dict(classifier.card))

    @router.get("/healthz", summary="Say that the server lives", operation_id="health")
    async def health() -> Health:
        """Give the word ok and the model that answers."""
        return Health(status="ok", model=classifier.card["name"], id=classifier.model.id)

    return router
