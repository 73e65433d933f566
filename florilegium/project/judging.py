"""Open the seal for the current model, once, and record what it showed. Path: **project** (shell)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from florilegium import evaluation
from florilegium.errors import StepMissing
from florilegium.evaluation import Predictions, Sanity, Verdict
from florilegium.model.opened import Answers, ModelFile
from florilegium.project import abstaining, kept
from florilegium.project.examples import vectors_of
from florilegium.project.holdings import Holdings
from florilegium.project.ladder import answers_of_baselines
from florilegium.project.training import scores_of_sources
from florilegium.source.base import Kind
from florilegium.types import Bools, Ints

if TYPE_CHECKING:
    from florilegium.project.project import Project
    from florilegium.store import ModelRecord, Opening


def verdict(project: "Project", ready: Callable[[], Holdings]) -> Verdict:
    """Give the recorded verdict on the current model, or open the seal and judge.

    `ready` gives the holdings; it is asked only where the seal has to be opened, because loading them takes a while.
    The opening is recorded before anything is looked at, so a crash in between costs no second opening and buys none.
    Raises: StepMissing: no model has been trained, or nothing is sealed.
    """
    record = project.store.current_model()
    if record is None:
        raise StepMissing(f"{project.folder}: no model yet. Train one first: florilegium train -p {project.folder}")
    for opening in project.store.ledger():
        if opening.model_id == record.model_id and opening.verdict is not None:
            return evaluation.verdict_from_dict(opening.verdict)
    holdings = ready()
    if not holdings.test.any():
        raise StepMissing(
            f"{project.folder}: the sealed test set is empty, because there are too few items to spare any. "
            f"Add labelled items and run: florilegium new {project.folder} SOURCE"
        )
    opening = project.store.open_seal(
        record.model_id,
        alpha_of=lambda k: evaluation.alpha_of_opening(k, alpha=project.settings.alpha),
        now=project.clock(),
        before=project.settings.openings_before,
    )
    model = kept.open_current(project.folder, record.model_id)
    predictions, answers = predict_test(project, model, holdings)
    result = _judge(project, record, opening, holdings, predictions=predictions, known=answers.known)
    project.store.record_verdict(opening.k, evaluation.verdict_dict(result))
    kept.add_verdict(
        project.folder,
        record.model_id,
        evaluation.verdict_dict(result),
        per_class=abstaining.class_figures(predictions, model.card.per_class),
        abstention=abstaining.of_model(
            model,
            answers,
            predictions,
            held_out=kept.load_predictions(project.folder, record.model_id, "folds"),
            seed=project.settings.seed,
            progress=project.progress,
        ),
    )
    return result


def _judge(
    project: "Project",
    record: "ModelRecord",
    opening: "Opening",
    holdings: Holdings,
    *,
    predictions: Predictions,
    known: Bools,
) -> Verdict:
    kept.save_predictions(project.folder, record.model_id, "test", predictions, known)
    said = answers_of_baselines(project, holdings, predictions.classes)
    same_sources, new_sources = scores_of_sources(record.card)
    return evaluation.judge(
        predictions,
        said,
        opening=opening.k,
        rng=np.random.default_rng(project.settings.seed),
        leaked=_leaked(holdings),
        known=known,
        same_sources=same_sources,
        new_sources=new_sources,
        sanity=_sanity(record, predictions, said, holdings),
        alpha=project.settings.alpha,
    )


def predict_test(project: "Project", model: ModelFile, holdings: Holdings) -> tuple[Predictions, Answers]:
    """Let the model file answer the sealed items from their cached embeddings."""
    rows = np.flatnonzero(holdings.test)
    texts, card = holdings.texts(rows), model.card
    if texts is not None and card.vocabulary is not None:
        answers = model.answers(card.vocabulary.counts(texts, progress=project.progress))
    else:
        encoder = model.encoder if card.tokenizer is None else model.sentences
        answers = model.answers(vectors_of(project, holdings, encoder, rows))
    samples = [holdings.dataset.samples[i] for i in rows]
    predictions = Predictions.of_labels(
        [s.label or "" for s in samples],
        names=[s.name for s in samples],
        probabilities=answers.probabilities,
        groups=holdings.groups[rows],
        classes=model.classes,
    )
    return predictions, answers


def _leaked(holdings: Holdings) -> Bools | None:
    """Tell which test items have a near-duplicate in train; None where none has, as in every split that we draw."""
    leaked: Bools = np.isin(holdings.near[holdings.test], holdings.near[holdings.train])
    return leaked if leaked.any() else None


def _sanity(
    record: "ModelRecord", predictions: Predictions, said: dict[str, Ints], holdings: Holdings
) -> tuple[Sanity, ...]:
    checks = [evaluation.shared_groups(holdings.groups[holdings.train], holdings.groups[holdings.test])]
    chance = evaluation.commonest_share(predictions.truth)
    texts = holdings.dataset.kind is Kind.TEXT
    for name, answers in said.items():
        if "shortcut" in name:
            right = answers == predictions.truth
            checks.append(evaluation.shortcut(predictions.right, right, predictions.groups, chance=chance, texts=texts))
    shuffled = record.card.get("shuffled")
    if shuffled is not None:
        checks.append(Sanity(**shuffled))
    return tuple(checks)
