"""Make a project's cards: pictures, mistakes, corrected labels, the terms met in it. Path: **project** (shell).

Only items to learn from are shown: the sealed ones stay unseen by people too, so that their answers to them can count.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from florilegium import source
from florilegium.cards import Built, Note, Term, build, notes_of_terms, read_glossary
from florilegium.cards.met import page_text, terms_met
from florilegium.cards.pictures import (
    PER_CLASS,
    PROMPT,
    Correction,
    Example,
    author_in,
    chosen,
    corrected_notes,
    pair_notes,
    picture_notes,
)
from florilegium.errors import InputError, StepMissing
from florilegium.evaluation import Predictions, confusion
from florilegium.evaluation.words import counted
from florilegium.project import kept
from florilegium.project.biasing import PAGE_NAME
from florilegium.project.card_pictures import CardPictures, picture_name
from florilegium.project.own import reopened
from florilegium.source.base import Contents, Sample, Side, SourceSpec, Texts
from florilegium.types import Progress, silent

if TYPE_CHECKING:
    from florilegium.project.project import Project

DECKS = ("pictures", "mistakes", "corrected", "terms")
HELD_OUT = "asked about items held out while it learned"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeckWish:
    """What cards are wanted."""

    decks: tuple[str, ...] = DECKS
    shared: bool = True  # leave out what may not be given away
    per_class: int = PER_CLASS
    prompt: str = PROMPT

    def __post_init__(self) -> None:
        """Refuse decks that there are not."""
        if strange := [name for name in self.decks if name not in DECKS]:
            raise InputError(f"{strange[0]!r}: no such deck; expected one of {', '.join(DECKS)}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Cards that were made, and what was left out of them."""

    notes: tuple[tuple[Note, str | None], ...]  # each with the item that it shows, if it shows one
    pictures: CardPictures
    left_out: tuple[tuple[str, int], ...]  # (why, how many pictures or texts)
    empty: tuple[str, ...] = ()  # decks that came out empty, and why

    def files(self, *, progress: Progress = silent) -> dict[str, Path]:
        """Make all pictures; those that are gone are missing."""
        return self.pictures.paths((name for note, _ in self.notes for name in note.pictures), progress=progress)


def gather(project: "Project", wish: DeckWish, *, human: Predictions | None = None) -> Gathered:
    """Make a project's cards.

    Args: human: what the learner said of its items so far.
    Raises: StepMissing: the project is empty.
    """
    samples, texts = project.store.samples()
    if not samples:
        raise StepMissing(f"{project.folder}: no items yet. Read the source: florilegium new {project.folder} SOURCE")
    contents = reopened(project, [s.name for s in samples], texts)
    answers = model_answers(project)
    examples = _examples(samples, contents, sides=_sides(project), groups=groups_of(answers))
    allowed, left_out = _sorted_out(examples, shared=wish.shared)
    by_name = {example.name: example for example in allowed}
    name = f"Florilegium::{project.folder.name}"
    made = {
        "pictures": lambda: picture_notes(
            chosen(allowed, per_class=wish.per_class), deck=f"{name}::pictures", prompt=wish.prompt
        ),
        "mistakes": lambda: pair_notes(
            by_name,
            None if answers is None else confusion(answers),
            None if human is None else confusion(human),
            deck=f"{name}::mistakes",
            held_out=HELD_OUT,
        ),
        "corrected": lambda: corrected_notes(_corrections(project, by_name), deck=f"{name}::corrected"),
        "terms": lambda: notes_of_terms(met_in(project), tags=("met",)),
    }
    notes = {deck: made[deck]() for deck in DECKS if deck in wish.decks}
    items = {example.shown: example.name for example in allowed}
    rows = {picture_name(s.sha256, contents): row for row, s in enumerate(samples)}
    return Gathered(
        notes=tuple((note, _item(note, items)) for each in notes.values() for note in each),
        pictures=CardPictures(project.cache / "cards", contents, rows),
        left_out=left_out if set(wish.decks) - {"terms"} else (),
        empty=tuple(f"{deck}: {_WHY_EMPTY[deck]}" for deck, found in notes.items() if not found),
    )


_WHY_EMPTY = {
    "pictures": "no labelled item to learn from may be shown",
    "mistakes": "no model yet, or it mixes up no two classes twice (florilegium train)",
    "corrected": "no label was corrected here (florilegium relabel)",
    "terms": "nothing was shown here yet (florilegium audit, train, report)",
}


def of_source(spec: SourceSpec, wish: DeckWish, folder: Path, *, progress: Progress = silent) -> Gathered:
    """Make a picture deck of a data set that is no project.

    Args: folder: where its pictures are made.
    Raises: SourceError: the source cannot be read.  InputError: it has no labels.
    """
    found = source.locate(spec)
    harvest = source.read(found, progress=progress)
    examples = _examples(harvest.samples, harvest.contents, sides={}, groups={})
    if not examples:
        raise InputError(f"{spec.location}: no item has a label, so a card could not tell what it shows. Add labels.")
    allowed, left_out = _sorted_out(examples, shared=wish.shared)
    deck = f"Florilegium::{Path(found.location).stem}"
    notes = picture_notes(chosen(allowed, per_class=wish.per_class), deck=deck, prompt=wish.prompt)
    rows = {picture_name(s.sha256, harvest.contents): row for row, s in enumerate(harvest.samples)}
    return Gathered(
        notes=tuple((note, None) for note in notes),
        pictures=CardPictures(folder, harvest.contents, rows),
        left_out=left_out,
        empty=() if notes else ("pictures: none of them may be given away",),
    )


