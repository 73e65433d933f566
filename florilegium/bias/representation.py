"""Representation bias: who is in the data, and does the model make the imbalance worse? Path: **bias**."""

import math
from collections.abc import Iterator

import numpy as np
from scipy.stats import binomtest

from florilegium.bias.amplification import directional, zhao
from florilegium.bias.case import Case, Wording, mean_test
from florilegium.bias.cells import ACCURACY
from florilegium.bias.contrast import N_FISHER, Contrast, Gap, Linear, Side, two_sided
from florilegium.bias.decisions import Column
from florilegium.bias.tested import Tested
from florilegium.evaluation.words import counted, percent, points

KIND = "representation"
NEEDS = (
    "Give target shares of the groups (--target), or answers beside the labels, to see whether the model makes an "
    "imbalance larger."
)
SHARE = Wording(
    bias=KIND,
    measure="share against target",
    advice="Collect items of the group that is short, or give its items more weight while learning.",
    source="Suresh & Guttag (2021), EAAMO, section 3.2; one-sample score test",
)
ZHAO = Wording(
    bias=KIND,
    measure="bias amplification",
    advice="Balance classes within groups while learning, or correct the answers' shares per group.",
    source="Zhao et al. (2017), Men also like shopping, EMNLP, section 3",
)
DIRECTIONAL = Wording(
    bias=KIND,
    measure="directional bias amplification",
    advice=ZHAO.advice,
    source="Wang & Russakovsky (2021), Directional bias amplification, ICML, equations 2 to 4",
)
BY_SHARE = Wording(
    bias=KIND,
    measure="accuracy per doubling of group share",
    advice="Small groups are served worse: collect more of them first.",
    source="Buolamwini & Gebru (2018), Gender shades, FAT*; least squares over groups",
)


def representation(case: Case) -> Iterator[Tested]:
    """Test shares against targets, both forms of bias amplification, and accuracy against group share."""
    for column in case.given.columns:
        yield from _against_target(case, column)
        yield from _amplified(case, column)
        yield from _by_share(case, column)


def _against_target(case: Case, column: Column) -> Iterator[Tested]:
    targets, train = case.given.targets.get(column.name), case.given.train
    if not targets:
        return
    learned = next((c for c in train.columns if c.name == column.name), None) if train else None
    codes, clusters, groups = column.codes, case.given.clusters, column.groups
    if learned is not None and train is not None:
        codes, clusters, groups = learned.codes, train.clusters, learned.groups
    known = codes >= 0
    if not known.any():
        return
    within = None if clusters is None else clusters[known]
    for group, target in targets.items():
        if 0 < target < 1:
            yes = codes[known] == groups.index(group) if group in groups else np.zeros(int(known.sum()), dtype=np.bool_)
            yield _share_test(column.name, group, target, Side.of(yes, within))


def _share_test(column: str, group: str, target: float, side: Side) -> Tested:
    low, high = side.wilson
    gap = Gap(value=side.share - target, low=low - target, high=high - target)
    error = math.sqrt(target * (1 - target) / side.n_effective)
    if min(target, 1 - target) * side.n_effective < N_FISHER:
        n = max(round(side.n_effective), 1)
        p = float(binomtest(min(round(side.share * side.n_effective), n), n, target).pvalue)
    else:
        p = two_sided((side.share - target) / error)
    word, off = ("short of", gap.turned) if gap.value < 0 else ("above", gap)
    fact = (
        f"{group} ({column}): {percent(side.share)} of {counted(int(side.n), 'item')}, target {percent(target)}: "
        f"{points(off.value)} points {word} it ({points(off.low)} to {points(off.high)})."
    )
    found = Contrast(difference=gap, ratio=None, p=p, error=error, n=int(side.n))
    return mean_test(SHARE, found, fact, column=column, names=(group,))


def _amplified(case: Case, column: Column) -> Iterator[Tested]:
    y, said = case.given.y, case.given.predicted
    large = np.flatnonzero(case.sizes(column) >= case.options.min_group)
    if y is None or said is None or len(large) < 2:
        return
    rows = np.flatnonzero((y >= 0) & (said >= 0) & np.isin(column.codes, large))
    if len(rows) == 0:
        return
    groups = np.searchsorted(large, column.codes[rows])
    for measured, wording in ((zhao, ZHAO), (directional, DIRECTIONAL)):
        found = measured(groups, y[rows], said[rows], case.clusters(rows), g=len(large), k=len(case.given.classes))
        yield _amplification(column.name, wording, found, len(rows))


def _amplification(column: str, wording: Wording, found: Linear, n: int) -> Tested:
    gap = found.gap
    word, off = ("strong", gap) if gap.value > 0 else ("weak", gap.turned)
    fact = (
        f"{wording.measure[:1].upper()}{wording.measure[1:]} by {column}: the answers link class and group "
        f"{points(off.value)} points more {word}ly than the truth does ({points(off.low)} to {points(off.high)})."
    )
    return mean_test(wording, found.contrast(n), fact, column=column, harmful=gap.value > 0)


def _by_share(case: Case, column: Column) -> Iterator[Tested]:
    table, sizes = case.tables[column.name], case.sizes(column)
    large = [int(group) for group in np.flatnonzero(sizes >= case.options.min_group)]
    sides = [side for group in large if (side := table.side(ACCURACY, group)) is not None]
    if len(sides) < 3 or len(sides) < len(large):
        return
    doublings = np.log2(sizes[large] / sizes.sum())
    reach = float(np.ptp(doublings))
    if reach == 0:
        return
    centred = doublings - doublings.mean()
    weights = centred / (centred**2).sum()
    value = float(weights @ np.array([side.share for side in sides]))
    spread = [max(side.share * (1 - side.share), 1 / side.n_effective) / side.n_effective for side in sides]
    found = Linear(value=value, error=math.sqrt(float(weights**2 @ np.array(spread))), df=float(sizes[large].sum()))
    gap = found.gap
    fact = (
        f"Accuracy against share of group by {column.name}, {len(sides)} groups: each doubling of a group goes with "
        f"{points(gap.value)} points of accuracy ({points(gap.low)} to {points(gap.high)})."
    )
    n = int(sizes[large].sum())
    yield mean_test(BY_SHARE, found.contrast(n), fact, column=column.name, scale=reach, harmful=value > 0)
