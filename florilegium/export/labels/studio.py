"""Write labels as tasks for Label Studio, with the set-up that shows them. Path: report -> **export**.

Every task carries the whole record of its item in `meta`, which Label Studio keeps and gives back; beside it stand the
labels as annotations and the model's suggestions as predictions, which is what its pages show.
Source: https://labelstud.io/guide/task_format
"""

import base64
import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from PIL import Image

from florilegium.dataset import LabelEvent
from florilegium.export.labels.record import Labelled, Written, count, row_of, write_whole
from florilegium.source.base import Contents, Files, Pixels
from florilegium.source.labels.studio import MARK
from florilegium.source.names import original
from florilegium.types import Octets

LOCAL = "/data/local-files/?d="  # how Label Studio names a file below its document root
QUESTION = "label"  # the name of the Choices in the set-up
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # signs that no XML can hold, even escaped


def write_studio(
    items: Sequence[Labelled],
    contents: Contents,
    path: Path,
    *,
    classes: Sequence[str],
    prefix: str = LOCAL,
    force: bool = False,
) -> Written:
    """Write a list of tasks, and beside it the labelling set-up with these classes as XML.

    Args: contents: of the items, in their order.  prefix: what stands before a picture's path in its address.
    Raises: SettingError: one of the files is there already.  StorageError: they cannot be written.
    """
    setup = path.with_name(f"{path.stem}.setup.xml")
    kind = "text" if items and items[0].text is not None else "image"
    write_whole({path: _document(items, contents, prefix), setup: [_setup(classes, kind)]}, force=force)
    notes = [f"Paste {setup.name} into Settings > Labeling Interface of a new Label Studio project, then import."]
    if isinstance(contents, Files) and prefix == LOCAL:
        notes.append(
            "Start Label Studio with LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true and "
            "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT set to the source's folder, so that it finds the pictures."
        )
    return Written(path=path, n_items=len(items), n_events=count(items), notes=tuple(notes))


def _document(items: Sequence[Labelled], contents: Contents, prefix: str) -> Iterator[str]:
    yield "["
    for i, item in enumerate(items):
        address = None if item.text is not None else _address(item, contents, i, prefix)
        yield (",\n" if i else "\n") + json.dumps(task_of(item, address), ensure_ascii=False)
    yield "\n]\n"


def task_of(item: Labelled, address: str | None) -> dict[str, Any]:
    """Give the task of one item; `address` leads to its picture, None for a text."""
    kind = "text" if address is None else "image"
    content = item.text if address is None else address
    answers = [_annotation(event, i, kind) for i, event in enumerate(item.events) if event.label is not None]
    suggestion = next((e.suggestion for e in reversed(item.events) if e.suggestion is not None), None)
    return {
        "data": {kind: content, "item": item.sample.name, "sha256": item.sample.sha256},
        # Label Studio shows the newest annotation first when there are several.
        "annotations": answers,
        "predictions": [] if suggestion is None else [{"result": [_choice(suggestion, f"{MARK}-model", kind)]}],
        "meta": {MARK: [_event(item, event) for event in item.events]},
    }


def _event(item: Labelled, event: LabelEvent) -> dict[str, Any]:
    return {key: value for key, value in row_of(item, event).items() if key not in {"item", "sha256", "removed"}}


def _annotation(event: LabelEvent, number: int, kind: str) -> dict[str, Any]:
    # No `completed_by`: Label Studio refuses a file that names people who have no account there.
    return {"result": [_choice(str(event.label), f"{MARK}-{number}", kind)], "created_at": event.at.isoformat()}


def _choice(label: str, region: str, kind: str) -> dict[str, Any]:
    return {
        "id": region,
        "from_name": QUESTION,
        "to_name": kind,
        "type": "choices",
        "value": {"choices": [label]},
    }


def _address(item: Labelled, contents: Contents, i: int, prefix: str) -> str:
    if isinstance(contents, Pixels):
        return f"data:image/png;base64,{base64.b64encode(png_of(contents.array[i])).decode()}"
    name = original(item.sample.name)
    return prefix + quote(name, errors="surrogateescape")


def png_of(pixels: Octets) -> bytes:
    """Give an array of uint8, (h, w) or (h, w, 3), as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


def _setup(classes: Sequence[str], kind: str) -> str:
    shown = '<Text name="text" value="$text"/>' if kind == "text" else '<Image name="image" value="$image"/>'
    choices = "\n".join(f"    <Choice value={quoteattr(_NO_XML.sub('?', name))}/>" for name in classes)
    head = f'  <Choices name="{QUESTION}" toName="{kind}" choice="single" showInLine="true">'
    return f"<View>\n  {shown}\n{head}\n{choices}\n  </Choices>\n</View>\n"
