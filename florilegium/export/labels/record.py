"""What is written of one item's labels, and how a file takes its place. Path: report -> **export**."""

import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from florilegium.dataset import LabelEvent
from florilegium.errors import SettingError, StorageError
from florilegium.source.base import Sample
from florilegium.source.labels.said import COLUMNS


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """An item with all that was ever said of its label, oldest first."""

    sample: Sample
    events: tuple[LabelEvent, ...]
    text: str | None = None  # None: a picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What an export wrote."""

    path: Path
    n_items: int
    n_events: int
    notes: tuple[str, ...] = ()  # what to know or to do next


def row_of(item: Labelled, event: LabelEvent) -> dict[str, str | bool | None]:
    """Give one label event as the columns of a table."""
    values = (
        item.sample.name,
        item.sample.sha256,
        event.label,
        event.label is None,
        event.who,
        event.at.isoformat(),
        event.why,
        event.suggested,
        event.suggestion,
    )
    return dict(zip(COLUMNS, values, strict=True))


def count(items: Iterable[Labelled]) -> int:
    """Count the events of all items."""
    return sum(len(item.events) for item in items)


def write_whole(files: Mapping[Path, Iterable[str]], *, force: bool) -> None:
    """Write text files so that each is there whole or not at all, in UTF-8 with line ends as given.

    Args: files: path -> pieces of its text.  force: take the place of files that are there.
    Raises: SettingError: a file is there already.  StorageError: it cannot be written.
    """
    there = [path for path in files if path.exists()]
    if there and not force:
        raise SettingError(f"{there[0]}: there already. Name another file, or add --force to replace it.")
    for path, pieces in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            number, beside = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
            try:
                with os.fdopen(number, "w", encoding="utf-8", newline="") as file:
                    file.writelines(pieces)
                    file.flush()
                    os.fsync(file.fileno())
                Path(beside).chmod(0o644)  # mkstemp makes it readable by its owner only
                Path(beside).replace(path)
            finally:
                Path(beside).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{path}: {error.strerror}. Make room, or name a place you may write to.") from error
