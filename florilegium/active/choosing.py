"""Choose what to label next: what the model hesitates about, and what stands for many others. Path: **active**.

One rule from the first label to the last: the items that the model hesitates about shall each have a labelled item near
it. While there is no model yet, all items weigh the same. Sees vectors, labels and probabilities; never a model.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from florilegium.active.covering import cover, likeness, spread_of
from florilegium.errors import InputError
from florilegium.types import Floats, Ints, Vectors

MAX_LOOKED_AT = 2_000  # items that are to be covered, and candidates that compete to cover them
MAX_AXES = 256  # numbers per item while looking: random axes keep distances well enough
NO_IDEA = 0.5  # where the two likeliest classes share less than this, the model has no idea
FIRST = "Few labels so far: items that stand for many others, and unlike what is labelled."
LATER = "Items about which the model hesitates, and that stand for others like them."
NEW = "unlike anything labelled so far"
ALIKE = "like others about which the model hesitates"
SURE = 0.5  # a margin from which on the model does not hesitate about the item itself


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """What to ask next, the most telling first, and why."""

    rows: Ints  # (m,) m = n, or fewer where there are no more candidates
    reason: str  # in plain words, of the batch as a whole
    # (m, 2) the classes that the model hesitates between, the likelier first; -1, -1: asked as new; -2, -2: for others.
    between: Ints
    stands_for: Ints  # (m,) how many of the items that were looked at are most like this one, of all asked or labelled

    def why(self, i: int, classes: Sequence[str]) -> str:
        """Say in plain words why the i-th row is asked; `classes` are the names by number.

        >>> asked = Batch(rows=np.array([4]), reason="", between=np.array([[1, 0]]), stands_for=np.array([9]))
        >>> asked.why(0, ["peony", "rose"])
        'the model hesitates between rose and peony'
        """
        first, second = self.between[i].tolist()
        if first < 0:
            return NEW if first == -1 else ALIKE
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
            Both without the random stream's labels: choosing may not lean on what judges it.
        candidates: rows that may be asked; labelled ones among them are passed over.  n: at least 1.
        rng: chance; the same state gives the same batch.
    Raises: InputError: shapes disagree, rows are out of range, or numbers are not finite.
    Source: Bae, Oliveira & Sutherland (2025), Uncertainty herding, ICLR: coverage by a kernel, weighed by doubt.
    """
    _check(vectors, labels, probabilities, candidates, n)
    free = np.unique(candidates[labels[candidates] < 0]).astype(np.int64)
    heard = probabilities if _is_heard(labels, probabilities) else None
    doubts = np.ones(len(free)) if heard is None else _doubts(heard[free])
    asked, weights = _to_cover(free, doubts, rng)
    rivals = _heaviest(free, doubts, max(MAX_LOOKED_AT, 2 * n), rng)
    seen = _some(np.flatnonzero(labels >= 0), rng)
    places = _narrow(vectors, np.concatenate([asked, rivals, seen]), rng)
    asked_at, rivals_at, seen_at = np.split(places, [len(asked), len(asked) + len(rivals)])
    scale = spread_of(asked_at, seen_at)
    covered = likeness(seen_at, asked_at, scale).max(axis=0, initial=0)
    chosen, stands_for = cover(likeness(rivals_at, asked_at, scale), weights, covered, n=n)
    rows = rivals[chosen]
    return Batch(
        rows=rows,
        reason=FIRST if heard is None else LATER,
        between=np.full((len(rows), 2), -1, dtype=np.int64) if heard is None else _between(heard[rows]),
        stands_for=stands_for,
    )


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
    """Tell whether the model can hesitate: between two classes, each of which has a label."""
    return probabilities is not None and probabilities.shape[1] > 1 and len(np.unique(labels[labels >= 0])) > 1


def _doubts(probabilities: Floats) -> Floats:
    """Give 1 - margin per row, 0..1: 1 where the two likeliest classes are equally likely."""
    top = np.partition(probabilities, -2, axis=1)[:, -2:]  # (n, k) -> (n, 2)
    doubts: Floats = 1 - (top[:, 1] - top[:, 0])
    return np.clip(doubts, 1e-6, 1)


def _to_cover(free: Ints, doubts: Floats, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Give the items to be covered and their weights; of very many a sample, in which doubtful ones are more likely."""
    if len(free) <= MAX_LOOKED_AT:
        return free, doubts
    drawn = rng.choice(len(free), MAX_LOOKED_AT, replace=False, p=doubts / doubts.sum(), shuffle=False)
    return free[drawn], np.ones(MAX_LOOKED_AT)


def _heaviest(free: Ints, doubts: Floats, most: int, rng: np.random.Generator) -> Ints:
    """Give the most doubtful candidates; of equals a random part, in random order."""
    shuffled = rng.permutation(len(free))
    if len(free) > most:
        shuffled = shuffled[np.argpartition(-doubts[shuffled], most)[:most]]
    return free[shuffled]


def _some(seen: Ints, rng: np.random.Generator) -> Ints:
    return seen if len(seen) <= MAX_LOOKED_AT else rng.choice(seen, MAX_LOOKED_AT, replace=False)


def _narrow(vectors: Vectors, rows: Ints, rng: np.random.Generator) -> Vectors:
    """Give the rows along at most MAX_AXES random axes. Source: Johnson & Lindenstrauss (1984)."""
    chosen = np.asarray(vectors[rows], dtype=np.float32)
    d = chosen.shape[1]
    if d <= MAX_AXES:
        return chosen
    axes = rng.standard_normal((d, MAX_AXES), dtype=np.float32) / np.float32(np.sqrt(MAX_AXES))
    return chosen @ axes  # (rows, d) @ (d, 256)


def _between(probabilities: Floats) -> Ints:
    """Give the two likeliest classes per row (n, 2), likelier first; -1 where even they are unlikely, -2: sure."""
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :2].astype(np.int64)
    top = np.take_along_axis(probabilities, order, axis=1)
    order[top.sum(axis=1) < NO_IDEA] = -1
    order[top[:, 0] - top[:, 1] > SURE] = -2
    return order
