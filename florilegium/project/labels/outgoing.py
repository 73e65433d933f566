"""Gather the record of labels and have it written. Path: **project** (shell)."""

from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from florilegium.dataset import LabelEvent
from florilegium.errors import StepMissing
from florilegium.project.own import reopened
from florilegium.source.base import Sample
from florilegium.source.labels import form_of

if TYPE_CHECKING:
    from florilegium.export.labels import Labelled, Written
    from florilegium.project.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportWish:
    """How the record of labels is to be written."""

    form: str | None = None  # studio, csv, jsonl, imagefolder; None: by the file's name
    newest: bool = False  # of each item only the label that counts; else everything ever said
    copy: bool = False  # ImageFolder: copies of the pictures; else links to them
    prefix: str | None = None  # Label Studio: what stands before a picture's path; None: its local file server
    force: bool = False  # take the place of what is there


def write(project: "Project", path: Path, wish: ExportWish) -> "Written":
    """Write the record of labels in the form that is wished for."""
    from florilegium.export import labels as out

    form = form_of(path, wanted=wish.form)
    here, gone = _items(project, newest=wish.newest)
    if not here and not gone:
        raise StepMissing(f"{project.folder}: no label to export yet. Label some items: florilegium label")
    if form == "csv":
        return out.write_csv([*here, *gone], path, force=wish.force)
    if form == "jsonl":
        return out.write_jsonl([*here, *gone], path, force=wish.force)
    contents = reopened(project, [i.sample.name for i in here], [i.text for i in here])
    if form == "imagefolder":
        written = out.write_imagefolder(
            here, contents, path, copy=wish.copy, force=wish.force, progress=project.progress
        )
    else:
        classes = sorted({s.label for s in project.store.samples()[0] if s.label is not None})
        at = {} if wish.prefix is None else {"prefix": wish.prefix}
        written = out.write_studio(here, contents, path, classes=classes, force=wish.force, **at)
    if not gone:
        return written
    told = f"Labels of {len(gone):,} items that are no longer in the source are left out; .csv and .jsonl keep them."
    return replace(written, notes=(*written.notes, told))


def _items(project: "Project", *, newest: bool) -> tuple[list["Labelled"], list["Labelled"]]:
    """Give the items of which anything was ever said: those that are there, and those gone from the source."""
    from florilegium.export.labels import Labelled

    said: dict[str, list[LabelEvent]] = defaultdict(list)
    for event in project.store.label_events():
        said[event.name].append(event)
    # What was recorded once more, so that it goes on counting, is written once: in its last place.
    record = {name: tuple(reversed(dict.fromkeys(reversed(events)))) for name, events in said.items()}
    if newest:
        record = {name: events[-1:] for name, events in record.items()}
    samples, texts = project.store.samples()
    here = [
        Labelled(sample=sample, events=record.pop(sample.name), text=text)
        for sample, text in zip(samples, texts, strict=True)
        if sample.name in record
    ]
    hashes = project.store.sides()
    gone = [
        Labelled(sample=Sample(name=name, label=None, sha256=hashes[name][0] if name in hashes else ""), events=events)
        for name, events in record.items()
    ]
    return here, gone
