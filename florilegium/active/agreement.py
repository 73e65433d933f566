"""Do people who label the same items say the same? Path: bias -> **active** -> report.

Cohen's kappa for two people, Krippendorff's alpha for any number of them with gaps, and how each person fares against
the others. Two people who guess agree often when one class is common; both measures count only what goes beyond that.
Takes who said what of which item; opens nothing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from florilegium.bias.rates import corrected_range
from florilegium.errors import InputError
from florilegium.evaluation.intervals import LEVEL, wilson_interval
from florilegium.evaluation.words import counted, percent, percent_bare
from florilegium.types import Floats, Ints

KAPPA, ALPHA = "Cohen's kappa", "Krippendorff's alpha"
N_RESAMPLES = 2_000
BLOCK = 250  # resamples drawn at once
FEW_APART = 10  # items on which people differ; with fewer, resampled ranges are too narrow (test_active_agreement)
# "Rely only on data with alpha of at least 0.800; consider 0.667 to 0.800 only for tentative conclusions":
# Krippendorff (2004), Content Analysis, 2nd ed., p. 241.
RELIABLE, TENTATIVE = 0.8, 0.667


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ratings:
    """Who said what."""

    people: tuple[str, ...]
    items: tuple[str, ...]
    classes: tuple[str | None, ...]  # None: taken out of the set, which is an opinion like any other
    codes: Ints  # (people, items), 0..k-1; -1: this person did not look at that item

    @property
    def counts(self) -> Ints:
        """Count the people per item and class; shape (n, k)."""
        counts = np.zeros((len(self.items), len(self.classes)), dtype=np.int64)
        _, items = seen = np.nonzero(self.codes >= 0)
        np.add.at(counts, (items, self.codes[seen]), 1)
        return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far people agree beyond chance: 1 always, 0 as if they had guessed, below 0 less than that."""

    measure: str  # KAPPA or ALPHA
    value: float | None  # None: there is nothing to agree on
    low: float | None
    high: float | None
    same: float | None  # 0..1, the share of pairs of opinions that are the same, chance included
    n_items: int  # that at least two people looked at
    n_people: int
    sentence: str
    level: float = LEVEL

    def __str__(self) -> str:
        """Say it with its range."""
        return self.sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotator:
    """One person against the others."""

    who: str
    n_items: int  # that this person looked at
    n_shared: int  # and somebody else, too
    same: float | None  # 0..1, share of the others' opinions on shared items that are the same; None: nothing shared
    low: float | None
    high: float | None
    sentence: str


def ratings(opinions: Iterable[tuple[str, str, str | None]]) -> Ratings:
    """Arrange opinions (who, item, label) in the order in which they were given; a person's last one on an item counts.

    >>> both = ratings([("ann", "1", "rose"), ("ben", "1", "rose"), ("ann", "2", "iris"), ("ann", "2", None)])
    >>> both.people, both.classes, both.codes.tolist()
    (('ann', 'ben'), ('rose', None), [[0, 1], [0, -1]])
    """
    last = {(who, item): label for who, item, label in opinions}
    people = tuple(sorted({who for who, _ in last}))
    items = tuple(sorted({item for _, item in last}))
    named = sorted({label for label in last.values() if label is not None})
    classes = (*named, None) if None in last.values() else tuple(named)
    person, item_at, code_of = ({name: i for i, name in enumerate(names)} for names in (people, items, classes))
    codes = np.full((len(people), len(items)), -1, dtype=np.int64)
    for (who, item), label in last.items():
        codes[person[who], item_at[item]] = code_of[label]
    return Ratings(people=people, items=items, classes=classes, codes=codes)


def kappa(first: Ints, second: Ints, *, rng: np.random.Generator, level: float = LEVEL) -> Agreement:
    """Give Cohen's kappa of two people, with a range from resampling items.

    Args: first, second: (n,) class numbers from 0 on; -1 where a person did not look: such items are left out.
    Raises: InputError: the two are not equally long.
    Source: Cohen (1960), Educational and Psychological Measurement 20(1), 37-46.

    >>> cells = [20, 5, 10, 15]  # both yes, only the first, only the second, both no
    >>> yes_1, yes_2 = np.repeat([0, 0, 1, 1], cells), np.repeat([0, 1, 0, 1], cells)
    >>> round(kappa(yes_1, yes_2, rng=np.random.default_rng(0)).value, 3)
    0.4
    """
    if len(first) != len(second):
        message = f"{len(first)} opinions against {len(second)}: expected one per person and item"
        raise InputError(message)
    both = (first >= 0) & (second >= 0)
    cells, n_of = np.unique(np.stack([first[both], second[both]], axis=1), axis=0, return_counts=True)  # (p, 2)
    k = int(cells.max(initial=-1)) + 1
    one_hot = np.eye(k)
    same = (cells[:, :1] == cells[:, 1:]).astype(np.float64)
    features = np.hstack([same, one_hot[cells[:, 0]], one_hot[cells[:, 1]]])  # (p, 1 + 2 k)

    def parts(sums: Floats) -> tuple[Floats, Floats]:
        n = n_of.sum()
        chance = (sums[:, 1 : k + 1] * sums[:, k + 1 :]).sum(axis=1) / n**2
        return 1 - sums[:, 0] / n, 1 - chance

    return _agreement(KAPPA, features, n_of, parts, n_people=2, rng=rng, level=level)


