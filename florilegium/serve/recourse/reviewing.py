"""One case before a reviewer: the blind step, the file, the ruling. Path: project -> **serve**.

What may be seen when is decided by the project; a page shows what it is given. Time is that between the recorded steps,
by the server's clock: a browser is not asked for it.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from florilegium.appeals import Origin, Review, Ruling, Step, steps_from
from florilegium.errors import FlorilegiumError, InputError, StateError
from florilegium.model.deciding import Deciding
from florilegium.project.marked_texts import pieces_of
from florilegium.project.recourse import Blind, OpenFile, Recourse
from florilegium.report.marking import Piece
from florilegium.serve.accounts import Person, reviewer
from florilegium.serve.assets import tag_of, tagged
from florilegium.serve.edge import status_of
from florilegium.serve.numbers import Number
from florilegium.serve.recourse import drafting, words
from florilegium.serve.recourse.context import THINGS, Desk, form_key
from florilegium.serve.recourse.pictures import Examples, large
from florilegium.serve.recourse.queueing import add_queue
from florilegium.serve.recourse.render import review_page
from florilegium.serve.staff import at
from florilegium.source.base import Kind

MOST_BUTTONS = 24  # classes with a button of their own; beyond that they are typed
MOST_CHARS = 20_000  # of a text on the page
NONE = "none"  # the button that says: none of the classes
IS = "is:"  # a button that says what it is: is:peony
Who = Annotated[Person, Depends(reviewer)]


class Answer(BaseModel):
    """What the blind form sends."""

    choice: str
    label: str = ""
    key: str


class Decision(BaseModel):
    """What the form of a ruling sends."""

    do: str = "decide"
    ruling: str = ""
    label: str = ""
    reason: str = ""
    key: str = ""


class Words(BaseModel):
    """What the smaller forms send."""

    text: str = ""
    key: str


def review_routes(desk: Desk) -> APIRouter:
    """Give the routes."""
    router = APIRouter(include_in_schema=False, dependencies=[Depends(reviewer)])
    examples = Examples(desk.recourse.project)
    add_queue(router, desk)
    _case(router, desk, examples)
    _pictures(router, desk, examples)
    _steps(router, desk)
    return router


# -- one case ----------------------------------------------------------------------------------------------------------


def _case(router: APIRouter, desk: Desk, examples: Examples) -> None:
    @router.get("/review/{number:int}")
    def show(request: Request, number: Number, person: Who, said: str = "") -> Response:
        told = {"second": "Another person will decide, too."}.get(said, "")
        return _page(desk, examples, request, number, person, said=told)

    @router.post("/review/{number:int}/blind")
    def blind(request: Request, number: Number, person: Who, given: Annotated[Answer, Form()]) -> Response:
        recourse = desk.recourse
        try:
            label = _chosen(given)
            recourse.judge_blind(number, person.name, label, is_none=given.choice == NONE, key=given.key)
        except (InputError, StateError) as error:
            return _page(desk, examples, request, number, person, notice=str(error), status=status_of(error))
        return RedirectResponse(f"{at(request)}/review/{number}", 303)

    @router.post("/review/{number:int}/decide")
    def decide(request: Request, number: Number, person: Who, given: Annotated[Decision, Form()]) -> Response:
        recourse = desk.recourse
        try:
            if given.do != "decide":
                drafted = drafting.draft(recourse, number, person.name, given.reason, how=given.do)
                changed = given.model_copy(update={"reason": drafted.text})
                values: dict[str, Any] = {"given": changed, "said": drafted.said, "offer": drafted.offer}
                return _page(desk, examples, request, number, person, **values)
            ruling = _ruling(given.ruling)
            label = None if ruling is Ruling.REJECTED else given.label.strip() or None
            recourse.decide(number, person.name, ruling, label, reason=given.reason, key=given.key)
        except FlorilegiumError as error:  # an endpoint that does not answer, too: what was written stays
            values = {"notice": str(error), "given": given, "status": status_of(error)}
            return _page(desk, examples, request, number, person, **values)
        return RedirectResponse(f"{at(request)}/review?done={number}", 303)


def _chosen(given: Answer) -> str | None:
    if given.choice.startswith(IS):
        return given.choice.removeprefix(IS)
    if given.choice in {NONE, "unsure"}:
        return None
    if not given.label.strip():
        raise InputError("Type a class first, or say that you cannot tell.")
    return given.label.strip()


def _ruling(said: str) -> Ruling:
    try:
        return Ruling(said)
    except ValueError as error:
        raise InputError("Say first whether the answer was wrong.") from error


def _page(
    desk: Desk, examples: Examples, request: Request, number: int, person: Person, *, notice: str = "", **values: Any
) -> Response:
    """Give the step that this person is at."""
    recourse = desk.recourse
    found = recourse.blind(number, person.name)
    notice = f"{notice[:1].upper()}{notice[1:]}"
    shown: dict[str, Any] = {"case": _shown(recourse, found), "classes": found.classes, "notice": notice}
    key = _keys(recourse, number, person)
    if not found.is_done:
        buttons = found.classes if len(found.classes) <= MOST_BUTTONS else ()
        status = values.get("status", 200)
        return review_page(
            request, "blind.html", status=status, buttons=buttons, key=key("blind"), back_key=key("back"), **shown
        )
    opened = recourse.open_file(number, person.name)
    shown |= _file(desk, examples, request, opened, key) | {"offer": None} | values
    shown["case"] |= {"pieces": _pieces(recourse, opened, shown["case"]["text"])}
    return review_page(request, "file.html", **shown)


def _keys(recourse: Recourse, number: int, person: Person) -> Callable[[str], str]:
    """Give the numbers of a page's forms: one per step and state, so that what was gone back to counts once."""
    n = recourse.case_by_id(number).standing.n
    return lambda act: form_key(recourse, number, act, person.name, n)


