"""Read labels from Label Studio: its export, its short export, and tasks to be imported. Path: **source** -> dataset.

One choice per annotation is read, of pictures and texts. What Florilegium wrote into a task's `meta` comes back whole;
annotations made or changed in Label Studio come after it. The address of a picture is only looked at, never opened.
Source: https://labelstud.io/guide/task_format
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from florilegium.errors import SourceError
from florilegium.source import columns
from florilegium.source.base import Fault
from florilegium.source.jsonl import cell_of
from florilegium.source.labels.said import MOST_LABELS, LabelFile, Said, moment_of, yes_or_no
from florilegium.source.names import without_surrogates
from florilegium.source.rows import MAX_FAULTS_NAMED, Faults
from florilegium.source.sniff import FORMAT_OF_ENDING

MAX_BYTES = 1 << 29  # the whole document is in memory, about four times as large as on disk
MARK = "florilegium"  # where our own record stands in a task's meta, and how the regions that we made are called
_UPLOADED = re.compile(r"^[0-9a-f]{8}-(?=.)")  # Label Studio puts eight hex digits before an uploaded file's name
# Keys of a short export that never hold the answer.
_FLAT = frozenset({"id", "annotation_id", "annotator", "created_at", "updated_at", "lead_time", "item", "sha256"})
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Item:
    """What a task is about."""

    where: str
    names: tuple[str, ...]
    sha256: str | None

    def said(self, label: str | None, **facts: Any) -> Said:
        """Give what somebody said of it."""
        return Said(where=self.where, names=self.names, sha256=self.sha256, label=label, **facts)


class _Reader:
    """Go through the tasks; remember what was left out."""

    def __init__(self, path: Path, field: str | None) -> None:
        """Read answers to `field`; None: to the only one there is."""
        self.name = path.name
        self.field = field
        self.faults = Faults(path.name)
        self.fields: set[str] = set()  # choices that were met
        self.n_blank = 0
        self.n_skipped = 0
        self.n_other = 0  # annotations that hold boxes, texts, ratings, but no choice

    def task(self, number: int, task: object) -> Iterator[Said]:
        """Give what one task says; a task that cannot be read is a fault."""
        where = f"{self.name} task {number:,}"
        try:
            found = list(self._of_task(task, where))
        except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            self.faults.n += 1
            if len(self.faults.named) < MAX_FAULTS_NAMED:
                told = str(error) if isinstance(error, ValueError) else f"odd content ({error})"
                self.faults.named.append(Fault(name=where, reason=told))
            return
        self.n_blank += not found
        yield from found

    def _of_task(self, task: object, where: str) -> Iterator[Said]:
        if not isinstance(task, dict):
            raise ValueError("expected an object in braces")  # noqa: TRY004 - one kind of fault for all tasks
        data = task["data"] if isinstance(task.get("data"), dict) else task
        item = _Item(where, *_names_and_hash(data))
        if not item.names and item.sha256 is None:
            raise ValueError(f"no picture or text in its data; it has {', '.join(map(str, list(data)[:10]))}")
        ours, made = _ours(task, item)
        yield from ours
        annotations = task.get("annotations", task.get("completions"))
        if annotations is not None:
            for one in annotations:
                yield from self._annotation(one, task, item, made)
        elif not ours:
            yield from self._flat(task, item)

    def _annotation(self, given: Json, task: Json, item: _Item, made: Mapping[str, str]) -> Iterator[Said]:
        """Give what one annotation says, unless it is one that we wrote and nobody changed."""
        if given.get("was_cancelled"):
            self.n_skipped += 1
            return
        label, region = self._choice(given.get("result") or [])
        if label is None or made.get(region) == label:
            self.n_other += label is None
            return
        suggestion = _suggestion(given, task, self.field)
        yield item.said(
            label,
            who=_who(given.get("completed_by")),
            at=moment_of(cell_of(given.get("updated_at") or given.get("created_at"))),
            # It was in sight, or may have been: such a label never comes to test a model that agrees with it.
            suggested=suggestion is not None,
            suggestion=suggestion,
        )

    def _choice(self, result: list[Json]) -> tuple[str | None, str]:
        """Give the one choice of an annotation, and the region's id."""
        choices = [r for r in result if r.get("type") == "choices" and self.field in {None, r.get("from_name")}]
        self.fields |= {str(r.get("from_name", "")) for r in choices}
        named = [(str(c), str(r.get("id", ""))) for r in choices for c in r["value"]["choices"]]
        if len(named) > 1 and len(self.fields) == 1:
            raise ValueError(f"{len(named)} choices ({', '.join(c[:20] for c, _ in named[:3])}); expected one per item")
        return (without_surrogates(named[0][0]), named[0][1]) if named else (None, "")

    def _flat(self, task: Json, item: _Item) -> Iterator[Said]:
        """Read a task of a short export: the answer stands beside the data."""
        keys = [key for key, value in task.items() if isinstance(value, dict) and "choices" in value]
        named = [key for key in task if key not in _FLAT and columns.plain(key) in (*columns.LABELS, "choice")]
        keys = [self.field] if self.field is not None and self.field in task else keys or named[:1]
        self.fields |= set(keys)
        if not keys:
            return
        value = task[keys[0]]
        several = value["choices"] if isinstance(value, dict) else [value]
        if len(several) != 1:
            raise ValueError(f"{len(several)} choices in {keys[0]!r}; expected one per item")
        label = without_surrogates(cell_of(several[0]))
        if label.strip():
            at = moment_of(cell_of(task.get("updated_at") or task.get("created_at")))
            yield item.said(label, who=_who(task.get("annotator")), at=at)

    def notes(self) -> list[str]:
        """Say what was left out."""
        told = [(self.n_skipped, "skipped in Label Studio"), (self.n_other, "without a choice")]
        return [f"{self.name}: {n:,} annotations {what} left out." for n, what in told if n]


