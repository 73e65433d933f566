"""Search very many texts for near copies by MinHash, in time nearly linear in n. Path: dataset -> **audit** -> split.

A text's pieces are sketched by the smallest of many hashes; texts whose sketches agree in a whole band are candidates,
and candidates are joined by the same exact cosine that all pairs of fewer texts are compared by. So nothing is joined
that would not be otherwise; what may be missed is said at `N_BANDS`.
Sources: Broder (1997), On the resemblance and containment of documents, SEQUENCES; Indyk and Motwani (1998),
Approximate nearest neighbors, STOC (bands); Leskovec, Rajaraman and Ullman, Mining of massive datasets, section 3.4.
"""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from florilegium.audit.alike import Forest, Sparse, join_checked
from florilegium.types import Floats, Ints, Progress

SKETCHED_FROM = 100_000  # texts; up to here all pairs are compared, in under a minute
# Two texts of one length whose cosine is 0.90 share 0.82 of their pieces. All six hashes of a band agree with
# probability 0.82^6 = 0.30, and none of 20 bands does with 0.0007; at a cosine of 0.95 with less than one in a million.
N_BANDS, N_HASHES = 20, 6
# Neighbours in a band that a text is compared with. A run that is longer is of copies, which hang together after a few
# looks, or of texts that share an opening; pairs further apart in it are left to the other bands.
MAX_AWAY = 40
CHUNK = 20_000  # texts sketched at once: about 3 million pieces
STEP = "bands compared"
NONE = np.uint64(0)  # the key of a text without pieces, which is near nothing

Keys = NDArray[np.uint64]


def join_sketched(forest: Forest, pieces: sp.csr_array, *, threshold: float, progress: Progress) -> None:
    """Join all pairs of rows (n, d) whose cosine is at least `threshold` and whose sketches agree in a band."""
    keys = band_keys(pieces)
    space = _Rows(pieces)
    for band in range(N_BANDS):
        _join_band(forest, space, keys[band], threshold)
        progress(STEP, band + 1, N_BANDS)


def band_keys(pieces: sp.csr_array) -> Keys:
    """Give each row's key in each band, (bands, n): rows with equal pieces have equal keys.

    Only which columns a row has counts. Always the same: equal data must give equal groups.

    >>> keys = band_keys(sp.csr_array(np.array([[1.0, 2.0, 0.0], [3.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])))
    >>> bool((keys[:, 0] == keys[:, 1]).all()), bool((keys[:, 0] == keys[:, 2]).any()), keys[:2, 3].tolist()
    (True, False, [0, 0])
    """
    draw = np.random.default_rng(0)
    factors = draw.integers(1 << 31, size=(N_BANDS, N_HASHES), dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    shifts = draw.integers(1 << 32, size=(N_BANDS, N_HASHES), dtype=np.uint32)
    keys = np.zeros((N_BANDS, pieces.shape[0]), dtype=np.uint64)
    for start in range(0, pieces.shape[0], CHUNK):
        bounds = pieces.indptr[start : start + CHUNK + 1].astype(np.int64)
        mixed = _mixed(pieces.indices[bounds[0] : bounds[-1]])
        some = np.flatnonzero(np.diff(bounds))  # rows with pieces; reduceat cannot do with others
        if len(some):
            starts = bounds[some] - bounds[0]
            for band in range(N_BANDS):
                keys[band, start + some] = _band(mixed, starts, factors[band], shifts[band])
    return keys


def _band(mixed: NDArray[np.uint32], starts: Ints, factors: NDArray[np.uint32], shifts: NDArray[np.uint32]) -> Keys:
    key = np.full(len(starts), 0x9E3779B97F4A7C15, dtype=np.uint64)
    for factor, shift in zip(factors, shifts, strict=True):
        hashed = mixed ^ shift
        hashed *= factor
        key ^= np.minimum.reduceat(hashed, starts)
        key *= np.uint64(0xBF58476D1CE4E5B9)
        key ^= key >> np.uint64(29)
    return np.where(key == NONE, np.uint64(1), key)


def _mixed(columns: NDArray[np.int32]) -> NDArray[np.uint32]:
    """Spread column numbers over 32 bits, so that a product and an exclusive or make good hashes of them.

    Source: Appleby, MurmurHash3's finaliser.
    """
    mixed = columns.astype(np.uint32)
    for factor, shift in ((0x85EBCA6B, 16), (0xC2B2AE35, 13)):
        mixed ^= mixed >> np.uint32(shift)
        mixed *= np.uint32(factor)
    return mixed ^ (mixed >> np.uint32(16))


def _join_band(forest: Forest, space: "_Rows", keys: Keys, threshold: float) -> None:
    order = np.argsort(keys, kind="stable")
    order = order[keys[order] != NONE]
    ordered = keys[order]
    for away in range(1, min(MAX_AWAY, len(order) - 1) + 1):
        same = np.flatnonzero(ordered[away:] == ordered[:-away])
        if not len(same):
            return
        i, j = order[same], order[same + away]
        join_checked(forest, space, i, j, np.full(len(i), threshold))


class _Rows(Sparse):
    """Sparse rows that are only compared exactly; nothing is projected."""

    def __init__(self, pieces: sp.csr_array) -> None:
        self._x = pieces
        squares = np.append(pieces.data.astype(np.float64) ** 2, 0.0)
        norms: Floats = np.sqrt(np.add.reduceat(squares, pieces.indptr[:-1]))
        empty = np.diff(pieces.indptr) == 0
        self._norms = np.where(empty | (norms == 0), np.inf, norms)
