"""The classifier's page without a server: a folder that any web host serves. Path: model -> **export**.

All of it works in the reader's browser: ONNX Runtime Web runs the model file, photos go nowhere. The folder names no
address but its own, so it works below any path, and its service worker keeps it for times without a network.
Equal model, equal folder, byte by byte.
"""

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from florilegium.errors import ModelFileError, StorageError
from florilegium.export.card import page_card
from florilegium.export.folder import write_folder
from florilegium.export.page import ASSETS, FILES, page_html
from florilegium.export.vendored import vendored
from florilegium.model.opened import ModelFile
from florilegium.source.base import Kind

# File of the folder -> file of ours.
OWN: Mapping[str, str] = MappingProxyType(
    dict(FILES)
    | {name: name for name in ("worker.js", "metadata.js", "kinds.js", "orientation.js", "picture.js")}
    | {name: name for name in ("offline.js", "from_file.js")}
    | {name: name for name in ("icon.svg", "icon-192.png", "icon-512.png", "icon-maskable-512.png")}
    | {"engine.js": "engine_local.js"}
)
MODEL = "model.onnx"
SERVICE_WORKER = "service_worker.js"
LICENCES = "licences.txt"
PAPER = "#faf6ed"  # what style.css calls --paper: the window's frame and the first thing that an installed page shows
GZIP_LEVEL = 9  # 14.2 MB of WebAssembly become 3.7 MB; hosts do not all compress, so the worker unpacks
VERSION_DIGITS = 16  # of a SHA-256: enough to tell versions of one page apart
# What the page may do, in the browser's words; a host need not send any header.
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export wrote."""

    folder: Path
    model_id: str  # 64 hex digits, as `ModelFile.id`
    version: str  # a hash of all files: another version, another text for the service worker
    n_files: int
    n_bytes: int

    def as_dict(self) -> dict[str, object]:
        """Give it for JSON."""
        return {**asdict(self), "folder": str(self.folder)}


def export_static(model: ModelFile, folder: Path, *, force: bool = False) -> Exported:
    """Write the page of an image model into a folder.

    Args: model: from `open_model`.  folder, force: as `write_folder` takes them.
    Raises: ModelFileError: a text model.  SettingError, StorageError: the folder cannot be taken or written.
    """
    files = static_files(model)
    write_folder(folder, files, kind="static", force=force)
    return Exported(
        folder=folder,
        model_id=model.id,
        version=_version(files),
        n_files=len(files),
        n_bytes=sum(map(len, files.values())),
    )


def static_files(model: ModelFile) -> dict[str, bytes]:
    """Give every file of the page: its name and its bytes.

    Raises: ModelFileError: a text model.  StorageError: a file of this installation is missing or damaged.
    """
    if model.card.kind is not Kind.IMAGE:
        raise ModelFileError(
            f"{model.path}: a text model; a page without a server is made for image models only. "
            "Classify texts with: florilegium predict"
        )
    card = page_card(model)
    files = {
        **{name: _asset(source) for name, source in OWN.items()},
        MODEL: _read(model.path),
        "card.json": _json(card),
        "manifest.webmanifest": _json(manifest(card)),
        "ort.mjs": vendored("ort.mjs"),
        "ort.wasm.gz": gzip.compress(vendored("ort.wasm"), GZIP_LEVEL, mtime=0),
        "jpeg.wasm.gz": gzip.compress(vendored("jpeg.wasm"), GZIP_LEVEL, mtime=0),
        "index.html": page_html(card, engine="local", policy=POLICY).encode(),
    }
    files["contents.js"] = _contents(files)
    files[SERVICE_WORKER] = _service_worker(files)
    files[LICENCES] = vendored(LICENCES)  # not needed to work, so not kept for offline use
    return dict(sorted(files.items()))


def manifest(card: Mapping[str, Any]) -> dict[str, Any]:
    """Give the web app manifest, by which a browser offers to install the page."""
    return {
        "name": card["title"],
        "short_name": card["name"],
        "description": "Tells what a photo shows. Works without a network; photos stay on this device.",
        "start_url": "./",
        "scope": "./",
        "display": "standalone",
        "theme_color": PAPER,
        "background_color": PAPER,
        "icons": [
            {"src": "icon.svg", "sizes": "any", "type": "image/svg+xml"},
            {"src": "icon-192.png", "sizes": "192x192", "type": "image/png"},
            {"src": "icon-512.png", "sizes": "512x512", "type": "image/png"},
            {"src": "icon-maskable-512.png", "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
        ],
    }


def _contents(files: Mapping[str, bytes]) -> bytes:
    """Say how many bytes each file has, so that the page can show how far its loading has come."""
    sizes = {name: len(octets) for name, octets in sorted(files.items())}
    return (
        b"// How large the files of this folder are, in bytes.\nexport const BYTES = " + _json(sizes).rstrip() + b";\n"
    )


def _service_worker(files: Mapping[str, bytes]) -> bytes:
    digests = {name: hashlib.sha256(octets).hexdigest() for name, octets in sorted(files.items())}
    text = _asset(SERVICE_WORKER).decode()
    text = text.replace("{{ version }}", _version(files)).replace("{{ files }}", _json(digests).decode().rstrip())
    return text.encode()


def _version(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, octets in sorted(files.items()):
        if name not in (SERVICE_WORKER, LICENCES):
            digest.update(f"{name}\0{hashlib.sha256(octets).hexdigest()}\n".encode())
    return digest.hexdigest()[:VERSION_DIGITS]


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode("utf-8", "replace")


def _asset(name: str) -> bytes:
    return _read(ASSETS / name)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}. Fetch the file again, or install florilegium again.") from error
