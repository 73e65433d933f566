"""Two streams of items to label: the chosen ones, and a few drawn at random. Path: model -> **active** -> report.

The random stream says how good the model is and what choosing saved, so nothing about it may be chosen. Its items are
set aside before the first label; choosing never touches them, or it would take the hard items away and what is left
would flatter the model. Nor does choosing see their labels: it would look elsewhere, and with its own label left out a
judge would stand in a hole that no other item stands in.
"""

import hashlib
from collections.abc import Sequence

import numpy as np

from florilegium.errors import SettingError
from florilegium.types import Bools

SHARE_RANDOM = 0.2  # of the labels, and of the items that are set aside for them
MIN_SHARE, MAX_SHARE = 0.05, 0.5
HASH_BITS = 52  # as many as a float holds exactly


def reserve(ids: Sequence[str], *, share: float = SHARE_RANDOM, seed: int = 0) -> Bools:
    """Tell which items are set aside for the random stream, (n,); about `share` of them.

    Args: ids: one name or hash per item.  share: 0.05..0.5.  An item's side depends on its own id and the seed only, so
        it stays where it is when items are added.
    Raises: SettingError: `share` is out of range.

    >>> float(reserve([f"photo {i}" for i in range(1_000)]).mean())
    0.189
    """
    _check(share)
    return np.array([_place(name, seed) < share for name in ids], dtype=np.bool_)


def turn(n_labels: int, *, share: float = SHARE_RANDOM) -> bool:
    """Tell whether the next label, after `n_labels`, belongs to the random stream: evenly spread, the first one chosen.

    Raises: SettingError: `share` is out of range.

    >>> [n for n in range(12) if turn(n)]
    [4, 9]
    """
    _check(share)
    return int((n_labels + 1) * share) > int(n_labels * share)


def _check(share: float) -> None:
    if not MIN_SHARE <= share <= MAX_SHARE:
        raise SettingError(f"share of random items = {share}: expected {MIN_SHARE} to {MAX_SHARE}, for example 0.2")


def _place(name: str, seed: int) -> float:
    digest = hashlib.sha256(f"{seed}:{name}".encode("utf-8", "surrogatepass")).digest()
    return (int.from_bytes(digest[:8], "big") >> (64 - HASH_BITS)) / (1 << HASH_BITS)
