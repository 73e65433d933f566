"""Read a table of texts, or of paths of pictures, with labels. Path: **source** -> dataset.

Rows stream through; what is kept is one `Sample` per row and its text. A row that cannot be used is a fault.
"""

from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from florilegium.errors import SourceError
from florilegium.source.base import Harvest, Known, Side, SourceSpec
from florilegium.source.gather import Gather, Pictures, Sentences
from florilegium.source.layout import Layout, layout_of, place, sides_in_column
from florilegium.source.rows import Faults, Rows
from florilegium.source.sides import SIDE_WORDS, TRAIN_WORDS, side_of_words
from florilegium.source.tablefile import ENDINGS, open_table
from florilegium.types import Progress

METADATA_STEMS = {"metadata", "provenance"}
FOLDER_ENDINGS = set(ENDINGS) - {".txt", ".json"}  # in a folder those two are notes more often than tables
TELL_EVERY = 10_000  # rows between two words of progress
MAX_SHARE_FAULTS = 0.5  # beyond this it is the table that is misread, not a few rows that are wrong


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a source that consists of tables."""

    path: Path
    side: Side | None = None


def read(path: Path, spec: SourceSpec, *, known: Known, progress: Progress) -> Harvest:
    """Read a table file, or a folder with train and test tables.

    Raises: SourceError: no usable row, or no column of contents or labels.  MetadataError: a named one is missing.
    """
    parts, notes = parts_of(path)
    first = open_table(parts[0].path, encoding=spec.encoding)
    layout, guessed = layout_of(first, spec)
    root = parts[0].path.parent
    gather: Gather = Pictures(root) if layout.is_path else Sentences()
    faults: list[Faults] = []
    for part in parts:
        rows = first if part is parts[0] else open_table(part.path, encoding=spec.encoding)
        sides, said = _sides(rows, layout, spec, part)
        faults.append(_pass(rows, layout, sides, gather, part=part, progress=progress))
        notes += [*rows.notes, *said]
    harvest = gather.finish(faults=faults, known=known, progress=progress)
    said_of_rows = [note for part in faults for note in part.notes()]
    found = Harvest(
        kind=harvest.kind,
        samples=harvest.samples,
        contents=harvest.contents,
        stamps=harvest.stamps,
        notes=tuple(dict.fromkeys((*notes, *guessed, *harvest.notes, *said_of_rows))),
        faults=tuple(chain.from_iterable(part.all() for part in faults)),
    )
    _refuse_mostly_faulty(path, found, n_faults=sum(part.n for part in faults))
    return found


def parts_of(path: Path) -> tuple[list[Part], list[str]]:
    """Give the tables that make up a source, and what to tell about it.

    Raises: SourceError: a folder with several tables that are not train and test.
    """
    if not path.is_dir():
        return [Part(path)], []
    tables = _tables_in(path)
    words = {stem: table for stem, table in tables.items() if stem in SIDE_WORDS}
    if words.keys() & TRAIN_WORDS and len(words) > 1:
        sides, said = side_of_words(words.keys(), what="file")
        return [Part(words[word], sides[word]) for word in sorted(words, key=_train_first)], said
    if len(tables) == 1:
        (only,) = tables.values()
        return [Part(only)], [f"{only.name} is the only table in the folder, so it is read."]
    raise SourceError(f"{path}: which of {', '.join(t.name for t in tables.values())}? Give the table itself.")


def holds_tables(path: Path) -> bool:
    """Tell whether a folder is a source of tables: train and test ones, or any and no class folder."""
    tables = _tables_in(path)
    words = tables.keys() & SIDE_WORDS
    if words & TRAIN_WORDS and len(words) > 1:
        return True
    return bool(tables) and not any(entry.is_dir() for entry in path.iterdir() if not entry.name.startswith("."))


def _tables_in(path: Path) -> dict[str, Path]:
    files = sorted(p for p in path.iterdir() if p.suffix.lower() in FOLDER_ENDINGS and not p.name.startswith("."))
    return {p.stem.casefold(): p for p in files if p.stem.casefold() not in METADATA_STEMS and p.is_file()}


def _train_first(word: str) -> tuple[bool, str]:
    return word not in TRAIN_WORDS, word


def _sides(rows: Rows, layout: Layout, spec: SourceSpec, part: Part) -> tuple[dict[str, Side], list[str]]:
    """Give the side of every word in the split column.

    A pass of its own over the table, because the side of validation hangs on whether there is a test anywhere.
    """
    number = place(rows, layout.split)
    if number is None or (part.side is not None and spec.split is None):
        return {}, []
    words = {cells[number].strip().casefold() for _, cells in rows.start(Faults(rows.path.name))} - {""}
    return sides_in_column(rows, number, words, was_named=spec.split is not None)


def _pass(
    rows: Rows, layout: Layout, sides: dict[str, Side], gather: Gather, *, part: Part, progress: Progress
) -> Faults:
    """Hand all rows of one table on."""
    faults = Faults(rows.path.name)
    take = gather.taker(rows, layout, faults)
    split = place(rows, layout.split) if sides else None
    n = 0
    for n, (line, cells) in enumerate(rows.start(faults), 1):
        take(line, cells, part.side if split is None else sides.get(cells[split].strip().casefold()))
        if n % TELL_EVERY == 0:
            progress("rows read", n, rows.n_rows)
    progress("rows read", n, n)
    return faults


def _refuse_mostly_faulty(path: Path, found: Harvest, *, n_faults: int) -> None:
    n = len(found.samples) + n_faults
    if found.samples and n_faults <= MAX_SHARE_FAULTS * n:
        return
    first = "; ".join(f"{fault.name}: {fault.reason}" for fault in found.faults[:3])
    raise SourceError(
        f"{path}: {n_faults:,} of {n:,} rows cannot be used{': ' + first if first else ''}. "
        "Expected one line per item, with as many cells as the header and a text or a path in each."
    )
