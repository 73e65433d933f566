"""Draft a reply to an appeal from a reviewer's notes. Path: project -> **serve**. Sends nothing unasked.

By the template at once; by a language model, where one is set, in two steps: what it would take is said first.
"""

import os
from dataclasses import dataclass

from florilegium import endpoint as endpoints
from florilegium.errors import InputError
from florilegium.journal import draft as drafts
from florilegium.journal.draft import DraftKind
from florilegium.project import drafting
from florilegium.project.drafting import DraftWish
from florilegium.project.recourse import Recourse

BY_TEMPLATE, ASK_FIRST, SEND = "draft", "draft-ask", "draft-send"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """What the form shows next."""

    text: str  # in the field of the reason
    said: str  # above the form
    offer: str | None = None  # the button that sends the notes to the endpoint


def how() -> dict[str, str | None]:
    """Say what can draft: the template, and the endpoint of the environment, where one is set."""
    endpoint = endpoints.from_environment(os.environ)
    if endpoint is None:
        return {"said": "By a template; nothing leaves this machine.", "model": None}
    return {"said": "What a language model would cost is said before.", "model": endpoint.model}


def draft(recourse: Recourse, number: int, who: str, notes: str, *, how: str) -> Drafted:
    """Make a draft of notes, or say what it would take.

    Raises: InputError: there are no notes.  StateError: the file is not open to this person.  EndpointError.
    """
    recourse.open_file(number, who)  # only who may decide may draft
    points = drafts.read_points(notes) if notes.strip() else ()
    if not points:
        raise InputError("Write your notes into the field of the reason first, one a line.")
    if how == BY_TEMPLATE:
        made = drafts.reply(points)
        return Drafted(text=made.text, said=f"{made.said_by} Read it before you decide.")
    wish = DraftWish(points=points, kind=DraftKind.REPLY, endpoint=endpoints.from_environment(os.environ))
    prepared = drafting.prepare(wish)
    if how == ASK_FIRST and prepared.estimate is not None and wish.endpoint is not None:
        where = "this machine" if wish.endpoint.is_here else wish.endpoint.host
        said = (
            f"Your notes would go to {wish.endpoint.model} on {where}: {prepared.estimate.words}. Nothing was sent yet."
        )
        return Drafted(text=notes, said=said, offer=f"Send them to {wish.endpoint.model}")
    if how != SEND:
        raise InputError(f"{how[:40]!r}: expected decide or one of the drafts.")
    made = drafting.carry_out(prepared)
    return Drafted(text=made.text, said=f"{made.said_by} Read it before you decide.")
