"""Read yes and no out of columns: which outcome counts, and from which score on. Path: **source** -> bias.

Says no in words where a column leaves it open. Never guesses which of two names is the one that counts.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from florilegium.errors import SettingError
from florilegium.source.decisions import Column
from florilegium.types import Bools, Floats

# Pairs that leave no doubt, the "yes" second; compared without case.
PLAIN_PAIRS = (("0", "1"), ("false", "true"), ("no", "yes"), ("n", "y"), ("f", "t"), ("0.0", "1.0"), ("-1", "1"))
SHOWN_MOST = 6  # values named in a message
SCORES_FROM = 3  # different numbers: what has more than two is no yes or no


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """A column read as yes or no."""

    column: str
    yes: str  # what counts as yes: "1", "Medium or High", "decile_score of 5 or more"
    is_yes: Bools  # (n,); False where not known
    known: Bools  # (n,) False where the cell is empty
    scores: Floats | None = None  # (n,) where it came from scores; NaN where empty


def outcome_of(column: Column, *, positive: Sequence[str] = (), what: str = "label") -> Outcome:
    """Read a column of names as yes or no.

    Args: positive: the names that count as yes; empty: only pairs such as 0/1 and no/yes are understood.
    Raises: SettingError: there are not two sides, or it is open which of them counts.
    """
    if not column.values:
        raise SettingError(f"the {what} column {column.name!r} is empty. Name another column.")
    yes = _named(column, positive, what) if positive else _plain_yes(column, what)
    if len(yes) in (0, len(column.values)):
        raise SettingError(
            f"the {what} column {column.name!r} says {_shown(column.values)} everywhere: there is nothing to compare. "
            "Expected yes and no; name another column or another --positive."
        )
    of_code = np.array([*(value in yes for value in column.values), False])
    known: Bools = column.codes >= 0
    return Outcome(column=column.name, yes=" or ".join(yes), is_yes=of_code[column.codes], known=known)


def outcome_from(column: Column, *, threshold: float) -> Outcome:
    """Read a column of scores as yes or no: yes from `threshold` on.

    Raises: SettingError: the column holds no numbers, or all of them are on one side.
    """
    scores = column.numbers
    if scores is None:
        raise SettingError(
            f"--threshold {threshold:g}: the column {column.name!r} holds {_shown(column.values)}, not numbers. "
            "Leave --threshold out, or name a column of scores."
        )
    known = ~np.isnan(scores)
    is_yes: Bools = np.where(known, scores, -np.inf) >= threshold
    if is_yes[known].all() or not is_yes.any():
        low, high = float(np.nanmin(scores)), float(np.nanmax(scores))
        raise SettingError(
            f"--threshold {threshold:g}: all scores of {column.name!r} are on one side of it; they go from {low:g} to "
            f"{high:g}. Choose a threshold between."
        )
    return Outcome(
        column=column.name, yes=f"{column.name} of {threshold:g} or more", is_yes=is_yes, known=known, scores=scores
    )


def looks_like_scores(column: Column) -> bool:
    """Tell whether a column holds more than two different numbers."""
    return len(column.values) >= SCORES_FROM and column.numbers is not None


def _plain_yes(column: Column, what: str) -> tuple[str, ...]:
    if looks_like_scores(column) and what == "prediction":
        raise SettingError(
            f"the prediction column {column.name!r} holds scores ({_shown(column.values)}), and where yes begins is "
            "open. Say it: --threshold T"
        )
    plain = {value.casefold(): value for value in column.values}
    for no, yes in PLAIN_PAIRS:
        if plain.keys() <= {no, yes}:
            return (plain[yes],) if yes in plain else ()
    n = len(column.values)
    raise SettingError(
        f"the {what} column {column.name!r} holds {n:,} {'values' if n > 1 else 'value'} ({_shown(column.values)}); "
        "two sides are needed, yes and no. Say which values count as yes: --positive V (several: --positive A,B)"
    )


def _named(column: Column, positive: Sequence[str], what: str) -> tuple[str, ...]:
    """Give the column's own spelling of the names that count as yes; case does not matter."""
    plain = {value.casefold(): value for value in reversed(column.values)}
    found = [value if value in column.values else plain.get(value.casefold()) for value in positive]
    named = tuple(dict.fromkeys(value for value in found if value is not None))
    if named:
        return named
    near = difflib.get_close_matches(positive[0].casefold(), plain, n=1, cutoff=0.5)
    hint = f"Nearest: {plain[near[0]]!r}." if near else f"It holds {_shown(column.values)}."
    raise SettingError(
        f"--positive {','.join(positive)}: the {what} column {column.name!r} never says so. {hint} "
        "Name at least one value of each of the two columns, parted by commas."
    )


def _shown(values: Sequence[str]) -> str:
    shown = ", ".join(repr(value[:40]) for value in values[:SHOWN_MOST])
    return shown + (f" and {len(values) - SHOWN_MOST:,} more" if len(values) > SHOWN_MOST else "")
