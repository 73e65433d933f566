"""The flowers by Florilegium and by fastai: same photos to learn from, same sealed photos to answer, same cores.

Promised: `florilegium train` on the whole set in 90 s (frozen backbone), reading and decoding included.
Beside it, as a peer, chapter 2 of the fastai book: `vision_learner(...).fine_tune(4)` with the same backbone as its
body (benchmarks/fastai_peer.py, in an environment of its own: benchmarks/make_fastai_env.sh); 8 minutes of one core.

    python -m benchmarks.bench_fastai --finetune        ours fine-tuned too
    python -m benchmarks.bench_fastai --sources 5       the peer also asked about sources that it has not seen
"""

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import florilegium
from benchmarks.__main__ import KIB_PER_MIB
from benchmarks.peers import Cost, answers_of, paired, python_of, right, row
from florilegium import split
from florilegium.model import open_model, predict
from florilegium.project import Project
from florilegium.project.tuning import TuneWish
from florilegium.source.base import Files
from florilegium.types import Ints

PROMISED_S = 90.0
HOW_TO_INSTALL = "not installed; benchmarks/make_fastai_env.sh makes .venv-fastai (1.5 GB)"
BODY = "backbones/mobilenetv2_100_tf/weights.safetensors"  # below the folder of the real data


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Photos:
    """Files with what they show and which must not be divided."""

    paths: tuple[str, ...]  # n of them
    labels: tuple[str, ...]
    groups: Ints  # (n,)

    def of(self, rows: Ints) -> "Photos":
        """Give those of these rows."""
        return Photos(
            paths=tuple(self.paths[i] for i in rows),
            labels=tuple(self.labels[i] for i in rows),
            groups=self.groups[rows],
        )


def ours(folder: str, *, finetune: bool) -> None:
    """Go from photos to a verdict; runs in a process of its own, so that time and memory are its own."""
    with florilegium.new(folder, "flowers20") as project:
        trained = project.train(TuneWish() if finetune else None)
        verdict = project.verdict()
    for found in (verdict.same_sources, verdict.new_sources):
        if found is not None:
            print(f"  {found.name}: {found}")
    for note in trained.notes:
        print(f"  {note}")


def measured(folder: Path, *, finetune: bool) -> Cost:
    """Run `ours` in a fresh process and give what it took."""
    code = f"from benchmarks.bench_fastai import ours; ours({str(folder)!r}, finetune={finetune})"
    began = time.perf_counter()
    process = os.posix_spawn(sys.executable, [sys.executable, "-c", code], os.environ)
    _, status, usage = os.wait4(process, 0)
    if status:
        sys.exit(f"ours failed: {os.waitstatus_to_exitcode(status)}")
    return Cost(
        seconds=time.perf_counter() - began,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_mib=usage.ru_maxrss / KIB_PER_MIB,
    )


def sides(project: Project) -> tuple[Photos, Photos, Ints | None]:
    """Give the photos to learn from, the sealed ones, and folds of whole sources over the former."""
    holdings = project.holdings()
    dataset = holdings.dataset
    if not isinstance(dataset.contents, Files):
        sys.exit("flowers20 is not a folder of files")
    photos = Photos(
        paths=tuple(str(path) for path in dataset.contents.paths),
        labels=tuple(sample.label or "" for sample in dataset.samples),
        groups=holdings.groups,
    )
    train, test = np.flatnonzero(holdings.train), np.flatnonzero(holdings.test)
    folds = split.source_folds([holdings.origins[i] for i in train], holdings.groups[train])
    return photos.of(train), photos.of(test), folds


def answered(model: Path, photos: Photos) -> tuple[str, ...]:
    """Let a model file answer the photos, as `florilegium predict` does."""
    return tuple(answer.label or "" for answer in predict(open_model(model), list(photos.paths)))


def peer(python: Path, learn: Photos, ask: Photos, *, epochs: int, threads: int) -> tuple[tuple[str, ...], Cost]:
    """Let fastai learn and answer in its own environment; it never sees what it is asked about but the files."""
    asked = {
        "train": list(zip(learn.paths, learn.labels, strict=True)),
        "ask": ask.paths,
        "weights": str(Path(os.environ["FLORILEGIUM_DATA"]).resolve() / BODY),
        "epochs": epochs,
        "threads": threads,
        "seed": 0,
    }
    return answers_of(python, "fastai_peer", asked)


def unseen_sources(python: Path, learn: Photos, folds: Ints, *, n_folds: int, epochs: int, threads: int) -> None:
    """Ask the peer about whole sources that it did not learn from, fold by fold, and print what it got right."""
    said: list[str] = []
    rows: list[int] = []
    for fold in range(n_folds):
        held = np.flatnonzero(folds == fold)
        known = learn.of(np.flatnonzero(folds != fold))
        answers, _ = peer(python, known, learn.of(held), epochs=epochs, threads=threads)
        said += answers
        rows += held.tolist()
    new = learn.of(np.array(rows))
    row(f"fastai, {n_folds} of 5 new sources", right(tuple(said), new.labels), new.groups)


def main() -> None:
    """Measure, print, and fail where our promise is broken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=4, help="of the peer, after one with the body frozen")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--finetune", action="store_true")
    parser.add_argument("--sources", type=int, default=0, choices=range(6))
    asked = parser.parse_args()
    if not os.environ.get("FLORILEGIUM_DATA"):
        print("skipped: needs flowers20; set FLORILEGIUM_DATA to the folder that holds flowers20/")
        return
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: asked.cores])
    with tempfile.TemporaryDirectory() as name:
        frozen = Path(name) / "frozen"
        cost = measured(frozen, finetune=False)
        with florilegium.load(frozen) as project:
            learn, ask, folds = sides(project)
        print(f"{len(learn.paths):,} photos to learn from, {len(ask.paths)} sealed, {asked.cores} core(s)\n")
        said = answered(frozen / "model.onnx", ask)
        row("florilegium train", right(said, ask.labels), ask.groups, cost)
        if asked.finetune:
            tuned_cost = measured(Path(name) / "tuned", finetune=True)
            said = answered(Path(name) / "tuned" / "model.onnx", ask)
            row("florilegium train --finetune", right(said, ask.labels), ask.groups, tuned_cost)
    compare_with_peer(learn, ask, folds, said, asked)
    if cost.seconds > PROMISED_S:
        sys.exit(f"slower than promised: {cost.seconds:.0f} s, not {PROMISED_S:.0f} s")


def compare_with_peer(
    learn: Photos, ask: Photos, folds: Ints | None, said: tuple[str, ...], asked: argparse.Namespace
) -> None:
    """Let fastai learn and answer too, and print the paired difference."""
    python = python_of("fastai")
    if python is None:
        print(f"peer: fastai skipped: {HOW_TO_INSTALL}")
        return
    print("peer: fastai's fine_tune with our MobileNetV2 as its body (hubs are out of reach), norms folded")
    theirs, cost = peer(python, learn, ask, epochs=asked.epochs, threads=asked.cores)
    row(f"fastai fine_tune({asked.epochs})", right(theirs, ask.labels), ask.groups, cost)
    paired(right(said, ask.labels), right(theirs, ask.labels), ask.groups, name="fastai")
    if asked.sources and folds is not None:
        unseen_sources(python, learn, folds, n_folds=asked.sources, epochs=asked.epochs, threads=asked.cores)


if __name__ == "__main__":
    main()
