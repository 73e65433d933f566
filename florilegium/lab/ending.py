"""What can go wrong, in words: numbers out of range, stuck, diverged, and what to try. Path: baseline -> **lab**.

A learning rate that is too large is a lesson, no crash: `descent` stops there, and this file says what happened. Takes
losses; sees no network.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from florilegium.errors import InputError, SettingError
from florilegium.types import Floats

LOST = 20.0  # a loss this many times the first one (at least 1) does not come back by itself
AT_LAST = 50  # steps whose mean loss counts as the last one: a single batch says little
LARGE = 0.01  # a rate from here on is rather too large than too small where nothing was learned
HUGE = 100.0  # a tenth of such a rate would be far too large as well
FELL = 0.99  # of the first loss: above it, nothing was learned


class End(StrEnum):
    """How learning ended."""

    DONE = "done"
    STUCK = "stuck"  # the loss is about where it began, or above
    DIVERGED = "diverged"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """The loss of every batch, and how it ended."""

    losses: Floats  # (number of steps,)
    end: End
    sentence: str


def check_rate(lr: float) -> float:
    """Refuse a learning rate that is no number; 0, negative and huge ones are allowed, for the sake of the lesson.

    Raises: SettingError: NaN or infinite.
    """
    if not math.isfinite(lr):
        raise SettingError(
            f"learning rate {lr}: after one step every weight would be {lr} too. Expected a number such as 0.1. "
            "Leave it away to take the one that the lesson uses, or ask florilegium.lab.finder.find_rate."
        )
    return lr


def check(n_pictures: int, n_labels: int, *, lr: float, n_epochs: int, n_batch: int) -> None:
    """Refuse what nobody can learn from.

    Raises: InputError: no pictures, or not as many labels.  SettingError: a number is out of its range.
    """
    if n_pictures == 0 or n_pictures != n_labels:
        raise InputError(f"{n_pictures} pictures with {n_labels} labels: expected as many of each, and at least 1.")
    check_count(n_epochs, "epochs")
    check_count(n_batch, "pictures in a batch")
    check_rate(lr)


def check_count(number: int, what: str) -> int:
    """Refuse less than one of what is counted.

    Raises: SettingError: below 1.
    """
    if number < 1:
        raise SettingError(f"{number} {what}: expected a whole number from 1 on, such as 64.")
    return number


def is_lost(losses: Sequence[float]) -> bool:
    """Tell whether the newest loss is no number any more, or so high that learning is over.

    >>> is_lost([0.7, 0.9]), is_lost([0.7, 21.0]), is_lost([0.7, float("nan")])
    (False, True, True)
    """
    return not losses[-1] <= LOST * max(losses[0], 1.0)  # NaN compares false


def told(losses: Sequence[float], lr: float) -> History:
    """Judge the losses of all steps, at least one, and say in a sentence or two what happened."""
    n, first, last = len(losses), losses[0], float(np.mean(losses[-AT_LAST:]))
    if is_lost(losses):
        end = End.DIVERGED
        sentence = f"Diverged: the loss went from {first:.3g} to {losses[-1]:.3g} in {n} steps. {_why_diverged(lr)}"
    elif lr == 0 or (n > 1 and last > FELL * first):  # at 0 a loss moves too: no batch is like the other
        end = End.STUCK
        sentence = f"Stuck: the loss was {first:.3g} at first and is {last:.3g} after {n} steps. {_why_stuck(lr)}"
    else:
        end = End.DONE
        sentence = f"The loss fell from {first:.3g} to {last:.3g} in {n} steps."
    return History(losses=np.array(losses), end=end, sentence=sentence)


def _why_diverged(lr: float) -> str:
    if lr < 0:
        return "A negative learning rate climbs instead of descending. Take a positive one."
    return f"With learning rate {lr:g} each step jumps over the valley and lands higher up. {_smaller(lr)}"


def _why_stuck(lr: float) -> str:
    if lr == 0:
        return "At learning rate 0 no weight moves. Try 0.1."
    if lr < 0:
        return "A negative learning rate climbs instead of descending. Take a positive one."
    if lr < LARGE:
        return f"Learning rate {lr:g} is so small that hardly anything moves. Try ten times as much, or more epochs."
    return f"Learning rate {lr:g} is so large that each step undoes the one before. {_smaller(lr)}"


def _smaller(lr: float) -> str:
    return "Try 0.1." if lr > HUGE else "Try a tenth of it."
