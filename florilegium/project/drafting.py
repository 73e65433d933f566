"""Draft a text from notes, with what projects' records say beside. Path: project -> **drafting** -> cli, serve.

Two steps, so that a person sees what would leave this machine, and what it costs, before anything does.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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
    quoted: str = ""  # a stranger's words, which are quoted and never a note; a template leaves them out
    fills: Mapping[str, str] = field(default_factory=dict)  # place -> what is put there in the draft; never sent
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
    told = draft.told_by(wish.record)
    written = (*told, *wish.points, wish.quoted)
    if wish.may_send_personal:
        masked = Masked(texts=tuple(map(privacy.without_pictures, written)), behind={}, n_pictures=0)
    else:
        masked = privacy.mask(*written, names=wish.names)
    *shown, quoted = masked.texts
    messages = tuple(
        draft.messages(shown[len(told) :], kind=wish.kind, tone=wish.tone, told=shown[: len(told)], quoted=quoted)
    )
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
        points = [_filled(point, wish.fills) for point in wish.points]
        made = draft.by_template(
            points, kind=wish.kind, tone=wish.tone, record=wish.record, trust_notes=wish.trust_notes
        )
    else:
        asking = asking or Asking(endpoint=wish.endpoint, messages=prepared.messages)
        for piece in asking:
            heard(piece)
        text = _filled(prepared.masked.unmasked(asking.text), wish.fills)
        text += f"\n\n{draft.CUT_OFF}" if asking.is_cut_off else ""
        made = draft.finished(
            text,
            by=wish.endpoint.model,
            notes="\n".join((*wish.points, wish.quoted)),
            record=wish.record,
            trust_notes=wish.trust_notes,
        )
    return draft.refuse_unfound(made) if wish.is_strict else made


def _filled(text: str, fills: Mapping[str, str]) -> str:
    """Put what belongs to the places of a draft there; its numbers are looked up after that, like all others."""
    for place, value in fills.items():
        text = text.replace(place, value)
    return text
