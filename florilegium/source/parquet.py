"""Read Parquet, batch by batch. Path: **source** -> dataset.

Numbers that stand for class names, as Hugging Face keeps them, become those names.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from florilegium.errors import SourceError
from florilegium.source.jsonl import cell_of
from florilegium.source.rows import Faults, Row, Rows

BATCH_ROWS = 1024


def open_parquet(path: Path) -> Rows:
    """Open a Parquet file.

    Raises: SourceError: it is none, or it is damaged.
    """
    import pyarrow as pa  # a quarter of a second, and only this format needs it
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            schema, n_rows = file.schema_arrow, file.metadata.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SourceError(
            f"{path}: not a Parquet file that can be read ({_brief(error)}). Write it again, or use CSV."
        ) from error
    class_names = _class_names(schema.metadata or {})
    # Bytes are pictures packed into the table; they are not read, and told apart from text by being left empty.
    packed = {field.name for field in schema if pa.types.is_binary(field.type) or pa.types.is_nested(field.type)}
    notes = [f"{path.name}: the numbers in {name!r} stand for {len(c)} class names." for name, c in class_names.items()]

    def start(faults: Faults) -> Iterator[Row]:
        del faults  # a Parquet file is right as a whole or not at all
        return _stream(path, tuple(schema.names), packed, class_names)

    return Rows(path=path, columns=tuple(schema.names), start=start, notes=tuple(notes), n_rows=n_rows)


def _stream(
    path: Path, columns: tuple[str, ...], packed: set[str], class_names: Mapping[str, tuple[str, ...]]
) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for number, cells in _rows(file, columns, packed):
                yield number, [_cell(cell, class_names.get(name)) for name, cell in zip(columns, cells, strict=True)]
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"{path}: the Parquet file is damaged ({_brief(error)}). Write it again.") from error


def _rows(file: Any, columns: tuple[str, ...], packed: set[str]) -> Iterator[tuple[int, tuple[object, ...]]]:  # noqa: ANN401 - pyarrow has no types
    wanted = [name for name in columns if name not in packed]
    number = 0
    for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=wanted):
        found = dict(zip(wanted, (column.to_pylist() for column in batch.columns), strict=True))
        empty = [None] * batch.num_rows
        for cells in zip(*(found.get(name, empty) for name in columns), strict=True):
            number += 1
            yield number, cells


def _cell(value: object, class_names: tuple[str, ...] | None) -> str:
    if class_names is not None and isinstance(value, int) and not isinstance(value, bool):
        return class_names[value] if 0 <= value < len(class_names) else ""  # -1: not labelled
    return cell_of(value)


def _class_names(metadata: Mapping[bytes, bytes]) -> dict[str, tuple[str, ...]]:
    """Read what Hugging Face's `datasets` writes about its columns; anything unexpected there counts as nothing."""
    try:
        features = json.loads(metadata.get(b"huggingface", b"{}"))["info"]["features"]
        return {
            str(name): tuple(str(label) for label in feature["names"])
            for name, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _brief(error: BaseException) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
