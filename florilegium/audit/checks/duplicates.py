"""Check for copies, and for copies whose labels contradict each other. Path: dataset -> **audit** -> split.

What counts as a copy is decided in `audit/duplicates.py`; here it is only counted and told.
"""

from collections.abc import Iterator

import numpy as np

from florilegium.audit.finding import Finding, Severity
from florilegium.audit.phrases import command, counted, part, verb
from florilegium.audit.subject import Subject
from florilegium.types import Ints

MANY = 0.05  # from here on copies move what is learned and how sure the score is
GIANT = 0.05  # of all items in one group of look-alikes: then the look-alikes are the data
MIN_GIANT = 20


def check(subject: Subject) -> Iterator[Finding]:
    """Find exact copies, near copies, copies whose labels contradict each other, and giant groups of look-alikes."""
    yield from _contradictions(subject)
    yield from _copies(subject, subject.exact, "exact copies")
    # A near copy counts once however many exact copies it has.
    _, firsts = np.unique(subject.exact, return_index=True)
    yield from _copies(subject, _only(subject.near, firsts), "near copies")
    yield from _giant(subject)


def _copies(subject: Subject, groups: Ints, what: str) -> Iterator[Finding]:
    rows = _shared(groups)
    if not len(rows):
        return
    n_groups = len(np.unique(groups[rows]))
    n_more = len(rows) - n_groups
    names = subject.dataset.names
    yield subject.finding(
        "duplicates",
        Severity.WARNING if n_more / subject.n >= MANY else Severity.INFO,
        f"{part(len(rows), subject.n, subject.noun)} are {what} of one another, in "
        f"{counted(n_groups, 'group')}, for example {_both(subject, rows)}: {n_more:,} "
        f"{verb(n_more, 'adds', 'add')} little that is new, and on both sides of a split "
        f"{verb(n_more, 'it', 'they')} would make the score too high.",
        fix="The seal keeps copies on one side; only where the source brings its own split is there something to do. "
        "To take one out: " + command("relabel", names[rows[1]], "--remove"),
        rows=rows,
    )


def _contradictions(subject: Subject) -> Iterator[Finding]:
    exact = _contradictory(subject.exact, subject.dataset.y)
    near = np.setdiff1d(_contradictory(subject.near, subject.dataset.y), exact)
    for rows, groups, what, severity in (
        (exact, subject.exact, "exact copies", Severity.ERROR),
        (near, subject.near, "near copies", Severity.WARNING),
    ):
        if len(rows):
            yield _contradiction(subject, rows[np.argsort(groups[rows], kind="stable")], groups, what, severity)


def _contradiction(subject: Subject, rows: Ints, groups: Ints, what: str, severity: Severity) -> Finding:
    samples, names = subject.dataset.samples, subject.dataset.names
    n_groups = len(np.unique(groups[rows]))
    first = int(rows[0])
    other = next(int(i) for i in rows if groups[i] == groups[first] and samples[i].label != samples[first].label)
    sure = "At least one of each" if severity is Severity.ERROR else "Probably one of each"
    return subject.finding(
        "duplicates",
        severity,
        f"{part(len(rows), subject.n, subject.noun)} are {what} with different labels, in "
        f"{counted(n_groups, 'group')}, for example {subject.shown(first)}, labelled "
        f"{samples[first].label!r}, and {subject.shown(other)}, labelled {samples[other].label!r}. {sure} is wrong, "
        "and no model can get all of them right.",
        fix=f"Decide what each group shows: {command('relabel', names[other], str(samples[first].label))}",
        rows=rows,
    )


def _giant(subject: Subject) -> Iterator[Finding]:
    sizes = np.bincount(subject.near) if subject.n else np.zeros(1, dtype=np.int64)
    largest = int(sizes.argmax())
    if sizes[largest] < max(GIANT * subject.n, MIN_GIANT):
        return
    rows = np.flatnonzero(subject.near == largest)
    yield subject.finding(
        "duplicates",
        Severity.WARNING,
        f"One group of look-alikes holds {part(len(rows), subject.n, subject.noun)}, for example "
        f"{_both(subject, rows)}: it lies on one side of the split as a whole, "
        "so the sealed part may not be like the rest.",
        fix="Look whether these are one scene, page or template. If so, take most of them out: florilegium relabel "
        "ITEM --remove.",
        rows=rows,
    )


def _both(subject: Subject, rows: Ints) -> str:
    return f"{subject.shown(int(rows[0]))} and {subject.shown(int(rows[1]))}"


def _shared(groups: Ints) -> Ints:
    """Give the rows that are not alone in their group, largest group first, each group together."""
    known = groups >= 0
    sizes = np.bincount(groups[known]) if known.any() else np.zeros(1, dtype=np.int64)
    rows = np.flatnonzero(known)
    rows = rows[sizes[groups[rows]] > 1]
    found: Ints = rows[np.lexsort((rows, groups[rows], -sizes[groups[rows]]))]
    return found


def _only(groups: Ints, rows: Ints) -> Ints:
    """Give the groups with every other row taken out (-1)."""
    kept = np.full_like(groups, -1)
    kept[rows] = groups[rows]
    return kept


def _contradictory(groups: Ints, y: Ints) -> Ints:
    """Give the labelled rows, rising, whose group has more than one label."""
    rows = np.flatnonzero(y >= 0)
    if not len(rows):
        return rows
    pairs = np.unique(np.stack([groups[rows], y[rows]], axis=1), axis=0)  # each label of a group once
    n_labels = np.bincount(pairs[:, 0])
    found: Ints = rows[n_labels[groups[rows]] > 1]
    return found
