"""What the shell of the six biases shares: groups from columns, and what comes back. Path: **project** (shell)."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from florilegium.bias import Column as Groups
from florilegium.bias import Findings, groups
from florilegium.report.bias import BiasAccount, build_bias
from florilegium.source.decisions import Column
from florilegium.types import Bools

MIN_GROUP = 30  # with fewer a rate's range spans more than a third of the scale
GAP = 0.1  # the difference of shares that matters, unless the user says otherwise
NUMBERS_FROM = 12  # different numbers from which on a column is cut into bins; fewer are grades, each a group


@dataclass(frozen=True, slots=True, kw_only=True)
class Biased:
    """What the six tests found, and where the page about it lies."""

    account: BiasAccount
    n: int  # decisions judged
    path: Path | None = None  # None: no page was written

    @property
    def findings(self) -> Findings:
        """Give the findings."""
        return self.account.findings

    def html(self) -> str:
        """Give the page."""
        return build_bias(self.account)

    def _repr_html_(self) -> str:
        """Show what was found in a notebook."""
        from florilegium.report.notebook import biases_html

        return biases_html(self.account)


def group_of(column: Column, kept: Bools) -> Groups:
    """Make groups of a column's cells: bins of numbers, else one per value; tiny ones together where there are many."""
    numbers = column.numbers if len(column.values) >= NUMBERS_FROM else None
    if numbers is not None:
        return groups.of_numbers(column.name, numbers[kept])
    codes = column.codes[kept]
    raw = Groups(name=column.name, groups=column.values, codes=codes)
    if len(np.unique(codes[codes >= 0])) > groups.GROUPS_MOST:
        return groups.folded(raw, min_size=MIN_GROUP)
    return groups.folded(raw)


def slips(positive: Sequence[str], columns: Sequence[Column]) -> str:
    """Say which of the values that shall count as yes stand in none of the columns; empty: all stand somewhere."""
    known = {value.casefold(): value for column in columns for value in column.values}
    unheard = [value for value in positive if value.casefold() not in known]
    if not unheard:
        return ""
    near = difflib.get_close_matches(unheard[0].casefold(), known, n=1, cutoff=0.5)
    hint = f"Nearest: {known[near[0]]!r}." if near else f"They hold {', '.join(map(repr, list(known.values())[:6]))}."
    where = " and ".join(repr(column.name) for column in columns)
    return f"--positive {','.join(positive)}: {unheard[0]!r} stands nowhere in {where}. {hint} Correct it."


def as_json(value: object) -> Any:  # noqa: ANN401 - JSON holds anything
    """Give a value of the findings as JSON can hold it: what is not finite becomes null."""
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): as_json(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(each) for each in value]
    return value.item() if isinstance(value, np.generic) else value
