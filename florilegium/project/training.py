"""Baselines first, then a model; both by cross-validation on the training side. Path: **project** (shell)."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

import florilegium
from florilegium import evaluation, split
from florilegium import model as models
from florilegium.audit import combine
from florilegium.evaluation import Predictions, Score
from florilegium.features.text import TextCounts
from florilegium.model import Trained as TrainedHead
from florilegium.model.weights import Features
from florilegium.project import abstaining, kept
from florilegium.project.encoders import cut_notes
from florilegium.project.holdings import Holdings, numbers_of
from florilegium.project.ladder import climb
from florilegium.project.own import told_of_cases
from florilegium.project.publishing import publish, trained_figures, training_hash
from florilegium.project.results import Trained
from florilegium.project.side import TrainingSide, training_side
from florilegium.project.tuning import TuneWish, tune
from florilegium.store import ModelRecord
from florilegium.types import Bools, Ints, Vectors

if TYPE_CHECKING:
    from florilegium.project.project import Project

MODEL = "model"  # the name of the model's score


def train(project: "Project", holdings: Holdings, wish: TuneWish | None = None) -> Trained:
    """Cross-validate the baselines; choose, calibrate and write a model; record it as the current one.

    Where nothing that training depends on has changed since the current model was trained, that one is given again;
    a fine-tuned one stays when no fine-tuning is asked for.
    Args: wish: fine-tune the network too, and keep that where it is shown to be better.
    Raises: StepMissing: fewer than two classes or groups to learn from.
    """
    side = training_side(project, holdings)
    record = project.store.current_model()
    inputs = _inputs(project, holdings, side)
    if record is None or not _is_current(project, record, inputs, wish):
        model_id, card = _learned(project, holdings, side, wish)
        asked = None if wish is None else wish.key
        record = project.store.add_model(model_id, {**card, "inputs": inputs, "tuning": asked}, now=project.clock())
    kept.make_current(project.folder, record.model_id)
    return Trained(
        record=record,
        path=project.folder / kept.MODEL_NAME,
        model=Score(**record.card["cross_validated"]),
        baselines=tuple(Score(**score) for score in record.card["baselines"]),
        notes=(*record.card["notes"], *told_of_cases(project, holdings)),
    )


def _is_current(project: "Project", record: ModelRecord, inputs: str, wish: TuneWish | None) -> bool:
    same = record.card.get("inputs") == inputs and kept.is_kept(project.folder, record.model_id)
    return same and (wish is None or record.card.get("tuning") == wish.key)


def _inputs(project: "Project", holdings: Holdings, side: TrainingSide) -> str:
    """Give a hash over all that a training depends on."""
    digest = hashlib.sha256(training_hash(holdings, side).encode())
    settings = (project.settings.seed, project.settings.answer_accuracy, florilegium.__version__)
    digest.update(repr((settings, [e.key for e in holdings.choice.encoders], holdings.choice.name)).encode())
    digest.update(side.groups.tobytes() + side.near.tobytes())
    digest.update(repr([holdings.origins[i] for i in side.rows]).encode())
    return digest.hexdigest()


def _learned(
    project: "Project", holdings: Holdings, side: TrainingSide, wish: TuneWish | None
) -> tuple[str, dict[str, Any]]:
    """Train, write the model file and its out-of-fold answers; give the model's id and its record."""
    began = time.perf_counter()
    ladder, sampled = climb(project, holdings, side)
    vocabulary, vectors = _features(project, holdings, side)
    found = models.train(
        vectors,
        side.y,
        k=len(side.classes),
        folds=side.folds,
        seed=project.settings.seed,
        target=project.settings.answer_accuracy,
        progress=project.progress,
    )
    sources = _sources(project, holdings, side, found, vectors[found.encoder])
    tuning = None if wish is None else tune(project, holdings, side, found, x=_dense(vectors[found.encoder]), wish=wish)
    encoder = next((e for e in holdings.choice.encoders if e.key == found.encoder), None)
    if tuning is not None:
        found, encoder = tuning.found, tuning.encoder or encoder
        sources = sources if tuning.encoder is None else _tuned_sources(holdings, side, found)
    cut = cut_notes(holdings.choice.encoders, holdings.texts(side.rows))
    answers = _out_of_fold(side, found)
    own = evaluation.score(MODEL, answers.right, answers.groups)
    figures = abstaining.class_figures(answers, trained_figures(side), judged_on=abstaining.HELD_OUT)
    model_id = publish(project, holdings, side, found, encoder=encoder, vocabulary=vocabulary, per_class=figures)
    kept.save_predictions(project.folder, model_id, "folds", answers, found.known[side.folds >= 0])
    return model_id, {
        "head": found.head.name,
        "encoder": found.encoder,
        "classes": list(side.classes),
        "n_train": len(side.y),
        "dataset_version": holdings.dataset.version,
        "cross_validated": asdict(own),
        "baselines": [asdict(score) for score in ladder],
        "candidates": _candidates(found),
        "same_sources": None if sources is None or sources[0] is None else asdict(sources[0]),
        "new_sources": None if sources is None else asdict(sources[1]),
        "fine_tuning": None if tuning is None else tuning.record,
        "shuffled": _shuffled(found, side),
        "temperature": found.temperature,
        "abstention": asdict(found.abstention),
        "notes": [holdings.choice.why, *holdings.choice.notes, *cut, *sampled, *found.notes],
        "seconds": time.perf_counter() - began,
    }


