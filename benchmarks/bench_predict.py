"""How quickly `predict` answers: photos beside the ten lines of docs/model-file.md, texts one by one and in a stream.

The peer is what one would write with ONNX Runtime alone: open, decode, run, one photo after the other, all cores to
each run. Promised: not slower than that loop, and memory as flat after 6,000 photos as after 600.
"""

import csv
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

from florilegium import features
from florilegium.features.text import TextCounts, idf_of, tfidf
from florilegium.model import file
from florilegium.model.card import ModelCard
from florilegium.model.graph import image_graph, text_graph
from florilegium.model.opened import ModelFile
from florilegium.model.predict import Prediction, predict
from florilegium.model.weights import Linear, SparseLinear
from florilegium.source.base import Kind
from florilegium.types import Octets

N_PHOTOS = 600
N_ROUNDS = 3  # the median of these; machines are shared
N_QUERIES = 2_000
PROMISED_GROWTH_MIB = 64  # from 600 to 6,000 photos
KIB_PER_MIB = 1024
CLASSES = tuple(f"class {i:02}" for i in range(20))


def main() -> None:
    """Measure, print, and fail where a promise is broken."""
    folder = os.environ.get("FLORILEGIUM_DATA")
    if not folder:
        print("skipped: set FLORILEGIUM_DATA to the folder of real data")
        return
    with tempfile.TemporaryDirectory() as made:
        kept = [photos(Path(folder), Path(made)), texts(Path(folder), Path(made))]
    sys.exit(0 if all(kept) else 1)


def photos(data: Path, folder: Path) -> bool:
    """Compare photos a second, and watch the memory."""
    paths = sorted((data / "flowers20" / "images").rglob("*.jpg"))[::3][:N_PHOTOS]
    model = photo_model(folder / "photos.onnx")
    session = onnxruntime.InferenceSession(model.path)
    rates = {"predict": [], "the ten lines": [], "decoding alone": []}  # type: dict[str, list[float]]
    for _ in range(N_ROUNDS):  # in turn, so that a busy neighbour slows all of them
        rates["predict"].append(rate(lambda: drain(predict(model, paths)), len(paths)))
        rates["the ten lines"].append(rate(lambda: drain(map(ten_lines(session), paths)), len(paths)))
        rates["decoding alone"].append(rate(lambda: drain(map(pixels, paths)), len(paths)))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    for name, value in medians.items():
        print(f"{name:<16} {value:8.0f} photos/s")
    before = peak_mib()
    drain(predict(model, chain.from_iterable(repeat(paths, 9))))
    growth = peak_mib() - before
    print(f"memory: {before:.0f} MiB after {N_PHOTOS} photos, {growth:+.0f} MiB after {10 * N_PHOTOS:,}")
    return medians["predict"] >= medians["the ten lines"] and growth <= PROMISED_GROWTH_MIB


def texts(data: Path, folder: Path) -> bool:
    """Time one query at a time, as a web page asks, and many in a stream."""
    with (data / "banking77" / "train.csv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    began = time.perf_counter()
    model = text_model(folder / "texts.onnx", [row["text"] for row in rows], [row["category"] for row in rows])
    made_s = time.perf_counter() - began
    queries = [row["text"] for row in rows[:N_QUERIES]]
    drain(predict(model, queries[:10]))
    singles = []
    for query in queries[:300]:
        began = time.perf_counter()
        drain(predict(model, [query]))
        singles.append(time.perf_counter() - began)
    per_s = statistics.median(rate(lambda: drain(predict(model, queries)), len(queries)) for _ in range(N_ROUNDS))
    low, high = np.quantile(singles, [0.5, 0.99]) * 1000
    print(f"texts: {low:.2f} ms a query alone (99 %: {high:.2f} ms), {per_s:,.0f} queries/s in a stream")
    size = model.path.stat().st_size
    print(f"text model: {model.d:,} terms, {size / 1e6:.1f} MB, vocabulary learned and file written in {made_s:.1f} s")
    return True


def photo_model(path: Path) -> ModelFile:
    """Write MobileNetV2 with a head of random numbers: speed does not depend on what was learned."""
    encoder = features.backbone("mobilenetv2_100_tf")
    rng = np.random.default_rng(0)
    head = Linear(
        coef=rng.normal(size=(encoder.d, len(CLASSES))).astype(np.float32),
        intercept=np.zeros(len(CLASSES), dtype=np.float32),
    )
    card = card_of(kind=Kind.IMAGE, classes=CLASSES, encoder=encoder.key, short_side=encoder.short)
    file.write(path, image_graph(encoder, head, temperature=1.0, threshold=0.5), card)
    return file.open_model(path)


def text_model(path: Path, strings: list[str], labels: list[str]) -> ModelFile:
    """Write a text model whose head is the mean weights of each class."""
    classes = tuple(sorted(set(labels)))
    vocabulary = TextCounts.learn(strings)
    counts = vocabulary.counts(strings)
    weighed, y = tfidf(counts, idf_of(counts)), np.array([classes.index(label) for label in labels])
    means = np.stack([np.asarray(weighed[y == i].mean(axis=0)).ravel() for i in range(len(classes))], axis=1)
    head = SparseLinear(idf=idf_of(counts), coef=means.astype(np.float32), intercept=np.zeros(len(classes), np.float32))
    card = card_of(kind=Kind.TEXT, classes=classes, encoder=vocabulary.key, vocabulary=vocabulary)
    file.write(path, text_graph(head, temperature=0.05, threshold=0.5), card)
    return file.open_model(path)


def card_of(**fields: Any) -> ModelCard:
    """Make a card for a model that nobody trained."""
    temperature = 1.0 if fields["kind"] is Kind.IMAGE else 0.05
    return ModelCard(
        head="linear",
        temperature=temperature,
        threshold=0.5,
        dataset_version="benchmark",
        training_hash="0" * 64,
        n_train=1,
        created=datetime(2026, 1, 1, tzinfo=UTC),
        florilegium="0",
        **fields,
    )


def ten_lines(session: onnxruntime.InferenceSession) -> Callable[[Path], tuple[str, Any]]:
    """Give what docs/model-file.md prints."""
    classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])

    def classify(path: Path) -> tuple[str, Any]:
        probabilities, _, label = session.run(None, {"image": pixels(path)[None]})
        return classes[label[0]], probabilities[0]

    return classify


def pixels(path: Path) -> Octets:
    """Decode a photo, upright and in colour."""
    return np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))


def drain(answers: Iterable[object]) -> None:
    """Take all answers and keep none; an error is an error of the benchmark."""
    for answer in answers:
        if isinstance(answer, Prediction) and answer.error:
            raise RuntimeError(f"{answer.input}: {answer.error}")


def rate(work: Callable[[], object], n: int) -> float:
    """Give items a second."""
    began = time.perf_counter()
    work()
    return n / (time.perf_counter() - began)


def peak_mib() -> float:
    """Give the largest resident set so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB


if __name__ == "__main__":
    main()
