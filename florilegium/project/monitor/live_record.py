"""The store's live answers and cases as arrays for `feedback`. Path: store -> **project** (shell) -> feedback.

Reads in pieces, so that memory holds numbers and not rows; keeps the vectors of some answers only.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from florilegium.appeals import Origin, Ruling, Standing, State
from florilegium.bias import Column
from florilegium.bias import groups as groups_of
from florilegium.errors import StateError
from florilegium.feedback import Appeals, LiveRecord
from florilegium.feedback.record import OPEN, REJECTED, UPHELD, WITHDRAWN
from florilegium.project.holdings import numbers_of
from florilegium.types import Floats, Ints, Vectors

if TYPE_CHECKING:
    from florilegium.project.project import Project
    from florilegium.store import CaseFile, Prediction

PIECE = 5_000  # answers read at once
VECTORS_MOST = 20_000  # of 1,280 numbers each: 100 MB
DAY_S = 86_400.0
COLUMNS_MOST = 12  # of metadata; a sender may send any
STEP = "live answers"


@dataclass(slots=True)
class _Gathered:
    """Lists that grow answer by answer."""

    ids: list[int] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    said: list[int] = field(default_factory=list)
    probability: list[float] = field(default_factory=list)
    known: list[bool] = field(default_factory=list)
    model: list[int] = field(default_factory=list)
    drawn: list[bool] = field(default_factory=list)
    opted_out: list[bool] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    facts: dict[str, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    cells: dict[str, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))


def live_record(
    project: "Project", classes: tuple[str, ...], *, since: datetime | None = None, with_vectors: bool = True
) -> LiveRecord:
    """Read the live answers from a moment on; classes that the current model does not have count as none of its."""
    store = project.store
    models = {record.model_id: record.number for record in store.models()}
    code = {name: i for i, name in enumerate(classes)}
    found, total = _Gathered(), store.live.count()
    for piece in _pieces(project, since):
        for each in piece:
            _take(found, each, code, models)
        project.progress(STEP, len(found.ids), total)
    project.progress(STEP, total, total)
    row = {number: i for i, number in enumerate(found.ids)}
    files = [each for each in store.cases.all() if each.case.prediction_id in row]
    audited, blind = _audited(files, row, code, np.array(found.said, dtype=np.int64))
    sent = store.queries.automatic()
    automatic = np.array([sent.get(number, False) for number in found.ids], dtype=np.bool_)
    # A query that waits for a person is never drawn; that is not its asker's wish.
    waited = np.array([not sent.get(number, True) for number in found.ids], dtype=np.bool_)
    rows, vectors = _vectors(project, found.ids) if with_vectors else (None, None)
    return LiveRecord(
        classes=classes,
        at=np.array(found.at, dtype=np.float64),
        said=np.array(found.said, dtype=np.int64),
        probability=np.array(found.probability, dtype=np.float64),
        known=np.array(found.known, dtype=np.bool_),
        model=np.array(found.model, dtype=np.int64),
        drawn=np.array(found.drawn, dtype=np.bool_),
        opted_out=np.array(found.opted_out, dtype=np.bool_) & ~waited,
        audited=audited,
        blind=blind,
        automatic=automatic if sent else None,
        vectors=vectors,
        vector_rows=rows,
        facts={name: _numbers(values, len(row)) for name, values in sorted(found.facts.items())},
        columns=_columns(found.cells, len(row)),
        clusters=numbers_of(found.hashes) if len(set(found.hashes)) < len(row) else None,
        appeals=_appeals(files, row),
    )


def days(moment: datetime) -> float:
    """Give a moment in days since 1970-01-01 UTC."""
    return moment.timestamp() / DAY_S


def _pieces(project: "Project", since: datetime | None) -> Iterator[tuple["Prediction", ...]]:
    after = 0
    while piece := project.store.live.all(after=after, since=since, most=PIECE):
        yield piece
        after = piece[-1].id


def _take(found: _Gathered, each: "Prediction", code: Mapping[str, int], models: Mapping[str, int]) -> None:
    i = len(found.ids)
    found.ids.append(each.id)
    found.at.append(days(each.at))
    found.said.append(code.get(each.label or "", -1))
    sure = each.probability
    found.probability.append(sure if sure is not None and 0 <= sure <= 1 else np.nan)
    found.known.append(each.known)
    found.model.append(models.get(each.model_id, 0))
    found.drawn.append(each.drawn and each.may_check)
    found.opted_out.append(not each.may_check)
    found.hashes.append(each.sha256)
    for name, value in each.facts.items():
        if isinstance(value, int | float):
            found.facts[name][i] = float(value)
    for name, cell in each.metadata.items():
        found.cells[name][i] = str(cell)


def _standing(file: "CaseFile") -> Standing | None:
    """Give where a case stands; None: its events lead nowhere, because somebody wrote into the database."""
    try:
        return file.standing
    except (StateError, KeyError, ValueError):
        return None


def _audited(
    files: Iterable["CaseFile"], row: Mapping[int, int], code: Mapping[str, int], said: Ints
) -> tuple[Ints, Ints]:
    """Give what decided audits found, and what the first reviewer said blind; the class k is "none of them"."""
    audited, blind = np.full(len(said), -1, dtype=np.int64), np.full(len(said), -1, dtype=np.int64)
    for file in files:
        standing = _standing(file) if file.case.origin is Origin.AUDIT else None
        if standing is None or standing.ruling is None:
            continue
        i = row[file.case.prediction_id]
        if standing.ruling is Ruling.REJECTED:
            audited[i] = said[i]
        else:
            audited[i] = len(code) if standing.label is None else code.get(standing.label, len(code))
        blind[i] = _seen_blind(standing, code)
    return audited, blind


def _seen_blind(standing: Standing, code: Mapping[str, int]) -> int:
    """Give the class that the first reviewer said blind; -1: could not tell, or did not say."""
    if not standing.decided:
        return -1
    first = standing.decided[0]
    if first.blind_label is None:
        return len(code) if first.is_none else -1
    return code.get(first.blind_label, len(code))


def _appeals(files: Iterable["CaseFile"], row: Mapping[int, int]) -> Appeals:
    """Give the appeals; one that was opened again waits from its first day on."""
    outcomes = {State.UPHELD: UPHELD, State.REJECTED: REJECTED, State.WITHDRAWN: WITHDRAWN}
    told: list[tuple[int, float, float, float, int]] = []
    for file in files:
        standing = _standing(file) if file.case.origin is Origin.APPEAL else None
        if standing is None:
            continue
        answered = np.nan if standing.decided_at is None else days(standing.decided_at)
        outcome = outcomes.get(standing.state, OPEN)
        i = row[file.case.prediction_id]
        told.append((i, days(file.case.at), answered, days(standing.deadline_at), outcome))
    if not told:
        return Appeals.none()
    rows, received, answers, deadlines, ends = map(np.array, zip(*told, strict=True))
    return Appeals(rows=rows, received=received, answered=answers, deadline=deadlines, outcome=ends)


def _vectors(project: "Project", ids: list[int]) -> tuple[Ints | None, Vectors | None]:
    """Give the vectors of some answers, drawn at random where there are many, and which these are."""
    rows = np.arange(len(ids))
    if len(rows) > VECTORS_MOST:
        rng = np.random.default_rng(project.settings.seed)
        rows = np.sort(rng.choice(rows, VECTORS_MOST, replace=False))
    found = project.store.live.vectors([ids[row] for row in rows])
    widths = [len(vector) for vector in found.values()]
    if not widths:
        return None, None
    width = max(set(widths), key=widths.count)  # another encoder's vectors cannot be compared
    kept = [row for row in rows.tolist() if ids[row] in found and len(found[ids[row]]) == width]
    return np.array(kept, dtype=np.int64), np.stack([found[ids[row]] for row in kept]).astype(np.float32)


def _numbers(values: Mapping[int, float], n: int) -> Floats:
    column = np.full(n, np.nan)
    column[list(values)] = list(values.values())
    return column


def _columns(cells: Mapping[str, Mapping[int, str]], n: int) -> tuple[Column, ...]:
    made = []
    for name, values in sorted(cells.items(), key=lambda pair: (-len(pair[1]), pair[0]))[:COLUMNS_MOST]:
        number: dict[str, int] = {}
        codes = np.full(n, -1, dtype=np.int64)
        for i, cell in values.items():
            codes[i] = number.setdefault(cell, len(number))
        made.append(groups_of.of_values(name, tuple(number), codes))
    return tuple(made)
