"""Cards from examples: what is this, which is which, what was corrected. Path: note -> **pictures** -> project.

An example is a picture, known by its name only, or a text. Opens nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from florilegium.cards.note import Kind, Note, guid_of
from florilegium.cards.rights import credit_in, is_shareable, needs_credit
from florilegium.evaluation import Confusion
from florilegium.evaluation.words import counted

PER_CLASS = 20  # pictures of one class: enough to see how much it varies, few enough to learn in a month
PAIRS_MOST = 10  # class pairs in a deck of mistakes
PER_PAIR = 3  # notes per pair
MISTAKES_LEAST = 2  # a pair mixed up once is an accident
PROMPT = "What is this?"
AUTHOR_FIELDS = ("credit", "author", "creator", "photographer", "artist", "attribution")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One item that a card may show."""

    name: str  # the item's
    label: str
    sha256: str
    shown: str  # the name of its picture, or the text itself
    is_picture: bool
    licence: str | None = None
    credit: str | None = None  # who made it
    origin: str | None = None  # where it comes from
    group: int | None = None  # near-duplicates share it

    @property
    def credited(self) -> str | None:
        """Give who made it, or else where it comes from."""
        return self.credit or credit_in(self.licence or "") or self.origin

    @property
    def fault(self) -> str | None:
        """Say why it cannot be given away; None: it can."""
        if not is_shareable(self.licence):
            return f"licence {self.licence!r}" if self.licence else "no licence"
        return "a licence that asks for the author's name, and none is known" if self._nameless else None

    @property
    def _nameless(self) -> bool:
        return needs_credit(self.licence or "") and self.credited is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A label that somebody corrected."""

    example: Example  # with its label of today
    before: str
    who: str
    at: datetime
    why: str


def author_in(metadata: Mapping[str, str]) -> str | None:
    """Give the author that a metadata table names, or None."""
    found = {key.casefold(): value for key, value in metadata.items()}
    return next((found[name] for name in AUTHOR_FIELDS if found.get(name)), None)


def chosen(examples: Iterable[Example], *, per_class: int = PER_CLASS) -> tuple[Example, ...]:
    """Choose up to `per_class` examples of each class, one per group, by content: the same when others are added."""
    of_class: dict[str, list[Example]] = defaultdict(list)
    seen: set[object] = set()
    for example in sorted(examples, key=lambda each: each.sha256):
        key = example.sha256 if example.group is None else example.group
        if (example.label, key) not in seen and len(of_class[example.label]) < per_class:
            seen.add((example.label, key))
            of_class[example.label].append(example)
    ranks = sorted((rank, label) for label, found in of_class.items() for rank in range(len(found)))
    return tuple(of_class[label][rank] for rank, label in ranks)  # classes take turns, as cards should


def picture_notes(examples: Iterable[Example], *, deck: str, prompt: str = PROMPT) -> tuple[Note, ...]:
    """Make one note per example, which asks what it is."""
    return tuple(
        Note(
            guid=guid_of("florilegium", "picture", example.sha256),
            kind=Kind.PICTURE,
            deck=deck,
            fields={"picture": example.shown, "prompt": prompt, "answer": example.label, **_rights([example])},
            tags=("pictures",),
            pictures=_pictures(example),
            rights=example.licence or "",
            label=example.label,
        )
        for example in examples
    )


def pair_notes(
    examples: Mapping[str, Example], model: Confusion | None, human: Confusion | None, *, deck: str, held_out: str
) -> tuple[Note, ...]:
    """Make notes of the class pairs that model and learner mix up, both classes side by side.

    Args: examples: by item name.  held_out: what the model's answers were given to, in words.
    """
    notes: list[Note] = []
    for pair in mixed_up(model, human)[:PAIRS_MOST]:
        said = tuple(filter(None, (_told(model, pair, f"The model, {held_out},"), _told(human, pair, "You"))))
        for one, other in _couples(examples, pair, (model, human)):
            notes.append(_pair(one, other, deck=deck, more=" ".join(said)))
    return tuple({note.guid: note for note in notes}.values())


def mixed_up(*confusions: Confusion | None, least: int = MISTAKES_LEAST) -> list[tuple[str, str]]:
    """Give the class pairs taken for one another at least `least` times, in either direction, most often first."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for found in filter(None, confusions):
        for (true, said), names in found.names.items():
            if true != said:
                counts[_sorted(found.classes[true], found.classes[said])] += len(names)
    often = [pair for pair in counts if counts[pair] >= least]
    return sorted(often, key=lambda pair: (-counts[pair], pair))


