"""How well facts alone tell the label: one small tree per family of facts. Path: dataset -> **audit** -> split.

Each tree is asked about items that it has not seen. Never sees the content itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from florilegium.audit.duplicates import combine
from florilegium.audit.subject import Subject
from florilegium.types import Bools, Floats, Ints, Vectors

if TYPE_CHECKING:
    from sklearn.tree import DecisionTreeClassifier

MOST_ITEMS = 10_000  # a random part is as telling, and the check stays near a second
MIN_GROUPS = 30  # below this no honest p-value could be small enough to matter
N_FOLDS = 4
MIN_PER_LEAF = 5  # a leaf with one file would remember that file
MAX_LEAVES = 128
N_SHUFFLES = 1_999  # of the labels: the smallest p is 1 in 2,000, and ten families may be corrected for at 0.01
LARGEST = np.float32(1e30)  # trees read float32; what no file can have is brought down to this
AT_ONCE = 200_000  # labels shuffled in one go: 1.6 MB
CLOSE = 1e-6  # sums of shares of groups that differ by less are equal
Z = 1.959964  # of a normal distribution, 95 % in the middle


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """How well one family of facts tells the class of items that its tree had not seen."""

    family: str
    accuracy: float  # 0..1, each group counting once
    low: float  # of the accuracy: 95 % of repetitions with other groups would cover the truth
    high: float
    commonest: float  # 0..1, what always naming the commonest class gets
    p: float  # how often shuffled labels are told as well, corrected for the number of families (Holm)
    n: int  # groups asked about
    strongest: str  # the fact that the tree used most

    @property
    def lift(self) -> float:
        """Give how much of the way from the commonest class to always right it goes; at most 1."""
        return (self.accuracy - self.commonest) / max(1 - self.commonest, 1e-9)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Drawn:
    """The items that the trees are asked about: m rows in g groups."""

    rows: Ints  # (m,) rows of the subject
    y: Ints  # (m,) class numbers
    groups: Ints  # (m,) 0..g-1
    folds: Ints  # (m,) whole groups together

    def mean(self, right: Floats) -> Floats:
        """Give the share right in each group, 0..1; (m,) -> (g,)."""
        found: Floats = np.bincount(self.groups, weights=right) / np.bincount(self.groups)
        return found

    @property
    def commonest(self) -> float:
        """Give what always naming the commonest class gets, each group counting once."""
        sizes = np.bincount(self.groups)
        return float(np.bincount(self.y, weights=1 / sizes[self.groups]).max() / len(sizes))


@dataclass(frozen=True, slots=True, eq=False)
class _Answers:
    """What one family's trees said."""

    family: str
    said: Ints  # (m,) class numbers, by a tree that had not seen the fold
    said_of_half: Ints  # (m,) by one that learned from the first half of the folds only
    strongest: str


_KNOWN: "WeakKeyDictionary[Subject, tuple[Rung, ...]]" = WeakKeyDictionary()


def ladder(subject: Subject) -> tuple[Rung, ...]:
    """Give every family of facts that differ at all, the most telling first; none where items are too few to tell.

    Near copies count once, groups are never divided between folds, and what is sealed is left out. Worked out once per
    subject.
    """
    if subject not in _KNOWN:
        _KNOWN[subject] = _ladder(subject)
    return _KNOWN[subject]


def _ladder(subject: Subject) -> tuple[Rung, ...]:
    drawn = _draw(subject)
    if drawn is None:
        return ()
    answers = [
        _ask(subject, family, x, drawn)
        for family, x in _tables(subject, drawn.rows)
        if x.size and np.ptp(x, axis=0).any()
    ]
    raised = holm(_p_values(answers, drawn, seed=subject.seed))
    rungs = [_rung(each, p, drawn) for each, p in zip(answers, raised, strict=True)]
    return tuple(sorted(rungs, key=lambda rung: (-rung.lift, rung.family)))


def _tables(subject: Subject, rows: Ints) -> Iterator[tuple[str, Vectors]]:
    for family, columns in subject.families.items():
        yield family, _readable(subject.facts[rows][:, list(columns)])


def _draw(subject: Subject) -> _Drawn | None:
    """Take labelled items outside the sealed part, one per set of near copies; None where they are too few to tell."""
    labelled = np.flatnonzero(subject.dataset.labelled & ~subject.test)
    _, firsts = np.unique(subject.near[labelled], return_index=True)
    rows = labelled[np.sort(firsts)]
    rng = np.random.default_rng(subject.seed)
    if len(rows) > MOST_ITEMS:
        rows = np.sort(rng.choice(rows, MOST_ITEMS, replace=False))
    y = subject.dataset.y[rows]
    if len(rows) < MIN_GROUPS or y.min() == y.max():
        return None
    groups = combine(subject.user_groups[rows])
    n_groups = int(groups.max()) + 1
    if n_groups < MIN_GROUPS:
        return None
    return _Drawn(rows=rows, y=y, groups=groups, folds=(rng.permutation(n_groups) % N_FOLDS)[groups])


