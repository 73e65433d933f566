"""The secret names of answers and cases. Path: **store** -> project. Only their hashes are ever kept."""

import hashlib
import secrets

TICKET_BYTES = 24  # 192 bits: nobody guesses one


def new_ticket() -> str:
    """Make a ticket: the secret part of a private link."""
    return secrets.token_urlsafe(TICKET_BYTES)


def ticket_hash(ticket: str) -> str:
    """Give what is kept of a ticket."""
    return hashlib.sha256(ticket.encode("utf-8", "surrogatepass")).hexdigest()