def packed(
    found: Gathered, path: Path, *, shared: bool, now: datetime, progress: Progress = silent
) -> tuple[Built, int]:
    """Make the pictures and write a deck; give it, with the count of cards whose pictures are gone.

    Raises: InputError: no card is left.  StorageError: the file cannot be written.
    """
    files = found.files(progress=progress)
    notes = [note for note, _ in found.notes if all(name in files for name in note.pictures)]
    if not shared:
        notes = [note if note.shareable else _private(note) for note in notes]
    built = build(notes, path, now=now, pictures=files, shared=shared, progress=progress)
    return built, len(found.notes) - len(notes)


def _private(note: Note) -> Note:
    return replace(note, deck=f"{note.deck} (private)", tags=(*note.tags, "private"))


def human_answers(said: Iterable[tuple[str, str, str]], groups: dict[str, int]) -> Predictions | None:
    """Give what a person said of items as predictions, so that it is judged as a model is; None: nothing was said.

    Args: said: (item, what it is, what they said).  groups: near-duplicates share a number; others stand alone.
    """
    given = list(said)
    if not given:
        return None
    names, truth, answers = zip(*given, strict=True)
    classes = sorted({*truth, *answers})
    number = {name: i for i, name in enumerate(classes)}
    alone = itertools.count(max(groups.values(), default=-1) + 1)
    return Predictions.of_labels(
        truth,
        names=names,
        probabilities=np.eye(len(classes))[[number[answer] for answer in answers]],
        groups=np.array([groups[name] if name in groups else next(alone) for name in names], dtype=np.int64),
        classes=classes,
    )


def met_in(project: "Project") -> tuple[Term, ...]:
    """Give the glossary's terms that stand in what this project showed, or belong to what was done in it."""
    pages = [project.folder / kept.REPORT_NAME, project.folder / PAGE_NAME]
    texts = [page_text(path.read_text(encoding="utf-8", errors="replace")) for path in pages if path.is_file()]
    audit = project.store.last_audit()
    texts += [str(finding.get("message", "")) for finding in (audit[1] if audit else ())]
    texts += [str((opening.verdict or {}).get("sentence", "")) for opening in project.store.ledger()]
    return terms_met(read_glossary(), texts, commands={run.command for run in project.store.runs()})


def _sides(project: "Project") -> dict[str, Side]:
    return {name: side for name, (_, side) in project.store.sides().items()}


def model_answers(project: "Project") -> Predictions | None:
    """Give the current model's answers to items held out in cross-validation."""
    record = project.store.current_model()
    found = None if record is None else kept.load_predictions(project.folder, record.model_id, "folds")
    return None if found is None else found[0]


def groups_of(answers: Predictions | None) -> dict[str, int]:
    """Give the group of each item that a model answered: near-duplicates share a number."""
    return {} if answers is None else dict(zip(answers.names, answers.groups.tolist(), strict=True))


def _examples(
    samples: Sequence[Sample], contents: Contents, *, sides: dict[str, Side], groups: dict[str, int]
) -> list[Example]:
    texts = contents.strings if isinstance(contents, Texts) else None
    return [
        Example(
            name=sample.name,
            label=sample.label,
            sha256=sample.sha256,
            shown=picture_name(sample.sha256, contents) if texts is None else texts[row],
            is_picture=texts is None,
            licence=sample.licence,
            credit=author_in(sample.metadata),
            origin=sample.origin,
            group=groups.get(sample.name),
        )
        for row, sample in enumerate(samples)
        if sample.label is not None and sides.get(sample.name, sample.side) is not Side.TEST
    ]


def _sorted_out(examples: list[Example], *, shared: bool) -> tuple[list[Example], tuple[tuple[str, int], ...]]:
    """Leave out what may not be given away, and count why."""
    if not shared:
        return examples, ()
    why = Counter(fault for example in examples if (fault := example.fault) is not None)
    return [example for example in examples if example.fault is None], tuple(why.most_common())


def left_out_words(left_out: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    """Say what was left out of a shared deck, and why."""
    told = tuple(f"{counted(n, 'item')} left out of a deck to be shared: {why}" for why, n in left_out)
    return (*told, "For yourself alone, with all of them: --private") if told else ()


def _corrections(project: "Project", examples: dict[str, Example]) -> list[Correction]:
    first: dict[str, str] = {}
    last: dict[str, Correction] = {}
    for event in project.store.label_events():
        if event.label is None or event.name not in examples:
            continue
        before = first.setdefault(event.name, event.label)
        if event.label != before and event.label == examples[event.name].label:
            last[event.name] = Correction(
                example=examples[event.name], before=before, who=event.who, at=event.at, why=event.why
            )
    return list(last.values())


def _item(note: Note, items: dict[str, str]) -> str | None:
    """Give the item whose class a note asks for; None: it asks for something else."""
    return None if note.label is None else items.get(note.fields.get("picture", ""))
