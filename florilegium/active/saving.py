"""How many labels choosing saved, from judges that both streams answered. Path: **active** (used by its meter)."""

import math
from dataclasses import dataclass

import numpy as np

from florilegium.evaluation.paired import compare
from florilegium.evaluation.values import Difference
from florilegium.evaluation.words import counted, percent, points
from florilegium.types import Bools, Floats

N_DRAWS = 1_000  # of judges
LEVEL = 0.95
# Half a judge whom only the chosen labels teach and half one whom only the random ones do are imagined while judges are
# drawn again, as in `evaluation.paired`: few judges who agree do not make a range of width 0.
IMAGINED = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """What choosing saved against drawing at random, at equal accuracy and at equal cost."""

    sentence: str
    n_random: int = 0  # labels at random that were compared
    n_chosen: int | None = None  # chosen labels that reach the same accuracy; None: too few to tell
    share: float | None = None  # of labels saved, 1 - n_chosen / n_random; below 0: choosing cost labels
    low: float = -math.inf
    high: float = 1.0
    difference: Difference | None = None  # chosen - random, accuracy with equally many labels
    n_judges: int = 0


def saved(chosen: dict[int, Bools], random: dict[int, Bools], *, rng: np.random.Generator) -> Saving:
    """Compare the two streams: `chosen[m]` and `random[m]` tell which judges are right after m labels of the stream.

    One m at least is in both.

    The range is over judges, drawn again with replacement; both streams answer the same ones. It is the saving of these
    very labels, not of labels that others would have given.
    """
    if not chosen or not random:
        return Saving(sentence="Too few labels to tell what choosing saved.")
    n_random = max(random)
    ours, theirs = (np.array(list(each.values()), dtype=np.float64) for each in (chosen, random))  # (points, judges)
    n_judges = ours.shape[1]
    ours, theirs = (
        np.c_[each, np.full(len(each), one), np.full(len(each), 1 - one)] for each, one in ((ours, 1.0), (theirs, 0.0))
    )
    chances = np.r_[np.ones(n_judges), IMAGINED, IMAGINED] / (n_judges + 2 * IMAGINED)
    counts = rng.multinomial(n_judges, chances, size=N_DRAWS)
    weights = np.concatenate([[np.r_[np.ones(n_judges), 0, 0]], counts]) / n_judges
    needed = _needed(_rising(weights @ ours.T), _rising(weights @ theirs.T)[:, -1], np.array(list(chosen)))
    shares = 1 - needed / n_random
    low, high = np.quantile(shares[1:], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    m = max(set(chosen) & set(random))
    equal = compare(chosen[m], random[m], np.arange(n_judges)).difference
    return Saving(
        sentence=_sentence(n_random, float(needed[0]), (float(low), float(high)), equal, n_judges),
        n_random=n_random,
        n_chosen=round(float(needed[0])),
        share=float(shares[0]),
        low=float(low),
        high=float(high),
        difference=equal,
        n_judges=n_judges,
    )


def _rising(accuracies: Floats) -> Floats:
    """Give the nearest rising curve (least squares) per row: more labels do not make a model worse.

    Source: Barlow et al. (1972), Statistical inference under order restrictions, the max-min formula.
    """
    n = accuracies.shape[1]
    sums = np.concatenate([np.zeros((len(accuracies), 1)), accuracies.cumsum(axis=1)], axis=1)
    risen = np.empty_like(accuracies)
    for i in range(n):
        means = [
            np.min([(sums[:, b + 1] - sums[:, a]) / (b + 1 - a) for b in range(i, n)], axis=0) for a in range(i + 1)
        ]
        risen[:, i] = np.max(means, axis=0)
    return risen


def _needed(curves: Floats, targets: Floats, n_labels: Floats) -> Floats:
    """Give the labels at which each curve reaches its target; the first or last point where it is not between."""
    found = np.empty(len(curves))
    for i, (curve, target) in enumerate(zip(curves, targets, strict=True)):
        after = int(np.searchsorted(curve, target, side="left"))
        if after == 0 or after == len(curve):
            found[i] = n_labels[min(after, len(curve) - 1)]
            continue
        part = (target - curve[after - 1]) / (curve[after] - curve[after - 1])
        found[i] = n_labels[after - 1] + part * (n_labels[after] - n_labels[after - 1])
    return found


def _sentence(n_random: int, needed: float, ends: tuple[float, float], equal: Difference, n_judges: int) -> str:
    share, (low, high) = 1 - needed / n_random, ends
    began = "Choosing saved labels" if low > 0 else "Choosing cost labels" if high < 0 else "Too few to tell yet"
    return (
        f"{began}: what {counted(n_random, 'label')} at random reach took {counted(round(needed), 'chosen label')}, "
        f"{percent(abs(share))} {'fewer' if share >= 0 else 'more'} ({percent(low)} to {percent(high)} saved). "
        f"With equally many labels the difference is {points(equal.value)} points ({points(equal.low)} to "
        f"{points(equal.high)}), on {n_judges} random items."
    )
