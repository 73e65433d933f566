"""Review a case: blind first, then with all that is known, then a ruling with its reason. Path: **project** (shell).

Until a reviewer has said what it is, nothing tells them the model's answer, the claim, or why the case is there. How
long each step took is read from the moments of the events, by this machine's clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from florilegium.appeals import CaseEvent, Consent, Origin, Review, Ruling, Standing, State, Step
from florilegium.appeals.standing import TAKE_OVER
from florilegium.errors import InputError, StateError
from florilegium.model.exemplars import Similar
from florilegium.project.recourse import letters, returning, words
from florilegium.project.recourse.keyed import checked_key
from florilegium.project.recourse.refusals import BlindFirst
from florilegium.source.base import Kind
from florilegium.store import CaseFile, Content, Effects, KeepUntil, Prediction, Purpose

if TYPE_CHECKING:
    from florilegium.project.recourse.recourse import Recourse

OWNER = "owner"  # the role that decides where two disagree
MOST_SECONDS = 24 * 3600.0  # a browser that says more has slept


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A case in the queue; holds nothing of what it is about."""

    case: int
    deadline_at: datetime
    is_overdue: bool
    state: State
    holder: str | None  # who has it before them now
    is_mine: bool
    is_free: bool  # this person may take it now
    is_second: bool  # somebody decided about it already
    is_disputed: bool  # two disagree: an owner decides


@dataclass(frozen=True, slots=True, kw_only=True)
class Blind:
    """What a reviewer sees first: the picture or text, and the classes."""

    case: int
    kind: Kind
    content: Content | None  # None: nothing was kept; then only the file tells more
    classes: tuple[str, ...]
    is_done: bool  # this person judged it blind already, in this round
    label: str | None  # what they said; None: could not tell, or not yet


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFile:
    """All that is known of a case, for a reviewer who has judged blind."""

    file: CaseFile
    standing: Standing
    prediction: Prediction
    answer: str | None  # the model's; None: it abstained
    content: Content | None
    classes: tuple[str, ...]
    similar: tuple[Similar, ...]  # training examples most like it; (): the model has none
    review: Review  # this person's, with the blind label
    others: tuple[Review, ...]  # of those who disagree, for the owner who decides; else ()
    told: tuple[tuple[str, str], ...]  # question and answer, in order


def queue(recourse: "Recourse", who: str, role: str) -> tuple[Waiting, ...]:
    """Give what waits for a person; see `Recourse.queue`."""
    now = recourse.now()
    return tuple(
        _waiting(file, standing, who, now=now)
        for file, standing in ((file, file.standing) for file in recourse.store.cases.open_ones())
        if _is_for(standing, who, is_owner=role == OWNER, now=now)
    )


def _is_for(standing: Standing, who: str, *, is_owner: bool, now: datetime) -> bool:
    if standing.state is State.NEEDS_INFORMATION:
        return standing.deadline_at < now  # nobody answered; it has to be decided all the same
    if standing.is_disputed:
        return is_owner
    review = standing.review_of(who)
    return review is None or review.ruling is None


def _waiting(file: CaseFile, standing: Standing, who: str, *, now: datetime) -> Waiting:
    held_at = standing.held_at or now
    return Waiting(
        case=file.case.id,
        deadline_at=standing.deadline_at,
        is_overdue=standing.deadline_at < now,
        state=State.IN_REVIEW if standing.holder else State.RECEIVED,
        holder=standing.holder,
        is_mine=standing.holder == who,
        is_free=standing.holder in {None, who} or held_at + TAKE_OVER <= now,
        is_second=bool(standing.decided),
        is_disputed=standing.is_disputed,
    )


def take(recourse: "Recourse", number: int, who: str, role: str) -> CaseFile:
    """Take a case; see `Recourse.take`."""
    file = recourse.case_by_id(number)
    standing = file.standing
    if standing.holder == who and standing.state is State.IN_REVIEW:
        return file
    # Two clicks at once see the same number of steps, so they are one step.
    key = recourse.keyed.key(number, Step.TAKEN, who, standing.n)
    details = {"owner": True} if role == OWNER else {}
    event = CaseEvent(step=Step.TAKEN, at=recourse.now(), who=who, key=key, details=details)
    return recourse.store.cases.take(number, event)


