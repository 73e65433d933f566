"""Rank labels by how wrong they look to models that had not seen the item. Path: dataset -> **audit** -> label.

Every label with an answer is ranked, since a filter with a fixed limit misses about half of the slips that people make.
Takes probabilities, never a model; corrects nothing: people decide.
"""

import warnings
from dataclasses import dataclass

import numpy as np

from florilegium.types import Bools, Floats, Ints

MIN_ANSWERED = 20  # answers; below this confident learning has nothing to be confident of
MOST_CLASSES = 2_000  # confident learning counts all pairs of classes: k * k numbers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranked:
    """The m items with a label and an answer, the most suspicious label first; place i of every array is one item."""

    rows: Ints  # (m,) rows of the data set
    scores: Floats  # (m,) suspicion, falling, 0..1; 1: surely wrong; above 0.5 another class is likelier than the label
    flagged: Bools  # (m,) does confident learning name it, or do the models simply say something else?
    confident: Bools  # (m,) does confident learning name it? These are the fewer and the surer ones
    suggestions: Ints  # (m,) class that the models would have said; the label's own where they agree with it

    def __len__(self) -> int:
        """Count the ranked items."""
        return len(self.rows)


def suspects(y: Ints, probabilities: Floats) -> Ranked:
    """Rank all labels that models have answered, the most suspicious first; of equals the earlier row.

    Suspicion is q / (q + p), where p is the probability of the label and q that of the likeliest other class. With one
    label in five turned at random it ranks better than one minus p, the margin q - p, or either weighed by entropy
    (docs/audit.md); confident learning's own order is one minus p.
    Args: y: class numbers (n,), -1 where there is no label.
        probabilities: (n, k) by models that had not seen the item; rows with NaN where there are none.
    Source: Northcutt, Jiang & Chuang (2021), Confident learning, JAIR 70, for `confident`.

    >>> answers = np.array([[0.9, 0.1], [0.2, 0.8], [np.nan, np.nan], [0.6, 0.4]])
    >>> found = suspects(np.array([1, 1, 0, 0]), answers)
    >>> found.rows.tolist(), found.scores.round(2).tolist(), found.flagged.tolist(), found.suggestions.tolist()
    ([0, 3, 1], [0.9, 0.4, 0.2], [True, False, False], [0, 0, 1])
    """
    if probabilities.ndim != 2 or len(probabilities) != len(y):
        raise ValueError(f"probabilities of shape {probabilities.shape} for {len(y):,} labels; expected ({len(y)}, k)")
    asked = np.flatnonzero((y >= 0) & np.isfinite(probabilities).all(axis=1))
    if not len(asked) or probabilities.shape[1] < 2:
        return _none()
    shares, given = np.maximum(probabilities[asked], 0.0), y[asked]
    places = np.arange(len(asked))
    label = shares[places, given]
    others = shares.copy()
    others[places, given] = -1.0
    other = others.max(axis=1)
    # Sorted by the small part of the ratio: beside 1 the differences of 1e-20 and 1e-18 would be rounded away.
    both = np.maximum(label + other, np.finfo(np.float64).tiny)
    order = np.lexsort((asked, label / both, -(other / both)))
    confident = np.isin(places, label_issues(given, shares))
    said = np.where(other > label, others.argmax(axis=1), given)
    return Ranked(
        rows=asked[order],
        scores=(other / both)[order],
        flagged=(confident | (said != given))[order],
        confident=confident[order],
        suggestions=said[order],
    )


def label_issues(y: Ints, probabilities: Floats) -> Ints:
    """Give the places whose label is probably wrong, the most doubtful first, by confident learning.

    Args: y: class numbers (m,); classes may be missing.  probabilities: (m, k), out of fold.
    Nobody is doubted below 20 answers, or where more than 2,000 classes occur.
    Source: Northcutt, Jiang & Chuang (2021), Confident learning, JAIR 70; cleanlab's `find_label_issues`.
    """
    present, numbers = np.unique(y, return_inverse=True)
    if not 2 <= len(present) <= MOST_CLASSES or len(y) < MIN_ANSWERED:
        return np.empty(0, dtype=np.int64)
    shares = np.maximum(probabilities[:, present], 0.0)  # (m, classes that are there): cleanlab wants all to occur
    totals = shares.sum(axis=1, keepdims=True)
    shares = np.where(totals > 0, shares / np.where(totals > 0, totals, 1.0), 1.0 / len(present))
    from cleanlab.filter import find_label_issues  # 1.2 s to import, and only where there are answers

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of classes too small to tell, which `balance` has told
        found: Ints = np.asarray(
            find_label_issues(numbers, shares, return_indices_ranked_by="self_confidence", n_jobs=1), dtype=np.int64
        )
    return found


def _none() -> Ranked:
    no_rows, none = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_)
    return Ranked(rows=no_rows, scores=np.empty(0), flagged=none, confident=none, suggestions=no_rows)
