"""One examination: the decisions made ready, the options, and the pairs of groups to look at. Path: **bias**.

Every kind of bias takes a case and gives tests. Small groups are named and left untested before anything is looked at.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from florilegium.bias.cells import MEASURES, Table, states, tables
from florilegium.bias.contrast import Contrast, Gap, Side, shares
from florilegium.bias.decisions import Column, Decisions
from florilegium.bias.groups import folded
from florilegium.bias.result import Axis
from florilegium.bias.tested import Tested
from florilegium.evaluation.words import counted, percent, points
from florilegium.types import Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user chooses."""

    level: float = 0.05  # chance of any false find
    n_resamples: int = 4000
    min_group: int = 30  # items below which a group is named, not tested
    gap: float = 0.1  # the difference of shares that matters
    reference: Mapping[str, str] = field(default_factory=dict)  # column -> group that others are compared with
    relabel: str = ""  # command that shows labels to correct; empty: there is none


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """Decisions with at most 20 groups (and others) per column, counted."""

    given: Decisions
    options: Options
    rng: np.random.Generator
    tables: Mapping[str, Table]  # per column; with many classes "yes" of the answer is "right", and truth is all "yes"
    notes: tuple[str, ...]

    def sizes(self, column: Column) -> Ints:
        """Count the items of each group, (g,)."""
        return sizes_of(column)

    def reference(self, column: Column) -> int:
        """Give the group that others are compared with: the one that was asked for, or the largest."""
        asked = self.options.reference.get(column.name)
        return column.groups.index(asked) if asked in column.groups else int(self.sizes(column).argmax())

    def pairs(self, column: Column) -> Iterator[tuple[int, int]]:
        """Give each group that is large enough with the reference."""
        reference = self.reference(column)
        for group, size in enumerate(self.sizes(column)):
            if group != reference and size >= self.options.min_group:
                yield group, reference

    def clusters(self, rows: Ints) -> Ints | None:
        """Give the clusters of some rows; None where every item stands alone."""
        return None if self.given.clusters is None else self.given.clusters[rows]


def sizes_of(column: Column) -> Ints:
    """Count the items of each group, (g,)."""
    counts: Ints = np.bincount(column.codes[column.codes >= 0], minlength=len(column.groups))
    return counts


def prepared(given: Decisions, options: Options, rng: np.random.Generator) -> Case:
    """Fold what has too many groups, drop what has fewer than two, and count."""
    columns, notes = _columns(given)
    clusters = given.clusters
    if clusters is not None and len(np.unique(clusters)) == len(clusters):
        clusters = None
    ready = replace(given, columns=columns, clusters=clusters, targets=_targets(given, columns))
    truth, answer = truth_and_answer(ready)
    state = states(ready.n, truth, answer)
    made = tables(
        state, [(c.codes, len(c.groups)) for c in columns], clusters, n_resamples=options.n_resamples, rng=rng
    )
    notes += _missing_notes(ready)
    by_name = dict(zip((c.name for c in columns), made, strict=True))
    return Case(given=ready, options=options, rng=rng, tables=by_name, notes=tuple(notes))


def truth_and_answer(given: Decisions) -> tuple[Ints | None, Ints | None]:
    """Give truth and answer as yes (1), no (0), not known (-1); with many classes the answer tells right from wrong."""
    y, said = given.y, given.predicted
    if given.positive is not None:
        return _yes(y, given.positive), _yes(said, given.positive)
    if y is None or said is None:
        return None, None
    known = (y >= 0) & (said >= 0)
    return np.where(known, 1, -1), np.where(known, (y == said).astype(np.int64), -1)


def _yes(codes: Ints | None, positive: int) -> Ints | None:
    return None if codes is None else np.where(codes >= 0, (codes == positive).astype(np.int64), -1)


def _columns(given: Decisions) -> tuple[tuple[Column, ...], list[str]]:
    kept, notes = [], []
    for column in given.columns:
        few = folded(column)
        n_before, n_after = int((sizes_of(column) > 0).sum()), len(few.groups)
        if n_after < n_before:
            shown = counted(n_after - 1, "largest group is", "largest groups are")
            notes.append(f"{column.name} has {n_before:,} groups: the {shown} looked at, all others count as one.")
        if n_after < 2:
            notes.append(
                f"{column.name} holds {counted(n_after, 'group')}: there is nothing to compare, it is left out."
            )
            continue
        kept.append(few)
    return tuple(kept), notes


def _targets(given: Decisions, columns: tuple[Column, ...]) -> dict[str, Mapping[str, float]]:
    """Keep the targets of columns that are still there."""
    names = {column.name for column in columns}
    return {name: shares for name, shares in given.targets.items() if name in names}


