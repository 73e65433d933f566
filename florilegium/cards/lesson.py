"""Read one's own cards: Markdown with front matter -> notes. Path: topic, note -> **lesson** -> cli.

One file holds one deck; one `## heading` holds one note, basic, reversed or cloze.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from florilegium.cards.checking import MARKUP
from florilegium.cards.note import CLOZE, Kind, Note, guid_of
from florilegium.cards.topic import Section, Topic, read_topic
from florilegium.errors import InputError
from florilegium.evaluation.words import counted

SHIPPED = Path(__file__).parent / "lessons"
HEAD = ("deck", "author", "rights")
KINDS = (Kind.BASIC, Kind.REVERSED, Kind.CLOZE)
FIELDS = ("kind", "more")
FIELD = re.compile(r"- (\w+): ?(.*)")


def read_lessons(place: Path = SHIPPED) -> tuple[Note, ...]:
    """Read a file of cards, or all of a folder in the order of their names.

    Raises: InputError: no such file, or one does not fit; all faults at once, each with file, line, field and cure.
    >>> {note.kind.value for note in read_lessons()} == {"basic", "reversed", "cloze"}
    True
    """
    paths = [place] if place.is_file() else sorted(place.glob("*.md"))
    if not paths:
        raise InputError(f"{place}: no cards here; expected a Markdown file or a folder of them (*.md).")
    notes: list[Note] = []
    faults: list[str] = []
    for path in paths:
        topic = read_topic(path, HEAD, faults)
        notes += [] if topic is None else _notes(topic, faults)
    seen: dict[str, Note] = {}
    faults += [
        f"{note.deck}: {_title(note)!r} stands twice; keep one or say it differently"
        for note in notes
        if seen.setdefault(note.guid, note) is not note
    ]
    if faults:
        raise InputError(f"{counted(len(faults), 'fault')} in the cards:\n" + "\n".join(faults))
    return tuple(notes)


def _title(note: Note) -> str:
    return note.fields.get("front") or note.fields.get("text", "")


def _notes(topic: Topic, faults: list[str]) -> list[Note]:
    made = (_note(topic, section, faults) for section in topic.sections)
    return [note for note in made if note is not None]


def _note(topic: Topic, section: Section, faults: list[str]) -> Note | None:
    """Make one note of a section, or say what does not fit."""
    where, n_before = f"{topic.file}:{section.line}: {section.name or 'text before the first heading'}", len(faults)
    fields, text = _fields(where, section.body, faults)
    kind = fields.get("kind", Kind.BASIC.value)
    if kind not in KINDS:
        faults.append(f"{where}: field 'kind': {kind!r}; expected one of {', '.join(KINDS)}")
    if not section.name or not text:
        faults.append(f"{where}: a card needs a heading and a text below it; write both")
    if kind == Kind.CLOZE and not CLOZE.search(text):
        faults.append(f"{where}: a cloze hides nothing; mark what it asks for as {{{{c1::word}}}}")
    if MARKUP.search(f"{section.name} {text} {fields.get('more', '')}"):
        faults.append(f"{where}: holds markup or a script; write plain text")
    if len(faults) > n_before:
        return None
    asked = {"text": text} if kind == Kind.CLOZE else {"front": section.name, "back": text}
    return Note(
        # A cloze is known by its heading, so that its text may be improved.
        guid=guid_of("florilegium", "lesson", topic.head["deck"], section.name.casefold()),
        kind=Kind(kind),
        deck=f"Florilegium::{topic.head['deck']}",
        fields={**asked, "more": fields.get("more", ""), "rights": f"{topic.head['author']}; {topic.head['rights']}"},
        tags=("lesson",),
        rights=topic.head["rights"],
    )


def _fields(where: str, body: Sequence[str], faults: list[str]) -> tuple[dict[str, str], str]:
    """Divide a section into its fields and its text."""
    found: dict[str, str] = {}
    lines = []
    for line in body:
        match = FIELD.fullmatch(line)
        if match is None:
            lines.append(line)
        elif match[1] not in FIELDS or match[1] in found:
            faults.append(f"{where}: field {match[1]!r}: expected each of {', '.join(FIELDS)} once at most")
        else:
            found[match[1]] = match[2].strip()
    return found, " ".join(lines)
