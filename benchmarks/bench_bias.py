"""The tests of bias, held to what they promise: power, coverage, false finds, and a million decisions in a minute.

Promised, for each of the six kinds: a planted bias of the stated size is found in at least 90 of 100 samples of the
stated n, its range covers the truth in 95 of 100, and where nothing is planted anything at all is found in at most 5 of
100, all tests and groups together. A share is measured from finitely many samples: a promise is broken where the range
of the measured share lies wholly on the wrong side; the ranges hold for all 18 shares together in 99 of 100 runs. Power
is also the share of *all* that was planted, after Holm's correction over everything that was tested with it.

    python -m benchmarks bias            400 samples of each
    python -m benchmarks bias 1000       as many samples
    python -m benchmarks bias --rows     only the million decisions
"""

import dataclasses
import resource
import sys
import time

import numpy as np

from florilegium.bias import Column, Decisions, examine, planted
from florilegium.evaluation import wilson_interval

PROMISED_POWER, PROMISED_COVERAGE, PROMISED_FALSE = 0.90, 0.95, 0.05
PROMISED_S, PROMISED_BYTES = 60.0, 4 * 2**30
N_SAMPLES = 400
N_RESAMPLES = 1_000
LEVEL = 1 - 0.01 / 18  # of the range of each of 18 measured shares; all of them hold in 99 of 100 runs
N_ROWS = 1_000_000
N_GROUPS = (2, 5, 10, 20, 8)  # of the five columns


def measured(kind: str, n_samples: int) -> dict[str, int]:
    """Count how often the planted bias was found, how often covered, and how often something was found in nothing."""
    promise = planted.PROMISES[kind]
    counts = {"power": 0, "coverage": 0, "false finds": 0}
    for seed in range(n_samples):
        rng = np.random.default_rng([seed, len(kind)])
        given = promise.make(promise.n, promise.size, rng)
        found = examine(given.decisions, seed=seed, n_resamples=N_RESAMPLES, with_tables=False)
        met = planted.meant(found, kind, given)
        counts["power"] += met.found
        counts["coverage"] += met.covered
        nothing = promise.make(promise.n, 0.0, rng).decisions
        counts["false finds"] += bool(examine(nothing, seed=seed, n_resamples=N_RESAMPLES, with_tables=False).found)
    return counts


def table(n_samples: int) -> list[str]:
    """Print a line per kind; give the promises that are broken."""
    print(f"{n_samples} samples of each; in brackets ranges that hold together in 99 of 100 runs")
    print(f"{'kind':<16}{'size':>6}{'n':>7}   {'power':<24}{'coverage':<24}{'false finds':<24}")
    broken = []
    for kind, promise in planted.PROMISES.items():
        counts = measured(kind, n_samples)
        ranges = {name: wilson_interval(count, n_samples, level=LEVEL) for name, count in counts.items()}
        cells = [
            f"{counts[name] / n_samples:7.1%} ({low:.1%} to {high:.1%})".ljust(24)
            for name, (low, high) in ranges.items()
        ]
        print(f"{kind:<16}{promise.size:>6g}{promise.n:>7,}   {''.join(cells)}", flush=True)
        broken += [f"{kind}: power"] if ranges["power"][1] < PROMISED_POWER else []
        broken += [f"{kind}: coverage"] if ranges["coverage"][1] < PROMISED_COVERAGE else []
        broken += [f"{kind}: false finds"] if ranges["false finds"][0] > PROMISED_FALSE else []
    return broken


def many_rows() -> list[str]:
    """Examine a million decisions with five columns of groups; give the promises that are broken."""
    rng = np.random.default_rng(0)
    columns = tuple(
        Column(name=f"column {i}", groups=tuple(f"group {j}" for j in range(g)), codes=rng.integers(0, g, N_ROWS))
        for i, g in enumerate(N_GROUPS, 1)
    )
    y = (rng.random(N_ROWS) < planted.BASE_RATE).astype(np.int64)
    scores = rng.normal(y, 1.0)
    given = Decisions(
        y=y,
        predicted=(scores > 0.5).astype(np.int64),
        scores=scores,
        classes=planted.CLASSES,
        positive=1,
        columns=columns,
    )
    broken = []
    for name, clusters in (("single rows", None), ("half a million persons", rng.integers(0, N_ROWS // 2, N_ROWS))):
        began, core_began = time.perf_counter(), time.process_time()
        found = examine(dataclasses.replace(given, clusters=clusters), seed=0)
        seconds, core_s = time.perf_counter() - began, time.process_time() - core_began
        print(
            f"{N_ROWS:,} decisions, {len(columns)} columns, {name}: {seconds:.1f} s, {core_s:.1f} of one core, "
            f"{found.n_tests} tests, {len(found.found)} found  promised under {PROMISED_S:.0f} s"
        )
        # Nearly all of it runs on one core, so its seconds are those of a machine with nothing else to do.
        broken += [f"time, {name}"] if min(seconds, core_s) > PROMISED_S else []
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"peak memory {peak / 2**30:.2f} GiB  promised under {PROMISED_BYTES / 2**30:.0f}")
    return broken + (["memory"] if peak > PROMISED_BYTES else [])


def main() -> None:
    """Measure, print, and fail where a promise is broken."""
    asked = sys.argv[1:]
    broken = many_rows()
    if "--rows" not in asked:
        broken += table(int(asked[0]) if asked else N_SAMPLES)
    if broken:
        sys.exit(f"broken: {', '.join(broken)}")


if __name__ == "__main__":
    main()
