"""Find items that are copies of one another, and group them. Path: dataset -> **audit** -> split.

Exact copies share a content hash; near ones have embeddings that point the same way, the more so the less their
perceptual hashes agree. Sees hashes and vectors, never pictures. How the thresholds were chosen: docs/audit.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from florilegium.audit.aligned import agreements
from florilegium.audit.alike import N_BITS, Dense, Forest, Prints, Sparse, join_agreeing, join_alike, worth_a_look
from florilegium.audit.sketches import SKETCHED_FROM, join_sketched
from florilegium.types import Bools, Floats, Ints, Octets, Progress, Vectors, silent

SIMILAR = 0.84  # cosine of centred embeddings alone
# Where at most so many of 64 bits of the perceptual hashes differ, so much cosine is enough: a smaller or recompressed
# copy keeps its hash but not its embedding, a crop or a turned copy the other way round.
AGREEING = ((14, 0.75), (12, 0.60), (8, 0.40))
LOOK = 0.60  # cosine from which thumbnails are laid over one another, where there are not too many such pairs
LOOKS_PER_ITEM = 3.0
AGREE = 0.78  # agreement of thumbnails: 99.6 % of copies reach it; of look-alikes none that we saw (docs/audit.md)
SIMILAR_TEXTS = 0.90  # cosine of the hashed pieces of two texts
SAME_PIXELS = 0.995  # for raw pixels: many ones of MNIST look alike without being copies


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Duplicates:
    """Which of n items are copies of one another."""

    groups: Ints  # (n,) exact and near copies share a number, 0..g-1 in order of first appearance
    exact: Ints  # (n,) the same, for exact copies only


def near_duplicates(
    hashes: Sequence[str],
    *,
    vectors: Vectors | sp.csr_array | None = None,
    prints: Prints | None = None,
    thumbs: Octets | None = None,
    threshold: float = SIMILAR,
    centre: bool = True,
    sketched_from: int = SKETCHED_FROM,
    progress: Progress = silent,
) -> Duplicates:
    """Group exact and near copies; a chain of near copies is one group.

    Near means a cosine of at least `threshold` between vectors from which the mean vector was taken (`centre`): raw
    embeddings of one kind of picture all point roughly the same way. Pictures whose perceptual hashes agree need less.
    Memory is linear in n; time is quadratic, with a small factor, but for very many texts. Vectors are first compared
    in a random projection to 192 dimensions, whose cosines have a standard error of (1 - c^2) / sqrt(192); what might
    be near is checked exactly.
    Source: Li, Hastie & Church (2006), Improving random projections using marginal information, COLT, lemma 3.
    Args: hashes: (n,) content hashes.  vectors: (n, d) dense or sparse (never centred); None: exact copies only.
        prints: perceptual hashes of the n pictures.
        thumbs: (n, 32, 32, 3) of photos, not of drawings or digits: pairs that are somewhat alike are found too where
            these agree when laid over one another.
        sketched_from: sparse rows of more different contents than this are not compared pair by pair, but where their
            MinHash sketches agree (`sketches`).  progress: hears of "items compared".

    >>> found = near_duplicates(["a", "b", "a", "c"], vectors=np.eye(4, dtype=np.float32)[[0, 1, 0, 1]], centre=False)
    >>> found.exact.tolist(), found.groups.tolist()
    ([0, 1, 0, 2], [0, 1, 0, 1])
    """
    number = {digest: i for i, digest in enumerate(dict.fromkeys(hashes))}
    exact = np.array([number[digest] for digest in hashes], dtype=np.int64)
    if vectors is None or len(number) < 2:
        return Duplicates(groups=exact, exact=exact)
    _, firsts = np.unique(exact, return_index=True)  # one row per content; group numbers rise with first appearance
    if sp.issparse(vectors) and len(firsts) > sketched_from:
        forest = Forest(len(firsts))
        join_sketched(forest, sp.csr_array(vectors)[firsts], threshold=threshold, progress=progress)
        return Duplicates(groups=combine(forest.groups[exact]), exact=exact)
    space = Sparse(sp.csr_array(vectors), firsts) if sp.issparse(vectors) else Dense(vectors, firsts, centre=centre)
    forest = Forest(len(firsts))
    some = None if prints is None else Prints(hashes=prints.hashes[firsts], mirrored=prints.mirrored[firsts])
    join_alike(forest, space, _needed(threshold), prints=some, progress=progress)
    if thumbs is not None:
        order = np.argsort(np.asarray([hashes[row] for row in firsts], dtype=np.str_))
        least = worth_a_look(space, order, per_item=LOOKS_PER_ITEM, low=LOOK, high=threshold)

        def agree(i: Ints, j: Ints) -> Bools:
            return agreements(thumbs, firsts[i], firsts[j]) >= AGREE

        join_agreeing(forest, space, least, agree, progress=progress)
    return Duplicates(groups=combine(forest.groups[exact]), exact=exact)


def combine(*groupings: Ints) -> Ints:
    """Give the coarsest grouping in which items that share a number in any of the groupings (n,) share one.

    A negative number is no group. The result counts from 0 in order of first appearance.

    >>> combine(np.array([0, 0, 1, 2]), np.array([-1, 5, 5, -1])).tolist()
    [0, 0, 0, 1]
    """
    n = len(groupings[0])
    forest = Forest(n)
    for grouping in groupings:
        order = np.argsort(grouping, kind="stable")
        ordered = grouping[order]
        same = (ordered[1:] == ordered[:-1]) & (ordered[1:] >= 0)
        forest.join(order[:-1][same], order[1:][same])
    _, first, inverse = np.unique(forest.groups, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    found: Ints = rank[inverse]
    return found


def _needed(threshold: float) -> Floats:
    """Give the least cosine by the number of differing bits, 0..64; never more than `threshold`."""
    needed = np.full(N_BITS + 1, threshold)
    for bits, cosine in AGREEING:
        needed[: bits + 1] = min(cosine, threshold)
    return needed
