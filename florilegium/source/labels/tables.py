"""Read labels from a table, or from the metadata of an ImageFolder. Path: **source** -> dataset.

CSV, TSV, JSON lines and Parquet are read. A table of ours holds the whole record, a stranger's at least a name (or a
text) and a label. Rows are never applied here; what cannot be read is a fault.
"""

import codecs
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from florilegium.errors import MetadataError, SourceError
from florilegium.source import columns
from florilegium.source.delimited import OURS, open_delimited
from florilegium.source.hashing import MAX_FILE_BYTES, sha256_of
from florilegium.source.jsonl import cell_of
from florilegium.source.labels.said import COLUMNS, MOST_LABELS, LabelFile, Said, moment_of, unguarded, yes_or_no
from florilegium.source.rows import Faults, Rows
from florilegium.source.tablefile import open_table

ITEMS = ("item", *columns.PATHS, "name", "id")
METADATA = ("metadata.jsonl", "metadata.csv", "metadata.parquet")  # as the `datasets` library looks for them
USUAL: Mapping[str, tuple[str, ...]] = {
    "item": ITEMS,
    "sha256": ("sha256", "sha_256"),
    "label": columns.LABELS,
    "removed": ("removed",),
    "who": ("who", "annotator", "labeller", "labeler", "annotated_by", "user"),
    "at": ("at", "annotated_at", "updated_at", "created_at", "timestamp"),
    "why": ("why", "reason"),
    "suggested": ("suggested",),
    "suggestion": ("suggestion",),
    "text": columns.TEXTS,
    "history": ("history",),
    "file_name": ("file_name",),
}
Cells = Mapping[str, str]


def read_table(path: Path, *, field: str | None = None, encoding: str | None = None) -> LabelFile:
    """Read a table of labels.

    Raises: SourceError: it is no table.  MetadataError: no column holds the label, or none says which item is meant.
    """
    rows = _open(path, encoding)
    return _read(rows, field=field, hash_of=None)


def read_imagefolder(path: Path, *, field: str | None = None) -> LabelFile:
    """Read the metadata of an ImageFolder; pictures in it that it does not know by hash are hashed, none is opened.

    Raises: SourceError: no such folder, or no metadata in it.  MetadataError: as `read_table`.
    """
    folder = path if path.is_dir() else path.parent
    tables = [path] if not path.is_dir() else [path / name for name in METADATA if (path / name).is_file()]
    if not tables or not tables[0].exists():
        raise SourceError(
            f"{path}: no {METADATA[0]} in it. Expected an ImageFolder: pictures and one line of JSON for each, with "
            "file_name and label. A folder of class folders is a source of its own: florilegium new DIR FOLDER"
        )
    root = folder.resolve()

    def hash_of(name: str) -> str | None:
        place = (folder / name).resolve()
        # A link out of the folder, or a way up, leads to what the folder does not hold; it is not followed.
        if not place.is_relative_to(root) or not place.is_file() or place.stat().st_size > MAX_FILE_BYTES:
            return None
        return sha256_of(place)

    return _read(_open(tables[0], None), field=field, hash_of=hash_of)


def _open(path: Path, encoding: str | None) -> Rows:
    """Open a table; one that begins with our own header is never guessed about."""
    header = ",".join(COLUMNS).encode()
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(len(codecs.BOM_UTF8) + len(header))
        if head.removeprefix(codecs.BOM_UTF8).startswith(header):
            return open_delimited(path, encoding=encoding, dialect=OURS)
    return open_table(path, encoding=encoding)


def _read(rows: Rows, *, field: str | None, hash_of: Callable[[str], str | None] | None) -> LabelFile:
    found = _columns(rows, field)
    ours = set(COLUMNS) <= set(rows.columns)
    undo = unguarded if ours and rows.path.suffix.lower() in {".csv", ".tsv"} else str
    faults, n_blank = Faults(rows.path.name), 0
    said: list[Said] = []
    for line, cells in rows.start(faults):
        if len(said) >= MOST_LABELS:
            raise SourceError(f"{rows.path}: more than {MOST_LABELS:,} labels. Part the file and import the parts.")
        row = {name: undo(cells[number]) for name, number in found.items()}
        try:
            of_row = list(_of_row(row, f"{rows.path.name} line {line:,}", hash_of))
        except ValueError as error:
            faults.add(line, str(error))
            continue
        said += of_row
        n_blank += not of_row
    return LabelFile(said=tuple(said), in_order=ours, notes=rows.notes, faults=faults.all(), n_blank=n_blank)


def _columns(rows: Rows, field: str | None) -> dict[str, int]:
    """Find the columns: our own by their exact name, others by usual names."""
    taken: dict[str, str] = {name: name for name in (*COLUMNS, "text", "history", "file_name") if name in rows.columns}
    if field is not None:
        taken["label"] = columns.named(rows.columns, field, where=rows.path.name, what="label")
    for name, usual in USUAL.items():
        if name not in taken and (column := columns.find(rows.columns, usual, taken=tuple(taken.values()))):
            taken[name] = column
    has = ", ".join(rows.columns[:20])
    if "label" not in taken:
        raise MetadataError(f"{rows.path}: no column holds the label; it has {has}. Name one with --label COLUMN.")
    if not taken.keys() & {"item", "sha256", "text", "file_name"}:
        raise MetadataError(
            f"{rows.path}: no column says which item is meant; it has {has}. Call one of them item (the name, as the "
            "audit prints it), file_name, sha256 or text."
        )
    return {name: rows.columns.index(column) for name, column in taken.items()}


def _of_row(row: Cells, where: str, hash_of: Callable[[str], str | None] | None) -> Iterator[Said]:
    """Give what one row says: what was said before, then what counts now; nothing where there is no label."""
    names = tuple(dict.fromkeys(row[key] for key in ("item", "file_name") if row.get(key)))
    sha256 = row.get("sha256") or None
    if sha256 is None and row.get("text"):
        sha256 = hashlib.sha256(row["text"].encode("utf-8", "replace")).hexdigest()
    if sha256 is None and hash_of is not None and row.get("file_name"):
        sha256 = hash_of(row["file_name"])
    if not names and sha256 is None:
        raise ValueError("it names no item; write its name, or delete the row")
    for older in _history(row.get("history", "")):
        yield from _said(older, where, names, sha256)
    yield from _said(row, where, names, sha256)


def _said(row: Cells, where: str, names: tuple[str, ...], sha256: str | None) -> Iterator[Said]:
    removed = yes_or_no(row.get("removed", ""))
    label = row.get("label") or None
    if label is not None and not label.strip():
        label = None
    if removed and label is not None:
        raise ValueError(f"it is removed and has the label {label[:40]!r}; it can be only one of the two")
    if label is None and not removed:
        return
    yield Said(
        where=where,
        names=names,
        sha256=sha256,
        label=label,
        who=row.get("who") or None,
        at=moment_of(row.get("at", "")),
        why=row.get("why"),
        suggested=yes_or_no(row.get("suggested", "")),
        suggestion=row.get("suggestion") or None,
    )


def _history(cell: str) -> Sequence[Cells]:
    """Read what was said of an item before, as our own ImageFolder writes it."""
    if not cell:
        return ()
    try:
        found: Any = json.loads(cell)
    except (ValueError, RecursionError) as error:
        raise ValueError("its history cannot be read as JSON; expected a list of objects") from error
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ValueError("its history is no list of objects")
    return [{str(key): cell_of(value) for key, value in one.items()} for one in found]
