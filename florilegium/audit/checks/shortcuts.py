"""Check whether facts alone tell the label: size, format, light, name. Path: dataset -> **audit** -> split.

One small tree per family of facts, asked about items that it has not seen. Never sees the content itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy.stats import binom

from florilegium.audit.duplicates import combine
from florilegium.audit.finding import Finding, Severity
from florilegium.audit.phrases import counted, percent
from florilegium.audit.subject import Subject
from florilegium.types import Floats, Ints, Vectors

MOST_ITEMS = 10_000  # a random part is as telling, and the check stays near a second
MIN_GROUPS = 30  # below this no honest p-value could be small enough to matter
N_FOLDS = 4
MIN_PER_LEAF = 5  # a leaf with one file would remember that file
MAX_LEAVES = 128
ALPHA = 0.01  # for all families together (Holm): on innocent data one audit in a hundred speaks up
SMALL, LARGE = 0.05, 0.5  # of the way from the commonest class to always right: worth a word; gives the answer away
MEDIUM = 0.15
LARGEST = np.float32(1e30)  # trees read float32; what no file can have is brought down to this
# Brightness, length and wording are part of what is shown: a model may rightly use them.
CONTENT = frozenset({"light", "length", "words", "casing", "punctuation", "digits"})
SAYS: Mapping[str, str] = MappingProxyType(
    {
        "size": "width, height, bytes and aspect of the file",
        "format": "the file's format",
        "exif": "the marks that a camera or a program left (EXIF)",
        "path": "the form of the file's name and place",
        "light": "overall brightness and contrast",
        "length": "the length of the text",
        "words": "the number and length of words",
        "casing": "capital letters",
        "punctuation": "punctuation",
        "digits": "digits and numbers",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """How well one family of facts tells the class."""

    family: str
    accuracy: float  # 0..1, on items that the tree had not seen, each group counting once
    commonest: float  # 0..1, what always naming the commonest class gets
    p: float  # how likely as much by chance
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


def check(subject: Subject) -> Iterator[Finding]:
    """Find families of facts that tell the class better than chance and by more than a trifle."""
    drawn = _draw(subject)
    if drawn is None:
        return
    tables = {family: subject.facts[drawn.rows][:, list(columns)] for family, columns in subject.families.items()}
    told = [
        _tell(subject, family, _readable(x), drawn)
        for family, x in tables.items()
        if x.size and np.ptp(_readable(x), axis=0).any()
    ]
    for each, p in zip(told, holm([t.p for t in told]), strict=True):
        if p <= ALPHA and each.lift >= SMALL:
            yield _finding(subject, each, p, n_families=len(told))


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


def _tell(subject: Subject, family: str, x: Vectors, drawn: _Drawn) -> _Told:
    """Cross-validate a tree on one family's facts x (m, its columns)."""
    from sklearn.tree import DecisionTreeClassifier  # loads a second; only fitting needs it

    right = np.zeros(len(x))
    weight = np.zeros(x.shape[1])
    for fold in range(N_FOLDS):
        held = drawn.folds == fold
        tree = DecisionTreeClassifier(
            min_samples_leaf=MIN_PER_LEAF, max_leaf_nodes=MAX_LEAVES, random_state=subject.seed % 2**32
        ).fit(x[~held], drawn.y[~held])
        right[held] = tree.predict(x[held]) == drawn.y[held]
        weight += tree.feature_importances_
    scores = drawn.mean(right)
    return _Told(
        family=family,
        accuracy=float(scores.mean()),
        commonest=drawn.commonest,
        p=_p_value(scores, drawn.commonest),
        strongest=subject.fact_names[subject.families[family][int(weight.argmax())]],
    )


def _p_value(scores: Floats, commonest: float) -> float:
    """Give the chance of so high a total of g independent scores (0..1) where facts and labels had nothing in common.

    Whatever a rule that cannot see the label says, it is right at most as often as the commonest class is common;
    a sum of scores within 0..1 spreads at most as widely as a binomial count.
    Source: Hoeffding (1963), JASA 58(301), section 2.
    """
    return float(binom.sf(np.floor(scores.sum()) - 1, len(scores), commonest))


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


def _finding(subject: Subject, told: _Told, p: float, *, n_families: int) -> Finding:
    severity = Severity.ERROR if told.lift >= LARGE else Severity.WARNING if told.lift >= MEDIUM else Severity.INFO
    if told.family in CONTENT:
        severity = Severity.WARNING if told.lift >= LARGE else Severity.INFO
    strength = "p < 0.0001" if p < 1e-4 else f"p = {p:.4f}"  # noqa: PLR2004 - four decimals are shown
    what = SAYS.get(told.family, f"the facts called {told.family}")
    return subject.finding(
        "shortcuts",
        severity,
        f"Only {what}, most of all {told.strongest!r}, {'tell' if ' and ' in what else 'tells'} the right class of "
        f"{percent(told.accuracy)} of unseen {subject.noun}s, where always naming the commonest gets "
        f"{percent(told.commonest)} ({strength}, corrected for {counted(n_families, 'family', 'families')} of "
        "facts): a model may learn this instead of the content.",
        fix=_fix(told, subject.noun),
    )


def _fix(told: _Told, noun: str) -> str:
    if told.family in CONTENT:
        return (
            f"It may be what the {noun}s really show. If not, collect every class in the same way; the shortcut "
            "baseline in the verdict says how much a model gains beyond it."
        )
    return (
        f"Find out why the classes differ in {told.strongest!r}: often each class comes from another place. Collect "
        "every class in the same way, or bring all files to one size and format, and compare with the shortcut "
        "baseline in the verdict."
    )


def _readable(facts: Vectors) -> Vectors:
    clean = np.clip(np.where(np.isnan(facts), np.float32(-1), facts), -LARGEST, LARGEST)
    return np.asarray(clean, dtype=np.float32)
