"""Sign what was shown, so that an answer says truly what it is about. Path: **project** (shell).

A ticket travels through the browser and back; a server that was restarted meanwhile reads it as well. Nobody can make
one up, and each is good for one judgement: its click number is recorded with it.
"""

import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from itsdangerous import BadData, URLSafeSerializer

from florilegium.errors import InputError
from florilegium.project.secret import secret_in

KEY_NAME = "desk.key"
MOST_CHARS = 20_000  # a class name may be long; more than this is no ticket of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What an item was when it was shown, and what was shown of it."""

    name: str
    task: str
    stream: str
    before: str | None  # the recorded label, shown or not
    suggestion: str | None  # what the model would have said, shown or not
    suggested: bool  # was it shown?
    suspicion: float | None
    click: str
    seen: int | None = None  # the item's newest label event


def new_click() -> str:
    """Give a number for one judgement that no other has."""
    return secrets.token_hex(12)


def signer(folder: Path) -> URLSafeSerializer:
    """Give what signs with the folder's key, made where there is none; without it old tickets are worth nothing."""
    return URLSafeSerializer(secret_in(folder, KEY_NAME), salt="desk")


def sign(shown: Shown, by: URLSafeSerializer) -> str:
    """Give the ticket of what was shown."""
    return str(by.dumps(asdict(shown)))


def read(ticket: str, by: URLSafeSerializer) -> Shown:
    """Give what was shown.

    Raises: InputError: the ticket is not ours, or was changed on the way.
    """
    try:
        return Shown(**by.loads(ticket[:MOST_CHARS]))
    except BadData as error:
        raise InputError(
            "This answer belongs to no item that was shown here. Load the page again and answer there."
        ) from error
