"""How many labels choosing saved, from judges that both streams answered. Path: **active** (used by its meter)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from florilegium.evaluation.paired import compare
from florilegium.evaluation.values import Difference
from florilegium.evaluation.words import counted, percent, points
from florilegium.types import Bools, Floats


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


def saved(chosen: dict[int, Bools], random: dict[int, Bools]) -> Saving:
    """Compare the two streams: `chosen[m]` and `random[m]` tell which judges are right after m labels of the stream.

    One m at least is in both. The range holds all numbers of chosen labels whose paired difference from all random ones
    may be 0, between the first and the last that was looked at. It is the saving of these very labels, not of labels
    that others would have given.
    """
    if not chosen or not random:
        return Saving(sentence="Too few labels to tell what choosing saved.")
    n_random, n_labels = max(random), np.array(sorted(chosen), dtype=np.float64)
    n_judges = len(random[n_random])
    judges = np.arange(n_judges)
    against = [compare(chosen[int(m)], random[n_random], judges).difference for m in n_labels]
    curve = _rising([float(chosen[int(m)].mean()) for m in n_labels])
    target = _rising([float(random[m].mean()) for m in sorted(random)])[-1]
    needed = _reached(curve, n_labels, float(target))
    fewest = _reached(np.maximum.accumulate([d.high for d in against]), n_labels, 0.0)
    most = _reached(np.minimum.accumulate([d.low for d in against[::-1]])[::-1], n_labels, 0.0)
    low, high = 1 - max(most, needed) / n_random, 1 - min(fewest, needed) / n_random
    m = max(set(chosen) & set(random))
    equal = compare(chosen[m], random[m], judges).difference
    return Saving(
        sentence=_sentence(n_random, needed, (low, high), equal, n_judges),
        n_random=n_random,
        n_chosen=round(needed),
        share=1 - needed / n_random,
        low=low,
        high=high,
        difference=equal,
        n_judges=n_judges,
    )


def _rising(accuracies: Sequence[float]) -> Floats:
    """Give the nearest rising curve (least squares): more labels do not make a model worse.

    Source: Barlow et al. (1972), Statistical inference under order restrictions, the max-min formula.
    """
    n, sums = len(accuracies), np.concatenate([[0.0], np.cumsum(accuracies)])
    means = np.full((n, n), np.inf)  # means[a, b]: of points a to b
    for a in range(n):
        means[a, a:] = (sums[a + 1 :] - sums[a]) / np.arange(1, n - a + 1)
    return np.array([max(means[a, i:].min() for a in range(i + 1)) for i in range(n)])


def _reached(curve: Floats, n_labels: Floats, target: float) -> float:
    """Give the labels at which a rising curve reaches the target; its first or last point where that is not between."""
    after = int(np.searchsorted(curve, target, side="left"))
    if after in (0, len(curve)):
        return float(n_labels[min(after, len(curve) - 1)])
    return float(np.interp(target, curve[after - 1 : after + 1], n_labels[after - 1 : after + 1]))


def _sentence(n_random: int, needed: float, ends: tuple[float, float], equal: Difference, n_judges: int) -> str:
    share, (low, high) = 1 - needed / n_random, ends
    began = "Choosing saved labels" if low > 0 else "Choosing cost labels" if high < 0 else "Too few to tell yet"
    return (
        f"{began}: what {counted(n_random, 'label')} at random reach took {counted(round(needed), 'chosen label')}, "
        f"{percent(abs(share))} {'fewer' if share >= 0 else 'more'} ({percent(low)} to {percent(high)} saved). "
        f"With equally many labels the difference is {points(equal.value)} points ({points(equal.low)} to "
        f"{points(equal.high)}), on {n_judges} random items."
    )
