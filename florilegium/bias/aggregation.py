"""Aggregation bias: does one model for all hide that groups differ? Path: **bias**."""

from collections.abc import Iterator

import numpy as np

from florilegium.bias.case import Case, Wording, mean_test, truth_and_answer
from florilegium.bias.cells import ACCURACY, BASE_RATE, SELECTION
from florilegium.bias.contrast import Linear, mean_of
from florilegium.bias.decisions import Column
from florilegium.bias.heads import own_and_pooled
from florilegium.bias.proxies import contrast_of
from florilegium.bias.strata import Stratified, crossed_counts, stratified
from florilegium.bias.tested import Tested
from florilegium.evaluation.paired import compare
from florilegium.evaluation.words import percent, points
from florilegium.types import Bools, Floats, Ints

KIND = "aggregation"
NEEDS = "Give embeddings, probabilities or scores, or a second column of groups (--group a,b)."
OWN_HEAD = Wording(
    bias=KIND,
    measure="own head against pooled head",
    advice="The groups follow different rules: give this group a head of its own, or tell the model the group.",
    source="Suresh & Guttag (2021), EAAMO, section 3.4; exact McNemar test on cross-validated answers",
)
REVERSAL = Wording(
    bias=KIND,
    measure="Simpson reversal",
    advice="Do not quote the overall figure alone: show it within the other column, and ask which of the two is meant.",
    source="Simpson (1951), JRSS-B 13(2), 238-241; Bickel, Hammel & O'Connell (1975), Science 187, 398-404",
)
CALIBRATED = Wording(
    bias=KIND,
    measure="calibration difference",
    advice="The same probability means different things: calibrate each group on its own.",
    source="Pleiss et al. (2017), On fairness and calibration, NeurIPS; calibration in the large",
)
SCORED = Wording(
    bias=KIND,
    measure="base rate difference at equal score",
    advice="The same score means different things: read it per group, or calibrate each group on its own.",
    source="Chouldechova (2017), Big Data 5(2), 153-163, equation 2.1; Mantel & Haenszel weights",
)
SCORE_LEVELS_MOST = 20  # finer scores are cut into as many bins of equally many items


def aggregation(case: Case) -> Iterator[Tested]:
    """Test heads per group, reversals, and what a score means in each group."""
    for column in case.given.columns:
        yield from _heads(case, column)
        yield from _reversals(case, column)
        yield from _calibration(case, column)
        yield from _scores(case, column)


def _heads(case: Case, column: Column) -> Iterator[Tested]:
    given = case.given
    own, pooled = given.own.get(column.name), given.predicted if given.pooled is None else given.pooled
    y = given.y
    if y is None:
        return
    if own is None:
        own, pooled = own_and_pooled(given, column, least=case.options.min_group, rng=case.rng)
    if own is None or pooled is None:
        return
    for group, name in enumerate(column.groups):
        rows = np.flatnonzero((column.codes == group) & (y >= 0) & (own >= 0) & (pooled >= 0))
        if len(rows) < case.options.min_group:
            continue
        right, usual = own[rows] == y[rows], pooled[rows] == y[rows]
        clusters = rows if given.clusters is None else given.clusters[rows]
        found = contrast_of(compare(right, usual, clusters))
        gap = found.difference
        fact = (
            f"{name} ({column.name}): a head that learned from this group alone has {percent(right.mean())} of "
            f"{len(rows):,} right, the one for all {percent(usual.mean())}: {points(gap.value)} points "
            f"({points(gap.low)} to {points(gap.high)})."
        )
        yield mean_test(OWN_HEAD, found, fact, column=column.name, names=(name,), harmful=gap.value > 0)


def _reversals(case: Case, column: Column) -> Iterator[Tested]:
    """Look through all other columns for one that turns the groups' order round; tell the strongest."""
    yes, measure = _outcome(case)
    if yes is None:
        return
    tried = [
        (found, other, pair)
        for other in case.given.columns
        if other.name != column.name
        for pair, found in _within(case, column, other, yes, measure)
    ]
    if not tried:
        return
    found, other, pair = min(tried, key=lambda one: (one[0].reversed_p, -abs(one[0].crude.value - one[0].within.value)))
    names = column.groups[pair[0]], column.groups[pair[1]]
    crude, within = found.crude.value, found.within.gap
    turned = "turns round" if found.reversed_p < 1 else "does not turn round"
    what = "share of yes" if case.given.is_binary else "share of right answers"
    fact = (
        f"By {column.name} the {what} of {names[0]} is {points(crude)} points from that of {names[1]}; within equal "
        f"{other.name} it is {points(within.value)} points ({points(within.low)} to {points(within.high)}): the order "
        f"{turned}. {found.n_opposite} of {found.n_strata} groups of {other.name} go the other way; {len(tried)} "
        "comparisons were searched."
    )
    p = min(1.0, found.reversed_p * len(tried))
    yield mean_test(REVERSAL, found.within.contrast(found.n, p=p), fact, column=column.name, names=names)


