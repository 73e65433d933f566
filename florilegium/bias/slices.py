"""Find groups that nobody named: parts of the embedding space in which a model is weak. Path: **bias**.

They are sought on one half of the items; the other half, which had no say in it, is what they are judged on.
"""

import numpy as np

from florilegium.bias.decisions import MISSING, Column
from florilegium.bias.folds import folds_of
from florilegium.types import Bools, Floats, Ints, Vectors

N_SLICES = 5  # named at most
N_PER_SLICE = 200  # items per part on average; half of them are judged on
PARTS_MOST = 20
N_AXES = 32  # strongest directions of the embeddings; distances in more say little
REST = "the rest"


def weak_slices(
    embeddings: Vectors, right: Bools, clusters: Ints | None = None, *, seed: int, n_slices: int = N_SLICES
) -> Column | None:
    """Cut embeddings (n, d) into parts and name those in which fewest answers are right: "slice 1" is the weakest.

    Items of the half that the parts were chosen on have no group (-1). None where there are too few items.
    Source: the idea of Eyuboglu et al. (2022), Domino, ICLR, and of d'Eon et al. (2022), The spotlight, FAccT: error
    within clusters of embeddings; k-means on principal axes, honest by the split.
    """
    n_parts = min(len(right) // N_PER_SLICE, PARTS_MOST)
    if n_parts < 2:
        return None
    rng = np.random.default_rng(seed)
    halves = folds_of(np.arange(len(right)) if clusters is None else clusters, n_folds=2, rng=rng)
    chosen = np.flatnonzero(halves == 0)
    if len(chosen) < n_parts:
        return None
    part = _parts(embeddings, chosen, n_parts, seed)
    n = np.bincount(part[chosen], minlength=n_parts)
    # One imagined right answer of two keeps a part of three items from being the weakest by accident.
    accuracy = (np.bincount(part[chosen], weights=right[chosen], minlength=n_parts) + 1) / (n + 2)
    weakest = [int(p) for p in np.argsort(accuracy, kind="stable") if accuracy[p] < right[chosen].mean()][:n_slices]
    if not weakest:
        return None
    place = np.full(n_parts, len(weakest), dtype=np.int64)
    place[weakest] = np.arange(len(weakest))
    names = (*(f"slice {i}" for i in range(1, len(weakest) + 1)), REST)
    return Column(name="slice", groups=names, codes=np.where(halves == 1, place[part], MISSING))


def _parts(embeddings: Vectors, chosen: Ints, n_parts: int, seed: int) -> Ints:
    """Give each item's part, from centres of the chosen half."""
    from sklearn.cluster import MiniBatchKMeans
    from sklearn.decomposition import PCA

    n_axes = min(N_AXES, embeddings.shape[1], len(chosen))
    with np.errstate(invalid="ignore"):  # embeddings that are all alike have no share of variance to explain
        axes = PCA(n_components=n_axes, random_state=seed).fit(embeddings[chosen])
    places: Floats = axes.transform(embeddings)
    centres = MiniBatchKMeans(n_clusters=n_parts, random_state=seed, n_init=3, batch_size=1024).fit(places[chosen])
    part: Ints = centres.predict(places).astype(np.int64)
    return part
