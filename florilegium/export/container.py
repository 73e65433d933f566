"""A folder from which a container is built that serves the classifier's page. Path: model -> **export**.

A small Dockerfile: one user without rights, one port, one process that hears when it shall stop, nothing written. The
same folder, with the front matter that Hugging Face reads, is a Space. Builds nothing itself.
Equal model, equal installation: equal folder, byte by byte.
"""

import json
from pathlib import Path

from florilegium.export import wheel
from florilegium.export.folder import write_folder
from florilegium.export.served import MODEL, Written, model_bytes, title, written
from florilegium.export.template import fill, marked, plain
from florilegium.model.opened import ModelFile

KIND = "container"
PORT, PORT_OF_SPACE = 8000, 7860  # the second is what Hugging Face expects where nothing else is said
FRAME_OF_SPACE = "https://huggingface.co"  # shows a Space in a frame of its own page
HEALTH = "healthz"  # the address that says whether the server answers


def write_container(model: ModelFile, folder: Path, *, space: bool = False, force: bool = False) -> Written:
    """Write the folder for a container; say what was written.

    Args: model: from `open_model`.  folder, force: as `write_folder` takes them.  space: for a Hugging Face Space.
    Raises: ModelFileError: a text model.  SettingError: the folder cannot be taken.
        StepMissing: Florilegium is not installed, so it cannot be packed.  StorageError: the folder cannot be written.
    """
    files = container_files(model, space=space)
    write_folder(folder, files, kind=KIND, force=force)
    return written(folder, files)


def container_files(model: ModelFile, *, space: bool = False) -> dict[str, bytes]:
    """Give every file of the folder: its name and its bytes. Arguments and errors as of `write_container`."""
    content = model_bytes(model)
    wheel_name, packed = wheel.wheel()
    named = {
        "wheel": wheel_name,
        "python": wheel.PYTHON,
        "port": PORT_OF_SPACE if space else PORT,
        "title": marked(title(model)),
    }
    front = fill("container/front.yaml.j2", **{**named, "title": json.dumps(plain(title(model)), ensure_ascii=False)})
    readme = fill("container/README.md.j2", n_classes=len(model.classes), space=space, **named)
    files = {
        ".dockerignore": fill("container/dockerignore.j2", **named),
        "Dockerfile": fill("container/Dockerfile.j2", health=HEALTH, frame=FRAME_OF_SPACE if space else "", **named),
        "README.md": (front if space else b"") + readme,
        MODEL: content,
        "requirements.txt": fill("requirements.txt.j2", pins=wheel.pins(), **named),
        wheel_name: packed,
    }
    return {**files, ".gitattributes": fill("container/gitattributes.j2")} if space else files
