"""Test the six kinds of bias on a project's current model, and write the page. Path: **project** (shell)."""

import dataclasses
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from florilegium import bias
from florilegium.errors import StepMissing
from florilegium.evaluation.words import counted, listed
from florilegium.project import kept
from florilegium.project.biased import MIN_GROUP, Biased, as_json
from florilegium.project.grouping import SLICES
from florilegium.project.holdings import Holdings
from florilegium.project.judged import BiasWish, Judged, decisions_of, judged
from florilegium.report.bias import BiasAccount, page_of, summary_of
from florilegium.report.bias_card import Use, as_markdown
from florilegium.source.base import Kind

if TYPE_CHECKING:
    from florilegium.project.project import Project

PAGE_NAME = "bias.html"
UNITS = {Kind.IMAGE: "photo", Kind.TEXT: "text"}
SUMMED = {"title", "state", "state_words", "short"}  # what the summary holds of each kind
CLASSES_NAMED = 3  # of a slice, the commonest


def run(project: "Project", holdings: Holdings, wish: BiasWish) -> Biased:
    """Test the six kinds, write the page, and keep a summary beside the model for the report.

    Raises: StepMissing: no model has been trained.  MetadataError: unknown columns.  SettingError: no such class, or
        target shares are none.
    """
    record = project.store.current_model()
    if record is None:
        raise StepMissing(f"{project.folder}: no model yet. Train one first: florilegium train -p {project.folder}")
    given = judged(project, record, holdings)
    wish = dataclasses.replace(wish, use=used(project, wish.use))
    decisions = decisions_of(project, holdings, given, wish)
    findings = bias.examine(
        decisions,
        seed=project.settings.seed,
        min_group=MIN_GROUP,
        gap=wish.gap,
        relabel=f"florilegium label -p {shlex.quote(str(project.folder))}",
        progress=project.progress,
    )
    account = _account(project, holdings, given, wish, decisions=decisions, findings=findings)
    found = Biased(account=account, n=len(given.rows), path=wish.output or project.folder / PAGE_NAME)
    write_page(found)
    with kept.replacing(summary_path(project.folder, record.model_id)) as beside:
        beside.write_text(json.dumps(as_json(summary_of(account)), ensure_ascii=False), encoding="utf-8")
    return found


def write_page(found: Biased) -> None:
    """Write the page, whole or not at all; nothing where no page was asked for."""
    if found.path is not None:
        with kept.replacing(found.path) as beside:
            beside.write_text(found.html(), encoding="utf-8", errors="backslashreplace")


def summary_path(folder: Path, model_id: str) -> Path:
    """Give where the summary of a model's biases is kept."""
    return folder / "models" / f"{model_id[:16]}.bias.json"


def summary(folder: Path, model_id: str) -> dict[str, Any] | None:
    """Give the summary of a model's biases, or None where nobody has looked."""
    try:
        found = json.loads(summary_path(folder, model_id).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    whole = isinstance(found, dict) and isinstance(found.get("lead"), str) and isinstance(found.get("six"), list)
    return found if whole and all(isinstance(each, dict) and each.keys() >= SUMMED for each in found["six"]) else None


def used(project: "Project", said: Use) -> Use:
    """Give what is said of the use now, else what the settings say."""
    settings = project.settings
    return Use(
        intended=said.intended or settings.intended_use,
        out_of_scope=said.out_of_scope or settings.out_of_scope_use,
        recourse=said.recourse or settings.recourse,
    )


def _account(
    project: "Project",
    holdings: Holdings,
    given: Judged,
    wish: BiasWish,
    *,
    decisions: bias.Decisions,
    findings: bias.Findings,
) -> BiasAccount:
    unit = UNITS[holdings.dataset.kind]
    where = "cross-validation" if not given.n_sealed else "cross-validation and the opened test set"
    names = ", ".join(column.name for column in decisions.columns)
    yes = "" if decisions.positive is None else decisions.classes[decisions.positive]
    return BiasAccount(
        title=project.folder.name,
        subject=f"Answers to {counted(len(given.rows), unit)} ({where}), by {names or 'no groups'}",
        made=project.clock(),
        unit=unit,
        findings=findings,
        yes=yes,
        said=yes,
        use=wish.use,
        notes=(*_sealed_note(given), *_unanswered_note(holdings, given, unit), *_slice_notes(decisions, unit)),
    )


def _sealed_note(given: Judged) -> list[str]:
    if given.n_sealed:
        return []
    return ["The sealed items are not looked at: every answer judged here is one of cross-validation."]


def _unanswered_note(holdings: Holdings, given: Judged, unit: str) -> list[str]:
    """Say how many items to learn from no model could be asked about without having seen them."""
    n = int(holdings.train.sum()) - (len(given.rows) - given.n_sealed)
    if n <= 0:
        return []
    whole = "their group (a source, copies) is so large that it is never held out"
    return [f"{counted(n, unit)} to learn from have no answer and are not judged: {whole}."]


def _slice_notes(decisions: bias.Decisions, unit: str) -> list[str]:
    """Say of each slice which classes are commonest in it: a slice has a number, not a meaning."""
    column = next((c for c in decisions.columns if c.name == SLICES), None)
    if column is None or decisions.y is None:
        return []
    told = []
    for code, name in enumerate(column.groups):
        y = decisions.y[(column.codes == code) & (decisions.y >= 0)]
        counts = np.bincount(y, minlength=len(decisions.classes))
        common = [decisions.classes[i] for i in np.argsort(-counts, kind="stable")[:CLASSES_NAMED] if counts[i]]
        told.append(f"{name}: {counted(len(y), unit)} that look alike, most often {listed(common)}.")
    return told


def findings_dict(found: Biased) -> dict[str, Any]:
    """Give everything that was found as a JSON document."""
    account = found.account
    return {
        "title": account.title,
        "subject": account.subject,
        "n": found.n,
        "page": None if found.path is None else str(found.path),
        "card": as_markdown(page_of(account).card),
        **summary_of(account),
        **as_json(dataclasses.asdict(account.findings)),
        "notes": [*account.notes, *account.findings.notes],
    }