def _out_of_fold(side: TrainingSide, found: TrainedHead) -> Predictions:
    asked = np.flatnonzero(side.folds >= 0)
    return Predictions(
        names=tuple(side.names[i] for i in asked),
        truth=side.y[asked],
        probabilities=found.probabilities[asked],
        groups=side.groups[asked],
        classes=side.classes,
    )


def _features(
    project: "Project", holdings: Holdings, side: TrainingSide
) -> tuple[TextCounts | None, dict[str, Features]]:
    texts = holdings.texts(side.rows)
    if texts is None or holdings.survey.encoded:
        return None, {key: e.vectors[side.rows] for key, e in holdings.survey.encoded.items()}
    vocabulary = TextCounts.learn(texts)
    return vocabulary, {vocabulary.key: vocabulary.counts(texts, progress=project.progress)}


def _sources(
    project: "Project", holdings: Holdings, side: TrainingSide, found: TrainedHead, x: Features
) -> tuple[Score | None, Score] | None:
    """Give the scores on new items from the same sources and on sources never seen; None without known sources."""
    seed = project.settings.seed
    origins = [holdings.origins[i] for i in side.rows]
    apart = split.source_folds(origins, side.groups)
    if apart is None:
        return None

    def scored(name: str, folds: Ints, clusters: Ints) -> Score:
        said = models.again(found, x, side.y, folds, k=len(side.classes), seed=seed).argmax(axis=1)
        asked = folds >= 0
        return evaluation.score(name, (said == side.y)[asked], clusters[asked])

    # The user's groups are often the sources themselves; only near-duplicates must not be divided here.
    mixed = split.folds(side.names, side.y, side.near, seed=seed)
    # A new source is drawn whole, so the range is about sources, not about single items.
    drawn = combine(side.groups, numbers_of(origins))
    return scored("same sources", mixed, side.near), scored("sources never seen", apart, drawn)


def _tuned_sources(holdings: Holdings, side: TrainingSide, found: TrainedHead) -> tuple[None, Score] | None:
    """Give the score on sources never seen, where the folds of the fine-tuning held out whole sources.

    Other folds would take another hour each; so there is no score on the same sources, and none on new ones where
    sources and folds cross.
    """
    origins = [holdings.origins[i] for i in side.rows]
    folds_of: dict[str | None, set[int]] = {}
    for origin, fold in zip(origins, side.folds.tolist(), strict=True):
        folds_of.setdefault(origin, set()).add(fold)
    if None in folds_of or len(folds_of) == 1 or any(len(folds) > 1 for folds in folds_of.values()):
        return None
    asked = side.folds >= 0
    right = (found.scores.argmax(axis=1) == side.y)[asked]
    return None, evaluation.score("sources never seen", right, combine(side.groups, numbers_of(origins))[asked])


def _dense(x: Features) -> Vectors:
    """Give the vectors of pictures, which are dense; texts have nothing to fine-tune."""
    return np.zeros((x.shape[0], 0), dtype=np.float32) if sp.issparse(x) else np.asarray(x)


def scores_of_sources(card: Mapping[str, Any]) -> tuple[Score | None, Score | None]:
    """Read the two scores back from a model's record."""
    same, new = card.get("same_sources"), card.get("new_sources")
    return (None if same is None else Score(**same)), (None if new is None else Score(**new))


def _candidates(found: TrainedHead) -> list[dict[str, Any]]:
    made = []
    for candidate in found.candidates:
        right: Bools = np.arange(candidate.n) < candidate.n_right
        name = f"{candidate.head} on {candidate.encoder.rsplit('-', 1)[0]}"
        score = evaluation.score(f"{name} ({candidate.settings})", right, np.arange(candidate.n))
        chosen = candidate.encoder == found.encoder and candidate.head == found.head.name
        made.append({"name": score.name, "score": asdict(score), "seconds": candidate.seconds, "chosen": chosen})
    return made


def _shuffled(found: TrainedHead, side: TrainingSide) -> dict[str, Any]:
    rows = found.shuffled_rows
    chance = evaluation.commonest_share(side.y)
    return asdict(evaluation.shuffled_labels(found.shuffled_right, side.groups[rows], chance=chance))
