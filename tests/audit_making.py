"""Make subjects for the audit by hand: what is not said is innocent."""

from collections.abc import Mapping, Sequence

import numpy as np

from florilegium.audit import Leak, Subject
from florilegium.dataset import Dataset
from florilegium.source.base import Contents, Fault, Kind, Pixels, Sample, Side, Texts
from florilegium.types import Floats, Ints, Vectors


def subject(
    labels: Sequence[str | None],
    *,
    texts: Sequence[str] | None = None,
    groups: Sequence[str | None] | None = None,
    origins: Sequence[str | None] | None = None,
    near: Sequence[int] | None = None,
    exact: Sequence[int] | None = None,
    sides: Sequence[Side | None] | None = None,
    faults: Sequence[Fault] = (),
    facts: Mapping[str, Floats | Ints] | None = None,
    named: Mapping[str, Floats | Ints] | None = None,
    probabilities: Floats | None = None,
    strange: Floats | None = None,
    leaks: Sequence[Leak] = (),
    seed: int = 0,
) -> Subject:
    """Make a subject of items "i0", "i1", ... with these labels; each family of `facts` is one column (n,).

    `named`: more facts (n,), each under its own name, as a reader of files gives them; no family of shortcuts.
    """
    n = len(labels)
    kind = Kind.IMAGE if texts is None else Kind.TEXT
    pictures = Pixels(np.zeros((n, 1, 1), dtype=np.uint8))
    contents: Contents = pictures if texts is None else Texts(tuple(texts))
    samples = tuple(
        Sample(
            name=f"i{i}",
            label=labels[i],
            sha256=f"{i:064x}",
            group=groups[i] if groups else None,
            origin=origins[i] if origins else None,
        )
        for i in range(n)
    )
    columns = {f"{family}_fact": values for family, values in (facts or {}).items()} | dict(named or {})
    table: Vectors = np.array([*columns.values()], dtype=np.float32).reshape(len(columns), n).T
    return Subject(
        dataset=Dataset(kind=kind, samples=samples, contents=contents),
        facts=table,
        fact_names=tuple(columns),
        families={family: (i,) for i, family in enumerate(facts or {})},
        near=numbers(near, n),
        exact=numbers(exact, n),
        sides=tuple(sides) if sides else (None,) * n,
        faults=tuple(faults),
        probabilities=probabilities,
        strange=strange,
        leaks=tuple(leaks),
        seed=seed,
    )


def numbers(given: Sequence[int] | None, n: int) -> Ints:
    """Give these group numbers, or each item its own."""
    return np.arange(n) if given is None else np.array(given, dtype=np.int64)
