"""Give a person all that is kept about an answer to them, or erase it. Path: **project** (shell).

Whoever has the ticket of the answer or of the case is the person; nobody is asked who they are.
"""

import io
import json
import zipfile
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from florilegium.appeals import CaseEvent, Step
from florilegium.project.kept import replacing
from florilegium.project.own import FOLDER, file_of
from florilegium.project.recourse.refusals import TicketUnknown
from florilegium.source.base import Side
from florilegium.store import CaseFile, Content, Prediction

if TYPE_CHECKING:
    from florilegium.project.recourse.recourse import Recourse

SOMEBODY = "a reviewer"
DOCUMENT = "everything.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was erased, and what is to be done after it."""

    n_cases: int
    had_content: bool
    item: str | None  # what was taken out of the set
    was_learned: bool  # the current model may have learned from it

    @property
    def sentence(self) -> str:
        """Say it."""
        what = "the picture or text, " if self.had_content else ""
        cases = f" and of {self.n_cases} case(s)" if self.n_cases else ""
        said = (
            f"Erased: {what}hash, vector, facts and words of the answer{cases}. Class, moment and ruling stay counted."
        )
        again = " The model has learned from it; without it: florilegium train" if self.was_learned else ""
        return said + again


def found(recourse: "Recourse", ticket: str) -> Prediction:
    """Give the answer that the ticket of an answer or a case belongs to.

    Raises: TicketUnknown: there is none.
    """
    prediction = recourse.store.live.by_ticket(ticket)
    if prediction is not None:
        return prediction
    try:
        return recourse.prediction_of(recourse.case(ticket))
    except TicketUnknown as error:
        raise TicketUnknown(
            "No answer and no case belongs to this ticket. It stands in the link under the answer, or in the private "
            "link of the case."
        ) from error


def document(recourse: "Recourse", ticket: str) -> dict[str, Any]:
    """Give all that is kept about an answer, for JSON; reviewers are named only where the project says so."""
    prediction = found(recourse, ticket)
    vector = recourse.store.live.vectors([prediction.id]).get(prediction.id)
    content = recourse.store.live.content(prediction.id)
    files = recourse.store.cases.of_prediction(prediction.id)
    numbers = {file.case.id for file in files}
    return {
        "answer": {**_plain(asdict(prediction)), "vector": None if vector is None else [float(v) for v in vector]},
        "content": None if content is None else _about(prediction, content),
        "cases": [_case(recourse, file) for file in files],
        "mail": [
            {"at": _plain(m.at), "to": m.recipient, "subject": m.subject, "body": m.body, "sent_at": _plain(m.sent_at)}
            for m in recourse.store.outbox.all()
            if m.case_id in numbers and m.recipient in {file.case.contact for file in files}
        ],
        "labels": _labels(recourse, files),
        "query": _query(recourse, prediction),
    }


def _about(prediction: Prediction, content: Content) -> dict[str, Any]:
    return {
        "file": file_name(prediction, content),
        "media_type": content.media_type,
        "kept_for": content.purpose.value,
        "kept_until": _plain(content.kept_until),
        "n_bytes": len(content.content),
    }


def file_name(prediction: Prediction, content: Content) -> str:
    """Name the picture or text in an archive."""
    if content.media_type == "text/plain":
        return "text.txt"
    return file_of("picture", content.media_type) if prediction.sha256 else "picture"


def _case(recourse: "Recourse", file: CaseFile) -> dict[str, Any]:
    case = {name: value for name, value in asdict(file.case).items() if name not in {"key", "ticket_hash"}}
    named = recourse.settings.name_reviewers
    steps = [
        {
            "n": event.n,
            "step": event.step.value,
            "at": _plain(event.at),
            "who": event.who if named or not event.who else SOMEBODY,
            "details": dict(event.details),
        }
        for event in file.events
    ]
    return {**_plain(case), "steps": steps}


def _labels(recourse: "Recourse", files: tuple[CaseFile, ...]) -> list[dict[str, Any]]:
    items = {event.details.get("item") for file in files for event in file.events if event.step is Step.LEARNED}
    named = recourse.settings.name_reviewers
    return [
        {**_plain(asdict(event)), "who": event.who if named else SOMEBODY}
        for event in recourse.store.label_events()
        if event.name in items
    ]


def _query(recourse: "Recourse", prediction: Prediction) -> dict[str, Any] | None:
    """Give the written query that the answer was given to, with every step; None: it was none."""
    query = recourse.store.queries.of_prediction(prediction.id)
    if query is None:
        return None
    named = recourse.settings.name_reviewers
    steps = [
        {**_plain(asdict(step)), "who": step.who if named or not step.who else SOMEBODY}
        for step in recourse.store.queries.events(query.id)
    ]
    told = {name: value for name, value in asdict(query).items() if name not in {"ticket_hash", "id", "prediction_id"}}
    return {**_plain(told), "steps": [{k: v for k, v in step.items() if k != "key"} for step in steps]}


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON can say
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def export(recourse: "Recourse", ticket: str, path: Path) -> dict[str, Any]:
    """Write an archive of all that is kept about an answer, with the picture or text; give its document."""
    told = document(recourse, ticket)
    with replacing(path) as beside:
        beside.write_bytes(archive(recourse, ticket, told))
    return told


def archive(recourse: "Recourse", ticket: str, told: dict[str, Any]) -> bytes:
    """Give the archive as the bytes of a ZIP file."""
    prediction = found(recourse, ticket)
    content = recourse.store.live.content(prediction.id)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as into:
        into.writestr(DOCUMENT, json.dumps(told, ensure_ascii=False, indent=2))
        if content is not None:
            into.writestr(file_name(prediction, content), content.content)
    return file.getvalue()


def forget(recourse: "Recourse", ticket: str) -> Erased:
    """Erase all that is personal about an answer; done before, nothing happens."""
    return erase(recourse, found(recourse, ticket))


def erase(recourse: "Recourse", prediction: Prediction, *, keep_learned: bool = False) -> Erased:
    """Erase an answer; `keep_learned`: but what the model may learn from."""
    now = recourse.now()
    content = recourse.store.live.content(prediction.id)
    names = {name for name, (sha256, _) in recourse.store.lessons.media().items() if sha256 == prediction.sha256}
    sides = recourse.store.sides()
    was_learned = any(name in sides and sides[name][1] is Side.TRAIN for name in names)

    def step(file: CaseFile) -> CaseEvent:
        return CaseEvent(
            step=Step.FORGOTTEN, at=now, who="", key=recourse.keyed.key(file.case.id, Step.FORGOTTEN), details={}
        )

    done = recourse.store.forgetting.forget(prediction.id, step, now=now, keep_learned=keep_learned)
    if content is not None and done.item is not None:
        recourse.changed()
        _empty_cache(recourse, prediction, content)
    return Erased(
        n_cases=done.n_cases,
        had_content=done.had_content,
        item=done.item,
        was_learned=done.item is not None and was_learned and recourse.store.current_model() is not None,
    )


def _empty_cache(recourse: "Recourse", prediction: Prediction, content: Content) -> None:
    """Erase the file and the vectors that were computed of it; what else the cache held is computed again."""
    cache = recourse.project.cache
    (cache / FOLDER / file_of(prediction.sha256, content.media_type)).unlink(missing_ok=True)
    for path in sorted(cache.rglob("*"), reverse=True):
        if path.is_file() and path.suffix in {".bin", ".npz"}:
            path.unlink(missing_ok=True)
