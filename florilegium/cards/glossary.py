"""Read the glossary: Markdown with front matter -> terms. Path: topic -> **glossary** -> checking, notes.

One file holds one topic; one `## heading` holds one term. Never guesses: what does not fit is told with its line.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from florilegium.cards.topic import read_topic
from florilegium.errors import InputError
from florilegium.evaluation.words import counted

SHIPPED = Path(__file__).parent / "glossary"
HEAD = ("topic", "author", "rights")
FIELDS = ("example", "why", "confusion", "source", "see")
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
        raise InputError(f"{counted(len(faults), 'fault')} in the glossary:\n" + "\n".join(faults))
    return tuple(terms)


def _topic(path: Path, faults: list[str]) -> list[Term]:
    """Read one file; what does not fit is added to `faults`."""
    topic = read_topic(path, HEAD, faults)
    terms = []
    for section in topic.sections if topic is not None else ():
        fields = _fields(f"{path.name}:{section.line}", section.name, section.body, faults)
        if topic is not None and fields is not None:
            terms.append(Term(name=section.name, file=topic.file, line=section.line, **fields, **topic.head))
    return terms


def _fields(where: str, name: str, body: Sequence[str], faults: list[str]) -> dict[str, str] | None:
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
