"""Is a promised error rate of automatic answers kept, and how many queries does that answer automatically.

    python -m benchmarks selective

Banking77's 10,003 training queries are answered once in five-fold cross-validation by the text head. Then, 200 times, a
random half calibrates (temperature and threshold), and the other half tells what the promise was worth. Promised: at
2 % the realised error's 95 % range covers 2 % or lies below it, and 70 % of the queries are answered automatically.
Beside it stands the threshold that merely had 2 % wrong answers on the calibrating half.
"""

import os
import sys
import time

import numpy as np

from florilegium import source, split
from florilegium.audit.duplicates import SIMILAR_TEXTS, near_duplicates
from florilegium.dataset import Dataset
from florilegium.evaluation import promise
from florilegium.features.text import TextCounts, normalised_hash, similarity_vectors
from florilegium.model import calibration
from florilegium.model.texts import TextHead
from florilegium.source.base import Side, SourceSpec, Texts
from florilegium.types import Bools, Floats, Ints

N_SPLITS, ERROR, SURE, LEAST_COVERAGE = 200, 0.02, 0.95, 0.70


def main() -> None:
    """Print the table; exit 1 where the promise is broken."""
    if not os.environ.get("FLORILEGIUM_DATA"):
        print("skipped: FLORILEGIUM_DATA names no mirror that holds banking77")
        return
    began = time.monotonic()
    scores, y, groups = answers()
    print(
        f"cross-validated {len(y):,} queries in {time.monotonic() - began:.0f} s: {(scores.argmax(1) == y).mean():.3f}"
    )
    began = time.monotonic()
    rows = [one_split(scores, y, groups, seed) for seed in range(N_SPLITS)]
    promised, naive = (np.array([row[place] for row in rows]) for place in (0, 1))  # (splits, 2)
    print(f"{N_SPLITS} splits in {time.monotonic() - began:.0f} s\n")
    print(f"{'':<34}{'realised error, %':>22}{'automatic, %':>24}{'splits above 2 %':>18}")
    for name, said in (("promised (learn then test)", promised), ("2 % on the calibrating half", naive)):
        wrong, share = (said[:, place] for place in (0, 1))
        above = 100 * float((wrong > ERROR).mean())
        print(f"{name:<34}{spread(wrong):>22}{spread(share):>24}{above:>17.1f}%")
    low = float(np.quantile(promised[:, 0], 0.025))
    coverage = float(promised[:, 1].mean())
    if low > ERROR or coverage < LEAST_COVERAGE:
        sys.exit(f"promised {ERROR:.0%}: error from {low:.2%} up, coverage {coverage:.1%}; wanted {LEAST_COVERAGE:.0%}")


def answers() -> tuple[Floats, Ints, Ints]:
    """Give out-of-fold scores (n, k), true classes (n,) and groups of near-duplicates (n,) of the training queries."""
    harvest = source.read(SourceSpec(location="banking77"))
    strings = harvest.contents.strings if isinstance(harvest.contents, Texts) else ()
    kept = [i for i, sample in enumerate(harvest.samples) if sample.side is not Side.TEST]
    texts = [strings[i] for i in kept]
    data = Dataset(kind=harvest.kind, samples=tuple(harvest.samples[i] for i in kept), contents=Texts(tuple(texts)))
    hashes = [normalised_hash(text) for text in texts]
    groups = near_duplicates(hashes, vectors=similarity_vectors(texts), threshold=SIMILAR_TEXTS).groups
    folds = split.folds(data.names, data.y, groups, seed=0)
    counts = TextCounts.learn(texts).counts(texts)
    found = TextHead.search(counts, data.y, folds, k=int(data.y.max()) + 1, seed=0)
    return found.scores, data.y, groups


def one_split(scores: Floats, y: Ints, groups: Ints, seed: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """Calibrate on a half of the groups; give error and coverage on the other, promised and naive."""
    rng = np.random.default_rng(seed)
    numbers = np.unique(groups)
    half: Bools = np.isin(groups, rng.permutation(numbers)[: len(numbers) // 2])
    sample = np.flatnonzero(half)[:1_000]  # one number is learned from it
    probabilities = calibration.probabilities(scores, temperature=calibration.temperature(scores[sample], y[sample]))
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == y
    said = promise(sure[half], right[half], groups[half], error=ERROR, sure=SURE, seed=seed)
    plain = calibration.abstention(sure[half], right[half], target=1 - ERROR)
    return (
        realised(sure[~half], right[~half], 1.0 if said.threshold is None else said.threshold),
        realised(sure[~half], right[~half], plain.threshold),
    )


def realised(sure: Floats, right: Bools, threshold: float) -> tuple[float, float]:
    """Give the share of wrong answers above a threshold, and the share above it."""
    above = sure >= threshold
    return (float((~right[above]).mean()) if above.any() else 0.0), float(above.mean())


def spread(values: Floats) -> str:
    """Write the mean, and what 95 of 100 splits lie between."""
    low, high = np.quantile(values, [0.025, 0.975])
    return f"{100 * values.mean():.2f} ({100 * low:.2f} to {100 * high:.2f})"
