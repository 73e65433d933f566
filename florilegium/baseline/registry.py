"""All baselines, each once. Path: split -> **baseline** -> model. Tests, command line and report find them here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from florilegium.baseline.pictures import Histogram, MeanImage, NearestPixels
from florilegium.baseline.rule import Majority, Rows, Rule
from florilegium.baseline.shortcut import Shortcut
from florilegium.baseline.texts import Keywords, Length, NaiveBayes
from florilegium.source.base import Kind
from florilegium.types import Ints

MAX_SIDE_PX = 64  # above this, pixel by pixel is neither quick nor telling
IMAGE, TEXT, BOTH = frozenset({Kind.IMAGE}), frozenset({Kind.TEXT}), frozenset(Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A rule to beat, and what it needs."""

    name: str
    view: str  # which block of features it takes: "pixels", "facts", "texts"
    kinds: frozenset[Kind]
    make: Callable[[int], Rule]  # seed -> a fresh estimator
    says: str  # what it means where this one is good
    small_only: bool = False  # only for pictures up to MAX_SIDE_PX
    slow: bool = False  # its cost grows with the square of the number of items
    loads: tuple[str, ...] = ()  # modules that fitting imports


BASELINES = (
    Baseline(
        name="majority",
        view="facts",
        kinds=BOTH,
        make=lambda _: Majority(),
        says="one class is so common that always naming it is right often",
    ),
    Baseline(
        name="shortcut",
        view="facts",
        kinds=BOTH,
        make=lambda seed: Shortcut(seed=seed),
        says="what a file says of itself gives the answer away: size, format, brightness or name of a picture; "
        "length, casing or punctuation of a text",
        loads=("sklearn.ensemble",),
    ),
    Baseline(
        name="nearest mean image (L1)",
        view="pixels",
        kinds=IMAGE,
        make=lambda _: MeanImage("l1"),
        says="the classes differ in where things lie in the picture",
    ),
    Baseline(
        name="nearest mean image (L2)",
        view="pixels",
        kinds=IMAGE,
        make=lambda _: MeanImage("l2"),
        says="the classes differ in where things lie in the picture",
    ),
    Baseline(
        name="colour histogram",
        view="pixels",
        kinds=IMAGE,
        make=lambda _: Histogram(),
        says="the classes differ in colour or brightness, wherever it lies",
        slow=True,
    ),
    Baseline(
        name="nearest pixels",
        view="pixels",
        kinds=IMAGE,
        make=lambda _: NearestPixels(),
        says="each item has a near twin: an easy task, or duplicates",
        small_only=True,
        slow=True,
        loads=("sklearn.neighbors",),
    ),
    Baseline(name="length", view="texts", kinds=TEXT, make=lambda _: Length(), says="the classes differ in length"),
    Baseline(
        name="keywords",
        view="texts",
        kinds=TEXT,
        make=lambda _: Keywords(),
        says="ten words per class tell them apart",
        loads=("sklearn.feature_extraction.text",),
    ),
    Baseline(
        name="naive Bayes",
        view="texts",
        kinds=TEXT,
        make=lambda _: NaiveBayes(),
        says="the words alone tell the classes apart, in any order",
        loads=("sklearn.feature_extraction.text", "sklearn.naive_bayes"),
    ),
)


def suited(views: Mapping[str, Rows], *, kind: Kind) -> tuple[Baseline, ...]:
    """Give the baselines that these items allow, in order."""
    return tuple(each for each in BASELINES if kind in each.kinds and each.view in views and _fits(each, views))


def fit(views: Mapping[str, Rows], y: Ints, *, kind: Kind, seed: int) -> dict[str, tuple[Baseline, Rule]]:
    """Fit every suited baseline on all rows, by name: what the verdict compares the model with."""
    return {each.name: (each, each.make(seed).fit(views[each.view], y)) for each in suited(views, kind=kind)}


def _fits(each: Baseline, views: Mapping[str, Rows]) -> bool:
    return not each.small_only or max(views[each.view].shape[1:3]) <= MAX_SIDE_PX
