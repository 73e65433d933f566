"""The query desk when it is wanted, with the model, promise and replies of now. Path: project -> **serve**.

Opened by the first who needs it; a newly trained model takes its place without a restart.
"""

import threading
import time
from pathlib import Path

from florilegium.project import Project
from florilegium.project.queries import Queries
from florilegium.project.queries.desk import QueryDesk

LOOK_S = 2.0  # how often files and record are looked at, at most


class QueryDeskAtHand:
    """One project's desk, for all pages and people at once."""

    def __init__(self, project: Project) -> None:
        """Remember the project; it stays open as long as this is used."""
        self._project = project
        self._queries: Queries | None = None
        self._lock = threading.Lock()
        self._desk: QueryDesk | None = None
        self._stamp: tuple[int, int] | None = None
        self._looked_at = 0.0

    @property
    def now(self) -> QueryDesk:
        """Give the desk as of now.

        Raises: StepMissing: no model was trained yet.
        """
        desk = self._desk
        if desk is not None and time.monotonic() - self._looked_at < LOOK_S:
            return desk
        with self._lock:
            return self._looked()

    def _looked(self) -> QueryDesk:
        stamp = _stamp(self._project.model_path)
        if self._desk is None or stamp != self._stamp:
            self._queries = self._queries or self._project.queries()
            self._desk, self._stamp = self._queries.desk(), stamp
        else:
            self._desk.router.refresh()
        self._looked_at = time.monotonic()
        return self._desk


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino
