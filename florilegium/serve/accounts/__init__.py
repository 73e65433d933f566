"""Who may use which page: every route declares one of these dependencies. Path: project -> **serve**."""

from florilegium.serve.accounts.gate import Gate, Person, Visits, visit_of
from florilegium.serve.accounts.roles import csrf_field, csrf_of, known, labeller, owner, public, public_form, reviewer

__all__ = [
    "Gate",
    "Person",
    "Visits",
    "csrf_field",
    "csrf_of",
    "known",
    "labeller",
    "owner",
    "public",
    "public_form",
    "reviewer",
    "visit_of",
]
