"""What somebody can do whom an answer concerns: contest it, follow it, answer, withdraw, ask again. Path: **project**.

Nobody is named: whoever has the ticket of an answer may contest it, whoever has the private link may follow the case.
"""

import difflib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from florilegium.appeals import Case, CaseEvent, Consent, Origin, Ruling, State, Step, steps_from
from florilegium.appeals.standing import WORDS
from florilegium.errors import InputError
from florilegium.project.recourse import letters, words
from florilegium.project.recourse.answering import media_type
from florilegium.project.recourse.keyed import checked_key
from florilegium.project.recourse.refusals import AlreadyContested, NotTheSame, TicketUnknown
from florilegium.source.base import Kind
from florilegium.store import CaseFile, Content, Effects, KeepUntil, Prediction, Purpose, ticket_hash

if TYPE_CHECKING:
    from florilegium.project.recourse.recourse import Recourse

MIN_WORDS = 1  # of an appellant's reason: they owe nobody an argument
BY_APPELLANT = frozenset({Step.TOLD, Step.WITHDRAWN, Step.REOPENED})


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStatus:
    """What an appellant may know of their case."""

    file: CaseFile  # for a page that tells its story; names of reviewers must not be shown
    state: State
    words: str  # the state, in words
    at: datetime
    deadline_at: datetime
    is_overdue: bool
    answer: str | None  # the model's; None: it abstained
    kind: Kind
    suggestion: str | None
    appeal_reason: str  # in the appellant's words
    consent: Consent
    has_content: bool  # the picture or text is kept now
    question: str  # what a reviewer wants to know; empty: nothing now
    ruling: Ruling | None
    label: str | None  # what it is, as decided; None: not decided, or none of the classes
    reason: str  # of the decision
    decided_at: datetime | None
    reviewer: str  # who decided, where the project says so; else empty
    is_learned: bool
    is_forgotten: bool
    may: frozenset[Step]  # what the appellant can do now
    next: str  # what happens next, and where else to go


def appeal(
    recourse: "Recourse",
    ticket: str,
    *,
    reason: str,
    suggestion: str | None,
    contact: str,
    consent: Consent,
    content: bytes | str | None,
    key: str,
) -> tuple[CaseFile, str]:
    """Contest an answer; see `Recourse.appeal`."""
    prediction = recourse.answer(ticket)
    _refuse_forgotten(prediction)
    said = words.cleaned(reason, what="the reason")
    if len(said.split()) < MIN_WORDS:
        raise InputError("the reason is empty. Say in your own words what is wrong with the answer.")
    link = recourse.keyed.ticket("link", ticket, checked_key(key))
    now, days = recourse.now(), recourse.settings.appeal_days
    case = Case(
        prediction_id=prediction.id,
        origin=Origin.APPEAL,
        key=recourse.keyed.key("appeal", ticket, key),
        at=now,
        deadline_at=now + timedelta(days=days),
        consent=consent,
        reason=said,
        suggestion=_suggestion(recourse, prediction, suggestion),
        contact=words.address(contact),
        ticket_hash=ticket_hash(link),
    )
    kept = _content(prediction, consent, content)
    file, _ = recourse.store.cases.open(
        case, days=days, following=lambda new: Effects(keep=kept, mails=letters.received(recourse, new, link))
    )
    if file.case.ticket_hash != case.ticket_hash:
        raise AlreadyContested(
            "This answer was contested before, and is being looked at once. Use the private link that was given then."
        )
    return file, link


def _refuse_forgotten(prediction: Prediction) -> None:
    if prediction.forgotten_at is not None:
        raise TicketUnknown("What was kept of this answer has been erased, so it cannot be contested any more.")


def _suggestion(recourse: "Recourse", prediction: Prediction, suggestion: str | None) -> str | None:
    if suggestion is None or not suggestion.strip():
        return None
    wanted, classes = suggestion.strip(), recourse.classes
    if wanted not in classes:
        near = difflib.get_close_matches(wanted[:200], classes, n=3)
        hint = f"nearest: {', '.join(near)}" if near else "leave it empty and say in your reason what it is"
        raise InputError(f"{words.cleaned(wanted, what='the answer')[:80]!r}: no class of this model; {hint}.")
    if prediction.known and wanted == prediction.label:
        raise InputError(f"{wanted!r} is what the model said. Choose what you think right, or leave it empty.")
    return wanted


def _content(prediction: Prediction, consent: Consent, content: bytes | str | None) -> Content | None:
    """Give what is kept of the picture or text; None: nothing, because none was given or it may not be."""
    if content is None or not content or consent is Consent.NONE:
        return None
    octets = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    if hashlib.sha256(octets).hexdigest() != prediction.sha256:
        what = "text" if prediction.kind is Kind.TEXT else "picture"
        raise NotTheSame(
            f"This is not the {what} that was answered: a person has to see what the model saw. Choose the same one, "
            f"unchanged, or go on without it."
        )
    purpose = Purpose.LEARN if consent is Consent.LEARN else Purpose.REVIEW
    return Content(content=octets, media_type=media_type(octets, prediction.kind), purpose=purpose, kept_until=None)


