"""Decide what an import of labels adds to the record, and which label counts after it. Path: **project** (shell).

Nothing recorded is changed: what is new is added, and where the label that is here shall go on counting, its event is
added once more after them. Takes and gives events; records nothing.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from florilegium.dataset import LabelEvent
from florilegium.store.store import IMPORTED


class Prefer(StrEnum):
    """Which of two people's labels counts where file and project disagree."""

    NEWEST = "newest"
    HERE = "here"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """File and project say different things of one item."""

    name: str
    here: LabelEvent
    file: LabelEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """What an import does."""

    events: tuple[LabelEvent, ...]  # to be recorded, in this order
    n_new: int  # of them, those that come from the file
    n_known: int  # of the file's, recorded here already
    n_source: int  # of the file's, labels that came with that project's source, where this one's source has its own
    replaced: tuple[Disagreement, ...]  # the file's label counts from now on
    kept: tuple[Disagreement, ...]  # the label that is here goes on counting


def merge(incoming: Sequence[LabelEvent], here: Sequence[LabelEvent], *, prefer: Prefer, dated: bool = True) -> Merge:
    """Add what the file says to what is here.

    Of one item the last of the file's events counts, and against it the last one here: a person's label beats one that
    came with the source; of two people's the later one, unless `prefer` says whose.

    Args: incoming: in the order in which they were said.  here: in the order of the record.
        dated: the file says when. Else an event that says what counts here already is nothing new.
    """
    recorded, present, sourced = set(here), {e.name: e for e in here}, {e.name for e in here if e.who == IMPORTED}
    fresh: dict[str, list[LabelEvent]] = defaultdict(list)
    n_known = n_source = 0
    for event in incoming:
        same_label = event.name in present and present[event.name].label == event.label
        if event in recorded or (not dated and same_label):
            n_known += 1
        elif event.who == IMPORTED and event.name in sourced:
            n_source += 1
        else:
            fresh[event.name].append(event)
            recorded.add(event)
    events, replaced, kept = [], [], []
    for name, added in fresh.items():
        events += added
        now = present.get(name)
        if now is None or now.label == added[-1].label:
            continue
        both = Disagreement(name=name, here=now, file=added[-1])
        if _stays(both, prefer):
            events.append(now)
            kept.append(both)
        elif now.who != IMPORTED:
            replaced.append(both)
    return Merge(
        events=tuple(events),
        n_new=sum(map(len, fresh.values())),
        n_known=n_known,
        n_source=n_source,
        replaced=tuple(replaced),
        kept=tuple(kept),
    )


def _stays(both: Disagreement, prefer: Prefer) -> bool:
    """Tell whether the label that is here goes on counting."""
    if both.here.who == IMPORTED:
        return False
    if both.file.who == IMPORTED:
        return True
    return prefer is Prefer.HERE or (prefer is Prefer.NEWEST and both.here.at > both.file.at)
