"""A head that learns anew, as it is and reweighted until groups are treated alike. Path: **bias** (part of trade_off).

Learns small logistic heads from embeddings; sees no model. The reweighting is Fairlearn's.
"""

import warnings

import numpy as np

from florilegium.bias.heads import INVERSE_PENALTY
from florilegium.types import Bools, Ints, Vectors

ROWS_MOST = 2_000  # learned from; some ten heads are fitted
ROUNDS_MOST = 10  # of reweighting
APART_MOST = 0.02  # the gap in false positive rates that reweighting aims below


def relearned(x: Vectors, truth: Ints, codes: Ints, asked: Vectors, *, rng: np.random.Generator) -> tuple[Bools, Bools]:
    """Give the answers (m,) to `asked` (m, d) of a head for all, and of heads reweighted for equal false alarms.

    Args: x: (n, d) to learn from.  truth: 0 or 1, both there, (n,).  codes: groups, (n,).
    The reweighted answer is drawn from several heads: Agarwal and others (2018), A reductions approach to fair
    classification, ICML; groups are used while learning and not needed for answering.
    """
    from fairlearn.reductions import ExponentiatedGradient, FalsePositiveRateParity
    from sklearn.linear_model import LogisticRegression

    rows = np.arange(len(x))
    if len(rows) > ROWS_MOST:
        rows = np.sort(rng.choice(rows, ROWS_MOST, replace=False))
    mean, scale = x[rows].mean(axis=0), np.maximum(x[rows].std(axis=0), np.finfo(np.float32).eps)
    learn, ask = (x[rows] - mean) / scale, (asked - mean) / scale
    head = LogisticRegression(C=INVERSE_PENALTY, max_iter=200, tol=1e-3)
    plain: Bools = head.fit(learn, truth[rows]).predict(ask) == 1
    fair = ExponentiatedGradient(
        LogisticRegression(C=INVERSE_PENALTY, max_iter=200, tol=1e-3),
        constraints=FalsePositiveRateParity(difference_bound=APART_MOST),
        max_iter=ROUNDS_MOST,
    )
    with warnings.catch_warnings():
        # Fairlearn 0.15 fills an empty Series in a way that pandas 3 is to give up: nothing that a user could mend.
        warnings.simplefilter("ignore", category=DeprecationWarning)
        fair.fit(learn, truth[rows], sensitive_features=codes[rows])
    reweighted: Bools = np.asarray(fair.predict(ask, random_state=int(rng.integers(2**31)))) == 1
    return plain, reweighted
