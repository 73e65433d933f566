"""What owners look at: reviews that are doubtful, and every step that was taken. Path: project -> **serve**."""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from florilegium.appeals import CaseEvent, State, Step
from florilegium.project.recourse import Recourse
from florilegium.serve.accounts import owner
from florilegium.serve.recourse import words
from florilegium.serve.recourse.context import Desk
from florilegium.serve.recourse.render import PRIVATE, review_page
from florilegium.store import CaseFile

NAMES: Mapping[str, str] = {
    "days": "days until the deadline",
    "seen": "had something to look at",
    "by_chance": "by chance",
}


def overseeing_routes(desk: Desk) -> APIRouter:
    """Give the routes."""
    router = APIRouter(include_in_schema=False, dependencies=[Depends(owner)])

    @router.get("/review/doubts")
    def doubts(request: Request) -> Response:
        return review_page(request, "doubts.html", tab="doubts", **_doubts(desk.recourse))

    @router.get("/review/trail")
    def trail(request: Request) -> Response:
        recourse = desk.recourse
        cases = [_case(recourse, file) for file in sorted(recourse.store.cases.all(), key=lambda file: file.case.id)]
        return review_page(request, "trail.html", tab="trail", title=desk.title, cases=cases, now=recourse.now())

    @router.get("/review/trail.json")
    def trail_document() -> Response:
        headers = {**PRIVATE, "Content-Disposition": 'attachment; filename="audit-trail.json"'}
        text = json.dumps(desk.recourse.trail(), indent=2, ensure_ascii=False)
        return Response(text, media_type="application/json", headers=headers)

    return router


def _doubts(recourse: Recourse) -> dict[str, Any]:
    return {"doubts": (), "reviewers": (), "n_decided": 0}


def _case(recourse: Recourse, file: CaseFile) -> dict[str, Any]:
    prediction, standing = recourse.prediction_of(file), file.standing
    answered_late = standing.decided_at is not None and standing.decided_at > standing.deadline_at
    answer = prediction.label if prediction.known else f"I do not know (best guess {prediction.label})"
    return {
        "id": file.case.id,
        "state": standing.state.value,
        "origin": words.origin_word(file.case.origin),
        "answer": answer,
        "model": prediction.model_id[:12],
        "late": answered_late or words.is_overdue(standing, now=recourse.now()),
        "is_closed": State(standing.state).is_closed,
        "steps": [_step(event) for event in file.events],
    }


def _step(event: CaseEvent) -> dict[str, Any]:
    told = [
        f"{NAMES.get(name, name)}: {_value(value)}" for name, value in event.details.items() if value not in (None, "")
    ]
    by_chance = event.step in (Step.RECEIVED, Step.SECOND_WANTED)
    return {
        "at": event.at,
        "who": event.who or ("–" if by_chance else "the appellant"),
        "step": event.step.value,
        "text": "; ".join(told),
    }


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
