"""Values of a table's columns as plain JSON, and back. Path: **store** (used by its rows). Touches no database.

A moment is text in UTC, bytes are base64. What is read back may come from a stranger: each value is held to its column.
"""

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Float, Integer, LargeBinary, String

from florilegium.store.schema import Moment

BIGGEST = 1 << 63  # of a whole number, on SQLite and as PostgreSQL's bigint


def to_plain(kind: Any, value: Any) -> Any:  # noqa: ANN401 - a column's type decides
    """Give a value as JSON has it; None stays None."""
    if isinstance(value, datetime):
        return (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)).isoformat()
    if isinstance(kind, LargeBinary) and value is not None:
        return base64.b64encode(value).decode("ascii")
    return value


def from_plain(column: Column[Any], row: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a column's type decides
    """Give what a column is to hold, of a row of plain values.

    Raises: ValueError: the value is not of the column's kind.
    """
    if column.name not in row:
        return None
    value = row[column.name]
    if isinstance(column.type, JSON):
        return JSON.NULL if value is None else value
    read = next((read for kind, read in _READERS if isinstance(column.type, kind)), None)
    if read is None or value is None:
        raise ValueError(f"{column.table.name}.{column.name}: {str(value)[:60]!r} is nothing that it can hold")
    try:
        return read(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"{column.table.name}.{column.name}: {str(value)[:60]!r} {error}") from error


def _exactly(*kinds: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:  # noqa: ANN401 - it is what is asked
        if type(value) not in kinds:
            raise ValueError(f"is no {kinds[0].__name__}")
        return value

    return read


def _whole(value: Any) -> int:  # noqa: ANN401 - it is what is asked
    number: int = _exactly(int)(value)
    if not -BIGGEST <= number < BIGGEST:
        raise ValueError("is out of range")
    return number


def _number(value: Any) -> float:  # noqa: ANN401 - it is what is asked
    return float(_exactly(float, int)(value))


def _text(value: Any) -> str:  # noqa: ANN401 - it is what is asked
    said: str = _exactly(str)(value)
    said.encode("utf-8")  # half a character of UTF-16 is no text
    return said


def _moment(value: Any) -> datetime:  # noqa: ANN401 - it is what is asked
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError("has no time zone")
    return found.astimezone(UTC)


def _bytes(value: Any) -> bytes:  # noqa: ANN401 - it is what is asked
    return base64.b64decode(value, validate=True)


_READERS: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (Boolean, _exactly(bool)),
    (Moment, _moment),
    (LargeBinary, _bytes),
    (Integer, _whole),
    (Float, _number),
    (String, _text),
)
