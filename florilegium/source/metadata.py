"""Join metadata tables to pictures by file name. Path: **source** -> dataset."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from florilegium.errors import MetadataError, SourceError
from florilegium.source import columns
from florilegium.source.base import Harvest, Sample, Side, SourceSpec
from florilegium.source.gather import label_of_cell
from florilegium.source.layout import Chooser, place, sides_in_column
from florilegium.source.matching import Matching
from florilegium.source.rows import Extras, Faults, Rows
from florilegium.source.sides import SIDE_WORDS
from florilegium.source.tablefile import open_table

NAMES = ("metadata.csv", "metadata.tsv", "metadata.jsonl", "metadata.parquet", "provenance.csv")
MAX_NAMED = 3  # examples in a note


def beside(root: Path) -> tuple[Path, ...]:
    """Give the metadata tables that lie with the pictures: at the top, and in train, val and test folders."""
    folders = [root, *sorted(p for p in root.iterdir() if p.name.casefold() in SIDE_WORDS and p.is_dir())]
    tables = [[folder / name for name in NAMES if (folder / name).is_file()] for folder in folders]
    return tuple(found[0] for found in tables if found)


def join(harvest: Harvest, spec: SourceSpec, tables: Sequence[Path], *, root: Path) -> Harvest:
    """Give the harvest with label, group, origin, licence, side and further columns of the tables.

    A class folder's name stays the label, unless the spec names a label column or no picture lies in a class folder.
    Raises: MetadataError: no column names the file, a named column is missing, or no row fits any picture.
    """
    by_folder = spec.label is None and any(sample.label is not None for sample in harvest.samples)
    has_sides = any(sample.side is not None for sample in harvest.samples)
    matching = Matching([sample.name for sample in harvest.samples])
    for table in tables:
        try:
            rows = open_table(table, encoding=spec.encoding)
        except SourceError as error:
            raise MetadataError(f"{error} It was to be read as metadata of {root}.") from error
        found, guessed = _choose(rows, spec, by_folder=by_folder, has_sides=has_sides)
        below = table.parent.relative_to(root).as_posix() if table.parent.is_relative_to(root) else "."
        joined = _match(rows, found, matching, prefix="" if below == "." else f"{below}/")
        if not joined.rows:
            raise MetadataError(_nothing_fits(rows, found, joined, harvest))
        harvest = _enriched(harvest, rows, found, joined, spec)
        notes = (*rows.notes, *guessed, *_told(table.name, joined, found.labels_unused, rows, harvest))
        harvest = replace(harvest, notes=(*harvest.notes, *notes), faults=(*harvest.faults, *joined.faults.all()))
    return harvest


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """Which column is what; None: there is none."""

    key: int  # names the file
    label: int | None
    group: int | None
    origin: int | None
    licence: int | None
    split: int | None
    extras: tuple[int, ...]
    labels_unused: int | None  # a label column that gives way to the class folders


@dataclass(slots=True)
class _Join:
    """What the rows of one table came to."""

    faults: Faults
    rows: dict[int, list[str]] = field(default_factory=dict)  # number of the sample -> the cells of its row
    lost: list[str] = field(default_factory=list)  # file names that fit no picture
    vague: list[str] = field(default_factory=list)  # file names that fit several
    n_again: int = 0  # rows about a picture that has one already


def _choose(rows: Rows, spec: SourceSpec, *, by_folder: bool, has_sides: bool) -> tuple[_Columns, list[str]]:
    chooser = Chooser.of(rows)
    key = columns.find(chooser.free, columns.PATHS) or next(
        (name for name in chooser.free if columns.looks_like_paths(chooser.cells[name])), None
    )
    if key is None:
        raise MetadataError(
            f"{rows.path}: no column names the file; it has {', '.join(rows.columns[:20])}. Call one of them file_name."
        )
    chooser.taken.append(key)
    found = chooser.choose(spec, labels=() if by_folder else columns.LABELS, splits=() if has_sides else columns.SPLITS)
    unused = columns.find(chooser.free, columns.LABELS) if by_folder else None
    numbers = {what: None if name is None else rows.columns.index(name) for what, name in found.items()}
    extras = tuple(i for i, name in enumerate(rows.columns) if name not in chooser.taken)
    key_number = rows.columns.index(key)
    return _Columns(key=key_number, extras=extras, labels_unused=place(rows, unused), **numbers), chooser.notes


def _match(rows: Rows, found: _Columns, matching: Matching, *, prefix: str) -> _Join:
    joined = _Join(Faults(rows.path.name))
    for line, cells in rows.start(joined.faults):
        name = cells[found.key].strip()
        fits = matching.fitting(name, prefix=prefix) if name else []
        if not name:
            joined.faults.add(line, f"column {rows.columns[found.key]!r} is empty, so the row is about no picture")
        elif len(fits) != 1:
            (joined.vague if fits else joined.lost).append(name)
        elif fits[0] in joined.rows:
            joined.n_again += 1
        else:
            joined.rows[fits[0]] = cells
    return joined


def _nothing_fits(rows: Rows, found: _Columns, joined: _Join, harvest: Harvest) -> str:
    example = next(iter([*joined.lost, *joined.vague]), None)
    return (
        f"{rows.path}: none of its rows fits a picture. Column {rows.columns[found.key]!r} holds "
        f"{'nothing' if example is None else f'names such as {example!r}'}; the pictures are called as "
        f"{harvest.samples[0].name!r}. Correct the column, or give another table with --metadata FILE."
    )


def _enriched(harvest: Harvest, rows: Rows, found: _Columns, joined: _Join, spec: SourceSpec) -> Harvest:
    split = found.split
    words = set() if split is None else {cells[split].strip().casefold() for cells in joined.rows.values()}
    sides, said = sides_in_column(rows, split, words, was_named=spec.split is not None)
    extra_columns = tuple(rows.columns[i] for i in found.extras)
    samples = tuple(
        _with(sample, joined.rows[i], found, extra_columns, sides) if i in joined.rows else sample
        for i, sample in enumerate(harvest.samples)
    )
    return replace(harvest, samples=samples, notes=(*harvest.notes, *said))


def _with(
    sample: Sample, cells: list[str], found: _Columns, extra_columns: tuple[str, ...], sides: dict[str, Side]
) -> Sample:
    def cell(number: int | None, otherwise: str | None) -> str | None:
        return otherwise if number is None else cells[number].strip() or otherwise

    label = None if found.label is None else label_of_cell(cells[found.label])
    return replace(
        sample,
        label=sample.label if label is None else label,
        group=cell(found.group, sample.group),
        origin=cell(found.origin, sample.origin),
        licence=cell(found.licence, sample.licence),
        side=sample.side if found.split is None else sides.get(cells[found.split].strip().casefold(), sample.side),
        metadata=Extras(extra_columns, [cells[i] for i in found.extras]),
    )


def _told(name: str, joined: _Join, labels_unused: int | None, rows: Rows, harvest: Harvest) -> list[str]:
    told = [f"{name}: {len(joined.rows):,} of {len(harvest.samples):,} pictures have a row."]
    for names, what in ((joined.lost, "fit no picture"), (joined.vague, "could mean several pictures; write the path")):
        if names:
            more = ", ..." if len(names) > MAX_NAMED else ""
            told.append(f"{name}: {len(names):,} rows {what} ({', '.join(names[:MAX_NAMED])}{more}).")
    if joined.n_again:
        told.append(
            f"{name}: {joined.n_again:,} rows are about a picture that has a row already; the first one counts."
        )
    if labels_unused is not None:
        pairs = [(cells[labels_unused].strip(), harvest.samples[i].label) for i, cells in joined.rows.items()]
        n = sum(said not in ("", label) for said, label in pairs)
        column = rows.columns[labels_unused]
        if 0 < n < len(pairs):  # where all differ, the column speaks of something else
            told.append(f"{name}: {n:,} rows name another class in {column!r} than the folder does; the folder counts.")
    return told
