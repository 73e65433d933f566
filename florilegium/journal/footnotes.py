"""Say figures of events in words, and keep account of where each came from. Path: events -> **footnotes** -> prefill.

A figure enters a chapter through `Footnotes.say` alone; the footnote lists the path and what was said for it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from florilegium.evaluation.words import percent, points
from florilegium.journal.chapter import long_date
from florilegium.journal.events import Event


@dataclass(slots=True)
class Footnotes:
    """The footnotes of one chapter, in the order in which they are needed."""

    tz: tzinfo | None  # the learner's
    said: dict[str, dict[str, str]] = field(default_factory=dict)  # event's key -> path -> as it was said
    events: dict[str, Event] = field(default_factory=dict)

    def say(self, event: Event, path: str, form: Callable[[Any], str]) -> str:
        """Give a figure of an event in words, and remember where it came from."""
        shown = form(event.fact(path))
        self.said.setdefault(event.key, {})[path] = shown
        self.events[event.key] = event
        return shown

    def day(self, event: Event) -> str:
        """Give the day of an event, by the learner's clock."""
        return self.say(event, "at", lambda at: long_date(at.astimezone(self.tz)))

    def score(self, event: Event, path: str) -> str:
        """Say a score: count, share and range, in one phrase."""
        n_right, n = self.say(event, f"{path}.n_right", count), self.say(event, f"{path}.n", count)
        low, high = self.say(event, f"{path}.low", percent), self.say(event, f"{path}.high", percent)
        return f"{n_right} of {n} right ({low} to {high})"

    def mark(self, *events: Event) -> str:
        """Give the marks that lead from a line to its footnotes."""
        return "".join(f"[^{event.key}]" for event in events)

    def definitions(self) -> list[str]:
        """Give the footnotes themselves, one a line."""
        return [self._definition(key, figures) for key, figures in self.said.items()]

    def _definition(self, key: str, figures: dict[str, str]) -> str:
        event = self.events[key]
        moment = event.at.astimezone(self.tz)
        listed = "; ".join(f"`{path}` {shown}" for path, shown in figures.items())
        return f"[^{key}]: {event.words} ({moment:%Y-%m-%d %H:%M %z}): {listed}"


def count(value: int) -> str:
    """Write a count."""
    return f"{value:,}"


def share(value: float) -> str:
    """Write a share in percent."""
    return percent(value)


def signed_points(value: float) -> str:
    """Write a difference of shares in points, with its sign."""
    text = points(value)
    return text if text.startswith("-") or float(text) == 0 else f"+{text}"


def seconds(value: float) -> str:
    """Write a duration: seconds below two minutes, else minutes."""
    return f"{value:.0f} s" if value < 120 else f"{value / 60:.0f} min"
