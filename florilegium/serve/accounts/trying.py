"""How often somebody may try a password. Path: **serve** (used by its accounts).

Tries are counted per address and per name, so that neither one machine nor many can guess. A browser in which the
person has signed in before has a count of its own: whoever tries a name over and over slows down strangers, and never
locks the person out. Counts live in this process and end with it.
"""

import time
from ipaddress import IPv6Address, ip_address
from math import ceil

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from florilegium.serve.limits import RequestRefused

PER_ADDRESS = parse("60 per 10 minutes")  # an office behind one address signs in together on a Monday
PER_NAME = parse("10 per 10 minutes")
PER_BROWSER = parse("10 per 10 minutes")
PREFIX_V6 = 64  # bits: a household has that many addresses at its disposal


class TooManyTries(RequestRefused):
    """Passwords are tried too often."""

    status = 429

    def __init__(self, wait_s: int) -> None:
        """Say how long to wait."""
        super().__init__(f"Too many tries. Wait {_spoken(wait_s)} and try again; a person signed in is not disturbed.")
        self.retry_after_s = wait_s


class Tries:
    """Counts the tries of one process."""

    def __init__(self) -> None:
        """Begin at nought."""
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def take(self, address: str | None, key: str, *, known: str = "") -> None:
        """Count a try.

        Args: address: of the machine.  key: the name as it is compared.  known: the cookie of a browser in which this
            very person has signed in before, checked; empty: of a stranger.
        Raises: TooManyTries: say no; it was not counted against others.
        """
        if known:
            self._hit(PER_BROWSER, "browser", known)
            return
        self._hit(PER_ADDRESS, "address", network_of(address))
        self._hit(PER_NAME, "name", key)

    def forget(self, known: str) -> None:
        """Count a browser anew: the person has signed in."""
        self._limiter.clear(PER_BROWSER, "browser", known)

    def _hit(self, limit: RateLimitItem, *what: str) -> None:
        if not self._limiter.hit(limit, *what):
            until = self._limiter.get_window_stats(limit, *what).reset_time
            raise TooManyTries(max(1, ceil(until - time.time())))


def network_of(address: str | None) -> str:
    """Give what counts as one machine: an address, or of the sixth version the network that one household has.

    >>> network_of("192.0.2.7"), network_of("2001:db8::1") == network_of("2001:db8::2"), network_of(None)
    ('192.0.2.7', True, 'unknown')
    """
    try:
        found = ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return f"{int(found) >> (128 - PREFIX_V6):x}/{PREFIX_V6}"
    return str(found)


def _spoken(wait_s: int) -> str:
    return f"{wait_s} seconds" if wait_s < 90 else f"{ceil(wait_s / 60)} minutes"
