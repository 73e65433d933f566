"""The journal's preview: its pages as they will look, and a button that drafts. Path: journal -> **serve** -> cli.

For the person who writes, on this machine alone: drafts are shown, and a request may cost money or write into a
chapter. So it answers under this machine's names only, and takes a wish from its own pages only.
"""

import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

from florilegium.endpoint import from_environment
from florilegium.errors import FlorilegiumError, InputError
from florilegium.journal import Journal, read_journal, write_over
from florilegium.journal import chapter as chapters
from florilegium.journal import site as sites
from florilegium.journal.draft import Draft, DraftKind, Tone, draft_dict, read_points
from florilegium.journal.prefill import FOOTNOTE
from florilegium.project.chapters import tell_own_deck, tell_projects
from florilegium.project.drafting import DraftWish, Prepared, carry_out, names_of, prepare, record_of
from florilegium.project.learner import own_path
from florilegium.project.project import load
from florilegium.serve.app import MIN_GZIP_BYTES
from florilegium.serve.assets import tag_of, tagged
from florilegium.serve.edge import error_json, status_of
from florilegium.serve.headers import SecurityHeaders, security_headers
from florilegium.serve.site import OTHER, TYPES

HOSTS = ["127.0.0.1", "localhost", "[::1]"]
GONE = "This page is not there: no such chapter, or one that cannot be read at the moment."
MOST_DRAFTS = 20  # kept until they are put into a chapter
PREVIEW_TYPES = {**TYPES, "xml": "application/atom+xml", "jpg": "image/jpeg", "jpeg": "image/jpeg"} | {
    "gif": "image/gif",
    "webp": "image/webp",
}


class Wish(BaseModel):
    """What the page asks for."""

    model_config = ConfigDict(extra="forbid")

    chapter: str = Field(max_length=200)
    section: str = Field(max_length=200)
    tone: Tone = Tone.PLAIN
    template: bool = False
    send: bool = False


class Insertion(BaseModel):
    """A draft that shall stand in its chapter."""

    model_config = ConfigDict(extra="forbid")

    draft: str = Field(max_length=64)


class Preview:
    """A journal's site, made anew whenever a file of the journal changes."""

    def __init__(self, folder: Path) -> None:
        """Look at a journal's folder."""
        self.folder = folder
        self.drafts: dict[str, tuple[Wish, Draft, str]] = {}  # id -> wish, draft, digest of the chapter's file
        self._stamp = ""
        self._files: dict[str, bytes] = {}

    def stamp(self) -> str:
        """Give a word that changes when a file of the journal does."""
        found = []
        for path in sorted(self.folder.rglob("*")):
            try:
                if path.is_file() and not path.name.startswith("."):
                    found.append((path.as_posix(), path.stat().st_mtime_ns, path.stat().st_size))
            except OSError:  # gone between listing and looking
                continue
        return tag_of(repr(found).encode()).strip('"')

    def files(self) -> dict[str, bytes]:
        """Give the site as it stands."""
        stamp = self.stamp()
        if stamp != self._stamp:
            site = sites.build(read_journal(self.folder), preview=True, version=stamp)
            self._files, self._stamp = dict(site.files), stamp
        return self._files

    def wish(self, wish: Wish) -> tuple[Prepared, str]:
        """Gather what a section's draft needs; give it with a digest of the chapter's file."""
        there = read_journal(self.folder)
        found = next((c for c in there.chapters if c.name == wish.chapter), None)
        if found is None:
            raise InputError(f"{wish.chapter}: no such chapter, or one that cannot be read. Load the page again.")
        lines = [FOOTNOTE.sub("", line).replace("**", "") for line in chapters.section(found.body, wish.section)]
        points = chapters.points(lines)
        if not points:
            raise InputError(f"{wish.section}: no bullet points to draft from. Write some below the heading and save.")
        told, _ = tell_projects(there, {}, {})
        told += tell_own_deck(own_path(), {})
        prepared = prepare(
            DraftWish(
                points=read_points("\n".join(f"- {point}" for point in points)),
                kind=DraftKind.CHAPTER,
                tone=wish.tone,
                endpoint=None if wish.template else from_environment(os.environ),
                names=_names(there),
                record=record_of(told, tz=there.settings.tz),
            )
        )
        return prepared, chapters.digest(found.body)

    def keep(self, wish: Wish, draft: Draft, digest: str) -> str:
        """Remember a draft until it is put into its chapter."""
        while len(self.drafts) >= MOST_DRAFTS:
            self.drafts.pop(next(iter(self.drafts)))
        name = secrets.token_hex(8)
        self.drafts[name] = (wish, draft, digest)
        return name

    def insert(self, name: str) -> str:
        """Put a draft into its chapter, behind what stands in the section; every line that is there stays."""
        if name not in self.drafts:
            raise InputError("this draft is forgotten. Draft again.")
        wish, draft, digest = self.drafts[name]
        there = read_journal(self.folder)
        found = next((c for c in there.chapters if c.name == wish.chapter), None)
        if found is None or chapters.digest(found.body) != digest:
            raise InputError(f"{wish.chapter}.md was edited meanwhile. Copy the draft, or draft again.")
        path = self.folder / f"{found.name}.md"
        text = path.read_bytes().decode("utf-8")  # with the line ends that it has
        write_over(path, chapters.with_draft(text, found, wish.section, draft.text))
        del self.drafts[name]
        return path.name


