"""Measurement bias: are labels equally good in every group, and do they measure the right thing? Path: **bias**."""

import shlex
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from florilegium.bias.case import Case, Wording, mean_test, told
from florilegium.bias.contrast import Side, mean_of
from florilegium.bias.decisions import Column
from florilegium.bias.groups import SIGN, is_heap
from florilegium.bias.proxies import contrast_of, read_off
from florilegium.bias.tested import Tested
from florilegium.evaluation.words import listed, percent, points
from florilegium.types import Bools, Floats, Ints

KIND = "measurement"
NEEDS = (
    "Give probabilities of answers that the model did not learn from, label events of several people, proxies, or "
    "columns with empty cells."
)
NOISE = Wording(
    bias=KIND,
    measure="label noise",
    advice="Have the labels of this group looked through and corrected before anything is learned or judged from them.",
    source="Northcutt, Jiang & Chuang (2021), Confident learning, JAIR 70, 1373-1411; cleanlab",
)
DISAGREEMENT = Wording(
    bias=KIND,
    measure="annotator disagreement difference",
    advice="Write down how to label the cases that people disagree on, and have them labelled again by two people.",
    source="Share of pairs that disagree, as in Fleiss (1971), Psychological Bulletin 76(5), 378-382",
)
PROXY = Wording(
    bias=KIND,
    measure="label read off proxies",
    advice="These facts tell the label without a look at the thing itself: collect so that they no longer do.",
    source="Jacobs & Wallach (2021), Measurement and fairness, FAccT; cross-validated decision tree",
)
GAPS = Wording(
    bias=KIND,
    measure="missing cells",
    advice="Find out why it is missing more often in this group before anything is learned or judged from it.",
    source="Little & Rubin (2019), Statistical analysis with missing data, ch. 1; score test",
)
LABEL_GAPS = Wording(bias=KIND, measure="missing labels", advice=GAPS.advice, source=GAPS.source)


def measurement(case: Case) -> Iterator[Tested]:
    """Test label noise, annotators' disagreement, proxies, and what is missing."""
    noisy = suspected(case)
    missing = {name: values for name, values in case.given.missing.items() if values.any() and not values.all()}
    for column in case.given.columns:
        if noisy is not None:
            for test in _per_group(case, column, NOISE, noisy[0], noisy[1]):
                yield replace(test, advice=_look_through(case, column, test.groups[0]) or test.advice)
        yield from _disagreement(case, column)
        if case.given.y is not None and (case.given.y < 0).any():
            yield from _per_group(case, column, LABEL_GAPS, case.given.y < 0, np.ones(case.given.n, dtype=np.bool_))
        for name, empty in missing.items():
            if name in column.name.split(SIGN):
                continue  # who has no group is in none of these groups
            wording = Wording(bias=KIND, measure=f"missing {name}", advice=GAPS.advice, source=GAPS.source)
            yield from _per_group(case, column, wording, empty, np.ones(case.given.n, dtype=np.bool_))
    yield from _proxies(case)


def _look_through(case: Case, column: Column, group: str) -> str:
    """Name the command that shows this group's labels; empty where there is none, or none that fits the group."""
    if not case.options.relabel or SIGN in column.name or is_heap(group):
        return ""
    where = shlex.quote(f"{column.name}={group}")
    return f"Look through the labels of this group, the doubtful ones first: {case.options.relabel} --group {where}"


def suspected(case: Case) -> tuple[Bools, Bools] | None:
    """Tell which labels are probably wrong (n,), and which were looked at; None without probabilities.

    An estimate: where a model is weaker in a group, more of its right labels look wrong.
    """
    y, probabilities = case.given.y, case.given.probabilities
    if y is None or probabilities is None:
        return None
    rows = np.flatnonzero(y >= 0)
    there, labels = np.unique(y[rows], return_inverse=True)
    if len(there) < 2:
        return None
    from cleanlab.filter import find_label_issues

    some = probabilities[np.ix_(rows, there)]
    some = some / np.maximum(some.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    wrong = np.zeros(case.given.n, dtype=np.bool_)
    wrong[rows] = find_label_issues(labels, some, filter_by="confident_learning", n_jobs=1)
    return wrong, y >= 0


def _per_group(case: Case, column: Column, wording: Wording, yes: Bools, known: Bools) -> Iterator[Tested]:
    for group, reference in case.pairs(column):
        rows = [np.flatnonzero(known & (column.codes == g)) for g in (group, reference)]
        if min(map(len, rows)) == 0:
            continue
        a, b = (Side.of(yes[part], case.clusters(part)) for part in rows)
        yield from told(case, wording, (column.groups[group], column.groups[reference]), (a, b), column=column.name)


def _disagreement(case: Case, column: Column) -> Iterator[Tested]:
    events = case.given.events
    if events is None or len(events.items) == 0:
        return
    items, shares = disagreements(events.items, events.annotators, events.labels)
    for group, reference in case.pairs(column):
        sides = [np.flatnonzero(column.codes[items] == g) for g in (group, reference)]
        if min(map(len, sides)) < case.options.min_group:
            continue
        names = column.groups[group], column.groups[reference]
        if shares[sides[0]].mean() < shares[sides[1]].mean():
            sides, names = sides[::-1], names[::-1]
        a, b = (mean_of(shares[part], case.clusters(items[part])) for part in sides)
        found = a.minus(b).contrast(len(sides[0]) + len(sides[1]))
        fact = (
            f"Annotators' disagreement by {column.name}: {percent(a.value)} of pairs in {names[0]}, "
            f"{percent(b.value)} in {names[1]}: {points(found.difference.value)} points more "
            f"({points(found.difference.low)} to {points(found.difference.high)})."
        )
        yield mean_test(DISAGREEMENT, found, fact, column=column.name, names=names)


def disagreements(items: Ints, annotators: Ints, labels: Ints) -> tuple[Ints, Floats]:
    """Give the items that at least two people labelled, and the share of pairs of people who disagree, 0..1.

    Where somebody labelled an item several times, the last time counts.

    >>> shares = disagreements(np.array([4, 4, 4, 9, 9]), np.array([0, 1, 2, 0, 1]), np.array([1, 1, 0, 5, 5]))
    >>> shares[0].tolist(), shares[1].round(3).tolist()
    ([4, 9], [0.667, 0.0])
    """
    last = len(items) - 1 - np.unique(np.stack([items, annotators])[:, ::-1], axis=1, return_index=True)[1]
    there, item = np.unique(items[last], return_inverse=True)
    n = np.bincount(item).astype(np.float64)
    same = np.unique(np.stack([item, labels[last]]), axis=1, return_counts=True)
    agreeing = np.bincount(same[0][0], weights=same[1] * (same[1] - 1), minlength=len(n))
    several = n > 1
    return there[several], 1 - agreeing[several] / (n[several] * (n[several] - 1))


def _proxies(case: Case) -> Iterator[Tested]:
    y, proxies = case.given.y, case.given.proxies
    if y is None or not proxies:
        return
    found = read_off(y, proxies, case.given.clusters, rng=case.rng)
    if found is None:
        return
    gap = found.compared.difference
    fact = (
        f"Read off {listed(proxies, most=3)} alone, without looking at the thing itself, {percent(found.accuracy)} of "
        f"{found.compared.n:,} labels are right; always saying the commonest gives {percent(found.commonest)}: "
        f"{points(gap.value)} points ({points(gap.low)} to {points(gap.high)})."
    )
    yield mean_test(PROXY, contrast_of(found.compared), fact, harmful=gap.value > 0)
