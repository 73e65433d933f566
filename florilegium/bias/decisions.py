"""What is judged: labels, answers and groups as arrays. Path: project, source -> **bias**.

Values only; whatever made them, a model, a person or a table, stays outside. All parts but the columns may be missing;
what cannot be tested without them is said to be so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from florilegium.errors import InputError, SettingError
from florilegium.types import Bools, Floats, Ints, Vectors

MISSING = -1  # code of a label or group that is not known
SUM_SLACK = 1e-3  # shares rounded to three decimals still count as summing to one


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Column:
    """Which group each item is in, by one trait."""

    name: str
    groups: tuple[str, ...]  # g names
    codes: Ints  # (n,) 0..g-1, or -1 where it is not known
    ordered: bool = False  # the groups have an order of their own, as bins of numbers have; else the largest come first


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelEvents:
    """Who said what of which item: e events."""

    items: Ints  # (e,) place of the item in the decisions, 0..n-1
    annotators: Ints  # (e,)
    labels: Ints  # (e,) class numbers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainSide:
    """Labels and groups of the m items that were learned from."""

    y: Ints  # (m,)
    columns: tuple[Column, ...]
    clusters: Ints | None = None  # (m,)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Live:
    """What the monitor recorded of m items since the model went live; parts may be missing."""

    columns: tuple[Column, ...] = ()  # of the m items; matched to those of the decisions by name and group name
    right: Ints | None = None  # (m,) 1 right, 0 wrong, -1 not known (not audited)
    unknown: Bools | None = None  # (m,) the model abstained
    appealed: Bools | None = None  # (m,)
    overturned: Ints | None = None  # (m,) 1 the appeal was upheld, 0 turned down, -1 no appeal or not decided
    embeddings: Vectors | None = None  # (v, d)
    embedded: Ints | None = None  # (v,) which of the m items these are of; None: all of them, v = m
    clusters: Ints | None = None  # (m,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intended:
    """What the model is meant for, as its card says."""

    classes: tuple[str, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # column -> groups


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decisions:
    """n finished decisions and all that is known of them.

    Raises: InputError: lengths, codes or probabilities do not fit.  SettingError: answers are scores, not classes; or
        target shares do not sum to one.
    """

    y: Ints | None = None  # (n,) true class, -1 not known
    predicted: Ints | None = None  # (n,) class that was said, -1 not known
    probabilities: Floats | None = None  # (n, k)
    scores: Floats | None = None  # (n,) higher means "positive" more likely; no probabilities; NaN not known
    classes: tuple[str, ...] = ()  # k names
    positive: int | None = None  # the class that counts as "yes"; None: right or wrong is what counts
    columns: tuple[Column, ...] = ()
    clusters: Ints | None = None  # (n,) items of one number (near-duplicates, one person's) are not independent
    days: Floats | None = None  # (n,) since 1970-01-01; NaN not known
    embeddings: Vectors | None = None  # (n, d)
    proxies: Mapping[str, Floats] = field(default_factory=dict)  # name -> (n,) numbers; NaN not known
    missing: Mapping[str, Bools] = field(default_factory=dict)  # name -> (n,) True where the cell is empty
    events: LabelEvents | None = None
    train: TrainSide | None = None
    own: Mapping[str, Ints] = field(default_factory=dict)  # column -> (n,) answers of heads that learned from one group
    pooled: Ints | None = None  # (n,) answers of one head for all, made as those in `own`; None: `predicted`
    targets: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # column -> group -> share
    target_embeddings: Vectors | None = None  # (m, d) of items without labels
    target_predicted: Ints | None = None  # (m,) answers to items without labels
    live: Live | None = None
    intended: Intended | None = None

    def __post_init__(self) -> None:
        """Look at everything, complain once."""
        _refuse_scores(self)
        if faults := [*_length_faults(self), *_code_faults(self)]:
            raise InputError(
                f"the decisions cannot be judged: {'; '.join(faults)}. Correct the table and run it again."
            )
        _refuse_targets(self)

    @property
    def n(self) -> int:
        """Count the decisions."""
        return next((len(part) for part in _sized(self).values() if part is not None), 0)

    @property
    def is_binary(self) -> bool:
        """Tell whether there is a "yes"."""
        return self.positive is not None


def _sized(given: Decisions) -> dict[str, Ints | Floats | Vectors | Bools | None]:
    """Give all parts that hold one row per decision."""
    parts: dict[str, Ints | Floats | Vectors | Bools | None] = {
        name: getattr(given, name)
        for name in ("y", "predicted", "probabilities", "scores", "clusters", "days", "embeddings", "pooled")
    }
    parts |= {f"column {column.name!r}": column.codes for column in given.columns}
    parts |= {f"proxy {name!r}": values for name, values in given.proxies.items()}
    parts |= {f"missing {name!r}": values for name, values in given.missing.items()}
    return parts | {f"own heads of {name!r}": values for name, values in given.own.items()}


def _length_faults(given: Decisions) -> list[str]:
    n = given.n
    faults = [
        f"{name} has {len(part):,} rows, expected {n:,}"
        for name, part in _sized(given).items()
        if part is not None and len(part) != n
    ]
    return faults if n else ["there is not one decision"]


def _code_faults(given: Decisions) -> list[str]:
    k = len(given.classes)
    faults = []
    for name in ("y", "predicted", "pooled", "target_predicted"):
        codes = getattr(given, name)
        if codes is not None and len(codes) and not MISSING <= codes.min() <= codes.max() < k:
            faults.append(f"{name} holds {codes.min()}..{codes.max()}, expected class numbers 0..{k - 1}")
    if given.positive is not None and not 0 <= given.positive < k:
        faults.append(f"the positive class is number {given.positive}, expected 0..{k - 1}")
    for column in given.columns:
        codes, g = column.codes, len(column.groups)
        if len(codes) and not MISSING <= codes.min() <= codes.max() < max(g, 1):
            faults.append(f"column {column.name!r} holds {codes.min()}..{codes.max()}, expected 0..{g - 1}")
    if len({column.name for column in given.columns}) < len(given.columns):
        faults.append("two columns of groups bear one name")
    if given.probabilities is not None:
        faults += _probability_faults(given.probabilities, k)
    return faults


def _probability_faults(probabilities: Floats, k: int) -> list[str]:
    if probabilities.ndim != 2 or probabilities.shape[1] != k:
        return [f"probabilities have shape {probabilities.shape}, expected one column per class, {k}"]
    rows = ~(np.abs(probabilities.sum(axis=1) - 1) < SUM_SLACK) | (probabilities < 0).any(axis=1)
    return [f"{int(rows.sum()):,} rows are not probabilities that sum to 1"] if rows.any() else []


def _refuse_scores(given: Decisions) -> None:
    predicted = given.predicted
    if predicted is not None and not np.issubdtype(predicted.dtype, np.integer):
        low, high = float(np.nanmin(predicted)), float(np.nanmax(predicted))
        message = (
            f"the predictions are scores from {low:g} to {high:g}, not answers: from which score on is it a yes? "
            "Give a threshold (--threshold T), or a column that holds the answers."
        )
        raise SettingError(message)


def _refuse_targets(given: Decisions) -> None:
    known = {column.name: column.groups for column in given.columns}
    faults = []
    for name, shares in given.targets.items():
        if name not in known:
            faults.append(f"target shares are given for {name!r}, which is no column of groups ({', '.join(known)})")
            continue
        total = sum(shares.values())
        if abs(total - 1) > SUM_SLACK or min(shares.values(), default=-1.0) < 0:
            faults.append(f"the target shares of {name!r} sum to {total:g}, expected shares from 0 on that sum to 1")
    if faults:
        raise SettingError("; ".join(faults) + ". Correct the shares.")
