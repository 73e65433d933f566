"""Write the record of labels as CSV or JSON lines, one event per line. Path: report -> **export**."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from florilegium.export.labels.record import Labelled, Written, count, row_of, write_whole
from florilegium.source.labels.said import COLUMNS, guarded

TEXT = "text"  # one more column where the items are texts


def write_csv(items: Sequence[Labelled], path: Path, *, force: bool = False) -> Written:
    """Write one line per label event; cells that a spreadsheet would run as formulas get an apostrophe.

    Raises: SettingError: the file is there already.  StorageError: it cannot be written.
    """
    write_whole({path: _lines(items)}, force=force)
    return Written(path=path, n_items=len(items), n_events=count(items))


def _lines(items: Sequence[Labelled]) -> Iterator[str]:
    with_text = any(item.text is not None for item in items)
    names = (*COLUMNS, TEXT) if with_text else COLUMNS
    yield _line(names)
    for item in items:
        for event in item.events:
            cells = [
                str(value).lower() if isinstance(value, bool) else guarded(value or "")
                for value in row_of(item, event).values()
            ]
            yield _line([*cells, guarded(item.text or "")] if with_text else cells)


def _line(cells: Sequence[str]) -> str:
    buffer = io.StringIO(newline="")
    # Every line ends as RFC 4180 wants it; a lone carriage return in a cell makes csv put quotes around it.
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()


def write_jsonl(items: Sequence[Labelled], path: Path, *, force: bool = False) -> Written:
    """Write one JSON object per label event.

    Raises: SettingError: the file is there already.  StorageError: it cannot be written.
    """
    lines = (
        json.dumps(row_of(item, event) | ({} if item.text is None else {TEXT: item.text}), ensure_ascii=False) + "\n"
        for item in items
        for event in item.events
    )
    write_whole({path: lines}, force=force)
    return Written(path=path, n_items=len(items), n_events=count(items))
