"""Judge a table of decisions that anybody made: read it, make groups, ask for the six tests. Path: **project** (shell).

Needs no project and no model: what was decided and what turned out to be true are enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations
from pathlib import Path

import numpy as np

from florilegium import bias
from florilegium.bias import groups
from florilegium.errors import SettingError
from florilegium.project.biased import GAP, MIN_GROUP, Biased, group_of, slips
from florilegium.report.bias import BiasAccount
from florilegium.report.bias_card import Use
from florilegium.source.decisions import Column, DecisionTable, read_decisions
from florilegium.source.outcomes import Outcome, outcome_from, outcome_of
from florilegium.source.shares import read_shares
from florilegium.types import Bools, Floats, Ints, Progress, silent

CROSSED_MOST = 3  # columns of which every two are crossed; more would bury the clear gaps under comparisons
PROXY_VALUES = 8  # of a column of names, the commonest that are looked at one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class TableQuestion:
    """What is asked about a table of decisions; names are those of its columns."""

    table: Path
    label: str  # what turned out to be true
    groups: tuple[str, ...]
    prediction: str | None = None  # what was decided, or the score; None: only the labels are looked at
    positive: tuple[str, ...] = ()  # values that count as yes
    threshold: float | None = None  # the score from which on it is a yes
    person: str | None = None  # rows of one person are not independent
    date: str | None = None
    proxies: tuple[str, ...] = ()  # columns that should not tell the label
    target: Path | None = None  # table of shares
    use: Use = field(default_factory=Use)
    gap: float = GAP  # the difference of shares that matters
    seed: int = 0


def bias_of_table(question: TableQuestion, *, now: datetime, progress: Progress = silent) -> Biased:
    """Test the six kinds of bias on a table.

    Raises: SourceError: no such table.  MetadataError: unknown columns.  SettingError: it is open what counts as yes,
        or target shares are none.
    """
    table = read_decisions(question.table, _asked(question), progress=progress)
    label, said = _outcomes(table, question)
    # A row without a prediction is no decision; one whose label is missing is, and who lacks labels is itself tested.
    kept = label.known if said is None else said.known
    decisions = _decisions(table, question, label, said, kept)
    findings = bias.examine(decisions, seed=question.seed, min_group=MIN_GROUP, gap=question.gap, progress=progress)
    n = int(kept.sum())
    account = BiasAccount(
        title=question.table.name,
        subject=_subject(n, question),
        made=now,
        unit="decision",
        findings=findings,
        yes=f"{label.column} = {label.yes}",
        said="" if said is None else said.yes if said.scores is not None else f"{said.column} = {said.yes}",
        use=question.use,
        notes=_notes(table, question, kept, decisions),
    )
    return Biased(account=account, n=n)


def _notes(table: DecisionTable, question: TableQuestion, kept: Bools, decisions: bias.Decisions) -> tuple[str, ...]:
    faults = [f"{fault.name}: {fault.reason}" for fault in table.faults]
    return (*table.notes, *_left_out(table, kept), *_too_many(table, question, decisions), *faults)


def _asked(question: TableQuestion) -> list[tuple[str, str]]:
    single = ((question.label, "label"), (question.prediction, "prediction"), (question.person, "persons"))
    several = ((question.groups, "groups"), (question.proxies, "proxies"))
    return [
        *((name, what) for name, what in (*single, (question.date, "date")) if name is not None),
        *((name, what) for names, what in several for name in names),
    ]


def _outcomes(table: DecisionTable, question: TableQuestion) -> tuple[Outcome, Outcome | None]:
    """Read label and prediction as yes or no."""
    label, positive = table[question.label], question.positive
    said = None if question.prediction is None else table[question.prediction]
    if positive and (unheard := slips(positive, [label, *([said] if said is not None else [])])):
        raise SettingError(unheard)
    truth = outcome_of(label, positive=_own(positive, label))
    if said is None:
        if question.threshold is not None:
            raise SettingError("--threshold is about a column of scores. Name it too: --prediction COLUMN")
        return truth, None
    if question.threshold is not None:
        return truth, outcome_from(said, threshold=question.threshold)
    return truth, outcome_of(said, positive=_own(positive, said), what="prediction")


def _own(positive: Sequence[str], column: Column) -> Sequence[str]:
    """Give the named values that this column knows; a column of a plain pair such as 0/1 needs none of them."""
    known = {value.casefold() for value in column.values}
    return [value for value in positive if value.casefold() in known]


def _decisions(
    table: DecisionTable, question: TableQuestion, label: Outcome, said: Outcome | None, kept: Bools
) -> bias.Decisions:
    columns = _columns(table, question, kept)
    scores = None if said is None or said.scores is None else said.scores[kept]
    probabilities = None if scores is None or not _are_probabilities(scores) else np.stack([1 - scores, scores], axis=1)
    targets = {} if question.target is None else read_shares(question.target, {c.name: c.groups for c in columns})
    return bias.Decisions(
        y=np.where(label.known, label.is_yes, -1)[kept].astype(np.int64),
        predicted=None if said is None else said.is_yes[kept].astype(np.int64),
        probabilities=probabilities,
        scores=scores,
        classes=("no", "yes"),
        positive=1,
        columns=columns,
        clusters=None if question.person is None else _persons(table[question.person].codes[kept]),
        days=None if question.date is None else _days(table[question.date])[kept],
        proxies={name: values for each in question.proxies for name, values in _proxy(table[each], kept)},
        missing={name: table[name].codes[kept] < 0 for name in dict.fromkeys((*question.groups, *question.proxies))},
        targets=dict(targets),
        intended=bias.Intended(classes=("no", "yes"), groups={n: tuple(s) for n, s in targets.items()})
        if question.use.intended
        else None,
    )


def _columns(table: DecisionTable, question: TableQuestion, kept: Bools) -> tuple[bias.Column, ...]:
    """Make the groups, and those where two columns cross."""
    single = [group_of(table[name], kept) for name in dict.fromkeys(question.groups)]
    parted = [column for column in single if len(column.groups) > 1]
    crossings = combinations(parted, 2) if len(parted) <= CROSSED_MOST else ()
    crossed = [groups.crossed(a, b, min_size=MIN_GROUP) for a, b in crossings]
    return (*single, *(column for column in crossed if len(column.groups) > 1))


def _are_probabilities(scores: Floats) -> bool:
    return bool((scores >= 0).all() and (scores <= 1).all())


def _persons(codes: Ints) -> Ints:
    """Give rows without a person a number of their own each."""
    alone = codes < 0
    numbers: Ints = np.where(alone, codes.max(initial=0) + 1 + np.cumsum(alone), codes)
    return numbers


def _days(column: Column) -> Floats:
    days = column.days
    if days is None:
        shown = ", ".join(map(repr, column.values[:3]))
        raise SettingError(
            f"--date {column.name}: it holds {shown}, not dates. Expected year-month-day, such as 2026-11-23."
        )
    return days


def _proxy(column: Column, kept: Bools) -> list[tuple[str, Floats]]:
    """Give a column as numbers: itself, or for names one yes or no per common value."""
    numbers = column.numbers
    if numbers is not None:
        return [(column.name, numbers[kept])]
    codes = column.codes[kept]
    commonest = np.argsort(-np.bincount(codes[codes >= 0], minlength=len(column.values)), kind="stable")
    return [
        (f"{column.name} = {column.values[code]}", (codes == code).astype(np.float64))
        for code in commonest[:PROXY_VALUES].tolist()
    ]


def _subject(n: int, question: TableQuestion) -> str:
    said = "" if question.prediction is None else f"{question.prediction} against "
    return f"{n:,} decisions, {said}{question.label}, by {', '.join(question.groups)}"


def _too_many(table: DecisionTable, question: TableQuestion, decisions: bias.Decisions) -> list[str]:
    """Say of each column whose groups are all too small that there is nothing to compare."""
    alone = {column.name for column in decisions.columns if len(column.groups) < 2}
    return [
        f"{column.name}: {len(column.values):,} groups, fewer than two of them with at least {MIN_GROUP} decisions. "
        "Nothing can be compared; put groups together that belong together."
        for column in (table[name] for name in question.groups)
        if column.name in alone
    ]


def _left_out(table: DecisionTable, kept: Bools) -> list[str]:
    n = int((~kept).sum())
    return [f"{n:,} of {table.n:,} rows say nothing of what was decided, and are left out."] if n else []
