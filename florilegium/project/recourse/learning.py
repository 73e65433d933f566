"""Make a label event of a decided case, where its appellant allows that. Path: **project** (shell).

An upheld appeal is a mistake that somebody noticed: it teaches, and never judges. Only what chance drew for an audit,
and was labelled blind, may ever be sealed.
"""

from typing import TYPE_CHECKING

from florilegium.appeals import CaseEvent, Consent, Origin, Review, Ruling, Step, steps_from
from florilegium.dataset import LabelEvent
from florilegium.project.own import APPEALS, AUDITS, file_of
from florilegium.project.recourse.reviewing import answer_of
from florilegium.source.base import Kind
from florilegium.store import CaseFile, Content, Lesson, NothingKept, Prediction, Purpose

if TYPE_CHECKING:
    from florilegium.project.recourse.recourse import Recourse

NAME_DIGITS = 24  # of the content hash in an item's name


def learn(recourse: "Recourse", file: CaseFile) -> CaseFile:
    """Make a label event of a decided case; where that is not allowed or was done, give the case as it is."""
    standing = file.standing
    if file.case.consent is not Consent.LEARN or Step.LEARNED not in steps_from(standing) or not standing.decided:
        return file
    prediction = recourse.prediction_of(file)
    label = None if _takes_back(file) else standing.label
    if not prediction.sha256 or (label is None and not standing.has_item):
        return file
    event = CaseEvent(
        step=Step.LEARNED,
        at=recourse.now(),
        who="",
        key=recourse.keyed.key(file.case.id, Step.LEARNED, standing.n_reopened),
    )
    content = recourse.store.live.content(prediction.id)
    if content is not None and content.purpose is Purpose.REVIEW:  # an appeal allows less than the audit did
        return file
    try:
        done = recourse.store.lessons.learn(file.case.id, event, _lesson(file, prediction, content, label=label))
    except NothingKept:  # the appellant gave nothing, or had it erased
        return file
    recourse.changed()
    return done


def _takes_back(file: CaseFile) -> bool:
    """Tell whether a second look found that the answer stands, after the first had been learned from."""
    return file.case.origin is Origin.APPEAL and file.standing.ruling is Ruling.REJECTED


def _lesson(file: CaseFile, prediction: Prediction, content: Content | None, *, label: str | None) -> Lesson:
    review = file.standing.decided[-1]
    is_text = prediction.kind is Kind.TEXT
    begins = AUDITS if file.case.origin is Origin.AUDIT else APPEALS
    name = prediction.sha256[:NAME_DIGITS]
    event = LabelEvent(
        name=begins + (name if is_text or content is None else file_of(name, content.media_type)),
        label=label,
        who=review.who,
        at=file.events[-1].at,
        why=f"{file.case.origin} {file.case.id} {file.standing.ruling}: {review.reason}",
        suggested=_was_led(review),
        suggestion=answer_of(prediction),
    )
    text = content.content.decode("utf-8", "replace") if is_text and content is not None else None
    return Lesson(label=event, sha256=prediction.sha256, text=text)


def _was_led(review: Review) -> bool:
    """Tell whether a reviewer came to the label only after seeing the model's answer."""
    return not review.had_content or review.blind_label is None or review.blind_label != review.label
