"""Written queries: the reply that belongs to an intent, what decided, and what no intent covers. Path: evaluation -> **queries**.

Sees texts, answers and a function that scores; never a model, a store or a page.
"""

from florilegium.queries.reply import PLACEHOLDERS, Reply, fault_of, filled, names_in

__all__ = ["PLACEHOLDERS", "Reply", "fault_of", "filled", "names_in"]
