"""Read and write the lines above a chapter: title, date, what it covers. Path: errors -> **frontmatter** -> chapter.

YAML as other journals have it, read as text: single values and lists of values. Nothing in it becomes an object.
"""

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import yaml

FENCE = "---"
MAX_CHARACTERS = 16_000  # of front matter: a chapter's has 500
ONE = ("title", "date", "draft", "until", "written", "author")
MANY = ("tags", "projects", "record", "drafted")
RECORD = re.compile(
    r"\S+ runs=\d{1,9} models=\d{1,9} openings=\d{1,9} labels=\d{1,9}(?: cards=\d{1,9})?(?: appeals=\d{1,9})?"
)
YES, NO = ("true", "yes", "on"), ("false", "no", "off")
TAG_MOST = 40  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a chapter says of itself."""

    title: str = ""  # empty: it is called after its date
    date: date
    draft: bool = False
    tags: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    until: datetime | None = None  # aware; what was recorded before is told in this chapter or an earlier one
    record: tuple[str, ...] = ()  # how far each project's record was told, as `Bookmark` writes it
    written: str = ""  # digest of the text as Florilegium wrote it; it differs once a person has edited it
    drafted: tuple[str, ...] = ()  # digests of paragraphs that a machine wrote


@dataclass(frozen=True, slots=True)
class Field:
    """One field as it stands in the file."""

    values: tuple[str, ...]
    line: int  # from 1


def split(text: str) -> tuple[str, str, int] | None:
    """Give front matter, body and the body's first line (from 1); None where no front matter is, or it has no end."""
    lines = text.removeprefix("\ufeff").splitlines(keepends=True)
    if not lines or lines[0].rstrip() != FENCE:
        return None
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == FENCE:
            return "".join(lines[1:number]), "".join(lines[number + 1 :]), number + 2
    return None


def read(front: str, *, file: str, faults: list[str]) -> Head | None:
    """Read front matter; what does not fit is added to `faults` as file, line, field and cure, and None comes back."""
    n_before = len(faults)
    fields = _fields(front, file, faults)
    head = Head(
        title=_one(fields, "title"),
        date=_date(fields, file, faults),
        draft=_flag(fields, file, faults),
        tags=_tags(fields, file, faults),
        projects=_many(fields, "projects"),
        until=_moment(fields, file, faults),
        record=_record(fields, file, faults),
        written=_one(fields, "written"),
        drafted=_many(fields, "drafted"),
    )
    return head if len(faults) == n_before else None


def write(head: Head) -> str:
    """Give the front matter of a chapter, fences included."""
    values: Mapping[str, object] = {
        "title": head.title,
        "date": head.date.isoformat(),
        "draft": head.draft,
        "tags": list(head.tags),
        "projects": list(head.projects),
        "until": None if head.until is None else head.until.isoformat(timespec="seconds"),
        "record": list(head.record),
        "written": head.written,
        "drafted": list(head.drafted),
    }
    always = {"title", "date", "draft", "tags"}
    # A JSON string or list is also a YAML one; dates and moments stand bare, as people write them.
    bare = {"date", "until", "written"}
    lines = [
        f"{name}: {value if name in bare else json.dumps(value, ensure_ascii=False)}"
        for name, value in values.items()
        if value or name in always
    ]
    return "\n".join([FENCE, *lines, FENCE, ""])


