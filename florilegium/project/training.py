"""Baselines first, then a model; both by cross-validation on the training side. Path: **project** (shell)."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import florilegium
from florilegium import baseline, evaluation, split
from florilegium import model as models
from florilegium.errors import StepMissing
from florilegium.evaluation import Predictions, Score
from florilegium.features.text import TextCounts
from florilegium.model import ModelCard
from florilegium.model import Trained as TrainedHead
from florilegium.model.weights import Features, SparseLinear
from florilegium.project import kept
from florilegium.project.holdings import Holdings
from florilegium.project.results import Trained
from florilegium.source.base import Kind
from florilegium.types import Bools, Ints

if TYPE_CHECKING:
    from florilegium.project.project import Project

MODEL = "model"  # the name of the model's score


@dataclass(frozen=True, kw_only=True, eq=False)
class _Side:
    """The training side: everything that may be looked at before the verdict."""

    rows: Ints  # (n,) rows of the holdings
    names: tuple[str, ...]
    classes: tuple[str, ...]
    y: Ints  # (n,) numbers into classes
    groups: Ints  # (n,) near-duplicates and the user's groups
    near: Ints  # (n,) near-duplicates alone
    folds: Ints  # (n,)


def train(project: "Project", holdings: Holdings) -> Trained:
    """Cross-validate the baselines; choose, calibrate and write a model; record it as the current one.

    Raises: StepMissing: fewer than two classes or groups to learn from.
    """
    began = time.perf_counter()
    side = _training_side(project, holdings)
    ladder, sampled = _baselines(project, holdings, side)
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
    asked = np.flatnonzero(side.folds >= 0)
    answers = Predictions(
        names=tuple(side.names[i] for i in asked),
        truth=side.y[asked],
        probabilities=found.probabilities[asked],
        groups=side.groups[asked],
        classes=side.classes,
    )
    own = evaluation.score(MODEL, answers.right, answers.groups)
    sources = _sources(project, holdings, side, found, vectors[found.encoder])
    model_id = _write(project, holdings, side, found, vocabulary)
    kept.save_predictions(project.folder, model_id, "folds", answers)
    card: dict[str, Any] = {
        "head": found.head.name,
        "encoder": found.encoder,
        "classes": list(side.classes),
        "n_train": len(side.y),
        "dataset_version": holdings.dataset.version,
        "cross_validated": asdict(own),
        "baselines": [asdict(score) for score in ladder],
        "candidates": _candidates(found),
        "same_sources": None if sources is None else asdict(sources[0]),
        "new_sources": None if sources is None else asdict(sources[1]),
        "shuffled": _shuffled(found, side),
        "temperature": found.temperature,
        "abstention": asdict(found.abstention),
        "notes": [holdings.choice.why, *holdings.choice.notes, *sampled, *found.notes],
        "seconds": time.perf_counter() - began,
    }
    record = project.store.add_model(model_id, card, now=project.clock())
    kept.make_current(project.folder, model_id)
    return Trained(
        record=record,
        path=project.folder / kept.MODEL_NAME,
        model=own,
        baselines=ladder,
        notes=tuple(card["notes"]),
    )


def _training_side(project: "Project", holdings: Holdings) -> _Side:
    rows = np.flatnonzero(holdings.train)
    labels = [holdings.dataset.samples[i].label or "" for i in rows]
    classes = tuple(sorted(set(labels)))
    groups = holdings.groups[rows]
    n_groups = len(np.unique(groups))
    if len(classes) < 2 or n_groups < 2:
        raise StepMissing(
            f"{project.folder}: {len(classes)} class(es) in {n_groups} group(s) to learn from; at least two of each are "
            f"needed. Add labelled items and run: florilegium new {project.folder} SOURCE"
        )
    if len(classes) == len(labels):
        raise StepMissing(
            f"{project.folder}: each of the {len(classes):,} labels occurs once, so nothing can be held out and asked about. "
            "Is this the label column? Name it with --label, or give each class several items."
        )
    number = {label: i for i, label in enumerate(classes)}
    names = tuple(holdings.dataset.names[i] for i in rows)
    y = np.array([number[label] for label in labels], dtype=np.int64)
    n_folds = min(split.N_FOLDS, n_groups)
    return _Side(
        rows=rows,
        names=names,
        classes=classes,
        y=y,
        groups=groups,
        near=holdings.near[rows],
        folds=split.folds(names, y, groups, n_folds=n_folds, seed=project.settings.seed),
    )


def views_of(holdings: Holdings, rows: Ints) -> dict[str, baseline.Rows]:
    """Give what the baselines may see of these rows: file facts, and pixels or texts."""
    looks, texts = holdings.survey.looks, holdings.texts(rows)
    views: dict[str, baseline.Rows] = {"facts": looks.facts[rows]}
    if looks.thumbs is not None:
        views["pixels"] = looks.thumbs[rows]
    if texts is not None:
        views["texts"] = np.array(texts, dtype=object)
    return views


def _baselines(project: "Project", holdings: Holdings, side: _Side) -> tuple[tuple[Score, ...], tuple[str, ...]]:
    """Give the baselines' cross-validated scores, and where only a sample was asked about."""
    climbed = baseline.climb(
        views_of(holdings, side.rows),
        side.y,
        side.folds,
        kind=holdings.dataset.kind,
        k=len(side.classes),
        seed=project.settings.seed,
        progress=project.progress,
    )
    scores = tuple(evaluation.score(each.name, each.right, side.groups[each.rows]) for each in climbed)
    return scores, tuple(each.note for each in climbed if each.note)


