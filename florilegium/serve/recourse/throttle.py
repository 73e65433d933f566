"""Who tries many wrong tickets has to wait. Path: **serve**. Knows addresses only, and forgets them within minutes."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import ClassVar

from starlette.requests import Request

from florilegium.serve.limits import RequestRefused

MOST_WRONG, WINDOW_S = 30, 60.0  # a person mistypes a link now and then; a ticket has 192 bits
MOST_ADDRESSES = 10_000


class TooManyWrong(RequestRefused):
    """Too many tickets that belong to nothing came from one address."""

    status: ClassVar[int] = 429
    retry_after_s = int(WINDOW_S)


class Throttle:
    """Counts wrong tickets per address."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nobody."""
        self._clock, self._lock = clock, threading.Lock()
        self._wrong: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def wrong(self, request: Request) -> None:
        """Count a ticket that belongs to nothing. One that belongs to something is answered, whoever sits beside.

        Raises: TooManyWrong: this address tried too many.
        """
        address, now = _address(request), self._clock()
        with self._lock:
            began, n = self._wrong.pop(address, (now, 0))
            began, n = (began, n + 1) if now - began < WINDOW_S else (now, 1)
            self._wrong[address] = (began, n)
            while len(self._wrong) > MOST_ADDRESSES:
                self._wrong.popitem(last=False)
        if n > MOST_WRONG:
            raise TooManyWrong("Too many addresses that lead nowhere were tried from here. Wait a minute.")


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
