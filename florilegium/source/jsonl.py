"""Read JSON Lines: one object per line. Path: **source** -> dataset. Streams; a line that is no object is a fault."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from florilegium.errors import SourceError
from florilegium.source.encoding import encoding_of
from florilegium.source.names import without_surrogates
from florilegium.source.rows import MAX_CELL_CHARS, Faults, Row, Rows

PEEK_ROWS = 1000  # the columns are the keys of these
MAX_COLUMNS = 1000


def open_jsonl(path: Path, *, encoding: str | None) -> Rows:
    """Open a JSON Lines file.

    Raises: SourceError: it is one JSON document and not lines of them, or no line is an object.
    """
    found = encoding_of(path, wanted=encoding)
    columns: dict[str, None] = {}
    for _, record in islice(_objects(path, found.name, Faults("peek")), PEEK_ROWS):
        columns.update(dict.fromkeys(record))
    if not columns:
        with path.open(encoding=found.name, errors="replace") as file:
            begins = file.read(200).lstrip()[:1]
        cure = "It is one JSON array; part it with: jq -c '.[]' FILE > FILE.jsonl" if begins == "[" else ""
        raise SourceError(
            f'{path}: no line is a JSON object. Expected such lines: {{"text": "...", "label": "..."}}. {cure}'.rstrip()
        )
    names = tuple(columns)[:MAX_COLUMNS]

    def start(faults: Faults) -> Iterator[Row]:
        for line, record in _objects(path, found.name, faults):
            yield line, [cell_of(record.get(name)) for name in names]

    return Rows(path=path, columns=tuple(without_surrogates(n) for n in names), start=start, notes=found.notes)


def _objects(path: Path, encoding: str, faults: Faults) -> Iterator[tuple[int, dict[str, object]]]:
    with path.open(encoding=encoding, errors="replace") as file:
        number = 0
        while line := file.readline(MAX_CELL_CHARS):
            number += 1
            if len(line) == MAX_CELL_CHARS and not line.endswith("\n"):
                while (rest := file.readline(MAX_CELL_CHARS)) and not rest.endswith("\n"):
                    pass
                faults.add(number, f"the line is longer than {MAX_CELL_CHARS:,} characters")
            elif line.strip():
                found = _parsed(line, number, faults)
                if found is not None:
                    yield number, found


def _parsed(line: str, number: int, faults: Faults) -> dict[str, object] | None:
    try:
        found = json.loads(line)
    except ValueError as error:  # also of a number with more digits than Python converts
        faults.add(number, f"no JSON: {error}")
    except RecursionError:
        faults.add(number, "no JSON that can be read: it is nested too deep")
    else:
        if isinstance(found, dict):
            return found
        faults.add(number, "expected a JSON object in braces")
    return None


def cell_of(value: object) -> str:
    """Give a value as a table's cell: nothing is empty, text is itself, everything else is as JSON writes it.

    >>> cell_of(None), cell_of("a"), cell_of(3), cell_of(True), cell_of([1])
    ('', 'a', '3', 'true', '[1]')
    """
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return without_surrogates(text.replace("\0", ""))
