"""Read Markdown with front matter: a head, and sections below headings. Path: errors -> **topic** -> glossary, lesson.

Never guesses: what does not fit is told with file, line, field and cure, and all of it at once.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_BYTES = 1_000_000  # a topic of twenty terms has 20 kB; more is not a glossary


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One heading with the lines below it, stripped, empty ones left out."""

    line: int  # of the heading, from 1
    name: str  # "": text before the first heading
    body: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One file as it was read."""

    file: str  # its name
    head: dict[str, str]
    sections: tuple[Section, ...]


def read_topic(path: Path, head: Collection[str], faults: list[str]) -> Topic | None:
    """Read one file whose head has exactly these fields; what does not fit is added to `faults`, then it is None."""
    lines = _lines(path, faults)
    found, n_head = _head(path.name, lines, head, faults)
    if found is None:
        return None
    return Topic(file=path.name, head=found, sections=tuple(_sections(lines[n_head:], start=n_head + 1)))


def _lines(path: Path, faults: list[str]) -> list[str]:
    if path.stat().st_size > MAX_BYTES:
        faults.append(f"{path.name}: larger than {MAX_BYTES:,} bytes; divide the topic into several files")
        return []
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        faults.append(f"{path.name}: byte {error.start} is not UTF-8; save the file as UTF-8")
        return []


def _head(file: str, lines: list[str], wanted: Collection[str], faults: list[str]) -> tuple[dict[str, str] | None, int]:
    """Read the front matter between two lines of `---`; give it with the count of its lines."""
    n_before = len(faults)
    if not lines or lines[0] != "---" or "---" not in lines[1:]:
        faults.append(f"{file}:1: front matter is missing or not closed; begin with ---, {', '.join(wanted)}, ---")
        return None, 0
    end = lines.index("---", 1)
    head: dict[str, str] = {}
    for number, line in enumerate(lines[1:end], start=2):
        key, colon, value = line.partition(":")
        if not colon or key not in wanted or key in head or not value.strip():
            expected = f"expected each of {', '.join(wanted)} once, as 'field: text'"
            faults.append(f"{file}:{number}: field {key!r}: {expected}")
        head[key] = value.strip()
    faults += [f"{file}:{end + 1}: field {key!r} is missing; add '{key}: ...'" for key in wanted if key not in head]
    return (head if len(faults) == n_before else None), end + 1


def _sections(lines: list[str], *, start: int) -> Iterator[Section]:
    """Cut at headings; a text before the first heading becomes a section without a name."""
    at, name = start, ""
    body: list[str] = []
    for number, line in enumerate(lines, start=start):
        if line.startswith("## "):
            if name or body:
                yield Section(line=at, name=name, body=tuple(body))
            at, name, body = number, line[3:].strip(), []
        elif line.strip():
            body.append(line.strip())
    if name or body:
        yield Section(line=at, name=name, body=tuple(body))
