"""Small models for the tests of the model file and of `predict`: made from random numbers, not trained."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from florilegium.features import GraphEncoder, pixels_encoder
from florilegium.features.text import TextCounts, idf_of
from florilegium.model import file, strangeness
from florilegium.model.card import ModelCard
from florilegium.model.exemplars import Exemplar
from florilegium.model.graph import Likeness, image_graph, text_graph
from florilegium.model.weights import Kernel, Linear, Mlp, SparseLinear, Weights
from florilegium.source.base import Kind
from florilegium.types import Vectors

CLASSES = ("daisy", "rose", "tulip")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEMPERATURE, THRESHOLD = 0.7, 0.5


def numbers(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> Vectors:
    """Draw float32 numbers."""
    return (rng.normal(size=shape) * scale).astype(np.float32)


def image_heads(d: int, k: int, *, seed: int = 0) -> dict[str, Weights]:
    """Draw one head of each kind that takes embeddings (n, d)."""
    rng = np.random.default_rng(seed)
    hidden = [Linear(coef=numbers(rng, a, b, scale=a**-0.5), intercept=numbers(rng, b)) for a, b in ((d, 20), (20, 12))]
    return {
        "linear": Linear(coef=numbers(rng, d, k, scale=4 * d**-0.5), intercept=numbers(rng, k)),
        "kernel": Kernel(
            mean=numbers(rng, d),
            omega=numbers(rng, d, 50, scale=d**-0.5),
            phase=numbers(rng, 50),
            coef=numbers(rng, 50, k),
            intercept=numbers(rng, k),
        ),
        "mlp": Mlp(layers=(*hidden, Linear(coef=numbers(rng, 12, k), intercept=numbers(rng, k)))),
    }


def a_card(**changes: Any) -> ModelCard:
    """Make a sound card, with some fields changed."""
    fields: dict[str, Any] = {
        "kind": Kind.IMAGE,
        "classes": CLASSES,
        "encoder": "pixels8-gray-0123456789abcdef",
        "head": "linear",
        "temperature": TEMPERATURE,
        "threshold": THRESHOLD,
        "dataset_version": "0123456789abcdef",
        "training_hash": "ab" * 32,
        "n_train": 90,
        "created": NOON,
        "florilegium": "0.1.0",
        "short_side": 8,
        "provenance": {"source": "painted for a test", "encoder_licence": "Apache-2.0"},
    }
    return ModelCard(**fields | changes)


def write_image_model(
    path: Path,
    *,
    encoder: GraphEncoder | None = None,
    head: str = "linear",
    weights: Weights | None = None,
    learned: Vectors | None = None,
    limit: float = 0.2,
    **changes: Any,
) -> Path:
    """Write an image model of 8 x 8 gray pixels, or of another encoder.

    Args: learned: (e, d) vectors of the training items that it compares with.  limit: of strangeness, where it does.
    """
    encoder = encoder or pixels_encoder(side=8, gray=True)
    classes = changes.get("classes", CLASSES)
    weights = weights or image_heads(encoder.d, len(classes))[head]
    likeness = None if learned is None else Likeness(neighbours=strangeness.learn(learned), limit=limit)
    if learned is not None:
        changes = {"strangeness_limit": limit, "exemplars": some_exemplars(len(learned), classes)} | changes
    card = a_card(**{"encoder": encoder.key, "short_side": encoder.short, "head": head} | changes)
    graph = image_graph(encoder, weights, temperature=card.temperature, threshold=card.threshold, likeness=likeness)
    file.write(path, graph, card)
    return path


def some_exemplars(n: int, classes: tuple[str, ...] = CLASSES) -> tuple[Exemplar, ...]:
    """Make n examples, the classes in turn."""
    labels = [classes[i % len(classes)] for i in range(n)]
    return tuple(
        Exemplar(name=f"{label}/{i:04}.png", label=label, origin="a garden", licence="CC0-1.0")
        for i, label in enumerate(labels)
    )


TEXTS = ("where is my card", "my card has not arrived", "send my money back", "the transfer is late", "hello there")


def text_weights(vocabulary: TextCounts, *, k: int = 3, seed: int = 0) -> SparseLinear:
    """Draw a text head on a vocabulary."""
    rng = np.random.default_rng(seed)
    coef, intercept = numbers(rng, vocabulary.d, k, scale=3.0), numbers(rng, k)
    return SparseLinear(idf=idf_of(vocabulary.counts(TEXTS)), coef=coef, intercept=intercept)


def write_text_model(path: Path, **changes: Any) -> Path:
    """Write a text model whose vocabulary comes from `TEXTS`."""
    vocabulary = TextCounts.learn(TEXTS)
    card = a_card(kind=Kind.TEXT, encoder=vocabulary.key, short_side=None, vocabulary=vocabulary, **changes)
    graph = text_graph(text_weights(vocabulary), temperature=card.temperature, threshold=card.threshold)
    file.write(path, graph, card)
    return path
