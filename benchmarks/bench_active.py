"""Labelling what teaches the most: how many labels it takes, against drawing at random, and how long a person waits.

Promised: on MNIST, in batches of 100, at most 700 chosen labels reach the accuracy of 2,000 random ones; on flowers20,
in batches of 20, at least 40 % fewer labels than random for the accuracy of ten random labels per class. Five seeds,
paired: both begin with the same seed and are asked about the same test items. Peers in the same run, on a smaller pool
of MNIST: TypiClust and Badge of scikit-activeml, and plain margin, all with our head, which they see through its
probabilities. An update takes under 100 ms at 10,000 items; a batch under 200 ms, at 100,000 under 2 s.

    python -m benchmarks active                  all of it; about ten minutes
    python -m benchmarks active speed            one part: speed, mnist, flowers, peers, meter
    python -m benchmarks active mnist docs/images  and draw the curves there
"""

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.active_labelling import Task, at_random, chosen, learned, needed
from benchmarks.bench_mnist import digits
from florilegium import features, source
from florilegium.active import Batch, Labelling, Meter, measure, next_batch
from florilegium.active.saving import saved
from florilegium.audit import near_duplicates
from florilegium.evaluation import wilson_interval
from florilegium.features.pixels import pixels_encoder
from florilegium.lab.drawing import Axis, Curve, chart
from florilegium.model import quick
from florilegium.model.quick import QuickHead
from florilegium.source.base import Pixels, SourceSpec
from florilegium.types import Bools, Floats, Ints, Vectors
from tests import labelling_making

SEEDS = (0, 1, 2, 3, 4)
MNIST_GOAL, MNIST_RANDOM = 700, 2_000  # labels
FLOWERS_RANDOM, FLOWERS_SAVED = 200, 0.40
SHARE_TEST = 0.3  # of the flowers, whole groups of near-duplicates
N_PEERS, N_PEER_LABELS = 5_000, 500  # pool and labels, where slow peers take part
N_METERS, BATCH, COVERAGE = 200, 15, 0.95
UPDATE_MS, BATCH_MS, LARGE_BATCH_MS = 100, 200, 2_000


def upright() -> tuple[Vectors, Ints, int]:
    """Give MNIST as upright pixels, training digits first, and how many of those there are."""
    x, y, new, truth = digits()
    both = np.concatenate([x, new])
    encoder = pixels_encoder(side=28, gray=True, deskew=True)
    names = [f"{i:064x}" for i in range(len(both))]
    return features.encode(Pixels(both), names, encoder=encoder).vectors, np.concatenate([y, truth]), len(x)


def flower_vectors() -> tuple[Vectors, Ints, Ints]:
    """Give flowers20 as the backbone's embeddings, the classes, and groups of near-duplicates."""
    harvest = source.read(SourceSpec(location="flowers20"))
    samples = harvest.samples
    encoder = features.backbone("mobilenetv2_100_tf")  # petal learned from these very photos
    x = features.encode(harvest.contents, [s.sha256 for s in samples], encoder=encoder).vectors
    y = np.unique([str(s.label) for s in samples], return_inverse=True)[1].astype(np.int64)
    return x, y, near_duplicates([s.name for s in samples], vectors=x).groups


def mnist_part(images: Path | None) -> list[str]:
    """Compare with drawing at random on MNIST; give the promises that are broken."""
    x, y, n_pool = upright()
    # Room for a column per label, so that 2,000 random labels are learned as well as they can be.
    quick.MAX_LEARNED, quick.MAX_CELLS = MNIST_RANDOM, MNIST_RANDOM * len(x)
    task = Task(name="MNIST", head=QuickHead(x), y=y, n_pool=n_pool, batch=100)
    random = [learned(task, at_random, n=MNIST_RANDOM, seed=s)[0] for s in SEEDS]
    ours = [learned(task, chosen, n=MNIST_GOAL + 300, seed=s)[0] for s in SEEDS]
    table(task, random, ours, (200, 500, 1_000, MNIST_RANDOM))
    draw(task, random, ours, images, low=0.85)
    mean = needed(np.mean(ours, axis=0), float(np.mean(random, axis=0)[-1]), task.batch)
    print(f"the mean of {MNIST_RANDOM:,} random labels is reached with {mean:.0f}; promised {MNIST_GOAL}")
    return [] if mean <= MNIST_GOAL else ["MNIST labels"]