def answers_of_baselines(project: "Project", holdings: Holdings, classes: tuple[str, ...]) -> dict[str, Ints]:
    """Fit every baseline on the training side and let it answer the sealed items, as numbers into `classes`."""
    side = _training_side(project, holdings)
    place = np.array([classes.index(c) for c in side.classes], dtype=np.int64)
    asked = views_of(holdings, np.flatnonzero(holdings.test))
    project.progress("baselines on the sealed items", 0, None)
    fitted = baseline.fit(views_of(holdings, side.rows), side.y, kind=holdings.dataset.kind, seed=project.settings.seed)
    said: dict[str, Ints] = {}
    for name, (rule, estimator) in fitted.items():
        said[name] = place[estimator.predict(asked[rule.view])]
        project.progress("baselines on the sealed items", len(said), len(fitted))
    return said


def _features(project: "Project", holdings: Holdings, side: _Side) -> tuple[TextCounts | None, dict[str, Features]]:
    texts = holdings.texts(side.rows)
    if texts is None:
        return None, {key: e.vectors[side.rows] for key, e in holdings.survey.encoded.items()}
    vocabulary = TextCounts.learn(texts)
    return vocabulary, {vocabulary.key: vocabulary.counts(texts, progress=project.progress)}


def _sources(
    project: "Project", holdings: Holdings, side: _Side, found: TrainedHead, x: Features
) -> tuple[Score, Score] | None:
    """Give the scores on new items from the same sources and on sources never seen; None without known sources."""
    seed = project.settings.seed
    apart = split.source_folds([holdings.origins[i] for i in side.rows], side.groups)
    if apart is None:
        return None

    def scored(name: str, folds: Ints) -> Score:
        said = models.again(found, x, side.y, folds, k=len(side.classes), seed=seed).argmax(axis=1)
        asked = folds >= 0
        return evaluation.score(name, (said == side.y)[asked], side.near[asked])

    # The user's groups are often the sources themselves; only near-duplicates must not be divided here.
    mixed = split.folds(side.names, side.y, side.near, seed=seed)
    return scored("same sources", mixed), scored("sources never seen", apart)


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


def _shuffled(found: TrainedHead, side: _Side) -> dict[str, Any]:
    rows = found.shuffled_rows
    chance = evaluation.commonest_share(side.y)
    return asdict(evaluation.shuffled_labels(found.shuffled_right, side.groups[rows], chance=chance))


def _write(
    project: "Project", holdings: Holdings, side: _Side, found: TrainedHead, vocabulary: TextCounts | None
) -> str:
    """Write the model file and give the model's id, under which it is kept."""
    encoder = next((e for e in holdings.choice.encoders if e.key == found.encoder), None)
    threshold = found.threshold
    if isinstance(found.weights, SparseLinear) and vocabulary is not None:
        graph = models.text_graph(found.weights, temperature=found.temperature, threshold=threshold)
    elif encoder is not None:
        graph = models.image_graph(encoder, found.weights, temperature=found.temperature, threshold=threshold)
    else:
        raise StepMissing(
            f"{project.folder}: no encoder for {found.encoder}. Train again: florilegium train -p {project.folder}"
        )
    card = ModelCard(
        kind=holdings.dataset.kind,
        classes=side.classes,
        encoder=found.encoder,
        head=found.head.name,
        temperature=found.temperature,
        threshold=threshold,
        dataset_version=holdings.dataset.version,
        training_hash=_training_hash(holdings, side),
        n_train=len(side.y),
        created=project.clock(),
        florilegium=florilegium.__version__,
        short_side=None if holdings.dataset.kind is Kind.TEXT or encoder is None else encoder.short,
        provenance=_provenance(project, encoder),
        text=_card_text(side),
        vocabulary=vocabulary,
    )
    fresh = project.folder / "models" / "new.onnx"
    model_id = models.write(fresh, graph, card)
    fresh.replace(kept.model_path(project.folder, model_id))
    return model_id


def _training_hash(holdings: Holdings, side: _Side) -> str:
    digest = hashlib.sha256()
    for name, row in sorted(zip(side.names, side.rows.tolist(), strict=True)):
        sample = holdings.dataset.samples[row]
        digest.update(repr((name, sample.sha256, sample.label)).encode())
    return digest.hexdigest()


def _provenance(project: "Project", encoder: Any) -> dict[str, Any]:  # noqa: ANN401 - an encoder or None
    made: dict[str, Any] = {
        "source": project.settings.source.location.rsplit("/", 1)[-1],
        "seed": project.settings.seed,
    }
    if encoder is not None:
        made |= {"encoder_licence": encoder.licence, "encoder_source": encoder.source}
    return made


def _card_text(side: _Side) -> str:
    return (
        f"# A classifier of {len(side.classes)} classes\n\nMade with Florilegium {florilegium.__version__} from "
        f"{len(side.y):,} labelled items. Classes: {', '.join(side.classes[:200])}.\n\nIt abstains where it is unsure. "
        "Its verdict on sealed items, with ranges, stands in this file's metadata under `verdict`.\n"
    )
