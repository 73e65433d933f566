"""Evaluation bias: is the test set like those whom the model will meet? Path: **bias**.

Three answers, as far as the target is known: accuracy with the groups weighed as they will come, class shares worked
out from answers alone, and whether the embeddings of both can be told apart.
"""

import math
from collections.abc import Iterator, Mapping

import numpy as np

from florilegium.bias.case import Case, Wording, mean_test
from florilegium.bias.contrast import Contrast, Gap, linear
from florilegium.bias.decisions import Column
from florilegium.bias.label_shift import LabelShift, label_shift
from florilegium.bias.result import Axis
from florilegium.bias.tested import Tested
from florilegium.bias.two_sample import CHANCE, told_apart
from florilegium.evaluation.words import counted, percent, points
from florilegium.types import Floats, Ints, Vectors

KIND = "evaluation"
NEEDS = "Give the shares of the groups in the target population (--target), or unlabelled items from it."
REWEIGHTED = Wording(
    bias=KIND,
    measure="accuracy reweighted to target",
    advice="Give the reweighted accuracy to whoever decides, and collect test items of the groups that are short.",
    source="Post-stratification: Holt & Smith (1979), JRSS-A 142(1), 33-46",
)
EMBEDDINGS = Wording(
    bias=KIND,
    measure="two-sample test on embeddings",
    advice="The test set does not look like the target: label some target items and judge the model on them.",
    source="Classifier two-sample test: Lopez-Paz & Oquab (2017), ICLR",
)
SHIFT = Wording(
    bias=KIND,
    measure="label shift",
    advice="Judge the model with the classes weighed as they come in the target, and label some target items to check.",
    source="Lipton, Wang & Smola (2018), ICML",
)
SHIFTED = Wording(
    bias=KIND,
    measure="accuracy under label shift",
    advice=SHIFT.advice,
    source=SHIFT.source,
)


def evaluation(case: Case) -> Iterator[Tested]:
    """Test everything that is known of the target against the decisions."""
    for column in case.given.columns:
        if targets := case.given.targets.get(column.name):
            yield from _reweighted(case, column, targets)
    yield from _label_shift(case)
    yield from _embeddings(case)


def _reweighted(case: Case, column: Column, targets: Mapping[str, float]) -> Iterator[Tested]:
    y, said = case.given.y, case.given.predicted
    if y is None or said is None:
        return
    rows = np.flatnonzero((y >= 0) & (said >= 0) & (column.codes >= 0))
    shares = np.array([targets.get(group, 0.0) for group in column.groups])
    sizes = np.bincount(column.codes[rows], minlength=len(shares)).astype(np.float64)
    empty = [group for group, share in targets.items() if share > 0 and not _size(column, sizes, group)]
    if empty or len(rows) == 0:
        yield _no_weights(column, ", ".join(empty) or "every group")
        return
    right = (y[rows] == said[rows]).astype(np.float64)
    codes = column.codes[rows]
    means = np.bincount(codes, weights=right, minlength=len(shares)) / np.maximum(sizes, 1)
    plain, weighed = float(right.mean()), float(shares @ means)
    weight = shares[codes] / sizes[codes]
    influence = weight * (right - means[codes]) - (right - plain) / len(rows)
    found = linear(weighed - plain, influence, case.clusters(rows))
    there = linear(weighed, weight * (right - means[codes]), case.clusters(rows)).gap
    gap = found.gap
    fact = (
        f"Accuracy with the groups of {column.name} weighed as in the target: {percent(weighed)} "
        f"({points(there.low)} to {points(there.high)}), as they come here {percent(plain)}: "
        f"{points(gap.value)} points ({points(gap.low)} to {points(gap.high)})."
    )
    small = min(sizes[shares > 0]) < case.options.min_group
    if small:
        fact += " A group of the target has too few items here for this to be sure."
    test = found.contrast(len(rows))
    yield mean_test(REWEIGHTED, test, fact, column=column.name, harmful=gap.value < 0, tested=not small)


def _size(column: Column, sizes: Floats, group: str) -> float:
    return float(sizes[column.groups.index(group)]) if group in column.groups else 0.0


def _no_weights(column: Column, empty: str) -> Tested:
    return Tested(
        bias=KIND,
        measure=REWEIGHTED.measure,
        axis=Axis.DIFFERENCE,
        column=column.name,
        n=0,
        fact=f"Accuracy in the target by {column.name} cannot be given: no item of {empty} is labelled and answered.",
        advice=f"Collect items of {empty}: the target holds them.",
        source=REWEIGHTED.source,
    )


