"""Figures with ranges as rows of a picture, on one scale. Path: bias -> **report** (used by its bias page).

Places and words only: the template draws. A figure without a range is never drawn as if it had one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from florilegium.bias.result import Axis
from florilegium.report.scales import Scale, ranged, written

ROWS_MOST = 12  # of one picture: what an eye takes in; the table of groups holds all


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure to draw: what it is about, its value and its range."""

    label: str
    value: float | None  # None: not known
    low: float | None = None
    high: float | None = None
    n: int | None = None  # how many it rests on
    strong: bool = False  # drawn in the accent colour: this one is the finding
    why_not: str = ""  # in place of a figure: "too few to tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One row of a picture, ready to be drawn; places are shares of the width, 0..1."""

    label: str
    n: int | None
    figure: str  # "44.8 %"
    spread: str  # "42.6 to 47.1"; empty: no range
    dot: float | None
    low: float | None
    high: float | None
    strong: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Rows on one axis."""

    caption: str
    unit: str  # what n counts: "decisions"
    ticks: tuple[tuple[float, str], ...]
    nothing: float | None  # the place of "no gap"
    tracks: tuple[Track, ...]
    n_more: int  # rows that are left out


def picture(caption: str, axis: Axis, figures: Sequence[Figure], *, unit: str = "decisions") -> Picture:
    """Lay figures out on one scale, in the given order; of more than 12 the first, strong ones before others."""
    shown = list(figures)
    if len(shown) > ROWS_MOST:
        kept = sorted(range(len(shown)), key=lambda i: (not shown[i].strong, i))[:ROWS_MOST]
        shown = [shown[i] for i in sorted(kept)]
    scale = Scale.of(axis, [end for f in shown for end in (f.value, f.low, f.high)])
    return Picture(
        caption=caption,
        unit=unit,
        ticks=scale.ticks,
        nothing=scale.nothing,
        tracks=tuple(_track(figure, scale) for figure in shown),
        n_more=len(figures) - len(shown),
    )


def _track(figure: Figure, scale: Scale) -> Track:
    known = figure.value is not None and not math.isnan(figure.value) and not figure.why_not
    return Track(
        label=figure.label,
        n=figure.n,
        figure=written(scale.axis, figure.value) if known else figure.why_not or "not known",
        spread=ranged(scale.axis, figure.low, figure.high) if known else "",
        dot=scale.place(figure.value) if known and figure.value is not None else None,
        low=_place(scale, figure.low) if known else None,
        high=_place(scale, figure.high) if known else None,
        strong=figure.strong,
    )


def _place(scale: Scale, end: float | None) -> float | None:
    return None if end is None or math.isnan(end) else scale.place(end)
