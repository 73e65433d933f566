"""Check that nothing of the sealed test set can be learned from. Path: dataset -> **audit** -> split.

Looks at names, groups and sides; never at what a sealed item shows.
"""

from collections.abc import Iterator

import numpy as np

from florilegium.audit.finding import Finding, Severity
from florilegium.audit.leak import Leak
from florilegium.audit.phrases import command, counted, part, percent, verb
from florilegium.audit.subject import Subject
from florilegium.types import Ints

_KEPT = {
    "near copies": "The seal keeps copies on one side, so the verdict does not claim this.",
    "groups": "The seal keeps groups whole, so the verdict does not claim this.",
    "sources": "Read the verdict's second figure, for sources never seen; and collect from more sources.",
}
MOVES_THE_SCORE = 0.01  # of the test items: from here on a leak is a point of accuracy


def check(subject: Subject) -> Iterator[Finding]:
    """Find test items with a copy, a group or a source in the training part."""
    copies = _leaked(subject, subject.near)
    if len(copies):
        yield _copies(subject, copies)
    grouped = np.setdiff1d(_leaked(subject, subject.user_groups), copies)
    if len(grouped):
        yield _grouped(subject, grouped)
    sourced = _leaked(subject, subject.origins)
    if len(sourced):
        yield _sourced(subject, sourced)
    yield from (_caused(subject, leak) for leak in subject.leaks if leak.low > 0)


def _leaked(subject: Subject, groups: Ints) -> Ints:
    """Give the test items whose group (-1: none) has items in train."""
    learned = np.unique(groups[subject.train & (groups >= 0)])
    return np.flatnonzero(subject.test & np.isin(groups, learned))


def _copies(subject: Subject, rows: Ints) -> Finding:
    n, n_test, names = len(rows), int(subject.test.sum()), subject.dataset.names
    twin = int(np.flatnonzero(subject.train & (subject.near == subject.near[rows[0]]))[0])
    return subject.finding(
        "leaks",
        _severity(n, n_test),
        f"{part(n, n_test, 'sealed ' + subject.noun)} {verb(n, 'has', 'have')} a copy or near copy "
        f"in the training part, for example {subject.shown(int(rows[0]))} and {subject.shown(twin)}: a model may know "
        f"{verb(n, 'it', 'them')} by heart, which makes its score too high.",
        fix="The verdict also gives the score without these. To close the leak take the training copies out: "
        + command("relabel", names[twin], "--remove"),
        rows=rows,
    )


def _grouped(subject: Subject, rows: Ints) -> Finding:
    n, n_test, samples = len(rows), int(subject.test.sum()), subject.dataset.samples
    return subject.finding(
        "leaks",
        _severity(n, n_test),
        f"{part(n, n_test, 'sealed ' + subject.noun)} {verb(n, 'belongs', 'belong')} to a group "
        f"that is also in the training part, for example {subject.shown(int(rows[0]))} of group "
        f"{samples[rows[0]].group!r}: a score on known groups says little about new ones.",
        fix="Sides are kept for good, and a split that the source brings is respected. Begin a project with --group "
        "and without that split column to keep groups whole.",
        rows=rows,
    )


def _sourced(subject: Subject, rows: Ints) -> Finding:
    n, n_test = len(rows), int(subject.test.sum())
    n_origins = len(np.unique(subject.origins[subject.origins >= 0]))
    return subject.finding(
        "leaks",
        Severity.INFO,
        f"{part(n, n_test, 'sealed ' + subject.noun)} {verb(n, 'comes', 'come')} from sources "
        f"that are also in the training part ({counted(n_origins, 'source')} in all): the score on them says how "
        "good the model is on the same sources, not on new ones.",
        fix="Read the verdict's second figure, for sources never seen; it is the one that a stranger's "
        "items will meet.",
        rows=rows,
    )


def _caused(subject: Subject, leak: Leak) -> Finding:
    return subject.finding(
        "leaks",
        Severity.INFO,
        f"With {leak.by} divided at random a model would have looked {100 * leak.gain:.1f} points better "
        f"({100 * leak.low:.1f} to {100 * leak.high:.1f}): {percent(leak.divided)} right instead of "
        f"{percent(leak.apart)} of {counted(leak.n, subject.noun)}, a quick model in cross-validation.",
        fix=_KEPT[leak.by],
    )


def _severity(n: int, n_test: int) -> Severity:
    return Severity.ERROR if n / n_test >= MOVES_THE_SCORE else Severity.WARNING
