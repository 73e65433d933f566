"""Make Anki decks of notes. Path: note, markup -> **deck** -> cli. Ids are stable, so importing again updates.

Takes the time as an argument; text is escaped, so a card never runs anything. Opens the pictures it is given, no other.
"""

import hashlib
import itertools
import json
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from florilegium.cards.glossary import Term
from florilegium.cards.markup import field_html
from florilegium.cards.note import FIELDS, Kind, Note
from florilegium.cards.notes import GLOSSARY_DECK, notes_of_terms
from florilegium.cards.rights import SHAREABLE
from florilegium.cards.templates import NOTE_TYPES, STYLE
from florilegium.errors import InputError, StorageError
from florilegium.evaluation.words import counted
from florilegium.types import Progress, silent

DECK_IDS = {GLOSSARY_DECK: 1_704_201_901}  # drawn once; Anki knows a deck by its number for ever
COLLECTION = "collection.anki2"
NOTHING: Mapping[str, Path] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What went into a deck."""

    path: Path
    n_notes: int
    n_cards: int
    n_pictures: int
    decks: tuple[str, ...]
    n_terms: int  # of the notes, those of the glossary


def build_glossary(terms: Sequence[Term], path: Path, *, now: datetime) -> int:
    """Write terms into one `.apkg`: a note each, with a card from term to meaning and one back. Give the cards' count.

    Raises: InputError: no terms, or rights that do not allow sharing.  StorageError: the file cannot be written.
    """
    closed = [f"{t.file}:{t.line}: {t.name}: {t.rights!r}" for t, n in _paired(terms) if not n.shareable]
    if closed:
        raise InputError(_closed(closed))
    return build(notes_of_terms(terms), path, now=now).n_cards


def build(
    notes: Sequence[Note],
    path: Path,
    *,
    now: datetime,
    pictures: Mapping[str, Path] = NOTHING,
    shared: bool = True,
    also: Callable[[sqlite3.Cursor], None] | None = None,
    progress: Progress = silent,
) -> Built:
    """Write notes into one `.apkg`, whole or not at all.

    Scheduling is kept when the deck is imported again: a note is known by its guid, in whatever order they come.
    Args: now: aware; the same notes at the same time give the same notes, cards and ids.
        pictures: where each picture lies that the notes name.  shared: refuse what may not be given away.
        also: called with the finished collection before it is packed; adds scheduling.
    Raises: InputError: no notes, closed rights, or a picture is gone.  StorageError: the file cannot be written.
    """
    if not notes:
        raise InputError(f"{path}: no terms for a deck, nor other notes; name something that holds some")
    if shared and (closed := [f"{n.deck}: {_title(n)}: {n.rights!r}" for n in notes if not n.shareable]):
        raise InputError(_closed(closed))
    names = sorted({name for note in notes for name in note.pictures})
    if gone := [name for name in names if name not in pictures or not pictures[name].is_file()]:
        raise InputError(
            f"{counted(len(gone), 'picture')} gone (first: {gone[0]}). Read the source again: florilegium new"
        )
    package = _package(notes)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files = {name: pictures[name] for name in names}
        _write(path, package, now=now, files=files, also=also, progress=progress)
    except OSError as error:
        raise StorageError(f"{path}: the deck cannot be written ({error.strerror}); choose another place") from error
    return Built(
        path=path,
        n_notes=len(notes),
        n_cards=sum(len(note.ords) for note in notes),
        n_pictures=len(names),
        n_terms=sum(note.kind is Kind.TERM for note in notes),
        decks=tuple(dict.fromkeys(note.deck for note in notes)),
    )


def deck_id(name: str) -> int:
    """Give the number by which Anki knows a deck: the same in every build."""
    # Anki takes any number; its own are milliseconds since 1970, far above 31 bits.
    digest = hashlib.sha256(f"florilegium deck {name}".encode()).digest()
    return DECK_IDS.get(name, (1 << 30) + int.from_bytes(digest[:4], "big") % (1 << 30))


def _paired(terms: Sequence[Term]) -> Iterable[tuple[Term, Note]]:
    return zip(terms, notes_of_terms(terms), strict=True)


def _closed(closed: list[str]) -> str:
    return (
        f"{counted(len(closed), 'card')} cannot be shared, their rights are not known:\n" + "\n".join(closed) + "\n"
        f"Write 'rights:' as one of: {', '.join(SHAREABLE)}."
    )


def _title(note: Note) -> str:
    return note.fields.get("term") or note.fields.get("front") or note.fields.get("answer") or note.guid


def _package(notes: Sequence[Note]) -> Any:  # noqa: ANN401 - genanki ships no types
    """Fill genanki's decks, one per name."""
    import genanki  # type: ignore[import-untyped]  # it ships no types

    models = {
        kind: genanki.Model(
            shape.number,
            shape.name,
            fields=[{"name": name} for name in FIELDS[kind]],
            templates=[{"name": t.name, "qfmt": t.question, "afmt": t.answer} for t in shape.templates],
            css=STYLE,
            model_type=genanki.Model.CLOZE if kind is Kind.CLOZE else genanki.Model.FRONT_BACK,
            sort_field_index=shape.sort_field,
        )
        for kind, shape in NOTE_TYPES.items()
    }
    decks: dict[str, Any] = {}
    for note in notes:
        deck = decks.setdefault(note.deck, genanki.Deck(deck_id(note.deck), note.deck))
        values = [field_html(note, name) for name in FIELDS[note.kind]]
        tags = [tag.replace(" ", "_") for tag in note.tags]
        deck.add_note(genanki.Note(model=models[note.kind], fields=values, guid=note.guid, tags=tags))
    return genanki.Package(list(decks.values()))


def _write(
    path: Path,
    package: Any,  # noqa: ANN401 - genanki ships no types
    *,
    now: datetime,
    files: Mapping[str, Path],
    also: Callable[[sqlite3.Cursor], None] | None,
    progress: Progress,
) -> None:
    """Pack collection and pictures beside `path`, then take its place."""
    with tempfile.TemporaryDirectory(prefix=".florilegium-", dir=path.parent) as folder:
        collection, packed = Path(folder) / COLLECTION, Path(folder) / "deck.apkg"
        connection = sqlite3.connect(collection)
        try:
            cursor = connection.cursor()
            # genanki's own write_to_file leaves its collection behind in the system's folder of temporary files.
            package.write_to_db(cursor, now.timestamp(), itertools.count(int(now.timestamp() * 1000)))
            if also is not None:
                also(cursor)
            connection.commit()
        finally:
            connection.close()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(collection, COLLECTION)
            archive.writestr("media", json.dumps({str(i): name for i, name in enumerate(files)}))
            for i, file in enumerate(files.values()):
                archive.write(file, str(i), compress_type=zipfile.ZIP_STORED)  # a JPEG does not shrink
                progress("packing pictures", i + 1, len(files))
        packed.replace(path)