def _shown(recourse: Recourse, found: Blind) -> dict[str, Any]:
    standing = recourse.case_by_id(found.case).standing
    content, is_text = found.content, found.kind is Kind.TEXT
    return {
        "id": found.case,
        "thing": THINGS[found.kind],
        "wait": words.wait(standing.deadline_at, now=recourse.now()),
        "has_content": content is not None,
        "text": content.content.decode("utf-8", "replace")[:MOST_CHARS] if content and is_text else None,
        "pieces": (),  # unmarked: nothing tells the answer before the blind step
    }


def _file(
    desk: Desk, examples: Examples, request: Request, opened: OpenFile, key: Callable[[str], str]
) -> dict[str, Any]:
    blind = opened.review.blind_label
    steps, is_appeal = steps_from(opened.standing), opened.file.case.origin is Origin.APPEAL
    return {
        "file": {
            "answer": opened.prediction,
            "reply": _reply(desk, opened),
            "blind": blind,
            "blind_word": _blind_word(opened.review),
            "blind_seconds": words.blind_seconds(opened.file.events, opened.review.who),
            "agrees": blind is not None and blind == opened.answer,
            "is_appeal": is_appeal,
            "at": opened.file.case.at,
            "claim": opened.file.case,
            "talk": opened.told,
        },
        "others": [_other(review) for review in opened.others],
        "near": [_near(examples, request, opened, i) for i in range(len(opened.similar))] or _texts(examples, opened),
        "given": Decision(label=blind if blind and blind != opened.answer else ""),
        "can": {
            "ask": is_appeal and Step.ASKED in steps,
            "second": Step.SECOND_WANTED in steps and desk.recourse.n_reviewers() > 1,
            "back": Step.PUT_BACK in steps,
        },
        "key": key("decide"),
        "ask_key": key("ask"),
        "second_key": key("second"),
        "back_key": key("back"),
        "drafting": drafting.how(),
    }


def _reply(desk: Desk, opened: OpenFile) -> str:
    """Give what whoever asked was told, where the answer was one to a written query; else nothing."""
    query = desk.recourse.store.queries.of_prediction(opened.prediction.id)
    return (query.reply if query is not None else None) or ""


