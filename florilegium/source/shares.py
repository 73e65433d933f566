"""Read whom a decision is meant for: a small table of groups and their shares. Path: **source** -> bias.

One line per group: column, group, share. Says no where shares are no shares of one whole.
"""

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from florilegium.errors import SettingError
from florilegium.source.decisions import Column, read_decisions

COLUMNS = ("column", "group", "share")
SUM_SLACK = 0.005  # shares written with two decimals sum to 0.99 or 1.01
LIKE = 0.75  # of two names: as alike as a word and itself with a letter or two wrong
PERCENT = 100.0  # a table that sums to this was written in percent

Shares = Mapping[str, Mapping[str, float]]  # column -> group -> share, 0..1, summing to 1


def read_shares(path: Path, known: Mapping[str, Sequence[str]]) -> Shares:
    """Read target shares for columns that are looked at.

    Args: known: group names by column. A target may have a group that nobody decided on; one whose name is only nearly
        that of a known group is taken for a slip of the pen.
    Raises: SettingError: shares are none, do not sum to one, or are of columns or groups that nobody knows.
        SourceError, MetadataError: no such table, or not these three columns.
    """
    table = read_decisions(path, [(name, "target shares") for name in COLUMNS])
    cells = [_cells(table[name]) for name in COLUMNS]
    found: dict[str, dict[str, float]] = {}
    faults = []
    for line, (column, group, share) in enumerate(zip(*cells, strict=True), 2):
        value = _share(share)
        if value is None or not column or not group:
            faults.append(f"line {line:,}: {column!r}, {group!r}, {share!r}: expected a column, a group and a share")
        elif group in found.setdefault(column, {}):
            faults.append(f"line {line:,}: the group {group!r} of {column!r} stands there twice")
        else:
            found[column][group] = value
    faults = faults or [fault for column, shares in found.items() for fault in _faults(column, shares, known)]
    if faults:
        raise SettingError(f"{path.name}: {'; '.join(faults[:6])}. Correct the table of target shares.")
    return {column: _whole(shares) for column, shares in found.items()}


def _cells(column: Column) -> list[str]:
    return [column.values[code] if code >= 0 else "" for code in column.codes.tolist()]


def _share(text: str) -> float | None:
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _faults(column: str, shares: Mapping[str, float], known: Mapping[str, Sequence[str]]) -> list[str]:
    if column not in known:
        return [f"no column {column!r} is looked at{_near(column, known)}"]
    strange = [group for group in shares if group not in known[column]]
    slips = [group for group in strange if difflib.get_close_matches(group, known[column], n=1, cutoff=LIKE)]
    if slips or len(strange) == len(shares):
        return [f"{column!r} has no group {group!r}{_near(group, known[column])}" for group in slips or strange[:3]]
    total = sum(shares.values())
    if min(abs(total - 1.0), abs(total - PERCENT) / PERCENT) > SUM_SLACK:
        return [f"the shares of {column!r} sum to {total:g}, expected 1 (or 100)"]
    return []


def _near(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
    return f" (nearest: {near[0]!r})" if near else f" (known: {', '.join(map(repr, names[:6]))})"


def _whole(shares: Mapping[str, float]) -> dict[str, float]:
    """Bring shares to a sum of exactly one, whatever they were rounded to."""
    total = sum(shares.values())
    return {group: share / total for group, share in shares.items()}
