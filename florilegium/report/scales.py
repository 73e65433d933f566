"""Where a figure stands on a drawn axis: shares, ratios, differences. Path: **report** (used by its pages).

A place is a number from 0 (left end) to 1 (right end). Draws nothing and rounds no figure.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from florilegium.bias.result import Axis
from florilegium.evaluation.words import percent, points

STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)  # of a difference: the first that reaches all figures is the axis's end
FACTORS = (1.25, 1.5, 2.0, 3.0, 4.0, 8.0, 16.0, 64.0)  # of a ratio, the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """One axis: its measure and its two ends.

    >>> Scale.of(Axis.RATIO, [1.91, 1.73, 2.13]).place(1.0)
    0.5
    >>> Scale.of(Axis.SHARE, [0.3]).ticks
    ((0.0, '0 %'), (0.25, '25'), (0.5, '50'), (0.75, '75'), (1.0, '100 %'))
    """

    axis: Axis
    low: float
    high: float

    @classmethod
    def of(cls, axis: Axis, figures: Iterable[float | None]) -> "Scale":
        """Choose the ends so that all figures have room; "no gap" stands in the middle."""
        found = [figure for figure in figures if figure is not None and math.isfinite(figure)]
        if axis is Axis.RATIO:
            reach = max((abs(math.log(figure)) for figure in found if figure > 0), default=0.0)
            end = next((factor for factor in FACTORS if math.log(factor) >= reach), FACTORS[-1])
            return cls(axis=axis, low=1 / end, high=end)
        if axis is Axis.DIFFERENCE:
            reach = max(map(abs, found), default=0.0)
            end = next((step for step in STEPS if step >= reach), STEPS[-1])
            return cls(axis=axis, low=-end, high=end)
        return cls(axis=axis, low=0.0, high=1.0 if axis is Axis.SHARE else _round_up(max(found, default=1.0)))

    def place(self, figure: float) -> float:
        """Give where a figure stands, 0..1; what lies beyond an end stands at that end."""
        if self.axis is Axis.RATIO:
            share = 0.0 if figure <= 0 else math.log(figure / self.low) / math.log(self.high / self.low)
        else:
            share = (figure - self.low) / (self.high - self.low)
        return min(max(share, 0.0), 1.0)

    @property
    def nothing(self) -> float | None:
        """Give the place of "no gap"; None where there is none, as for shares."""
        return {Axis.SHARE: None, Axis.NUMBER: 0.0}.get(self.axis, 0.5)

    @property
    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Give places to mark, with what to write there."""
        if self.axis is Axis.SHARE:
            return tuple((share, f"{share:.0%}".replace("%", " %" if share in (0, 1) else "")) for share in QUARTERS)
        if self.axis is Axis.RATIO:
            middle = math.sqrt(self.high)
            named = (self.low, 1 / middle, 1.0, middle, self.high)
            return tuple((self.place(ratio), f"{ratio:.2g}" if i % 2 == 0 else "") for i, ratio in enumerate(named))
        if self.axis is Axis.NUMBER:
            return tuple((share, f"{share * self.high:g}") for share in (0.0, 0.5, 1.0))
        named = (self.low, self.low / 2, 0.0, self.high / 2, self.high)
        return tuple((self.place(gap), f"{100 * gap:+g}" if gap else "0") for gap in named)


def _round_up(figure: float) -> float:
    """Give the next of 1, 2, 5, 10, 20, ... that is not below a figure; also for fractions."""
    size = 10.0 ** math.floor(math.log10(figure)) if figure > 0 else 1.0
    return next(step * size for step in (1, 2, 5, 10) if step * size >= figure or step == 10)


QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)


def written(axis: Axis, figure: float | None) -> str:
    """Write a figure as its axis is read.

    >>> [written(m, 0.214) for m in (Axis.SHARE, Axis.DIFFERENCE, Axis.RATIO)], written(Axis.SHARE, None)
    (['21.4 %', '21.4 points', '0.21'], 'not known')
    """
    if figure is None or not math.isfinite(figure):
        return "not known" if figure is None or math.isnan(figure) else "without end"
    if axis is Axis.SHARE:
        return percent(figure)
    if axis is Axis.DIFFERENCE:
        return f"{points(figure)} points"
    return f"{figure:.2f}" if abs(figure) < 10 else f"{figure:,.0f}"


def ranged(axis: Axis, low: float | None, high: float | None) -> str:
    """Write a range, each end as its axis is read; empty where there is none.

    >>> ranged(Axis.SHARE, 0.1, 0.25), ranged(Axis.RATIO, 1.731, 2.126)
    ('10.0 to 25.0', '1.73 to 2.13')
    """
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return ""
    bare = [written(axis, end).removesuffix(" %").removesuffix(" points") for end in (low, high)]
    return f"{bare[0]} to {bare[1]}"
