"""Keep the promises about time: erase, remind, and finish what a crash left. Path: **project** (shell).

A server does this when it starts and every hour; without one: florilegium recourse sweep. Several may do it at once.
"""

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from florilegium.appeals import CaseEvent, Consent, Origin, Step, steps_from
from florilegium.project.recourse import letters, persons
from florilegium.store import CaseFile, Mail

if TYPE_CHECKING:
    from florilegium.project.recourse.recourse import Recourse

REMIND_DAYS, REMIND_SHARE = 3.0, 0.25  # before a deadline: three days, or a quarter of the time where that is less


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What was done."""

    n_contents: int  # pictures and texts erased
    n_expired: int  # audits that nobody decided while their picture or text might be kept
    n_forgotten: int  # answers of which all that is personal was erased
    n_learned: int  # label events that a crash had left undone
    n_reminded: int  # cases whose reviewers are reminded

    def as_dict(self) -> dict[str, Any]:
        """Give the values for JSON."""
        return asdict(self)


def sweep(recourse: "Recourse") -> Swept:
    """Do all that is due."""
    n_learned = _learn_rest(recourse)
    n_expired = _close_audits(recourse)
    now = recourse.now()
    n_contents = recourse.store.live.drop_overdue(now=now)
    return Swept(
        n_contents=n_contents,
        n_expired=n_expired,
        n_forgotten=_forget_old(recourse),
        n_learned=n_learned,
        n_reminded=_remind(recourse),
    )


def _learn_rest(recourse: "Recourse") -> int:
    """Make the label events that a crash between ruling and learning left out."""
    waiting = [
        file
        for file in recourse.store.cases.all()
        if file.case.consent is Consent.LEARN and Step.LEARNED in steps_from(file.standing)
    ]
    return sum(len(recourse.learn(file).events) > len(file.events) for file in waiting)


def _close_audits(recourse: "Recourse") -> int:
    """Close audits whose picture or text may not be kept any longer: nobody could judge them."""
    now, n_closed = recourse.now(), 0
    for file in recourse.store.cases.open_ones():
        if file.case.origin is not Origin.AUDIT or recourse.others_open(file):
            continue
        content = recourse.store.live.content(file.case.prediction_id)
        if content is None or (content.kept_until is not None and content.kept_until <= now):
            key = recourse.keyed.key(file.case.id, Step.FORGOTTEN)
            recourse.store.cases.take(file.case.id, CaseEvent(step=Step.FORGOTTEN, at=now, who="", key=key))
            n_closed += 1
    return n_closed


def _forget_old(recourse: "Recourse") -> int:
    now = recourse.now()
    before = now - timedelta(days=recourse.settings.forget_days)
    n_forgotten = recourse.store.forgetting.forget_before(before, now=now)
    for number in recourse.store.forgetting.old_with_cases(before):
        files = recourse.store.cases.of_prediction(number)
        prediction = recourse.store.live.by_id(number)
        if prediction is not None and all(file.standing.state.is_closed for file in files):
            persons.erase(recourse, prediction, keep_learned=True)
            n_forgotten += 1
    return n_forgotten


def _remind(recourse: "Recourse") -> int:
    """Put reminders into the outbox; each case is reminded of once before and once after its deadline."""
    if not recourse.can_mail or not recourse.reviewers_mail:
        return 0
    now, n_reminded = recourse.now(), 0
    sent = {mail.key for mail in recourse.store.outbox.all()}
    for file in recourse.store.cases.open_ones():
        mails = _due(recourse, file)
        if mails and any(mail.key not in sent for mail in mails):
            recourse.store.outbox.put(file.case.id, mails, now=now)
            n_reminded += 1
    return n_reminded


def _due(recourse: "Recourse", file: CaseFile) -> tuple[Mail, ...]:
    left = file.standing.deadline_at - recourse.now()
    if left <= timedelta(0):
        return letters.reminder(recourse, file, is_late=True)
    soon = timedelta(days=min(REMIND_DAYS, recourse.settings.appeal_days * REMIND_SHARE))
    return letters.reminder(recourse, file, is_late=False) if left <= soon else ()
