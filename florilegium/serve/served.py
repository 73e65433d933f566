"""The model that answers now; a newly trained one takes its place without a restart. Path: model -> **serve**."""

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
from anyio import to_thread

from florilegium.errors import FlorilegiumError, StateError
from florilegium.export import page_card
from florilegium.export.page import page_html
from florilegium.model import ModelFile, open_model, predict_texts
from florilegium.model.predict import Prediction
from florilegium.serve.classifier import N_BEST, Classifier
from florilegium.serve.limits import Limits, RequestRefused
from florilegium.source.base import Kind

LOOK_S = 1.0  # how often the model's file is looked at, at most
Stamp = tuple[int, int, int]


class NoModelYet(RequestRefused, StateError):
    """Nothing was trained yet, so nothing can answer."""

    status = 503
    retry_after_s = 60


class Texts:
    """Answers texts with one model."""

    def __init__(self, model: ModelFile, *, n_threads: int) -> None:
        """Take an opened model of texts."""
        self.model = model
        self._turn = anyio.CapacityLimiter(n_threads)

    def warm_up(self) -> None:
        """Answer a few words, so that the first reader waits no longer than the others."""
        with suppress(FlorilegiumError):  # the first reader is told what is wrong
            self._said(["warm up"])

    async def said(self, texts: list[str]) -> list[Prediction]:
        """Give what the model says of texts, in order."""
        return await to_thread.run_sync(self._said, texts, limiter=self._turn)

    def _said(self, texts: list[str]) -> list[Prediction]:
        return list(predict_texts(self.model, texts, top=N_BEST))


class Served:
    """The current model of a project, looked at again whenever its file changes."""

    def __init__(self, path: Path, *, limits: Limits) -> None:
        """Open the model, where there is one.

        Raises: ModelFileError: the file is there and cannot be used.
        """
        self.path, self.limits = path, limits
        self._looked_at, self._opening = 0.0, threading.Lock()
        self._stamp: Stamp | None = None
        self._now: Classifier | Texts | None = None
        self._page: tuple[object, object, bytes] | None = None
        if (stamp := stamp_of(path)) is not None:
            self._open(stamp)

    @property
    def now(self) -> Classifier | Texts:
        """What answers at this moment.

        Raises: NoModelYet: nothing was trained yet.
        """
        if self._now is None:
            raise NoModelYet(
                "There is no classifier yet. Train one: florilegium train. It is served as soon as it is there."
            )
        return self._now

    @property
    def model(self) -> ModelFile:
        """The model that answers at this moment.

        Raises: NoModelYet: nothing was trained yet.
        """
        return self.now.model

    @property
    def kind(self) -> Kind | None:
        """What it takes; None: there is no model yet."""
        return None if self._now is None else self._now.model.card.kind

    def look(self) -> None:
        """Look whether there is a newer model; it is opened beside the one that goes on answering."""
        now = time.monotonic()
        if now - self._looked_at < LOOK_S:
            return
        self._looked_at = now
        stamp = stamp_of(self.path)
        if stamp is not None and stamp != self._stamp and self._opening.acquire(blocking=False):
            threading.Thread(target=self._open_beside, args=(stamp,), daemon=True).start()

    def card(self) -> Mapping[str, Any]:
        """Give what the page and `/api/card` tell of the model."""
        now = self.now
        return now.card if isinstance(now, Classifier) else page_card(now.model)

    def page(self, recourse: Mapping[str, Any] | None = None) -> bytes:
        """Give the classifier's page of an image model as it is before a photo came; `recourse` as for `page_html`."""
        classifier = self.now
        if not isinstance(classifier, Classifier):
            raise TypeError("only image models have this page")
        if self._page is None or self._page[0] is not classifier or self._page[1] != recourse:
            html = page_html(classifier.card, engine="server", max_bytes=self.limits.max_file_bytes, recourse=recourse)
            self._page = (classifier, recourse, html.encode())
        return self._page[2]

    def _open_beside(self, stamp: Stamp) -> None:
        try:
            self._open(stamp)
        except FlorilegiumError:
            self._stamp = stamp  # half-written or foreign: the old one goes on, until the file changes again
        finally:
            self._opening.release()

    def _open(self, stamp: Stamp) -> None:
        model = open_model(self.path)
        if model.card.kind is Kind.IMAGE:
            classifier = Classifier(model, n_threads=self.limits.n_threads)
            classifier.warm_up()
            self._now = classifier
        else:
            texts = Texts(model, n_threads=self.limits.n_threads)
            self._now = texts
            # Words need half the machine learning library; whoever comes meanwhile waits for the same work.
            threading.Thread(target=texts.warm_up, daemon=True).start()
        self._stamp = stamp


def stamp_of(path: Path) -> Stamp | None:
    """Give what changes when a file is replaced; None: there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
