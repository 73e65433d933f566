"""What a classifier's page tells of its model, as one JSON document. Path: evaluation -> **export** -> serve.

The server answers GET /api/card with it, an exported page holds it as card.json. Reads an opened model file and
nothing else; what was not measured is null, never guessed.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from florilegium import evaluation
from florilegium.errors import ModelFileError, StorageError
from florilegium.evaluation import Verdict, verdict_dict
from florilegium.evaluation.values import Score
from florilegium.model.figures import ClassFigures, abstention_dict
from florilegium.model.file import PROJECT_FILE
from florilegium.model.opened import ModelFile
from florilegium.report.render import cleaned, short

NAME_MOST = 60  # characters: what fits over a page and under an icon
# How the data sets that have a name are called on a page; others are called by their own name.
TITLES = {"flowers20": "Twenty popular flowers", "digits": "Handwritten digits", "mnist": "Handwritten digits"}


def page_card(model: ModelFile) -> dict[str, Any]:
    """Give all that a page shows of a model, ready for JSON.

    Keys: `name`, `title`, `classes` (label, n_train, n_asked, n_right, low, high, confused_with), `verdict`, `text`
    (the model card, Markdown), `abstention`, `short_side` (px), `created`, `n_train`, `licence`, `limits`, `id`.
    Raises: ModelFileError: the verdict in the file is damaged.
    """
    card, verdict = model.card, _verdict(model)
    name = _name(model)
    return {
        "name": name,
        "title": _text(card.provenance, "title") or TITLES.get(name, name),
        "classes": _classes(model, verdict),
        "verdict": verdict_dict(verdict) if verdict is not None else None,
        "text": cleaned(card.text),
        "abstention": _abstention(model, verdict),
        "short_side": card.short_side,
        "created": card.created.isoformat(),
        "n_train": card.n_train,
        "licence": _text(card.provenance, "licence") or "unstated",
        "limits": _limits(model, verdict),
        "id": model.id,
    }


def _name(model: ModelFile) -> str:
    """Give the file's name; a project's model is called after its source, since its file is always `model.onnx`."""
    if model.path.name != PROJECT_FILE:
        return short(str(cleaned(model.path.stem)), NAME_MOST)
    return _text(model.card.provenance, "source") or "model"


def _text(provenance: Mapping[str, Any], key: str) -> str:
    value = provenance.get(key)
    return short(str(cleaned(value)), NAME_MOST) if isinstance(value, str) else ""


def _verdict(model: ModelFile) -> Verdict | None:
    if model.card.verdict is None:
        return None
    try:
        return evaluation.verdict_from_dict(model.card.verdict)
    except StorageError as error:
        raise ModelFileError(
            f"{model.path}: the verdict in its metadata is damaged ({error}). Fetch the file again, or train again."
        ) from error


def _classes(model: ModelFile, verdict: Verdict | None) -> list[dict[str, Any]]:
    """Give the figures of each class: the file's own, else those of the verdict, else nulls."""
    if model.card.per_class:
        return [_class_dict(figures) for figures in model.card.per_class]
    asked = {score.name: score for score in verdict.per_class} if verdict is not None else {}
    return [{"label": label, "n_train": None, **_asked(asked.get(label))} for label in model.classes]


def _class_dict(figures: ClassFigures) -> dict[str, Any]:
    measured = asdict(figures) | {"confused_with": list(figures.confused_with)}
    return measured if figures.n_asked else measured | dict.fromkeys(("n_right", "low", "high"))


def _asked(score: Score | None) -> dict[str, Any]:
    if score is None:
        return {"n_asked": 0, "n_right": None, "low": None, "high": None, "confused_with": [], "judged_on": ""}
    figures = {"n_asked": score.n, "n_right": score.n_right, "low": score.low, "high": score.high}
    return {**figures, "confused_with": [], "judged_on": "sealed items"}


def _abstention(model: ModelFile, verdict: Verdict | None) -> dict[str, Any] | None:
    """Give when the model keeps silent and what that was measured to bring; None: it never does."""
    card = model.card
    if card.threshold <= 0 and card.strangeness_limit is None:
        return None
    rates = ("false_alarms", "unsure", "answered_right", "held_out_answered", "held_out_right")
    measured: dict[str, Any] = dict.fromkeys(rates) | {"misses": [], "notes": []}
    if card.abstention is not None:
        measured = abstention_dict(card.abstention)
    elif verdict is not None and verdict.answered is not None:
        measured["answered_right"] = _rate(verdict.answered)
    return {"threshold": card.threshold, "strangeness_limit": card.strangeness_limit, **measured}


def _rate(score: Score) -> dict[str, Any]:
    rate = {"name": score.name, "n": score.n, "n_events": score.n_right, "low": score.low, "high": score.high}
    return {**rate, "share": score.accuracy}


def _limits(model: ModelFile, verdict: Verdict | None) -> list[str]:
    """Say what a reader should know before relying on an answer, the plainest first."""
    stated = model.card.provenance.get("limits", [])
    own = [str(cleaned(limit)) for limit in stated if isinstance(limit, str)] if isinstance(stated, list) else []
    return own + [str(cleaned(warning)) for warning in (verdict.warnings if verdict is not None else ())]
