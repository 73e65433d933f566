"""Measured figures that stand in a model file: of each class, and of abstention. Path: features -> **model**.

Takes counts and ranges that others have measured, checks them, writes and reads them. Measures nothing.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

MAX_NAME_CHARS = 200
MAX_KINDS = 100  # of strange items
N_CONFUSED = 3  # other classes that are named


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFigures:
    """How well one class is known."""

    label: str
    n_train: int  # items it was learned from
    n_asked: int = 0  # items of this class that it had not seen; 0: not judged yet
    n_right: int = 0
    low: float = 0.0  # 0..1: the range of true shares that fit
    high: float = 1.0
    confused_with: tuple[str, ...] = ()  # what it was mistaken for, the most frequent first
    judged_on: str = ""  # which items were asked about: "sealed items", "items held out in cross-validation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How often something happened, with its range."""

    name: str  # of what: "noise", "photos without flowers"
    n: int  # items asked about, at least 1
    n_events: int  # 0..n
    low: float  # 0..1
    high: float

    @property
    def share(self) -> float:
        """Give the share, 0..1."""
        return self.n_events / self.n


@dataclass(frozen=True, slots=True, kw_only=True)
class AbstentionFigures:
    """How well a model tells what it does not know."""

    false_alarms: Rate  # of items of its classes: called strange
    unsure: Rate  # of items of its classes: not strange, and still without an answer
    answered_right: Rate | None  # of the answers given; None: it answered nothing
    misses: tuple[Rate, ...] = ()  # per kind of items that belong to no class: answered all the same
    notes: tuple[str, ...] = ()  # what was measured how
    held_out_answered: Rate | None = None  # of the items held out in training: it gave an answer
    held_out_right: Rate | None = None  # of those answers


_NEWER = {"judged_on", "held_out_answered", "held_out_right"}
_MAY_LACK = ("answered_right", "held_out_answered", "held_out_right")  # rates that were not measured everywhere

Figures = TypeVar("Figures", ClassFigures, Rate, AbstentionFigures)


def class_dicts(figures: tuple[ClassFigures, ...]) -> list[dict[str, Any]]:
    """Give figures of classes for JSON."""
    return [asdict(each) for each in figures]


def classes_of(documents: object, *, classes: tuple[str, ...]) -> tuple[ClassFigures, ...]:
    """Read figures of classes out of a file; one per class, in their order.

    Raises: ValueError: they are not what `class_dicts` gives; the message says why.
    """
    if not isinstance(documents, list) or len(documents) != len(classes):
        raise ValueError(f"expected a list of {len(classes)} tables, one per class")
    made = []
    for label, document in zip(classes, documents, strict=True):
        found = _read(ClassFigures, document, counts=("n_train", "n_asked", "n_right"), name="label")
        confused = document["confused_with"]
        judged_on = document.get("judged_on", "")
        if not isinstance(judged_on, str) or len(judged_on) > MAX_NAME_CHARS:
            raise ValueError(f"{label!r}: judged_on: expected a text of at most {MAX_NAME_CHARS} characters")
        if found.label != label or found.n_right > found.n_asked:
            raise ValueError(f"{label!r}: figures of another class, or more right answers than answers")
        if not isinstance(confused, list | tuple) or not all(other in classes for other in confused):
            raise ValueError(f"{label!r}: confused with something that is no class")
        made.append(ClassFigures(**{**document, "confused_with": tuple(confused)}))
    return tuple(made)


def abstention_dict(figures: AbstentionFigures) -> dict[str, Any]:
    """Give figures of abstention for JSON; each rate also with its share."""
    rates = {name: _rate_dict(getattr(figures, name)) for name in ("false_alarms", "unsure", *_MAY_LACK)}
    return {**rates, "misses": [_rate_dict(rate) for rate in figures.misses], "notes": list(figures.notes)}


def abstention_of(document: object) -> AbstentionFigures:
    """Read figures of abstention out of a file.

    Raises: ValueError: they are not what `abstention_dict` gives; the message says why.
    """
    if not isinstance(document, dict) or not _fits(AbstentionFigures, document):
        raise ValueError(f"expected a table of {', '.join(AbstentionFigures.__dataclass_fields__)}")
    misses, notes = document["misses"], document["notes"]
    if not isinstance(misses, list) or len(misses) > MAX_KINDS:
        raise ValueError(f"misses: expected a list of at most {MAX_KINDS} rates")
    if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
        raise ValueError("notes: expected a list of texts")
    return AbstentionFigures(
        false_alarms=_rate_of(document["false_alarms"]),
        unsure=_rate_of(document["unsure"]),
        **{name: None if document.get(name) is None else _rate_of(document[name]) for name in _MAY_LACK},
        misses=tuple(_rate_of(miss) for miss in misses),
        notes=tuple(notes),
    )


def _fits(kind: type[Figures], document: Mapping[str, object]) -> bool:
    """Tell whether a table has the fields of a kind; files of older versions lack the newer ones."""
    fields = set(kind.__dataclass_fields__)
    return fields - _NEWER <= document.keys() <= fields


def _rate_dict(rate: Rate | None) -> dict[str, Any] | None:
    return None if rate is None else {**asdict(rate), "share": rate.share}


def _rate_of(document: object) -> Rate:
    plain = {k: v for k, v in document.items() if k != "share"} if isinstance(document, dict) else document
    found = _read(Rate, plain, counts=("n", "n_events"), name="name")
    if found.n < 1 or found.n_events > found.n:
        raise ValueError(f"{found.name!r}: {found.n_events} of {found.n}")
    return found


def _read(kind: type[Figures], document: object, *, counts: tuple[str, ...], name: str) -> Figures:
    """Make one set of figures out of a table whose fields are of the right types and ranges."""
    if not isinstance(document, Mapping) or not _fits(kind, document):
        raise ValueError(f"expected tables of {', '.join(kind.__dataclass_fields__)}")
    if not isinstance(document[name], str) or len(document[name]) > MAX_NAME_CHARS:
        raise ValueError(f"{name}: expected a text of at most {MAX_NAME_CHARS} characters")
    if not all(type(document[count]) is int and 0 <= document[count] < 1 << 48 for count in counts):
        raise ValueError(f"{document[name]!r}: {', '.join(counts)}: expected whole numbers from 0 up")
    ends = (document["low"], document["high"])
    if not all(type(end) in (int, float) and math.isfinite(end) for end in ends) or not 0 <= ends[0] <= ends[1] <= 1:
        raise ValueError(f"{document[name]!r}: low, high: expected a range within 0..1")
    return kind(**document)
