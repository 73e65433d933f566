"""Say what is doubtful in the data, before any number is believed. Path: dataset -> **audit** -> split.

Every check is a file in `checks/`; a new file there is a new check. Nothing is changed, removed or relabelled here.
"""

from florilegium.audit.alike import Prints
from florilegium.audit.checks import CHECKS
from florilegium.audit.duplicates import Duplicates, combine, near_duplicates
from florilegium.audit.finding import Finding, Severity
from florilegium.audit.leak import Leak
from florilegium.audit.shortcut import Rung, ladder
from florilegium.audit.subject import Subject
from florilegium.types import Progress, silent

__all__ = [
    "CHECKS",
    "Duplicates",
    "Finding",
    "Leak",
    "Prints",
    "Rung",
    "Severity",
    "Subject",
    "audit",
    "combine",
    "ladder",
    "near_duplicates",
]

STEP = "checks"
_WORST_FIRST = {severity: rank for rank, severity in enumerate(reversed(Severity))}


def audit(subject: Subject, *, progress: Progress = silent) -> tuple[Finding, ...]:
    """Run every check and give the findings, worst first, then by the share of items concerned.

    Equal data and equal seed give equal findings. Progress: "checks".
    """
    found: list[Finding] = []
    for done, check in enumerate(CHECKS.values()):
        progress(STEP, done, len(CHECKS))
        found.extend(check(subject))
    progress(STEP, len(CHECKS), len(CHECKS))
    return tuple(sorted(found, key=lambda f: (_WORST_FIRST[f.severity], -f.share, f.check)))
