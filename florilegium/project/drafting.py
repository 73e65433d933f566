"""Draft a text from notes, with what projects' records say beside. Path: project -> **drafting** -> cli, serve.

Two steps, so that a person sees what would leave this machine, and what it costs, before anything does.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from florilegium import endpoint as endpoints
from florilegium.endpoint import Asking, Endpoint, Estimate
from florilegium.journal import checking, draft, privacy
from florilegium.journal.checking import Record
from florilegium.journal.draft import Draft, DraftKind, Tone
from florilegium.journal.events import Told
from florilegium.journal.privacy import Masked
from florilegium.project.project import Project

NOBODY = frozenset({"owner", "import"})  # who gives labels and is no name


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftWish:
    """What somebody wants drafted."""

    points: tuple[str, ...]
    kind: DraftKind = DraftKind.CHAPTER
    tone: Tone = Tone.PLAIN
    endpoint: Endpoint | None = None  # None: by the template
    names: tuple[str, ...] = ()  # of people, which are masked
    hidden: Mapping[str, str] = field(default_factory=dict)  # what stands in the points -> what it was masked for
    record: Record = field(default_factory=Record)
    may_send_personal: bool = False  # send names, e-mail addresses and telephone numbers as they are
    is_strict: bool = False  # refuse a draft with numbers that the record does not know
    trust_notes: bool = False  # take the numbers of the notes as they are


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A draft before it is made: what would be sent, and what that takes."""

    wish: DraftWish
    messages: tuple[dict[str, str], ...] = ()
    masked: Masked | None = None
    estimate: Estimate | None = None

    @property
    def mark(self) -> str:
        """Give a mark of what would be sent and to whom; empty: nothing is. Whoever said yes was shown just this."""
        if not self.messages or self.wish.endpoint is None:
            return ""
        told = [self.wish.endpoint.url, self.wish.endpoint.model, *self.messages]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


def names_of(project: Project) -> tuple[str, ...]:
    """Give the names of those who labelled in a project."""
    who = dict.fromkeys(event.who for _, event in project.store.labels_given())
    return tuple(name for name in who if name not in NOBODY)


def record_of(told: Sequence[Told], *, tz: tzinfo | None = None) -> Record:
    """Give what drafts about these projects may say."""
    return checking.record_of(told, tz=tz)


def prepare(wish: DraftWish) -> Prepared:
    """Put together what would be sent to the endpoint; nothing, where the template drafts."""
    if wish.endpoint is None:
        return Prepared(wish=wish)
    system, user = draft.messages(wish.points, kind=wish.kind, tone=wish.tone, record=wish.record)
    if wish.may_send_personal:
        masked = Masked(text=privacy.without_pictures(user["content"]), behind={}, n_pictures=0)
    else:
        masked = privacy.mask(user["content"], names=wish.names)
        masked = replace(masked, behind={**wish.hidden, **masked.behind})
    messages = (system, {**user, "content": masked.text})
    return Prepared(wish=wish, messages=messages, masked=masked, estimate=endpoints.estimate(wish.endpoint, messages))


def carry_out(
    prepared: Prepared, *, heard: Callable[[str], None] = lambda _: None, asking: Asking | None = None
) -> Draft:
    """Make the draft.

    Args: heard: called with each piece of a language model's answer as it comes.
        asking: the request, where another than the usual one is wanted.
    Raises: EndpointError: no answer.  InputError: a strict wish, and numbers that the record does not know.
    """
    wish = prepared.wish
    if wish.endpoint is None or prepared.masked is None:
        made = draft.by_template(
            wish.points, kind=wish.kind, tone=wish.tone, record=wish.record, trust_notes=wish.trust_notes
        )
    else:
        asking = asking or Asking(endpoint=wish.endpoint, messages=prepared.messages)
        for piece in asking:
            heard(piece)
        text = prepared.masked.unmasked(asking.text)
        text += "\n\n[The answer was cut off here.]" if asking.is_cut_off else ""
        made = draft.finished(
            text,
            by=wish.endpoint.model,
            notes="\n".join(wish.points),
            record=wish.record,
            trust_notes=wish.trust_notes,
        )
    return draft.refuse_unfound(made) if wish.is_strict else made
