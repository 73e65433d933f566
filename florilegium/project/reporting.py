"""Draw up the account of a project and write it as one page. Path: **project** (shell)."""

import platform
from collections import Counter
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import florilegium
from florilegium import evaluation, report
from florilegium.errors import StepMissing
from florilegium.evaluation import Outcome, Predictions, Score
from florilegium.project import auditing, biasing, kept, own, showing
from florilegium.project.desk import people
from florilegium.project.holdings import Holdings
from florilegium.project.monitor.sentences import watched_sentences
from florilegium.project.results import Reported, Status
from florilegium.project.training import scores_of_sources
from florilegium.source.base import Side
from florilegium.types import Ints

if TYPE_CHECKING:
    from florilegium.project.project import Project
    from florilegium.store import ModelRecord

LIBRARIES = ("numpy", "scikit-learn", "onnxruntime", "pillow")
MOST_ORIGINS = 50  # in the page's table


def write(project: "Project", holdings: Holdings) -> Reported:
    """Write the report on the current model.

    Raises: StepMissing: no model has been trained yet.
    """
    record = project.store.current_model()
    if record is None:
        raise StepMissing(
            f"{project.folder}: no model yet, so there is nothing to report. Run: florilegium train -p {project.folder}"
        )
    html = report.build(_account(project, record, holdings))
    path = project.folder / kept.REPORT_NAME
    for place in (project.folder / "reports" / f"{record.number:03}-{record.model_id[:8]}.html", path):
        with kept.replacing(place) as beside:
            beside.write_text(html, encoding="utf-8", errors="backslashreplace")
    return Reported(path=path, n_bytes=path.stat().st_size)


def answers(project: "Project", record: "ModelRecord") -> tuple[Predictions, bool]:
    """Give the model's answers to the sealed items where the seal was opened for it, else those of cross-validation.

    Raises: StepMissing: the files with the answers are gone.
    """
    test = kept.load_predictions(project.folder, record.model_id, "test")
    if test is not None:
        return test[0], True
    folds = kept.load_predictions(project.folder, record.model_id, "folds")
    if folds is None:
        raise StepMissing(
            f"{project.folder}: the model's answers are gone. Train again: florilegium train -p {project.folder}"
        )
    return folds[0], False


def _account(project: "Project", record: "ModelRecord", holdings: Holdings) -> report.Account:
    card = record.card
    test = kept.load_predictions(project.folder, record.model_id, "test")
    folds = kept.load_predictions(project.folder, record.model_id, "folds")
    opening = next((o for o in project.store.ledger() if o.model_id == record.model_id and o.verdict), None)
    judged = test is not None and opening is not None and opening.verdict is not None
    findings = auditing.last(project)
    same, new = scores_of_sources(card)
    shown = test[0] if judged and test is not None else folds[0] if folds is not None else None
    names = report.wanted(shown, findings or ()) if shown is not None else ()
    return report.Account(
        title=project.folder.name,
        made=project.clock(),
        data=_summary(project, holdings),
        model_name=f"{card['head']} head on {card['encoder'].rsplit('-', 1)[0]}",
        model_id=record.model_id,
        findings=findings or (),
        audited=findings is not None,
        baselines=tuple(Score(**score) for score in card["baselines"]),
        candidates=tuple(report.Candidate(**{**c, "score": Score(**c["score"])}) for c in card["candidates"]),
        folds=None if folds is None else folds[0],
        verdict=evaluation.verdict_from_dict(opening.verdict) if judged and opening and opening.verdict else None,
        test=test[0] if judged and test is not None else None,
        known=test[1] if judged and test is not None else None,
        same_sources=same,
        new_sources=new,
        pictures=showing.pictures(project, holdings, names),
        texts=showing.texts(holdings),
        marks=showing.marks(project, holdings, shown),
        words=showing.words(holdings),
        openings=tuple(
            report.Opening(
                k=o.k,
                at=o.opened_at,
                model_id=o.model_id,
                outcome=None if o.verdict is None else Outcome(o.verdict["outcome"]),
                alpha=o.alpha,
            )
            for o in project.store.ledger()
        ),
        provenance=_provenance(project, record),
        notes=(*card["notes"], *own.told_of_cases(project, holdings)),
        biases=_biases(project, record),
        live=watched_sentences(project, record),
        people=people.beside(project, holdings),
        promise=_promise(project),
    )


