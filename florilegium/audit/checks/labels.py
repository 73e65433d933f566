"""Check the labels: one class under two names, items that look wrongly labelled. Path: dataset -> **audit** -> split.

Takes answers that models gave about items they had not seen, never a model. Corrects nothing: people decide.
"""

import warnings
from collections.abc import Iterator

import numpy as np

from florilegium.audit.finding import Finding, Severity
from florilegium.audit.phrases import command, counted, listed, part, percent, verb
from florilegium.audit.spelling import misspelt, same_names
from florilegium.audit.subject import Subject
from florilegium.types import Floats, Ints

RARER = 3  # a misspelling is rarer than the right spelling at least by this; two well-filled classes are two classes
MIN_ANSWERED = 20  # answers; below this confident learning has nothing to be confident of
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
    y, probabilities = subject.dataset.y, subject.probabilities
    asked = np.flatnonzero((y >= 0) & np.isfinite(probabilities).all(axis=1))
    rows = asked[label_issues(y[asked], probabilities[asked])]
    n = len(rows)
    if not n:
        return
    names, classes = subject.dataset.names, subject.dataset.classes
    first, likely = int(rows[0]), classes[int(probabilities[rows[0]].argmax())]
    yield subject.finding(
        "labels",
        Severity.ERROR if n / len(asked) >= SERIOUS_SHARE else Severity.WARNING,
        f"{part(n, len(asked), 'label')} {verb(n, 'looks', 'look')} wrong to models that had not seen the "
        f"{subject.noun}; first of all {subject.shown(first)}, labelled {classes[int(y[first])]!r}, which looks like "
        f"{likely!r}. "
        f"Wrong labels teach the model wrong, and a right answer to {verb(n, 'it', 'them')} counts as a mistake.",
        fix=f"Look at {verb(n, 'it', 'them, the most doubtful first')}; where the label is wrong: "
        f"{command('relabel', names[first], likely)}",
        rows=rows,
    )


def label_issues(y: Ints, probabilities: Floats) -> Ints:
    """Give the rows whose label is probably wrong, the most doubtful first, by confident learning.

    Args: y: class numbers (m,); classes may be missing.  probabilities: (m, k), out of fold.
    Source: Northcutt, Jiang & Chuang (2021), Confident learning, JAIR 70; cleanlab's `find_label_issues`.
    """
    present, numbers = np.unique(y, return_inverse=True)
    if len(present) < 2 or len(y) < MIN_ANSWERED:
        return np.empty(0, dtype=np.int64)
    shares = np.maximum(
        probabilities[:, present], 0.0
    )  # (m, classes that are there): cleanlab wants every class to occur
    totals = shares.sum(axis=1, keepdims=True)
    shares = np.where(totals > 0, shares / np.where(totals > 0, totals, 1.0), 1.0 / len(present))
    from cleanlab.filter import find_label_issues  # 1.2 s to import, and only where there are answers

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of classes too small to tell, which `balance` has told
        found: Ints = np.asarray(
            find_label_issues(numbers, shares, return_indices_ranked_by="self_confidence", n_jobs=1), dtype=np.int64
        )
    return found
