"""Which item lies before whom, so that two people are not given the same one. Path: **project** (shell)."""

import time
from collections.abc import Callable, Iterable

HELD_S = 120.0  # who does nothing for two minutes has left the desk


class Places:
    """What lies before each session; one item per session and table."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with empty tables. Args: clock: gives seconds that only rise."""
        self._clock = clock
        self._held: dict[tuple[str, str], tuple[int, str, float]] = {}

    def mine(self, session: str, table: str) -> tuple[int, str] | None:
        """Give the row that lies before a session, and the stream it came from."""
        held = self._held.get((session, table))
        return None if held is None else held[:2]

    def lay(self, session: str, table: str, row: int, stream: str) -> None:
        """Put an item before a session, in place of what lay there."""
        self._held[session, table] = (row, stream, self._clock())

    def drawn_at_random(self, row: int, stream: str) -> bool:
        """Tell whether a row lies before somebody by this stream."""
        return any(held[0] == row and held[1] == stream for held in self._held.values())

    def clear(self, rows: Iterable[int]) -> None:
        """Take decided items off all tables."""
        gone = set(rows)
        self._held = {key: held for key, held in self._held.items() if held[0] not in gone}

    def others(self, session: str) -> set[int]:
        """Give the rows that lie before other sessions."""
        now = self._clock()
        self._held = {key: held for key, held in self._held.items() if now - held[2] < HELD_S}
        return {row for (owner, _), (row, _, _) in self._held.items() if owner != session}
