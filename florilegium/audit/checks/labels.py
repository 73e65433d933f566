"""Check the labels: one class under two names, items that look wrongly labelled. Path: dataset -> **audit** -> split.

Takes answers that models gave about items they had not seen, never a model. Corrects nothing: people decide.
"""

from collections.abc import Iterator

import numpy as np

from florilegium.audit.finding import Finding, Severity
from florilegium.audit.phrases import command, counted, listed, part, percent, verb
from florilegium.audit.spelling import misspelt, same_names
from florilegium.audit.subject import Subject
from florilegium.audit.suspects import MIN_ANSWERED, suspects

RARER = 3  # a misspelling is rarer than the right spelling at least by this; two well-filled classes are two classes
SERIOUS_SHARE = 0.05


def check(subject: Subject) -> Iterator[Finding]:
    """Find class names that differ by case, spaces, punctuation or a slip, and labels that are probably wrong."""
    yield from (_same(subject, names) for names in same_names(subject.dataset.classes))
    yield from _slips(subject)
    yield from _wrong(subject)


def _same(subject: Subject, names: tuple[str, ...]) -> Finding:
    numbers = [subject.dataset.classes.index(name) for name in names]
    best = max(numbers, key=lambda c: int(subject.counts[c]))
    others = [c for c in numbers if c != best]
    rows = np.flatnonzero(np.isin(subject.dataset.y, others))
    n = len(rows)
    return subject.finding(
        "labels",
        Severity.ERROR,
        f"The classes {listed(names)} differ only by case, spaces or punctuation and are probably one: "
        f"{part(n, subject.n, subject.noun)} {verb(n, 'is', 'are')} kept apart from "
        f"{subject.dataset.classes[best]!r}, and the model is asked to tell apart what is the same.",
        fix=_join(subject, int(rows[0]), best, n),
        rows=rows,
    )


def _slips(subject: Subject) -> Iterator[Finding]:
    classes = subject.dataset.classes
    for pair in misspelt(classes):
        rare, usual = sorted((classes.index(name) for name in pair), key=lambda c: int(subject.counts[c]))
        if subject.counts[rare] * RARER > subject.counts[usual]:
            continue
        rows = np.flatnonzero(subject.dataset.y == rare)
        n = len(rows)
        yield subject.finding(
            "labels",
            Severity.WARNING,
            f"Class {classes[rare]!r} with {counted(n, subject.noun)} ({percent(n / subject.n)}) is one letter from "
            f"{classes[usual]!r} with {subject.counts[usual]:,}: if it is a slip, the model learns one thing as two.",
            fix=_join(subject, int(rows[0]), usual, n),
            rows=rows,
        )


def _join(subject: Subject, row: int, best: int, n: int) -> str:
    each = "" if n == 1 else f" (and so for {n - 1:,} more), or correct the source and read it again: florilegium new"
    return f"If they are one: {command('relabel', subject.dataset.names[row], subject.dataset.classes[best])}{each}."


def _wrong(subject: Subject) -> Iterator[Finding]:
    if subject.probabilities is None:
        return
    ranked = suspects(subject.dataset.y, subject.probabilities)
    rows, n, n_asked = ranked.rows[ranked.flagged], int(ranked.confident.sum()), len(ranked)
    if n_asked < MIN_ANSWERED or not len(rows):
        return
    names, classes = subject.dataset.names, subject.dataset.classes
    first, label = int(rows[0]), classes[int(subject.dataset.y[rows[0]])]
    likely = classes[int(ranked.suggestions[ranked.flagged][0])]
    yield subject.finding(
        "labels",
        Severity.ERROR if n / n_asked >= SERIOUS_SHARE else Severity.WARNING if n else Severity.INFO,
        f"{part(len(rows), n_asked, 'label')} {verb(len(rows), 'is', 'are')} not what models that had not seen the "
        f"{subject.noun} would say, and confident learning takes {n:,} of them for wrong; first of all "
        f"{subject.shown(first)}, labelled {label!r}, which looks like {likely!r}. "
        "Wrong labels teach the model wrong, and a right answer to such an item counts as a mistake.",
        fix="Look at them one by one, the most suspicious first, with the number of wrong ones left beside: "
        f"florilegium label. Or correct a single one: {command('relabel', names[first], likely)}",
        rows=rows,
    )
