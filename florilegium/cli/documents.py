"""Results as JSON documents, the contract with other programs. Path: project -> **cli**."""

from dataclasses import asdict
from typing import Any

from florilegium.evaluation.values import Score
from florilegium.project.results import Audited, Reading, Status, Trained


def reading_dict(reading: Reading, status: Status) -> dict[str, Any]:
    """Give what a reading of the source brought, and the project's state after it."""
    return {
        **status.as_dict(),
        "n_new": reading.grown.n_new,
        "n_changed": reading.grown.n_changed,
        "n_gone": reading.grown.n_gone,
        "notes": list(reading.notes),
        "faults": [asdict(fault) for fault in reading.faults],
    }


def audited_dict(result: Audited) -> dict[str, Any]:
    """Give the list of findings, worst first, the ladder of shortcuts, and what careless splits would have claimed."""
    return {
        "n": result.n,
        "findings": [{**asdict(f), "items": list(f.items)} for f in result.findings],
        "shortcuts": [asdict(rung) for rung in result.ladder],
        "leaks": [asdict(leak) for leak in result.leaks],
        "page": None if result.path is None else str(result.path),
    }


def trained_dict(result: Trained) -> dict[str, Any]:
    """Give the model chosen and what it was measured against by cross-validation."""
    return {
        "model_id": result.record.model_id,
        "path": str(result.path),
        "model": score_dict(result.model),
        "baselines": [score_dict(score) for score in result.baselines],
        "notes": list(result.notes),
    }


def score_dict(score: Score) -> dict[str, Any]:
    """Give an accuracy with its count and range."""
    return {
        "name": score.name,
        "accuracy": score.accuracy,
        "low": score.low,
        "high": score.high,
        "n_right": score.n_right,
        "n": score.n,
    }
