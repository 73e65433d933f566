"""The code printed in docs/model-file.md gives what Python gives, over 200 items each."""

import csv
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.special import softmax
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from florilegium import features
from florilegium.features.text import TextCounts, idf_of, tfidf
from florilegium.model import file
from florilegium.model.graph import text_graph
from florilegium.model.weights import Linear, SparseLinear, scores
from florilegium.source.base import Files, Kind
from florilegium.types import Ints, Vectors
from tests.model_making import TEMPERATURE, THRESHOLD, a_card, write_image_model

PAGE = Path(__file__).parents[1] / "docs" / "model-file.md"
N = 200
TOLERANCE = 1e-4  # the promise of docs/model-file.md


def printed(number: int) -> str:
    """Give the page's Python block of that number."""
    return str(re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[number])


def classify_of(number: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], tuple[str, Any, bool]]:
    """Run the page's block in `folder`, where a model.onnx lies; give its `classify`."""
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    exec(compile(printed(number), str(PAGE), "exec"), names)  # noqa: S102 - our own page
    classify: Callable[[Any], tuple[str, Any, bool]] = names["classify"]
    return classify


def linear_head(vectors: Vectors, y: Ints, *, c: float) -> Linear:
    """Fit a logistic regression on standardised vectors, standardising folded in."""
    mean, spread = vectors.mean(axis=0), vectors.std(axis=0) + 1e-6
    fitted = LogisticRegression(C=c, max_iter=2000).fit((vectors - mean) / spread, y)
    coef = fitted.coef_ / spread
    return Linear(coef=coef.T.astype(np.float32), intercept=(fitted.intercept_ - coef @ mean).astype(np.float32))


def check(paths: list[Path], vectors: Vectors, head: Linear, classify: Callable[[Any], tuple[str, Any, bool]]) -> None:
    """Hold the page's code to the cached embeddings, the head in NumPy and the temperature."""
    expected = softmax(scores(head, vectors) / TEMPERATURE, axis=1)
    said = [classify(path) for path in paths]
    found = np.stack([probabilities for _, probabilities, _ in said])

    assert len(paths) >= N
    assert np.abs(found - expected).max() < TOLERANCE
    sure = expected.max(axis=1)
    clear = np.abs(sure - THRESHOLD) > TOLERANCE
    assert [known for *_, known in np.array(said, dtype=object)[clear]] == (sure >= THRESHOLD)[clear].tolist()


def test_ten_lines_without_this_package_give_the_same_digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """200 digits: plain ONNX Runtime on the file agrees with the head in NumPy on embeddings to 1e-4."""
    digits = load_digits()
    levels = (digits.images[:N] * 15.9).astype(np.uint8)
    paths = [tmp_path / f"{i}.png" for i in range(N)]
    for path, picture in zip(paths, levels, strict=True):
        Image.fromarray(picture).save(path)
    encoder = features.pixels_encoder(side=8, gray=True, deskew=True)
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    vectors = features.encode(Files(tuple(paths)), hashes, encoder=encoder, cache_dir=tmp_path / "cache").vectors
    head = linear_head(vectors, digits.target[:N], c=0.1)
    write_image_model(tmp_path / "model.onnx", encoder=encoder, weights=head, classes=tuple("0123456789"))

    check(paths, vectors, head, classify_of(0, tmp_path, monkeypatch))


@pytest.mark.data
def test_ten_lines_without_this_package_give_the_same_flowers(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """200 photos through MobileNetV2: plain ONNX Runtime on the file agrees with Python to 1e-4."""
    paths = sorted((data / "flowers20" / "images").glob("*/*.jpg"))[::9][: N + 10]
    classes = tuple(sorted({path.parent.name for path in paths}))
    encoder = features.backbone("mobilenetv2_100_tf", data=data)
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    vectors = features.encode(Files(tuple(paths)), hashes, encoder=encoder, cache_dir=tmp_path / "cache").vectors
    y = np.array([classes.index(path.parent.name) for path in paths])
    head = linear_head(vectors, y, c=0.001)
    write_image_model(tmp_path / "model.onnx", encoder=encoder, weights=head, classes=classes)

    check(paths, vectors, head, classify_of(0, tmp_path, monkeypatch))


@pytest.mark.data
def test_the_printed_code_reads_texts_too(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """200 customer queries: terms counted by the page's code give the same probabilities to 1e-4."""
    with (data / "banking77" / "test.csv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    texts = [row["text"] for row in rows]
    classes = tuple(sorted({row["category"] for row in rows}))
    vocabulary = TextCounts.learn(texts)
    counts = vocabulary.counts(texts)
    weighed = tfidf(counts, idf_of(counts))
    y = np.array([classes.index(row["category"]) for row in rows])
    # Class means are a head too, quicker to learn than any.
    coef = np.stack([np.asarray(weighed[y == i].mean(axis=0)).ravel() for i in range(len(classes))], axis=1)
    head = SparseLinear(
        idf=idf_of(counts), coef=(40 * coef).astype(np.float32), intercept=np.zeros(len(classes), dtype=np.float32)
    )
    card = a_card(kind=Kind.TEXT, short_side=None, classes=classes, vocabulary=vocabulary)
    file.write(tmp_path / "model.onnx", text_graph(head, temperature=TEMPERATURE, threshold=THRESHOLD), card)
    expected = softmax(scores(head, counts[:N]) / TEMPERATURE, axis=1)

    classify = classify_of(1, tmp_path, monkeypatch)
    found = np.stack([classify(text)[1] for text in texts[:N]])

    assert np.abs(found - expected).max() < TOLERANCE


@pytest.mark.data
def test_large_photos_differ_only_by_how_they_are_decoded(data: Path, tmp_path: Path) -> None:
    """A JPEG that is decoded at half its size keeps its label; its probability moves by a few hundredths on average."""
    paths = sorted((data / "flowers20" / "images").glob("*/*.jpg"))[::60]
    encoder = features.backbone("mobilenetv2_100_tf", data=data)
    large = []
    for path in paths:
        small = Image.open(path).convert("RGB")
        factor = 1024 / min(small.size)
        size = (round(small.width * factor), round(small.height * factor))
        small.resize(size, Image.Resampling.LANCZOS).save(tmp_path / path.name, quality=92)
        large.append(tmp_path / path.name)
    reduced = np.stack([vector for _, vector in features.stream(large, encoder) if isinstance(vector, np.ndarray)])
    whole_pixels = [np.asarray(Image.open(path)) for path in large]
    whole = np.stack([vector for _, vector in features.stream(whole_pixels, encoder) if isinstance(vector, np.ndarray)])
    alike = (reduced * whole).sum(axis=1) / np.linalg.norm(reduced, axis=1) / np.linalg.norm(whole, axis=1)

    assert len(alike) == len(paths)
    assert alike.min() > 0.9


def test_the_page_needs_ten_lines() -> None:
    """Opening the file and classifying a photo takes ten lines, imports included."""
    lines = [line for line in printed(0).splitlines() if line.strip()]

    assert len(lines) <= 10


def test_vectors_are_float32(tmp_path: Path) -> None:
    """The head's answers are float64 probabilities that sum to 1, from float32 vectors."""
    model = file.open_model(write_image_model(tmp_path / "model.onnx"))
    probabilities, _ = model.head(np.random.default_rng(0).random((5, 64), dtype=np.float32))

    assert probabilities.dtype == np.float64
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(5), abs=1e-6)
