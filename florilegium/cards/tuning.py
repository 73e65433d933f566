"""Fit FSRS's numbers to one learner's history, and say whether that helps. Path: schedule -> **tuning** -> project.

The library's optimizer fits (it loads torch); whether its numbers are better is measured on later answers, which it
has not seen.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from florilegium.cards.schedule import Memory, Rating, Review, Scheduler
from florilegium.errors import SettingError, StepMissing
from florilegium.evaluation.bootstrap import bootstrap_range, types_of

LEAST = 512  # answers a day or more after the last: below, fsrs gives its own numbers back
SHARE_FIT = 0.8  # of the answers, the earlier ones
Z95 = 1.959964
SURE = 1e-4  # a probability of 0 or 1 would cost infinitely much


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimised:
    """What was fitted, and what it brings: log loss per answer, in nats; lower is better."""

    parameters: tuple[float, ...]
    n_fit: int  # answers that it was fitted to
    n_judged: int  # later answers that it was judged by
    loss_before: float
    loss_after: float
    gain: float  # loss_before - loss_after
    gain_low: float  # 95 % range over cards
    gain_high: float

    @property
    def better(self) -> bool:
        """Tell whether the numbers were shown to predict better."""
        return self.gain_low > 0


def optimise(reviews: Sequence[Review], *, now_used: Scheduler) -> Optimised:
    """Fit to the earlier four fifths of the answers, and compare with the numbers used now on the later fifth.

    Raises: StepMissing: too few answers, or torch is not installed.
    """
    ordered = sorted(reviews, key=lambda each: each.at)
    judged = _spaced(ordered)
    if len(judged) * SHARE_FIT < LEAST:
        raise StepMissing(
            f"{len(judged):,} answers were given a day or more after the one before; {math.ceil(LEAST / SHARE_FIT):,} "
            "are needed to fit and to check. Go on studying: florilegium cards study"
        )
    cut = judged[int(len(judged) * SHARE_FIT)].at
    earlier = [review for review in ordered if review.at < cut]
    parameters = _fitted(earlier)
    try:
        fitted = Scheduler(parameters=parameters)
    except SettingError as error:  # pragma: no cover - the optimizer keeps to its own bounds
        raise StepMissing(f"fsrs gave numbers that it does not take itself: {error}") from error
    later = [
        (r, before, after)
        for (r, before), (_, after) in zip(_losses(ordered, now_used), _losses(ordered, fitted), strict=True)
        if r.at >= cut
    ]
    return _compared(parameters, len(earlier), later)


def _compared(parameters: tuple[float, ...], n_fit: int, later: Sequence[tuple[Review, float, float]]) -> Optimised:
    numbers: dict[tuple[str, int], int] = {}
    cards = np.array([numbers.setdefault((r.guid, r.ord), len(numbers)) for r, _, _ in later])
    gains = np.array([before - after for _, before, after in later])
    sums = np.bincount(cards, weights=gains).astype(np.float64)
    sizes = np.bincount(cards).astype(np.float64)
    kinds = types_of(sums, sizes, np.ones(len(sums)), n_groups=float(len(sums)))
    low, high = bootstrap_range(kinds, z=Z95)
    return Optimised(
        parameters=parameters,
        n_fit=n_fit,
        n_judged=len(later),
        loss_before=float(np.mean([before for _, before, _ in later])),
        loss_after=float(np.mean([after for _, _, after in later])),
        gain=float(gains.mean()),
        gain_low=low,
        gain_high=high,
    )


def _fitted(reviews: Iterable[Review]) -> tuple[float, ...]:
    import fsrs

    numbers: dict[tuple[str, int], int] = {}
    logs = [
        fsrs.ReviewLog(
            card_id=numbers.setdefault((each.guid, each.ord), len(numbers)),
            rating=fsrs.Rating(each.rating),
            review_datetime=each.at,
            review_duration=None,
        )
        for each in reviews
    ]
    try:
        found = fsrs.Optimizer(logs).compute_optimal_parameters()
    except ImportError as error:
        raise StepMissing(
            "fitting FSRS needs torch, which is not installed. Run: pip install 'florilegium[optimise]'"
        ) from error
    return tuple(float(number) for number in found)


def _spaced(ordered: Sequence[Review]) -> list[Review]:
    """Give the answers that came a day or more after the card's last one: only these tell of forgetting."""
    last: dict[tuple[str, int], Review] = {}
    found = []
    for review in ordered:
        before = last.get((review.guid, review.ord))
        if before is not None and review.at - before.at >= timedelta(days=1):
            found.append(review)
        last[review.guid, review.ord] = review
    return found


def _losses(ordered: Sequence[Review], scheduler: Scheduler) -> list[tuple[Review, float]]:
    """Give each spaced answer with minus the logarithm of the probability that FSRS gave it."""
    memories: dict[tuple[str, int], Memory] = {}
    found = []
    for review in ordered:
        key = (review.guid, review.ord)
        memory = memories.get(key)
        if memory is not None and review.at - memory.last_review >= timedelta(days=1):
            recall = min(max(scheduler.recall(memory, review.at), SURE), 1 - SURE)
            found.append((review, -math.log(recall if review.rating is not Rating.AGAIN else 1 - recall)))
        memories[key] = scheduler.after(memory, review.rating, review.at)
    return found
