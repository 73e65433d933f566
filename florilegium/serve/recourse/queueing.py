"""The reviewers' queue: who waits, the nearest deadline first. Path: project -> **serve**. Tells nothing of a case."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from florilegium.appeals import State
from florilegium.errors import InputError
from florilegium.project.recourse import Recourse, Waiting
from florilegium.serve.accounts import Person, reviewer
from florilegium.serve.numbers import NumberAsked
from florilegium.serve.recourse import words
from florilegium.serve.recourse.context import Desk, form_key
from florilegium.serve.recourse.render import review_page

Who = Annotated[Person, Depends(reviewer)]


def add_queue(router: APIRouter, desk: Desk) -> None:
    """Add the page of the queue."""

    @router.get("/review")
    def queue(request: Request, person: Who, done: NumberAsked = 0) -> Response:
        recourse = desk.recourse
        waiting = recourse.queue(person.name, str(person.role))
        rows = [_row(recourse, each, person, is_first=i == 0) for i, each in enumerate(waiting)]
        counts = (
            ("to be looked at", len(waiting)),
            ("overdue", sum(each.is_overdue for each in waiting)),
            ("before you", sum(each.is_mine for each in waiting)),
            *(
                (("for an owner", sum(each.is_disputed for each in waiting)),)
                if any(e.is_disputed for e in waiting)
                else ()
            ),
        )
        said = _done(recourse, done) if done else ""
        return review_page(request, "queue.html", rows=rows, counts=counts, said=said)


def _row(recourse: Recourse, each: Waiting, person: Person, *, is_first: bool) -> dict[str, Any]:
    state = "two reviewers differ" if each.is_disputed else "waits for a second person" if each.is_second else "waits"
    return {
        "id": each.case,
        "mine": each.is_mine,
        "holder": each.holder,
        "state": state,
        "late": each.is_overdue,
        "due": each.deadline_at,
        "wait": words.wait(each.deadline_at, now=recourse.now()),
        "can_take": each.is_free and not each.is_mine,
        "why_not": "taken",
        "first": is_first,
        "key": form_key(recourse, each.case, "take", person.name),
    }


def _done(recourse: Recourse, number: int) -> str:
    """Say what became of a case that somebody just decided."""
    try:
        standing = recourse.case_by_id(number).standing
    except InputError:
        return ""
    if standing.state.is_closed:
        learned = " The next training learns from it." if standing.is_learned else ""
        return f"Case {number} is decided.{learned}"
    if standing.is_disputed:
        return f"Case {number}: you and another reviewer differ, so an owner decides."
    if standing.state is State.NEEDS_INFORMATION:
        return f"Case {number} waits for an answer."
    return f"Case {number} goes on to another person." if standing.decided else f"Case {number} is in the queue again."
