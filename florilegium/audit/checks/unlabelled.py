"""Check how many items have no label. Path: dataset -> **audit** -> split."""

from collections.abc import Iterator

import numpy as np

from florilegium.audit.finding import Finding, Severity
from florilegium.audit.phrases import command, part, verb
from florilegium.audit.subject import Subject

MOST_OF_THEM = 0.5  # from here on the labelled part may be a chosen part


def check(subject: Subject) -> Iterator[Finding]:
    """Find the items that nobody has labelled, or that were taken out of the set."""
    rows = np.flatnonzero(~subject.dataset.labelled)
    n = len(rows)
    if not n:
        return
    mostly = n / subject.n >= MOST_OF_THEM
    why = "; what is left may be a chosen part and not like the rest" if mostly else ""
    yield subject.finding(
        "unlabelled",
        Severity.WARNING if mostly else Severity.INFO,
        f"{part(n, subject.n, subject.noun)} {verb(n, 'has', 'have')} no label, so "
        f"{verb(n, 'it is', 'they are')} neither learned from nor tested{why}.",
        fix=f"Say what {verb(n, 'it is', 'they are')}, for example: "
        f"{command('relabel', subject.dataset.names[rows[0]], 'LABEL')}",
        rows=rows,
    )
