"""What a record says was done, as values with an address. Path: errors -> **events** -> prefill.

Every figure of a chapter is taken from an event by a path, so that a reader can follow it back to the record.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class EventKind(StrEnum):
    """The parts of a record that events come from."""

    RUN = "run"  # one command; its number is its place among the runs, from 1
    RUNS = "runs"  # several, added up
    MODEL = "model"
    OPENING = "opening"  # of the sealed test set
    LABELS = "labels"  # what people said of items, added up
    CARDS = "cards"  # answers to cards, added up
    APPEALS = "appeals"  # decisions about appeals and blind audits, added up
    STATUS = "status"  # what the project holds at the moment of writing
    CHAPTER = "chapter"  # an earlier chapter of the journal


OWN_DECK = "own_deck"  # stands for a project where the learner's own cards are told; no project is named so

NAMES = {
    EventKind.RUNS: "runs",
    EventKind.LABELS: "label events",
    EventKind.CARDS: "answers to cards",
    EventKind.APPEALS: "decided cases",
    EventKind.STATUS: "as it stands",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that the record holds, with its figures.

    `number` is its place in the record; `last` closes a row of them that is added up.
    """

    project: str  # its short name in this journal
    kind: EventKind
    number: int
    at: datetime  # aware
    facts: Mapping[str, Any]
    last: int | None = None

    @property
    def key(self) -> str:
        """Give the event's name in footnotes."""
        numbers = f"-{self.number}" if self.kind is not EventKind.STATUS else ""
        return f"{self.project}-{self.kind}{numbers}" + (f"-{self.last}" if self.last is not None else "")

    @property
    def words(self) -> str:
        """Say what it is, for a footnote."""
        name = NAMES.get(self.kind, str(self.kind))
        if self.kind is EventKind.STATUS:
            return f"{self.project}, {name}"
        return f"{self.project}, {name} {self.number}" + (f" to {self.last}" if self.last is not None else "")

    def fact(self, path: str) -> Any:  # noqa: ANN401 - whatever JSON can say
        """Follow a path such as `verdict.model.n_right` or `baselines[2].n`.

        Raises: KeyError: the record holds nothing there.
        """
        if path == "number":
            return self.number
        if path == "at":
            return self.at
        value: Any = self.facts
        for name, row in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path):
            try:
                value = value[int(row)] if row else value[name]
            except (IndexError, TypeError) as error:
                raise KeyError(path) from error
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookmark:
    """How far a project's record has been told. Counts rows, not hours: a clock that is set back hides nothing.

    >>> Bookmark.read("flowers runs=5 models=1 openings=1 labels=0")  # from before there were cards
    ('flowers', Bookmark(runs=5, models=1, openings=1, labels=0, cards=0, appeals=0))
    """

    runs: int = 0
    models: int = 0
    openings: int = 0
    labels: int = 0
    cards: int = 0
    appeals: int = 0  # the newest step of a case

    def furthest(self, other: "Bookmark") -> "Bookmark":
        """Give the further of both, row by row."""
        return Bookmark(**{name: max(n, asdict(other)[name]) for name, n in asdict(self).items()})

    def write(self, project: str) -> str:
        """Write it as it stands in front matter."""
        return " ".join([project, *(f"{name}={n}" for name, n in asdict(self).items())])

    @classmethod
    def read(cls, line: str) -> "tuple[str, Bookmark]":
        """Read a line of front matter, which `frontmatter.read` has looked at."""
        project, *counts = line.split()
        return project, cls(**{name: int(n) for name, _, n in (each.partition("=") for each in counts)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one project's record has to say since a bookmark, and the bookmark after it."""

    project: str
    status: Event
    next_command: str
    events: tuple[Event, ...]  # in the order of the record
    bookmark: Bookmark
    before: Event | None = None  # the model that was current at the bookmark

    def of(self, kind: EventKind) -> tuple[Event, ...]:
        """Give the events of one kind."""
        return tuple(event for event in self.events if event.kind is kind)

    def around(self, labels: Event) -> tuple[Event | None, Event | None]:
        """Give the model before the first of these labels and the newest one after the last of them."""
        models = [*([self.before] if self.before else []), *self.of(EventKind.MODEL)]
        before = [m for m in models if m.at <= labels.at]
        after = [m for m in models if m.at > datetime.fromisoformat(labels.facts["last_at"])]
        return (before[-1] if before else None), (after[-1] if after else None)

    def newest_runs(self) -> tuple[Event, ...]:
        """Give the newest run of each command."""
        return tuple({event.facts["command"]: event for event in self.of(EventKind.RUN)}.values())
