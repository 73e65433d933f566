"""Read a table of replies: CSV, TSV, JSON lines, Parquet or TOML. Path: **source** -> queries.

Every fault is found and named with its file, its line and its cure; nothing is guessed about what a reply says.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from florilegium.errors import MetadataError, SourceError
from florilegium.source import columns
from florilegium.source.base import Fault
from florilegium.source.names import without_surrogates
from florilegium.source.rows import Faults
from florilegium.source.tablefile import open_table

INTENTS = ("intent", *columns.LABELS)
REPLIES = ("reply", "answer", "response", "text", "message")
LANGUAGES = ("language", "lang", "locale")
MOST_BYTES = 32 << 20  # of a TOML file, which is read whole
MOST_ROWS = 100_000
EXPECTED = 'Expected tables such as: [[reply]] intent = "card_arrival" text = "Hello {name}, ..."'


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRow:
    """One row as it stands in the file."""

    where: str  # file and line, or file and number of the entry
    intent: str
    text: str
    language: str
    values: Mapping[str, str]  # other columns: what they are called -> what they hold


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyFile:
    """What a file of replies holds."""

    rows: tuple[ReplyRow, ...]
    notes: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


def read_replies(path: Path) -> ReplyFile:
    """Read a file of replies.

    Raises: SourceError: it is no table.  MetadataError: no column holds the intent or the reply.
    """
    return _toml(path) if path.suffix.lower() == ".toml" else _table(path)


def _table(path: Path) -> ReplyFile:
    rows = open_table(path)
    found: dict[str, str] = {}
    for what, usual in (("intent", INTENTS), ("text", REPLIES), ("language", LANGUAGES)):
        if column := columns.find(rows.columns, usual, taken=tuple(found.values())):
            found[what] = column
    if missing := [{"text": "reply"}.get(what, what) for what in ("intent", "text") if what not in found]:
        raise MetadataError(
            f"{path}: no column holds the {' and the '.join(missing)}; it has {', '.join(rows.columns[:20])}. "
            "Name the columns intent and reply (and language, and link where an intent has its own)."
        )
    faults, read = Faults(path.name), list[ReplyRow]()
    place = {name: number for number, name in enumerate(rows.columns)}
    for line, cells in rows.start(faults):
        if len(read) >= MOST_ROWS:
            raise SourceError(f"{path}: more than {MOST_ROWS:,} replies. Part the file and import the parts.")
        cell = {name: cells[number] for name, number in place.items()}
        own = {what: cell.pop(column) for what, column in found.items()}
        if any(value.strip() for value in own.values()):
            read.append(_row(f"{path.name} line {line:,}", own, cell))
    return ReplyFile(rows=tuple(read), notes=rows.notes, faults=faults.all())


def _row(where: str, own: Mapping[str, str], others: Mapping[str, str]) -> ReplyRow:
    values = {name.strip().casefold(): value.strip() for name, value in others.items() if value.strip()}
    return ReplyRow(
        where=where,
        intent=own["intent"].strip(),
        text=own["text"].strip(),
        language=own.get("language", "").strip(),
        values=values,
    )


def _toml(path: Path) -> ReplyFile:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise SourceError(f"{path}: larger than {MOST_BYTES >> 20} MiB. Part the file and import the parts.")
        found: Any = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise SourceError(f"{path}: no such file. {EXPECTED}") from error
    except OSError as error:
        raise SourceError(f"{path}: it cannot be read ({error.strerror}). Check its permissions.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SourceError(f"{path}: not valid TOML: {error}. {EXPECTED}") from error
    faults = Faults(path.name)
    rows = tuple(_of_entries(path.name, found.get("reply", found), faults))
    if not rows and not faults.n:
        raise MetadataError(f"{path}: no reply in it. {EXPECTED}")
    return ReplyFile(rows=rows, faults=faults.all())


def _of_entries(name: str, found: object, faults: Faults) -> Iterator[ReplyRow]:
    """Give the entries of [[reply]] tables, or of plain lines intent = "reply"."""
    if isinstance(found, dict):
        found = [
            {"intent": intent, **(one if isinstance(one, dict) else {"text": one})} for intent, one in found.items()
        ]
    for number, entry in enumerate(found if isinstance(found, list) else [], 1):
        # A reply is called text or reply here, as in a table.
        cell = dict(entry) if isinstance(entry, dict) else {}
        text = cell.pop("text", None) or cell.pop("reply", None)
        own = {"intent": cell.pop("intent", ""), "text": text, "language": cell.pop("language", "")}
        if not all(isinstance(value, str) for value in (*own.values(), *cell.values())):
            faults.add(number, "expected text for intent, text and language (the number counts the entries)")
            continue
        clean = {what: without_surrogates(str(value)) for what, value in own.items()}
        yield _row(f"{name} entry {number:,}", clean, {key: str(value) for key, value in cell.items()})