def _label_shift(case: Case) -> Iterator[Tested]:
    given = case.given
    if given.y is None or given.predicted is None or given.target_predicted is None:
        return
    rows = np.flatnonzero((given.y >= 0) & (given.predicted >= 0))
    target = given.target_predicted[given.target_predicted >= 0]
    k, least = len(given.classes), case.options.min_group
    if min(len(rows), len(target)) < least:
        yield _no_shift(f"at least {least} answers are needed on either side")
        return
    found = label_shift(
        given.y[rows],
        given.predicted[rows],
        target,
        case.clusters(rows),
        k=k,
        n_resamples=int(np.clip(2_000_000 // (k * k), 100, case.options.n_resamples)),
        rng=case.rng,
    )
    if isinstance(found, str):
        yield _no_shift(found)
        return
    yield _shifted_shares(case, found)
    gap = found.change
    fact = (
        f"Were the target's classes shared out as its answers say, accuracy there would be "
        f"{percent(found.accuracy.value)} ({points(found.accuracy.low)} to {points(found.accuracy.high)}): "
        f"{points(gap.value)} points ({points(gap.low)} to {points(gap.high)}) from here."
    )
    test = Contrast(difference=gap, ratio=None, p=found.p, error=found.error, n=found.n)
    yield mean_test(SHIFTED, test, fact, harmful=gap.value < 0, hypothesis=SHIFT.measure)


def _shifted_shares(case: Case, found: LabelShift) -> Tested:
    """Tell the positive class's share where there is one, else how far all shares lie apart."""
    given = case.given
    c = (
        given.positive
        if given.positive is not None
        else int(np.argmax([abs(gap.value - ours) for gap, ours in zip(found.shares, found.ours, strict=True)]))
    )
    gap, ours = found.shares[c], float(found.ours[c])
    binary = len(given.classes) == 2 or given.positive is not None
    shown = Gap(value=gap.value - ours, low=gap.low - ours, high=gap.high - ours) if binary else found.distance
    rest = (
        ""
        if binary
        else (f" Together they differ by {points(shown.value)} points ({points(shown.low)} to {points(shown.high)}).")
    )
    fact = (
        f"Class {given.classes[c]!r} is {percent(ours)} here and, worked out from answers, {percent(gap.value)} "
        f"({points(gap.low)} to {points(gap.high)}) in the target.{rest}"
    )
    error = (shown.high - shown.low) / 4  # a 95 % range is about four standard errors wide
    test = Contrast(difference=shown, ratio=None, p=found.p, error=error, n=found.n)
    return mean_test(SHIFT, test, fact, hypothesis=SHIFT.measure)


def _no_shift(why: str) -> Tested:
    return Tested(
        bias=KIND,
        measure=SHIFT.measure,
        axis=Axis.DIFFERENCE,
        n=0,
        fact=f"The target's class shares cannot be worked out from answers: {why}.",
        advice="Label some target items.",
        source=SHIFT.source,
    )


def _embeddings(case: Case) -> Iterator[Tested]:
    ours, theirs = case.given.embeddings, case.given.target_embeddings
    if ours is None or theirs is None:
        return
    yield apart(case, EMBEDDINGS, (ours, theirs), (case.given.clusters, None), ("test set", "target"))


def apart(
    case: Case,
    wording: Wording,
    embeddings: tuple[Vectors, Vectors],
    clusters: tuple[Ints | None, Ints | None],
    names: tuple[str, str],
) -> Tested:
    """Test whether two sets of embeddings can be told apart."""
    found = told_apart(*embeddings, clusters, rng=case.rng)
    what = f"{names[0]} and {names[1]}"
    if found is None:
        few = min(len(part) for part in embeddings)
        return Tested(
            bias=wording.bias,
            measure=wording.measure,
            axis=Axis.SHARE,
            n=few,
            fact=f"Whether {what} look alike cannot be told: {counted(few, 'item')} on one side.",
            advice="Give at least 40 of either.",
            source=wording.source,
        )
    gap, n = found[0].gap, found[1]
    low, value, high = (min(max(part + CHANCE, 0.0), 1.0) for part in (gap.low, gap.value, gap.high))
    fact = (
        f"A classifier that is shown one item of {what} each says which is which in {percent(value)} of cases "
        f"({percent(low)} to {percent(high)}); chance gives 50 %."
    )
    shown = Contrast(
        difference=Gap(value=value, low=low, high=high),
        ratio=None,
        p=found[0].p,
        error=found[0].error if math.isfinite(found[0].error) else 1.0,
        n=n,
    )
    return mean_test(wording, shown, fact, names=names, axis=Axis.SHARE, harmful=gap.value > 0)
