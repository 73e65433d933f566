"""Does what comes in look like what was learned from? Path: **feedback** (stage).

Energy distance with permutations on embeddings, over all and per answered class; Kolmogorov and Smirnov's distance with
permutations per fact. One item of each cluster is drawn, so that what is permuted is independent. How far the two can
be told apart, and what would have been seen, comes from the classifier test of `florilegium.bias`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from florilegium.bias.contrast import reach
from florilegium.bias.tested import holm
from florilegium.bias.two_sample import CHANCE, told_apart
from florilegium.evaluation.values import Difference
from florilegium.evaluation.words import counted, percent, points
from florilegium.feedback.record import LiveRecord
from florilegium.types import Floats, Ints, Progress, Vectors, silent

ALPHA = 0.05
ROWS_MOST = 2_000  # of each side, over all; the matrix of distances is then 64 MB
CLASS_ROWS_MOST = 300  # of each side, per class
FACT_ROWS_MOST = 1_000  # of each side, per fact
N_LEAST = 20  # of each side
N_PERMUTATIONS = 999
PER_TEST = 40  # permutations per test at least: Holm's strictest step, 0.05 / tests, needs 20
PERMUTATIONS_MOST = 4_000
BLOCK = 256  # permutations multiplied at once
POWER_Z = 0.8416  # of 80 % power
STEP = "shift"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reference:
    """The m items that were learned from, as the live ones are known; a part may be missing."""

    vectors: Vectors | None = None  # (m, d)
    said: Ints | None = None  # (m,) classes answered by models that had not seen the item
    facts: Mapping[str, Floats] | None = None
    clusters: Ints | None = None  # (m,) near-copies


@dataclass(frozen=True, slots=True, kw_only=True)
class Shifted:
    """One comparison of live items with those learned from."""

    name: str  # "all", a class, a fact
    statistic: float | None  # energy: 0 (alike) to 1 (wholly apart); fact: the largest gap of shares, 0..1
    p: float | None  # by permutation; None: too few
    p_holm: float | None  # corrected over all of its kind
    n_live: int
    n_before: int
    found: bool
    sentence: str
    detectable: float | None = None  # what would have been seen with 80 % power, in units of `told_apart` or statistic
    told_apart: Difference | None = None  # how often one of each is told apart, 0.5 is chance; "all" only


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """All comparisons."""

    overall: Shifted | None  # None: no embeddings on one side
    per_class: tuple[Shifted, ...] = ()
    facts: tuple[Shifted, ...] = ()


def shift(given: LiveRecord, before: Reference, *, seed: int, progress: Progress = silent) -> Shift:
    """Compare the live answers of one model with what it learned from; equal seed, equal result."""
    rng = np.random.default_rng(seed)
    total = len(given.classes) + len(given.facts) + 1
    overall, classes = None, []
    if given.vectors is not None and before.vectors is not None and given.vectors.shape[1] == before.vectors.shape[1]:
        places = given.rows_of_vectors
        live = _Side(given.vectors, given.said[places], None if given.clusters is None else given.clusters[places])
        old = _Side(before.vectors, before.said, before.clusters)
        overall = _overall(old, live, rng)
        progress(STEP, 1, total)
        for c in range(len(given.classes) if before.said is not None else 0):
            classes.append(_of_class(given.classes, c, old, live, rng))
            progress(STEP, 1 + len(classes), total)
    facts = []
    for name, values in given.facts.items():
        if before.facts is not None and name in before.facts:
            facts.append(_of_fact(name, (before.facts[name], values), (before.clusters, given.clusters), rng))
    progress(STEP, total, total)
    return Shift(overall=overall, per_class=_corrected(classes), facts=_corrected(facts))


def energy(x: Vectors, y: Vectors, *, n_permutations: int, rng: np.random.Generator) -> tuple[float, float]:
    """Give the energy coefficient of two samples, 0..1, and its permutation p.

    The coefficient is (2 E|X-Y| - E|X-X'| - E|Y-Y'|) / (2 E|X-Y|), 0 only where the two worlds are the same.
    Source: Székely & Rizzo (2013), Journal of Statistical Planning and Inference 143(8), 1249-1272; p: Phipson & Smyth
    (2010), Statistical Applications in Genetics and Molecular Biology 9(1).
    """
    distance = _distances(np.concatenate([x, y]))
    n, m = len(x), len(y)
    sides = np.repeat([1 / n, -1 / m], [n, m]).astype(np.float32)
    observed = -float(sides @ (distance @ sides))
    across = 2 * float(distance[:n, n:].mean(dtype=np.float64))
    # A permuted statistic that equals the observed one but for rounding counts as reaching it.
    reached, tie = 0, 1e-5 * max(across, 1e-12)
    for start in range(0, n_permutations, BLOCK):
        order = rng.permuted(np.tile(sides, (min(BLOCK, n_permutations - start), 1)), axis=1)  # (b, n + m)
        reached += int((-np.einsum("bi,bi->b", order @ distance, order) >= observed - tie).sum())
    return max(observed / across, 0.0) if across > 0 else 0.0, (1 + reached) / (1 + n_permutations)


def _distances(points: Vectors) -> Vectors:
    centred = np.asarray(points - points.mean(axis=0), dtype=np.float32)
    square = (centred**2).sum(axis=1)
    found = square[:, None] + square[None, :] - 2 * (centred @ centred.T)
    np.fill_diagonal(found, 0)
    return np.sqrt(np.maximum(found, 0, out=found), out=found)


def smirnov(x: Floats, y: Floats, *, n_permutations: int, rng: np.random.Generator) -> tuple[float, float]:
    """Give the largest gap of the two distribution functions, 0..1, and its permutation p; ties are minded.

    Source: Smirnov (1939); the permutation p is exact with ties (Hollander, Wolfe & Chicken 2014, section 5.4).
    """
    pooled = np.concatenate([x, y])
    order = np.argsort(pooled, kind="stable")
    ordered = pooled[order]
    last = np.append(ordered[1:] != ordered[:-1], True)  # the end of each tie
    sides = np.repeat([1 / len(x), -1 / len(y)], [len(x), len(y)])[order]
    observed = float(np.abs(np.cumsum(sides)[last]).max())
    if last.all():  # no ties: the exact distribution is known
        from scipy.stats import ks_2samp

        return observed, float(ks_2samp(x, y).pvalue)
    reached = 0
    for start in range(0, n_permutations, BLOCK):
        drawn = rng.permuted(np.tile(sides, (min(BLOCK, n_permutations - start), 1)), axis=1)
        gaps = np.abs(np.cumsum(drawn, axis=1)[:, last]).max(axis=1)
        reached += int((gaps >= observed - 1e-9).sum())
    return observed, (1 + reached) / (1 + n_permutations)


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    vectors: Vectors
    said: Ints | None
    clusters: Ints | None

    def drawn(self, most: int, rng: np.random.Generator, c: int | None = None) -> Vectors:
        """Give the vectors of one item of each cluster, at most so many, of one answered class or of all."""
        rows = np.arange(len(self.vectors)) if c is None or self.said is None else np.flatnonzero(self.said == c)
        found = self.vectors[_one_each(rows, self.clusters, most, rng)]
        return found[np.isfinite(found).all(axis=1)]


def _overall(old: _Side, live: _Side, rng: np.random.Generator) -> Shifted:
    x, y = old.drawn(ROWS_MOST, rng), live.drawn(ROWS_MOST, rng)
    n_old, n_live = len(x), len(y)
    if min(n_old, n_live) < N_LEAST:
        return _too_few("all", n_live, n_old)
    value, p = energy(x, y, n_permutations=N_PERMUTATIONS, rng=rng)
    apart = told_apart(x, y, (None, None), rng=rng)
    found = p <= ALPHA
    told = detectable = None
    words = "What comes in looks different from what was learned" if found else "No shift of what comes in is shown"
    sentence = f"{words} (p = {p:.2g}, {counted(n_live, 'live item')} against {n_old:,})"
    if apart is not None:
        gap = apart[0].gap
        ends = [float(np.clip(each + CHANCE, 0, 1)) for each in (gap.value, gap.low, gap.high)]
        told = Difference(value=ends[0], low=ends[1], high=ends[2], level=1 - ALPHA)
        detectable = min(CHANCE + apart[0].error * reach(ALPHA), 1.0)
        sentence += (
            f"; one of each is told apart in {percent(ends[0])} of cases ({points(ends[1])} to {points(ends[2])}), "
            f"chance gives 50 %, and {percent(detectable)} would have been seen"
        )
    return Shifted(
        name="all", statistic=value, p=p, p_holm=p, n_live=n_live, n_before=n_old, found=found,
        sentence=f"{sentence}.", detectable=detectable, told_apart=told,
    )  # fmt: skip


def _of_class(classes: tuple[str, ...], c: int, old: _Side, live: _Side, rng: np.random.Generator) -> Shifted:
    name, n_classes = classes[c], len(classes)
    x, y = old.drawn(CLASS_ROWS_MOST, rng, c), live.drawn(CLASS_ROWS_MOST, rng, c)
    if min(len(x), len(y)) < N_LEAST:
        return _too_few(name, len(y), len(x))
    n_permutations = int(np.clip(PER_TEST * n_classes, N_PERMUTATIONS, PERMUTATIONS_MOST))
    value, p = energy(x, y, n_permutations=n_permutations, rng=rng)
    return _tested(name, value, p, len(y), len(x))


def _of_fact(
    name: str, values: tuple[Floats, Floats], clusters: tuple[Ints | None, Ints | None], rng: np.random.Generator
) -> Shifted:
    rows = [np.flatnonzero(np.isfinite(each)) for each in values]
    drawn = [_one_each(r, c, FACT_ROWS_MOST, rng) for r, c in zip(rows, clusters, strict=True)]
    n_old, n_live = len(drawn[0]), len(drawn[1])
    if min(n_old, n_live) < N_LEAST:
        return _too_few(name, n_live, n_old)
    x, y = values[0][drawn[0]], values[1][drawn[1]]
    value, p = smirnov(x, y, n_permutations=2 * N_PERMUTATIONS + 1, rng=rng)
    # Where the gap is, the two shares differ by it with an error of at most this: 80 % power is then certain.
    error = np.sqrt((n_old + n_live) / (n_old * n_live))
    critical = np.sqrt(-np.log(ALPHA / 2) / 2) * error
    seen = float(min(critical + POWER_Z * error / 2, 1.0))
    return replace(_tested(name, value, p, n_live, n_old), detectable=seen)


def _tested(name: str, value: float, p: float, n_live: int, n_old: int) -> Shifted:
    return Shifted(
        name=name, statistic=value, p=p, p_holm=None, n_live=n_live, n_before=n_old, found=False, sentence=""
    )


def _too_few(name: str, n_live: int, n_old: int) -> Shifted:
    few = f"{name}: too few to tell ({n_live:,} live, {n_old:,} before; {N_LEAST} of each are needed)."
    return Shifted(
        name=name, statistic=None, p=None, p_holm=None, n_live=n_live, n_before=n_old, found=False, sentence=few
    )


def _corrected(tests: list[Shifted]) -> tuple[Shifted, ...]:
    """Correct for the number of tests of one kind, and say what each found; the clearest come first."""
    corrected = iter(holm([each.p for each in tests if each.p is not None]))
    told = [each if each.p is None else _worded(each, next(corrected)) for each in tests]
    return tuple(sorted(told, key=lambda each: (each.p_holm is None, each.p_holm, -(each.statistic or 0))))


def _worded(test: Shifted, p_holm: float) -> Shifted:
    found = p_holm <= ALPHA
    words = "has shifted" if found else "no shift is shown"
    power = "" if test.detectable is None else f"; a gap of {points(test.detectable)} points would have been seen"
    told = f"{test.name}: {words} (p = {p_holm:.2g}, corrected; {test.n_live:,} live, {test.n_before:,} before{power})."
    return replace(test, p_holm=p_holm, found=found, sentence=told)


def _one_each(rows: Ints, clusters: Ints | None, most: int, rng: np.random.Generator) -> Ints:
    """Draw one row of each cluster, and at most so many of them."""
    order = rng.permutation(rows)
    if clusters is not None:
        order = order[np.sort(np.unique(clusters[order], return_index=True)[1])]
    return np.sort(order[:most])
