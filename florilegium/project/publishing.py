"""Write a trained head as the one-file model, with where it comes from. Path: **project** (shell)."""

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx

import florilegium
from florilegium import model as models
from florilegium.errors import StepMissing
from florilegium.features import GraphEncoder, SentenceEncoder
from florilegium.features.precision import narrowed
from florilegium.features.text import TextCounts
from florilegium.model import Exemplar, ModelCard
from florilegium.model import Trained as TrainedHead
from florilegium.model.figures import ClassFigures
from florilegium.model.weights import SparseLinear
from florilegium.project import examples, kept
from florilegium.project.describing import card_text
from florilegium.project.holdings import Holdings
from florilegium.project.side import TrainingSide

if TYPE_CHECKING:
    from florilegium.project.project import Project


def publish(
    project: "Project",
    holdings: Holdings,
    side: TrainingSide,
    found: TrainedHead,
    *,
    encoder: GraphEncoder | SentenceEncoder | None,
    vocabulary: TextCounts | None,
    per_class: tuple[ClassFigures, ...],
) -> str:
    """Write the model file and give the model's id, under which it is kept.

    Args: encoder: what makes the vectors that `found` reads; None: counted terms.  per_class: in the order of `side`.
    """
    graph, exemplars = _graph(project, holdings, side, found, encoder=encoder, vocabulary=vocabulary)
    card = ModelCard(
        kind=holdings.dataset.kind,
        classes=side.classes,
        encoder=found.encoder,
        head=found.head.name,
        temperature=found.temperature,
        threshold=found.threshold,
        dataset_version=holdings.dataset.version,
        training_hash=training_hash(holdings, side),
        n_train=len(side.y),
        created=project.clock(),
        florilegium=florilegium.__version__,
        short_side=encoder.short if isinstance(encoder, GraphEncoder) else None,
        provenance=_provenance(project, encoder),
        text=card_text(project, holdings, side, encoder),
        vocabulary=vocabulary,
        tokenizer=encoder.rules if isinstance(encoder, SentenceEncoder) else None,
        strangeness_limit=found.abstention.limit if exemplars else None,
        exemplars=exemplars,
        per_class=per_class,
    )
    fresh = project.folder / "models" / "new.onnx"
    model_id = models.write(fresh, graph, card)
    fresh.replace(kept.model_path(project.folder, model_id))
    return model_id


def _graph(
    project: "Project",
    holdings: Holdings,
    side: TrainingSide,
    found: TrainedHead,
    *,
    encoder: GraphEncoder | SentenceEncoder | None,
    vocabulary: TextCounts | None,
) -> tuple[onnx.ModelProto, tuple[Exemplar, ...]]:
    """Make the graph, and the examples that it points to."""
    numbers = {"temperature": found.temperature, "threshold": found.threshold}
    if isinstance(found.weights, SparseLinear) and vocabulary is not None:
        return models.text_graph(found.weights, **numbers), ()
    if encoder is None:
        raise StepMissing(
            f"{project.folder}: no encoder for {found.encoder}. Train again: florilegium train -p {project.folder}"
        )
    likeness, exemplars = examples.gather(project, holdings, side, encoder, limit=found.abstention.limit)
    if isinstance(encoder, SentenceEncoder):
        graph = models.sentence_graph(encoder, found.weights, likeness=likeness, **numbers)
    else:
        graph = models.image_graph(encoder, found.weights, likeness=likeness, **numbers)
    # A fine-tuned network was rounded to half precision: stored so, nothing changes but the size of the file.
    return narrowed(graph), exemplars


def trained_figures(side: TrainingSide) -> tuple[ClassFigures, ...]:
    """Give what each class is learned from, before anything was asked."""
    counts = np.bincount(side.y, minlength=len(side.classes)).tolist()
    return tuple(ClassFigures(label=label, n_train=n) for label, n in zip(side.classes, counts, strict=True))


def training_hash(holdings: Holdings, side: TrainingSide) -> str:
    """Give the SHA-256 over names, contents and labels of the training side, whatever their order."""
    digest = hashlib.sha256()
    for name, row in sorted(zip(side.names, side.rows.tolist(), strict=True)):
        sample = holdings.dataset.samples[row]
        digest.update(repr((name, sample.sha256, sample.label)).encode())
    return digest.hexdigest()


def _provenance(project: "Project", encoder: GraphEncoder | SentenceEncoder | None) -> dict[str, Any]:
    made: dict[str, Any] = {
        "source": project.settings.source.location.rsplit("/", 1)[-1],
        "seed": project.settings.seed,
    }
    if encoder is not None:
        made |= {"encoder_licence": encoder.licence, "encoder_source": encoder.source}
    return made
