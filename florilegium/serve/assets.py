"""The files beside the page: style sheet, scripts, icons. Path: export -> **serve**.

Read once when the server starts; a browser that has a file asks with its tag and gets it only where it changed. No
path that a browser sends ever reaches a disk.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from florilegium.errors import StorageError
from florilegium.export.page import ASSETS, FILES
from florilegium.report.render import own

ENGINE = {"engine.js": "engine_server.js"}
MEDIA_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"} | {
    "svg": "image/svg+xml",
    "png": "image/png",
}

MARKING = {"desk.css", "queries.css", "recourse.css"}  # sheets of pages that mark words in texts


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent."""

    content: bytes
    media_type: str
    tag: str  # of HTTP: equal tag, equal content

    @classmethod
    def read(cls, name: str, file_name: str, *, folder: Path | None = None) -> "Asset":
        """Read a file of this package.

        Raises: StorageError: it is missing in this installation.
        """
        path = (folder or ASSETS) / file_name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise StorageError(f"{path}: {error.strerror}. Install florilegium again.") from error
        if name in MARKING:
            content += own("marks.css").encode()
        return cls(content, MEDIA_TYPES[name.rpartition(".")[2]], tag_of(content))


def tag_of(content: bytes) -> str:
    """Give the tag of a content, for the header ETag."""
    return f'"{hashlib.sha256(content).hexdigest()[:20]}"'


def tagged(request: Request, content: bytes, media_type: str, tag: str) -> Response:
    """Give a content, or the word that the browser's copy is still good."""
    headers = {"ETag": tag, "Cache-Control": "no-cache"}  # keep it, and ask each time
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


def add_assets(app: FastAPI | APIRouter) -> None:
    """Serve each file under its name."""
    for name, file_name in {**FILES, **ENGINE}.items():
        add_asset(app, name, Asset.read(name, file_name))


def add_asset(app: FastAPI | APIRouter, name: str, asset: Asset) -> None:
    """Serve a file under a name."""

    async def file(request: Request) -> Response:
        return tagged(request, asset.content, asset.media_type, asset.tag)

    app.add_api_route(f"/{name}", file, methods=["GET", "HEAD"], include_in_schema=False)
