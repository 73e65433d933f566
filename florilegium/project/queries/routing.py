"""Route a query: its intent, whether it is answered without a person, and with what. Path: **project** (shell).

Holds the model, the promise and the replies in memory, so that a query waits for nothing but arithmetic.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from florilegium.errors import InputError
from florilegium.model.deciding import Decided, Deciding
from florilegium.model.opened import Answers, ModelFile
from florilegium.project import kept
from florilegium.project.queries import promising
from florilegium.project.queries.promising import Promised
from florilegium.queries import Asking, Reply, askings, filled, heard_as, languages_of, ready
from florilegium.queries.reply import best_for, by_intent
from florilegium.source.base import Kind
from florilegium.types import Floats, Vectors

if TYPE_CHECKING:
    from florilegium.project.project import Project

N_TOP = 5  # intents that are kept of an answer
MOST_CHARS = 10_000  # of a query
MOST_NAME = 100
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """What the model says of a query, and what follows."""

    intent: str
    probability: float  # 0..1
    known: bool  # False: the model abstains
    top: tuple[tuple[str, float], ...]
    model_id: str  # which model said so
    automatic: bool  # above the promised threshold, and every place of the reply is filled
    threshold: float | None  # the promised one for queries that are asked like this; None: nothing is promised
    reply: str | None  # the suggested reply; None: there is none for this intent
    missing: tuple[str, ...]  # places that nothing fills
    vector: Vectors | None = field(default=None, compare=False, repr=False)  # (e,) kept with the live answer


@dataclass(frozen=True, slots=True, kw_only=True)
class _InUse:
    """Promise and replies as they were read together; replaced as a whole, so that a query never sees half of each."""

    promised: Promised | None
    replies: Mapping[str, Sequence[Reply]]  # by intent
    languages: tuple[str, ...]
    ready: Mapping[Asking, frozenset[str]]  # the intents whose reply can go out by itself


class Router:
    """The model that answers a project's queries, ready in memory. May be used by several threads."""

    def __init__(self, project: "Project") -> None:
        """Open the current model and read promise and replies.

        Raises: StepMissing: no model.  InputError: it is none of texts.
        """
        self._project = project
        self.model_id = promising.model_of(project).model_id
        self.model: ModelFile = kept.open_current(project.folder, self.model_id)
        if self.model.card.kind is not Kind.TEXT:
            raise InputError(
                f"{project.folder}: its items are pictures. Queries are texts; make a project from a table."
            )
        self.classes = self.model.classes
        self._deciding = Deciding(self.model)
        self.refresh()
        self.answers(["warm up"])

    def refresh(self) -> None:
        """Read promise and replies anew: another command may have changed them."""
        replies = self._project.store.queries.replies()
        self._in_use = _InUse(
            promised=promising.last(self._project),
            replies=by_intent(replies),
            languages=languages_of(replies),
            ready={asking: ready(replies, asking) for asking in askings(replies)},
        )

    @property
    def promised(self) -> Promised | None:
        """Give the promise made last; None: none was."""
        return self._in_use.promised

    def answers(self, texts: Sequence[str]) -> Answers:
        """Let the model answer texts."""
        return self.model.answers_of_texts(texts)

    def route(self, text: str, *, language: str = "", values: Mapping[str, str] = NOTHING) -> Routed:
        """Route one query. Args: values: what fills the places of a reply, such as the name that was given."""
        vectors = self.model.vectors_of_texts([text])
        found, sketches = self.model.answers(vectors), self.model.kept_vectors(vectors)
        probabilities: Floats = found.probabilities[0]
        order = np.argsort(-probabilities, kind="stable")[:N_TOP].tolist()
        intent, probability = self.classes[order[0]], float(probabilities[order[0]])
        text_of, missing = self.reply_to(intent, language=language, values=values)
        known, is_complete = bool(found.known[0]), text_of is not None and not missing
        threshold = self._threshold(intent, language, values)
        return Routed(
            intent=intent,
            probability=probability,
            known=known,
            top=tuple((self.classes[i], float(probabilities[i])) for i in order),
            model_id=self.model_id,
            automatic=known and is_complete and threshold is not None and probability >= threshold,
            threshold=threshold,
            reply=text_of,
            missing=missing,
            vector=None if sketches is None else sketches[0],
        )

    def _threshold(self, intent: str, language: str, values: Mapping[str, str]) -> float | None:
        """Give the probability from which on the intent is answered automatically, where a query is asked like this."""
        now = self._in_use
        asking = Asking(language=heard_as(language, now.languages), has_name=bool(values.get("name")))
        intents = now.ready.get(asking, frozenset())
        if now.promised is None or now.promised.model_id != self.model_id or intent not in intents:
            return None
        return now.promised.threshold_for(intents)

    def reply_to(
        self, intent: str, *, language: str = "", values: Mapping[str, str] = NOTHING
    ) -> tuple[str | None, tuple[str, ...]]:
        """Give the reply to an intent with its places filled, and the places that nothing fills; None: no reply."""
        reply = best_for(self._in_use.replies.get(intent, ()), intent, language=language)
        return (None, ()) if reply is None else filled(reply, values)

    def decided(self, text: str, intent: str) -> Decided | None:
        """Tell which words decided that a text is of this intent; None: it is no class of the model."""
        return self._deciding.decided(text, intent)
