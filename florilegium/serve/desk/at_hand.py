"""A desk made ready beside the other pages, and anew when the model is another. Path: project -> **serve**.

The project is held only for the moment in which the desk is set up, so that `florilegium train` runs while a server
does, and two servers run side by side.
"""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from florilegium.errors import FlorilegiumError, StateError
from florilegium.project import Project
from florilegium.project.desk import Desk, DeskWish
from florilegium.project.kept import MODEL_NAME
from florilegium.serve.limits import RequestRefused
from florilegium.serve.served import stamp_of

if TYPE_CHECKING:
    from florilegium.serve.served import Stamp

AGAIN_S = 2.0  # after a failure, before it is tried again


class DeskNotReady(RequestRefused, StateError):
    """The labelling pages are being made ready."""

    status = 503
    retry_after_s = 2


class DeskAtHand:
    """Gives the desk that is there, and makes the next one in the background."""

    def __init__(self, folder: Path, wish: DeskWish, *, clock: Callable[[], datetime]) -> None:
        """Remember the project; `prepare` or the first use begins the work."""
        self.folder, self.wish, self.clock = folder, wish, clock
        self._making = threading.Lock()
        self._desk: Desk | None = None
        self._stamp: Stamp | None = None
        self._trouble, self._tried_at = "", -AGAIN_S
        self._is_closed = False

    def prepare(self) -> None:
        """Make a desk in the background, where none is there or the model is another; may be called at any time."""
        is_good = self._desk is not None and stamp_of(self.folder / MODEL_NAME) == self._stamp
        if is_good or time.monotonic() - self._tried_at < AGAIN_S or not self._making.acquire(blocking=False):
            return
        self._tried_at = time.monotonic()
        threading.Thread(target=self._make, daemon=True).start()

    def get(self) -> Desk:
        """Give the desk.

        Raises: DeskNotReady: it is being made, or cannot be; the message says which.
        """
        self.prepare()
        if self._desk is None:
            raise DeskNotReady(self._trouble or "The labelling pages are being made ready. Try again in a moment.")
        return self._desk

    def as_desk(self) -> Desk:
        """Give what stands in for the desk in the routes: each use asks for the one that is there now."""
        return cast("Desk", _StandIn(self))

    def close(self) -> None:
        """End what works in the background."""
        self._is_closed = True
        with self._making:
            self._put_away(self._desk)
            self._desk = None

    def _make_now(self) -> None:
        """Make the desk and wait for it: for tests."""
        with self._making:
            self._try()

    def _make(self) -> None:
        try:
            self._try()
        finally:
            self._making.release()

    def _try(self) -> None:
        try:
            stamp = stamp_of(self.folder / MODEL_NAME)
            project = Project(self.folder, clock=self.clock)
            try:
                desk = project.label(self.wish)
                desk.prepare()
            except BaseException:
                project.store.close()
                raise
            before, self._desk, self._stamp, self._trouble = self._desk, desk, stamp, ""
            self._put_away(self._desk if self._is_closed else before)
        except FlorilegiumError as error:
            self._trouble = f"The labelling pages cannot be shown yet. {error}"

    @staticmethod
    def _put_away(desk: Desk | None) -> None:
        if desk is not None:
            desk.close()
            desk.project.store.close()


class _StandIn:
    """Looks like a desk to the routes; holds none."""

    def __init__(self, at_hand: DeskAtHand) -> None:
        self._at_hand = at_hand

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a desk has
        return getattr(self._at_hand.get(), name)