def withdraw(recourse: "Recourse", link: str, *, key: str, text: str) -> CaseFile:
    """Take an appeal back; see `Recourse.withdraw`."""
    file = recourse.case(link)
    effects = Effects(drop=True)
    if recourse.others_open(file):  # chance drew the same answer for an audit
        end = recourse.now() + timedelta(days=recourse.settings.keep_days)
        effects = Effects(until=KeepUntil(moment=end))
    return _step(recourse, file, Step.WITHDRAWN, key, text=text, following=lambda _: effects)


def reopen(recourse: "Recourse", link: str, *, text: str, key: str, content: bytes | str | None) -> CaseFile:
    """Ask for another look; see `Recourse.reopen`."""
    file = recourse.case(link)
    kept = _content(recourse.prediction_of(file), file.case.consent, content)
    if not text.strip():
        raise InputError("Say in your own words why it should be looked at again.")

    def following(new: CaseFile) -> Effects:
        return Effects(keep=kept, until=KeepUntil(moment=None), mails=letters.reopened(recourse, new))

    days = recourse.settings.appeal_days
    return _step(recourse, file, Step.REOPENED, key, text=text, following=following, days=days)


def tell(
    recourse: "Recourse", link: str, *, text: str, key: str, consent: Consent | None, content: bytes | str | None
) -> CaseFile:
    """Answer a reviewer's question; see `Recourse.tell`."""
    file = recourse.case(link)
    if content and consent in {None, Consent.NONE}:
        raise InputError("Say what may be done with what you send along, or answer without it.")
    kept = _content(recourse.prediction_of(file), consent or Consent.NONE, content)
    if not text.strip() and kept is None:
        raise InputError("Your answer is empty. Write it into the field, or withdraw your appeal.")
    allowed = None if kept is None else consent
    details = {} if allowed is None else {"consent": allowed.value}

    def following(new: CaseFile) -> Effects:
        return Effects(mails=letters.told(recourse, new), keep=kept, consent=allowed)

    return _step(recourse, file, Step.TOLD, key, text=text, following=following, **details)


def _step(
    recourse: "Recourse",
    file: CaseFile,
    step: Step,
    key: str,
    *,
    text: str,
    following: Callable[[CaseFile], Effects],
    **details: Any,
) -> CaseFile:
    event = CaseEvent(
        step=step,
        at=recourse.now(),
        who="",
        key=recourse.keyed.key(file.case.id, step, checked_key(key)),
        details={**details, "text": words.cleaned(text, what="your text")},
    )
    return recourse.store.cases.take(file.case.id, event, following=following)


def status(recourse: "Recourse", link: str) -> CaseStatus:
    """Give what an appellant may know; see `Recourse.status`."""
    file = recourse.case(link)
    prediction, standing, case = recourse.prediction_of(file), file.standing, file.case
    is_overdue = standing.deadline_at < recourse.now() and not standing.state.is_closed
    decided = standing.decided[-1].who if standing.decided and recourse.settings.name_reviewers else ""
    return CaseStatus(
        file=file,
        state=standing.state,
        words=WORDS[standing.state],
        at=case.at,
        deadline_at=standing.deadline_at,
        is_overdue=is_overdue,
        answer=prediction.label if prediction.known else None,
        kind=prediction.kind,
        suggestion=case.suggestion,
        appeal_reason=case.reason,
        consent=case.consent,
        has_content=recourse.store.live.content(prediction.id) is not None,
        question=_question(file),
        ruling=standing.ruling,
        label=standing.label,
        reason=standing.reason,
        decided_at=standing.decided_at,
        reviewer=decided if standing.state.is_closed else "",
        is_learned=standing.is_learned,
        is_forgotten=standing.is_forgotten,
        may=steps_from(standing) & BY_APPELLANT,
        next=_next(recourse, file),
    )


def _question(file: CaseFile) -> str:
    if file.standing.state is not State.NEEDS_INFORMATION:
        return ""
    asked = [event for event in file.events if event.step is Step.ASKED]
    return str(asked[-1].details.get("text", ""))


def _next(recourse: "Recourse", file: CaseFile) -> str:
    """Say what happens next, and where else to go."""
    standing = file.standing
    outside = recourse.settings.recourse
    elsewhere = f" You can also turn to: {outside}" if outside else ""
    if standing.is_forgotten:
        return f"What was kept of this case has been erased.{elsewhere}"
    if standing.state is State.NEEDS_INFORMATION:
        return f"Please answer the question; a person goes on as soon as you did.{elsewhere}"
    if not standing.state.is_closed:
        due = f"{standing.deadline_at.day} {standing.deadline_at:%B %Y}"
        late = standing.deadline_at < recourse.now()
        when = f"This was due by {due} and is late." if late else f"A person decides by {due}."
        return f"{when} Keep this link: the answer will stand here.{elsewhere}"
    again = "" if Step.REOPENED not in steps_from(standing) else " You can ask once for another look."
    return f"The case is closed.{again}{elsewhere}"
