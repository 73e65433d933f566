"""Training texts most like a given one, for a person who judges it. Path: **project** (shell).

They come from the project's own data at hand and go to its reviewers only: a model file holds no text, and sealed test
texts are never shown.
"""

import threading
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from florilegium.errors import FlorilegiumError
from florilegium.features.text import similarity_vectors
from florilegium.model.exemplars import Exemplar, Similar
from florilegium.source.base import Texts

if TYPE_CHECKING:
    from florilegium.project.project import Project

N_SIMILAR = 3
LEAST = 0.05  # likeness; below it two texts share no more than an ending


class SimilarTexts:
    """The training texts of a project, compared with a new one. May be used by several threads."""

    def __init__(self, project: "Project") -> None:
        """Read nothing yet: the texts are read and counted when first asked for."""
        self._project = project
        self._lock = threading.Lock()
        self._read = False
        self._rows: sp.csr_array | None = None  # (n, d), of length 1; None: no texts, or they are gone
        self._examples: tuple[Exemplar, ...] = ()
        self._strings: dict[str, str] = {}

    def nearest(self, text: str, *, n: int = N_SIMILAR) -> tuple[Similar, ...]:
        """Give the `n` most similar training texts with their labels, the most similar first.

        Likeness is the cosine of counted pieces of 3 to 5 characters, 0..1, as near-duplicates are found.
        """
        self._be_ready()
        if self._rows is None:
            return ()
        likeness = (self._rows @ similarity_vectors([text]).T).toarray()[:, 0]
        best = np.argsort(-likeness, kind="stable")[:n]
        return tuple(
            Similar(exemplar=self._examples[i], similarity=min(float(likeness[i]), 1.0))
            for i in best.tolist()
            if likeness[i] >= LEAST
        )

    def text(self, name: str) -> str:
        """Give what a training text says; empty where there is none of this name."""
        self._be_ready()
        return self._strings.get(name, "")

    def _be_ready(self) -> None:
        with self._lock:
            if not self._read:
                self._load()
                self._read = True

    def _load(self) -> None:
        try:
            holdings = self._project.holdings()
        except FlorilegiumError:  # the table is gone: people judge without examples
            return
        contents, samples = holdings.dataset.contents, holdings.dataset.samples
        if not isinstance(contents, Texts):
            return
        rows = np.flatnonzero(holdings.train).tolist()
        kept = [(i, label) for i in rows if (label := samples[i].label) is not None]
        if kept:
            self._examples = tuple(Exemplar(name=samples[i].name, label=label) for i, label in kept)
            self._strings = {samples[i].name: contents.strings[i] for i, _ in kept}
            self._rows = similarity_vectors([contents.strings[i] for i, _ in kept])
