"""The monitor's page, drawn up when it is asked for. Path: project -> **serve**. Draws on the server; runs no script.

Working it out takes seconds where there are many answers, so the page is kept as long as nothing was recorded, and for
a while even then; who asks meanwhile waits for the same one.
"""

import threading
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from florilegium.project import Project
from florilegium.project.monitor import watching
from florilegium.report.monitor import build_monitor, policy
from florilegium.serve.accounts import reviewer
from florilegium.serve.context import Whole
from florilegium.serve.page import HTML
from florilegium.serve.staff import frame_values

FRESH_S = 30.0  # a page this young is shown again, though something was recorded meanwhile
KEPT_MOST = 8  # pages of different days to begin with
DATE_MOST = 32  # characters
HERE = "/monitor"
Links = tuple[tuple[str, str], ...]  # address and name of the pages in the bar


@dataclass(frozen=True, slots=True)
class _Kept:
    html: str
    stamp: tuple[int, int, int]
    at: float  # seconds of a clock that never goes back


class _Pages:
    """Draws the page up once for all who ask."""

    def __init__(self, project: Project) -> None:
        self._project, self._drawing = project, threading.Lock()
        self._kept: dict[tuple[datetime | None, Links], _Kept] = {}

    def page(self, since: datetime | None, links: Links) -> str:
        key = (since, links)
        with self._drawing:
            stamp = self._stamp()
            kept = self._kept.get(key)
            if kept is not None and (kept.stamp == stamp or time.monotonic() - kept.at < FRESH_S):
                return kept.html
            account = watching.look(self._project, self._project.holdings(), since=since)
            html = build_monitor(account, links=links)
            if len(self._kept) >= KEPT_MOST:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = _Kept(html, stamp, time.monotonic())
            return html

    def _stamp(self) -> tuple[int, int, int]:
        store = self._project.store
        record = store.current_model()
        return store.live.count(), store.cases.n_events(), 0 if record is None else record.number


def monitor_routes(whole: Whole) -> APIRouter:
    """Give the route of the monitor's page, for reviewers."""
    router, pages = APIRouter(), _Pages(whole.project)

    @router.api_route(HERE, methods=["GET", "HEAD"], dependencies=[Depends(reviewer)], include_in_schema=False)
    def monitor(request: Request, since: Annotated[str | None, Query(max_length=DATE_MOST)] = None) -> Response:
        """Show what the model answers live, from a day on or from the first answer."""
        html = pages.page(watching.moment(since or None), _bar(request))
        octets = html.encode("utf-8", errors="backslashreplace")
        return Response(octets, media_type=HTML, headers={"Content-Security-Policy": policy()})

    return router


def _bar(request: Request) -> Links:
    """Give the pages that this person may open, as in the bar of all others, and the classifier itself."""
    frame = frame_values(request, here=HERE)
    root, entries = frame["at"], [entry for entry in frame["entries"] if entry.in_bar]
    return (*((root + entry.path, entry.name) for entry in entries), (f"{root}/", "Classifier"))