def blind(recourse: "Recourse", number: int, who: str) -> Blind:
    """Give what a reviewer sees first; see `Recourse.blind`."""
    file, review = _held(recourse, number, who)
    prediction = recourse.prediction_of(file)
    return Blind(
        case=number,
        kind=prediction.kind,
        content=_shown(recourse, file),
        classes=recourse.classes,
        is_done=review.is_blind_done,
        label=review.blind_label,
    )


def _held(recourse: "Recourse", number: int, who: str) -> tuple[CaseFile, Review]:
    """Give a case that a person has before them, and what they did with it.

    Raises: StateError: they have not.
    """
    file = recourse.case_by_id(number)
    standing = file.standing
    review = standing.review_of(who)
    if standing.holder != who or review is None:
        raise StateError(f"Case {number} is not before you. Take it from the queue.")
    return file, review


def _shown(recourse: "Recourse", file: CaseFile) -> Content | None:
    """Give what was kept to be looked at; what was kept for an audit only is not shown in an appeal that forbids it."""
    if file.case.consent is Consent.NONE:
        return None
    return recourse.store.live.content(file.case.prediction_id)


def judge_blind(
    recourse: "Recourse", number: int, who: str, label: str | None, *, is_none: bool, seconds: float | None, key: str
) -> CaseFile:
    """Record what somebody saw without knowing more; see `Recourse.judge_blind`."""
    file = recourse.case_by_id(number)
    _refuse_unknown(recourse, label)
    if is_none and label is not None:
        raise InputError(f"It cannot be {label!r} and none of the classes. Say one of the two.")
    seen = _shown(recourse, file) is not None
    details = {"label": label, "none": is_none, "seconds": _seconds(seconds), "seen": seen}
    return recourse.store.cases.take(number, _event(recourse, number, who, Step.JUDGED_BLIND, key=key, details=details))


def open_file(recourse: "Recourse", number: int, who: str) -> OpenFile:
    """Give all that is known of a case; see `Recourse.open_file`."""
    file, review = _held(recourse, number, who)
    if not review.is_blind_done:
        raise BlindFirst(f"Case {number}: say first what you see, before you read what others said.")
    prediction, standing = recourse.prediction_of(file), file.standing
    return OpenFile(
        file=file,
        standing=standing,
        prediction=prediction,
        answer=answer_of(prediction),
        content=_shown(recourse, file),
        classes=recourse.classes,
        similar=recourse.similar(prediction),
        review=review,
        others=standing.decided if standing.is_disputed else (),
        told=_told(file),
    )


def answer_of(prediction: Prediction) -> str | None:
    """Give what the model answered; None where it abstained."""
    return prediction.label if prediction.known else None


def _told(file: CaseFile) -> tuple[tuple[str, str], ...]:
    pairs, question = [], ""
    for event in file.events:
        text = str(event.details.get("text", ""))
        if event.step is Step.ASKED:
            question = text
        elif event.step is Step.TOLD or (event.step is Step.REOPENED and text):
            pairs.append((question if event.step is Step.TOLD else "", text))
    return tuple(pairs)


def decide(
    recourse: "Recourse",
    number: int,
    who: str,
    ruling: Ruling,
    label: str | None,
    *,
    reason: str,
    seconds: float | None,
    key: str,
) -> CaseFile:
    """Rule on a case; see `Recourse.decide`."""
    file = recourse.case_by_id(number)
    found = _label(recourse, recourse.prediction_of(file), ruling, label)
    details = {
        "ruling": Ruling(ruling).value,
        "label": found,
        "reason": words.reason(reason),
        "seconds": _seconds(seconds),
    }
    decided = _event(recourse, number, who, Step.DECIDED, key=key, details=details)
    steps = (*_second_by_chance(recourse, file, decided), decided)
    end = _end_of_content(recourse, file)
    done = recourse.store.cases.take(number, *steps, following=lambda new: _after(recourse, new, end=end))
    if done.standing.state.is_closed:
        returning.hand_back(recourse, done)
        done = recourse.learn(done)
    return done


