"""Where the parts of the study charts stand: bars and shares in an SVG. Path: **serve** (used by its render).

Numbers in, places out; draws nothing and rounds no figure that is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from florilegium.cards.progress import Kept

WIDTH, HEIGHT = 640, 160  # of the drawing, without its labels
GAP = 0.2  # of a bar's room
# Ends of the axis; even, so that the middle is a count too.
STEPS = (6, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000)
TICKS_EVERY = 7  # days


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar with its words."""

    x: float
    y: float
    width: float
    height: float
    day: date
    n: int
    tick: bool  # does its day stand below?


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """A chart of counts."""

    bars: tuple[Bar, ...]
    top: int  # the axis ends here
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One week's share with its range."""

    x: float
    kept: Kept
    y: float
    low: float
    high: float
    expected: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """A chart of shares by week; weeks without an answer have a gap."""

    marks: tuple[Mark, ...]
    weeks: tuple[tuple[float, date], ...]
    floor: float  # 0..1, where the axis begins


def bars(counts: Sequence[tuple[date, int]]) -> Bars:
    """Place bars of counts by day.

    >>> chart = bars([(date(2026, 11, 30), 6), (date(2026, 12, 1), 0)])
    >>> chart.top, chart.bars[0].height, chart.bars[1].height
    (6, 160.0, 0.0)
    """
    most = max((n for _, n in counts), default=0)
    top = next((step for step in STEPS if step >= most), most)
    room = WIDTH / max(len(counts), 1)
    placed = tuple(
        Bar(
            x=i * room + room * GAP / 2,
            y=HEIGHT - HEIGHT * n / top,
            width=room * (1 - GAP),
            height=HEIGHT * n / top,
            day=day,
            n=n,
            tick=i % TICKS_EVERY == 0,
        )
        for i, (day, n) in enumerate(counts)
    )
    return Bars(bars=placed, top=top, total=sum(n for _, n in counts))


def shares(weeks: Sequence[Kept]) -> Shares:
    """Place weekly shares; the axis begins at a half, or at nothing where one lies lower."""
    lowest = min((week.share.low for week in weeks if week.share is not None), default=1.0)
    floor = 0.5 if lowest >= 0.5 else 0.0  # noqa: PLR2004 - half of the axis

    def y(share: float) -> float:
        return HEIGHT - HEIGHT * (share - floor) / (1 - floor)

    room = WIDTH / max(len(weeks), 1)
    places = [(i + 0.5) * room for i in range(len(weeks))]
    marks = tuple(
        Mark(
            x=x,
            kept=week,
            y=y(week.share.accuracy),
            low=y(week.share.low),
            high=y(week.share.high),
            expected=y(max(week.expected if week.expected is not None else 0.0, floor)),
        )
        for x, week in zip(places, weeks, strict=True)
        if week.share is not None
    )
    return Shares(marks=marks, weeks=tuple((x, w.since) for x, w in zip(places, weeks, strict=True)), floor=floor)
