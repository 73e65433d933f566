"""Check that every file and row could be used. Path: dataset -> **audit** -> split. Reads no file itself."""

from collections.abc import Iterator

from florilegium.audit.finding import Finding, Severity
from florilegium.audit.phrases import part, verb
from florilegium.audit.subject import MOST_ITEMS, Subject

# From here on what is left may be another kind of data than what was meant: broken files are seldom broken by chance.
SERIOUS_SHARE = 0.2
MOST_REASONS = 3


def check(subject: Subject) -> Iterator[Finding]:
    """Find what could not be used, and why."""
    reasons = {fault.name: fault.reason for fault in subject.faults}  # one reason each: the latest
    if not reasons:
        return
    n, n_all = len(reasons), subject.n + len(reasons)
    told = "; ".join(f"{name!r}: {reason.rstrip('.')}" for name, reason in list(reasons.items())[:MOST_REASONS])
    more = f"; and {n - MOST_REASONS:,} more" if n > MOST_REASONS else ""
    yield Finding(
        check="readable",
        severity=Severity.ERROR if n / n_all >= SERIOUS_SHARE else Severity.WARNING,
        message=(
            f"{part(n, n_all, 'file or row', 'files or rows')} could not be used, so "
            f"{verb(n, 'it is', 'they are')} neither learned from nor tested. {told}{more}."
        ),
        fix="Repair, convert or delete what is named, then read the source again: florilegium new.",
        items=tuple(reasons)[:MOST_ITEMS],
        share=n / n_all,
    )
