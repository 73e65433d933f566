"""Verdicts as plain dictionaries, for `--json` and for the store; and back. Path: **evaluation** -> store.

`verdict_from_dict(verdict_dict(verdict)) == verdict`. What is read back is checked field by field; a record of an
older version may lack newer fields, one of a newer version may have more.
"""

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from types import NoneType
from typing import get_args, get_origin, get_type_hints

from florilegium.errors import StorageError
from florilegium.evaluation.values import Score, Verdict


def verdict_dict(verdict: Verdict) -> dict[str, object]:
    """Give all of a verdict as strings, numbers, lists and dictionaries; every score has its `accuracy` beside it."""
    plain = _plain(verdict)
    if not isinstance(plain, dict):  # pragma: no cover - a dataclass always becomes a dictionary; this tells mypy
        raise TypeError(type(plain))
    return plain | {"n_openings": verdict.opening}


def _plain(value: object) -> object:
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if is_dataclass(value):
        named = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        return named | {"accuracy": value.accuracy} if isinstance(value, Score) else named
    return value


def verdict_from_dict(record: Mapping[str, object]) -> Verdict:
    """Give the verdict that `verdict_dict` wrote down.

    Raises: StorageError: a field is missing or holds something else; the message names it.
    """
    verdict = _read(Verdict, record, "verdict")
    if not isinstance(verdict, Verdict):  # pragma: no cover - _read gives what it was asked for; this tells mypy
        raise TypeError(type(verdict))
    return verdict


def _read(kind: object, value: object, where: str) -> object:
    """Give `value` as `kind`, or say where it is something else."""
    if is_dataclass(kind) and isinstance(kind, type):
        return _read_fields(kind, value, where)
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise _odd(where, value, "a list")
        return tuple(_read(get_args(kind)[0], each, f"{where}[{i}]") for i, each in enumerate(value))
    if NoneType in get_args(kind):
        return None if value is None else _read(get_args(kind)[0], value, where)
    return _read_plain(kind, value, where)


def _read_fields(kind: type, value: object, where: str) -> object:
    if not isinstance(value, Mapping):
        raise _odd(where, value, "a dictionary")
    hints = get_type_hints(kind)
    given = {}
    for field in fields(kind):
        if field.name in value:
            given[field.name] = _read(hints[field.name], value[field.name], f"{where}.{field.name}")
        elif field.default is MISSING and field.default_factory is MISSING:
            raise _odd(f"{where}.{field.name}", None, "a value; the field is missing")
    return kind(**given)


def _read_plain(kind: object, value: object, where: str) -> object:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind is float and number and isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    if kind in (int, str, bool) and type(value) is kind:
        return value
    if isinstance(kind, type) and issubclass(kind, StrEnum) and value in list(kind):
        return kind(str(value))
    raise _odd(where, value, getattr(kind, "__name__", str(kind)))


def _odd(where: str, value: object, expected: str) -> StorageError:
    found = f"{where} is {repr(value)[:60]}, expected {expected}"
    return StorageError(
        f"the recorded verdict is damaged: {found}. Restore florilegium.db from a copy, or train again."
    )
