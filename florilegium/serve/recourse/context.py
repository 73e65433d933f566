"""What the routes of recourse share. Path: project -> **serve**."""

from dataclasses import dataclass, field

from fastapi import Request
from starlette.responses import Response

from florilegium.project.recourse import Recourse
from florilegium.serve.accounts import Person, known, public
from florilegium.serve.accounts.roles import NotFromHere
from florilegium.serve.limits import Limits, Room
from florilegium.serve.recourse.render import public_page
from florilegium.serve.recourse.throttle import Throttle
from florilegium.source.base import Kind

NO_ORIGIN = "null"  # what browsers say of a form on a page that tells nobody its address

LOST = (
    "Perhaps the link was cut off when it was copied: 32 signs stand after its last stroke. Nobody can find a lost "
    "link for you."
)
THINGS = {Kind.IMAGE: "photo", Kind.TEXT: "text"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One project's recourse, as its pages use it."""

    recourse: Recourse
    title: str
    limits: Limits
    room: Room
    throttle: Throttle = field(default_factory=Throttle)

    def missing(self, request: Request) -> Response:
        """Answer a ticket that belongs to nothing: one page for all of them, whatever was wrong.

        Raises: TooManyWrong.
        """
        self.throttle.wrong(request)
        return public_page(request, "missing.html", title=self.title, status=404, message=LOST)


def form_key(recourse: Recourse, *parts: object) -> str:
    """Give the number of a form that asks for one step of one state: sent twice from two tabs, it is the same."""
    return recourse.keyed.key("form", *parts)


async def holder(request: Request) -> Person:
    """Let in whoever has the address: it holds the secret, so no page of another site can send its forms.

    These pages tell nobody their address, so a browser that does not say otherwise where a form comes from says "null".
    """
    try:
        return await public(request)
    except NotFromHere:
        if request.headers.get("origin") == NO_ORIGIN and "sec-fetch-site" not in request.headers:
            return known(request)
        raise
