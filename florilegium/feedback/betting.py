"""How strongly right and wrong answers speak against each accuracy, however often somebody looks. Path: **feedback**.

A wager against every accuracy p at once, as in `florilegium.active.evidence`, whose gains it shares: before each answer
the chance of "right" is guessed from earlier ones, and the stake multiplies by guess / p or (1 - guess) / (1 - p).
Against a true p the stake *ever* reaches 40 in at most 1 of 40 cases, so ranges of these hold at every look.
Sources: Ville (1939); Waudby-Smith & Ramdas (2024), JRSS-B 86(1), 1-27.
"""

from functools import cache

import numpy as np

from florilegium.active.evidence import log_gain
from florilegium.types import Bools, Floats, Ints

# Imagined before the first answer: 4.5 of 5 right. With one imagined answer, half right, a live accuracy of 85 %
# against a promise of 93 % (528 test items) was found after 300 audits instead of 200; with 10 or 20 as with 5.
IMAGINED_RIGHT, IMAGINED = 4.5, 5.0
SHARES: Floats = np.linspace(0, 1, 1001)[1:-1]  # accuracies that are asked about: steps of a tenth of a point
BLOCK = 1_000  # answers multiplied at once


def log_stakes(right: Bools, clusters: Ints | None = None, *, from_above: bool) -> Floats:
    """Give the log of the stake won against each of `SHARES`.

    Args: right: (n,) in the order of time.  clusters: (n,) answers about one content make one wager together, the
            geometric mean of theirs, which is fair however they hang together (Hölder's inequality).
        from_above: speak against "the accuracy was always at least p"; else against "always at most p". Either way the
            true accuracy may wander on its side of p.
    """
    right_share, order = _per_cluster(right, clusters)
    event = right_share[order] if from_above else 1 - right_share[order]
    guess = _guesses(event, IMAGINED_RIGHT if from_above else IMAGINED - IMAGINED_RIGHT)
    asked = SHARES if from_above else 1 - SHARES
    stakes = np.zeros(len(asked))
    for start in range(0, len(event), BLOCK):
        some = slice(start, start + BLOCK)
        p = np.broadcast_to(asked, (len(event[some]), len(asked)))
        share, whole = event[some, None], event[some, None] >= 1
        gain = log_gain(p, guess[some, None], whole, upper_only=True)
        if ((share > 0) & ~whole).any():  # clusters that are partly right
            gain = share * log_gain(p, guess[some, None], ~whole | whole, upper_only=True) + (1 - share) * log_gain(
                p, guess[some, None], whole & ~whole, upper_only=True
            )
        stakes += gain.sum(axis=0)
    return stakes


def below_each(n_right: float, n: float) -> Floats:
    """Give for each of `SHARES` the chance of at least `n_right` right ones of n, were it the truth; may be effective.

    Small where the truth must be higher. Source: Clopper & Pearson (1934), Biometrika 26(4), by the incomplete beta.
    """
    from scipy.special import betainc

    chance: Floats = betainc(n_right, n - n_right + 1, SHARES) if n_right > 0 else np.ones(len(SHARES))
    return chance


@cache
def once(alpha: float) -> float:
    """Give the level a for which a (1 + ln(1 / a)) = alpha: what p-values are held to that go with a running stake.

    A stake that ever reaches P / a, or P at most a: given P the chance is at most min(1, a / P) (Ville), and P is
    uniform at worst, so that over P it is a (1 + ln(1 / a)).

    >>> round(once(0.025), 5)
    0.0038
    """
    from scipy.optimize import brentq

    return float(brentq(lambda a: a * (1 - np.log(a)) - alpha, 1e-12, alpha))


def sequence(right: Bools, clusters: Ints | None = None, *, level: float) -> tuple[float, float]:
    """Give the range of accuracies (0..1) that holds at every look together with chance `level`; 0 to 1 at first.

    >>> right = np.arange(200) % 10 > 0
    >>> "{:.3f} to {:.3f}".format(*sequence(right, level=0.95))
    '0.814 to 0.957'
    """
    limit = -np.log((1 - level) / 2)
    above = log_stakes(right, clusters, from_above=True) < limit  # p is not too high
    below = log_stakes(right, clusters, from_above=False) < limit
    low = 0.0 if below[0] else float(SHARES[int(below.argmax()) - 1]) if below.any() else float(SHARES[-1])
    last = len(above) - 1 - int(above[::-1].argmax())
    high = 1.0 if above[-1] else float(SHARES[last + 1]) if above.any() else float(SHARES[0])
    return min(low, high), max(low, high)


def _per_cluster(right: Bools, clusters: Ints | None) -> tuple[Floats, Ints]:
    """Give each cluster's share of right answers, and the clusters in the order in which they came."""
    if clusters is None:
        return right.astype(np.float64), np.arange(len(right))
    _, first, code = np.unique(clusters, return_index=True, return_inverse=True)
    share: Floats = np.bincount(code, weights=right) / np.maximum(np.bincount(code), 1)
    return share, np.argsort(first, kind="stable")


def _guesses(event: Floats, imagined: float) -> Floats:
    """Guess each share from those before it."""
    before = np.concatenate([[0.0], np.cumsum(event)[:-1]]) if len(event) else np.zeros(0)
    return (before + imagined) / (np.arange(len(event)) + IMAGINED)
