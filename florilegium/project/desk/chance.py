"""Chance that a reload does not change: a hash of who, what and the seed. Path: **project** (shell)."""

import hashlib

FULL = float(1 << 64)


def share_of(*parts: object) -> float:
    """Give a number from 0 to below 1 that equal parts share and that is uniform over others.

    >>> share_of("blind", 0, "ann", "rose/1.jpg") == share_of("blind", 0, "ann", "rose/1.jpg")
    True
    """
    digest = hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / FULL
