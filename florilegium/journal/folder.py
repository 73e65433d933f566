"""A journal's folder: chapters, pictures and `journal.toml`. Path: chapter -> **folder** -> site.

Reads everything and complains once. Writes a chapter only where none is, or where no person has touched it.
"""

import json
import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from types import MappingProxyType
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from florilegium.errors import InputError, SettingError, StorageError
from florilegium.journal import chapter as chapters
from florilegium.journal.chapter import Chapter

FILE_NAME = "journal.toml"
PICTURES = "pictures"
RESERVED = frozenset({"index", "tags", "search", "feed"})  # pages of the site
NOT_CHAPTERS = frozenset({"readme.md"})
KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSettings:
    """What can be chosen about a journal."""

    title: str = "Learning journal"
    author: str = ""  # stands in the feed and at the foot of pages; empty: nobody is named
    zone: str = ""  # of the learner, such as Europe/Berlin; empty: this machine's
    address: str = ""  # where the site lives, such as https://me.example/journal/; the feed's links need it
    id: str = ""  # names the feed for good
    projects: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # short name -> folder

    @property
    def tz(self) -> tzinfo | None:
        """Give the learner's time zone; None is this machine's, summer time included."""
        return ZoneInfo(self.zone) if self.zone else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """A journal as it stands in its folder."""

    folder: Path
    settings: JournalSettings
    chapters: tuple[Chapter, ...]  # the oldest first
    faults: tuple[str, ...]  # chapters that cannot be read, each with file, line, field and cure


def read_journal(folder: Path) -> Journal:
    """Read a journal; chapters that cannot be read are named in its `faults`.

    Raises: InputError: no journal is there.  SettingError: its settings are faulty.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no journal here. Begin one with: florilegium journal new -j {folder}")
    settings = read_settings(folder)
    faults: list[str] = []
    found = [_read(path, faults) for path in chapter_paths(folder)]
    kept = sorted((c for c in found if c is not None), key=lambda c: (c.head.date, c.name))
    return Journal(folder=folder, settings=settings, chapters=tuple(kept), faults=tuple(faults))


def sound(journal: Journal) -> Journal:
    """Give the journal back where all its chapters could be read.

    Raises: InputError: some could not; all faults at once.
    """
    if journal.faults:
        n = len(journal.faults)
        raise InputError(f"{n} fault{'s' if n > 1 else ''} in {journal.folder}:\n" + "\n".join(journal.faults))
    return journal


def chapter_paths(folder: Path) -> list[Path]:
    """Give the files that are chapters: Markdown at the top of the folder, but for README.md and _names."""
    return sorted(
        path
        for path in folder.glob("*.md")
        if path.is_file() and not path.name.startswith(("_", ".")) and path.name.lower() not in NOT_CHAPTERS
    )


def _read(path: Path, faults: list[str]) -> Chapter | None:
    name = path.name
    if path.stem.lower() in RESERVED or path.stem.lower().startswith("tag-"):
        faults.append(f"{name}:1: a page of the site has this name; call the chapter otherwise, such as 2026-11-30.md")
        return None
    try:
        if path.stat().st_size > chapters.MAX_BYTES:
            faults.append(f"{name}:1: more than {chapters.MAX_BYTES:,} bytes; divide it into several chapters")
            return None
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        faults.append(f"{name}: byte {error.start} is not UTF-8; save the file as UTF-8")
        return None
    except OSError as error:
        faults.append(f"{name}: {error.strerror}; check that you may read it")
        return None
    return chapters.parse(text, file=name, faults=faults)


def read_settings(folder: Path) -> JournalSettings:
    """Read `journal.toml`; a folder without one has the defaults.

    Raises: SettingError: the file is not TOML, a key or value is unknown; all faults at once.
    """
    path = folder / FILE_NAME
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return JournalSettings()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"{path}: not valid TOML: {error}. Correct the line.") from error
    known = set(JournalSettings.__dataclass_fields__)
    faults = [f"{key}: no such setting" for key in values if key not in known]
    faults += [
        f"{key} = {value!r}: expected text"
        for key, value in values.items()
        if key != "projects" and type(value) is not str
    ]
    projects = values.get("projects", {})
    if not isinstance(projects, dict) or not all(KEY.fullmatch(k) and type(v) is str for k, v in projects.items()):
        faults.append('projects: expected lines such as flowers = "../flowers", names of small letters, digits and -')
    if not faults:
        faults = _faulty(values)
    if faults:
        raise SettingError(f"{path}: {'; '.join(faults)}. What may stand there: docs/journal.md")
    return JournalSettings(**{**values, "projects": MappingProxyType(dict(projects))})


def _faulty(values: Mapping[str, str]) -> list[str]:
    faults = []
    try:
        ZoneInfo(values.get("zone") or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        faults.append(f"zone = {values['zone']!r}: no such time zone; expected a name such as Europe/Berlin")
    address = values.get("address", "")
    if address and not re.fullmatch(r"https?://[^\s<>\"']+", address):
        faults.append(f"address = {address!r}: expected one such as https://me.example/journal/")
    return faults


def begin(folder: Path, *, identity: UUID, projects: Mapping[str, Path]) -> JournalSettings:
    """Make a journal's folder and its `journal.toml`; what is there already stays as it is."""
    path = folder / FILE_NAME
    if not path.exists():
        lines = [
            "# A learning journal. What each line means: docs/journal.md",
            'title = "Learning journal"',
            'author = ""',
            'zone = ""            # such as Europe/Berlin; empty: this machine\'s',
            'address = ""         # where the site lives, such as https://me.example/journal/',
            f'id = "{identity.urn}"',
            "",
            "[projects]",
            *(f"{key} = {_toml(_relative(place, folder))}" for key, place in projects.items()),
        ]
        write_new(path, "\n".join(lines) + "\n")
    return read_settings(folder)


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _relative(place: Path, folder: Path) -> str:
    return Path(os.path.relpath(place.resolve(), folder.resolve())).as_posix()


def write_new(path: Path, text: str) -> bool:
    """Write a file where none is, whole or not at all; False where one was there and stayed."""
    return _written(path, text.encode("utf-8", "backslashreplace"), replace=False)


def write_over(path: Path, text: str) -> None:
    """Write a file in place of the one that is there, whole or not at all."""
    _written(path, text.encode("utf-8", "backslashreplace"), replace=True)


def write_picture(path: Path, content: bytes) -> None:
    """Write a picture of our own making."""
    _written(path, content, replace=True)


def _written(path: Path, content: bytes, *, replace: bool) -> bool:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        beside = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.chmod(0o644)
            if replace:
                beside.replace(path)
            else:
                _link(beside, path)
        except FileExistsError:
            return False
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}. Make room, or check that you may write there.") from error
    return True


def _link(beside: Path, path: Path) -> None:
    """Give a file its name, unless another has it meanwhile."""
    try:
        os.link(beside, path)
    except FileExistsError:
        raise
    except OSError:  # a disk that knows no second names
        with path.open("xb") as file:
            file.write(beside.read_bytes())


def local(moment: datetime, settings: JournalSettings) -> datetime:
    """Give a moment as the learner's clock showed it, summer time included."""
    return moment.astimezone(settings.tz)
