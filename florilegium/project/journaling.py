"""Gather what a project's record says was done, for the journal. Path: **project** (shell)."""

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any

from florilegium.appeals import Origin, Ruling
from florilegium.cards.schedule import Rating
from florilegium.journal.events import Bookmark, Event, EventKind, Told
from florilegium.project import reporting
from florilegium.store import Answered, CardRecord

if TYPE_CHECKING:
    from florilegium.project.project import Project
    from florilegium.store import CaseFile, ModelRecord


def tell(project: "Project", *, name: str, after: Bookmark, tz: tzinfo | None) -> Told:
    """Gather what a project's record holds behind a bookmark.

    Args: name: the project's short name in the journal.  tz: the learner's, to count days; None: this machine's.
    """
    runs, models = project.store.runs(), project.store.models()
    ledger, labels = project.store.ledger(), project.store.labels_given(after=after.labels)
    answers = _answers(project.store.url, after=after.cards)
    steps = project.store.cases.decisions(after=after.appeals)
    new_models = [m for m in models if m.number > after.models]
    events = [
        *_runs(name, runs[after.runs :], first=after.runs + 1, tz=tz),
        *(_model(name, m) for m in new_models),
        *(_opening(name, o) for o in ledger if o.k > after.openings),
        *_labels(name, labels, new_models),
        *_cards(name, answers),
        *_appeals(name, steps),
    ]
    earlier = [m for m in models if m.number <= after.models]
    status = reporting.status(project)
    seen = runs[-1].at if runs else project.clock()
    return Told(
        project=name,
        status=Event(project=name, kind=EventKind.STATUS, number=1, at=seen, facts=status.as_dict()),
        next_command=status.next_command,
        events=tuple(events),
        before=_model(name, earlier[-1]) if earlier else None,
        bookmark=Bookmark(
            runs=len(runs),
            models=max([after.models, *(m.number for m in models)]),
            openings=max([after.openings, *(o.k for o in ledger)]),
            labels=max([after.labels, *(number for number, _ in labels)]),
            cards=max([after.cards, *(answer.number for answer in answers)]),
            appeals=max([after.appeals, *(number for number, _ in steps)]),
        ),
    )


def _runs(name: str, runs: Sequence[Any], *, first: int, tz: tzinfo | None) -> list[Event]:
    each = [
        Event(
            project=name,
            kind=EventKind.RUN,
            number=first + place,
            at=run.at,
            facts={"command": run.command, "seconds": run.seconds, "details": dict(run.details)},
        )
        for place, run in enumerate(runs)
    ]
    if not each:
        return []
    together = {
        "n": len(each),
        "n_days": len({event.at.astimezone(tz).date() for event in each}),
        "seconds": sum(event.facts["seconds"] for event in each),
    }
    last = each[-1]
    return [
        *each,
        Event(project=name, kind=EventKind.RUNS, number=first, last=last.number, at=last.at, facts=together),
    ]


def _model(name: str, record: "ModelRecord") -> Event:
    return Event(
        project=name, kind=EventKind.MODEL, number=record.number, at=record.trained_at, facts=dict(record.card)
    )


def _opening(name: str, opening: Any) -> Event:  # noqa: ANN401 - the store's Opening, which has a namesake in the report
    facts = {"model_id": opening.model_id, "alpha": opening.alpha, "verdict": opening.verdict}
    return Event(project=name, kind=EventKind.OPENING, number=opening.k, at=opening.opened_at, facts=facts)


def _labels(name: str, labels: Sequence[tuple[int, Any]], models: Sequence["ModelRecord"]) -> list[Event]:
    """Add up the labels between one training and the next."""
    parts: dict[int, list[tuple[int, Any]]] = {}
    for number, event in labels:
        parts.setdefault(sum(m.trained_at <= event.at for m in models), []).append((number, event))
    return [
        Event(
            project=name,
            kind=EventKind.LABELS,
            number=part[0][0],
            last=part[-1][0],
            at=part[0][1].at,
            facts={
                "n": len(part),
                "n_items": len({event.name for _, event in part}),
                "n_suggested": sum(event.suggested for _, event in part),
                "n_removed": sum(event.label is None for _, event in part),
                "last_at": part[-1][1].at.isoformat(),
            },
        )
        for part in parts.values()
    ]


def tell_deck(url: str, *, name: str, after: Bookmark) -> Told:
    """Gather what was studied in a deck that belongs to no project, behind a bookmark."""
    answers = _answers(url, after=after.cards)
    at = answers[-1].at if answers else datetime.min.replace(tzinfo=UTC)
    return Told(
        project=name,
        status=Event(project=name, kind=EventKind.STATUS, number=1, at=at, facts={"n_items": 0}),
        next_command="",
        events=tuple(_cards(name, answers)),
        bookmark=Bookmark(cards=max([after.cards, *(answer.number for answer in answers)])),
    )


def _answers(url: str, *, after: int) -> tuple[Answered, ...]:
    with closing(CardRecord(url)) as record:
        return record.answered(after=after)


def _cards(name: str, answers: Sequence[Answered]) -> list[Event]:
    """Add up the answers to this project's cards, of all who studied them."""
    if not answers:
        return []
    facts = {
        "n": len(answers),
        "n_cards": len({(answer.who, answer.card_id) for answer in answers}),
        "n_new": sum(answer.is_first for answer in answers),
        "n_known": sum(answer.rating is not Rating.AGAIN for answer in answers),
    }
    first, last = answers[0], answers[-1]
    return [Event(project=name, kind=EventKind.CARDS, number=first.number, last=last.number, at=last.at, facts=facts)]


def _appeals(name: str, steps: Sequence[tuple[int, "CaseFile"]]) -> list[Event]:
    """Add up the cases that were closed by a ruling."""
    if not steps:
        return []
    files = [file for _, file in steps]
    appeals = [file for file in files if file.case.origin is Origin.APPEAL]
    audits = [file for file in files if file.case.origin is Origin.AUDIT]
    facts = {
        "n_appeals": len(appeals),
        "n_upheld": sum(file.standing.ruling is Ruling.UPHELD for file in appeals),
        "n_audits": len(audits),
        "n_right": sum(file.standing.ruling is Ruling.REJECTED for file in audits),
        "n_late": sum((file.standing.decided_at or file.case.at) > file.standing.deadline_at for file in files),
    }
    (first, _), (last, file) = steps[0], steps[-1]
    at = file.standing.decided_at or file.case.at
    return [Event(project=name, kind=EventKind.APPEALS, number=first, last=last, at=at, facts=facts)]
