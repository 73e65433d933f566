"""What a project's methods give back: frozen, and able to show themselves in a notebook. Path: **project** -> cli."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from florilegium.audit.finding import Finding
from florilegium.audit.leak import Leak
from florilegium.audit.shortcut import Rung
from florilegium.evaluation.values import Score
from florilegium.source.base import Fault
from florilegium.store import Grown, ModelRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a reading of the source brought."""

    grown: Grown
    notes: tuple[str, ...]  # what was guessed or ignored
    faults: tuple[Fault, ...]  # what could not be used


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """What is doubtful in the data."""

    findings: tuple[Finding, ...]
    n: int  # items looked at
    ladder: tuple[Rung, ...] = ()  # how well facts alone tell the label, the most telling first
    leaks: tuple[Leak, ...] = ()  # what careless splits would have claimed
    path: Path | None = None  # the page

    def _repr_html_(self) -> str:
        """Show the findings in a notebook."""
        from florilegium.report.notebook import findings_html

        return findings_html(self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """The model that was chosen, and what it was measured against by cross-validation."""

    record: ModelRecord
    path: Path  # the model file
    model: Score
    baselines: tuple[Score, ...]
    notes: tuple[str, ...]

    def _repr_html_(self) -> str:
        """Show the ladder in a notebook."""
        from florilegium.report.notebook import ladder_html

        return ladder_html(self.model, self.baselines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """Where the report was written."""

    path: Path
    n_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a project holds and what comes next."""

    folder: Path
    source: str
    n_items: int
    n_classes: int
    n_train: int
    n_test: int
    n_openings: int
    model: str | None
    outcome: str | None
    next_command: str
    n_from_appeals: int = 0  # labelled items that came from appeals
    n_from_audits: int = 0  # labelled items that chance drew out of live answers
    n_not_placed: int = 0  # of both, those without a side: training places them, or not where a near copy is sealed

    def as_dict(self) -> dict[str, Any]:
        """Give the values for JSON."""
        return {f.name: str(v) if isinstance(v := getattr(self, f.name), Path) else v for f in fields(self)}
