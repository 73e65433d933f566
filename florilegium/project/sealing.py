"""Seal a share of the data, and record corrected labels. Path: **project** (shell)."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from florilegium import split
from florilegium.dataset import LabelEvent
from florilegium.errors import InputError
from florilegium.project.holdings import Holdings
from florilegium.project.own import APPEALS
from florilegium.source.base import Side
from florilegium.types import Ints

if TYPE_CHECKING:
    from florilegium.project.project import Project

RANDOM = "random"  # the stream of items that chance has chosen
MOST_CLASSES = 12  # named where none is near to what was typed


def seal(project: "Project", holdings: Holdings) -> tuple[Holdings, dict[str, Any]]:
    """Place every labelled item that has no side yet, for good; give the holdings with all sides, and say how many."""
    dataset = holdings.dataset
    appealed = _appealed(project)
    previous = _previous(project, holdings, appealed)
    led = _led(project, holdings, previous, appealed)
    y = _without(dataset.y, led, holdings.groups, previous)
    sides = split.seal(
        dataset.names,
        y,
        holdings.groups,
        seed=project.settings.seed,
        share_test=project.settings.share_test,
        brought=[s.side for s in dataset.samples],
        previous=previous | {row: Side.TRAIN for row in led if y[row] >= 0},
    )
    fresh = {
        name: side
        for name, side, had in zip(dataset.names, sides, holdings.sides, strict=True)
        if side is not None and had is None
    }
    if fresh:
        project.store.place(fresh, now=project.clock())
    told = {"n_sealed": len(fresh), "n_test_new": sum(side is Side.TEST for side in fresh.values())}
    known = [was or side for was, side in zip(holdings.sides, sides, strict=True)]
    return replace(holdings, sides=tuple(known)), told


def _appealed(project: "Project") -> frozenset[str]:
    """Give the names of items that came from appeals: mistakes that somebody noticed teach, and never judge."""
    return frozenset(name for name in project.store.lessons.names() if name.startswith(APPEALS))


def _previous(project: "Project", holdings: Holdings, appealed: frozenset[str]) -> dict[int, Side]:
    """Give the sides that items have, by name; a file that was moved or renamed is known by its content."""
    placed = project.store.sides()
    by_content: dict[str, Side] = {}
    for sha256, side in placed.values():
        if by_content.get(sha256) is not Side.TEST:  # once in test, always in test
            by_content[sha256] = side
    found: dict[int, Side] = {}
    for row, (name, sha256) in enumerate(zip(holdings.dataset.names, holdings.dataset.hashes, strict=True)):
        if name in placed:
            found[row] = placed[name][1]
        elif sha256 in by_content and not (name in appealed and by_content[sha256] is Side.TEST):
            found[row] = by_content[sha256]
    return found


def _led(project: "Project", holdings: Holdings, previous: Mapping[int, Side], appealed: frozenset[str]) -> list[int]:
    """Give the rows without a side whose label must not judge a model: a model led to it.

    A suggestion was shown, the item was chosen because it teaches much, or somebody appealed against the answer. Of
    labels beside a suggestion in sight not even those that contradict it may be sealed: they are the model's errors,
    and these alone would be a harder set than a user will meet. So only what was drawn at random and labelled without
    the model's word may be.
    """
    dataset = holdings.dataset
    fresh = [row for row in np.flatnonzero(dataset.labelled).tolist() if row not in previous]
    if not fresh:
        return []
    newest = {event.name: event for event in project.store.label_events()}
    chosen = appealed | {j.name for j in project.store.judgements.all() if j.teaches and j.stream != RANDOM}
    # Queries that reach a person are those that the model found hard: no fair sample, whoever named them and how.
    chosen |= project.store.queries.items()
    return [row for row in fresh if dataset.names[row] in chosen or newest[dataset.names[row]].suggested]


def _without(y: Ints, led: Sequence[int], groups: Ints, previous: Mapping[int, Side]) -> Ints:
    """Give the class numbers without those led rows whose near copies are sealed: on either side they would leak."""
    sealed = {int(groups[row]) for row, side in previous.items() if side is Side.TEST}
    kept = y.copy()
    kept[[row for row in led if int(groups[row]) in sealed]] = -1
    return kept


def event(
    project: "Project", name: str, label: str | None, *, who: str, why: str, new_class: bool = False
) -> LabelEvent:
    """Make a label event for an item of the project.

    Args: new_class: the label may be one that no item has yet.
    Raises: InputError: no item has that name, the label is empty or no class; the nearest names are given.
    """
    samples, _ = project.store.samples()
    names = [s.name for s in samples]
    if name not in set(names):
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.3)
        hint = (
            f"nearest: {', '.join(near)}" if near else f"the first is {names[0]!r}" if names else "there are no items"
        )
        raise InputError(f"{name!r}: no item of that name; {hint}. The audit and the report print names.")
    if label is not None and not label.strip():
        raise InputError(
            f"{name!r}: the label is empty. Give a class, or use --remove to take the item out of the set."
        )
    if label is not None and not new_class:
        _refuse_unknown(label, {s.label for s in samples if s.label is not None})
    return LabelEvent(name=name, label=label, who=who, at=project.clock(), why=why)


def _refuse_unknown(label: str, classes: set[str]) -> None:
    """Refuse a class that no item has: more often a slip of the pen than a new class."""
    if label in classes:
        return
    near = difflib.get_close_matches(label, sorted(classes), n=3)
    hint = f"nearest: {', '.join(near)}" if near else f"the classes are {', '.join(sorted(classes)[:MOST_CLASSES])}"
    more = ", ..." if not near and len(classes) > MOST_CLASSES else ""
    raise InputError(f"no class {label!r} in this project; {hint}{more}. Correct it, or add --new-class to make one.")
