"""Gather what the audit looks at, and record what it found. Path: **project** (shell)."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from florilegium import audit
from florilegium.audit import Finding, Severity
from florilegium.project import doubting, kept, showing
from florilegium.project.holdings import Holdings
from florilegium.project.results import Audited
from florilegium.report.audit import AuditAccount, Doubt, build_audit, wanted
from florilegium.source.base import Fault
from florilegium.types import Floats

if TYPE_CHECKING:
    from florilegium.project.project import Project


PAGE_NAME = "audit.html"


def run(project: "Project", holdings: Holdings, output: Path | None = None) -> Audited:
    """Run every check, record the findings and write the page.

    Wrong labels are found by out-of-fold answers: a quick head's, and the current model's where it has any.
    Args: output: where the page goes; None: `audit.html` in the project's folder.
    """
    subject = subject_of(project, holdings)
    found = audit.audit(subject, progress=project.progress)
    project.store.record_audit(holdings.dataset.version, [as_dict(f) for f in found], now=project.clock())
    path = output or project.folder / PAGE_NAME
    with kept.replacing(path) as beside:
        html = build_audit(account_of(project, holdings, subject, found))
        beside.write_text(html, encoding="utf-8", errors="backslashreplace")
    n = len(holdings.dataset) + len(holdings.faults)
    return Audited(findings=found, n=n, ladder=audit.ladder(subject), leaks=subject.leaks, path=path)


def account_of(
    project: "Project", holdings: Holdings, subject: audit.Subject, found: tuple[Finding, ...]
) -> AuditAccount:
    """Gather what the page shows."""
    dataset = holdings.dataset
    return AuditAccount(
        title=project.folder.name,
        made=project.clock(),
        noun=subject.noun,
        n=subject.n,
        n_checks=len(audit.CHECKS),
        findings=found,
        rungs=audit.ladder(subject),
        leaks=subject.leaks,
        labels={s.name: s.label for s in dataset.samples if s.label is not None},
        doubts=_doubts(subject),
        pictures=showing.pictures(project, holdings, wanted(found)),
        texts=showing.texts(holdings),
    )


def _doubts(subject: audit.Subject) -> dict[str, Doubt]:
    """Give what models would have said of each item that they answered, and how suspicious its label is."""
    if subject.probabilities is None:
        return {}
    names, classes = subject.dataset.names, subject.dataset.classes
    ranked = audit.suspects(subject.dataset.y, subject.probabilities)
    told = zip(ranked.rows.tolist(), ranked.suggestions.tolist(), ranked.scores.tolist(), strict=True)
    return {names[row]: Doubt(said=classes[said], suspicion=score) for row, said, score in told}


def subject_of(project: "Project", holdings: Holdings) -> audit.Subject:
    """Gather what the checks look at."""
    looks, doubts = holdings.survey.looks, doubting.doubts(project, holdings)
    return audit.Subject(
        dataset=holdings.dataset,
        thumbs=looks.thumbs,
        facts=looks.facts,
        fact_names=looks.fact_names,
        families=looks.families,
        near=holdings.near,
        exact=holdings.exact,
        sides=holdings.sides,
        faults=(*_source_faults(project), *holdings.faults),
        probabilities=_best(_out_of_fold(project, holdings), doubts.probabilities),
        strange=doubts.strange,
        leaks=doubts.leaks,
        seed=project.settings.seed,
    )


def as_dict(finding: Finding) -> dict[str, Any]:
    """Give a finding for JSON."""
    return {**dataclasses.asdict(finding), "severity": finding.severity.value, "items": list(finding.items)}


def last(project: "Project") -> tuple[Finding, ...] | None:
    """Give the findings of the newest audit, or None where there was none."""
    kept_audit = project.store.last_audit()
    if kept_audit is None:
        return None
    return tuple(
        Finding(**{**found, "severity": Severity(found["severity"]), "items": tuple(found["items"])})
        for found in kept_audit[1]
    )


def _source_faults(project: "Project") -> tuple[Fault, ...]:
    """Give what the newest reading of the source could not use."""
    readings = [run for run in project.store.runs() if run.command == "new"]
    return (
        tuple(Fault(name=name, reason=reason) for name, reason in readings[-1].details.get("faults", []))
        if readings
        else ()
    )


def answers(project: "Project", holdings: Holdings) -> Floats | None:
    """Give probabilities (n, k) by models that had not seen the item; NaN: nobody was asked. None: too few items."""
    return _best(_out_of_fold(project, holdings), doubting.doubts(project, holdings).probabilities)


def _best(model: Floats | None, quick: Floats | None) -> Floats | None:
    """Give the model's answers, and the quick head's where the model has none: a giant source was never asked about."""
    if model is None or quick is None:
        return quick if model is None else model
    return np.where(np.isfinite(model), model, quick)


def _out_of_fold(project: "Project", holdings: Holdings) -> Floats | None:
    """Give the current model's out-of-fold probabilities (n, k) in the data set's classes; NaN where it has none."""
    record = project.store.current_model()
    answers = None if record is None else kept.load_predictions(project.folder, record.model_id, "folds")
    if answers is None or not set(answers[0].classes) <= set(holdings.dataset.classes):
        return None
    given = answers[0]
    row = {name: i for i, name in enumerate(given.names)}
    column = [holdings.dataset.classes.index(c) for c in given.classes]
    found = np.full((len(holdings.dataset), len(holdings.dataset.classes)), np.nan)
    for i, name in enumerate(holdings.dataset.names):
        if name in row:
            found[i] = 0.0
            found[i, column] = given.probabilities[row[name]]
    return found