def _promise(project: "Project") -> str:
    """Say what was promised of automatic answers, where it holds for the current model."""
    from florilegium.project.queries import promising  # routing loads what only queries need

    made = promising.last(project)
    return str(made) if made is not None and made.is_current else ""


def _biases(project: "Project", record: "ModelRecord") -> report.Biases | None:
    """Give what the six tests of bias said of this model, where somebody asked them."""
    found = biasing.summary(project.folder, record.model_id)
    if found is None:
        return None
    six = tuple((each["title"], each["state"], each["state_words"], each["short"]) for each in found["six"])
    return report.Biases(lead=found["lead"], six=six, page=biasing.PAGE_NAME)


def _summary(project: "Project", holdings: Holdings) -> report.Summary:
    dataset = holdings.dataset
    labels = Counter(s.label for s in dataset.samples if s.label is not None)

    def counts(values: Iterable[str | None]) -> tuple[tuple[str, int], ...]:
        return tuple(Counter(v for v in values if v is not None).most_common(MOST_ORIGINS))

    return report.Summary(
        kind=dataset.kind,
        source=_source_name(project),
        version=dataset.version,
        classes=tuple((c, labels[c]) for c in dataset.classes),
        n=len(dataset),
        n_train=int(holdings.train.sum()),
        n_test=int(holdings.test.sum()),
        n_groups=len(np.unique(holdings.groups)),
        origins=counts(s.origin for s in dataset.samples),
        licences=counts(s.licence for s in dataset.samples),
    )


def _source_name(project: "Project") -> str:
    return Path(project.settings.source.location).name or project.settings.source.location


def _provenance(project: "Project", record: "ModelRecord") -> dict[str, str]:
    last = {run.command: run for run in project.store.runs()}
    times = {
        f"{name}, seconds": f"{run.seconds:.1f}" for name, run in last.items() if name in ("new", "audit", "verdict")
    }
    return {
        "source": _source_name(project),
        "seed": str(project.settings.seed),
        "data version": record.card["dataset_version"],
        "model": record.model_id,
        "trained": record.trained_at.strftime("%Y-%m-%d %H:%M UTC"),
        "encoder": record.card["encoder"],
        "train, seconds": f"{record.card['seconds']:.1f}",
        **times,
        "Florilegium": florilegium.__version__,
        "Python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
    }


def confusion(project: "Project") -> tuple[Ints, tuple[str, ...]]:
    """Give the counts (k, k) of the model's answers, truth down and answer across, and the class names."""
    record = project.store.current_model()
    if record is None:
        raise StepMissing(f"{project.folder}: no model yet. Run: florilegium train -p {project.folder}")
    found = evaluation.confusion(answers(project, record)[0])
    return found.counts, found.classes


def status(project: "Project") -> Status:
    """Say what the project holds, from the record alone, and which command comes next."""
    samples, _ = project.store.samples()
    sides = project.store.sides()
    kept_here = own.of_cases(project.store.lessons.names(), samples, set(sides))
    labels = [s.label for s in samples if s.label is not None]
    placed = [sides[s.name][1] for s in samples if s.name in sides and s.label is not None]
    record, ledger = project.store.current_model(), project.store.ledger()
    judged: dict[str, Any] = {o.model_id: o.verdict for o in ledger if o.verdict is not None}
    outcome = judged[record.model_id]["outcome"] if record is not None and record.model_id in judged else None
    return Status(
        folder=project.folder,
        source=_source_name(project),
        n_items=len(samples),
        n_classes=len(set(labels)),
        n_train=sum(side is Side.TRAIN for side in placed),
        n_test=sum(side is Side.TEST for side in placed),
        n_openings=ledger[-1].k if ledger else project.settings.openings_before,
        model=None if record is None else record.model_id[:16],
        outcome=outcome,
        next_command=_next(project, n=len(samples), k=len(set(labels)), trained=record is not None, outcome=outcome),
        n_from_appeals=kept_here.n_appeals,
        n_from_audits=kept_here.n_audits,
        n_not_placed=kept_here.n_not_placed,
    )


def _next(project: "Project", *, n: int, k: int, trained: bool, outcome: str | None) -> str:
    where = f"-p {project.folder}"
    if not n:
        return f"florilegium new {project.folder} {project.settings.source.location}"
    if k < 2:
        return f"florilegium label {where}"
    if not trained:
        return f"florilegium train {where}"
    return f"florilegium verdict {where}" if outcome is None else f"florilegium report {where}"
