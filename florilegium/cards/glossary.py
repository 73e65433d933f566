"""Read the glossary: Markdown with front matter -> terms. Path: errors -> **glossary** -> checking, deck.

One file holds one topic; one `## heading` holds one term. Never guesses: what does not fit is told with its line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from florilegium.errors import InputError

SHIPPED = Path(__file__).parent / "glossary"
HEAD = ("topic", "author", "rights")
FIELDS = ("example", "why", "confusion", "source", "see")
MAX_BYTES = 1_000_000  # a topic of twenty terms has 20 kB; more is not a glossary
FIELD = re.compile(r"- (\w+): ?(.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One term of machine learning, with all that its card says.

    `file` and `line` (from 1) say where it stands; `rights` is its licence, in words.
    """

    name: str
    definition: str
    example: str
    why: str
    confusion: str
    source: str
    see: str
    topic: str
    author: str
    rights: str
    file: str
    line: int

    def texts(self) -> dict[str, str]:
        """Give what a learner reads, by field: the definition first, then `FIELDS`."""
        return {"definition": self.definition, **{field: str(getattr(self, field)) for field in FIELDS}}


def read_glossary(folder: Path = SHIPPED) -> tuple[Term, ...]:
    """Read all topics of a folder, in the order of file names.

    Raises: InputError: a file is not a topic; all faults at once, each with file, line, field and cure.
    >>> len(read_glossary()) > 0
    True
    """
    paths = sorted(folder.glob("*.md"))
    if not paths:
        raise InputError(
            f"{folder}: no glossary here; expected Markdown files (*.md). Name the folder that holds them."
        )
    terms: list[Term] = []
    faults: list[str] = []
    for path in paths:
        terms += _topic(path, faults)
    if faults:
        raise InputError(f"{len(faults)} faults in the glossary:\n" + "\n".join(faults))
    return tuple(terms)


def _topic(path: Path, faults: list[str]) -> list[Term]:
    """Read one file; what does not fit is added to `faults`."""
    lines = _lines(path, faults)
    head, n_head = _head(path.name, lines, faults)
    if head is None:
        return []
    terms = []
    for line, name, body in _sections(lines[n_head:], start=n_head + 1):
        fields = _fields(f"{path.name}:{line}", name, body, faults)
        if fields is not None:
            terms.append(Term(name=name, file=path.name, line=line, **fields, **head))
    return terms


def _lines(path: Path, faults: list[str]) -> list[str]:
    if path.stat().st_size > MAX_BYTES:
        faults.append(f"{path.name}: larger than {MAX_BYTES:,} bytes; divide the topic into several files")
        return []
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        faults.append(f"{path.name}: byte {error.start} is not UTF-8; save the file as UTF-8")
        return []


def _head(file: str, lines: list[str], faults: list[str]) -> tuple[dict[str, str] | None, int]:
    """Read the front matter between two lines of `---`; give it with the count of its lines."""
    n_before = len(faults)
    if not lines or lines[0] != "---" or "---" not in lines[1:]:
        faults.append(f"{file}:1: front matter is missing or not closed; begin with ---, {', '.join(HEAD)}, ---")
        return None, 0
    end = lines.index("---", 1)
    head: dict[str, str] = {}
    for number, line in enumerate(lines[1:end], start=2):
        key, colon, value = line.partition(":")
        if not colon or key not in HEAD or key in head or not value.strip():
            faults.append(f"{file}:{number}: field {key!r}: expected each of {', '.join(HEAD)} once, as 'field: text'")
        head[key] = value.strip()
    faults += [f"{file}:{end + 1}: field {key!r} is missing; add '{key}: ...'" for key in HEAD if key not in head]
    return (head if len(faults) == n_before else None), end + 1


def _sections(lines: list[str], *, start: int) -> Iterator[tuple[int, str, list[str]]]:
    """Cut at headings; a text before the first heading becomes a section without a name."""
    at, name = start, ""
    body: list[str] = []
    for number, line in enumerate(lines, start=start):
        if line.startswith("## "):
            if name or body:
                yield at, name, body
            at, name, body = number, line[3:].strip(), []
        elif line.strip():
            body.append(line.strip())
    if name or body:
        yield at, name, body


def _fields(where: str, name: str, body: list[str], faults: list[str]) -> dict[str, str] | None:
    """Read a section's definition and fields; None where something does not fit."""
    n_before, found = len(faults), dict[str, str]()
    for line in body:
        match = FIELD.fullmatch(line)
        key, text = (match[1], match[2]) if match else ("definition", line)
        if match and key not in FIELDS:
            faults.append(f"{where}: {name}: unknown field {key!r}; expected one of {', '.join(FIELDS)}")
        if key in found:
            faults.append(f"{where}: {name}: field {key!r} stands twice; keep one, each on one line")
        found[key] = text.strip()
    faults += [
        f"{where}: {name or 'text before the first heading'}: field {key!r} is missing or empty; write it"
        for key in ("definition", *FIELDS)
        if not found.get(key)
    ]
    return found if name and len(faults) == n_before else None
