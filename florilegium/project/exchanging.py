"""Exchange cards and answers with Anki and with other devices: packages and tables. Path: **project** (shell)."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from florilegium.cards import Built, Kind, Note, build
from florilegium.cards.met import page_text
from florilegium.cards.note import CLOZE, IMPORTED
from florilegium.cards.schedule import Memory, Rating, Review, Scheduler
from florilegium.errors import InputError, StorageError
from florilegium.project.kept import replacing
from florilegium.store.anki import AnkiNote, AnkiPackage, Logged, add_scheduling, read_package
from florilegium.types import Progress, silent

if TYPE_CHECKING:
    from florilegium.project.studying import Study

COLUMNS = ("note", "card", "at", "rating", "seconds", "said", "source")
MOST_ROWS = 5_000_000  # a life of studying
MOST_FAULTS = 20  # named in one message
LONGEST_FIELD = 10_000  # characters of a foreign card's side


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was taken over from elsewhere."""

    n_reviews: int  # new here
    n_known: int  # here already
    n_unknown: int  # of cards that are not here
    n_notes: int  # foreign notes that were added
    n_foreign: int  # foreign notes that the package holds
    n_pictures: int  # left behind


def export_package(study: "Study", path: Path, *, now: datetime, progress: Progress = silent) -> Built:
    """Write all cards, what is remembered of them, and every answer into a package for Anki; for oneself, not to share.

    Raises: InputError: there is no card.  StorageError: the file cannot be written.
    """
    notes = [note for note in study.record.notes() if IMPORTED not in note.tags]
    pictures = {name: file for note in notes for name in note.pictures if (file := study.picture(name)) is not None}
    whole = [note for note in notes if all(name in pictures for name in note.pictures)]
    memories, scheduler = study.record.memories(study.who), study.choices.scheduler
    log = logged(study.record.reviews(study.who), scheduler)
    return build(
        whole,
        path,
        now=now,
        pictures=pictures,
        shared=False,
        also=lambda cursor: add_scheduling(cursor, memories, log, day=study.choices.day, now=now),
        progress=progress,
    )


def logged(reviews: Iterable[Review], scheduler: Scheduler) -> list[Logged]:
    """Give each answer with the memory before and after it, computed anew."""
    memories: dict[tuple[str, int], Memory] = {}
    log = []
    for review in sorted(reviews, key=lambda each: each.at):
        before = memories.get((review.guid, review.ord))
        after = scheduler.after(before, review.rating, review.at)
        memories[review.guid, review.ord] = after
        log.append(Logged(review=review, before=before, after=after))
    return log


def import_package(study: "Study", path: Path, *, foreign: bool, now: datetime) -> Taken:
    """Take over the answers of a package, and with `foreign` the notes that are not ours, as plain text.

    Raises: InputError: it is no package.
    """
    package = read_package(path)
    known = {note.guid for note in study.record.notes()}
    strange = [note for note in package.notes if note.guid not in known]
    made = [(note, None) for note in map(_note_of, strange) if note is not None] if foreign else []
    n_notes = study.record.take_in(made, now=now, whole=False) if made else 0
    return _taken(study, package, n_notes=n_notes, n_foreign=len(strange))


def _taken(study: "Study", package: AnkiPackage, *, n_notes: int, n_foreign: int) -> Taken:
    n_new, n_unknown = study.record.merge(package.reviews, who=study.who, replay=study.choices.scheduler.replay)
    return Taken(
        n_reviews=n_new,
        n_known=len(package.reviews) - n_new - n_unknown,
        n_unknown=n_unknown,
        n_notes=n_notes,
        n_foreign=n_foreign,
        n_pictures=package.n_pictures,
    )


def _note_of(note: AnkiNote) -> Note | None:
    """Make a note of plain text of a foreign one; None where nothing but pictures or sounds is in it."""
    texts = [" ".join(page_text(field).split())[:LONGEST_FIELD] for field in note.fields]
    front, back = texts[0], "\n".join(filter(None, texts[1:]))
    is_cloze = CLOZE.search(front) is not None
    if not front or (not back and not is_cloze):
        return None
    kind = Kind.CLOZE if is_cloze else Kind.REVERSED if note.n_cards > 1 else Kind.BASIC
    fields = {"text": front, "more": back} if is_cloze else {"front": front, "back": back}
    return Note(guid=note.guid, kind=kind, deck=f"Imported::{note.deck}", fields=fields, tags=(IMPORTED,))


def export_table(study: "Study", path: Path) -> int:
    """Write every answer that stands into a CSV table; give their number.

    Raises: StorageError: the file cannot be written.
    """
    reviews = study.record.reviews(study.who)
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for each in reviews:
        at = each.at.isoformat(timespec="milliseconds")
        seconds = "" if each.seconds is None else f"{each.seconds:.3f}"
        writer.writerow([each.guid, each.ord, at, int(each.rating), seconds, each.said or "", each.source])
    try:
        with replacing(path) as beside:
            beside.write_text(out.getvalue(), encoding="utf-8", newline="")
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}. Choose another place.") from error
    return len(reviews)


def import_table(study: "Study", path: Path) -> Taken:
    """Take over the answers of a CSV table as `export_table` writes it.

    Raises: InputError: it is none; all faults at once, with their rows. Nothing is taken over then.
    """
    reviews = read_table(path)
    package = AnkiPackage(notes=(), reviews=tuple(reviews), n_pictures=0)
    return _taken(study, package, n_notes=0, n_foreign=0)


def read_table(path: Path) -> list[Review]:
    """Read a table of answers.

    Raises: InputError: as `import_table`.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start} is not UTF-8; save the table as UTF-8.") from error
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}. Name a table that florilegium cards export wrote.") from error
    reader = csv.reader(io.StringIO(text))
    faults: list[str] = []
    reviews: list[Review] = []
    try:
        head = next(reader, [])
        if tuple(head) != COLUMNS:
            raise InputError(
                f"{path}: row 1: expected the columns {', '.join(COLUMNS)}, found {', '.join(head)[:200]!r}."
            )
        for number, row in enumerate(reader, start=2):
            review = _review(row, f"row {number}", faults)
            if review is not None:
                reviews.append(review)
            if number > MOST_ROWS:
                raise InputError(f"{path}: more than {MOST_ROWS:,} rows; divide the table.")
    except csv.Error as error:
        raise InputError(f"{path}: line {reader.line_num}: {error}. Export the table again.") from error
    if faults:
        more = f"\n... and {len(faults) - MOST_FAULTS:,} more" if len(faults) > MOST_FAULTS else ""
        raise InputError(
            f"{path}: {len(faults):,} faults, nothing was taken over:\n" + "\n".join(faults[:MOST_FAULTS]) + more
        )
    return reviews


def _review(row: Sequence[str], where: str, faults: list[str]) -> Review | None:
    """Read one row, or say what does not fit."""
    if len(row) != len(COLUMNS):
        faults.append(f"{where}: {len(row)} cells, expected {len(COLUMNS)}")
        return None
    note, card, at, rating, seconds, said, source = row
    try:
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            faults.append(f"{where}: column 'at': {at!r} has no time zone; write it as 2026-11-30T20:15:00.000+00:00")
            return None
        return Review(
            guid=note[:64],
            ord=int(card),
            at=moment.astimezone(UTC),
            rating=Rating(int(rating)),
            seconds=float(seconds) if seconds else None,
            said=said or None,
            source=(source or "csv")[:16],
        )
    except (ValueError, OverflowError) as error:
        faults.append(f"{where}: {error}; expected a moment with its zone, a rating from 1 to 4, and seconds")
        return None