def _ask(subject: Subject, family: str, x: Vectors, drawn: _Drawn) -> _Answers:
    """Cross-validate a tree on one family's facts x (m, its columns)."""
    from sklearn.tree import DecisionTreeClassifier  # loads a second; only fitting needs it

    def grown(learned: Bools) -> "DecisionTreeClassifier":
        tree = DecisionTreeClassifier(
            min_samples_leaf=MIN_PER_LEAF, max_leaf_nodes=MAX_LEAVES, random_state=subject.seed % 2**32
        )
        return tree.fit(x[learned], drawn.y[learned])

    said = np.zeros(len(x), dtype=np.int64)
    weight = np.zeros(x.shape[1])
    for fold in range(N_FOLDS):
        held = drawn.folds == fold
        tree = grown(~held)
        said[held] = tree.predict(x[held])
        weight += tree.feature_importances_
    said_of_half = grown(drawn.folds < N_FOLDS // 2).predict(x)
    return _Answers(family, said, said_of_half, subject.fact_names[subject.families[family][int(weight.argmax())]])


def _p_values(answers: list[_Answers], drawn: _Drawn, *, seed: int) -> list[float]:
    """Give how often labels dealt out at random are told as well as the real ones.

    Trees that learned from one half are asked about the other, whose labels are then shuffled among its groups. Were
    all folds shuffled under answers that stay as they are, what two folds have in common by chance would count twice:
    7 of 200 innocent audits spoke up at a level of 1 %. A group with several labels stands for its first.
    Source: Phipson & Smyth (2010), Statistical Applications in Genetics 9(1), 39: (1 + as good) / (1 + shuffles).
    """
    half = drawn.folds >= N_FOLDS // 2
    _, firsts, groups = np.unique(drawn.groups[half], return_index=True, return_inverse=True)
    y = drawn.y[half][firsts]
    tables = [_table(each.said_of_half[half], groups, k=int(drawn.y.max()) + 1) for each in answers]
    places = np.arange(len(y))

    def totals(labels: Ints) -> Floats:  # (b, g) -> (families, b)
        return np.array([shares[places, column[labels]].sum(axis=1, dtype=np.float64) for shares, column in tables])

    real, rng, n_as_good = totals(y[None]), np.random.default_rng(seed), np.zeros(len(answers))
    batch = max(1, AT_ONCE // len(y))
    for start in range(0, N_SHUFFLES, batch):
        dealt = rng.permuted(np.tile(y, (min(batch, N_SHUFFLES - start), 1)), axis=1)
        n_as_good += (totals(dealt) >= real - CLOSE).sum(axis=1)
    return [float(p) for p in (1 + n_as_good) / (1 + N_SHUFFLES)]


def _table(said: Ints, groups: Ints, *, k: int) -> tuple[Vectors, Ints]:
    """Give how much of each group was called what, (g, c + 1) for the c classes that were said, and each one's column.

    The last column is of the classes that were never said.
    """
    classes, numbers = np.unique(said, return_inverse=True)
    sizes = np.bincount(groups)
    shares = np.zeros((len(sizes), len(classes) + 1), dtype=np.float32)
    np.add.at(shares, (groups, numbers), 1 / sizes[groups])
    column = np.full(k, len(classes))
    column[classes] = np.arange(len(classes))
    return shares, column


def holm(p_values: list[float]) -> list[float]:
    """Correct p-values for their number, in the order given. Source: Holm (1979), Scand. J. Statist. 6, 65-70.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values)
    m = len(p_values)
    raised = np.maximum.accumulate([(m - rank) * p_values[i] for rank, i in enumerate(order)])
    found = np.empty(m)
    found[order] = np.minimum(raised, 1.0)
    return [float(p) for p in found]


def _rung(each: _Answers, p: float, drawn: _Drawn) -> Rung:
    scores = drawn.mean((each.said == drawn.y).astype(np.float64))
    low, high = _wilson(float(scores.mean()), len(scores))
    return Rung(
        family=each.family,
        accuracy=float(scores.mean()),
        low=low,
        high=high,
        commonest=drawn.commonest,
        p=p,
        n=len(scores),
        strongest=each.strongest,
    )


def _wilson(share: float, n: int) -> tuple[float, float]:
    """Give the range of a share among n groups; a group's score between 0 and 1 spreads at most as a yes or no does.

    Source: Wilson (1927), JASA 22(158), 209-212. (`evaluation` has more; it lies downstream.)

    >>> "{:.3f} to {:.3f}".format(*_wilson(0.9, 50))
    '0.786 to 0.957'
    """
    middle, spread = share + Z**2 / (2 * n), Z * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    ends = ((middle - spread) / (1 + Z**2 / n), (middle + spread) / (1 + Z**2 / n))
    return round(max(float(ends[0]), 0.0), 12), round(min(float(ends[1]), 1.0), 12)  # an end of 1 is 1, not 1 - 1e-16


def _readable(facts: Vectors) -> Vectors:
    clean = np.clip(np.where(np.isnan(facts), np.float32(-1), facts), -LARGEST, LARGEST)
    return np.asarray(clean, dtype=np.float32)
