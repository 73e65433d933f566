"""Choose what to label next: what the model hesitates about, and nothing twice. Path: model -> **active** -> report.

The candidates are weighed by how much the model hesitates, and clustered; each cluster sends the item nearest to its
middle. While there is no model yet all weigh the same, and what is labelled already holds clusters of its own. Sees
vectors, labels and probabilities; never a model.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from florilegium.active.clusters import centres, squared_distances
from florilegium.errors import InputError
from florilegium.types import Bools, Floats, Ints, Vectors

PER_PLACE = 30  # candidates that compete for each place in the batch
MIN_LOOKED_AT, MAX_LOOKED_AT = 300, 6_000  # candidates that are clustered; the most doubtful ones
MAX_AXES = 128  # numbers per item while clustering: random axes keep distances well enough
FIRST_LABELS = 3  # labels per known class before the model's doubts are heard
NO_IDEA = 0.5  # where the two likeliest classes share less than this, the model has no idea
NEW = "unlike anything labelled so far"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """What to ask next, the most telling first, and why."""

    rows: Ints  # (m,) m = n, or fewer where there are no more candidates
    reason: str  # in plain words, of the batch as a whole
    between: Ints  # (m, 2) the classes that the model hesitates between, the likelier first; -1, -1: asked as new
    stands_for: Ints  # (m,) how many of the candidates that were looked at are most like this one, itself included

    def why(self, i: int, classes: Sequence[str]) -> str:
        """Say in plain words why the i-th row is asked; `classes` are the names by number.

        >>> asked = Batch(rows=np.array([4]), reason="", between=np.array([[1, 0]]), stands_for=np.array([9]))
        >>> asked.why(0, ["peony", "rose"])
        'the model hesitates between rose and peony'
        """
        first, second = self.between[i].tolist()
        if first < 0:
            return NEW
        return f"the model hesitates between {classes[first]} and {classes[second]}"


def next_batch(
    vectors: Vectors,
    labels: Ints,
    probabilities: Floats | None,
    *,
    candidates: Ints,
    n: int,
    rng: np.random.Generator,
) -> Batch:
    """Choose up to `n` unlabelled candidates that teach the most together.

    Args:
        vectors: (m, d) one row per item, labelled or not; `QuickHead.places` is quickest.
        labels: (m,) class numbers, -1: unlabelled.  probabilities: (m, k) by the model so far, or None.
        candidates: rows that may be asked; labelled ones among them are passed over.  n: at least 1.
        rng: chance; the same state gives the same batch.
    Raises: InputError: shapes disagree, rows are out of range, or numbers are not finite.
    Source: weighed clusters as in Zhdanov (2019), Diverse mini-batch active learning, arXiv 1901.05954; the first
        batches as TypiClust: Hacohen, Dekel & Weinshall (2022), ICML, PMLR 162, 8175-8195.
    """
    _check(vectors, labels, probabilities, candidates, n)
    free = np.unique(candidates[labels[candidates] < 0])
    heard = probabilities if _is_heard(labels, probabilities) else None
    if heard is None:
        weights = np.ones(len(free))
        reason = "Few labels so far: items that many others resemble, unlike what is labelled."
    else:
        weights = _doubts(heard[free])
        reason = "Items about which the model hesitates, and unlike one another."
    looked_at = _shortlist(weights, n, rng)
    rows, weights = free[looked_at], weights[looked_at]
    seen = np.flatnonzero(labels >= 0) if heard is None else np.zeros(0, dtype=np.int64)
    places = _narrow(vectors, np.concatenate([rows, _some(seen, rng)]), rng)
    chosen, stands_for = _representatives(places[: len(rows)], weights, places[len(rows) :], n, rng)
    between = np.full((len(chosen), 2), -1, dtype=np.int64) if heard is None else _between(heard[rows[chosen]])
    return Batch(rows=rows[chosen], reason=reason, between=between, stands_for=stands_for)


def _check(vectors: Vectors, labels: Ints, probabilities: Floats | None, candidates: Ints, n: int) -> None:
    """Look at everything, complain once."""
    m = len(vectors)
    faults = [f"n = {n}, not at least 1"] if n < 1 else []
    faults += [f"{len(labels)} labels for {m} vectors"] if len(labels) != m else []
    if candidates.size and not (candidates.min() >= 0 and candidates.max() < m):
        faults.append(f"candidates {candidates.min()} to {candidates.max()}, not rows 0 to {m - 1}")
    if not _all_finite(vectors):
        faults.append("vectors with NaN or infinite numbers")
    if probabilities is not None:
        faults += [f"{len(probabilities)} rows of probabilities for {m} vectors"] if len(probabilities) != m else []
        faults += ["probabilities with NaN or infinite numbers"] if not _all_finite(probabilities) else []
    if faults:
        raise InputError(f"what to label next cannot be chosen: {'; '.join(faults)}. Encode the items anew.")


def _all_finite(x: Vectors | Floats) -> bool:
    with np.errstate(over="ignore", invalid="ignore"):
        total = x.sum()  # in one pass, without an array of answers
    return bool(np.isfinite(total)) or bool(np.isfinite(x).all())


def _is_heard(labels: Ints, probabilities: Floats | None) -> bool:
    """Tell whether the model knows enough for its doubts to mean something."""
    known = np.unique(labels[labels >= 0])
    n_labels = int((labels >= 0).sum())
    return (
        probabilities is not None
        and probabilities.shape[1] > 1
        and len(known) > 1
        and n_labels >= FIRST_LABELS * len(known)
    )


def _doubts(probabilities: Floats) -> Floats:
    """Give 1 - margin per row, 0..1: 1 where the two likeliest classes are equally likely."""
    top = np.partition(probabilities, -2, axis=1)[:, -2:]  # (n, k) -> (n, 2)
    doubts: Floats = 1 - (top[:, 1] - top[:, 0])
    return np.clip(doubts, 1e-6, 1)


def _shortlist(weights: Floats, n: int, rng: np.random.Generator) -> Ints:
    """Give the places of the heaviest candidates, as many as are clustered; of equals a random part."""
    most = int(np.clip(PER_PLACE * n, MIN_LOOKED_AT, max(MAX_LOOKED_AT, 2 * n)))
    if len(weights) <= most:
        return np.arange(len(weights))
    shuffled = rng.permutation(len(weights))
    return np.sort(shuffled[np.argpartition(-weights[shuffled], most)[:most]])


def _some(seen: Ints, rng: np.random.Generator) -> Ints:
    return seen if len(seen) <= MIN_LOOKED_AT else rng.choice(seen, MIN_LOOKED_AT, replace=False)


def _narrow(vectors: Vectors, rows: Ints, rng: np.random.Generator) -> Vectors:
    """Give the rows along at most MAX_AXES random axes. Source: Johnson & Lindenstrauss (1984)."""
    chosen = np.asarray(vectors[rows], dtype=np.float32)
    d = chosen.shape[1]
    if d <= MAX_AXES:
        return chosen
    axes = rng.standard_normal((d, MAX_AXES), dtype=np.float32) / np.float32(np.sqrt(MAX_AXES))
    return chosen @ axes  # (rows, d) @ (d, 128)


def _representatives(
    places: Vectors, weights: Floats, held: Vectors, n: int, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Give up to n places in `places`, one per cluster, the heaviest cluster first, and how many each stands for."""
    n = min(n, len(places))
    if n == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    middles = centres(places, weights, held, n=n, rng=rng)  # (n + held, d); those that are held come last
    distances = squared_distances(places, middles)
    nearest = distances.argmin(axis=1)
    mass = np.bincount(nearest, weights=weights, minlength=len(middles))[:n]
    sizes = np.bincount(nearest, minlength=len(middles))[:n]
    chosen, stands_for = [], []
    taken: Bools = np.zeros(len(places), dtype=np.bool_)
    for cluster in np.argsort(-mass, kind="stable"):
        own = np.where(taken, np.inf, np.where(nearest == cluster, distances[:, cluster], np.inf))
        # An empty cluster (copies of one item) sends the heaviest item that nobody sent.
        best = int(own.argmin()) if np.isfinite(own).any() else int(np.where(taken, -1.0, weights).argmax())
        taken[best] = True
        chosen.append(best)
        stands_for.append(max(int(sizes[cluster]), 1))
    return np.array(chosen, dtype=np.int64), np.array(stands_for, dtype=np.int64)


def _between(probabilities: Floats) -> Ints:
    """Give the two likeliest classes per row (n, 2), the likelier first; -1, -1 where even they are unlikely."""
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :2].astype(np.int64)
    no_idea = np.take_along_axis(probabilities, order, axis=1).sum(axis=1) < NO_IDEA
    order[no_idea] = -1
    return order
