"""Tickets, keys and draws that only this project's secret gives. Path: **project** (shell).

The same question gets the same answer in every process and after every restart; nobody without the secret can tell it
beforehand.
"""

import base64
import hashlib
import hmac

from florilegium.errors import InputError
from florilegium.store.tickets import TICKET_BYTES, new_ticket

KEY_NAME = "recourse.key"  # in the project's folder
MIN_KEY_CHARS, MAX_KEY_CHARS = 8, 200  # of what a sender calls its request
FULL = float(1 << 64)


class Keyed:
    """What follows from the project's secret."""

    def __init__(self, secret: bytes) -> None:
        """Take the secret."""
        self._secret = secret

    def ticket(self, *parts: str) -> str:
        """Give the one ticket that belongs to these parts."""
        return base64.urlsafe_b64encode(self._digest("ticket", *parts)[:TICKET_BYTES]).decode("ascii")

    def answer_ticket(self, key: str | None, sha256: str) -> str:
        """Give the ticket of an answer: by the sender's key where there is one, so that a retry gets the same."""
        return new_ticket() if key is None else self.ticket("answer", key, sha256)

    def draw(self, *parts: str) -> float:
        """Give a number from 0 to below 1, uniform over tickets and the like."""
        return int.from_bytes(self._digest("draw", *parts)[:8], "big") / FULL

    def key(self, *parts: object) -> str:
        """Give the key under which a request is kept: 48 hex digits, of which nobody finds the sender's own."""
        return self._digest("key", *map(str, parts)).hex()[:48]

    def _digest(self, *parts: str) -> bytes:
        # Each part says how long it is, so that no two lists of parts give one message.
        message = b"".join(
            len(octets).to_bytes(8, "big") + octets
            for octets in (part.encode("utf-8", "surrogatepass") for part in parts)
        )
        return hmac.new(self._secret, message, hashlib.sha256).digest()


def checked_key(key: str) -> str:
    """Give a sender's key back.

    Raises: InputError: it is so short that another sender could have the same, or too long.
    """
    if not MIN_KEY_CHARS <= len(key) <= MAX_KEY_CHARS:
        raise InputError(
            f"the key of this request has {len(key)} characters; expected {MIN_KEY_CHARS} to {MAX_KEY_CHARS}, such as "
            "a random UUID. Load the page again."
        )
    return key
