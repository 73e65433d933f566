"""Items with a label, asked about again without it: by chance, or by plan for two people. Path: **project** (shell)."""

from collections.abc import Collection

from florilegium.project.desk.card import AGAIN, TWICE, DeskWish, Task
from florilegium.project.desk.chance import share_of
from florilegium.project.desk.memory import Memory


class Seconds:
    """Second looks, which measure how far people agree."""

    def __init__(self, memory: Memory, wish: DeskWish) -> None:
        """Remember what shares are wished."""
        self._memory, self._wish = memory, wish

    def next(self, who: str, taken: Collection[int], *, planned: bool = False) -> tuple[int, str] | None:
        """Give, now and then, an item to ask again and how it was chosen; None: not now.

        Args: taken: rows that lie before others.  planned: what two people are to label comes first.
        """
        n_said = len(self._memory.standing)
        if planned and (waiting := [row for row in self._to_label_twice(who) if row not in taken]):
            return waiting[0], TWICE
        if share_of("again", self._wish.seed, n_said) >= self._wish.again_share:
            return None
        can = sorted(self.rows(who) - set(taken))
        return (can[int(share_of("which", self._wish.seed, n_said) * len(can))], AGAIN) if can else None

    def rows(self, who: str) -> set[int]:
        """Give the labelled rows, none of them sealed, that this person has not been asked about again."""
        done = self._memory.rows(Task.AGAIN, who=who)
        return {
            row
            for row, label in enumerate(self._memory.labels)
            if label is not None and not self._memory.sealed[row] and row not in done
        }

    def _to_label_twice(self, who: str) -> list[int]:
        """Give the rows that others labelled and that a second person is to label too."""
        if not self._wish.twice_share:
            return []
        again, can = self._memory.rows(Task.AGAIN), self.rows(who)
        rows = {self._memory.row[j.name]: j for j in self._memory.of(Task.LABEL) if j.who != who and j.teaches}
        return [
            row
            for row, j in rows.items()
            if row in can and row not in again and share_of("twice", self._wish.seed, j.name) < self._wish.twice_share
        ]
