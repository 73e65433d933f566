"""How well labels can be guessed from facts that should not tell them. Path: **bias** (part of measurement)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from florilegium.bias.contrast import Contrast, Gap
from florilegium.bias.folds import folds_of
from florilegium.evaluation.paired import Comparison, compare
from florilegium.types import Floats, Ints

ROWS_MOST = 20_000  # of which labels are guessed: at that many the range is 1.4 points wide
N_FOLDS = 5
N_PER_FOLD = 10  # fewer items than this in a fold teach and tell nothing
Z = 1.959964
MAX_DEPTH, LEAF = 6, 20  # of the tree that guesses; small and quick, takes empty cells as they are


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOff:
    """How many labels were guessed right, against always saying the commonest."""

    accuracy: float
    commonest: float
    compared: Comparison


def contrast_of(compared: Comparison) -> Contrast:
    """Give a paired comparison as a contrast; its p is the larger of those by items and by clusters."""
    gap = compared.difference
    return Contrast(
        difference=Gap(value=gap.value, low=gap.low, high=gap.high),
        ratio=None,
        p=max(compared.p_value, compared.p_value_groups),
        error=(gap.high - gap.low) / (2 * Z),
        n=compared.n,
    )


def read_off(
    y: Ints, proxies: Mapping[str, Floats], clusters: Ints | None, *, rng: np.random.Generator
) -> ReadOff | None:
    """Guess labels (n,), -1 not known, from numbers, NaN not known; each item by a model of the other folds.

    None where there are too few labels or only one class.
    """
    rows = np.flatnonzero(y >= 0)
    if len(rows) > ROWS_MOST:
        rows = np.sort(rng.choice(rows, ROWS_MOST, replace=False))
    labels = y[rows]
    if len(rows) < N_FOLDS * N_PER_FOLD or len(np.unique(labels)) < 2:
        return None

    from sklearn.tree import DecisionTreeClassifier

    within = rows if clusters is None else clusters[rows]
    facts = np.column_stack([np.asarray(values, dtype=np.float64)[rows] for values in proxies.values()])
    folds = folds_of(within, n_folds=N_FOLDS, rng=rng)
    said, commonest = np.empty_like(labels), np.empty_like(labels)
    for fold in np.unique(folds):
        held = folds == fold
        there, counts = np.unique(labels[~held], return_counts=True)
        commonest[held] = said[held] = there[counts.argmax()]
        if len(there) > 1:
            tree = DecisionTreeClassifier(max_depth=MAX_DEPTH, min_samples_leaf=LEAF, random_state=0)
            said[held] = tree.fit(facts[~held], labels[~held]).predict(facts[held])
    right, baseline = said == labels, commonest == labels
    return ReadOff(accuracy=right.mean(), commonest=baseline.mean(), compared=compare(right, baseline, within))