def _outcome(case: Case) -> tuple[Ints | None, str]:
    """Give what is compared: the truth, or where there is none the answer; with many classes, right or wrong."""
    truth, answer = truth_and_answer(case.given)
    if not case.given.is_binary:
        return answer, ACCURACY
    return (answer, SELECTION) if truth is None else (truth, BASE_RATE)


def _within(
    case: Case, column: Column, strata: Column, yes: Ints, measure: str
) -> Iterator[tuple[tuple[int, int], Stratified]]:
    """Compare each large enough group with the reference within strata."""
    n_yes, n = crossed_counts(column.codes, strata.codes, yes, (len(column.groups), len(strata.groups)))
    table = case.tables[column.name]
    for pair in case.pairs(column):
        if (n[list(pair)].sum(axis=1) >= case.options.min_group).all():
            effect = max(table.effects.get((measure, group), 1.0) for group in pair)
            if (found := stratified(n_yes[list(pair)], n[list(pair)], effect)) is not None:
                yield pair, found


def _calibration(case: Case, column: Column) -> Iterator[Tested]:
    gaps = calibration_gaps(case)
    if gaps is None:
        return
    values, known = gaps
    for group, reference in case.pairs(column):
        rows = [np.flatnonzero(known & (column.codes == g)) for g in (group, reference)]
        if min(map(len, rows)) < case.options.min_group:
            continue
        names = column.groups[group], column.groups[reference]
        a, b = (mean_of(values[part], case.clusters(part)) for part in rows)
        if a.value < b.value:
            names, (a, b) = names[::-1], (b, a)
        yield _calibration_test(case, column, names, (a, b), len(rows[0]) + len(rows[1]))


def _calibration_test(
    case: Case, column: Column, names: tuple[str, str], sides: tuple[Linear, Linear], n: int
) -> Tested:
    a, b = sides
    found = a.minus(b).contrast(n)
    gap = found.difference
    what = "truth" if case.given.is_binary else "accuracy"
    fact = (
        f"Probabilities by {column.name} lie {points(a.value)} points above the {what} in {names[0]} and "
        f"{points(b.value)} in {names[1]}: {points(gap.value)} points apart ({points(gap.low)} to {points(gap.high)})."
    )
    return mean_test(CALIBRATED, found, fact, column=column.name, names=names)


def calibration_gaps(case: Case) -> tuple[Floats, Bools] | None:
    """Give per item what was promised minus what came true, -1..1, and which are known; None without probabilities.

    Two sides: the probability of yes minus the truth. Many classes: the confidence minus right (1) or wrong (0).
    """
    given = case.given
    if given.y is None or given.probabilities is None:
        return None
    known = given.y >= 0
    if given.positive is not None:
        return given.probabilities[:, given.positive] - (given.y == given.positive), known
    return given.probabilities.max(axis=1) - (given.probabilities.argmax(axis=1) == given.y), known


def _scores(case: Case, column: Column) -> Iterator[Tested]:
    given = case.given
    if given.scores is None or given.y is None or not given.is_binary:
        return
    known = (given.y >= 0) & np.isfinite(given.scores)
    if not known.any():
        return
    level = np.full(given.n, -1)
    level[known] = score_levels(given.scores[known])
    yes = np.where(known, (given.y == given.positive).astype(np.int64), -1)
    strata = Column(name="score", groups=tuple(map(str, range(int(level.max()) + 1))), codes=level)
    for pair, found in _within(case, column, strata, yes, BASE_RATE):
        yield _score_test(column, pair, found)


def _score_test(column: Column, pair: tuple[int, int], found: Stratified) -> Tested:
    names, within = (column.groups[pair[0]], column.groups[pair[1]]), found.within
    if within.value < 0:
        names, within = names[::-1], Linear(value=-within.value, error=within.error, df=within.df)
    gap = within.gap
    fact = (
        f"At the same score, {names[0]} ({column.name}) turn out yes {points(gap.value)} points more often than "
        f"{names[1]} ({points(gap.low)} to {points(gap.high)}), over {found.n_strata} levels of score."
    )
    return mean_test(SCORED, within.contrast(found.n), fact, column=column.name, names=names)


def score_levels(scores: Floats) -> Ints:
    """Give each score's level 0..: the score itself where there are at most 20, else one of 20 bins.

    >>> score_levels(np.array([7.0, 1.0, 7.0])).tolist()
    [1, 0, 1]
    """
    levels, level = np.unique(scores, return_inverse=True)
    if len(levels) <= SCORE_LEVELS_MOST:
        return level.astype(np.int64)
    cuts = np.quantile(scores, np.arange(1, SCORE_LEVELS_MOST) / SCORE_LEVELS_MOST, method="inverted_cdf")
    return np.unique(np.searchsorted(np.unique(cuts), scores), return_inverse=True)[1].astype(np.int64)