def _missing_notes(given: Decisions) -> list[str]:
    parts: list[tuple[str, Ints | None]] = [("label", given.y), ("answer", given.predicted)]
    parts += [(f"group by {column.name}", column.codes) for column in given.columns]
    counts = [(name, int((codes < 0).sum())) for name, codes in parts if codes is not None]
    return [
        f"{counted(n, 'item has', 'items have')} no {name}: left out where it is needed ({percent(n / given.n)})."
        for name, n in counts
        if n
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How a comparison of shares is told."""

    bias: str
    measure: str  # "false positive rate"
    advice: str
    source: str


def compared(case: Case, column: Column, measure: str, wording: Wording) -> Iterator[Tested]:
    """Compare one measure of every large enough group with the reference, as ratio and as difference."""
    table = case.tables[column.name]
    for group, reference in case.pairs(column):
        sides = table.side(measure, group), table.side(measure, reference)
        if sides[0] is None or sides[1] is None:
            empty = column.groups[group if sides[0] is None else reference]
            yield unknown_share(wording, column, (column.groups[group], column.groups[reference]), empty)
            continue
        draws = None
        if case.given.clusters is not None:
            draws = table.replicates(measure, group), table.replicates(measure, reference)
        names = column.groups[group], column.groups[reference]
        yield from told(case, wording, names, (sides[0], sides[1]), column=column.name, draws=draws)


def unknown_share(wording: Wording, column: Column, names: tuple[str, str], empty: str) -> Tested:
    """Say that a group has nothing to count among."""
    return Tested(
        bias=wording.bias,
        measure=f"{wording.measure} difference",
        axis=Axis.DIFFERENCE,
        column=column.name,
        groups=names,
        n=0,
        fact=f"{wording.measure[:1].upper()}{wording.measure[1:]} by {column.name}: {empty} has no item that it could "
        "be counted among.",
        advice=f"Collect more items of {empty}.",
        source=wording.source,
    )


def told(
    case: Case,
    wording: Wording,
    names: tuple[str, str],
    sides: tuple[Side, Side],
    *,
    column: str = "",
    draws: tuple[Floats, Floats] | None = None,
    harmful: bool = True,
) -> Iterator[Tested]:
    """Turn two shares into tests, the higher share first."""
    if sides[0].share < sides[1].share:
        names, sides = names[::-1], sides[::-1]
        draws = None if draws is None else draws[::-1]
    a, b = sides
    found = shares(a, b, draws)
    tested = min(a.n_effective, b.n_effective) >= case.options.min_group
    smaller = names[0] if a.n_effective < b.n_effective else names[1]
    start = (
        f"{wording.measure[:1].upper()}{wording.measure[1:]}{f' by {column}' if column else ''}: "
        f"{_apart(names[0])} {percent(a.share)} of {counted(int(a.n), 'item')}, "
        f"{_apart(names[1])} {percent(b.share)} of {int(b.n):,}"
    )
    few = "" if tested else f" {smaller} is too few to test."
    shared = _Shared(
        wording=wording,
        column=column,
        names=names,
        found=found,
        tested=tested,
        sides=sides,
        harmful=harmful,
        smaller=smaller,
    )
    if found.ratio is not None:
        words = f"{found.ratio.value:.2f} times as high ({found.ratio.low:.2f} to {found.ratio.high:.2f})"
        yield shared.test(Axis.RATIO, found.ratio, f"{start}: {words}.{few}")
    gap = found.difference
    words = f"{points(gap.value)} points higher ({points(gap.low)} to {points(gap.high)})"
    yield shared.test(Axis.DIFFERENCE, gap, f"{start}: {words}.{few}")


def _apart(group: str) -> str:
    """Keep a name that ends in a number from running into the figure behind it: "18 to 25: 55.3 %"."""
    return f"{group}:" if group[-1:].isdigit() else group


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """What ratio and difference of one pair have in common."""

    wording: Wording
    column: str
    names: tuple[str, str]
    found: Contrast
    tested: bool
    sides: tuple[Side, Side]
    harmful: bool
    smaller: str

    def test(self, axis: Axis, gap: Gap, fact: str) -> Tested:
        wording = self.wording
        return Tested(
            bias=wording.bias,
            measure=f"{wording.measure} {axis}",
            axis=axis,
            column=self.column,
            groups=self.names,
            estimate=gap.value,
            low=gap.low,
            high=gap.high,
            p=self.found.p if self.tested else None,
            n=self.found.n,
            fact=fact,
            advice=wording.advice,
            source=wording.source,
            error=self.found.error if self.tested else math.inf,
            sides=self.sides,
            harmful=self.harmful,
            smaller=self.smaller,
            hypothesis=f"{wording.bias}|{wording.measure}|{self.column}|{'|'.join(sorted(self.names))}",
        )


def has(case: Case, measure: str) -> bool:
    """Tell whether anything can be counted for a measure, in any column."""
    among = MEASURES[measure][1]
    return any(table.counts[:, among].sum() > 0 for table in case.tables.values())


def mean_test(
    wording: Wording,
    found: Contrast,
    fact: str,
    *,
    column: str = "",
    names: tuple[str, ...] = (),
    axis: Axis = Axis.DIFFERENCE,
    scale: float = 1.0,
    harmful: bool = True,
    tested: bool = True,
    hypothesis: str = "",
) -> Tested:
    """Turn a difference that is no pair of shares into a test.

    Args: scale: how many units of the estimate make one share, for telling whether enough was there.
        tested: False where there is too little of something to test.  hypothesis: shared with another result.
    """
    gap = found.difference
    return Tested(
        bias=wording.bias,
        measure=wording.measure,
        axis=axis,
        column=column,
        groups=names,
        estimate=gap.value,
        low=gap.low,
        high=gap.high,
        p=found.p if tested else None,
        n=found.n,
        fact=fact,
        advice=wording.advice,
        source=wording.source,
        error=found.error * scale if tested else math.inf,
        harmful=harmful,
        hypothesis=hypothesis,
    )
