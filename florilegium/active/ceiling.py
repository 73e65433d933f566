"""How often does a person agree with the label on record? Path: bias -> **active** -> report.

A small random sample of items is labelled again by somebody who does not see the old label. The share that comes out
the same stands beside the model's accuracy: a model that does better has learned the record, not the thing. Takes yes
and no; asks nobody.
"""

from dataclasses import dataclass

import numpy as np

from florilegium.evaluation.intervals import LEVEL, score
from florilegium.evaluation.values import Score
from florilegium.evaluation.words import counted, percent, percent_bare
from florilegium.types import Bools, Ints

N_ENOUGH = 30  # below, the range is up to 35 points wide and tells no model from another (test_active_ceiling)


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanCeiling:
    """Agreement of a second look with the label on record."""

    score: Score | None  # None: nothing was labelled again
    enough: bool  # at least 30 items
    sentence: str

    def __str__(self) -> str:
        """Say it with its range."""
        return self.sentence


def human_ceiling(
    agrees: Bools, *, groups: Ints | None = None, model: Score | None = None, level: float = LEVEL
) -> HumanCeiling:
    """Say how often a person, asked again, gives the label on record.

    Args: agrees: (n,) of a *random* sample of labelled items; an item labelled again twice is two entries of one group.
        groups: (n,) items with one number are not independent; None: all are.
        model: the model's accuracy, to be set beside it.

    >>> print(human_ceiling(np.repeat([True, False], [93, 7])))
    Asked again, people gave the label on record in 93 of 100 cases (86.3 to 96.6 %).
    """
    if len(agrees) == 0:
        told = "No item was labelled again yet, so it is unknown how often a person agrees with the record."
        return HumanCeiling(score=None, enough=False, sentence=told)
    found = score("people", agrees, np.arange(len(agrees)) if groups is None else groups, level=level)
    says = (
        f"Asked again, people gave the label on record in {found.n_right:,} of {counted(found.n, 'case')} "
        f"({percent_bare(found.low)} to {percent(found.high)})."
    )
    enough = found.n >= N_ENOUGH
    if not enough:
        says += f" Too few to compare with: have at least {N_ENOUGH} labelled again."
    elif model is not None:
        says += f" {_beside(found, model)}"
    return HumanCeiling(score=found, enough=enough, sentence=says)


def _beside(people: Score, model: Score) -> str:
    its = f"{percent(model.accuracy)} ({percent_bare(model.low)} to {percent_bare(model.high)})"
    if model.low > people.high:
        return f"The model, with {its}, agrees more often than they do: it has learned the record, not only the thing."
    if model.high < people.low:
        return f"The model, with {its}, is not there yet."
    return f"The model, with {its}, cannot be told from them."
