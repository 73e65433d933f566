"""What a quick head says about the training side, so that an audit needs no trained model. Path: **project** (shell).

Whole groups are held out; what is sealed is never asked about.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from florilegium import evaluation, split
from florilegium.audit import combine
from florilegium.audit.leak import Leak
from florilegium.features.text import similarity_vectors
from florilegium.model import strangeness
from florilegium.model.doubter import Doubter
from florilegium.model.weights import Features
from florilegium.project.holdings import Holdings, numbers_of
from florilegium.source.base import Texts
from florilegium.types import Floats, Ints, Vectors

if TYPE_CHECKING:
    from florilegium.project.project import Project

STEP = "quick answers"
MIN_ASKED = 20  # items; fewer answers say nothing about labels or leaks


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Doubts:
    """What can be asked before anything is trained; row i is item i of the holdings."""

    probabilities: Floats | None  # (n, k) out of fold, in the data set's classes; NaN where nobody was asked
    strange: Floats  # (n,) how unlike the other items each is, 0..2; NaN for sealed ones
    leaks: tuple[Leak, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """The labelled items outside the sealed part."""

    rows: Ints  # (m,) rows of the holdings
    names: list[str]
    y: Ints  # (m,) the data set's class numbers
    near: Ints  # (m,)
    groups: Ints  # (m,) near copies and the user's groups
    origins: Ints  # (m,) -1: unknown
    seed: int

    @property
    def modest(self) -> Ints:
        """Give the groups to keep whole, giants broken into their near copies: else their labels would go unasked."""
        _, numbers, sizes = np.unique(self.groups, return_inverse=True, return_counts=True)
        giant = sizes[numbers] > split.GIANT * len(numbers)
        return np.where(giant, len(numbers) + self.near, numbers)

    def folds(self, groups: Ints) -> Ints:
        """Deal into folds, whole groups together."""
        n_folds = min(split.N_FOLDS, len(np.unique(groups)))
        return split.folds(self.names, self.y, groups, n_folds=n_folds, seed=self.seed)


def doubts(project: "Project", holdings: Holdings) -> Doubts:
    """Ask a quick head about every label of the training side, and measure what careless splits would have claimed."""
    side = side_of(project, holdings)
    asked_about = np.flatnonzero(np.array([s is None for s in holdings.sides]) | holdings.train)
    x = features_of(holdings, asked_about)
    head = Doubter(x, seed=project.settings.seed)
    place = np.full(len(holdings.dataset), -1, dtype=np.int64)
    place[asked_about] = np.arange(len(asked_about))
    # An embedding's own directions tell what is odd; standardised, its faint ones would shout.
    strange = _strange(head.vectors if sp.issparse(x) else x, holdings, asked_about, seed=project.settings.seed)
    k = len(holdings.dataset.classes)
    if len(side.rows) < MIN_ASKED or len(np.unique(side.y)) < 2 or len(np.unique(side.near)) < 2:
        return Doubts(probabilities=None, strange=strange, leaks=())
    ways = _ways(side)
    said = {}
    for done, (name, folds) in enumerate(ways.items()):
        project.progress(STEP, done, len(ways))
        said[name] = head.answers(side.y, folds, k=k, rows=place[side.rows])
    project.progress(STEP, len(ways), len(ways))
    probabilities = np.full((len(holdings.dataset), k), np.nan)
    probabilities[side.rows] = said["kept whole"]
    return Doubts(probabilities=probabilities, strange=strange, leaks=_leaks(side, said))


def side_of(project: "Project", holdings: Holdings) -> Side:
    """Gather what may be asked about: labelled items outside the sealed part."""
    rows = np.flatnonzero(holdings.train)
    return Side(
        rows=rows,
        names=[holdings.dataset.names[i] for i in rows],
        y=holdings.dataset.y[rows],
        near=holdings.near[rows],
        groups=holdings.groups[rows],
        origins=numbers_of([holdings.origins[i] for i in rows]),
        seed=project.settings.seed,
    )


def features_of(holdings: Holdings, rows: Ints) -> Features:
    """Give what the quick head reads of these rows: embeddings, or pieces of texts where there are none."""
    contents = holdings.dataset.contents
    if isinstance(contents, Texts) and not holdings.survey.encoded:
        return similarity_vectors([contents.strings[i] for i in rows])
    return next(iter(holdings.survey.encoded.values())).vectors[rows]


def _ways(side: Side) -> dict[str, Ints]:
    """Give the ways to hold items out: as an honest split does, and as careless ones would."""
    ways = {"kept whole": side.folds(side.modest), "near copies apart": side.folds(side.near)}
    if len(np.unique(side.near)) < len(side.near):
        ways["divided"] = side.folds(np.arange(len(side.rows)))
    if len(np.unique(side.groups)) < len(np.unique(side.near)):
        ways["groups apart"] = side.folds(side.groups)
    sourced = split.source_folds([None if o < 0 else str(o) for o in side.origins], side.groups)
    if sourced is not None:
        ways["sources apart"] = sourced
    return ways


def _leaks(side: Side, said: dict[str, Floats]) -> tuple[Leak, ...]:
    """Compare the honest ways with the careless one next to each."""
    pairs = (
        ("near copies", "near copies apart", "divided", side.near),
        ("groups", "groups apart", "near copies apart", side.groups),
        ("sources", "sources apart", "near copies apart", combine(side.groups, side.origins)),
    )
    found = []
    for by, apart, divided, drawn in pairs:
        if apart not in said or divided not in said:
            continue
        both = np.isfinite(said[apart]).all(axis=1) & np.isfinite(said[divided]).all(axis=1)
        if both.sum() < MIN_ASKED:
            continue
        right = {way: (said[way][both].argmax(axis=1) == side.y[both]) for way in (apart, divided)}
        gap = evaluation.compare(right[divided], right[apart], combine(drawn[both])).difference
        found.append(
            Leak(
                by=by,
                n=int(both.sum()),
                apart=float(right[apart].mean()),
                divided=float(right[divided].mean()),
                low=gap.low,
                high=gap.high,
            )
        )
    return tuple(found)


def _strange(x: Vectors, holdings: Holdings, rows: Ints, *, seed: int) -> Floats:
    """Give how unlike the rest each of these rows is (n,), near copies never speaking for one another."""
    found = np.full(len(holdings.dataset), np.nan)
    if len(rows) >= MIN_ASKED and len(np.unique(holdings.near[rows])) >= split.N_FOLDS:
        one_kind = np.zeros(len(rows), dtype=np.int64)
        folds = split.folds([holdings.dataset.names[i] for i in rows], one_kind, holdings.near[rows], seed=seed)
        found[rows] = strangeness.out_of_fold(x, np.maximum(holdings.dataset.y[rows], 0), folds, seed=seed)
    return found
