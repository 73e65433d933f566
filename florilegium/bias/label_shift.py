"""What are the class shares where nobody labels? Path: **bias** (used by its evaluation part).

Where the items of each class look the same in both places and only their shares differ, the answers' shares there and
the confusion here give the true shares there.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from florilegium.bias.cells import resampled
from florilegium.bias.contrast import LEVEL, Gap
from florilegium.types import Floats, Ints

CLASSES_MOST = 40  # more make the confusion matrix too unsure to invert
CONDITION_MOST = 100.0  # of the matrix of P(said | true): beyond that small errors become large shares
USABLE_LEAST = 0.5  # share of the bootstrap replicates in which every class occurs
N_EXPECTED = 5.0  # fewer items of a class in either place are counted with other rare ones


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelShift:
    """Estimated shares of the k classes in the target, and what they do to accuracy."""

    shares: tuple[Gap, ...]  # target, 0..1, per class
    ours: Floats  # (k,) here
    distance: Gap  # half the sum of |target - ours|, 0..1
    accuracy: Gap  # in the target
    change: Gap  # accuracy in the target minus here
    error: float  # standard error of `change`
    p: float  # that the answers' shares are the same in both places
    n: int


def label_shift(
    y: Ints,
    said: Ints,
    target_said: Ints,
    clusters: Ints | None,
    *,
    k: int,
    n_resamples: int,
    rng: np.random.Generator,
) -> LabelShift | str:
    """Estimate the target's class shares from answers alone; or say why that cannot be done.

    Args: y, said: here, (n,), all known; target_said: there, (m,).
    Source: Lipton, Wang & Smola (2018), Detecting and correcting for label shift with black box predictors, ICML.
    """
    counts = np.bincount(y * k + said, minlength=k * k).reshape(k, k).astype(np.float64)  # (true, said)
    if k > CLASSES_MOST:
        return f"{k} classes are too many to estimate their shares from answers; at most {CLASSES_MOST} can be"
    if (counts.sum(axis=1) == 0).any():
        return "a class has no labelled item here, so nothing is known of how it is answered"
    if np.linalg.cond(counts / counts.sum(axis=1, keepdims=True)) > CONDITION_MOST:
        return "the answers tell the classes apart too badly for their shares to be worked out from them"
    there = np.bincount(target_said, minlength=k).astype(np.float64)
    draws = resampled([(y * k + said, k * k)], clusters, n_resamples=n_resamples, rng=rng)[0].reshape(-1, k, k)
    draws_there = rng.multinomial(len(target_said), there / there.sum(), size=len(draws)).astype(np.float64)
    usable = (draws.sum(axis=2) > 0).all(axis=1)
    if usable.mean() < USABLE_LEAST:
        return "some classes have so few labelled items here that nothing sure is known of how they are answered"
    estimates = _estimates(draws[usable], draws_there[usable])
    found = _estimates(counts[None], there[None])
    gaps = [_gap(float(one[0]), many) for one, many in zip(found[1:], estimates[1:], strict=True)]
    return LabelShift(
        shares=tuple(_gap(float(found[0][0, c]), estimates[0][:, c]) for c in range(k)),
        ours=counts.sum(axis=1) / counts.sum(),
        distance=gaps[0],
        accuracy=gaps[1],
        change=gaps[2],
        error=float(estimates[3].std()),
        p=_same_answers(counts.sum(axis=0), there),
        n=int(counts.sum() + there.sum()),
    )


def _estimates(counts: Floats, there: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Give target shares (B, k), their distance from ours, accuracy in the target, and its change, (B,) each."""
    ours = counts.sum(axis=2)
    confusion = counts / ours[:, :, None]  # P(said | true)
    answers = there / there.sum(axis=1, keepdims=True)
    # A replicate may be singular where the data are not; least squares gives the nearest answer then.
    solved = np.einsum("bts,bs->bt", np.linalg.pinv(np.swapaxes(confusion, 1, 2)), answers)
    shares = np.clip(solved, 0, None)
    shares = shares / shares.sum(axis=1, keepdims=True)
    ours = ours / ours.sum(axis=1, keepdims=True)
    recall = np.diagonal(confusion, axis1=1, axis2=2)
    accuracy, here = (shares * recall).sum(axis=1), (ours * recall).sum(axis=1)
    return shares, np.abs(shares - ours).sum(axis=1) / 2, accuracy, accuracy - here


def _gap(value: float, draws: Floats) -> Gap:
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Gap(value=value, low=float(low), high=float(high))


def _same_answers(here: Floats, there: Floats) -> float:
    """Test whether answers are shared out alike in both places; rare answers count as one."""
    both = np.stack([here, there])  # (2, k)
    expected = both.sum(axis=1, keepdims=True) * both.sum(axis=0) / both.sum()
    rare = expected.min(axis=0) < N_EXPECTED
    if rare.sum() > 1:
        both = np.column_stack([both[:, ~rare], both[:, rare].sum(axis=1)])
    both = both[:, both.sum(axis=0) > 0]
    expected = both.sum(axis=1, keepdims=True) * both.sum(axis=0) / both.sum()
    df = both.shape[1] - 1
    return float(chdtrc(df, ((both - expected) ** 2 / expected).sum())) if df else 1.0
