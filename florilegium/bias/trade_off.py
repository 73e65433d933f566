"""What smaller gaps between groups cost in right answers. Path: **bias**.

Thresholds are chosen on one half of the items and judged on the other. Sees scores and labels, never a model.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from florilegium.bias.case import Case, truth_and_answer
from florilegium.bias.cells import ACCURACY, FALSE_POSITIVE, MEASURES, states, tables
from florilegium.bias.contrast import Gap, mean_of
from florilegium.bias.decisions import Column
from florilegium.bias.folds import folds_of
from florilegium.bias.rates import corrected_range
from florilegium.bias.relearned import relearned
from florilegium.bias.result import TradeOff, TradeOffPoint
from florilegium.types import Bools, Floats, Ints, Vectors

ROWS_MOST = 10_000  # that thresholds are chosen and judged on
N_LEAST = 20  # items of truly no, and of truly yes, per group and half
STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the way from one threshold to equal false positive rates
N_RESAMPLES = 500
THRESHOLDS_MOST = 200  # tried for the one threshold
NEEDS = "Scores or probabilities beside labels are needed, and at least 20 items of either label per group and half."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Half:
    """The scores, truth and groups of one half."""

    scores: Floats
    truth: Ints
    codes: Ints
    clusters: Ints | None
    answer: Ints | None  # what was said, -1 not known
    points: Vectors | None  # embeddings


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Choice:
    """One way to answer the half that is judged."""

    name: str
    yes: Bools
    thresholds: Mapping[str, float] = field(default_factory=dict)


def trade_offs(case: Case) -> Iterator[TradeOff]:
    """Give the curve of each column."""
    given = case.given
    if not given.is_binary:
        return
    scores = given.scores
    if scores is None and given.probabilities is not None:
        scores = given.probabilities[:, given.positive]
    for column in given.columns:
        points = () if scores is None else _points(case, column, scores)
        yield TradeOff(column=column.name, rate=FALSE_POSITIVE, points=points, why="" if points else NEEDS)


def _points(case: Case, column: Column, scores: Floats) -> tuple[TradeOffPoint, ...]:
    truth, answer = truth_and_answer(case.given)
    if truth is None:
        return ()
    rows = np.flatnonzero((truth >= 0) & (column.codes >= 0) & np.isfinite(scores))
    if len(rows) > ROWS_MOST:
        rows = np.sort(case.rng.choice(rows, ROWS_MOST, replace=False))
    if len(rows) == 0:
        return ()
    clusters = case.clusters(rows)
    halves = folds_of(rows if clusters is None else clusters, n_folds=2, rng=case.rng)
    large = _large(truth[rows], column.codes[rows], halves, len(column.groups))
    if len(large) < 2:
        return ()
    parts = [rows[(halves == side) & np.isin(column.codes[rows], large)] for side in (0, 1)]
    learn, judge = (
        _Half(
            scores=scores[part],
            truth=truth[part],
            codes=column.codes[part],
            clusters=case.clusters(part),
            answer=None if answer is None else answer[part],
            points=None if case.given.embeddings is None else case.given.embeddings[part],
        )
        for part in parts
    )
    return tuple(_curve(case, column, learn, judge, large))


def _large(truth: Ints, codes: Ints, halves: Ints, g: int) -> list[int]:
    """Give the groups with enough of either label in both halves."""
    cell = (codes * 2 + truth) * 2 + halves
    counts = np.bincount(cell, minlength=4 * g).reshape(g, 4)
    return [int(group) for group in np.flatnonzero(counts.min(axis=1) >= N_LEAST)]


def _curve(case: Case, column: Column, learn: _Half, judge: _Half, large: list[int]) -> Iterator[TradeOffPoint]:
    yield from _judged_all(case, column, judge, list(_choices(case, column, learn, judge, large)))


def _choices(case: Case, column: Column, learn: _Half, judge: _Half, large: list[int]) -> Iterator[_Choice]:
    """Give every way to answer that is tried; what is done now comes first."""
    if judge.answer is not None and (judge.answer >= 0).all():
        yield _Choice(name="as it is", yes=judge.answer == 1)
    one = best_threshold(learn.scores, learn.truth)
    negatives = {g: np.sort(learn.scores[(learn.codes == g) & (learn.truth == 0)]) for g in large}
    now = {g: float((scores >= one).mean()) for g, scores in negatives.items()}
    everyone = float((np.concatenate(list(negatives.values())) >= one).mean())
    for step in STEPS:
        rates = {g: (1 - step) * now[g] + step * everyone for g in large}
        thresholds = {g: one if step == 0 else threshold_for(negatives[g], rates[g]) for g in large}
        name = {0.0: "one threshold", 1.0: "equal false positive rates"}.get(
            step, f"{100 * step:.0f} % of the way to equal"
        )
        yes = judge.scores >= np.array([thresholds.get(int(g), one) for g in judge.codes])
        yield _Choice(name=name, yes=yes, thresholds={column.groups[g]: t for g, t in thresholds.items()})
    yield _Choice(name="equalized odds (Fairlearn)", yes=_equalized(case, learn, judge))
    if learn.points is not None and judge.points is not None:
        plain, fair = relearned(learn.points, learn.truth, learn.codes, judge.points, rng=case.rng)
        yield _Choice(name="a head that learned anew", yes=plain)
        yield _Choice(name="learned anew, reweighted (Fairlearn)", yes=fair)


def best_threshold(scores: Floats, truth: Ints) -> float:
    """Give the score from which on saying yes is most often right.

    >>> best_threshold(np.array([0.1, 0.4, 0.6, 0.9]), np.array([0, 0, 1, 1]))
    0.6
    """
    tried = np.unique(scores)
    if len(tried) > THRESHOLDS_MOST:
        tried = np.unique(np.quantile(scores, np.linspace(0, 1, THRESHOLDS_MOST), method="inverted_cdf"))
    yes, no = np.sort(scores[truth == 1]), np.sort(scores[truth == 0])
    right = len(yes) - np.searchsorted(yes, tried) + np.searchsorted(no, tried)
    return float(tried[right.argmax()])


def threshold_for(negatives: Floats, rate: float) -> float:
    """Give the threshold whose share of `negatives` (sorted) at or above it is nearest to `rate`; inf: say no to all.

    >>> threshold_for(np.array([1.0, 2.0, 3.0, 4.0]), 0.5)
    3.0
    """
    tried = np.unique(negatives)
    reached = 1 - np.searchsorted(negatives, tried) / len(negatives)
    nearest = int(np.abs(reached - rate).argmin())
    return float("inf") if rate < abs(reached[nearest] - rate) else float(tried[nearest])


def _equalized(case: Case, learn: _Half, judge: _Half) -> Bools:
    """Answer with Fairlearn's thresholds for equal false and true positive rates; some of them by lot.

    Source: Hardt, Price & Srebro (2016), NeurIPS, section 4.
    """
    from fairlearn.postprocessing import ThresholdOptimizer

    from florilegium.bias.passed_on import PassedOn

    optimizer = ThresholdOptimizer(
        estimator=PassedOn().fit(learn.scores[:, None], learn.truth),
        constraints="equalized_odds",
        objective="accuracy_score",
        prefit=True,
        predict_method="predict",
    )
    optimizer.fit(learn.scores[:, None], learn.truth, sensitive_features=learn.codes)
    seed = int(case.rng.integers(2**31))
    said = optimizer.predict(judge.scores[:, None], sensitive_features=judge.codes, random_state=seed)
    yes: Bools = np.asarray(said) == 1
    return yes


def _judged_all(case: Case, column: Column, half: _Half, choices: list[_Choice]) -> Iterator[TradeOffPoint]:
    """Judge all choices on the same items, each also against the first."""
    first = choices[0].yes == (half.truth == 1)
    for choice in choices:
        lost = first.astype(np.float64) - (choice.yes == (half.truth == 1))
        yield _judged(case, column, half, choice, mean_of(lost, half.clusters).gap)


def _judged(case: Case, column: Column, half: _Half, choice: _Choice, cost: Gap) -> TradeOffPoint:
    yes = choice.yes
    state = states(len(yes), half.truth, yes.astype(np.int64))
    table = tables(state, [(half.codes, len(column.groups))], half.clusters, n_resamples=N_RESAMPLES, rng=case.rng)[0]
    found, drawn = _figures(table.counts[None]), _figures(table.draws)
    usable = np.isfinite(drawn).all(axis=1)
    accuracy, gap = (float(part) for part in found[0])
    low, high = np.quantile(drawn[usable, 0], [0.025, 0.975])
    gap_low, gap_high = corrected_range(gap, drawn[usable, 1])
    return TradeOffPoint(
        name=choice.name,
        accuracy=accuracy,
        accuracy_low=float(low),
        accuracy_high=float(high),
        gap=gap,
        gap_low=gap_low,
        gap_high=gap_high,
        thresholds=dict(choice.thresholds),
        cost=cost.value,
        cost_low=cost.low,
        cost_high=cost.high,
    )


def _figures(counts: Floats) -> Floats:
    """Give accuracy of all and the largest gap of false positive rates, (B, 2), of counts (B, g, 9)."""
    there = counts.sum(axis=(0, 2)) > 0
    yes, among = MEASURES[ACCURACY]
    accuracy = counts[:, :, yes].sum(axis=(1, 2)) / counts[:, :, among].sum(axis=(1, 2))
    yes, among = MEASURES[FALSE_POSITIVE]
    top, bottom = counts[:, there][:, :, yes].sum(axis=2), counts[:, there][:, :, among].sum(axis=2)
    rates = np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0)
    return np.column_stack([accuracy, np.ptp(rates, axis=1)])
