"""Serve a page that is a folder of files, as a web host would. Path: export -> **serve** -> cli.

The files are held in memory; no path that a browser sends ever reaches a disk. Computes nothing.
"""

from collections.abc import Mapping

from fastapi import FastAPI, Request
from starlette.responses import Response

from florilegium.export.static import POLICY
from florilegium.serve.assets import MEDIA_TYPES, tag_of, tagged
from florilegium.serve.headers import SecurityHeaders, security_headers

INDEX = "index.html"
OTHER = "application/octet-stream"
TYPES = {**MEDIA_TYPES, "html": "text/html; charset=utf-8", "mjs": MEDIA_TYPES["js"], "json": "application/json"} | {
    "txt": "text/plain; charset=utf-8"
}


def create_site(files: Mapping[str, bytes]) -> FastAPI:
    """Make the app of a folder.

    Args: files: name -> content; index.html is what the folder's address shows.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    policy = f"{POLICY}; frame-ancestors 'none'"  # the page's own, which lets WebAssembly run
    app.add_middleware(SecurityHeaders, headers={**security_headers(), "Content-Security-Policy": policy})
    for name, content in files.items():
        _add(app, f"/{name}", name, content)
    _add(app, "/", INDEX, files[INDEX])
    return app


def _add(app: FastAPI, path: str, name: str, content: bytes) -> None:
    media_type, tag = TYPES.get(name.rpartition(".")[2], OTHER), tag_of(content)

    async def file(request: Request) -> Response:
        return tagged(request, content, media_type, tag)

    app.add_api_route(path, file, methods=["GET", "HEAD"])
