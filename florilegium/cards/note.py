"""One note: what a learner is to keep, and the cards that ask for it. Path: rights -> **note** -> deck, faces, store.

Holds plain text and names of pictures; escapes nothing and opens nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from florilegium.cards.rights import is_shareable

CLOZE = re.compile(r"\{\{c(\d{1,3})::(.+?)(?:::(.+?))?\}\}", re.DOTALL)  # {{c1::hidden::hint}}
IMPORTED = "imported"  # the tag of notes that came from Anki: no deck of ours has them, and they stay


class Kind(StrEnum):
    """What kind of note it is; each has its own fields and its own way to ask."""

    TERM = "term"
    BASIC = "basic"
    REVERSED = "reversed"
    CLOZE = "cloze"
    PICTURE = "picture"


FIELDS: Mapping[Kind, tuple[str, ...]] = {
    Kind.TERM: ("term", "definition", "example", "why", "confusion", "source", "see", "rights"),
    Kind.BASIC: ("front", "back", "more", "rights"),
    Kind.REVERSED: ("front", "back", "more", "rights"),
    Kind.CLOZE: ("text", "more", "rights"),
    Kind.PICTURE: ("picture", "second", "prompt", "answer", "more", "credit", "rights"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One note with all its fields; a field that is missing is empty.

    `guid` names it for ever, here and in Anki. `pictures` are the fields' values that name a picture.
    """

    guid: str
    kind: Kind
    deck: str  # "Florilegium::flowers::pictures": Anki nests at "::"
    fields: Mapping[str, str]
    tags: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    rights: str = ""  # the licence, in words
    label: str | None = None  # the class that the answer names; None: it names none

    def values(self) -> tuple[str, ...]:
        """Give the fields' texts in the order of `FIELDS`."""
        return tuple(self.fields.get(name, "") for name in FIELDS[self.kind])

    @property
    def ords(self) -> tuple[int, ...]:
        """Give the numbers of this note's cards, from 0, as Anki counts them.

        >>> Note(guid="a", kind=Kind.CLOZE, deck="d", fields={"text": "{{c2::one}} and {{c1::two}}"}).ords
        (0, 1)
        """
        if self.kind is Kind.CLOZE:
            numbers = {int(found[1]) for found in CLOZE.finditer(self.fields.get("text", ""))}
            return tuple(sorted(number - 1 for number in numbers if number > 0))
        return (0, 1) if self.kind in (Kind.TERM, Kind.REVERSED) else (0,)

    @property
    def shareable(self) -> bool:
        """Tell whether its licence lets the note be given away."""
        return is_shareable(self.rights)


def guid_of(*words: str) -> str:
    """Give a name that depends on the words alone: the same in every build, on every machine."""
    import genanki  # type: ignore[import-untyped]  # it ships no types

    return str(genanki.guid_for(*words))
