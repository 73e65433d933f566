"""Turn the glossary's terms into notes. Path: glossary, note -> **notes** -> deck, project."""

from collections.abc import Iterable

from florilegium.cards.glossary import FIELDS, Term
from florilegium.cards.note import Kind, Note, guid_of

GLOSSARY_DECK = "Florilegium: terms of machine learning"


def notes_of_terms(terms: Iterable[Term], *, tags: tuple[str, ...] = ()) -> tuple[Note, ...]:
    """Give one note per term; it is known by its term alone, whatever its text and its place."""
    return tuple(
        Note(
            guid=guid_of("florilegium", term.name.casefold()),
            kind=Kind.TERM,
            deck=GLOSSARY_DECK,
            fields={
                "term": term.name,
                "definition": term.definition,
                **{field: str(getattr(term, field)) for field in FIELDS},
                "rights": f"{term.author}; {term.rights}",
            },
            tags=(term.topic.replace(" ", "_").casefold(), *tags),
            rights=term.rights,
        )
        for term in terms
    )