def flowers_part(images: Path | None) -> list[str]:
    """Compare with drawing at random on flowers20; give the promises that are broken."""
    x, y, groups = flower_vectors()
    tasks = [flower_task(x, y, groups, seed) for seed in SEEDS]
    random = [learned(task, at_random, n=800, seed=s)[0] for s, task in zip(SEEDS, tasks, strict=True)]
    ours = [learned(task, chosen, n=800, seed=s)[0] for s, task in zip(SEEDS, tasks, strict=True)]
    task = tasks[0]
    table(task, random, ours, (100, FLOWERS_RANDOM, 400, 800))
    draw(task, random, ours, images, low=0.3)
    target = float(np.mean(random, axis=0)[FLOWERS_RANDOM // task.batch - 1])
    share = 1 - needed(np.mean(ours, axis=0), target, task.batch) / FLOWERS_RANDOM
    print(f"the mean of {FLOWERS_RANDOM} random labels is reached with {share:.0%} fewer; promised {FLOWERS_SAVED:.0%}")
    return [] if share >= FLOWERS_SAVED else ["flowers20 labels"]


def flower_task(x: Vectors, y: Ints, groups: Ints, seed: int) -> Task:
    """Draw the judges: whole groups of near-duplicates."""
    drawn = np.random.default_rng(seed).permutation(np.unique(groups))
    test = np.isin(groups, drawn[: round(SHARE_TEST * len(drawn))])
    order = np.argsort(test, kind="stable")
    return Task(name="flowers20", head=QuickHead(x[order]), y=y[order], n_pool=int((~test).sum()), batch=20)


def table(task: Task, random: list[Floats], ours: list[Floats], at: tuple[int, ...]) -> None:
    """Print what chosen labels reach and how many of them do what random ones do, seed by seed and on average."""
    print(f"\n{task.name}: {task.n_pool:,} to choose from, batches of {task.batch}, {len(random)} seeds")
    print(f"{'random labels':>14}{'accuracy':>10}{'chosen':>9}{'chosen labels for the same':>28}{'fewer':>8}   by seed")
    for n in at:
        place = n // task.batch - 1
        means = np.mean(random, axis=0), np.mean(ours, axis=0)
        here = f"{means[1][place]:.4f}" if place < len(means[1]) else "-"
        enough = needed(means[1], float(means[0][place]), task.batch)
        each = [needed(b, float(a[place]), task.batch) for a, b in zip(random, ours, strict=True)]
        seeds = " ".join(f"{m:.0f}" for m in each)
        print(f"{n:>14,}{means[0][place]:>10.4f}{here:>9}{enough:>28.0f}{1 - enough / n:>8.0%}   {seeds}", flush=True)


def draw(task: Task, random: list[Floats], ours: list[Floats], images: Path | None, *, low: float) -> None:
    """Write the curves as an SVG: means, and the highest and lowest seed of each."""
    if images is None:
        return
    curves = [
        Curve(name=name, x=task.batch * np.arange(1.0, len(y) + 1), y=y)
        for name, y in (
            ("chosen", np.mean(ours, axis=0)),
            ("at random", np.mean(random, axis=0)),
            ("random, best seed", np.max(random, axis=0)),
            ("random, worst seed", np.min(random, axis=0)),
        )
    ]
    most = max(len(r) for r in random) * task.batch
    title = f"{task.name}: accuracy against labels, mean of {len(ours)} seeds"
    drawing = chart(title, curves, x=Axis(name="labels", low=0, high=most), y=Axis(name="right", low=low, high=1.0))
    path = images / f"active-{task.name.lower()}.svg"
    path.write_text(f"{drawing}\n", encoding="utf-8")
    print(f"wrote {path}")


def peers_part(images: Path | None) -> list[str]:
    """Let scikit-activeml choose on a smaller pool, with our head; a peer breaks no promise."""
    del images
    try:
        from benchmarks.active_peers import compared
    except ImportError:
        print("skipped: scikit-activeml. pip install -c constraints.txt '.[bench-peers]'")
        return []
    x, y, _ = upright()
    some = np.concatenate([np.arange(N_PEERS), np.arange(60_000, 70_000)])
    task = Task(name="MNIST", head=QuickHead(x[some]), y=y[some], n_pool=N_PEERS, batch=100)
    print(
        f"\npeers: {N_PEERS:,} digits to choose from, batches of {task.batch}; accuracy after so many labels, two seeds"
    )
    compared(task, n=N_PEER_LABELS, seeds=SEEDS[:2])
    return []


def speed_part(images: Path | None) -> list[str]:
    """Time an update and a batch on one core; give the promises that are broken.

    Seconds of the core, not of the clock: others may use this machine too.
    """
    del images
    head = ("items", "numbers", "labels", "update", "batch of 20", "batch of 100")
    print("\n" + "".join(f"{word:>13}" for word in head) + "   ms of one core, best of five")
    with threadpool_limits(1):
        return [fault for n in (10_000, 100_000) for d in (256, 1_280) for fault in timed(n, d)]


def timed(n: int, d: int) -> list[str]:
    """Time n made-up items of d numbers at three counts of labels; give the promises that are broken."""
    rng = np.random.default_rng(0)
    y = rng.integers(20, size=n)
    x = rng.standard_normal((n, d), dtype=np.float32)
    x += 0.3 * rng.standard_normal((20, d), dtype=np.float32)[y]
    head, deck, labels, broken = QuickHead(x), rng.permutation(n), np.full(n, -1), []
    for m in (100, 1_000, 3_000):
        labels[deck[:m]] = y[deck[:m]]

        def update(i: int, m: int = m) -> Floats:
            return head.update(deck[: m + i], y[deck[: m + i]], k=20)

        said = update(0)

        def batch(_: int, b: int, said: Floats = said) -> Batch:
            return next_batch(x, labels, said, candidates=np.arange(n), n=b, rng=rng)

        ms = [1e3 * best(work) for work in (update, partial(batch, b=20), partial(batch, b=100))]
        print(f"{n:>13,}{d:>13,}{m:>13,}" + "".join(f"{each:>13.0f}" for each in ms), flush=True)
        broken += [f"update at {n:,} x {d:,}"] if n == 10_000 and ms[0] > UPDATE_MS else []
        broken += [f"batch at {n:,} x {d:,}"] if max(ms[1:]) > (BATCH_MS if n == 10_000 else LARGE_BATCH_MS) else []
    return broken


def best(work: Callable[[int], object]) -> float:
    """Give the shortest of five times in seconds of one core, after one that is not counted."""
    work(0)
    times = []
    for i in range(1, 6):
        began = time.process_time()
        work(i)
        times.append(time.process_time() - began)
    return min(times)


def meter_part(images: Path | None) -> list[str]:
    """Count how often the meter's ranges hold the truth, and what it claims where nothing was saved."""
    del images
    x, y = labelling_making.digits()
    head, everyone = QuickHead(x), np.arange(len(y))
    held: dict[str, list[bool]] = {}
    claims: list[bool] = []
    by_chance: list[bool] = []
    for seed in range(N_METERS):
        for none in (False, True):
            given = labelling_making.labelled(
                head, y, n=150, batch=BATCH, seed=seed, share=0.2, by_chance=none
            ).labelling
            meter = measure(given, lambda r, c, a: head.answers(r, c, a, k=10))
            (by_chance if none else claims).append(meter.saving.low > 0)
            if not none:
                for name, holds in truths(meter, given, head, y, everyone).items():
                    held.setdefault(name, []).append(holds)
    print(
        f"\nmeter: {N_METERS} labellings of 150 digits, 30 of them at random; share of 95 % ranges that hold the truth"
    )
    for name, each in held.items():
        low, high = wilson_interval(sum(each), len(each), level=0.99)
        print(f"{name:<28}{np.mean(each):>8.1%} hold the truth (99 %: {low:.1%} to {high:.1%})")
    print(f"said to have saved labels: {np.mean(claims):.0%}; where all were drawn: {np.mean(by_chance):.0%}")
    low_ends = {name: wilson_interval(sum(e), len(e), level=0.99)[1] for name, e in held.items()}
    return [f"coverage of {name}" for name, high in low_ends.items() if high < COVERAGE]


def truths(meter: Meter, given: Labelling, head: QuickHead, y: Ints, everyone: Ints) -> dict[str, bool]:
    """Tell which ranges hold what asking all items gives."""

    def right(order: Ints, m: int) -> Bools:
        learned_rows = given.rows[order[:m]]
        return np.asarray(head.answers(learned_rows, y[learned_rows], everyone, k=10) == y)

    orders = {
        "all": np.arange(len(given)),
        "chosen": np.flatnonzero(~given.at_random),
        "random": np.flatnonzero(given.at_random),
    }
    n = len(given)
    now, before = (float(right(orders["all"], m).mean()) for m in (n, n - meter.advice.n_last))
    streams = (("chosen", meter.chosen), ("random", meter.random))
    curves = [{p.n_labels: right(orders[name], p.n_labels) for p in curve.points} for name, curve in streams]
    saving = saved(*curves).share or 0.0
    went = meter.progressive.points[-1]
    judged = np.flatnonzero(given.at_random & (given.guesses >= 0))[-went.n :]
    # A guess came from all labels of the batches before its own.
    middle = np.mean([right(orders["all"], m).mean() for m in judged // BATCH * BATCH])
    point, gain = meter.now, meter.advice.gain
    if point is None or gain is None:
        sys.exit("the meter measured nothing")
    return {
        "accuracy now": point.low <= now <= point.high,
        "gain of the last labels": gain.low <= now - before <= gain.high,
        "saving": meter.saving.low <= saving <= meter.saving.high,
        "accuracy as it went": bool(went.low <= middle <= went.high),
    }


PARTS: dict[str, Callable[[Path | None], list[str]]] = {
    "speed": speed_part,
    "mnist": mnist_part,
    "flowers": flowers_part,
    "peers": peers_part,
    "meter": meter_part,
}


def main() -> None:
    """Measure, print, and fail where a promise is broken."""
    asked = [a for a in sys.argv[1:] if a in PARTS] or list(PARTS)
    folders = [Path(a) for a in sys.argv[1:] if a not in PARTS]
    if not os.environ.get("FLORILEGIUM_DATA"):
        print("skipped but for speed: set FLORILEGIUM_DATA to the folder of real data")
        asked = ["speed"]
    broken = [fault for part in asked for fault in PARTS[part](folders[0] if folders else None)]
    if broken:
        sys.exit(f"not as promised: {', '.join(broken)}")


if __name__ == "__main__":
    main()
