"""Whom or what a project's items can be told apart by: metadata, origin, file facts, slices. Path: **project** (shell).

Gives columns as a table would have them, one cell per item. Judges nothing.
"""

import difflib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from florilegium.errors import MetadataError
from florilegium.project.holdings import Holdings
from florilegium.source import columns
from florilegium.source.base import Kind
from florilegium.source.decisions import Column
from florilegium.types import Floats, Ints

SOURCE = "source"
SLICES = "slices"
# What a user calls a fact -> the facts it is made of; several are multiplied.
FACTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "brightness": ("brightness",),
        "contrast": ("contrast",),
        "background brightness": ("border",),  # the outermost ring of pixels
        "photo size": ("width", "height"),
        "file size": ("bytes",),
        "text length": ("characters",),
        "words": ("words",),
    }
)
# Looked at where nobody names columns. More would only make each comparison harder to show (Holm).
USUAL_FACTS = {Kind.IMAGE: ("background brightness", "photo size"), Kind.TEXT: ("text length",)}
VALUES_MOST = 30  # of a metadata column that is looked at unasked: beyond that it is a name or a number, not a group
COLUMNS_MOST = 6  # metadata columns looked at unasked
SHARE_FORMAT, NUMBER_FORMAT = ".2f", ".3g"  # of a fact from 0 to 1, and of others: names of bins that can be read


def group_columns(
    holdings: Holdings, rows: Ints, asked: Sequence[str], slices: Callable[[], Column | None]
) -> tuple[Column, ...]:
    """Give the columns that are asked for, or the usual ones, for these rows of the holdings.

    Args: asked: names of metadata columns, `source`, names of facts, `slices`; empty: what is usual.
        slices: cuts the rows into slices; called only where slices are wanted.
    Raises: MetadataError: columns that nobody knows; all are named, each with the nearest names.
    """
    makers = _makers(holdings, rows) | {SLICES: slices}
    names = [_known(name, makers) for name in asked]
    unknown = [name for name, found in zip(asked, names, strict=True) if found is None]
    if unknown:
        raise MetadataError("\n".join(_unknown(name, makers) for name in unknown))
    wanted = [name for name in names if name is not None] or _usual(holdings, rows, makers)
    made = [makers[name]() for name in dict.fromkeys(wanted)]
    return tuple(column for column in made if column is not None)


def _makers(holdings: Holdings, rows: Ints) -> dict[str, Callable[[], Column | None]]:
    """Give by name how each column is made."""
    samples = [holdings.dataset.samples[row] for row in rows]
    named = dict.fromkeys(name for sample in samples for name in sample.metadata)
    makers: dict[str, Callable[[], Column | None]] = {
        # A lambda's default has no type of its own.
        name: (lambda name=name: column_of(name, [s.metadata.get(name) for s in samples]))  # type: ignore[misc]
        for name in named
    }
    if any(sample.origin is not None for sample in samples):
        makers[SOURCE] = lambda: column_of(SOURCE, [s.origin for s in samples])
    facts = dict(zip(holdings.survey.looks.fact_names, holdings.survey.looks.facts[rows].T, strict=True))
    for name, parts in FACTS.items():
        if all(part in facts for part in parts):
            values: Floats = np.prod([facts[part].astype(np.float64) for part in parts], axis=0)
            # A lambda's default has no type of its own.
            makers.setdefault(name, lambda name=name, values=values: column_of_numbers(name, values))  # type: ignore[misc]
    return makers


def _usual(holdings: Holdings, rows: Ints, makers: Mapping[str, Callable[[], Column | None]]) -> list[str]:
    """Choose what is looked at unasked: where items come from, columns with few values, a few facts, slices."""
    facts = [name for name in USUAL_FACTS[holdings.dataset.kind] if name in makers]
    known = {*FACTS, SOURCE, SLICES}
    few = []
    for name in makers.keys() - known:
        column = makers[name]()
        if column is not None and 2 <= len(column.values) <= VALUES_MOST and not _is_label(column, holdings, rows):
            few.append(name)
    source = [SOURCE] if SOURCE in makers else []
    light = [] if facts else [name for name in ("brightness",) if name in makers]
    return [*source, *sorted(few)[:COLUMNS_MOST], *facts, *light, SLICES]


def _is_label(column: Column, holdings: Holdings, rows: Ints) -> bool:
    """Tell whether a column only repeats the label: then its groups are the classes."""
    labels = [holdings.dataset.samples[row].label for row in rows]
    cells = [column.values[code] if code >= 0 else None for code in column.codes.tolist()]
    return len(set(zip(labels, cells, strict=True))) <= len(set(labels))


def _known(name: str, makers: Mapping[str, object]) -> str | None:
    if name in makers:
        return name
    return columns.find(tuple(makers), [columns.plain(name)])


def _unknown(name: str, makers: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, makers, n=3, cutoff=0.4) or list(makers)
    return f"there is no column {name!r} for the groups. Nearest: {', '.join(near[:20])}. Name one of them."


def column_of(name: str, cells: Sequence[str | None]) -> Column:
    """Make a column of one cell per item; None and blanks are missing."""
    number: dict[str, int] = {}
    codes = [number.setdefault(cell.strip(), len(number)) if cell and cell.strip() else -1 for cell in cells]
    return Column(name=name, values=tuple(number), codes=np.array(codes, dtype=np.int64))


def column_of_numbers(name: str, values: Floats) -> Column:
    """Make a column of numbers (n,); what is not finite is missing."""
    form = SHARE_FORMAT if values.size and np.nanmax(values) <= 1 else NUMBER_FORMAT
    return column_of(name, [format(value, form) if np.isfinite(value) else None for value in values])
