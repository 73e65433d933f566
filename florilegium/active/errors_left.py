"""How many wrong labels are left, with a range, and when to stop. Path: bias -> **active** -> report.

Whoever goes down a list of suspects finds the wrong labels first, so what was found says little about what is left. A
share of the items shown is therefore drawn at random from all that are not judged yet; these alone bound the rest,
whatever the list was worth (`florilegium.active.evidence` has the wager that does it, decision 0016 the reasons).
Takes scores and verdicts; knows no page, no store and no model.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import isotonic_regression

from florilegium.active.evidence import kept_range, log_stakes, numbers_left
from florilegium.active.judged import ErrorsLeft, Judged, Ruling, Stream
from florilegium.active.parts import Part, parts_of
from florilegium.active.stopping import advice, sentence
from florilegium.errors import InputError, SettingError
from florilegium.evaluation.intervals import LEVEL
from florilegium.types import Bools, Floats

__all__ = ["TOLERATED", "ErrorsLeft", "Judged", "Ruling", "Stream", "errors_left"]

# One in a hundred: a measured accuracy is then off by at most a point because of them, less than most ranges are wide.
TOLERATED = 0.01
MOST_AHEAD = 300  # more right labels in a row than this are no promise that spurs anybody on


def errors_left(
    suspicion: Floats, judged: Sequence[Judged], *, tolerated: float = TOLERATED, level: float = LEVEL
) -> ErrorsLeft:
    """Estimate how many wrong labels are left among the items not judged yet, and say when to stop.

    Args:
        suspicion: (n,) of all items there were to judge, most suspicious highest, as it was before the first verdict.
            Only the order counts; the range holds however bad it is.
        judged: in the order in which the verdicts were given.
        tolerated: 0..1, the share of all labels that may be wrong when cleaning stops.
        level: of the range; the chance that it *ever* leaves out the truth is at most 1 - level.
    Raises: InputError: a row is not 0..n-1 or judged twice.  SettingError: a share is not between 0 and 1.

    >>> every_other = [Judged(row=i, ruling=Ruling.KEPT, stream=Stream.RANDOM) for i in range(0, 200, 2)]
    >>> print(errors_left(np.linspace(1, 0, 200), every_other))
    You looked at 100 of 200 labels and found 0 wrong. Of the other 100 about 0 are wrong (0 to 6).
    """
    _check(suspicion, judged, tolerated, level)
    rulings = np.array([j.ruling for j in judged], dtype=object)
    wrong, unsure = rulings == Ruling.WRONG, rulings == Ruling.UNSURE
    readings = [wrong, *_readings(judged, wrong, unsure)]
    ranges = [_range(parts_of(suspicion, judged, reading), level=level) for reading in readings]
    low, high = min(r[0] for r in ranges), max(r[1] for r in ranges)
    # Going on finds no more than what this user would call wrong: the advice does not wait for what is unsure.
    if_ranked = max(low, min(high, ranges[0][2]))
    n_tolerated = int(tolerated * len(suspicion))
    found = ErrorsLeft(
        n_items=len(suspicion),
        n_judged=len(judged),
        n_random=sum(j.stream is Stream.RANDOM for j in judged),
        n_wrong_found=int(wrong.sum()),
        n_unsure=int(unsure.sum()),
        n_left_to_judge=len(suspicion) - len(judged),
        estimate=_estimate(suspicion, judged, low, if_ranked),
        low=low,
        high=high,
        high_if_ranked=if_ranked,
        tolerated=n_tolerated,
        n_right_to_stop=0 if if_ranked <= n_tolerated else _right_to_stop(suspicion, judged, n_tolerated, level=level),
        level=level,
        stop=if_ranked <= n_tolerated,
    )
    return replace(found, sentence=sentence(found), advice=advice(found))


def _readings(judged: Sequence[Judged], wrong: Bools, unsure: Bools) -> list[Bools]:
    """Read "unsure" as wrong: among the random items, among the others, among both."""
    random = np.array([j.stream is Stream.RANDOM for j in judged], dtype=np.bool_)
    return [wrong | reading for reading in (unsure & random, unsure & ~random, unsure) if reading.any()]


def _range(parts: Sequence[Part], *, level: float) -> tuple[int, int, int]:
    """Give low and high from the random items, and the upper end if the list keeps its word.

    The wagers on the parts share the chance of being wrong; the narrowest upper end counts.
    """
    each = 1 - (1 - level) / len(parts)
    left = numbers_left(parts[0].n_unjudged)
    low, high = kept_range(left, log_stakes(parts[0].session(), left), level=each)
    highs, if_ranked = [high], []
    for part in parts:
        left = numbers_left(part.n_unjudged)
        if part is not parts[0]:
            stakes = log_stakes(part.session(), left, upper_only=True)
            highs.append(part.n_above + kept_range(left, stakes, level=each)[1])
        stakes = log_stakes(part.session(with_list=True), left, upper_only=True)
        if_ranked.append(part.n_above + kept_range(left, stakes, level=each)[1])
    return low, min(highs), min(if_ranked) if any(part.listed.any() for part in parts) else min(highs)


def _estimate(suspicion: Floats, judged: Sequence[Judged], low: int, high: int) -> int | None:
    """Add up, over the items not judged, the share of wrong labels at their suspicion; kept within the range.

    The share never falls as suspicion grows: isotonic regression on the verdicts (Robertson, Wright & Dykstra 1988).
    """
    sure = [j for j in judged if j.ruling is not Ruling.UNSURE]
    if not sure:
        return None
    rows = np.array([j.row for j in sure])
    levels, at = np.unique(suspicion[rows], return_inverse=True)
    n_at = np.bincount(at).astype(np.float64)
    shares = np.bincount(at, weights=[j.ruling is Ruling.WRONG for j in sure]) / n_at
    rising = isotonic_regression(shares, weights=n_at).x
    rest = np.delete(suspicion, [j.row for j in judged])
    return min(max(round(float(np.interp(rest, levels, rising).sum())), low), high)


def _right_to_stop(suspicion: Floats, judged: Sequence[Judged], tolerated: int, *, level: float) -> int | None:
    """Count the right verdicts in a row, down the list from here, after which at most `tolerated` may be left."""
    wrong = np.array([j.ruling is Ruling.WRONG for j in judged], dtype=np.bool_)
    parts = parts_of(suspicion, judged, wrong)
    n_ahead = min(MOST_AHEAD, parts[0].n_unjudged)
    ends = []
    for part in parts:
        # The list first shows what is above the part, then the part itself.
        n_inside = np.maximum(np.arange(1, n_ahead + 1) - part.n_above, 0)
        n_above = np.maximum(part.n_above - np.arange(1, n_ahead + 1), 0)
        ends.append(n_above + part.ends_ahead(n_ahead, level=1 - (1 - level) / len(parts))[n_inside])
    enough = np.flatnonzero(np.min(ends, axis=0) <= tolerated)
    return int(enough[0]) + 1 if len(enough) else None


def _check(suspicion: Floats, judged: Sequence[Judged], tolerated: float, level: float) -> None:
    rows = [j.row for j in judged]
    faults = sorted({row for row in rows if not 0 <= row < len(suspicion)})
    if faults:
        message = f"verdicts on rows {faults[:3]}: expected rows 0..{len(suspicion) - 1} of the suspicion scores"
        raise InputError(message)
    if len(set(rows)) < len(rows):
        message = "an item was judged twice: expected one verdict per item, its last one in the place of its first"
        raise InputError(message)
    for name, value in (("tolerated", tolerated), ("level", level)):
        if not 0 <= value < 1:
            message = f"{name} is {value}: expected a share from 0 to below 1, for example 0.01 or 0.95"
            raise SettingError(message)