def read_studio(path: Path, *, field: str | None = None) -> LabelFile:
    """Read a JSON document of Label Studio.

    Args: field: the name of the Choices in the labelling set-up; needed where there are several.
    Raises: SourceError: no such file, too large, no JSON, nested too deep, or several choices and none named.
    """
    tasks = _tasks(path)
    reader = _Reader(path, field)
    said = [one for number, task in enumerate(tasks, 1) for one in reader.task(number, task)]
    if len(reader.fields) > 1:
        named = ", ".join(sorted(reader.fields)[:10])
        raise SourceError(f"{path}: annotations answer several questions ({named}). Name one with --label NAME.")
    if field is not None and not reader.fields and tasks:
        raise SourceError(f"{path}: no annotation answers {field!r}. Correct the name, or leave --label away.")
    notes = tuple(reader.notes())
    return LabelFile(said=tuple(said), in_order=False, notes=notes, faults=reader.faults.all(), n_blank=reader.n_blank)


def _tasks(path: Path) -> list[object]:
    expected = "Expected what Label Studio exports as JSON: a list of tasks, each with data and annotations"
    try:
        n_bytes = path.stat().st_size
        if n_bytes > MAX_BYTES:
            raise SourceError(f"{path}: {n_bytes:,} bytes; at most {MAX_BYTES:,} are read. Export in parts.")
        found = json.loads(path.read_bytes())
    except RecursionError as error:
        raise SourceError(f"{path}: nested too deep to be read. {expected}.") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: no UTF-8 at byte {error.start:,}. {expected}; save it as UTF-8.") from error
    except ValueError as error:
        raise SourceError(f"{path}: no JSON ({error}). {expected}.") from error
    except OSError as error:
        raise SourceError(f"{path}: it cannot be read ({error.strerror}). Check the path.") from error
    tasks = [found] if isinstance(found, dict) else found
    if not isinstance(tasks, list) or len(tasks) > MOST_LABELS:
        raise SourceError(f"{path}: a {type(found).__name__} of JSON. {expected}.")
    return tasks


