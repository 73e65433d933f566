"""Do two sets of embeddings come from one world? Path: **bias** (used by its evaluation and deployment parts).

A classifier learns on one half which set an item is from and is judged on the other half, which it has not seen: where
it does better than a coin, the sets differ, and by how much it does better says how easily they can be told apart.
"""

import numpy as np

from florilegium.bias.contrast import Linear, linear
from florilegium.bias.folds import folds_of
from florilegium.types import Floats, Ints, Vectors

ROWS_MOST = 10_000  # of each set
N_LEAST = 20  # of each set, in each half
INVERSE_PENALTY = 0.01  # C of the logistic regression; suits embeddings of hundreds of numbers
CHANCE = 0.5


def told_apart(
    ours: Vectors, theirs: Vectors, clusters: tuple[Ints | None, Ints | None], *, rng: np.random.Generator
) -> tuple[Linear, int] | None:
    """Give the held-out area under the ROC curve minus one half, -0.5..0.5, and how many items it rests on.

    Args: ours (n, d), theirs (m, d).  clusters: of either; None: every item stands alone.
    None where there are too few items.
    Sources: Lopez-Paz & Oquab (2017), Revisiting classifier two-sample tests, ICLR; range: DeLong, DeLong &
    Clarke-Pearson (1988), Biometrics 44(3), 837-845, in the form for clusters of Obuchowski (1997), Biometrics 53(2).
    """
    parts = [_sampled(x, c, rng) for x, c in zip((ours, theirs), clusters, strict=True)]
    halves = [folds_of(part[1], n_folds=2, rng=rng) if len(part[0]) > 1 else np.zeros(len(part[0])) for part in parts]
    counts = [int((half == side).sum()) for half in halves for side in (0, 1)]
    if min(counts) < N_LEAST:
        return None
    learned = [part[0][half == 0] for part, half in zip(parts, halves, strict=True)]
    held = [part[0][half == 1] for part, half in zip(parts, halves, strict=True)]
    scores = _scores(learned, held)
    held_clusters = [part[1][half == 1] for part, half in zip(parts, halves, strict=True)]
    return area(scores[1], scores[0], held_clusters[1], held_clusters[0]), len(held[0]) + len(held[1])


def _sampled(x: Vectors, clusters: Ints | None, rng: np.random.Generator) -> tuple[Vectors, Ints]:
    cluster = np.arange(len(x)) if clusters is None else clusters
    if len(x) <= ROWS_MOST:
        return x, cluster
    rows = np.sort(rng.choice(len(x), ROWS_MOST, replace=False))
    return x[rows], cluster[rows]


def _scores(learned: list[Vectors], held: list[Vectors]) -> list[Floats]:
    from sklearn.linear_model import LogisticRegression

    x = np.concatenate(learned)
    source = np.repeat([0, 1], [len(part) for part in learned])
    mean, scale = x.mean(axis=0), np.maximum(x.std(axis=0), np.finfo(np.float32).eps)
    head = LogisticRegression(C=INVERSE_PENALTY, max_iter=500, class_weight="balanced").fit((x - mean) / scale, source)
    return [head.decision_function((part - mean) / scale) for part in held]


def area(high: Floats, low: Floats, high_clusters: Ints, low_clusters: Ints) -> Linear:
    """Give the chance that one of `high` scores above one of `low`, ties halved, minus one half.

    Clusters of the two sides are never the same one, even where their numbers are.
    """
    above, below = _placements(high, low), 1 - _placements(low, high)
    value = float(above.mean())
    influence = np.concatenate([(above - value) / len(above), (below - value) / len(below)])
    apart = np.concatenate([np.unique(c, return_inverse=True)[1] for c in (high_clusters, low_clusters)])
    apart[len(above) :] += len(above)
    return linear(value - CHANCE, influence, apart)


def _placements(scores: Floats, others: Floats) -> Floats:
    """Give for each score the share of the others below it, ties halved."""
    ordered = np.sort(others)
    left, right = np.searchsorted(ordered, scores, side="left"), np.searchsorted(ordered, scores, side="right")
    return (left + right) / (2 * len(others))
