"""One dated chapter: a Markdown file with front matter. Path: frontmatter -> **chapter** -> folder, site.

Knows when a person has edited what a machine wrote, and never writes over that.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from florilegium.journal import frontmatter
from florilegium.journal.frontmatter import Head

MAX_BYTES = 1_000_000  # a chapter of ten pages has 30 kB; more is none
DIGEST_DIGITS = 12  # 48 bits: chapters have some hundred paragraphs
SECTIONS = (
    "Progress",
    "Projects",
    "Meetups and reading",
    "What kept me focused",
    "What I explore now",
    "What I learned from challenges",
    "Next steps",
)
HEADING = re.compile(r"^##[ \t]+(.+?)[ \t]*#*[ \t]*$")
FENCED = re.compile(r"^ {0,3}(```|~~~)")
STEP = re.compile(r"^\s*[-*+] \[([ xX])\]\s+(.*\S)\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One chapter as it stands in its file."""

    name: str  # of the file, without .md
    head: Head
    body: str  # Markdown
    line: int = 1  # of the file, from 1, on which the body begins

    @property
    def title(self) -> str:
        """Give its title; without one it is called after its date."""
        return self.head.title or long_date(self.head.date)

    @property
    def is_untouched(self) -> bool:
        """Tell whether title, tags, draft and text are still what Florilegium wrote."""
        return bool(self.head.written) and self.head.written == self.seal

    @property
    def seal(self) -> str:
        """Give a digest over all that a person would edit."""
        head = self.head
        return digest("\n".join([head.title, head.date.isoformat(), str(head.draft), *head.tags, self.body]))

    def text(self) -> str:
        """Give the whole file."""
        return f"{frontmatter.write(self.head)}\n{self.body.lstrip(chr(10))}"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a list of next steps."""

    text: str
    done: bool


def long_date(day: object) -> str:
    """Write a date in words.

    >>> from datetime import date
    >>> long_date(date(2026, 11, 3))
    '3 November 2026'
    """
    return f"{day:%-d %B %Y}"


def digest(text: str) -> str:
    """Give 12 hex digits over a text; spaces and line breaks do not count, so that an editor may wrap lines anew."""
    return hashlib.sha256(" ".join(text.split()).encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_DIGITS]


def paragraphs(text: str) -> tuple[str, ...]:
    """Cut a text at its blank lines."""
    return tuple(part.strip() for part in re.split(r"\n\s*\n", text) if part.strip())


def parse(text: str, *, file: str, faults: list[str]) -> Chapter | None:
    """Read a chapter; what does not fit is added to `faults` as file, line, field and cure, and None comes back."""
    parts = frontmatter.split(text)
    if parts is None:
        faults.append(
            f"{file}:1: front matter is missing or has no end; begin the file with a line ---, a line such as "
            "'date: 2026-11-30', and a line ---"
        )
        return None
    front, body, line = parts
    head = frontmatter.read(front, file=file, faults=faults)
    return None if head is None else Chapter(name=file.removesuffix(".md"), head=head, body=body, line=line)


def sections(body: str) -> Iterator[tuple[str, int, list[str]]]:
    """Give each `##` section: heading, its line in the body (from 0), its lines; what stands before is named ""."""
    name, at, lines, fenced = "", 0, list[str](), False
    for number, line in enumerate(body.splitlines()):
        fenced ^= bool(FENCED.match(line))
        heading = None if fenced else HEADING.match(line)
        if heading is None:
            lines.append(line)
            continue
        yield name, at, lines
        name, at, lines = heading[1], number, []
    yield name, at, lines


def section(body: str, name: str) -> list[str]:
    """Give the lines of a section, without its heading; none where it is not there."""
    return next((lines for found, _, lines in sections(body) if found.casefold() == name.casefold()), [])


def points(lines: Iterable[str]) -> tuple[str, ...]:
    """Give the bullet points among lines, without their bullets and boxes."""
    found = [re.match(r"^\s*(?:[-*+]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?(.*\S)", line) for line in lines]
    return tuple(match[1] for match in found if match is not None)


def next_steps(chapter: Chapter) -> tuple[Step, ...]:
    """Give the next steps that a chapter names, and which of them are ticked."""
    found = [STEP.match(line) for line in section(chapter.body, SECTIONS[-1])]
    return tuple(Step(text=match[2], done=match[1] != " ") for match in found if match is not None)


def with_draft(text: str, chapter: Chapter, heading: str, draft: str) -> str:
    """Give a chapter's file with a drafted text at the end of a section, and with the note that a machine wrote it.

    Every line that was there stays as it was, in the front matter too. A section that is not there is added at the end.
    Args: text: the file as it is read.  chapter: what `parse` made of it.
    """
    line_end = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines()
    begins = chapter.line - 1  # of the body, from 0
    place = _end_of_section(lines[begins:], heading)
    if place is None:
        footnotes = [i for i, line in enumerate(lines[begins:]) if line.startswith("[^")]
        place = footnotes[0] if footnotes else len(lines) - begins
        added = ["", f"## {heading}", "", *draft.strip().splitlines(), ""]
    else:
        added = ["", *draft.strip().splitlines()]
    lines[begins + place : begins + place] = added
    drafted = dict.fromkeys([*chapter.head.drafted, *map(digest, paragraphs(draft))])
    front = _without_field(lines[1 : begins - 1], "drafted")
    head = [lines[0], *front, f"drafted: {json.dumps(list(drafted))}", *lines[begins - 1 :]]
    return line_end.join(head) + line_end


def _end_of_section(body: list[str], heading: str) -> int | None:
    """Give the line behind the last one of a section that holds text, footnotes left out; None: no such section."""
    for name, at, inside in sections("\n".join(body)):
        if name and name.casefold() == heading.casefold():
            texts = [i for i, line in enumerate(inside) if line.strip() and not line.startswith("[^")]
            return at + 1 + (texts[-1] + 1 if texts else 0)
    return None


def _without_field(front: list[str], name: str) -> list[str]:
    """Take a field out of front matter, with the lines that go on with it."""
    kept, inside = [], False
    for line in front:
        inside = line.startswith(f"{name}:") or (inside and line.startswith((" ", "\t", "-")))
        if not inside:
            kept.append(line)
    return kept
