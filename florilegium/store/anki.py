"""Read and write what Anki keeps of cards: packages with notes and reviews. Path: report -> **store** -> project.

A package is a stranger's file: sizes are counted while unpacking, only plain tables are read, nothing in it is run.
"""

import json
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from florilegium.cards.day import Day
from florilegium.cards.schedule import Memory, Rating, Review, Stage
from florilegium.errors import InputError

COLLECTIONS = ("collection.anki21b", "collection.anki21", "collection.anki2")  # the newest format first
MAX_COLLECTION_BYTES = 512 << 20  # a collection of 100,000 notes has about 100 MB
MAX_ENTRIES = 200_000
MAX_WINDOW_BYTES = 1 << 27  # of zstd: Anki uses 8 MiB
MAX_CELL_BYTES = 4 << 20
CHUNK_BYTES = 1 << 20
STEPS_PER_LOOK, MOST_LOOKS = 1_000_000, 2000  # of SQLite's machine: about a minute, then a query is given up
EARLIEST_MS, LATEST_MS = 1_104_537_600_000, 4_102_444_800_000  # 2005 to 2100
ANSWERED = (0, 1, 2, 3)  # kinds of entries in Anki's log that are answers; the others are changes by hand
CRAMMED = 3  # with a factor of 0: looked at without counting
HISTORY_DAYS = 36_500  # Anki counts days from the collection's creation, and none may be negative


@dataclass(frozen=True, slots=True, kw_only=True)
class AnkiNote:
    """One note of a package."""

    guid: str
    deck: str
    fields: tuple[str, ...]  # HTML
    n_cards: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnkiPackage:
    """What a package holds that we read."""

    notes: tuple[AnkiNote, ...]
    reviews: tuple[Review, ...]  # oldest first
    n_pictures: int  # sounds too; they are not taken over


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One answer with the memory before and after it."""

    review: Review
    before: Memory | None
    after: Memory


def read_package(path: Path) -> AnkiPackage:
    """Read an `.apkg`, of Anki's old format or its new one.

    Raises: InputError: it is none, is damaged, or unpacks to more than a collection may have.
    """
    with _collection(path) as (database, n_pictures), closing(_opened(database)) as db:
        try:
            decks = _decks(db)
            notes = tuple(_notes(db, decks))
            return AnkiPackage(notes=notes, reviews=tuple(_reviews(db)), n_pictures=n_pictures)
        except (sqlite3.Error, ValueError, TypeError, KeyError, OverflowError) as error:
            raise _refused(path, f"its collection is damaged ({error})") from error


def add_scheduling(
    db: sqlite3.Cursor,
    memories: Mapping[tuple[str, int], Memory],
    log: Iterable[Logged],
    *,
    day: Day,
    now: datetime,
) -> None:
    """Write what is known of each card, and every answer, into a collection that was made for a package.

    Args: db: of a collection of Anki's old format, whose cards are all new.  memories, log: by (guid, card).
    """
    ids = {
        (guid, number): card
        for guid, number, card in db.execute("SELECT n.guid, c.ord, c.id FROM cards c JOIN notes n ON n.id = c.nid")
    }
    created = day.begin(day.date_of(now) - timedelta(days=HISTORY_DAYS))
    db.execute("UPDATE col SET crt = ?", (int(created.timestamp()),))
    rows = [(*_card_row(memory, day, now), ids[key]) for key, memory in memories.items() if key in ids]
    db.executemany(
        "UPDATE cards SET type = ?, queue = ?, due = ?, ivl = ?, factor = ?, reps = ?, lapses = ?, left = ?, data = ? "
        "WHERE id = ?",
        rows,
    )
    known = [each for each in log if (each.review.guid, each.review.ord) in ids]
    db.executemany("INSERT INTO revlog VALUES (?, ?, -1, ?, ?, ?, ?, ?, ?)", _log_rows(known, ids))


def _card_row(memory: Memory, day: Day, now: datetime) -> tuple[Any, ...]:
    """Give type, queue, due, interval, factor, repetitions, lapses, steps left and FSRS's numbers, as Anki does."""
    in_review = memory.stage is Stage.REVIEW
    days = (day.date_of(memory.due) - day.date_of(now)).days + HISTORY_DAYS
    data = {"s": round(memory.stability, 4), "d": round(memory.difficulty, 3), "dr": 0.9}
    data["lrt"] = int(memory.last_review.timestamp())
    return (
        memory.stage.value,
        2 if in_review else 1,
        max(days, 1) if in_review else int(memory.due.timestamp()),
        max(1, (memory.due - memory.last_review).days) if in_review or memory.stage is Stage.RELEARNING else 0,
        _factor(memory) if memory.stage is not Stage.LEARNING else 0,
        memory.n_reviews,
        memory.n_lapses,
        0 if in_review else 1,
        json.dumps(data),
    )


def _factor(memory: Memory) -> int:
    """Give the difficulty, 1..10, as Anki writes it in place of the old ease: 100..1100."""
    return round((memory.difficulty - 1) / 9 * 1000) + 100