def _blind_word(review: Review) -> str:
    """Tell in words what somebody said blind who named no class."""
    if review.is_none:
        return "none of the classes"
    return "could not tell" if review.had_content else "nothing to look at"


def _other(review: Review) -> dict[str, Any]:
    is_upheld = review.ruling is Ruling.UPHELD
    return {
        "who": review.who,
        "ruling_word": "It was wrong" if is_upheld else "It was right",
        "label": review.label,
        "reason": review.reason,
    }


def _near(examples: Examples, request: Request, opened: OpenFile, i: int) -> dict[str, Any]:
    similar = opened.similar[i]
    exemplar = similar.exemplar
    own = f"{at(request)}/review/{opened.file.case.id}/near/{i}" if examples.has_picture(exemplar.name) else None
    return {
        "label": exemplar.label,
        "similarity": similar.similarity,
        "text": examples.text(exemplar.name),
        "picture": own or exemplar.data_url,
    }


def _texts(examples: Examples, opened: OpenFile) -> list[dict[str, Any]]:
    """Give the most similar training texts of a model that names none itself."""
    if opened.content is None or opened.prediction.kind is not Kind.TEXT:
        return []
    texts = examples.similar_texts
    return [
        {"label": found.exemplar.label, "similarity": found.similarity, "text": texts.text(found.exemplar.name)}
        for found in texts.nearest(opened.content.content.decode("utf-8", "replace"))
    ]


def _pieces(recourse: Recourse, opened: OpenFile, text: str | None) -> tuple[Piece, ...]:
    """Cut a text by the words that decided its answer; () where another model answered, or there is no text."""
    prediction = opened.prediction
    if text is None or prediction.label is None or prediction.model_id != recourse.model.id:
        return ()
    return pieces_of(text, Deciding(recourse.model).decided(text, prediction.label))


# -- pictures ----------------------------------------------------------------------------------------------------------


def _pictures(router: APIRouter, desk: Desk, examples: Examples) -> None:
    @router.get("/review/{number:int}/picture")
    def picture(request: Request, number: Number, person: Who) -> Response:
        content = desk.recourse.blind(number, person.name).content
        found = None if content is None else large(content.content)
        return Response(status_code=404) if found is None else tagged(request, *found, tag_of(found[0]))

    @router.get("/review/{number:int}/near/{i:int}")
    def near(request: Request, number: Number, i: Number, person: Who) -> Response:
        similar = desk.recourse.open_file(number, person.name).similar
        found = examples.picture(similar[i].exemplar.name) if i < len(similar) else None
        return Response(status_code=404) if found is None else tagged(request, *found, tag_of(found[0]))


# -- smaller steps -----------------------------------------------------------------------------------------------------

Act = Callable[[Recourse, int, Person, Words], object]
ACTS: Mapping[str, tuple[Act, str]] = {
    "take": (lambda recourse, n, who, _: recourse.take(n, who.name, str(who.role)), "/review/{}"),
    "back": (lambda recourse, n, who, given: recourse.put_back(n, who.name, key=given.key), "/review?done={}"),
    "ask": (lambda recourse, n, who, given: recourse.ask(n, who.name, given.text, key=given.key), "/review?done={}"),
    "second": (
        lambda recourse, n, who, given: recourse.want_second(n, who.name, key=given.key),
        "/review/{}?said=second",
    ),
}


def _steps(router: APIRouter, desk: Desk) -> None:
    for name, (act, after) in ACTS.items():
        router.add_api_route(f"/review/{{number:int}}/{name}", _step(desk, act, after), methods=["POST"])


def _step(desk: Desk, act: Act, after: str) -> Callable[..., Response]:
    def step(request: Request, number: Number, person: Who, given: Annotated[Words, Form()]) -> Response:
        act(desk.recourse, number, person, given)
        return RedirectResponse(f"{at(request)}{after.format(number)}", 303)

    return step
