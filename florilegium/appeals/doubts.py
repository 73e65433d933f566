"""Say which reviews look as if nobody had looked. Path: standing -> **doubts**. Values in, findings out.

A finding is a reason to talk, not a verdict on a person: reviewers get different cases, and who is quick may be good.
Never accuses on few cases: each comparison has its count, its range and a p-value corrected for how many were made.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from statistics import median
from typing import Any

import numpy as np
from scipy.stats import binomtest, fisher_exact

from florilegium.appeals.case import CaseEvent, Origin, Ruling, Step
from florilegium.evaluation import wilson_interval

ALPHA = 0.05  # over all comparisons of one kind together
MIN_REVIEWS = 5  # below this nobody is compared with others
SHORT_SHARE = 0.25  # of the others' median: a reviewer whose median is below it is quicker than they can be


class Doubt(StrEnum):
    """What makes a review doubtful."""

    TOO_QUICK = "too quick"  # single reviews below the least time
    QUICKER = "quicker than others"
    ONE_SIDED = "always the same ruling"
    OWN_WORK = "own work"  # judged an item that the same person had labelled
    NEVER_MOVED = "never moved by the file"  # the blind label was always kept
    FOLLOWS_CLAIM = "follows the claim"  # what was said blind gave way to the claim each time


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """One review that came to a ruling, as the events tell it."""

    case: int
    who: str
    origin: Origin
    ruling: Ruling
    label: str | None
    blind_label: str | None
    had_content: bool
    blind_s: float  # from taking the case to the blind label, by the server's clock
    decide_s: float  # from the blind label to the ruling
    suggestion: str | None = None  # the appellant's claim
    is_own: bool = False  # the same person had labelled the item, or one with the same content

    @property
    def seconds(self) -> float:
        """Give the time from taking the case to the ruling."""
        return self.blind_s + self.decide_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubtful:
    """One thing about one reviewer, with its figures."""

    doubt: Doubt
    who: str
    n: int  # of
    of: int
    low: float  # Wilson range of n / of, 95 %
    high: float
    p: float | None  # against the others, corrected; None: nothing was compared
    cases: tuple[int, ...]
    sentence: str


def reviewed(
    events: Sequence[CaseEvent], *, case: int, origin: Origin, suggestion: str | None, own: Callable[[str], bool]
) -> tuple[Reviewed, ...]:
    """Give the reviews of one case that came to a ruling, with the seconds between their steps.

    A reviewer who put the case back and took it again is timed from the last taking on.
    Args: own: tells whether a person had labelled the item.
    """
    found, taken, blind = [], dict[str, CaseEvent](), dict[str, CaseEvent]()
    for event in events:
        if event.step is Step.TAKEN:
            taken[event.who] = event
        elif event.step is Step.JUDGED_BLIND:
            blind[event.who] = event
        elif event.step is Step.REOPENED:
            taken, blind = {}, {}
        elif event.step is Step.DECIDED and event.who in taken and event.who in blind:
            first, second = taken[event.who], blind[event.who]
            found.append(
                Reviewed(
                    case=case,
                    who=event.who,
                    origin=origin,
                    ruling=Ruling(event.details["ruling"]),
                    label=event.details["label"],
                    blind_label=second.details["label"],
                    had_content=bool(second.details.get("seen", True)),
                    blind_s=max((second.at - first.at) / timedelta(seconds=1), 0.0),
                    decide_s=(event.at - max(second.at, first.at)) / timedelta(seconds=1),
                    suggestion=suggestion,
                    is_own=own(event.who),
                )
            )
    return tuple(found)


def doubts(reviews: Sequence[Reviewed], *, min_review_s: float) -> tuple[Doubtful, ...]:
    """Give everything that is doubtful, in a fixed order.

    Args: min_review_s: seconds; a review below it was too quick to be meaningful.
    """
    by: dict[str, list[Reviewed]] = {}
    for each in sorted(reviews, key=lambda r: (r.who, r.case)):
        by.setdefault(each.who, []).append(each)
    found = [
        *_shares(by, Doubt.TOO_QUICK, lambda r: r.seconds < min_review_s, _quick_words(min_review_s)),
        *_quicker(by),
        *_one_sided(by),
        *_shares(
            by,
            Doubt.OWN_WORK,
            lambda r: r.is_own,
            lambda who, n, of: (
                f"{who} judged {n} of {of} items that "
                "they had labelled themselves; another person should look at these."
            ),
        ),
        *_never_moved(by),
        *_follows(by),
    ]
    return tuple(found)


def _quick_words(least_s: float) -> Callable[[str, int, int], str]:
    def words(who: str, n: int, of: int) -> str:
        return f"{who} took less than {least_s:g} s for {n} of {of} reviews: too little to look at a case and its file."

    return words


def _made(
    doubt: Doubt, who: str, hits: Sequence[Reviewed], of: int, sentence: str, *, p: float | None = None
) -> Doubtful:
    low, high = wilson_interval(len(hits), of)
    return Doubtful(
        doubt=doubt,
        who=who,
        n=len(hits),
        of=of,
        low=low,
        high=high,
        p=p,
        cases=tuple(dict.fromkeys(r.case for r in hits)),
        sentence=sentence,
    )


def _shares(
    by: Mapping[str, Sequence[Reviewed]],
    doubt: Doubt,
    is_hit: Callable[[Reviewed], bool],
    words: Callable[[str, int, int], str],
) -> Iterable[Doubtful]:
    """Name everybody with at least one such review."""
    for who, mine in by.items():
        hits = [r for r in mine if is_hit(r)]
        if hits:
            yield _made(doubt, who, hits, len(mine), words(who, len(hits), len(mine)))


def _quicker(by: Mapping[str, Sequence[Reviewed]]) -> Iterable[Doubtful]:
    """Compare each reviewer's median time with that of the others: sign test at the others' median.

    Under the same speed each review is below the others' median with probability one half.
    """
    asked = {who: mine for who, mine in by.items() if len(mine) >= MIN_REVIEWS and _others(by, who)}
    for who, mine in asked.items():
        typical = median(r.seconds for r in _others(by, who))
        own = median(r.seconds for r in mine)
        below = [r for r in mine if r.seconds < typical]
        p = min(1.0, float(binomtest(len(below), len(mine), 0.5, alternative="greater").pvalue) * len(asked))
        if own < SHORT_SHARE * typical and p <= ALPHA:
            words = f"{who} takes {own:.0f} s for a review, the others {typical:.0f} s (medians; p = {p:.4f})."
            yield _made(Doubt.QUICKER, who, below, len(mine), words, p=p)


def _one_sided(by: Mapping[str, Sequence[Reviewed]]) -> Iterable[Doubtful]:
    """Find who always upholds, or always rejects, more than chance explains: Fisher's exact test against the others.

    The others' share has its own uncertainty, so it is not taken as known.
    """
    appeals = {who: [r for r in mine if r.origin is Origin.APPEAL] for who, mine in by.items()}
    asked = {who: mine for who, mine in appeals.items() if len(mine) >= MIN_REVIEWS}
    for who, mine in asked.items():
        others = _others(appeals, who)
        rulings = {r.ruling for r in mine}
        if len(rulings) > 1 or len(others) < MIN_REVIEWS:
            continue
        (ruling,) = rulings
        same = sum(r.ruling is ruling for r in others)
        p = min(1.0, _against(len(mine), same, len(others)) * len(asked))
        if p <= ALPHA:
            words = f"{who} {ruling} all of {len(mine)} appeals, the others {same} of {len(others)} (p = {p:.4f})."
            yield _made(Doubt.ONE_SIDED, who, mine, len(mine), words, p=p)


def _never_moved(by: Mapping[str, Sequence[Reviewed]]) -> Iterable[Doubtful]:
    """Find who never changed a blind label after reading the file, where others do: the second look may be idle."""
    could = {who: [r for r in mine if r.had_content and r.blind_label is not None] for who, mine in by.items()}
    asked = {who: mine for who, mine in could.items() if len(mine) >= MIN_REVIEWS}
    for who, mine in asked.items():
        others = _others(could, who)
        kept = sum(r.blind_label == r.label for r in others)
        if any(r.blind_label != r.label for r in mine) or len(others) < MIN_REVIEWS:
            continue
        p = min(1.0, _against(len(mine), kept, len(others)) * len(asked))
        if p <= ALPHA:
            words = f"{who} kept all of {len(mine)} blind labels, the others {kept} of {len(others)} (p = {p:.4f})."
            yield _made(Doubt.NEVER_MOVED, who, mine, len(mine), words, p=p)


def _follows(by: Mapping[str, Sequence[Reviewed]]) -> Iterable[Doubtful]:
    """Find who said something else blind than the claim, and ruled as claimed each time."""
    for who, mine in by.items():
        apart = [
            r for r in mine if r.had_content and r.blind_label is not None and r.suggestion not in {None, r.blind_label}
        ]
        gave_way = [r for r in apart if r.label == r.suggestion]
        if len(apart) >= MIN_REVIEWS and len(gave_way) == len(apart):
            words = (
                f"{who} saw something else than the claim in {len(apart)} cases, and ruled as claimed in all of them."
            )
            yield _made(Doubt.FOLLOWS_CLAIM, who, gave_way, len(apart), words)


def _against(n_all: int, n_same: int, n_others: int) -> float:
    """Give the one-sided p of Fisher's exact test of n_all of n_all against n_same of n_others."""
    table = np.array([[n_all, 0], [n_same, n_others - n_same]])
    return float(fisher_exact(table, alternative="greater").pvalue)


def _others(by: Mapping[str, Sequence[Reviewed]], who: str) -> list[Reviewed]:
    return [r for name, theirs in by.items() if name != who for r in theirs]


def doubtful_dict(found: Doubtful) -> dict[str, Any]:
    """Give a finding for JSON."""
    names = ("who", "n", "of", "low", "high", "p", "sentence")
    return {"doubt": found.doubt.value, **{name: getattr(found, name) for name in names}, "cases": list(found.cases)}
