"""What self-training would do to a model over ten rounds, on the user's own data. Path: **feedback** (stage).

A small labelled share teaches the first model; each round a batch of new items comes in and is labelled, and the next
model learns from all labels so far. Three ways of labelling are compared on held-out groups: the model's own answers,
the same with a random share judged by people, and people alone. What comes out is told, also where nothing happens.
The model is a function that is handed in.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
from scipy.special import stdtrit

from florilegium.active.meter import Answers
from florilegium.errors import InputError, SettingError
from florilegium.evaluation.intervals import LEVEL
from florilegium.evaluation.values import Difference
from florilegium.evaluation.words import counted, percent, points
from florilegium.types import Bools, Floats, Ints, Progress, silent

STEP = "self-training"
OFTEN = 0.5  # of the repeats: a class that dies out in so many is named


class Way(StrEnum):
    """Who labels what comes in."""

    ALONE = "the model alone"
    AUDITED = "the model, with the blind audit"
    PEOPLE = "people"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is simulated.

    Raises: SettingError: a number is out of its range.
    """

    n_rounds: int = 10
    share_start: float = 0.1  # of the groups that are not held out: labelled by people at the beginning
    share_held_out: float = 0.3  # of all groups
    share_audited: float = 0.1  # of each batch
    automation_bias: float = 0.9  # 0..1, how often a wrong answer of the model is accepted by whoever sees it
    n_repeats: int = 6

    def __post_init__(self) -> None:
        """Refuse what cannot be simulated, all of it at once."""
        limits = {
            "n_rounds": (1, 50), "share_start": (0.01, 0.9), "share_held_out": (0.05, 0.8), "share_audited": (0.0, 1.0),
            "automation_bias": (0.0, 1.0), "n_repeats": (2, 100),
        }  # fmt: skip
        faults = [
            f"{name} = {getattr(self, name)}: expected {low} to {high}"
            for name, (low, high) in limits.items()
            if not low <= getattr(self, name) <= high
        ]
        if faults:
            raise SettingError(f"this cannot be simulated: {'; '.join(faults)}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranged:
    """A mean over repeats with its t range."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One way of labelling, round by round; the first entry is before any batch."""

    way: Way
    accuracy: tuple[Ranged, ...]  # (rounds + 1,)
    wrong_labels: tuple[float, ...]  # (rounds + 1,) share of training labels that are wrong, mean over repeats
    recall: tuple[tuple[float, float], ...]  # per class: before, and at the end; mean over repeats; NaN: never held out
    died_out: tuple[float, ...]  # per class: in which share of repeats it was answered first and never at the end


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What self-training would do."""

    wish: Wish
    classes: tuple[str, ...]
    n_start: int  # labels at the beginning, in the first repeat
    n_end: int
    n_held_out: int
    courses: tuple[Course, ...]
    drop: Difference  # accuracy of the model alone: end minus beginning
    saved: Difference  # at the end: with the audit minus alone
    sentence: str


@dataclass(frozen=True, slots=True, eq=False)
class _Data:
    y: Ints
    groups: Ints
    k: int
    answers: Answers


@dataclass(frozen=True, slots=True, eq=False)
class _Repeat:
    accuracy: dict[Way, Floats]  # (rounds + 1,)
    wrong: dict[Way, Floats]
    recall: dict[Way, Floats]  # (2, k)
    died: dict[Way, Bools]  # (k,)
    sizes: tuple[int, int, int]


def simulate(
    y: Ints,
    groups: Ints,
    answers: Answers,
    *,
    classes: tuple[str, ...],
    wish: Wish | None = None,
    seed: int,
    progress: Progress = silent,
) -> Simulated:
    """Play rounds of self-training with and without audit.

    Args: y: (n,) true classes of the items.  groups: (n,) never divided between learning and judging.
        answers: the model: learns labels of some rows and answers others; called 1 + 3 rounds times per repeat.
    Raises: InputError: too few groups or classes to play with.
    """
    wish = wish or Wish()
    if len(y) != len(groups) or len(np.unique(y)) < 2:
        raise InputError(
            f"{len(y)} labels of {len(np.unique(y))} classes, {len(groups)} groups: expected as many of each, and two "
            "classes at least."
        )
    data, repeats = _Data(y, groups, len(classes), answers), []
    for i, rng in enumerate(np.random.default_rng(seed).spawn(wish.n_repeats)):
        repeats.append(_repeat(data, wish, rng))
        progress(STEP, i + 1, wish.n_repeats)
    courses = tuple(_course(way, repeats) for way in Way)
    alone = [each.accuracy[Way.ALONE] for each in repeats]
    drop = _difference([float(each[-1] - each[0]) for each in alone])
    saved = _difference([float(each.accuracy[Way.AUDITED][-1] - each.accuracy[Way.ALONE][-1]) for each in repeats])
    return Simulated(
        wish=wish, classes=classes, n_start=repeats[0].sizes[0], n_end=repeats[0].sizes[1],
        n_held_out=repeats[0].sizes[2], courses=courses, drop=drop, saved=saved,
        sentence=_sentence(classes, courses, drop, saved, wish),
    )  # fmt: skip


def _repeat(data: _Data, wish: Wish, rng: np.random.Generator) -> _Repeat:
    y, k = data.y, data.k
    start, batches, held = _dealt(y, data.groups, wish, rng)
    first = data.answers(start, y[start], np.concatenate([batches[0], held]))
    before = first[len(batches[0]) :]
    # One draw serves all ways, so that they differ in nothing else.
    draws = [(rng.random(len(batch)), rng.random(len(batch))) for batch in batches]
    accuracy, wrong, recall, died = {}, {}, {}, {}
    for way in Way:
        course, share_wrong, said, after = [_share(before == y[held])], [0.0], first[: len(batches[0])], before
        learned, labels = start, y[start]
        for i, (batch, (judged, accepts)) in enumerate(zip(batches, draws, strict=True)):
            taken = np.where(accepts < wish.automation_bias, said, y[batch])
            seen = (judged < wish.share_audited) & (way is Way.AUDITED) | (way is Way.PEOPLE)
            learned = np.concatenate([learned, batch])
            labels = np.concatenate([labels, np.where(seen, y[batch], taken)])
            coming = batches[i + 1] if i + 1 < len(batches) else batch[:0]
            answered = data.answers(learned, labels, np.concatenate([coming, held]))
            said, after = answered[: len(coming)], answered[len(coming) :]
            course.append(_share(after == y[held]))
            share_wrong.append(_share(labels != y[learned]))
        accuracy[way], wrong[way] = np.array(course), np.array(share_wrong)
        recall[way] = np.stack([_recall(before, y[held], k), _recall(after, y[held], k)])
        died[way] = np.isin(np.arange(k), before) & ~np.isin(np.arange(k), after)
    return _Repeat(accuracy, wrong, recall, died, (len(start), len(learned), len(held)))


def _dealt(y: Ints, groups: Ints, wish: Wish, rng: np.random.Generator) -> tuple[Ints, list[Ints], Ints]:
    """Deal whole groups: labelled at the beginning, batches that come in, held out; the beginning has two classes."""
    names, group = np.unique(groups, return_inverse=True)
    order = rng.permutation(len(names))
    place = np.empty(len(names), dtype=np.int64)
    place[order] = np.arange(len(names))
    n_held = max(round(wish.share_held_out * len(names)), 1)
    rest = len(names) - n_held
    n_start = max(round(wish.share_start * rest), 2)
    at = place[group] - n_held
    edges = np.linspace(n_start, rest, wish.n_rounds + 1).round().astype(int)
    batches = [np.flatnonzero((at >= low) & (at < high)) for low, high in pairwise(edges)]
    start, held = np.flatnonzero((at >= 0) & (at < n_start)), np.flatnonzero(at < 0)
    if min(len(each) for each in (start, held, *batches)) == 0 or len(np.unique(y[start])) < 2:
        raise InputError(
            f"{len(names)} groups are too few for {wish.n_rounds} rounds that begin with {percent(wish.share_start)} "
            "of them and two classes. Play fewer rounds (--rounds), or begin with a larger share (--start)."
        )
    return start, batches, held


def _share(yes: Bools) -> float:
    return float(yes.mean())


def _recall(said: Ints, truth: Ints, k: int) -> Floats:
    n = np.bincount(truth, minlength=k)
    right = np.bincount(truth[said == truth], minlength=k)
    found: Floats = np.where(n > 0, right / np.maximum(n, 1), np.nan)
    return found


def _course(way: Way, repeats: list[_Repeat]) -> Course:
    accuracy = np.stack([each.accuracy[way] for each in repeats])  # (repeats, rounds + 1)
    recall = np.stack([each.recall[way] for each in repeats])  # (repeats, 2, k)
    there = np.isfinite(recall)
    mean = np.where(there.any(axis=0), np.nansum(recall, axis=0) / np.maximum(there.sum(axis=0), 1), np.nan)
    return Course(
        way=way,
        accuracy=tuple(Ranged(**_t_range(column)) for column in accuracy.T),
        wrong_labels=tuple(np.mean([each.wrong[way] for each in repeats], axis=0).tolist()),
        recall=tuple(zip(mean[0].tolist(), mean[1].tolist(), strict=True)),
        died_out=tuple(np.mean([each.died[way] for each in repeats], axis=0).tolist()),
    )


def _t_range(values: Floats) -> dict[str, float]:
    """Give mean and t range over repeats: they share one data set, so the range is about dealing it, not about data."""
    n, mean = len(values), float(values.mean())
    half = float(-stdtrit(n - 1, (1 - LEVEL) / 2) * values.std(ddof=1) / np.sqrt(n))
    return {"value": mean, "low": mean - half, "high": mean + half}


def _difference(values: list[float]) -> Difference:
    return Difference(**_t_range(np.array(values)), level=LEVEL)


def _sentence(
    classes: tuple[str, ...], courses: tuple[Course, ...], drop: Difference, saved: Difference, wish: Wish
) -> str:
    alone = next(course for course in courses if course.way is Way.ALONE)
    first, last = alone.accuracy[0].value, alone.accuracy[-1].value
    said = (
        f"Taught by its own answers for {counted(wish.n_rounds, 'round')}, the model goes from {percent(first)} to "
        f"{percent(last)}: {_change(drop)}. The blind audit of {percent(wish.share_audited)} {_brings(saved)}"
    )
    gone = [name for name, share in zip(classes, alone.died_out, strict=True) if share >= OFTEN]
    if gone:
        said += f" In at least half of the repeats it forgets {counted(len(gone), 'class', 'classes')}."
    return said


def _change(gap: Difference) -> str:
    ends = f"{points(gap.low)} to {points(gap.high)}"
    if gap.low <= 0 <= gap.high:
        return f"no change is shown ({ends} points)"
    return f"{points(abs(gap.value))} points {'better' if gap.value > 0 else 'worse'} ({ends})"


def _brings(gap: Difference) -> str:
    ends = f"({points(gap.low)} to {points(gap.high)})"
    if gap.low <= 0 <= gap.high:
        return f"shows no difference {ends}."
    return f"{'brings' if gap.value > 0 else 'costs'} {points(abs(gap.value))} points {ends}."


def by_class(found: Simulated, way: Way) -> Iterator[tuple[str, float, float, float]]:
    """Give name, recall before and at the end, and the share of repeats in which it died out, worst drift first."""
    course = next(each for each in found.courses if each.way is way)
    rows = [
        (name, before, after, died)
        for name, (before, after), died in zip(found.classes, course.recall, course.died_out, strict=True)
    ]
    yield from sorted(rows, key=lambda row: (np.isnan(row[2] - row[1]), row[2] - row[1]))