def alpha(given: Ratings, *, rng: np.random.Generator, level: float = LEVEL) -> Agreement:
    """Give Krippendorff's alpha for names without order: any number of people, gaps allowed; resampling items.

    Source: Krippendorff (2011), Computing Krippendorff's alpha-reliability, University of Pennsylvania.
    """
    counts = given.counts
    patterns, n_of = np.unique(counts[counts.sum(axis=1) > 1], axis=0, return_counts=True)  # (p, k)
    size = patterns.sum(axis=1, keepdims=True)  # (p, 1) people per item
    apart = (patterns * (size - patterns)).sum(axis=1, keepdims=True) / np.maximum(size - 1, 1)
    features = np.hstack([apart, size, patterns]).astype(np.float64)  # (p, 2 + k)

    def parts(sums: Floats) -> tuple[Floats, Floats]:
        n = sums[:, 1]
        expected = (n**2 - (sums[:, 2:] ** 2).sum(axis=1)) / (n * (n - 1))
        return sums[:, 0] / n, expected

    n_people = int((given.codes >= 0).any(axis=1).sum())
    return _agreement(ALPHA, features, n_of, parts, n_people=n_people, rng=rng, level=level)


def _agreement(
    measure: str,
    features: Floats,
    n_of: Ints,
    parts: Callable[[Floats], tuple[Floats, Floats]],
    *,
    n_people: int,
    rng: np.random.Generator,
    level: float,
) -> Agreement:
    """Give 1 - observed over expected disagreement; `parts` gives both from the sums of features (B, f) over items."""
    n = int(n_of.sum())
    if n == 0:
        return _nothing(
            measure, n_people, "no item was looked at by two people. Have some labelled by a second person."
        )
    (apart,), (by_chance,) = parts((n_of @ features)[None])
    if by_chance == 0:
        told = f"on {counted(n, 'item')} only one class was ever named, so there is nothing to agree on."
        return _nothing(measure, n_people, told, n_items=n, same=1.0)
    value = 1 - apart / by_chance
    draws = np.concatenate([_draws(features, n_of, parts, rng) for _ in range(N_RESAMPLES // BLOCK)])
    low, high = corrected_range(value, draws)
    if _n_apart(measure, features, n_of) < FEW_APART:
        # Resampling knows nothing of the disagreements that more items would have brought.
        least, most = wilson_interval(apart * n, n, level=level)
        low, high = min(low, 1 - most / by_chance), max(high, 1 - least / by_chance)
    low, high = max(low, -1.0), min(high, 1.0)
    return Agreement(
        measure=measure,
        value=float(value),
        low=float(low),
        high=float(high),
        same=float(1 - apart),
        n_items=n,
        n_people=n_people,
        sentence=_sentence(measure, (value, low, high), 1 - apart, n, n_people),
        level=level,
    )


def _n_apart(measure: str, features: Floats, n_of: Ints) -> int:
    """Count the items on which people differ: the first feature tells sameness for kappa, disagreement for alpha."""
    differ = features[:, 0] == 0 if measure == KAPPA else features[:, 0] > 0
    return int(n_of[differ].sum())


def _draws(
    features: Floats, n_of: Ints, parts: Callable[[Floats], tuple[Floats, Floats]], rng: np.random.Generator
) -> Floats:
    """Draw as many items again, 250 times, and give the measure of each draw in which more than one class was named."""
    n = int(n_of.sum())
    apart, by_chance = parts(rng.multinomial(n, n_of / n, size=BLOCK) @ features)
    there = by_chance > 0
    drawn: Floats = 1 - apart[there] / by_chance[there]
    return drawn


def _nothing(measure: str, n_people: int, why: str, *, n_items: int = 0, same: float | None = None) -> Agreement:
    return Agreement(
        measure=measure,
        value=None,
        low=None,
        high=None,
        same=same,
        n_items=n_items,
        n_people=n_people,
        sentence=f"{measure} cannot be told: {why}",
    )


def _sentence(measure: str, ranged: tuple[float, float, float], same: float, n: int, n_people: int) -> str:
    value, low, high = ranged
    who = "Two people" if n_people == 2 else counted(n_people, "person", "people")
    says = (
        f"{who} said the same in {percent(same)} of cases, on {counted(n, 'item')}; beyond what chance gives, "
        f"{measure} is {value:.2f} ({low:.2f} to {high:.2f})."
    )
    if low >= RELIABLE:
        return f"{says} Such labels can be relied on."
    if high < TENTATIVE:
        return f"{says} Such labels are too unsure to learn from: write down what belongs to each class, label again."
    if low < TENTATIVE and high >= RELIABLE:
        return f"{says} Too few to tell whether such labels can be relied on."
    return f"{says} Conclusions from such labels are tentative."


def annotators(given: Ratings, *, level: float = LEVEL) -> tuple[Annotator, ...]:
    """Compare each person with the others who looked at the same items, those who agree least first."""
    counts = given.counts
    told = [_annotator(given, counts, person, level) for person in range(len(given.people))]
    return tuple(sorted(told, key=lambda a: (a.same is None, a.same)))


def _annotator(given: Ratings, counts: Ints, person: int, level: float) -> Annotator:
    codes, who = given.codes[person], given.people[person]
    mine = np.flatnonzero(codes >= 0)
    others = counts[mine].sum(axis=1) - 1
    shared = mine[others > 0]
    if len(shared) == 0:
        sentence = f"{who} looked at {counted(len(mine), 'item')}, none of which anybody else looked at."
        return Annotator(who=who, n_items=len(mine), n_shared=0, same=None, low=None, high=None, sentence=sentence)
    agree = (counts[shared, codes[shared]] - 1) / others[others > 0]  # (s,) share of the others
    low, high = wilson_interval(float(agree.sum()), len(shared), level=level)
    same = float(agree.mean())
    sentence = (
        f"{who} said what others said in {percent(same)} of cases ({percent_bare(low)} to {percent_bare(high)}), on "
        f"{counted(len(shared), 'shared item')}."
    )
    return Annotator(who=who, n_items=len(mine), n_shared=len(shared), same=same, low=low, high=high, sentence=sentence)
