"""A project's answers as decisions: the items, their groups, and all that is known of them. Path: **project** (shell).

Takes answers that were given to items unseen in training: those of cross-validation, and those to the sealed items only
where the seal is open already. Opens no seal.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from florilegium import bias
from florilegium.errors import SettingError, StepMissing
from florilegium.evaluation import Predictions
from florilegium.feedback import as_live
from florilegium.project import kept
from florilegium.project.biased import GAP, group_of, slips
from florilegium.project.grouping import SLICES, column_of, group_columns
from florilegium.project.holdings import Holdings
from florilegium.project.space import Space, points_of_folder, space_of
from florilegium.report.bias_card import Use
from florilegium.source.decisions import Column
from florilegium.source.shares import read_shares
from florilegium.types import Floats, Ints, Vectors

if TYPE_CHECKING:
    from florilegium.project.project import Project
    from florilegium.store import ModelRecord

PROXY_FAMILIES = ("size", "format", "exif", "path")  # what is no part of the content and should not tell the class


@dataclass(frozen=True, slots=True, kw_only=True)
class BiasWish:
    """What a user wants to know of a project's model."""

    groups: tuple[str, ...] = ()  # metadata columns, `source`, facts, `slices`; empty: what is usual
    positive: str | None = None  # the class that counts as yes; None: right or wrong is what counts
    target: Path | None = None  # a table of shares, or a folder of unlabelled pictures like those of the use
    use: Use = field(default_factory=Use)
    gap: float = GAP  # the difference of shares that matters
    output: Path | None = None  # where the page goes; None: bias.html in the project


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """The answers that are judged, and the holdings' rows that they are about."""

    answers: Predictions
    rows: Ints  # (n,)
    n_sealed: int  # how many of them were sealed once


def judged(project: "Project", record: "ModelRecord", holdings: Holdings) -> Judged:
    """Join the out-of-fold answers with those to the sealed items, where a verdict has shown these already.

    Raises: StepMissing: the files with the answers are gone.
    """
    folds = kept.load_predictions(project.folder, record.model_id, "folds")
    if folds is None:
        raise StepMissing(
            f"{project.folder}: the model's answers are gone. Train again: florilegium train -p {project.folder}"
        )
    is_open = any(o.model_id == record.model_id and o.verdict is not None for o in project.store.ledger())
    test = kept.load_predictions(project.folder, record.model_id, "test") if is_open else None
    parts = [folds[0]] if test is None or test[0].classes != folds[0].classes else [folds[0], test[0]]
    row = {name: i for i, name in enumerate(holdings.dataset.names)}
    # An item that is gone or cannot be read any more has an answer, but nothing else is known of it.
    there = [np.array([i for i, name in enumerate(part.names) if name in row], dtype=np.int64) for part in parts]
    names = [tuple(part.names[i] for i in keep) for part, keep in zip(parts, there, strict=True)]
    rows = np.array([row[name] for some in names for name in some], dtype=np.int64)
    answers = Predictions(
        names=tuple(name for some in names for name in some),
        truth=np.concatenate([part.truth[keep] for part, keep in zip(parts, there, strict=True)]),
        probabilities=np.concatenate([part.probabilities[keep] for part, keep in zip(parts, there, strict=True)]),
        groups=_clusters(holdings)[rows],
        classes=folds[0].classes,
    )
    return Judged(answers=answers, rows=rows, n_sealed=len(names[1]) if len(parts) > 1 else 0)


def _clusters(holdings: Holdings) -> Ints:
    """Give items that are not independent one number: near-copies, and the user's groups.

    Where the groups are the sources themselves, near-copies alone: between sources that are named one by one nobody
    draws sources, and a source of a single group would have no range at all.
    """
    are_sources = all(s.group is None or s.group == s.origin for s in holdings.dataset.samples)
    return holdings.near if are_sources else holdings.groups


def decisions_of(project: "Project", holdings: Holdings, given: Judged, wish: BiasWish) -> bias.Decisions:
    """Gather everything that the six tests can use.

    Raises: MetadataError: unknown columns.  SettingError: no such class, or target shares are none.
    """
    answers, rows, seed = given.answers, given.rows, project.settings.seed
    space = space_of(holdings, rows, seed=seed)
    columns = columns_of(holdings, given, space, wish.groups, seed=seed)
    shares, points = _target(project, holdings, space, columns, wish.target)
    return bias.Decisions(
        y=answers.truth,
        predicted=answers.said,
        probabilities=answers.probabilities,
        classes=answers.classes,
        positive=_positive(answers.classes, wish.positive),
        columns=columns,
        clusters=answers.groups,
        embeddings=space.points,
        proxies=_proxies(holdings, rows),
        missing=_missing(holdings, rows),
        events=_events(project, answers),
        train=_train_side(columns, given),
        targets=shares,
        target_embeddings=points,
        live=_live(project, answers.classes, space),
        intended=bias.Intended(classes=answers.classes, groups={name: tuple(s) for name, s in shares.items()})
        if wish.use.intended
        else None,
    )


