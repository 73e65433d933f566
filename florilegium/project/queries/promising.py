"""What the current model may answer without a person, recorded and read back. Path: **project** (shell).

The promise is made from answers of cross-validation, which the model gave to texts that it had not seen; it holds for
this model and these replies alone, and for queries like those texts. Whether it is kept is what blind audits tell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from florilegium.errors import InputError, StepMissing
from florilegium.evaluation import Promise, Score, promise
from florilegium.evaluation.selective import ERROR, SURE
from florilegium.project import kept
from florilegium.queries import Reply, askings, filled, ready
from florilegium.queries.reply import best_for

if TYPE_CHECKING:
    from florilegium.project.project import Project
    from florilegium.store import ModelRecord

COMMAND = "queries promise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is promised to queries that are asked so that replies to the same intents can go out."""

    told: str  # how they are asked, in words; empty where all are asked alike
    intents: frozenset[str]
    promise: Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """What is promised, and what it holds for."""

    cases: tuple[Case, ...]  # the first one has the most intents; without replies, one that says what could be promised
    model_id: str
    n_without: int  # intents without a reply, whose queries wait for a person
    n_open: int = 0  # intents whose usual reply has a place that only the sender can fill, such as {name}
    ended: str = ""  # why it holds no more

    @property
    def is_current(self) -> bool:
        """Tell whether it holds for the model that answers, and for the replies in use."""
        return not self.ended

    @property
    def intents(self) -> frozenset[str]:
        """Give the intents that are answered automatically."""
        return self.cases[0].intents

    @property
    def promise(self) -> Promise:
        """Give the promise of most intents, where it could be given; else of the next case."""
        return next((case.promise for case in self.cases if case.promise.is_given), self.cases[0].promise)

    @property
    def threshold(self) -> float | None:
        """Give the probability from which on an answer is automatic, in the case of most intents; None: none is."""
        return self.promise.threshold if self.is_current and self.intents else None

    def threshold_for(self, intents: frozenset[str]) -> float | None:
        """Give the threshold where replies to just these intents can go out; None: nothing is promised then."""
        if not self.is_current or not intents:
            return None
        return next((case.promise.threshold for case in self.cases if case.intents == intents), None)

    def __str__(self) -> str:
        """Say the promise, or why there is none."""
        if self.ended:
            return f"{self.ended}. Make it anew: florilegium queries promise"
        if not self.intents:
            return "there are no replies yet. Take some into use: florilegium queries replies FILE"
        return str(self.promise)


def make(project: "Project", *, error: float = ERROR, sure: float = SURE) -> Promised:
    """Choose the threshold for the current model, one for each way of asking that lets other replies go out.

    Each is promised with a chance of failing of (1 - sure) / cases, so that all hold together with `sure` (Bonferroni).

    Raises: StepMissing: no model, or its answers are gone.  InputError: the project holds no texts.
    """
    record = model_of(project)
    found = kept.load_predictions(project.folder, record.model_id, "folds")
    if found is None:
        raise StepMissing(f"{project.folder}: the model's answers are gone. Train again: florilegium train")
    answers, known = found
    replies = project.store.queries.replies()
    sets = sets_of(replies)
    said, probability = answers.probabilities.argmax(axis=1), answers.probabilities.max(axis=1)

    def promised(intents: frozenset[str]) -> Promise:
        can = np.array([name in intents for name in answers.classes], dtype=np.bool_)
        sure_of = np.where(known & can[said], probability, 0.0)
        each = 1 - (1 - sure) / max(len(sets), 1)
        made = promise(sure_of, answers.right, answers.groups, error=error, sure=each, seed=project.settings.seed)
        return replace(made, sure=sure)

    cases = [Case(told=told, intents=intents, promise=promised(intents)) for intents, told in sets.items()]
    could = Case(told="", intents=frozenset(), promise=promised(frozenset(answers.classes)))
    answered = {reply.intent for reply in replies}
    usual = [best_for(replies, intent) for intent in answered]
    return Promised(
        cases=tuple(cases) or (could,),
        model_id=record.model_id,
        n_without=sum(name not in answered for name in answers.classes),
        n_open=sum(reply is not None and bool(filled(reply)[1]) for reply in usual),
    )


def sets_of(replies: Sequence[Reply]) -> dict[frozenset[str], str]:
    """Give the sets of intents whose replies can go out together, most first, and how one asks for each in words."""
    found: dict[frozenset[str], str] = {}
    for asking in askings(replies):
        found.setdefault(ready(replies, asking), str(asking))
    found.pop(frozenset(), None)
    ordered = sorted(found, key=lambda intents: (-len(intents), sorted(intents)))
    return {intents: found[intents] if len(found) > 1 else "" for intents in ordered}


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
    cases = [
        {"told": case.told, "intents": sorted(case.intents), "promise": asdict(case.promise)} for case in made.cases
    ]
    return {"cases": cases, "model": made.model_id, "n_without": made.n_without, "n_open": made.n_open}


def last(project: "Project") -> Promised | None:
    """Give the promise made last; None: none was."""
    runs = [run for run in project.store.runs() if run.command == COMMAND]
    current = project.store.current_model()
    if not runs or current is None:
        return None
    details = runs[-1].details
    if "cases" not in details:  # written by an earlier version, which did not look at how a query is asked
        details = {**details, "cases": [{**details, "told": ""}], "earlier": True}
    cases = tuple(
        Case(told=each["told"], intents=frozenset(each["intents"]), promise=_promise(each["promise"]))
        for each in details["cases"]
    )
    sets = sets_of(project.store.queries.replies())
    ended = ""
    if details["model"] != current.model_id:
        ended = "the promise was made for an earlier model"
    elif details.get("earlier") or {case.intents for case in cases if case.intents} != set(sets):
        ended = "the promise was made for other replies"
    return Promised(
        cases=cases,
        model_id=details["model"],
        n_without=details["n_without"],
        n_open=details.get("n_open", 0),
        ended=ended,
    )


def ended_notes(project: "Project") -> tuple[str, ...]:
    """Say that automatic answers have stopped, where something was promised that does not hold any more."""
    made = last(project)
    if made is None or made.is_current:
        return ()
    return (f"The query desk answers nothing by itself now: {made}.",)


def same_since(project: "Project") -> datetime | None:
    """Give the moment since which the same error rate is promised of the same model; None: nothing was promised."""
    found = None
    asked: tuple[str, float] | None = None
    for run in project.store.runs():
        if run.command == COMMAND:
            details = run.details
            error = details["cases"][0]["promise"]["error"] if "cases" in details else details["promise"]["error"]
            if (details["model"], error) != asked:
                asked, found = (details["model"], error), run.at
    return found


def _promise(details: Mapping[str, Any]) -> Promise:
    scores = {name: None if details[name] is None else Score(**details[name]) for name in ("automatic", "wrong")}
    return Promise(**{**details, **scores})
