"""Take a file of replies into use. Path: **project** (shell).

Every fault is said at once, and nothing is done while there is one.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from florilegium.errors import InputError
from florilegium.evaluation.words import counted, listed
from florilegium.queries import PLACEHOLDERS, Reply, fault_of
from florilegium.source.replies import ReplyRow, read_replies

if TYPE_CHECKING:
    from florilegium.project.project import Project

MOST_NAMED = 10  # faults in one message
MOST_LANGUAGE = 35  # characters, as the longest tag of BCP 47 that is in use


@dataclass(frozen=True, slots=True, kw_only=True)
class RepliesTaken:
    """What a file of replies brought, or would bring."""

    path: Path
    n_replies: int
    n_intents: int  # that have a reply now
    missing: tuple[str, ...]  # intents of the project without one: their queries wait for a person
    is_check: bool
    notes: tuple[str, ...] = ()


def checked(project: "Project", path: Path) -> tuple[list[Reply], RepliesTaken]:
    """Read a file of replies and look at every row.

    Raises: SourceError, MetadataError: the file cannot be read.  InputError: rows have faults; they are listed.
    """
    file = read_replies(path)
    classes = intents_of(project)
    faults = [f"{fault.name}: {fault.reason}" for fault in file.faults]
    replies: list[Reply] = []
    seen: dict[tuple[str, str], str] = {}
    for row in file.rows:
        fault = _fault(row, classes) or _again(row, seen)
        if fault:
            faults.append(f"{row.where}: {fault}")
            continue
        values = {name: value for name, value in row.values.items() if name in PLACEHOLDERS}
        replies.append(Reply(intent=row.intent, text=row.text, language=row.language, values=values))
    if faults or not replies:
        raise InputError(_refusal(path, faults))
    answered = {reply.intent for reply in replies}
    missing = tuple(name for name in classes if name not in answered)
    ignored = sorted({name for row in file.rows for name in row.values if name not in PLACEHOLDERS})
    notes = (*file.notes, *([f"Columns that nothing here uses: {listed(ignored)}."] if ignored else []))
    taken = RepliesTaken(
        path=path, n_replies=len(replies), n_intents=len(answered), missing=missing, is_check=True, notes=notes
    )
    return replies, taken


def done(taken: RepliesTaken) -> RepliesTaken:
    """Give what was only looked at as what is in use now."""
    return replace(taken, is_check=False)


def intents_of(project: "Project") -> tuple[str, ...]:
    """Give the intents of a project: the labels that its items have."""
    samples, _ = project.store.samples()
    return tuple(sorted({sample.label for sample in samples if sample.label is not None}))


def _fault(row: ReplyRow, classes: Sequence[str]) -> str:
    if not row.intent:
        return "no intent; name the one that this reply belongs to"
    if classes and row.intent not in classes:
        near = difflib.get_close_matches(row.intent, classes, n=1, cutoff=0.4)
        hint = f"; nearest: {near[0]!r}" if near else f"; there are {listed(classes)}"
        return f"no intent {row.intent[:80]!r} in this project{hint}"
    if len(row.language) > MOST_LANGUAGE or (not row.language.replace("-", "").isalnum() and row.language):
        return f"{row.language[:40]!r} is no language; write its tag, such as en or pt-BR, or leave it empty"
    return fault_of(row.text)


def _again(row: ReplyRow, seen: dict[tuple[str, str], str]) -> str:
    """Say that an intent has a reply in this language already, and where."""
    key = (row.intent, row.language.casefold())
    before = seen.setdefault(key, row.where)
    return "" if before == row.where else f"{row.intent!r} has a reply already, in {before}; keep one of the two"


def _refusal(path: Path, faults: Sequence[str]) -> str:
    if not faults:
        return f"{path}: no reply in it. Expected one line per intent, with its intent and its reply."
    more = f"\n  and {len(faults) - MOST_NAMED:,} more" if len(faults) > MOST_NAMED else ""
    listed_faults = "\n  ".join(faults[:MOST_NAMED])
    return (
        f"{path}: nothing was taken into use; {counted(len(faults), 'fault')}:\n  {listed_faults}{more}\n"
        "Correct the file and try again; --check looks without doing anything."
    )
