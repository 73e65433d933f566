"""Which items a group of the bias page holds, so that its labels can be cleaned. Path: **project** (shell)."""

import difflib
from typing import TYPE_CHECKING

import numpy as np

from florilegium.errors import InputError, StepMissing
from florilegium.project.grouping import SLICES, group_columns
from florilegium.project.holdings import Holdings
from florilegium.project.judged import columns_of, judged
from florilegium.project.space import space_of

if TYPE_CHECKING:
    from florilegium.project.project import Project

TO = " to "  # between the ends of a bin: 0.1 to 0.25
MOST_NAMED = 12


def members(project: "Project", holdings: Holdings, column: str, value: str) -> frozenset[int]:
    """Give the rows whose `column` (metadata, `source`, a fact, `slices`) is `value`, or lies within it (0.1 to 0.25).

    Raises: MetadataError: no such column.  InputError: no item is in such a group.  StepMissing: slices need a model.
    """
    if column == SLICES:
        return _slice(project, holdings, value)
    everything = np.arange(len(holdings.dataset), dtype=np.int64)
    (found,) = group_columns(holdings, everything, (column,), lambda: None)
    meant = [code for code, name in enumerate(found.values) if name == value or _within(name, value)]
    if not meant:
        raise InputError(_nobody(column, value, found.values))
    return frozenset(np.flatnonzero(np.isin(found.codes, meant)).tolist())


def _within(name: str, value: str) -> bool:
    """Tell whether a number lies within a bin.

    >>> _within("1200", "1,000 to 2,000"), _within("rose", "a to b")
    (True, False)
    """
    low, to, high = value.replace(",", "").partition(TO)
    try:
        return bool(to) and float(low) <= float(name) <= float(high)
    except ValueError:
        return False


def _slice(project: "Project", holdings: Holdings, value: str) -> frozenset[int]:
    """Give the rows of a weak slice, cut as `florilegium bias` cuts them."""
    record = project.store.current_model()
    if record is None:
        raise StepMissing(f"{project.folder}: slices need a model. Train one: florilegium train -p {project.folder}")
    given = judged(project, record, holdings)
    seed = project.settings.seed
    columns = columns_of(holdings, given, space_of(holdings, given.rows, seed=seed), (SLICES,), seed=seed)
    for column in columns:
        if value in column.groups:
            return frozenset(given.rows[column.codes == column.groups.index(value)].tolist())
    raise InputError(_nobody(SLICES, value, [group for column in columns for group in column.groups]))


def _nobody(column: str, value: str, known: "list[str] | tuple[str, ...]") -> str:
    near = difflib.get_close_matches(value, known, n=3) or list(known)[:MOST_NAMED]
    return f"{column}={value}: no item is in such a group. Nearest: {', '.join(near) or 'none'}."