def corrected_notes(corrections: Iterable[Correction], *, deck: str) -> tuple[Note, ...]:
    """Make one note per corrected label: how it came, and what it is."""
    notes = []
    for each in corrections:
        reason = f": {each.why}" if each.why else ""
        more = f"It came as {each.before}; {each.who} corrected it on {each.at:%Y-%m-%d}{reason}."
        (note,) = picture_notes([each.example], deck=deck, prompt=f"It came labelled {each.before}. What is it?")
        fields = {**note.fields, "more": more}
        guid = guid_of("florilegium", "corrected", each.example.sha256)
        notes.append(replace(note, guid=guid, fields=fields, tags=("corrected",), label=None))
    return tuple(notes)


def _couples(
    examples: Mapping[str, Example], pair: tuple[str, str], confusions: Sequence[Confusion | None]
) -> list[tuple[Example, Example]]:
    """Give up to `PER_PAIR` couples, one of each class, mistaken ones first."""
    sides = []
    for here, there in (pair, pair[::-1]):
        names = [name for found in confusions for name in _cell(found, here, there)]
        names += [name for found in confusions for name in _cell(found, here, here)]
        known = (examples[name] for name in dict.fromkeys(names) if name in examples)
        sides.append([each for each in known if each.label == here][:PER_PAIR])
    return list(zip(*sides, strict=False))


def _cell(found: Confusion | None, true: str, said: str) -> tuple[str, ...]:
    if found is None or true not in found.classes or said not in found.classes:
        return ()
    return found.names.get((found.classes.index(true), found.classes.index(said)), ())


def _told(found: Confusion | None, pair: tuple[str, str], who: str) -> str:
    """Say how often each was taken for the other."""
    parts = []
    for here, there in (pair, pair[::-1]):
        n_wrong = len(_cell(found, here, there))
        n = 0 if found is None or here not in found.classes else int(found.counts[found.classes.index(here)].sum())
        if n_wrong:
            parts.append(f"{n_wrong:,} of {counted(n, 'item')} of {here} for {there}")
    return f"{who} took {' and '.join(parts)}." if parts else ""


def _pair(one: Example, other: Example, *, deck: str, more: str) -> Note:
    # Which one stands left follows from the contents: the same in every build, and no class is always left.
    left, right = sorted((one, other), key=lambda each: each.sha256)
    rights = " / ".join(dict.fromkeys(each.licence or "no licence" for each in (left, right)))
    names = sorted((left.label, right.label))
    return Note(
        guid=guid_of("florilegium", "pair", left.sha256, right.sha256),
        kind=Kind.PICTURE,
        deck=deck,
        fields={
            "picture": left.shown,
            "second": right.shown,
            "prompt": f"One is {names[0]}, the other {names[1]}. Which is which?",
            "answer": f"left: {left.label}, right: {right.label}",
            "more": more,
            **_rights([left, right]),
        },
        tags=("mistakes",),
        pictures=(*_pictures(left), *_pictures(right)),
        rights=rights if " / " not in rights else next(filter(None, (left.licence, right.licence)), ""),
    )


def _rights(examples: Sequence[Example]) -> dict[str, str]:
    # An author who stands behind the licence is named there.
    named = (each.credited for each in examples if each.credited != credit_in(each.licence or ""))
    credit = " / ".join(dict.fromkeys(filter(None, named)))
    licences = " / ".join(dict.fromkeys(each.licence or "no licence" for each in examples))
    return {"credit": credit, "rights": licences}


def _pictures(example: Example) -> tuple[str, ...]:
    return (example.shown,) if example.is_picture else ()


def _sorted(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)
