"""Keep each answer to a query among the live ones. Path: **project** (shell)."""

import hashlib
import hmac
from typing import TYPE_CHECKING

from florilegium.project.desk import ticket as signing
from florilegium.project.queries.desk import Record
from florilegium.project.queries.routing import Routed
from florilegium.project.queries.view import Asked
from florilegium.store import new_ticket

if TYPE_CHECKING:
    from florilegium.project.project import Project


def recorder_of(project: "Project") -> Record:
    """Give what records the answers of a project."""
    secret = signing.signer(project.cache).secret_key

    def record(asked: Asked, routed: Routed) -> tuple[int | None, str]:
        del routed
        if asked.key is None:
            return None, new_ticket()
        said = f"{asked.key}\0{asked.text}".encode()
        return None, hmac.new(secret, said, hashlib.sha256).hexdigest()[:32]

    return record
