"""Texts of a project with the words marked that speak for an answer. Path: **project** (shell).

The words are those that the current model weighs, whoever gave the answer: a label that looks wrong was found by a
model that had not seen the item, and that model is gone. Pages say so.
"""

import threading
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from florilegium.errors import FlorilegiumError
from florilegium.model.deciding import Decided, Deciding
from florilegium.model.opened import ModelFile
from florilegium.project import kept
from florilegium.report.marking import Piece, marked
from florilegium.report.values import Marks
from florilegium.source.base import Kind

if TYPE_CHECKING:
    from florilegium.project.project import Project

N_KEPT = 256  # texts in memory
MOST_EXACT, MOST_ASKED = 600, 24  # mistakes on a page; by a network one costs as many answers as it has words


def pieces_of(text: str, decided: Decided | None) -> tuple[Piece, ...]:
    """Cut a text by the words that decided; () where nothing is known of them or none speaks for the answer."""
    return _cut(text, words_of(decided))


def words_of(decided: Decided | None) -> Marks:
    """Give start, end and weight of the words that decided; () where nothing is known of them."""
    return () if decided is None else tuple((word.start, word.end, word.weight) for word in decided.words)


def _cut(text: str, words: Marks) -> tuple[Piece, ...]:
    pieces = marked(text, words)
    return pieces if any(piece.strength for piece in pieces) else ()


class MarkedTexts:
    """The current model's view of texts. May be used by several threads."""

    def __init__(self, project: "Project") -> None:
        """Open nothing yet: the model is opened when first asked."""
        self._project = project
        self._lock = threading.Lock()
        self._kept = lru_cache(maxsize=N_KEPT)(self._asked)

    @cached_property
    def _model(self) -> ModelFile | None:
        record = self._project.store.current_model()
        if record is None:
            return None
        try:
            model = kept.open_current(self._project.folder, record.model_id)
        except FlorilegiumError:  # its file is gone or damaged: texts are shown plain
            return None
        return model if model.card.kind is Kind.TEXT else None

    @cached_property
    def _deciding(self) -> Deciding | None:
        return None if self._model is None else Deciding(self._model)

    @property
    def at_most(self) -> int:
        """Give how many texts a page may ask for."""
        return MOST_EXACT if self._model is not None and self._model.card.vocabulary is not None else MOST_ASKED

    def words(self, text: str, label: str) -> Marks:
        """Give the words of a text with what each adds to a class; () without a model of texts that knows the class."""
        return self._kept(text, label)

    def pieces(self, text: str, label: str) -> tuple[Piece, ...]:
        """Cut a text by the words that speak for a class; () where none does or nothing is known."""
        return _cut(text, self.words(text, label))

    def _asked(self, text: str, label: str) -> Marks:
        with self._lock:  # the model is opened once, and a session asked by one at a time
            return () if self._deciding is None else words_of(self._deciding.decided(text, label))