def _names_and_hash(data: Json) -> tuple[tuple[str, ...], str | None]:
    """Give the names by which a task's item may go, the most exact first, and its hash; a text goes by its hash."""
    sha256 = data["sha256"] if isinstance(data.get("sha256"), str) else None
    ours = (data["item"],) if isinstance(data.get("item"), str) else ()
    strings = {key: value for key, value in data.items() if isinstance(value, str) and key not in _FLAT}
    key = columns.find(list(strings), columns.PATHS) or next(
        (key for key, value in strings.items() if _path_of(value).lower().endswith(tuple(FORMAT_OF_ENDING))), None
    )
    if key is not None and not strings[key].startswith("data:"):
        return tuple(dict.fromkeys((*ours, *_names(strings[key])))), sha256
    text = columns.find(list(strings), columns.TEXTS)
    if text is not None and sha256 is None:
        sha256 = hashlib.sha256(strings[text].encode("utf-8", "replace")).hexdigest()
    return ours, sha256


def _path_of(address: str) -> str:
    """Give the path of an address, or the string itself where it is none."""
    try:
        return urlsplit(address).path
    except ValueError:
        return address


def _names(address: str) -> tuple[str, ...]:
    """Give what an address may mean: itself, the path in it, and an upload's own name.

    >>> _names("/data/upload/1/1a2b3c4d-rose.jpg")
    ('/data/upload/1/1a2b3c4d-rose.jpg', 'rose.jpg')
    >>> _names("/data/local-files/?d=rose/a%20b.jpg")
    ('/data/local-files/?d=rose/a%20b.jpg', 'rose/a b.jpg')
    """
    found = [address]
    try:
        parts = urlsplit(address)
        query = parse_qs(parts.query).get("d", [])
    except ValueError:
        return (address,)
    path = query[0] if query else unquote(parts.path)
    found.append(path)
    last = path.rpartition("/")[2]
    if _UPLOADED.match(last):
        found.append(_UPLOADED.sub("", last))  # uploads lose their folders
    return tuple(dict.fromkeys(without_surrogates(name) for name in found if name))


def _who(given: object) -> str | None:
    """Name an annotator: by address, else by the number that Label Studio has for them."""
    if isinstance(given, dict):
        given = given.get("email") or given.get("username") or given.get("id")
    if given is None:
        return None
    return given if isinstance(given, str) else f"Label Studio user {given}"


def _suggestion(given: Json, task: Json, field: str | None) -> str | None:
    """Give what the model had said when the annotation was made: the prediction it began with, else the task's last."""
    own = given.get("prediction")
    predictions = [own] if isinstance(own, dict) and own.get("result") else task.get("predictions") or []
    for prediction in reversed(predictions):
        for result in prediction.get("result") or [] if isinstance(prediction, dict) else []:
            if result.get("type") == "choices" and field in {None, result.get("from_name")}:
                return str(result["value"]["choices"][0])
    return None


def _ours(task: Json, item: _Item) -> tuple[list[Said], Mapping[str, str]]:
    """Give the record that we wrote into a task, and the labels of the regions that we made for it."""
    meta = task.get("meta")
    events = meta.get(MARK) if isinstance(meta, dict) else None
    if not isinstance(events, list):
        return [], {}
    said = [
        item.said(
            cell_of(event["label"]) or None,
            who=cell_of(event["who"]) or None,
            at=moment_of(cell_of(event["at"])),
            why=cell_of(event["why"]),
            suggested=yes_or_no(cell_of(event["suggested"])),
            suggestion=cell_of(event["suggestion"]) or None,
        )
        for event in events
    ]
    return said, {f"{MARK}-{i}": one.label for i, one in enumerate(said) if one.label is not None}