def _label(recourse: "Recourse", prediction: Prediction, ruling: Ruling, label: str | None) -> str | None:
    """Give what it is, as ruled.

    Raises: InputError: ruling and label contradict each other.
    """
    _refuse_unknown(recourse, label)
    answer = answer_of(prediction)
    if ruling == Ruling.REJECTED:
        if label is not None and label != answer:
            raise InputError(
                f"Rejected means that the answer {answer or 'unknown'!r} stands; you say {label!r}. "
                "Uphold the case, or leave the label as it is."
            )
        return answer
    if label is None and answer is None:
        raise InputError(
            "The model did not answer, and you say that it is none of the classes: so it was right not to answer. "
            "Reject the case, or choose what it is."
        )
    if label == answer:
        raise InputError(
            f"Upheld means that the answer was wrong; you say {label!r} as the model did. "
            "Choose what it is, or reject the case."
        )
    return label


def _refuse_unknown(recourse: "Recourse", label: str | None) -> None:
    if label is not None and label not in recourse.classes:
        raise InputError(f"{label[:80]!r}: no class of this model. Choose one of the list, or none of the classes.")


def _second_by_chance(recourse: "Recourse", file: CaseFile, decided: CaseEvent) -> Sequence[CaseEvent]:
    """Draw a second reviewer now, when the first cannot know it beforehand."""
    standing = file.standing
    if standing.second_wanted or standing.decided or recourse.n_reviewers() < 2:
        return ()
    if (
        recourse.keyed.draw("second", str(file.case.id), str(standing.n_reopened))
        >= recourse.settings.second_review_share
    ):
        return ()
    return (
        CaseEvent(
            step=Step.SECOND_WANTED, at=decided.at, who="", key=f"{decided.key}/second", details={"by_chance": True}
        ),
    )


def _after(recourse: "Recourse", file: CaseFile, *, end: Effects) -> Effects:
    """Say what follows from a ruling: an answer to the appellant, and the end of what was kept."""
    standing = file.standing
    if not standing.state.is_closed:
        return Effects()
    mails = letters.decided(recourse, file)
    may_learn = file.case.consent is Consent.LEARN and standing.label is not None
    is_to_learn = may_learn and (standing.state is State.UPHELD or file.case.origin is Origin.AUDIT)
    return Effects(mails=mails) if is_to_learn else replace(end, mails=mails)


def _end_of_content(recourse: "Recourse", file: CaseFile) -> Effects:
    """Say how long picture or text is kept once this case is closed: longer where it may be opened again."""
    content = recourse.store.live.content(file.case.prediction_id)
    if content is None or recourse.others_open(file):
        return Effects()
    if content.purpose is Purpose.CHECK:
        return Effects(drop=True)
    return Effects(until=KeepUntil(moment=recourse.now() + timedelta(days=recourse.settings.keep_days)))


def put_back(recourse: "Recourse", number: int, who: str, *, key: str) -> CaseFile:
    """Leave a case to others; see `Recourse.put_back`."""
    return recourse.store.cases.take(number, _event(recourse, number, who, Step.PUT_BACK, key=key, details={}))


def want_second(recourse: "Recourse", number: int, who: str, *, key: str) -> CaseFile:
    """Ask for a second reviewer; see `Recourse.want_second`."""
    if recourse.n_reviewers() < 2:
        raise StateError("There is no second reviewer in this project. Invite one, or decide yourself.")
    _held(recourse, number, who)
    details = {"by_chance": False}
    return recourse.store.cases.take(
        number, _event(recourse, number, who, Step.SECOND_WANTED, key=key, details=details)
    )


def ask(recourse: "Recourse", number: int, who: str, text: str, *, key: str) -> CaseFile:
    """Ask the appellant something; see `Recourse.ask`."""
    question = words.cleaned(text, what="the question")
    if not question:
        raise InputError("The question is empty. Write what you need to know.")
    event = _event(recourse, number, who, Step.ASKED, key=key, details={"text": question})
    return recourse.store.cases.take(number, event, following=lambda new: Effects(mails=letters.asked(recourse, new)))


def _event(recourse: "Recourse", number: int, who: str, step: Step, *, key: str, details: dict[str, Any]) -> CaseEvent:
    name = recourse.keyed.key(number, step, who, checked_key(key))
    return CaseEvent(step=step, at=recourse.now(), who=who, key=name, details=details)


def _seconds(seconds: float | None) -> float | None:
    """Give what a browser measured, where that can be."""
    return None if seconds is None or not 0 <= seconds <= MOST_SECONDS else round(float(seconds), 3)