def _names(there: Journal) -> tuple[str, ...]:
    names = [there.settings.author] if there.settings.author else []
    for place in there.settings.projects.values():
        try:
            with load(there.folder / place) as project:
                names += names_of(project)
        except FlorilegiumError:  # its absence is told where the record is read
            continue
    return tuple(names)


def create_preview(folder: Path) -> FastAPI:
    """Make the preview of a journal.

    Args: folder: the journal's; its files are looked at for every page.
    """
    preview = Preview(folder)
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.add_middleware(GZipMiddleware, minimum_size=MIN_GZIP_BYTES)
    app.add_middleware(SecurityHeaders, headers=security_headers())
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)
    app.add_exception_handler(FlorilegiumError, _trouble)
    app.add_exception_handler(OSError, _trouble)
    app.state.preview = preview

    @app.get("/-/version")
    def version() -> Response:
        return JSONResponse({"version": preview.stamp()})

    @app.post("/-/draft")
    def draft(wish: Wish, request: Request) -> Response:
        if refused := _foreign(request):
            return refused
        prepared, digest = preview.wish(wish)
        if not wish.send:
            return JSONResponse(_told(prepared))
        return StreamingResponse(_drafted(preview, wish, prepared, digest), media_type="application/x-ndjson")

    @app.post("/-/insert")
    def insert(insertion: Insertion, request: Request) -> Response:
        return _foreign(request) or JSONResponse({"file": preview.insert(insertion.draft)})

    @app.get("/{path:path}")
    def page(path: str, request: Request) -> Response:
        name = path or "index.html"
        content = preview.files().get(name)
        if content is None:
            return HTMLResponse(
                sites.trouble(GONE, read_journal(folder).faults, version=preview.stamp()), status_code=404
            )
        return tagged(request, content, PREVIEW_TYPES.get(name.rpartition(".")[2], OTHER), tag_of(content))

    return app


async def _trouble(request: Request, error: Exception) -> Response:
    """Say what is wrong: on a page that goes on following the files, or as JSON to a script."""
    known = error if isinstance(error, FlorilegiumError) else InputError(f"{error}. Save the file again.")
    if request.url.path.startswith("/-/"):
        return error_json(type(known).__name__, str(known), status=status_of(known))
    return HTMLResponse(sites.trouble(str(known), version=request.app.state.preview.stamp()), status_of(known))


def _foreign(request: Request) -> Response | None:
    """Refuse a wish that does not come from a page of ours."""
    origin = request.headers.get("origin", "")
    if origin.partition("://")[2] == request.headers.get("host", "") and request.headers.get("content-type") == (
        "application/json"
    ):
        return None
    return error_json("RequestRefused", "Wishes are taken from the preview's own pages only.", status=403)


def _told(prepared: Prepared) -> dict[str, Any]:
    """Say what a draft would take, before anything is sent."""
    endpoint = prepared.wish.endpoint
    return {
        "n_points": len(prepared.wish.points),
        "by": None if endpoint is None else endpoint.model,
        "where": None if endpoint is None else "this machine" if endpoint.is_here else endpoint.host,
        "takes": None if prepared.estimate is None else prepared.estimate.words,
        "masked": "" if prepared.masked is None else prepared.masked.words,
    }


def _drafted(preview: Preview, wish: Wish, prepared: Prepared, digest: str) -> Iterator[str]:
    """Give a draft as it is written: lines of JSON, the last one with the whole of it or with what went wrong."""
    from queue import SimpleQueue
    from threading import Thread

    pieces: SimpleQueue[dict[str, Any]] = SimpleQueue()

    def work() -> None:
        try:
            made = carry_out(prepared, heard=lambda piece: pieces.put({"piece": piece}))
            pieces.put({"draft": draft_dict(made), "id": preview.keep(wish, made, digest)})
        except FlorilegiumError as error:
            pieces.put({"error": str(error)})
        except Exception:  # noqa: BLE001 - the page must hear of an end, whatever happened
            pieces.put({"error": "The draft failed. Please report what you did."})

    Thread(target=work, daemon=True).start()
    while True:
        line = pieces.get()
        yield json.dumps(line, ensure_ascii=False) + "\n"
        if "piece" not in line:
            return
