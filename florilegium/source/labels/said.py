"""One thing that a file says about the label of one item, and how its cells are read. Path: **source** -> dataset."""

from dataclasses import dataclass
from datetime import UTC, datetime

from florilegium.source.base import Fault

# Our own columns, in the order in which they are written. A file that has all of them is one of ours.
COLUMNS = ("item", "sha256", "label", "removed", "who", "at", "why", "suggested", "suggestion")
YES, NO = frozenset({"true", "1", "yes", "y", "t"}), frozenset({"false", "0", "no", "n", "f", ""})
# What a spreadsheet would take for a formula gets an apostrophe in front; so does what begins with one already, so
# that taking it away again is exact. OWASP, "CSV Injection".
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
MOST_LABELS = 5_000_000  # lines; more than this is no list of labels but an attempt to fill the memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Somebody said what an item is, or took it out of the set."""

    where: str  # the file and line, or task, as the user would find it
    names: tuple[str, ...]  # what the file calls the item, the most exact first; empty: only by hash or text
    sha256: str | None = None
    label: str | None  # None: taken out of the set
    who: str | None = None
    at: datetime | None = None  # aware; None: the file does not say
    why: str | None = None
    suggested: bool = False
    suggestion: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFile:
    """All that a file says about labels."""

    said: tuple[Said, ...]
    in_order: bool  # True: the order of the lines is the order in which things were said, whatever the clocks say
    notes: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    n_blank: int = 0  # lines or tasks without a label


def guarded(cell: str) -> str:
    """Make a cell that no spreadsheet takes for a formula; `unguarded` undoes it.

    >>> guarded("=1+1"), unguarded(guarded("'tis")), guarded("rose")
    ("'=1+1", "'tis", 'rose')
    """
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def unguarded(cell: str) -> str:
    """Undo `guarded`."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def moment_of(cell: str) -> datetime | None:
    """Read a moment as ISO 8601 writes it; one without a zone is taken as UTC. Empty: None.

    Raises: ValueError: it is none.

    >>> moment_of("2026-11-30T20:15:00Z").isoformat(), moment_of("")
    ('2026-11-30T20:15:00+00:00', None)
    """
    if not cell.strip():
        return None
    try:
        found = datetime.fromisoformat(cell.strip())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{cell[:40]!r} is no moment; write it as 2026-11-30T20:15:00Z") from error


def yes_or_no(cell: str) -> bool:
    """Read a yes or a no.

    Raises: ValueError: it is neither.
    """
    word = cell.strip().casefold()
    if word in YES or word in NO:
        return word in YES
    raise ValueError(f"{cell[:40]!r} is neither true nor false")
