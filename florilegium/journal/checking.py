"""Look each number of a draft up: in the record, only in the notes, or nowhere. Path: numbers -> **checking** -> draft.

A number that is found has the same unit as a figure of the record and is a right rounding of it. The end of a range
counts only as precisely as the journal says it, and a small whole number only beside a word that belongs to it: both
would be met by chance. That a sentence uses a number rightly, no program can tell; the place in the record is given.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from florilegium.evaluation.words import percent_bare
from florilegium.journal import telling
from florilegium.journal.events import Event, EventKind, Told
from florilegium.journal.footnotes import Footnotes
from florilegium.journal.numbers import Number, Unit, numbers

SLACK = 1e-9  # of floating point
UNFOUND = "[not in the record]"
FROM_NOTES = "[from the notes, not in the record]"
SMALL = 20  # whole numbers up to here are met by chance in every record
NEAR_LETTERS = 40  # before and behind a small number, where its word stands
# Last part of a path -> beginnings of words that belong to the figure.
NEAR: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "n_classes": ("class",),
        "n_items": ("item", "photo", "picture", "text", "label"),
        "n_test": ("test", "seal"),
        "n_openings": ("open", "seal", "look"),
        "n_days": ("day",),
        "n_findings": ("doubt", "find", "found", "audit"),
        "n_found": ("gap", "bias"),
        "n_appeals": ("appeal",),
        "n_audits": ("audit",),
        "n_upheld": ("upheld", "right"),
        "n_late": ("late", "deadline"),
        "n_suggested": ("suggest",),
        "n_removed": ("out", "remove"),
        "n_more_for_one_point": ("label", "more"),
        "n_right": ("right", "correct"),
        "n": (" of ", "command", "label", "item"),
        "number": ("opening", "verdict", "model"),
        "seconds": (" s", "second", "minute", "min"),
    }
)


class Origin(StrEnum):
    """Where a number of a draft was found."""

    RECORD = "record"
    NOTES = "notes"  # the writer said it; the record does not know it
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One figure of the record."""

    value: float | tuple[int, int, int]
    unit: Unit
    where: str  # the event and the path in it
    near: tuple[str, ...] = ()  # beginnings of words, one of which stands beside a small number; empty: never small
    decimals: int = 0  # that a number must at least have


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One number of a draft, and where it was found."""

    number: Number
    origin: Origin
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a draft may say: the figures, and the sentences in which the journal tells them."""

    facts: tuple[Fact, ...] = ()
    is_whole: bool = False  # no figure but these, also where there are none: what only the notes say is marked
    sentences: tuple[str, ...] = ()


def record_of(told: Sequence[Told], *, tz: tzinfo | None) -> Record:
    """Give the figures that the journal would tell of these projects, with those of every simple rule."""
    notes = Footnotes(tz)
    sentences = [line for each in told for line in _sentences(each, notes)]
    facts = [
        fact
        for key, figures in notes.said.items()
        for path in figures
        for fact in _facts(notes.events[key], path, tz=tz)
    ]
    return Record(facts=tuple(dict.fromkeys(facts)), sentences=tuple(_unmarked(line) for line in sentences))


def _sentences(told: Told, notes: Footnotes) -> Iterable[str]:
    """Tell everything, the newest first: what is sent of it has an end."""
    if told.status.facts["n_items"]:
        yield telling.held(told, notes)
    yield from (telling.worked(event, notes) for event in told.of(EventKind.RUNS))
    for event in reversed(([told.before] if told.before else []) + list(told.of(EventKind.MODEL))):
        yield telling.trained(event, notes)
        _every_score(event, "baselines", notes)
    for event in reversed(told.of(EventKind.OPENING)):
        yield telling.verdict(event, notes)
        yield telling.learned(event, notes) or ""
        if event.facts["verdict"] is not None:
            _every_score(event, "verdict.baselines", notes)
    yield from (telling.doubted(event, notes) or "" for event in told.newest_runs())
    yield from (telling.labelled(event, notes, *told.around(event)) for event in told.of(EventKind.LABELS))
    yield from (telling.studied(event, notes) for event in told.of(EventKind.CARDS))
    yield from (telling.decided(event, notes) for event in told.of(EventKind.APPEALS))


