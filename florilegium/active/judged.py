"""Verdicts on labels, and what they say of those not looked at. Path: **active** (used by errors_left and stopping).

Holds values; computes nothing.
"""

from dataclasses import dataclass
from enum import StrEnum

from florilegium.evaluation.intervals import LEVEL


class Ruling(StrEnum):
    """What somebody said about a label."""

    KEPT = "kept"  # it was right
    WRONG = "wrong"  # relabelled, or taken out of the set
    UNSURE = "unsure"


class Stream(StrEnum):
    """Why an item was shown."""

    RANKED = "ranked"  # it was the most suspicious one
    RANDOM = "random"  # drawn uniformly from all items not judged at that moment, whatever was filtered
    CHOSEN = "chosen"  # the user looked for it (a filter, a search, a grid): says nothing about the others


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One verdict. An item judged twice has its first place and its last verdict; one shown and skipped is unsure."""

    row: int  # into the suspicion scores
    ruling: Ruling
    stream: Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorsLeft:
    """How many labels among the items not judged yet this user would call wrong.

    `low` to `high` holds the true number in 95 of 100 sessions *at every moment of the session*, whatever the order
    of the list and whenever one looks or stops; it rests on the random items only, and reads "unsure" both ways.
    `high_if_ranked` is sharper and asks for more: that what stood at the top of the list was at least as often wrong as
    what is below. It counts what this user would call wrong, and the advice to stop rests on it.
    """

    n_items: int
    n_judged: int
    n_random: int  # of those judged, drawn at random
    n_wrong_found: int
    n_unsure: int
    n_left_to_judge: int
    estimate: int | None  # None: nothing judged yet
    low: int
    high: int
    high_if_ranked: int  # low..high
    tolerated: int  # so many wrong labels may stay
    n_right_to_stop: int | None  # stop after so many more right labels in a row; 0: now; None: not within 300
    level: float = LEVEL
    stop: bool = False
    sentence: str = ""
    advice: str = ""

    def __str__(self) -> str:
        """Say the estimate with its range."""
        return self.sentence
