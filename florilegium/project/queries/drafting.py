"""Draft a reply to a query from notes and the standard reply. Path: drafting -> **project** (shell) -> serve.

What a stranger wrote never becomes a note: it is quoted, as one line of data, and whoever drafts is told so. The name
that they gave is put into the draft afterwards. Numbers of the draft are looked up in the standard reply and in the
person's notes alone; one that only the query or the name has is marked.
"""

import os
import re
from dataclasses import dataclass

from florilegium import endpoint as endpoints
from florilegium.endpoint import Asking
from florilegium.journal.checking import Fact, Record
from florilegium.journal.draft import Draft, DraftKind, Tone
from florilegium.journal.numbers import numbers
from florilegium.project import drafting
from florilegium.project.drafting import DraftWish, Prepared
from florilegium.project.queries.view import clean
from florilegium.store import Query

MOST_NOTES = 2_000  # characters
STANDARD = "the standard reply"
LONG_NAME = 5  # letters: a shorter one stands in other words by chance
NAME = "{name}"  # the place of the asker's name in a reply


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftAsked:
    """What a draft is to be made from."""

    query: Query
    reply: str  # the standard reply, edited or not; empty: there is none
    notes: str = ""  # of the person at the desk
    tone: Tone = Tone.PLAIN


def prepare(asked: DraftAsked) -> Prepared:
    """Put together what would be sent to the endpoint that the environment names; without one a template drafts.

    Raises: SettingError: the endpoint's address or model is faulty.
    """
    given = endpoints.from_environment(os.environ)
    name = asked.query.name.strip()
    reply = _unnamed(_one_line(asked.reply), name)
    notes = [line.strip() for line in clean(asked.notes)[:MOST_NOTES].splitlines() if line.strip()]
    if given is None:
        points = [*([reply] if reply else []), *notes] or ["Thank you for your question"]
    else:
        points = [*notes, *([f"The standard reply says: {reply}"] if reply else [])]
    wish = DraftWish(
        points=tuple(points),
        kind=DraftKind.ANSWER,
        tone=asked.tone,
        endpoint=given,
        names=(name,) if name else (),
        quoted="" if given is None else asked.query.text,
        fills={NAME: name} if name else {},
        record=Record(facts=_facts(reply, STANDARD) + _facts("\n".join(notes), "your notes"), is_whole=True),
    )
    return drafting.prepare(wish)


def carry_out(prepared: Prepared, *, asking: Asking | None = None) -> Draft:
    """Make the draft, with the asker's name where the standard reply has it.

    Raises: EndpointError: no answer.
    """
    return drafting.carry_out(prepared, asking=asking)


def _facts(text: str, where: str) -> tuple[Fact, ...]:
    """Give the numbers of a text as figures that a draft may say; small ones too, beside any word."""
    return tuple(Fact(value=each.value, unit=each.unit, where=where, near=("",)) for each in numbers(text))


def _unnamed(reply: str, name: str) -> str:
    """Put the place back where the asker's name stands: what a stranger calls themselves is no fact and no order.

    >>> _unnamed("Dear Ann, annual fees are due.", "Ann")
    'Dear {name}, annual fees are due.'
    >>> _unnamed("Müllers Karte", "Müller")
    '{name}s Karte'
    """
    if not name:
        return reply
    if len(name) >= LONG_NAME:  # in any word, such as its genitive
        return reply.replace(name, NAME)
    before, behind = (r"(?<!\w)" if name[0].isalnum() else "", r"(?!\w)" if name[-1].isalnum() else "")
    return re.sub(f"{before}{re.escape(name)}{behind}", NAME, reply)


def _one_line(text: str) -> str:
    return " ".join(text.split())
