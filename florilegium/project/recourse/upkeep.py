"""Do in the background what time brings: send mail, keep retention periods, remind. Path: **project** (shell) -> serve.

One thread beside a server. What fails is said and tried again; the server goes on.
"""

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from florilegium.errors import FlorilegiumError
from florilegium.project.recourse import mailing, retention

if TYPE_CHECKING:
    from florilegium.project.recourse.recourse import Recourse

SWEEP_S, MAIL_S = 3600.0, 15.0  # seconds between two sweeps, and between two looks into the outbox
STOP_S = 3.0  # that a server which stops waits for it
log = logging.getLogger(__name__)


class Upkeep:
    """A thread that looks after time; `with Upkeep(recourse): serve()`."""

    def __init__(self, recourse: "Recourse", *, sweep_s: float = SWEEP_S, mail_s: float = MAIL_S) -> None:
        """Prepare it; nothing runs yet."""
        self._recourse, self._sweep_s, self._mail_s = recourse, sweep_s, mail_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recourse-upkeep", daemon=True)

    def __enter__(self) -> Self:
        """Begin, with a sweep."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop; what is under way has a few seconds to end, and is taken up again by the next server."""
        self._stopped.set()
        self._thread.join(timeout=STOP_S)

    def _run(self) -> None:
        waited_s = self._sweep_s
        while not self._stopped.is_set():
            if waited_s >= self._sweep_s:
                waited_s = 0.0
                self._try("sweep", lambda: retention.sweep(self._recourse))
            self._try("mail", lambda: mailing.send_due(self._recourse))
            self._stopped.wait(self._mail_s)
            waited_s += self._mail_s

    def _try(self, what: str, work: Callable[[], object]) -> None:
        try:
            done = work()
        except FlorilegiumError as error:
            log.warning("%s: %s", what, error)
        except Exception:  # a fault of ours must not end retention for good; it is tried again and stands in the log
            log.exception("%s failed", what)
        else:
            log.debug("%s: %s", what, done)
