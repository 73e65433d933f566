"""Labels that look wrong, the most suspicious first, with chance mixed in. Path: **project** (shell).

Only what is learned from is put before people: sealed items are never chosen by a model.
"""

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

import numpy as np

from florilegium.audit.suspects import Ranked, suspects
from florilegium.errors import InputError
from florilegium.project import auditing
from florilegium.project.desk.card import CHOSEN, RANDOM, RANKED, Task, Wanted
from florilegium.project.desk.chance import share_of
from florilegium.project.desk.groups import members
from florilegium.project.desk.memory import DECIDED, Memory
from florilegium.project.holdings import Holdings
from florilegium.store import Said
from florilegium.types import Floats, Ints

if TYPE_CHECKING:
    from florilegium.project.project import Project


N_DRAWS = 20  # before chance is given up for this turn


class Cleaning:
    """The ranked list of a session, and what of it is still to be judged."""

    def __init__(self, project: "Project", memory: Memory) -> None:
        """Rank the labels by the answers of models that had not seen the item."""
        self._project, self._memory = project, memory
        self._groups: dict[tuple[str, str], frozenset[int]] = {}
        self._seed = project.settings.seed
        dataset = memory.holdings.dataset
        answers = _answers(project, memory.holdings)
        self.classes = dataset.classes
        self.ranked: Ranked = suspects(np.where(memory.sealed, -1, dataset.y), answers)
        self.probabilities: Floats = answers
        self.place = {row: i for i, row in enumerate(self.ranked.rows.tolist())}
        self._named = {
            check: frozenset(memory.row[name] for name in names if name in memory.row)
            for check, names in _by_check(project).items()
        }

    @property
    def checks(self) -> dict[str, int]:
        """Give the audit's checks that named items, with the number of those that can be cleaned."""
        counts = {check: sum(row in self.place for row in rows) for check, rows in self._named.items()}
        return {check: n for check, n in sorted(counts.items()) if n}

    def suggestion(self, row: int) -> tuple[str, float] | None:
        """Give what the models say of an item, and how sure they are, 0..1."""
        if row not in self.place or not np.isfinite(self.probabilities[row]).all():
            return None
        best = int(self.probabilities[row].argmax())
        return self.classes[best], float(self.probabilities[row, best])

    def suspicion(self, row: int) -> float | None:
        """Give how wrong an item's label looks, 0..1."""
        return float(self.ranked.scores[self.place[row]]) if row in self.place else None

    def open_rows(self, who: str, wanted: Wanted) -> Ints:
        """Give the rows still to be judged, the most suspicious first."""
        shut = np.zeros(len(self._memory.names), dtype=np.bool_)
        shut[list(self._done(who) | self._memory.removed)] = True
        rows = self.ranked.rows[~shut[self.ranked.rows]]
        return rows[[self._fits(row, wanted) for row in rows.tolist()]] if wanted and len(rows) else rows

    def ahead(self, n: int) -> tuple[int, ...]:
        """Give the rows that come next, unless chance sends another."""
        return tuple(self.open_rows("", Wanted())[: n + 1].tolist())

    def next(self, who: str, wanted: Wanted, taken: Collection[int], *, control_share: float) -> tuple[int, str] | None:
        """Give the next row and how it was chosen; None: nothing is left.

        Args: taken: rows that lie before others.  control_share: 0..1, of items drawn from all that is left.
        """
        everything = self.open_rows(who, wanted)
        left = everything[~np.isin(everything, list(taken))] if taken and not wanted.item else everything
        if not len(left):
            return None
        if wanted:
            return int(left[0]), CHOSEN
        n_judged = len(self._memory.of(Task.CLEAN))
        if share_of("control", self._seed, n_judged, who) < control_share:
            for draw in range(N_DRAWS):  # from all that is left; what lies before others is drawn again
                row = int(everything[int(share_of("which", self._seed, n_judged, who, draw) * len(everything))])
                if row not in taken:
                    return row, RANDOM
        return int(left[0]), RANKED

    def _done(self, who: str) -> set[int]:
        """Give the rows that somebody decided, and those of which this person is unsure."""
        return {
            self._memory.row[j.name]
            for j in self._memory.of(Task.CLEAN)
            if j.verdict in DECIDED or (j.verdict is Said.UNSURE and j.who == who)
        }

    def _fits(self, row: int, wanted: Wanted) -> bool:
        if self._memory.labels[row] is None or (wanted.label and self._memory.labels[row] != wanted.label):
            return False
        if wanted.item and self._memory.names[row] != wanted.item:
            return False
        if wanted.check and row not in self._named.get(wanted.check, frozenset()):
            return False
        return wanted.group is None or row in self._members(wanted.group)

    def _members(self, group: tuple[str, str]) -> frozenset[int]:
        """Give the rows of a group, looked up once.

        Raises: MetadataError: no such column.  InputError: no such group.
        """
        if group not in self._groups:
            self._groups[group] = members(self._project, self._memory.holdings, *group)
        return self._groups[group]

    def refuse_unknown(self, wanted: Wanted) -> None:
        """Refuse a class, check or column that nothing has.

        Raises: InputError: there is none of that name; those that there are are named.  MetadataError: no such column.
        """
        if faults := list(self._faults(wanted)):
            raise InputError(" ".join(faults))
        if wanted.group is not None:
            self._members(wanted.group)

    def _faults(self, wanted: Wanted) -> Iterator[str]:
        classes = self._memory.classes
        if wanted.label and wanted.label not in classes:
            yield f"no class {wanted.label!r}; there are {', '.join(classes[:20])}."
        if wanted.item and wanted.item not in self._memory.row:
            yield f"no item {wanted.item!r} in this project."
        if wanted.check and wanted.check not in self._named:
            there = (
                f"has {', '.join(self._named)}" if self._named else "was not run, or named no item: florilegium audit"
            )
            yield f"no finding of {wanted.check!r}; the last audit {there}."


def _by_check(project: "Project") -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for finding in auditing.last(project) or ():
        found.setdefault(finding.check, []).extend(finding.items)
    return {check: names for check, names in found.items() if names}


def _answers(project: "Project", holdings: Holdings) -> Floats:
    """Give out-of-fold answers (n, k), rows of NaN where there are none."""
    found = auditing.answers(project, holdings)
    return np.full((len(holdings.dataset), max(len(holdings.dataset.classes), 1)), np.nan) if found is None else found
