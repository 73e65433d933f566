"""Every case with all its steps, for those who watch over the process. Path: **project** (shell) -> cli, serve.

Holds what shows that people were heard, by whom, when and why; not the pictures, not what appellants wrote, and no
address of anybody.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from florilegium.appeals import CaseEvent, State, Step
from florilegium.appeals.doubts import Doubtful, Reviewed, doubtful_dict, doubts, reviewed
from florilegium.project.recourse.reviewing import answer_of
from florilegium.store import CaseFile, Prediction

if TYPE_CHECKING:
    from florilegium.project.recourse.recourse import Recourse

# What of a step may stand in the trail; what an appellant wrote is not of them.
SHOWN: Mapping[Step, tuple[str, ...]] = {
    Step.RECEIVED: ("days",),
    Step.REOPENED: ("days",),
    Step.TOLD: ("consent",),
    Step.JUDGED_BLIND: ("label", "none", "seconds", "seen"),
    Step.DECIDED: ("ruling", "label", "reason", "seconds"),
    Step.SECOND_WANTED: ("by_chance",),
    Step.LEARNED: ("item", "label"),
}
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """One case in one line."""

    number: int
    origin: str
    state: str
    at: str
    deadline_at: str
    is_overdue: bool
    answer: str | None  # the model's; None: it abstained
    ruling: str | None
    label: str | None
    reviewers: tuple[str, ...]
    days: float | None  # from opening to the decision


def lines(recourse: "Recourse") -> tuple[CaseLine, ...]:
    """Give all cases, the newest first."""
    found = sorted(recourse.store.cases.all(), key=lambda file: -file.case.id)
    predictions = _predictions(recourse)
    return tuple(_line(recourse, file, predictions[file.case.prediction_id]) for file in found)


def _predictions(recourse: "Recourse") -> dict[int, Prediction]:
    files = recourse.store.cases.all()
    return recourse.store.live.by_ids([file.case.prediction_id for file in files])


def _line(recourse: "Recourse", file: CaseFile, prediction: Prediction) -> CaseLine:
    standing = file.standing
    end = standing.decided_at
    return CaseLine(
        number=file.case.id,
        origin=file.case.origin.value,
        state=standing.state.value,
        at=file.case.at.isoformat(),
        deadline_at=standing.deadline_at.isoformat(),
        is_overdue=standing.deadline_at < recourse.now() and not standing.state.is_closed,
        answer=answer_of(prediction),
        ruling=None if standing.ruling is None else standing.ruling.value,
        label=standing.label,
        reviewers=tuple(dict.fromkeys(event.who for event in file.events if event.step is Step.DECIDED)),
        days=None if end is None else round((end - file.case.at) / DAY, 2),
    )


def reviews(recourse: "Recourse") -> tuple[Reviewed, ...]:
    """Give every review that came to a ruling."""
    owners = _labellers(recourse)
    predictions = _predictions(recourse)

    def own_of(file: CaseFile) -> Callable[[str], bool]:
        sha256 = predictions[file.case.prediction_id].sha256
        return lambda who: bool(sha256) and file.case.at > owners.get((sha256, who), file.case.at)

    return tuple(
        each
        for file in recourse.store.cases.all()
        for each in reviewed(
            file.events,
            case=file.case.id,
            origin=file.case.origin,
            suggestion=file.case.suggestion,
            own=own_of(file),
        )
    )


def _labellers(recourse: "Recourse") -> dict[tuple[str, str], datetime]:
    """Give when a person first labelled a content, by hash and name."""
    samples, _ = recourse.store.samples()
    sha256_of = {sample.name: sample.sha256 for sample in samples}
    found: dict[tuple[str, str], datetime] = {}
    for _, event in recourse.store.labels_given():
        if event.name in sha256_of:
            found.setdefault((sha256_of[event.name], event.who), event.at)
    return found


def doubtful(recourse: "Recourse") -> tuple[Doubtful, ...]:
    """Give what makes reviews doubtful."""
    return doubts(reviews(recourse), min_review_s=recourse.settings.min_review_s)


def document(recourse: "Recourse") -> dict[str, Any]:
    """Give the whole trail, for JSON and for the page."""
    files = sorted(recourse.store.cases.all(), key=lambda file: file.case.id)
    predictions = _predictions(recourse)
    settings = recourse.settings
    names = (
        "audit_share",
        "appeal_days",
        "second_review_share",
        "min_review_s",
        "keep_days",
        "forget_days",
        "recourse",
    )
    return {
        "project": recourse.project.folder.name,
        "made": recourse.now().isoformat(),
        "rules": {name: getattr(settings, name) for name in names},
        "counts": _counts(recourse, files),
        "doubts": [doubtful_dict(each) for each in doubtful(recourse)],
        "cases": [_case(recourse, file, predictions[file.case.prediction_id]) for file in files],
    }


def _counts(recourse: "Recourse", files: list[CaseFile]) -> dict[str, Any]:
    standings = [(file, file.standing) for file in files]
    now = recourse.now()
    late = sum(s.deadline_at < now and not s.state.is_closed for _, s in standings)
    return {
        "answers": recourse.store.live.count(),
        "cases": len(files),
        "appeals": sum(file.case.origin == "appeal" for file in files),
        "audits": sum(file.case.origin == "audit" for file in files),
        **{state.value: sum(s.state is state for _, s in standings) for state in State},
        "overdue": late,
        "mail waiting": recourse.store.outbox.n_waiting(),
    }


def _case(recourse: "Recourse", file: CaseFile, prediction: Prediction) -> dict[str, Any]:
    line = _line(recourse, file, prediction)
    return {
        "case": line.number,
        "origin": line.origin,
        "state": line.state,
        "opened": line.at,
        "due": line.deadline_at,
        "overdue": line.is_overdue,
        "model": prediction.model_id,
        "answer": line.answer,
        "consent": file.case.consent.value,
        "ruling": line.ruling,
        "label": line.label,
        "days": line.days,
        "forgotten": file.standing.is_forgotten,
        "steps": [_step(event) for event in file.events],
    }


def _step(event: CaseEvent) -> dict[str, Any]:
    shown = SHOWN.get(event.step, ())
    return {
        "n": event.n,
        "at": event.at.isoformat(),
        "step": event.step.value,
        "who": event.who or "—",
        "details": {name: event.details[name] for name in shown if name in event.details},
    }


def page(recourse: "Recourse") -> str:
    """Give the trail as a page that can be printed."""
    from florilegium.report.trail import build_trail

    return build_trail(document(recourse))