def _live(project: "Project", classes: tuple[str, ...], space: Space) -> bias.Live | None:
    """Give what the current model answered live; None: nothing yet."""
    from florilegium.project.monitor.live_record import live_record

    record = project.store.current_model()
    if record is None or not project.store.live.count():
        return None
    everything = live_record(project, classes)
    given = everything.take(everything.model == record.number)
    if not len(given):
        return None
    vectors = given.vectors
    fits = vectors is not None and len(vectors) > 0 and vectors.shape[1] == len(space.mean) == len(space.axes)
    points = np.asarray((vectors - space.mean) @ space.axes, dtype=np.float32) if fits and vectors is not None else None
    return as_live(given, points=points)


def columns_of(
    holdings: Holdings, given: Judged, space: Space, asked: Sequence[str], *, seed: int
) -> tuple[bias.Column, ...]:
    """Make the groups, and slices where they are wanted; a column with one group tells nothing apart."""
    cut: list[bias.Column] = []

    def slices() -> Column | None:
        found = bias.weak_slices(space.points, given.answers.right, given.answers.groups, seed=seed)
        cut.extend([] if found is None else [replace(found, name=SLICES)])
        return None

    everything = np.ones(len(given.rows), dtype=np.bool_)
    plain = [group_of(column, everything) for column in group_columns(holdings, given.rows, asked, slices)]
    return tuple(column for column in (*plain, *cut) if len(column.groups) > 1)


def _target(
    project: "Project", holdings: Holdings, space: Space, columns: Sequence[bias.Column], target: Path | None
) -> tuple[dict[str, dict[str, float]], Vectors | None]:
    """Give the target as shares of groups, or as points of unlabelled pictures."""
    if target is None:
        return {}, None
    if target.is_dir():
        return {}, points_of_folder(project, holdings, space, target)
    shares = read_shares(target, {column.name: column.groups for column in columns})
    return {name: dict(each) for name, each in shares.items()}, None


def _positive(classes: tuple[str, ...], wanted: str | None) -> int | None:
    """Give the number of the class that counts as yes."""
    if wanted is None:
        return None
    column = column_of("label", classes)
    if unheard := slips([wanted], [column]):
        raise SettingError(unheard)
    return [name.casefold() for name in classes].index(wanted.casefold())


def _proxies(holdings: Holdings, rows: Ints) -> dict[str, Floats]:
    """Give what files say of themselves; what is the same for all tells nothing."""
    looks = holdings.survey.looks
    places = [place for family in PROXY_FAMILIES for place in looks.families.get(family, ())]
    values = {looks.fact_names[place]: looks.facts[rows, place].astype(np.float64) for place in places}
    return {name.replace("_", " "): column for name, column in values.items() if np.ptp(column) > 0}


def _missing(holdings: Holdings, rows: Ints) -> dict[str, np.ndarray]:
    """Tell for each metadata column where it is empty."""
    samples = [holdings.dataset.samples[row] for row in rows]
    known = [frozenset(sample.metadata) for sample in samples]
    names = dict.fromkeys(name for each in known for name in each)
    return {name: np.array([name not in each for each in known], dtype=np.bool_) for name in names}


def _events(project: "Project", answers: Predictions) -> bias.LabelEvents | None:
    """Give who said what of the items that are judged."""
    row = {name: i for i, name in enumerate(answers.names)}
    number = {name: i for i, name in enumerate(answers.classes)}
    told = [e for e in project.store.label_events() if e.name in row and e.label in number]
    who = {name: i for i, name in enumerate(dict.fromkeys(e.who for e in told))}
    if len(who) < 2:  # one voice cannot disagree
        return None
    return bias.LabelEvents(
        items=np.array([row[e.name] for e in told], dtype=np.int64),
        annotators=np.array([who[e.who] for e in told], dtype=np.int64),
        labels=np.array([number[e.label] for e in told if e.label is not None], dtype=np.int64),
    )


def _train_side(columns: Sequence[bias.Column], given: Judged) -> bias.TrainSide:
    """Give labels and groups of what was learned from: the items that were not sealed, which come first."""
    n = len(given.rows) - given.n_sealed
    side = np.arange(len(given.rows)) < n
    return bias.TrainSide(
        y=given.answers.truth[:n],
        columns=tuple(replace(column, codes=column.codes[side]) for column in columns),
        clusters=given.answers.groups[:n],
    )
