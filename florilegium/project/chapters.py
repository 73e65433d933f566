"""Open new chapters of a journal from the records of projects. Path: project -> **chapters** -> cli, serve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from florilegium import journal
from florilegium.errors import InputError, ProjectMissing
from florilegium.journal import Bookmark, Chapter, Journal, Told
from florilegium.journal.events import OWN_DECK
from florilegium.project import journaling
from florilegium.project.project import load


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChapter:
    """What `journal new` did."""

    path: Path
    is_new: bool  # False: a chapter of this day was there
    was_rewritten: bool  # it was there, nobody had touched it, and more has happened since
    n_events: int  # told in it, or where it stayed as it was: not told yet
    notes: tuple[str, ...]  # what was left out


def new_chapter(
    folder: Path,
    projects: Mapping[str, Path],
    *,
    now: datetime,
    identity: UUID,
    day: date | None = None,
    own_deck: Path | None = None,
) -> NewChapter:
    """Open the chapter of a day, pre-filled with what the projects' records hold since the last one.

    A chapter that is there and that a person has touched stays as it is. One that nobody has touched is written anew
    with what has happened since.
    Args:
        folder: the journal's; made if missing.
        projects: short name -> folder; empty: those that the journal names.
        now: aware.  identity: names the feed of a journal that is begun here.
        day: of the chapter; None: today by the learner's clock.
        own_deck: the learner's own cards, whose answers are told too; None, or not there: they are not.
    Raises: InputError: chapters that cannot be read, or later ones than this day.  ProjectMissing: no project there.
    """
    settings = journal.begin(folder, identity=identity, projects=projects)
    there = journal.sound(journal.read_journal(folder))
    today = day or now.astimezone(settings.tz).date()
    _refuse_past(there, today, asked=day is not None)
    same = next((c for c in there.chapters if c.name == today.isoformat()), None)
    earlier = [c for c in there.chapters if c.head.date < today]
    last = earlier[-1] if earlier else None
    known = _known(there, same if same is not None and not same.is_untouched else None, today)
    told, notes = tell_projects(there, projects, known)
    told += tell_own_deck(own_deck, known)
    made = journal.prefill(told, last=last, settings=settings, now=now, day=today)
    path = folder / f"{today.isoformat()}.md"
    if same is not None and not same.is_untouched:
        return NewChapter(path=path, is_new=False, was_rewritten=False, n_events=made.n_events, notes=notes)
    changed = same is None or made.chapter.head.written != same.head.written
    if changed:
        for place, content in made.pictures.items():
            journal.write_picture(folder / place, content)
        if same is not None:
            journal.write_over(path, made.chapter.text())
        elif not journal.write_new(path, made.chapter.text()):
            return NewChapter(path=path, is_new=False, was_rewritten=False, n_events=made.n_events, notes=notes)
    return NewChapter(
        path=path,
        is_new=same is None,
        was_rewritten=same is not None and changed,
        n_events=made.n_events if changed else 0,
        notes=notes,
    )


def _refuse_past(there: Journal, today: date, *, asked: bool) -> None:
    """Refuse to write behind a later chapter without being asked: more often than not the clock was set back."""
    later = [c for c in there.chapters if c.head.date > today]
    if later and not asked:
        raise InputError(
            f"{there.folder}: the clock says {today.isoformat()}, but {later[-1].name}.md is of "
            f"{later[-1].head.date.isoformat()}. Set the clock or that chapter's date right, or name the day: "
            f"florilegium journal new --date {today.isoformat()}"
        )


def bookmarks(chapters: Sequence[Chapter]) -> dict[str, Bookmark]:
    """Give how far each project's record has been told in these chapters: the furthest of all, in whatever order."""
    found: dict[str, Bookmark] = {}
    for chapter in chapters:
        for line in chapter.head.record:
            name, mark = Bookmark.read(line)
            found[name] = mark.furthest(found.get(name, Bookmark()))
    return found


def _known(there: Journal, same: Chapter | None, today: date) -> dict[str, Bookmark]:
    """Give how far the chapters of other days have told, and this day's where it stays as it is."""
    others = [c for c in there.chapters if c.name != today.isoformat()]
    return bookmarks([*others, *([same] if same is not None else [])])


def tell_own_deck(path: Path | None, known: Mapping[str, Bookmark]) -> tuple[Told, ...]:
    """Tell what was studied in a learner's own deck since its bookmark; nothing where there is none."""
    if path is None or not path.is_file():
        return ()
    told = journaling.tell_deck(f"sqlite:///{path.absolute()}", name=OWN_DECK, after=known.get(OWN_DECK, Bookmark()))
    return (told,) if told.bookmark.cards else ()


def tell_projects(
    there: Journal, projects: Mapping[str, Path], known: Mapping[str, Bookmark]
) -> tuple[tuple[Told, ...], tuple[str, ...]]:
    """Tell projects since their bookmarks; one that the journal names and that is gone is left out with a note.

    Raises: ProjectMissing: a project that was asked for is not there.
    """
    named = {name: there.folder / place for name, place in there.settings.projects.items()}
    told, notes = [], []
    for name, place in (projects or named).items():
        try:
            with load(place) as project:
                told.append(project.journal(name=name, after=known.get(name, Bookmark()), tz=there.settings.tz))
        except ProjectMissing as error:
            if projects:
                raise
            notes.append(f"{name} is left out: {error}")
    return tuple(told), tuple(notes)


def short_names(folders: Sequence[Path], taken: Mapping[str, Path]) -> dict[str, Path]:
    """Give each project's folder a short name for the journal: the journal's own, else one after the folder."""
    found: dict[str, Path] = {}
    own = {place.resolve(): name for name, place in taken.items()}
    for folder in folders:
        letters = "".join(c if c.isascii() and c.isalnum() else "-" for c in folder.resolve().name.lower())
        base = "-".join(filter(None, letters.split("-")))[:36] or "project"
        name, place = own.get(folder.resolve(), base), 2
        while name in found or (name in taken and taken[name].resolve() != folder.resolve()):
            name, place = f"{base}-{place}", place + 1
        found[name] = folder
    return found