def _fields(front: str, file: str, faults: list[str]) -> dict[str, Field]:
    """Take the fields apart without making any object of them."""
    if len(front) > MAX_CHARACTERS:
        faults.append(f"{file}:1: front matter of {len(front):,} characters; expected at most {MAX_CHARACTERS:,}")
        return {}
    try:
        root = yaml.compose(front, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = 2 + (error.problem_mark.line if error.problem_mark else 0)
        faults.append(
            f"{file}:{line}: {error.problem or 'not YAML'}; write each field as 'name: value' on its own line"
        )
        return {}
    except (yaml.YAMLError, RecursionError):
        faults.append(f"{file}:2: front matter is not YAML; write each field as 'name: value' on its own line")
        return {}
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        faults.append(f"{file}:2: front matter has no fields; write them as 'name: value', such as 'date: 2026-11-30'")
        return {}
    found: dict[str, Field] = {}
    for key, value in root.value:
        _take(key, value, found, file, faults)
    return found


def _take(key: yaml.Node, value: yaml.Node, found: dict[str, Field], file: str, faults: list[str]) -> None:
    """Take one field, or say what is wrong with it; a field that is none of ours belongs to another tool."""
    name, line = str(key.value), 2 + key.start_mark.line
    where = f"{file}:{line}: field {name!r}"
    if name not in (*ONE, *MANY):
        near = difflib.get_close_matches(name.lower(), (*ONE, *MANY), n=1, cutoff=0.75)
        if near:
            faults.append(f"{where}: no such field; write {near[0]!r}")
        return
    if name in found:
        faults.append(f"{where}: stands twice, first in line {found[name].line}; keep one")
        return
    items = value.value if isinstance(value, yaml.SequenceNode) else [value]
    if not all(isinstance(item, yaml.ScalarNode) for item in items):
        faults.append(f"{where}: holds more than single values; expected {'a list' if name in MANY else 'one value'}")
    elif name in ONE and isinstance(value, yaml.SequenceNode):
        faults.append(f"{where}: a list; expected one value")
    else:
        texts = [str(item.value).strip() for item in items]
        found[name] = Field(tuple(text for text in texts if text), line)


def _one(fields: Mapping[str, Field], name: str) -> str:
    field = fields.get(name)
    return " ".join(field.values) if field is not None else ""


def _many(fields: Mapping[str, Field], name: str) -> tuple[str, ...]:
    return fields[name].values if name in fields else ()


def _date(fields: Mapping[str, Field], file: str, faults: list[str]) -> date:
    text = _one(fields, "date")
    if not text:
        if named := re.match(r"\d{4}-\d\d-\d\d", file):
            text = named[0]
        else:
            faults.append(f"{file}:1: field 'date' is missing; add a line such as 'date: 2026-11-30'")
            return date.min
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        line = fields["date"].line if "date" in fields else 1
        faults.append(f"{file}:{line}: field 'date': {text!r} is no date; write year, month, day as 2026-11-30")
        return date.min


def _moment(fields: Mapping[str, Field], file: str, faults: list[str]) -> datetime | None:
    text = _one(fields, "until")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        cure = "write it as 2026-11-30T20:15:00+01:00, or take the line out"
        faults.append(f"{file}:{fields['until'].line}: field 'until': {text!r} is no moment with a time zone; {cure}")
        return None
    return moment


def _flag(fields: Mapping[str, Field], file: str, faults: list[str]) -> bool:
    text = _one(fields, "draft").lower()
    if text and text not in (*YES, *NO):
        faults.append(f"{file}:{fields['draft'].line}: field 'draft': {text!r}; write true or false")
    return text in YES


def _record(fields: Mapping[str, Field], file: str, faults: list[str]) -> tuple[str, ...]:
    odd = [value for value in _many(fields, "record") if not RECORD.fullmatch(value)]
    faults += [
        f"{file}:{fields['record'].line}: field 'record': {value!r} is not what Florilegium wrote; write it as "
        "'flowers runs=5 models=1 openings=1 labels=0 cards=0 appeals=0', or take the line out to tell that record anew"
        for value in odd
    ]
    return _many(fields, "record")


def _tags(fields: Mapping[str, Field], file: str, faults: list[str]) -> tuple[str, ...]:
    """Give the tags; one line of words with commas is a list too."""
    tags = tuple(
        dict.fromkeys(" ".join(part.split()) for value in _many(fields, "tags") for part in value.split(",") if part)
    )
    for tag in tags:
        if len(tag) > TAG_MOST or not any(letter.isalnum() for letter in tag):
            line = fields["tags"].line
            faults.append(
                f"{file}:{line}: field 'tags': {tag[:TAG_MOST]!r}: expected 1 to {TAG_MOST} characters with a letter"
            )
    return tags
