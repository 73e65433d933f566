"""The monitor's pictures: places and words only, the template draws. Path: feedback -> **report** (its monitor page).

Places are shares of width and height, 0..1; height counts from the top, as SVG does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from florilegium.bias.result import Axis
from florilegium.evaluation.values import Score
from florilegium.evaluation.words import counted, percent
from florilegium.feedback.origins import FeedbackShare, Origin
from florilegium.feedback.over_time import Bin
from florilegium.feedback.watch import Watched
from florilegium.report.bias_pictures import Figure, Picture, picture

CLASSES_MOST = 12  # drawn over time, the most frequent
GAP = 0.15  # of a bin's width, between bars
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar or a range: from x to x + width, from y to y + height."""

    x: float
    width: float
    y: float
    height: float
    dot: float | None = None  # height of a point in its middle
    told: str = ""  # what it says, for whoever hears the page or points at it


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One chart over time."""

    caption: str
    bars: tuple[Bar, ...]
    marks: tuple[tuple[float, str], ...] = ()  # (place, "model 2") where a model was trained
    line: float | None = None  # height of what was promised
    top: str = ""  # what the upper end stands for
    bottom: str = "0"
    first: str = ""  # dates of the two ends
    last: str = ""
    is_range: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRow:
    """One class over time."""

    name: str
    n: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundRow:
    """One training: where its labels came from."""

    number: int
    n: int
    own: str  # "12.0 %"
    parts: tuple[tuple[int, float, float], ...]  # (origin, x, width)


def accuracies(watched: Watched) -> Picture:
    """Draw promised, live and expected accuracy on one scale."""
    audit, expected = watched.audit, watched.expected
    figures = []
    if audit.promise is not None:
        figures.append(_figure("promised by the verdict, where it answers", audit.promise.score))
    live = audit.answered
    figures.append(
        Figure(
            label="live, by the blind audit, at any look",
            value=None if live is None else live.accuracy,
            low=audit.always[0],
            high=audit.always[1],
            n=None if live is None else live.n,
            strong=True,
            why_not="" if live is not None else "nobody has audited any yet",
        )
    )
    if audit.blind is not None:
        figures.append(_figure("live, by the reviewers' first word", audit.blind))
    if audit.abstained is not None:
        figures.append(_figure("where it abstained, had it answered", audit.abstained))
    figures.append(
        Figure(
            label="what its confidence expects",
            value=expected.value,
            low=expected.low,
            high=expected.high,
            n=expected.n or None,
            why_not="" if expected.value is not None else "too few to tell",
        )
    )
    return picture("Accuracy", Axis.SHARE, figures, unit="answers")


def _figure(label: str, score: Score) -> Figure:
    return Figure(label=label, value=score.accuracy, low=score.low, high=score.high, n=score.n)


def courses(watched: Watched, trained: Sequence[tuple[int, float]]) -> tuple[Chart, ...]:
    """Draw answers, share unknown and live accuracy over time; nothing where there are no answers."""
    bins, unit = watched.course.bins, watched.course.unit
    if not bins:
        return ()
    most = max(each.n for each in bins)
    ends = {"first": _day(bins[0].start), "last": _day(bins[-1].start), "marks": _marks(watched, trained)}
    promise = watched.audit.promise
    return (
        Chart(
            caption=f"Answers per {unit}",
            bars=_counts(bins, [each.n for each in bins]),
            top=f"{most:,}",
            **ends,
        ),
        Chart(
            caption=f"Share unknown per {unit}",
            bars=_ranges(bins, [each.unknown for each in bins]),
            line=None if watched.unknown_before is None else 1 - watched.unknown_before.accuracy,
            top="100 %",
            bottom="0 %",
            is_range=True,
            **ends,
        ),
        Chart(
            caption=f"Live accuracy per {unit}, by the blind audit, where it answers",
            bars=_ranges(bins, [each.audited for each in bins]),
            line=None if promise is None else 1 - promise.score.accuracy,
            top="100 %",
            bottom="0 %",
            is_range=True,
            **ends,
        ),
    )


def _marks(watched: Watched, trained: Sequence[tuple[int, float]]) -> tuple[tuple[float, str], ...]:
    course = watched.course
    start, width = course.bins[0].start, course.days * len(course.bins)
    placed = [((at - start) / width, f"model {number}") for number, at in trained]
    return tuple((place, name) for place, name in placed if 0 < place < 1)


def _counts(bins: Sequence[Bin], counts: Sequence[int]) -> tuple[Bar, ...]:
    n, most = len(bins), max(counts, default=0)
    bars = []
    for i, (each, count) in enumerate(zip(bins, counts, strict=True)):
        height = count / most if most else 0.0
        told = f"{_day(each.start)}: {counted(count, 'answer')}"
        bars.append(Bar(x=(i + GAP / 2) / n, width=(1 - GAP) / n, y=1 - height, height=height, told=told))
    return tuple(bars)


def _ranges(bins: Sequence[Bin], scores: Sequence[Score | None]) -> tuple[Bar, ...]:
    n = len(bins)
    return tuple(
        Bar(
            x=(i + GAP / 2) / n,
            width=(1 - GAP) / n,
            y=1 - score.high,
            height=score.high - score.low,
            dot=1 - score.accuracy,
            told=(
                f"{_day(each.start)}: {percent(score.accuracy)} of {score.n:,} "
                f"({percent(score.low)} to {percent(score.high)})"
            ),
        )
        for i, (each, score) in enumerate(zip(bins, scores, strict=True))
        if score is not None
    )


def classes(watched: Watched) -> tuple[ClassRow, ...]:
    """Draw the most frequent classes over time, each on its own scale."""
    bins = watched.course.bins
    totals = [sum(each.per_class[c] for each in bins) for c in range(len(watched.classes))]
    order = sorted(range(len(totals)), key=lambda c: -totals[c])[:CLASSES_MOST]
    rows = []
    for c in order:
        bars = _counts(bins, [each.per_class[c] for each in bins])
        rows.append(ClassRow(name=watched.classes[c], n=totals[c], bars=bars))
    return tuple(row for row in rows if row.n)


def rounds(found: FeedbackShare) -> tuple[RoundRow, ...]:
    """Draw where the labels of each training came from."""
    rows = []
    for each in found.rounds:
        x, parts = 0.0, []
        for origin in Origin:
            width = each.counts[origin] / each.n if each.n else 0.0
            if width:
                parts.append((origin.value, x, width))
            x += width
        rows.append(RoundRow(number=each.number, n=each.n, own=percent(each.share_own), parts=tuple(parts)))
    return tuple(rows)


def _day(days: float) -> str:
    return (EPOCH + timedelta(days=days)).strftime("%Y-%m-%d")
