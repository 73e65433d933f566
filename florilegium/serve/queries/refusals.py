"""What a query is refused for, and how often one address may ask. Path: **serve** (used by its query pages)."""

from typing import ClassVar

from fastapi import Request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from florilegium.serve.limits import RequestRefused


class QueryTooLong(RequestRefused):
    """A query has more characters than are read."""

    status: ClassVar[int] = 413


class NoSuchQuery(RequestRefused):
    """No query has this ticket or number."""

    status: ClassVar[int] = 404


class TooOften(RequestRefused):
    """One address asks more often than is answered."""

    status: ClassVar[int] = 429
    retry_after_s = 60


class Rate:
    """Counts what each address sends; in this process alone, and forgotten with it."""

    def __init__(self, per_minute: int) -> None:
        """Let an address send so many queries a minute; 0: as many as it likes."""
        self._item = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._per_minute = per_minute

    def count(self, request: Request) -> None:
        """Count a query.

        Raises: TooOften: the address of who asks has sent its share.
        """
        address = request.client.host if request.client is not None else ""
        if self._item is not None and not self._limiter.hit(self._item, address):
            raise TooOften(
                f"More than {self._per_minute:,} queries a minute from one address. Wait a minute and send it again."
            )
