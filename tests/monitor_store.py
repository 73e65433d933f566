"""Fill a trained project's store with made-up live answers, audits and appeals, for the tests of the monitor."""

from datetime import datetime, timedelta

import numpy as np

from florilegium.appeals import Case, CaseEvent, Consent, Origin, Ruling, Step
from florilegium.project import Project
from florilegium.source.base import Kind
from florilegium.store import Prediction, Recording, ticket_hash

REASON = "looked at closely"


def fill(
    project: Project,
    *,
    n: int = 600,
    seed: int = 0,
    accuracy: float = 0.9,
    share_drawn: float = 0.3,
    shift: float = 0.0,
    n_days: float = 30.0,
    appeal_every: int = 20,
    n_columns: int = 1,
) -> None:
    """Record answers over the days before the project's clock: every 20th is contested, some audits stay open."""
    record = project.store.current_model()
    assert record is not None
    holdings = project.holdings()
    vectors = next(iter(holdings.survey.encoded.values())).vectors
    looks = holdings.survey.looks
    classes = holdings.dataset.classes
    rng, now = np.random.default_rng(seed), project.clock()
    recordings, truths = [], []
    for i in range(n):
        row, c = int(rng.integers(len(vectors))), int(rng.integers(len(classes)))
        at = now - timedelta(days=n_days * (1 - i / n))
        sure, drawn, may = float(rng.uniform(0.6, 1)), bool(rng.random() < share_drawn), bool(rng.random() > 0.05)
        prediction = Prediction(
            at=at,
            model_id=record.model_id,
            kind=Kind.IMAGE,
            sha256=f"{i if i % 25 else 0:064x}",
            label=classes[c],
            probability=sure,
            known=bool(rng.random() > 0.08),
            top=((classes[c], sure),),
            facts=dict(zip(looks.fact_names, map(float, looks.facts[row] * (1 + shift)), strict=True)),
            metadata={"site": ("north", "south", "<b>east</b>")[i % 3]} if n_columns else {},
            may_check=may,
            drawn=drawn,
            ticket_hash=ticket_hash(f"{seed}-{i}"),
        )
        noise = rng.standard_normal(vectors.shape[1]).astype(np.float32) * vectors.std() * np.float32(0.05 + shift)
        case = _case(Origin.AUDIT, f"audit-{seed}-{i}", at) if drawn and may else None
        recordings.append(Recording(prediction=prediction, vector=vectors[row] + noise, case=case, days=14.0))
        truths.append(classes[c] if rng.random() < accuracy else classes[(c + 1) % len(classes)])
    recorded = [
        each for start in range(0, n, 100) for each in project.store.live.record(recordings[start : start + 100])
    ]
    truth = dict(zip([each.id for each in recorded], truths, strict=True))
    _contest(project, recorded[::appeal_every], now, seed)
    _review(project, truth, now, rng)


def _case(origin: Origin, key: str, at: datetime, number: int = 0) -> Case:
    due = at + timedelta(days=14)
    return Case(prediction_id=number, origin=origin, key=key, at=at, deadline_at=due, consent=Consent.REVIEW)


def _contest(project: Project, contested: list[Prediction], now: datetime, seed: int) -> None:
    for each in contested:
        given = _case(Origin.APPEAL, f"appeal-{seed}-{each.id}", min(each.at + timedelta(hours=3), now), each.id)
        project.store.cases.open(given, days=14.0)


def _review(project: Project, truth: dict[int, str], now: datetime, rng: np.random.Generator) -> None:
    """Decide nearly all cases that are old enough, a few days after they came."""
    for file in project.store.cases.all():
        at = file.case.at + timedelta(days=float(rng.exponential(3)))
        if at > now or rng.random() < 0.1:
            continue
        said = project.store.live.by_id(file.case.prediction_id)
        assert said is not None
        label = truth[file.case.prediction_id]
        ruling = Ruling.REJECTED if label == said.label else Ruling.UPHELD
        steps = (
            (Step.TAKEN, {}),
            (Step.JUDGED_BLIND, {"label": label, "seconds": 12.0, "seen": True}),
            (Step.DECIDED, {"ruling": ruling.value, "label": label, "reason": REASON, "seconds": 9.0}),
        )
        events = [
            CaseEvent(step=step, at=at, who="ann", key=f"{file.case.key}/{step.value}", details=details)
            for step, details in steps
        ]
        project.store.cases.take(file.case.id, *events)
