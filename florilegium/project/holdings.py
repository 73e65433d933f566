"""What a project holds while it works: data, features, groups, sides. Path: **project** (shell)."""

import hashlib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from florilegium import audit, features, source
from florilegium.audit import Duplicates, duplicates
from florilegium.dataset import Dataset
from florilegium.errors import StepMissing
from florilegium.features import Choice, Survey
from florilegium.features.text import normalised_hash, similarity_vectors
from florilegium.project.encoders import local
from florilegium.project.kept import kept_whole
from florilegium.project.own import reopened
from florilegium.project.results import Reading
from florilegium.project.room import check_room_for_texts, free_bytes
from florilegium.source.base import Fault, Files, Kind, Side, Texts
from florilegium.types import Bools, Ints, Progress

if TYPE_CHECKING:
    from florilegium.project.project import Project

NEAR_RULES = "3"  # raised when the rules of grouping change, so that kept groups are computed again


@dataclass(frozen=True, kw_only=True, eq=False)
class Holdings:
    """The readable present items and what is known of them; row i of every array is item i."""

    dataset: Dataset
    choice: Choice
    survey: Survey
    near: Ints  # (n,) near-duplicates share a number
    exact: Ints  # (n,) exact duplicates share a number
    groups: Ints  # (n,) near-duplicates and the user's groups share a number: never divided
    sides: tuple[Side | None, ...]  # (n,) None: not placed yet
    faults: tuple[Fault, ...] = field(default=())  # what could not be decoded

    @cached_property
    def train(self) -> Bools:
        """Tell which items are labelled and to learn from; shape (n,)."""
        return self.dataset.labelled & np.array([side is Side.TRAIN for side in self.sides], dtype=np.bool_)

    @cached_property
    def test(self) -> Bools:
        """Tell which items are labelled and sealed; shape (n,)."""
        return self.dataset.labelled & np.array([side is Side.TEST for side in self.sides], dtype=np.bool_)

    @cached_property
    def origins(self) -> tuple[str | None, ...]:
        """Give where each item comes from; None: unknown."""
        return tuple(s.origin for s in self.dataset.samples)

    def texts(self, rows: Ints) -> tuple[str, ...] | None:
        """Give the texts of these rows, or None for pictures."""
        contents = self.dataset.contents
        return tuple(contents.strings[i] for i in rows) if isinstance(contents, Texts) else None


def take_in(project: "Project") -> Reading:
    """Read the project's source and record what is new, changed and gone."""
    harvest = source.read(project.settings.source, known=project.store.known(), progress=project.progress)
    grown = project.store.take_in(harvest, now=project.clock())
    return Reading(grown=grown, notes=harvest.notes, faults=harvest.faults)


def gather(project: "Project") -> Holdings:
    """Load the items, look at them and encode them (from the cache where that is known), and group what is alike."""
    samples, texts = project.store.samples()
    if not samples:
        raise StepMissing(f"{project.folder}: no items yet. Read the source: florilegium new {project.folder} SOURCE")
    whole = Dataset(kind=_kind(texts), samples=samples, contents=reopened(project, [s.name for s in samples], texts))
    wish = local(project.settings.encoder, cache=project.cache)
    choice = features.choose(whole.contents, wish=wish, hashes=whole.hashes)
    seen = features.survey(
        whole.contents, whole.hashes, encoders=choice.encoders, cache_dir=project.cache, progress=project.progress
    )
    readable = np.flatnonzero(seen.ok)
    dataset, survey = (whole, seen) if len(readable) == len(whole) else (whole.take(readable), _take(seen, readable))
    near, exact = _near(project, dataset, choice, survey)
    placed = project.store.sides()
    return Holdings(
        dataset=dataset,
        choice=choice,
        survey=survey,
        near=near,
        exact=exact,
        groups=audit.combine(near, numbers_of([s.group for s in dataset.samples])),
        sides=tuple(placed[name][1] if name in placed else None for name in dataset.names),
        faults=_named(seen.faults, whole),
    )


def _named(faults: Sequence[Fault], dataset: Dataset) -> tuple[Fault, ...]:
    """Give faults that name the item, as everything else does, and not the place on this disk."""
    contents = dataset.contents
    name_of = dict(zip(map(str, contents.paths), dataset.names, strict=True)) if isinstance(contents, Files) else {}
    return tuple(replace(fault, name=name_of.get(fault.name, fault.name)) for fault in faults)


def _kind(texts: Sequence[str | None]) -> Kind:
    return Kind.TEXT if any(text is not None for text in texts) else Kind.IMAGE


def _take(survey: Survey, rows: Ints) -> Survey:
    """Give the survey of these rows only."""
    looks = survey.looks
    encoded = {key: replace(e, vectors=e.vectors[rows], ok=e.ok[rows]) for key, e in survey.encoded.items()}
    return Survey(
        looks=replace(
            looks,
            thumbs=None if looks.thumbs is None else looks.thumbs[rows],
            facts=looks.facts[rows],
            hashes=None if looks.hashes is None else looks.hashes[rows],
            mirrored=None if looks.mirrored is None else looks.mirrored[rows],
            ok=looks.ok[rows],
        ),
        encoded=encoded,
    )


def _near(project: "Project", dataset: Dataset, choice: Choice, survey: Survey) -> tuple[Ints, Ints]:
    """Give near-duplicate and exact-duplicate groups; computed once per set of contents and kept in the cache."""
    key = hashlib.sha256("\n".join([NEAR_RULES, choice.name, *dataset.hashes]).encode()).hexdigest()[:24]
    path = project.cache / "groups" / f"{key}.npz"
    try:
        with np.load(path, allow_pickle=False) as kept:
            return kept["near"], kept["exact"]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError):
        pass  # not there yet, or torn by a crash: computed again
    found = _duplicates(dataset, survey, project.progress)
    kept_whole(path, near=found.groups, exact=found.exact)
    return found.groups, found.exact


def _duplicates(dataset: Dataset, survey: Survey, progress: Progress) -> Duplicates:
    if isinstance(dataset.contents, Texts):
        strings = dataset.contents.strings
        check_room_for_texts(strings, free=free_bytes())
        return audit.near_duplicates(
            [normalised_hash(text) for text in strings],
            vectors=similarity_vectors(strings),
            threshold=duplicates.SIMILAR_TEXTS,
            progress=progress,
        )
    vectors = next(iter(survey.encoded.values())).vectors
    learned = not next(iter(survey.encoded)).startswith("pixels")
    looks, prints = survey.looks, None
    if learned and looks.hashes is not None and looks.mirrored is not None:
        prints = audit.Prints(hashes=looks.hashes, mirrored=looks.mirrored)
    return audit.near_duplicates(
        dataset.hashes,
        vectors=vectors,
        prints=prints,
        thumbs=looks.thumbs if prints is not None else None,
        threshold=duplicates.SIMILAR if learned else duplicates.SAME_PIXELS,
        centre=learned,
        progress=progress,
    )


def numbers_of(names: Sequence[str | None]) -> Ints:
    """Give each name a number, -1 where there is none."""
    number = {name: i for i, name in enumerate(dict.fromkeys(n for n in names if n is not None))}
    return np.array([-1 if name is None else number[name] for name in names], dtype=np.int64)
