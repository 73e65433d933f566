"""Make Anki decks of terms. Path: glossary, checking -> **deck** -> cli. Ids are stable, so importing again updates.

Takes the time as an argument; text is escaped, so a card never runs anything.
"""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path

from florilegium.cards.checking import SHAREABLE
from florilegium.cards.glossary import FIELDS, Term
from florilegium.errors import InputError, StorageError

DECK_ID = 1_704_201_901  # drawn once; Anki knows a deck and a note type by these numbers for ever
NOTE_TYPE_ID = 1_704_201_902
LABELS = {"example": "Example", "why": "Why it matters", "confusion": "Often confused", "source": "Read on"}
STYLE = (
    ".card{font:1.1rem/1.5 system-ui,sans-serif;max-width:38rem;margin:1rem auto;padding:0 1rem;text-align:left}"
    "h1{font-size:1.5rem}dt{font-weight:600;margin-top:.6rem}dd{margin:0}small{opacity:.7}"
)


def build_glossary(terms: Sequence[Term], path: Path, *, now: datetime) -> int:
    """Write terms into one `.apkg`: a note each, with a card from term to meaning and one back. Give the cards' count.

    Scheduling is kept when the deck is imported again: a note is known by its term, in whatever order they come.
    Args: now: aware; the same terms at the same time give the same notes, cards and ids.
    Raises: InputError: no terms, or rights that do not allow sharing.  StorageError: the file cannot be written.
    """
    import genanki  # type: ignore[import-untyped]  # it ships no types

    if not terms:
        raise InputError(f"{path}: no terms for a deck; name a glossary that holds some")
    closed = [
        f"{term.file}:{term.line}: {term.name}: {term.rights!r}" for term in terms if term.rights not in SHAREABLE
    ]
    if closed:
        raise InputError(
            f"{len(closed)} cards cannot be shared, their rights are not known:\n" + "\n".join(closed) + "\n"
            f"Write 'rights:' as one of: {', '.join(SHAREABLE)}."
        )
    deck = genanki.Deck(DECK_ID, "Florilegium: terms of machine learning")
    kind = genanki.Model(NOTE_TYPE_ID, "Florilegium term", fields=_fields(), templates=_templates(), css=STYLE)
    for term in terms:
        guid = genanki.guid_for("florilegium", term.name.casefold())
        tags = [term.topic.replace(" ", "_").casefold()]
        deck.add_note(genanki.Note(model=kind, fields=_values(term), guid=guid, tags=tags))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        genanki.Package(deck).write_to_file(str(path), timestamp=now.timestamp())
    except OSError as error:
        raise StorageError(f"{path}: the deck cannot be written ({error.strerror}); choose another place") from error
    return 2 * len(terms)


def _fields() -> list[dict[str, str]]:
    return [{"name": name} for name in ("term", "definition", *FIELDS, "rights")]


def _values(term: Term) -> list[str]:
    return [escape(text) for text in (term.name, *term.texts().values(), f"{term.author}; {term.rights}")]


def _templates() -> list[dict[str, str]]:
    """Give both directions; the back repeats nothing but the answer and what helps to keep it."""
    rows = "".join(f"<dt>{label}</dt><dd>{{{{{field}}}}}</dd>" for field, label in LABELS.items())
    more = f"<dl>{rows}</dl><p><code>{{{{see}}}}</code></p><small>{{{{rights}}}}</small>"
    return [
        {
            "name": "Term to meaning",
            "qfmt": "<h1>{{term}}</h1>",
            "afmt": f"<h1>{{{{term}}}}</h1>{{{{definition}}}}{more}",
        },
        {"name": "Meaning to term", "qfmt": "{{definition}}", "afmt": f"{{{{definition}}}}<h1>{{{{term}}}}</h1>{more}"},
    ]
