"""Check for items that are unlike all others. Path: dataset -> **audit** -> split. Takes distances, computes none."""

from collections.abc import Iterator

import numpy as np

from florilegium.audit.finding import Finding, Severity
from florilegium.audit.phrases import command, part, verb
from florilegium.audit.subject import Subject

MIN_KNOWN = 50  # items; with fewer, everything is rare
FAR = 1.5  # interquartile ranges above the upper quartile. Source: Tukey (1977), Exploratory data analysis, 2D


def check(subject: Subject) -> Iterator[Finding]:
    """Find items whose nearest neighbour is farther than is usual in this data set, the strangest first."""
    if subject.strange is None:
        return
    known = np.flatnonzero(np.isfinite(subject.strange))
    if len(known) < MIN_KNOWN:
        return
    values = subject.strange[known]
    low, high = np.quantile(values, [0.25, 0.75])
    far = known[values > high + FAR * (high - low)]
    rows = far[np.argsort(-subject.strange[far], kind="stable")]
    n = len(rows)
    if not n:
        return
    first = int(rows[0])
    yield subject.finding(
        "outliers",
        Severity.INFO,
        f"{part(n, len(known), subject.noun)} {verb(n, 'is', 'are')} unlike all others, first of all "
        f"{subject.shown(first)}: the cosine to the most similar other {subject.noun} is only "
        f"{1 - subject.strange[first]:.2f}, where {1 - float(np.median(values)):.2f} is usual. What nothing resembles "
        "may not belong here, or may be the one example of what the data set lacks.",
        fix=f"Look at {verb(n, 'it', 'them')}. What does not belong here: "
        f"{command('relabel', subject.dataset.names[first], '--remove')}; of what does, collect more.",
        rows=rows,
    )
