"""The two sides of a card in plain text. Path: note -> **faces** -> cli, serve. Makes no markup."""

from dataclasses import dataclass

from florilegium.cards.note import CLOZE, Kind, Note
from florilegium.cards.templates import LABELS

HIDDEN = "[…]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """One card as it is shown; `pictures` are names, shown side by side above the question."""

    question: str
    answer: str
    pictures: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()  # examples that are texts, beside one another as pictures would be
    rows: tuple[tuple[str, str], ...] = ()  # (heading, text), with the answer
    see: str = ""  # a page or a command of Florilegium
    foot: str = ""  # credit and licence


def face(note: Note, card: int) -> Face:
    """Give the sides of card number `card` (from 0) of a note."""
    fields = {name: note.fields.get(name, "") for name in note.fields}
    if note.kind is Kind.TERM:
        return _term(fields, card)
    if note.kind is Kind.CLOZE:
        return _cloze(fields, card)
    if note.kind is Kind.PICTURE:
        return _picture(note, fields)
    sides = (fields.get("front", ""), fields.get("back", ""))
    question, answer = sides if card == 0 else sides[::-1]
    return Face(question=question, answer=answer, rows=_more(fields), foot=fields.get("rights", ""))


def _term(fields: dict[str, str], card: int) -> Face:
    sides = (fields.get("term", ""), fields.get("definition", ""))
    question, answer = sides if card == 0 else sides[::-1]
    rows = tuple((label, fields[name]) for name, label in LABELS.items() if fields.get(name))
    return Face(question=question, answer=answer, rows=rows, see=fields.get("see", ""), foot=fields.get("rights", ""))


def _cloze(fields: dict[str, str], card: int) -> Face:
    text = fields.get("text", "")
    asked = CLOZE.sub(lambda m: (f"[{m[3]}]" if m[3] else HIDDEN) if int(m[1]) == card + 1 else m[2], text)
    hidden = [found[2] for found in CLOZE.finditer(text) if int(found[1]) == card + 1]
    return Face(
        question=asked,
        answer=", ".join(dict.fromkeys(hidden)),
        rows=(("Whole", CLOZE.sub(lambda m: m[2], text)), *_more(fields)),
        foot=fields.get("rights", ""),
    )


def _picture(note: Note, fields: dict[str, str]) -> Face:
    examples = [fields[name] for name in ("picture", "second") if fields.get(name)]
    return Face(
        question=fields.get("prompt", ""),
        answer=fields.get("answer", ""),
        pictures=tuple(each for each in examples if each in note.pictures),
        texts=tuple(each for each in examples if each not in note.pictures),
        rows=_more(fields),
        foot="; ".join(filter(None, (fields.get("credit", ""), fields.get("rights", "")))),
    )


def _more(fields: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return (("More", fields["more"]),) if fields.get("more") else ()
