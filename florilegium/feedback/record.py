"""What was answered live, as arrays. Path: project, bias -> **feedback** -> report.

Values only: the shell fills them from the store. Sees answers, never the model that gave them, and no person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

import numpy as np

from florilegium.bias.decisions import MISSING, Column, Live
from florilegium.errors import InputError
from florilegium.types import Bools, Floats, Ints, Vectors

REJECTED, UPHELD, WITHDRAWN, OPEN = 0, 1, 2, -1  # how an appeal ended


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Appeals:
    """The a appeals against live answers; times are days since 1970-01-01 UTC.

    Raises: InputError: lengths differ, or an outcome is none.
    """

    rows: Ints  # (a,) the answer that is contested, 0..n-1
    received: Floats  # (a,)
    answered: Floats  # (a,) NaN: not yet
    deadline: Floats  # (a,) NaN: none
    outcome: Ints  # (a,) REJECTED, UPHELD, WITHDRAWN or OPEN

    def __post_init__(self) -> None:
        """Look at everything, complain once."""
        sizes = {len(getattr(self, each.name)) for each in fields(self)}
        if len(sizes) > 1 or not np.isin(self.outcome, (REJECTED, UPHELD, WITHDRAWN, OPEN)).all():
            raise InputError(
                f"appeals that cannot be counted: arrays of {sorted(sizes)} rows, outcomes {np.unique(self.outcome)}; "
                "expected as many of each, and outcomes 0 rejected, 1 upheld, 2 withdrawn, -1 open."
            )

    def __len__(self) -> int:
        """Count the appeals."""
        return len(self.rows)

    @classmethod
    def none(cls) -> Self:
        """Give no appeal at all."""
        nothing, never = np.zeros(0, dtype=np.int64), np.zeros(0)
        return cls(rows=nothing, received=never, answered=never, deadline=never, outcome=nothing)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LiveRecord:
    """The n answers that were given live and recorded, in any order.

    Raises: InputError: lengths or codes do not fit.
    """

    classes: tuple[str, ...]  # k names
    at: Floats  # (n,) days since 1970-01-01 UTC; NaN not known
    said: Ints  # (n,) class 0..k-1 that was likeliest, also where the model abstained; -1: a class of an older model
    probability: Floats  # (n,) of that class, 0..1; NaN not known
    known: Bools  # (n,) False where the model abstained
    model: Ints  # (n,) which model answered: its number
    drawn: Bools  # (n,) chance drew it for the blind audit
    opted_out: Bools  # (n,) the person did not allow that it is looked at, so it could not be drawn
    audited: Ints  # (n,) class 0..k-1 that a person gave blind, k: none of them, -1: not audited
    automatic: Bools | None = None  # (n,) sent to whoever asked without a person; None: there is no query desk
    blind: Ints | None = None  # (n,) the same by the reviewer's first word, before they saw the model's answer
    vectors: Vectors | None = None  # (v, d) of some answers, drawn at random where there are many
    vector_rows: Ints | None = None  # (v,) which answers these are; None: of all, in their order
    facts: Mapping[str, Floats] = field(default_factory=dict)  # name -> (n,); NaN not known
    columns: tuple[Column, ...] = ()  # groups by metadata
    clusters: Ints | None = None  # (n,) answers about the same content
    appeals: Appeals = field(default_factory=Appeals.none)

    def __post_init__(self) -> None:
        """Look at everything, complain once."""
        if faults := [*_length_faults(self), *_code_faults(self)]:
            raise InputError(f"the live record cannot be read: {'; '.join(faults)}. Look at its rows in the database.")

    def __len__(self) -> int:
        """Count the answers."""
        return len(self.said)

    @property
    def right(self) -> Ints:
        """Give 1 right, 0 wrong, -1 not audited; shape (n,)."""
        return np.where(self.audited < 0, MISSING, (self.audited == self.said).astype(np.int64))

    @property
    def in_audit(self) -> Bools:
        """Tell which answers chance drew and a person judged; only these are a fair sample."""
        return self.drawn & (self.audited >= 0)

    @property
    def rows_of_vectors(self) -> Ints:
        """Give the answers that `vectors` are of, (v,)."""
        if self.vectors is None:
            return np.zeros(0, dtype=np.int64)
        return np.arange(len(self.vectors)) if self.vector_rows is None else self.vector_rows

    def take(self, rows: Bools) -> "LiveRecord":
        """Give the record of some answers only (n,), with the appeals against them."""
        place = np.cumsum(rows) - 1
        kept = rows[self.appeals.rows] if len(self.appeals) else np.zeros(0, dtype=np.bool_)
        appeals = Appeals(
            rows=place[self.appeals.rows[kept]],
            **{name: getattr(self.appeals, name)[kept] for name in ("received", "answered", "deadline", "outcome")},
        )
        arrays: dict[str, Any] = {
            name: part[rows] for name, part in _sized(self).items() if name in _NAMES and part is not None
        }
        seen = rows[self.rows_of_vectors]
        return replace(
            self,
            **arrays,
            vectors=None if self.vectors is None else self.vectors[seen],
            vector_rows=None if self.vectors is None else place[self.rows_of_vectors[seen]],
            facts={name: values[rows] for name, values in self.facts.items()},
            columns=tuple(replace(column, codes=column.codes[rows]) for column in self.columns),
            appeals=appeals,
        )


_NAMES = (
    "at", "said", "probability", "known", "model", "drawn", "opted_out", "audited", "blind", "automatic", "clusters"
)  # fmt: skip


def _sized(given: LiveRecord) -> dict[str, Floats | Ints | Bools | Vectors | None]:
    parts: dict[str, Floats | Ints | Bools | Vectors | None] = {name: getattr(given, name) for name in _NAMES}
    parts |= {f"fact {name!r}": values for name, values in given.facts.items()}
    return parts | {f"column {column.name!r}": column.codes for column in given.columns}


def _length_faults(given: LiveRecord) -> list[str]:
    n = len(given)
    faults = [
        f"{name} has {len(part):,} rows, expected {n:,}"
        for name, part in _sized(given).items()
        if part is not None and len(part) != n
    ]
    n_vectors = 0 if given.vectors is None else len(given.vectors)
    if given.vectors is not None and len(given.rows_of_vectors) != n_vectors:
        faults.append(f"{n_vectors:,} vectors of {len(given.rows_of_vectors):,} answers")
    elif (
        given.vectors is not None
        and n_vectors
        and not 0 <= given.rows_of_vectors.min() <= given.rows_of_vectors.max() < n
    ):
        faults.append(
            f"vectors of answers {given.rows_of_vectors.min()}..{given.rows_of_vectors.max()}, expected 0..{n - 1}"
        )
    return faults


def _code_faults(given: LiveRecord) -> list[str]:
    k, n = len(given.classes), len(given)
    limits = {"said": (given.said, k - 1), "audited": (given.audited, k)}
    limits |= {f"column {c.name!r}": (c.codes, len(c.groups) - 1) for c in given.columns}
    faults = [
        f"{name} holds {codes.min()}..{codes.max()}, expected {MISSING}..{most}"
        for name, (codes, most) in limits.items()
        if len(codes) and not MISSING <= codes.min() <= codes.max() <= most
    ]
    rows = given.appeals.rows
    if len(rows) and not 0 <= rows.min() <= rows.max() < n:
        faults.append(f"appeals against rows {rows.min()}..{rows.max()}, expected 0..{n - 1}")
    outside = np.isfinite(given.probability) & ((given.probability < 0) | (given.probability > 1))
    return [*faults, f"{int(outside.sum()):,} probabilities outside 0..1"] if outside.any() else faults


def as_live(given: LiveRecord, *, points: Vectors | None = None) -> Live:
    """Give the record as the deployment test of `bias` takes it; only what chance drew counts as right or wrong.

    Args: points: (v, p) of the answers that have vectors, in the space of the decisions they are compared with.
    """
    overturned = np.full(len(given), MISSING, dtype=np.int64)
    decided = np.isin(given.appeals.outcome, (REJECTED, UPHELD))
    overturned[given.appeals.rows[decided]] = given.appeals.outcome[decided]
    appealed = np.zeros(len(given), dtype=np.bool_)
    appealed[given.appeals.rows] = True
    return Live(
        columns=given.columns,
        right=np.where(given.in_audit, given.right, MISSING) if given.in_audit.any() else None,
        unknown=~given.known,
        appealed=appealed,
        overturned=overturned if decided.any() else None,
        embeddings=points,
        embedded=None if points is None else given.rows_of_vectors,
        clusters=given.clusters,
    )