def _log_rows(log: Sequence[Logged], ids: Mapping[tuple[str, int], int]) -> Iterator[tuple[int, ...]]:
    taken: set[int] = set()
    for each in sorted(log, key=lambda one: one.review.at):
        review, number = each.review, int(each.review.at.timestamp() * 1000 + 0.5)
        while number in taken:  # Anki's log has one entry per millisecond
            number += 1
        taken.add(number)
        kind = 0 if each.before is None else {1: 0, 2: 1, 3: 2}[each.before.stage.value]
        last = 0 if each.before is None else _interval(each.before)
        seconds = int((review.seconds or 0) * 1000)
        card = ids[review.guid, review.ord]
        yield number, card, int(review.rating), _interval(each.after), last, _factor(each.after), seconds, kind


def _interval(memory: Memory) -> int:
    """Give an interval as Anki's log writes it: days, or seconds with a minus."""
    wait = memory.due - memory.last_review
    return wait.days if memory.stage is Stage.REVIEW else -int(wait.total_seconds())


@contextmanager
def _collection(path: Path) -> Iterator[tuple[Path, int]]:
    """Unpack a package's collection into a file of its own, for a while; give it with the count of other entries."""
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory(prefix="florilegium-") as folder:
            names = archive.namelist()
            name = next((each for each in COLLECTIONS if each in names), None)
            if name is None or len(names) > MAX_ENTRIES:
                raise _refused(path, "it is an archive, and holds no collection of Anki's")
            database = Path(folder) / "collection.db"
            with archive.open(name) as packed, database.open("wb") as out:
                _copy(_plain(packed) if name.endswith("b") else packed, out, path)
            yield database, sum(each.isdigit() for each in names)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise _refused(path, f"it is no package ({error})") from error
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}. Name a package that Anki exported.") from error


def _plain(packed: IO[bytes]) -> IO[bytes]:
    import zstandard

    # Anki's new format; a window beyond 128 MiB is refused before memory is taken.
    return zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW_BYTES).stream_reader(packed)


def _copy(packed: IO[bytes], out: IO[bytes], path: Path) -> None:
    """Copy with a count: what a header says of sizes is not believed."""
    import zlib

    import zstandard

    n_bytes = 0
    try:
        while chunk := packed.read(CHUNK_BYTES):
            n_bytes += len(chunk)
            if n_bytes > MAX_COLLECTION_BYTES:
                raise _refused(path, f"its collection unpacks to more than {MAX_COLLECTION_BYTES >> 20:,} MiB")
            out.write(chunk)
    except (zlib.error, zstandard.ZstdError) as error:
        raise _refused(path, f"it is damaged ({error})") from error


def _opened(database: Path) -> sqlite3.Connection:
    """Open a stranger's database so that it can only be read, and not for ever."""
    db = sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_CELL_BYTES)
    db.create_collation("unicase", lambda a, b: (a.casefold() > b.casefold()) - (a.casefold() < b.casefold()))
    looks = iter(range(MOST_LOOKS))
    db.set_progress_handler(lambda: next(looks, None) is None, STEPS_PER_LOOK)
    return db


def _tables(db: sqlite3.Connection) -> set[str]:
    """Give the plain tables: views and virtual tables run what their maker wrote."""
    db.execute("PRAGMA trusted_schema = OFF")
    plain = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    return {str(name) for (name,) in db.execute(plain)}


def _decks(db: sqlite3.Connection) -> dict[int, str]:
    tables = _tables(db)
    if missing := {"notes", "cards", "revlog"} - tables:
        raise ValueError(f"no table {min(missing)}")
    if "decks" in tables:
        return {
            int(number): str(name).replace("\x1f", "::") for number, name in db.execute("SELECT id, name FROM decks")
        }
    (text,) = db.execute("SELECT decks FROM col").fetchone() or ("{}",)
    return {int(number): str(deck.get("name", "")) for number, deck in json.loads(text).items()}


def _notes(db: sqlite3.Connection, decks: Mapping[int, str]) -> Iterator[AnkiNote]:
    query = (
        "SELECT n.guid, n.flds, min(c.did), count(c.id) FROM notes n JOIN cards c ON c.nid = n.id "
        "GROUP BY n.id ORDER BY n.id"
    )
    for guid, fields, deck, n_cards in db.execute(query):
        yield AnkiNote(
            guid=str(guid), deck=decks.get(deck, ""), fields=tuple(str(fields).split("\x1f")), n_cards=n_cards
        )


def _reviews(db: sqlite3.Connection) -> Iterator[Review]:
    query = (
        "SELECT n.guid, c.ord, r.id, r.ease, r.time, r.type, r.factor FROM revlog r "
        "JOIN cards c ON c.id = r.cid JOIN notes n ON n.id = c.nid ORDER BY r.id"
    )
    for guid, number, at_ms, ease, time_ms, kind, factor in db.execute(query):
        counts = kind in ANSWERED and not (kind == CRAMMED and factor == 0)
        if counts and ease in (1, 2, 3, 4) and EARLIEST_MS < at_ms < LATEST_MS:
            yield Review(
                guid=str(guid),
                ord=int(number),
                at=datetime.fromtimestamp(at_ms // 1000, UTC) + timedelta(milliseconds=at_ms % 1000),
                rating=Rating(ease),
                seconds=time_ms / 1000 if time_ms else None,
                source="anki",
            )


def _refused(path: Path, why: str) -> InputError:
    return InputError(
        f"{path}: not a package of Anki's that can be read: {why}. In Anki choose File, Export, "
        "Anki Deck Package (.apkg), with scheduling information."
    )
