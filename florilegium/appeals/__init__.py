"""A contested decision: who said what, when, and what may come next. Path: bias -> **appeals** -> feedback.

Sees answers, never the model that gave them.
"""

from florilegium.appeals.case import Case, CaseEvent, Consent, Origin, Ruling, Step
from florilegium.appeals.standing import IllegalStep, Review, Standing, State, fold, follow, steps_from

__all__ = [
    "Case",
    "CaseEvent",
    "Consent",
    "IllegalStep",
    "Origin",
    "Review",
    "Ruling",
    "Standing",
    "State",
    "Step",
    "fold",
    "follow",
    "steps_from",
]
