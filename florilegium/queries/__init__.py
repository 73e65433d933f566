"""Written queries: the reply to an intent, and what no intent covers. Path: evaluation -> **queries** -> project.

Sees texts and answers; never a model, a store or a page.
"""

from florilegium.queries.asking import Asking, askings, heard_as, languages_of, ready
from florilegium.queries.reply import PLACEHOLDERS, Reply, fault_of, filled, names_in

__all__ = [
    "PLACEHOLDERS",
    "Asking",
    "Reply",
    "askings",
    "fault_of",
    "filled",
    "heard_as",
    "languages_of",
    "names_in",
    "ready",
]
