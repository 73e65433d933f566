"""Write pictures with their labels as an ImageFolder of the `datasets` library. Path: report -> **export**.

One line of `metadata.jsonl` per picture: file_name, the label that counts, who gave it, and what was said before in
`history`. Pictures are links to the originals or copies of them; the originals are never touched.
Source: https://huggingface.co/docs/datasets/image_dataset
"""

import json
import posixpath
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from florilegium.errors import SettingError, SourceError
from florilegium.evaluation.words import counted
from florilegium.export.folder import Placed, write_folder
from florilegium.export.labels.record import Labelled, Written, count, row_of
from florilegium.export.labels.studio import png_of
from florilegium.source.base import Contents, Files, Pixels
from florilegium.source.sniff import FORMAT_OF_ENDING
from florilegium.types import Progress, silent

METADATA = "metadata.jsonl"
KIND = "imagefolder"  # of the folder, for `export.folder`
MAX_NAME_BYTES = 255  # what most file systems allow per part of a path


def write_imagefolder(
    items: Sequence[Labelled],
    contents: Contents,
    path: Path,
    *,
    copy: bool = False,
    force: bool = False,
    progress: Progress = silent,
) -> Written:
    """Write a folder of pictures and their metadata; an earlier export takes its place whole.

    Args: contents: of the items, in their order.  copy: copy the files; else symbolic links lead to the originals.
        force: write into a folder that holds other things.
    Raises: SettingError: the items are texts, or the folder is not ours to write.  SourceError: a picture is gone.
        StorageError: it cannot be written.
    """
    if not isinstance(contents, (Files, Pixels)):
        raise SettingError(f"{path}: an ImageFolder holds pictures; these items are texts. Write labels.csv instead.")
    if isinstance(contents, Files) and (gone := [p for p in contents.paths if not p.is_file()]):
        raise SourceError(f"{gone[0]}: no longer there. Read the source again: florilegium new DIR SOURCE")
    files: dict[str, bytes | Placed] = {}
    lines = []
    for i, item in enumerate(items):
        name = file_name(item, taken=files)
        if isinstance(contents, Files):
            files[name] = Placed(path=contents.paths[i], sha256=item.sample.sha256, link=not copy)
        else:
            files[name] = png_of(contents.array[i])
        lines.append(json.dumps(_line(name, item), ensure_ascii=False) + "\n")
    files[METADATA] = "".join(lines).encode()
    write_folder(path, files, kind=KIND, force=force, progress=progress)
    return Written(
        path=path, n_items=len(items), n_events=count(items), notes=tuple(_notes(items, contents, copy=copy))
    )


def _notes(items: Sequence[Labelled], contents: Contents, *, copy: bool) -> Iterator[str]:
    if isinstance(contents, Files) and not copy:
        yield "The pictures are links to the originals: keep those where they are, or write copies with --copy."
    if n_removed := sum(item.events[-1].label is None for item in items):
        pictures = counted(n_removed, "picture")
        yield f"{pictures} taken out of the set: in the folder all the same, with removed: true and no label."


def _line(name: str, item: Labelled) -> dict[str, Any]:
    *older, newest = [row_of(item, event) for event in item.events]
    before = [{key: value for key, value in row.items() if key not in {"item", "sha256"}} for row in older]
    return {"file_name": name, **newest, "history": before}


def file_name(item: Labelled, *, taken: dict[str, Any]) -> str:
    """Give a picture's place in the folder: its own name, or its hash where that name could lead elsewhere.

    `datasets` takes a backslash for a slash, so what has one (a name with odd signs, escaped) goes by its hash, too.
    """
    name = item.sample.name
    ending = posixpath.splitext(name)[1].lower()
    if ending not in FORMAT_OF_ENDING:
        name, ending = f"{name}.png", ".png"  # a row of an array
    parts = name.split("/")
    odd = name.startswith("/") or "\\" in name or ":" in name or any(part in {"", ".", ".."} for part in parts)
    too_long = any(len(part.encode()) > MAX_NAME_BYTES for part in parts)
    if odd or too_long or name in taken:
        name = f"{item.sample.sha256[:32]}{ending}"
        number = 1
        while name in taken:
            number += 1
            name = f"{item.sample.sha256[:32]}-{number}{ending}"
    return name
