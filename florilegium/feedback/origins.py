"""How many of the labels that a model learned from began as a model's own answer. Path: **feedback** (stage).

A census, not a sample: every label of the training side at the moment of each training is counted, so there is no
range. Labels are given as events; the newest one before a training is the one that it learned from.
"""

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np

from florilegium.errors import InputError
from florilegium.evaluation.words import counted, percent
from florilegium.types import Floats, Ints


class Origin(IntEnum):
    """Where a label came from."""

    SOURCE = 0  # came with the data
    PERSON = 1  # a person gave it without seeing an answer
    ACCEPTED = 2  # a person saw the model's answer and took it: it began as the model's own
    CORRECTED = 3  # a person saw the model's answer and said something else
    APPEAL = 4  # an appeal was upheld
    AUDIT = 5  # the random blind audit


WORDS = {
    Origin.SOURCE: "came with the data",
    Origin.PERSON: "given unseen by the model",
    Origin.ACCEPTED: "the model's own answer, accepted",
    Origin.CORRECTED: "the model's answer, corrected",
    Origin.APPEAL: "an appeal that was upheld",
    Origin.AUDIT: "the blind audit",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labels:
    """The e label events of the training side, oldest first among equals.

    Raises: InputError: lengths differ.
    """

    items: Ints  # (e,) which item
    at: Floats  # (e,) days since 1970-01-01 UTC
    origin: Ints  # (e,) an `Origin`; -1: the event takes the item out

    def __post_init__(self) -> None:
        """Look at everything, complain once."""
        if len({len(getattr(self, each.name)) for each in fields(self)}) > 1:
            raise InputError(
                f"label events: {len(self.items)} items, {len(self.at)} moments, {len(self.origin)} origins; expected "
                "as many of each."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One training and the labels it had."""

    number: int  # of the model
    at: float  # days since 1970-01-01
    counts: tuple[int, ...]  # one per `Origin`

    @property
    def n(self) -> int:
        """Count the labels."""
        return sum(self.counts)

    @property
    def share_own(self) -> float:
        """Give the share that began as a model's own answer, 0..1."""
        return self.counts[Origin.ACCEPTED] / self.n if self.n else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackShare:
    """The share over the rounds of training."""

    rounds: tuple[Round, ...]
    sentence: str


def feedback_share(given: Labels, *, trained: Floats, numbers: Ints) -> FeedbackShare:
    """Count where labels came from, at each training.

    Args: trained: (r,) moments of training, days since 1970-01-01 UTC.  numbers: (r,) of the models.
    """
    order = np.argsort(given.at, kind="stable")
    rounds = []
    for at, number in zip(trained.tolist(), numbers.tolist(), strict=True):
        past = order[given.at[order] <= at]
        newest = past[::-1][np.unique(given.items[past][::-1], return_index=True)[1]]
        origin = given.origin[newest]
        counts = np.bincount(origin[origin >= 0], minlength=len(Origin))
        rounds.append(Round(number=number, at=at, counts=tuple(counts.tolist())))
    return FeedbackShare(rounds=tuple(rounds), sentence=_sentence(rounds))


def _sentence(rounds: list[Round]) -> str:
    if not rounds:
        return "No model has been trained yet, so none can have fed itself."
    last = rounds[-1]
    own = last.counts[Origin.ACCEPTED]
    said = (
        f"{counted(own, 'label')} of the {last.n:,} that model {last.number} learned from "
        f"({percent(last.share_own)}) began as a model's own answer"
    )
    if len(rounds) == 1:
        return f"{said}."
    return f"{said}; at the first training it was {percent(rounds[0].share_own)}."
