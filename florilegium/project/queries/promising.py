"""What the current model may answer without a person, recorded and read back. Path: **project** (shell).

The promise is made from answers of cross-validation, which the model gave to texts that it had not seen; it holds for
this model and these intents alone, and for queries like those texts. Whether it is kept is what blind audits tell.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from florilegium.errors import InputError, StepMissing
from florilegium.evaluation import Promise, Score, promise
from florilegium.evaluation.selective import ERROR, SURE
from florilegium.project import kept
from florilegium.queries.reply import best_for, filled

if TYPE_CHECKING:
    from florilegium.project.project import Project
    from florilegium.store import ModelRecord

COMMAND = "queries promise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """A promise, and what it holds for."""

    promise: Promise
    model_id: str
    intents: frozenset[str]  # that had a reply when it was made; only these are answered automatically
    n_without: int  # intents without a reply, whose queries wait for a person
    n_open: int = 0  # intents whose reply has a place that only the sender can fill, such as {name}
    is_current: bool = True  # made for the model that answers now

    @property
    def threshold(self) -> float | None:
        """Give the probability from which on an answer is automatic; None: none is."""
        return self.promise.threshold if self.is_current else None

    def __str__(self) -> str:
        """Say the promise, or why it does not hold any more."""
        if not self.is_current:
            return "the promise was made for an earlier model. Make it anew: florilegium queries promise"
        return str(self.promise)


def make(project: "Project", *, error: float = ERROR, sure: float = SURE) -> Promised:
    """Choose the threshold for the current model.

    Raises: StepMissing: no model, or its answers are gone.  InputError: the project holds no texts.
    """
    record = model_of(project)
    found = kept.load_predictions(project.folder, record.model_id, "folds")
    if found is None:
        raise StepMissing(f"{project.folder}: the model's answers are gone. Train again: florilegium train")
    answers, known = found
    replies = project.store.queries.replies()
    intents = frozenset(reply.intent for reply in replies) or frozenset(answers.classes)
    said = answers.probabilities.argmax(axis=1)
    has_reply = np.array([name in intents for name in answers.classes], dtype=np.bool_)
    sure_of = np.where(known & has_reply[said], answers.probabilities.max(axis=1), 0.0)
    made = promise(sure_of, answers.right, answers.groups, error=error, sure=sure, seed=project.settings.seed)
    n_without = int((~has_reply).sum())
    usual = [best_for(replies, intent) for intent in intents]
    n_open = sum(reply is not None and bool(filled(reply)[1]) for reply in usual)
    return Promised(promise=made, model_id=record.model_id, intents=intents, n_without=n_without, n_open=n_open)


def model_of(project: "Project") -> "ModelRecord":
    """Give the record of the model that answers.

    Raises: StepMissing: there is none.  InputError: the project holds no texts.
    """
    record = project.store.current_model()
    if record is None:
        raise StepMissing(f"{project.folder}: no model yet. Train one first: florilegium train -p {project.folder}")
    if not project.store.holds_texts():
        raise InputError(f"{project.folder}: its items are pictures. Queries are texts; make a project from a table.")
    return record


def record_of(made: Promised) -> dict[str, Any]:
    """Give a promise as the record of runs keeps it."""
    details = asdict(made.promise)
    counts = {"n_without": made.n_without, "n_open": made.n_open}
    return {"promise": details, "model": made.model_id, "intents": sorted(made.intents), **counts}


def last(project: "Project") -> Promised | None:
    """Give the promise made last; None: none was."""
    runs = [run for run in project.store.runs() if run.command == COMMAND]
    current = project.store.current_model()
    if not runs or current is None:
        return None
    details = runs[-1].details
    return Promised(
        promise=_promise(details["promise"]),
        model_id=details["model"],
        intents=frozenset(details["intents"]),
        n_without=details["n_without"],
        n_open=details.get("n_open", 0),  # promises of the first days do not have it
        is_current=details["model"] == current.model_id,
    )


def _promise(details: Mapping[str, Any]) -> Promise:
    scores = {name: None if details[name] is None else Score(**details[name]) for name in ("automatic", "wrong")}
    return Promise(**{**details, **scores})
