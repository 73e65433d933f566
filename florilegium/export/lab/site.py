"""Put each of the lab's pages together as a folder of files without a server. Path: lab -> **export** -> serve.

Everything is computed in the reader's browser. A page names no address but its own and asks no other host.
"""

import gzip
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from jinja2 import Environment, PackageLoader, StrictUndefined

from florilegium.errors import ModelFileError, StorageError
from florilegium.export import page, static
from florilegium.export.folder import write_folder
from florilegium.export.lab.samples import digit_bytes
from florilegium.export.served import Written, written
from florilegium.export.vendored import vendored
from florilegium.model.opened import ModelFile
from florilegium.source.base import Kind

ASSETS = Path(__file__).parent / "assets"
SHARED = ("style.css", "theme.js", "from_file.js", "icon.svg")  # of the classifier's page
COMMON = ("lab.css", "theme_choice.js", "plate.js")
DESCENT = (
    *("chance.js", "losses.js", "problems.js", "descent.js", "ending.js", "land.js"),  # compute
    *("land_view.js", "data_view.js", "weights_view.js", "loss_view.js", "panel.js", "descent_page.js"),  # show
)
SKETCHPAD = (
    *(
        "strokes.js",
        "means.js",
        "means.json",
        "reader.js",
        "reader_worker.js",
        "archive.js",
        "kept.js",
    ),  # compute, keep
    *("pad.js", "sketchpad_page.js"),  # show
)
DIGITS = tuple("0123456789")
MAX_STEPS = 5_000  # descent.js says the same
STARTS: Mapping[str, str] = MappingProxyType(
    {"zeros": "All zero", "small": "Small, by lot", "large": "Large, by lot", "wrong": "At the wrong end"}
)


def descent_files() -> dict[str, bytes]:
    """Give every file of the page on which gradient descent can be watched.

    Raises: StorageError: a file of this installation is missing.
    """
    html = _html("descent.html", max_steps=MAX_STEPS, starts=STARTS)
    return _sorted({**_own(DESCENT), "digits.bin": digit_bytes(), "index.html": html})


def sketchpad_files(model: ModelFile, *, packed: bool = True) -> dict[str, bytes]:
    """Give every file of the page on which digits are drawn and read.

    Args:
        model: its classes are the ten digits.
        packed: compress the runtime, for readers far away; on one machine that costs seconds and gains nothing.
    Raises: ModelFileError: a text model, or other classes.  StorageError: a file of this installation is missing.
    """
    if model.card.kind is not Kind.IMAGE or tuple(model.classes) != DIGITS:
        raise ModelFileError(
            f"{model.path}: the sketchpad needs an image model whose classes are the digits 0 to 9. Leave --model out, "
            "or train one: florilegium new digits-project mnist"
        )
    runtime = vendored("ort.wasm")
    return _sorted(
        {
            **_own(SKETCHPAD),
            "metadata.js": _read(page.ASSETS / "metadata.js"),
            "model.onnx": _read(model.path),
            "ort.mjs": vendored("ort.mjs"),
            "ort.wasm.gz": gzip.compress(runtime, static.GZIP_LEVEL, mtime=0) if packed else runtime,
            "licences.txt": vendored("licences.txt"),
            "index.html": _html("sketchpad.html"),
        }
    )


def write_site(folder: Path, files: Mapping[str, bytes], *, kind: str, force: bool = False) -> Written:
    """Write a page into a folder, as `write_folder` takes it; `kind`: which page, since one must not replace the other.

    Raises: SettingError, StorageError: the folder cannot be taken or written.
    """
    write_folder(folder, files, kind=kind, force=force)
    return written(folder, files)


def _own(names: tuple[str, ...]) -> dict[str, bytes]:
    shared = {name: _read(page.ASSETS / name) for name in SHARED}
    return shared | {name: _read(ASSETS / name) for name in (*COMMON, *names)}


def _html(name: str, **values: object) -> bytes:
    environment = Environment(
        loader=PackageLoader("florilegium.export.lab", "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name).render(policy=static.POLICY, **values).encode()


def _sorted(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return dict(sorted(files.items()))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}. Install florilegium again.") from error
