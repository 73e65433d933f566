"""The one shape of all audit findings. Path: dataset -> **audit** -> split. Holds values only."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters for trusting the classifier."""

    INFO = "info"  # good to know
    WARNING = "warning"  # may cost accuracy or trust
    ERROR = "error"  # makes a number wrong if nothing is done


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is doubtful in the data."""

    check: str  # the check's one word, as its file is called
    severity: Severity
    message: str  # a sentence: what, how many, why it matters
    fix: str  # what to do next
    items: tuple[str, ...] = ()  # sample names, most doubtful first
    share: float = 0.0  # 0..1, the items concerned among all items
