"""Read a label file, find the items it means, and say what importing it does. Path: **project** (shell).

Every problem is found before anything is recorded, and all are said at once.
"""

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from florilegium.dataset import LabelEvent
from florilegium.errors import InputError, StepMissing
from florilegium.evaluation.words import counted
from florilegium.project.labels.merging import Disagreement, Prefer, merge
from florilegium.source.labels import LabelFile, Owner, Said, owners, read_labels

if TYPE_CHECKING:
    from florilegium.project.project import Project

STEPS = "steps of the import"  # the file is read, its items are found, what is said is looked at
MOST_NAMED = 10  # problems in one message; the rest is counted
CLOCK_SLACK = timedelta(minutes=5)  # clocks of two machines differ; a label beyond would win against all to come
MAX_LABEL_CHARS, MAX_WORDS_CHARS = 1_000, 10_000  # a class name; who and why


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportWish:
    """How a label file is to be taken."""

    form: str | None = None  # studio, csv, jsonl, imagefolder; None: by the file's name
    field: str | None = None  # the label column, or the choice of Label Studio
    who: str | None = None  # who said what the file names nobody for
    why: str = ""  # why, where the file does not say
    prefer: Prefer = Prefer.NEWEST
    new_class: bool = False  # labels may be classes that no item has yet
    partial: bool = False  # import what fits, and list what does not
    dry_run: bool = False  # say what would happen, and do nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did, or would do."""

    path: Path
    n_read: int  # things said in the file
    n_items: int  # items of this project that they are about
    n_new: int  # label events recorded
    n_known: int  # recorded here already
    n_source: int  # that came with the other project's source
    replaced: tuple[Disagreement, ...]  # a person's label here gave way to the file's
    kept: tuple[Disagreement, ...]  # a person's label here goes on counting
    left_out: tuple[str, ...]  # what could not be used, with `partial`
    notes: tuple[str, ...]
    dry_run: bool


def prepared(project: "Project", path: Path, wish: ImportWish) -> tuple[Imported, list[LabelEvent]]:
    """Read a file and give what importing it does, and the events to record.

    Raises: InputError: anything does not fit and `partial` was not wished for.
    """
    now = project.clock()
    samples, _ = project.store.samples()
    if not samples:
        raise StepMissing(f"{project.folder}: no items yet. Read the source: florilegium new {project.folder} SOURCE")
    project.progress(STEPS, 0, 3)
    file = read_labels(path, form=wish.form, field=wish.field)
    project.progress(STEPS, 1, 3)
    problems = [f"{fault.name}: {fault.reason}" for fault in file.faults]
    found, strays = owners(file.said, samples)
    problems += [f"{stray.said.where}: {stray.reason}" for stray in strays]
    project.progress(STEPS, 2, 3)
    here = project.store.label_events()
    good = _possible(found, problems, now=now)
    if not wish.new_class:
        good = _of_known_classes(good, {e.label for e in here} | {s.label for s in samples}, problems)
    if problems and not wish.partial:
        raise InputError(_refusal(path, problems))
    names = [sample.name for sample in samples]
    incoming = [_event(owner, names[owner.row], path, wish, now) for owner in _in_order(good, file, now)]
    project.progress(STEPS, 3, 3)
    merged = merge(incoming, here, prefer=wish.prefer, dated=any(o.said.at is not None for o in good))
    imported = Imported(
        path=path,
        n_read=len(file.said),
        n_items=len({owner.row for owner in good}),
        n_new=merged.n_new,
        n_known=merged.n_known,
        n_source=merged.n_source,
        replaced=merged.replaced,
        kept=merged.kept,
        left_out=tuple(problems),
        notes=tuple(_notes(file, good, names)),
        dry_run=wish.dry_run,
    )
    return imported, list(merged.events)


def _possible(found: Sequence[Owner], problems: list[str], *, now: datetime) -> list[Owner]:
    """Keep what can have been said; name the rest among the problems."""
    good = []
    for owner in found:
        reason = _impossible(owner.said, now)
        if reason:
            problems.append(f"{owner.said.where}: {reason}")
        else:
            good.append(owner)
    return good


def _impossible(said: Said, now: datetime) -> str:
    if said.at is not None and said.at > now + CLOCK_SLACK:
        return f"said on {said.at:%Y-%m-%d %H:%M} UTC, which is still to come; correct the date"
    for what, value, most in (
        ("label", said.label, MAX_LABEL_CHARS),
        ("suggestion", said.suggestion, MAX_LABEL_CHARS),
        ("who", said.who, MAX_WORDS_CHARS),
        ("why", said.why, MAX_WORDS_CHARS),
    ):
        if value is not None and len(value) > most:
            return f"its {what} has {len(value):,} characters; at most {most:,} are taken"
    return ""


def _of_known_classes(found: list[Owner], classes: set[str | None], problems: list[str]) -> list[Owner]:
    """Keep items whose last label is a class that is known; a slip of the pen would make a class of its own."""
    last = {owner.row: owner.said.label for owner in found}
    strange = Counter(label for label in last.values() if label is not None and label not in classes)
    known = sorted(label for label in classes if label is not None)
    if not known:  # the first labels of all
        return found
    for label, n in strange.most_common():
        near = difflib.get_close_matches(label, known, n=3) if len(problems) < MOST_NAMED else []
        hint = f"; nearest: {', '.join(near)}" if near else ""
        problems.append(
            f"{counted(n, 'item is', 'items are')} called {label[:80]!r}, a class that no item has{hint}. "
            "Correct it, or add --new-class"
        )
    return [owner for owner in found if last[owner.row] not in strange]


def _refusal(path: Path, problems: Sequence[str]) -> str:
    more = f"\n  and {len(problems) - MOST_NAMED:,} more" if len(problems) > MOST_NAMED else ""
    listed = "\n  ".join(problems[:MOST_NAMED])
    return (
        f"{path}: nothing was imported; {counted(len(problems), 'problem')}:\n  {listed}{more}\n"
        "Correct the file, or import what fits and list the rest: --partial. --dry-run shows what would happen."
    )


def _in_order(found: Sequence[Owner], file: LabelFile, now: datetime) -> list[Owner]:
    """Give what was said in the order in which it was: a record of ours has it, else the dates tell."""
    return list(found) if file.in_order else sorted(found, key=lambda owner: owner.said.at or now)


def _event(owner: Owner, name: str, path: Path, wish: ImportWish, now: datetime) -> LabelEvent:
    said = owner.said
    return LabelEvent(
        name=name,
        label=said.label,
        who=said.who or wish.who or f"file {path.name}",
        at=said.at or now,
        why=wish.why if said.why is None else said.why,
        suggested=said.suggested,
        suggestion=said.suggestion,
    )


def _notes(file: LabelFile, found: Sequence[Owner], names: Sequence[str]) -> list[str]:
    told = list(file.notes)
    by = Counter(owner.by for owner in found)
    for how, what in (("contents", "by their contents (SHA-256)"), ("ending", "by the end of their path")):
        if by[how]:
            example = next(o for o in found if o.by == how)
            called = example.said.names[0] if example.said.names else "a text"
            told.append(f"{by[how]:,} labels were matched {what}, such as {called} -> {names[example.row]}.")
    if changed := [owner for owner in found if owner.changed]:
        told.append(
            f"{len(changed):,} labels were given to other contents than these items have now, such as "
            f"{names[changed[0].row]}: look at them again."
        )
    if file.n_blank:
        told.append(f"{file.n_blank:,} lines or tasks have no label; left out.")
    return told
