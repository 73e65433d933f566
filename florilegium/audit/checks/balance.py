"""Check that every class has enough items to be learned and judged. Path: dataset -> **audit** -> split."""

from collections.abc import Iterator

import numpy as np

from florilegium.audit.finding import Finding, Severity
from florilegium.audit.phrases import counted, listed, part, percent, verb
from florilegium.audit.subject import Subject
from florilegium.types import Ints

MIN_PER_CLASS = 10  # a fifth is sealed: below this fewer than two items would judge the class
MAX_RATIO = (
    10  # the largest class against the smallest; beyond it a model may ignore the small ones and still look good
)
MIN_JUDGED = 5  # sealed items of a class: even 5 of 5 right only shows at least 48 % (exact 95 % range)


def check(subject: Subject) -> Iterator[Finding]:
    """Find a single class, tiny classes, lopsided classes, and classes that the sealed part cannot judge."""
    k = len(subject.dataset.classes)
    if k == 1:
        yield _one_class(subject)
    tiny = np.flatnonzero(subject.counts < MIN_PER_CLASS)
    if k > 2 and 2 * len(tiny) > k:
        yield _too_many_classes(subject, tiny)
    elif k > 1:
        yield from _tiny(subject, tiny)
        yield from _few_judged(subject)
    if k > 1:
        yield from _lopsided(subject)


def _one_class(subject: Subject) -> Finding:
    n = int(subject.counts[0])
    return subject.finding(
        "balance",
        Severity.ERROR,
        f"All {counted(n, 'labelled ' + subject.noun)} {verb(n, 'is', 'are')} of one class, "
        f"{subject.dataset.classes[0]!r}, so there is nothing to tell apart.",
        fix="Add items of at least one other class: a folder beside it, or another value in the label column.",
        rows=np.flatnonzero(subject.dataset.labelled),
    )


def _too_many_classes(subject: Subject, tiny: Ints) -> Finding:
    counts = subject.counts
    n_single = int((counts == 1).sum())
    lone = f", {n_single:,} of them a single one" if n_single else ""
    return subject.finding(
        "balance",
        Severity.ERROR,
        f"{part(len(tiny), len(counts), 'class', 'classes')} have fewer than {MIN_PER_CLASS} {subject.noun}s{lone}: "
        f"{listed(_names(subject, tiny))}. "
        f"That many classes cannot be learned or judged from {counted(int(counts.sum()), subject.noun)}.",
        fix="Check that the right column is taken for the label (--label), join classes that mean the same, "
        "or add items.",
        rows=_rows_of(subject, tiny),
    )


def _tiny(subject: Subject, tiny: Ints) -> Iterator[Finding]:
    lone = tiny[subject.counts[tiny] == 1]
    few = tiny[subject.counts[tiny] > 1]
    if len(lone):
        yield subject.finding(
            "balance",
            Severity.WARNING,
            f"{part(len(lone), len(subject.counts), 'class', 'classes')} {verb(len(lone), 'has', 'have')} a single "
            f"{subject.noun}, {listed(_names(subject, lone))}: it is learned from, so nothing is left to test "
            "whether it was learned.",
            fix=f"Add {subject.noun}s of {verb(len(lone), 'this class', 'these classes')}, or take "
            f"{verb(len(lone), 'it', 'them')} out: florilegium relabel ITEM --remove.",
            rows=_rows_of(subject, lone),
        )
    if len(few):
        yield subject.finding(
            "balance",
            Severity.WARNING,
            f"{part(len(few), len(subject.counts), 'class', 'classes')} {verb(len(few), 'has', 'have')} fewer than "
            f"{MIN_PER_CLASS} {subject.noun}s, {listed(_names(subject, few))}: too few to learn from, and one or two "
            "in the test set tell nothing.",
            fix=f"Add {subject.noun}s of {verb(len(few), 'this class', 'these classes')}, at least {MIN_PER_CLASS} "
            "each, or join classes that mean the same.",
            rows=_rows_of(subject, few),
        )


def _lopsided(subject: Subject) -> Iterator[Finding]:
    counts, names = subject.counts, subject.dataset.classes
    large, small = int(counts.argmax()), int(counts.argmin())
    if counts[large] < MAX_RATIO * counts[small]:
        return
    most = counts[large] / counts.sum()
    yield subject.finding(
        "balance",
        Severity.WARNING,
        f"The largest class, {names[large]!r}, has {counted(int(counts[large]), subject.noun)}, "
        f"{counts[large] / counts[small]:,.0f} times as many as the smallest, {names[small]!r}, with "
        f"{counts[small]:,}: always naming the largest would be right in {percent(float(most))}, so look at each "
        "class's own score.",
        fix=f"Add {subject.noun}s of the small classes, or take some of {names[large]!r} out; judge by the table "
        "per class.",
        rows=_rows_of(subject, np.array([large])),
    )


def _few_judged(subject: Subject) -> Iterator[Finding]:
    y = subject.dataset.y
    sealed = np.bincount(y[subject.test & (y >= 0)], minlength=len(subject.counts))
    few = np.flatnonzero((sealed < MIN_JUDGED) & (subject.counts >= MIN_PER_CLASS))
    if not sealed.any() or not len(few):
        return
    yield subject.finding(
        "balance",
        Severity.INFO,
        f"{part(len(few), len(sealed), 'class', 'classes')} "
        f"{verb(len(few), 'has', 'have')} fewer than {MIN_JUDGED} {subject.noun}s in the sealed test set, "
        f"{listed(_names(subject, few))}: the score over all classes holds, but not the score of "
        f"{verb(len(few), 'this one', 'each of these')}.",
        fix=f"Add {subject.noun}s of {verb(len(few), 'this class', 'these classes')}; a share of what is new is sealed "
        "too.",
        rows=_rows_of(subject, few),
    )


def _names(subject: Subject, classes: Ints) -> list[str]:
    return [subject.dataset.classes[c] for c in classes]


def _rows_of(subject: Subject, classes: Ints) -> Ints:
    """Give the items of these classes, those of the smallest class first."""
    rows = np.flatnonzero(np.isin(subject.dataset.y, classes))
    found: Ints = rows[np.argsort(subject.counts[subject.dataset.y[rows]], kind="stable")]
    return found