def _every_score(event: Event, path: str, notes: Footnotes) -> None:
    for place in range(len(event.fact(path))):
        notes.score(event, f"{path}[{place}]")


def _unmarked(line: str) -> str:
    from florilegium.journal.prefill import FOOTNOTE

    return FOOTNOTE.sub("", line).replace("**", "").replace("\\", "")


def _facts(event: Event, path: str, *, tz: tzinfo | None) -> Iterable[Fact]:
    """Give a figure in every unit in which it may be said; of a score also its share, and what is wrong."""
    value: Any = event.fact(path)
    where, last = f"{event.words}, {path}", path.rpartition(".")[2]
    if isinstance(value, datetime):
        day = value.astimezone(tz)
        yield Fact(value=(day.year, day.month, day.day), unit=Unit.DATE, where=where)
        return
    if isinstance(value, str):
        yield from (Fact(value=n.value, unit=n.unit, where=where) for n in numbers(value))
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    if isinstance(value, float) and -1 <= value <= 1:
        decimals = len(percent_bare(abs(value)).partition(".")[2]) if last in ("low", "high") else 0
        yield Fact(value=100 * value, unit=Unit.PERCENT, where=where, decimals=decimals)
        yield Fact(value=100 * value, unit=Unit.POINTS, where=where, decimals=decimals)
    else:
        yield Fact(value=float(value), unit=Unit.PLAIN, where=where, near=NEAR.get(last, ()))
    if path.endswith(".n_right"):
        yield from _shares(event, path.removesuffix("n_right"), value)


def _shares(event: Event, score: str, n_right: int) -> Iterable[Fact]:
    n = event.fact(f"{score}n")
    where = f"{event.words}, {score.rstrip('.')}"
    for value, name in ((n_right / n, "share right"), (1 - n_right / n, "share wrong")):
        yield Fact(value=100 * value, unit=Unit.PERCENT, where=f"{where}, {name}")


def check(draft: str, *, record: Record, notes: str) -> tuple[Checked, ...]:
    """Look every number of a draft up. `notes`: what the writer gave, whose numbers are the writer's own."""
    own = [Fact(value=n.value, unit=n.unit, where="your notes") for n in numbers(notes)]
    found = []
    for number in numbers(draft):
        around = draft[max(number.start - NEAR_LETTERS, 0) : number.end + NEAR_LETTERS].lower()
        fact = next((fact for fact in record.facts if _agrees(number, fact) and _belongs(number, fact, around)), None)
        if fact is not None:
            found.append(Checked(number=number, origin=Origin.RECORD, where=fact.where))
        elif any(_agrees(number, fact) for fact in own):
            found.append(Checked(number=number, origin=Origin.NOTES, where=own[0].where))
        else:
            found.append(Checked(number=number, origin=Origin.NOWHERE))
    return tuple(found)


def _belongs(number: Number, fact: Fact, around: str) -> bool:
    """Tell whether a small whole number stands beside a word of the figure, and an end of a range is said precisely."""
    if number.decimals < fact.decimals:
        return False
    is_small = number.unit is Unit.PLAIN and isinstance(number.value, float) and abs(number.value) <= SMALL
    return not is_small or any(word in around for word in fact.near)


def _agrees(number: Number, fact: Fact) -> bool:
    if isinstance(number.value, tuple) or isinstance(fact.value, tuple):
        return number.unit == fact.unit and _same_day(number.value, fact.value)
    if number.unit != fact.unit:
        return False
    slack = 0.5 * 10.0**-number.decimals + SLACK
    # A gap of -1.5 points is also said as 1.5 points fewer.
    signed = [fact.value, -fact.value] if number.unit is Unit.POINTS else [fact.value]
    return any(abs(number.value - value) <= slack for value in signed)


def _same_day(said: object, known: object) -> bool:
    if not isinstance(said, tuple) or not isinstance(known, tuple):
        return False
    return (said[1:] == known[1:] and 0 in (said[0], known[0])) or said == known


def marked_draft(draft: str, checked: Iterable[Checked], *, marks: Mapping[Origin, str]) -> str:
    """Write the mark of its origin behind every number that has one."""
    for each in sorted(checked, key=lambda c: c.number.start, reverse=True):
        if mark := marks.get(each.origin):
            draft = f"{draft[: each.number.end]} {mark}{draft[each.number.end :]}"
    return draft
