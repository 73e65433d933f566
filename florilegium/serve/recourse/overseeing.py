"""What owners look at: reviews that are doubtful, and every step that was taken. Path: project -> **serve**."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from florilegium.appeals import Origin, Ruling
from florilegium.appeals.doubts import Reviewed
from florilegium.evaluation import wilson_interval
from florilegium.project.recourse import trail
from florilegium.report.trail import in_words
from florilegium.serve.accounts import owner
from florilegium.serve.recourse import words
from florilegium.serve.recourse.context import Desk
from florilegium.serve.recourse.render import PRIVATE, review_page

SECONDS = "seconds"  # as the browser measured them; None: it sent none
NAMES: Mapping[str, str] = {
    "days": "days until the deadline",
    "seen": "had something to look at",
    "by_chance": "by chance",
    SECONDS: "seconds by the browser",
}
BY_CHANCE = frozenset({"received", "second wanted", "learned"})  # steps that nobody took


def overseeing_routes(desk: Desk) -> APIRouter:
    """Give the routes."""
    router = APIRouter(include_in_schema=False, dependencies=[Depends(owner)])

    @router.get("/review/doubts")
    def doubts(request: Request) -> Response:
        reviews = trail.reviews(desk.recourse)
        return review_page(
            request,
            "doubts.html",
            tab="doubts",
            doubts=trail.doubtful(desk.recourse),
            reviewers=_reviewers(reviews),
            n_decided=len(reviews),
        )

    @router.get("/review/trail")
    def every_step(request: Request) -> Response:
        told = trail.document(desk.recourse)
        cases = [_case(each) for each in told["cases"]]
        values = {"cases": cases, "rules": told["rules"], "now": desk.recourse.now()}
        return review_page(request, "trail.html", tab="trail", **values)

    @router.get("/review/trail.json")
    def document() -> Response:
        headers = {**PRIVATE, "Content-Disposition": 'attachment; filename="audit-trail.json"'}
        text = json.dumps(trail.document(desk.recourse), indent=2, ensure_ascii=False)
        return Response(text, media_type="application/json", headers=headers)

    return router


def _reviewers(reviews: Sequence[Reviewed]) -> list[dict[str, Any]]:
    """Give one line per reviewer, by name."""
    by: dict[str, list[Reviewed]] = {}
    for each in sorted(reviews, key=lambda review: review.who):
        by.setdefault(each.who, []).append(each)
    return [_reviewer(who, mine) for who, mine in by.items()]


def _reviewer(who: str, mine: Sequence[Reviewed]) -> dict[str, Any]:
    n_wrong = sum(each.ruling is Ruling.UPHELD for each in mine)
    low, high = wilson_interval(n_wrong, len(mine))
    return {
        "who": who,
        "n": len(mine),
        "n_wrong": n_wrong,
        "low": low,
        "high": high,
        "blind_s": median(each.blind_s for each in mine),
        "file_s": median(each.decide_s for each in mine),
    }


def _case(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": told["case"],
        "state": told["state"],
        "origin": words.origin_word(Origin(told["origin"])),
        "answer": told["answer"],
        "model": told["model"][:12],
        "due": datetime.fromisoformat(told["due"]),
        "late": told["overdue"],
        "forgotten": told["forgotten"],
        "steps": [_step(each, before) for each, before in zip(told["steps"], [None, *told["steps"]], strict=False)],
    }


def _step(told: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """Give one step for the page, with the time by the server's clock since the one before."""
    said = in_words(told["details"])
    given = {name: value for name, value in said.items() if value != "" and (name, value) != (SECONDS, None)}
    details = [f"{NAMES.get(name, name)}: {_value(value)}" for name, value in given.items()]
    nobody = "–" if told["step"] in BY_CHANCE else "the appellant"
    at = datetime.fromisoformat(told["at"])
    return {
        "at": at,
        "after": None if before is None else (at - datetime.fromisoformat(before["at"])).total_seconds(),
        "who": told["who"] if told["who"] != "—" else nobody,
        "step": told["step"],
        "text": "; ".join(details),
    }


def _value(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
