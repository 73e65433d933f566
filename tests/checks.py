"""The laws that every estimator keeps, baselines and heads alike: found in their registries, never listed by hand.

A law is a function `check_...(case)`; `CASES` are all estimators, each with items of the type it takes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from florilegium.baseline import BASELINES
from florilegium.baseline.crossval import Estimator, cross_validate
from florilegium.model.heads import HEADS
from florilegium.types import Ints

K = 4  # classes of the easy task
WORDS = ("petal", "stamen", "sepal", "carpel", "anther", "ovule")
LOOSE, TIGHT = 1e-4, 1e-9  # of a probability: heads compute in float32, counts are exact


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One estimator and how to make items for it."""

    name: str
    make: Callable[[int], Estimator]  # seed -> a fresh estimator
    items: Callable[[Ints, np.random.Generator], Any]  # classes (n,) -> n rows that show them
    learns: bool = True  # False: does not look at the items at all


def pixels(y: Ints, rng: np.random.Generator) -> Any:
    """Paint small gray pictures, brighter in another corner for each class."""
    pictures = rng.integers(0, 90, (len(y), 8, 8))
    for i, number in enumerate(y):
        row, column = divmod(int(number) % 4, 2)
        pictures[i, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4] += 60 + 25 * int(number)
    return pictures.astype(np.uint8)


def vectors(y: Ints, rng: np.random.Generator) -> Any:
    """Draw points around one centre per class, with a constant column."""
    centres = 4 * np.random.default_rng(99).normal(size=(max(int(y.max(initial=0)) + 1, K), 6))
    found = centres[y] + rng.normal(size=(len(y), 6))
    found[:, 5] = 7.0
    return found.astype(np.float32)


def texts(y: Ints, rng: np.random.Generator) -> Any:
    """Write texts of two common words, one word per class, and more words for higher classes."""
    rows = [
        [WORDS[int(number) % len(WORDS)], *rng.choice(["the", "a", "of"], 2 + 8 * int(number)).tolist()] for number in y
    ]
    return np.array([" ".join(row) for row in rows], dtype=object)


def counts(y: Ints, rng: np.random.Generator) -> Any:
    """Count terms: one of the class, some of all."""
    dense = rng.poisson(0.4, (len(y), 12)).astype(np.float32)
    dense[np.arange(len(y)), y % 12] += 3
    return sp.csr_array(dense)


ITEMS = {"pixels": pixels, "facts": vectors, "texts": texts}
CASES = (
    *(
        Case(name=each.name, make=each.make, items=ITEMS[each.view], learns=each.name != "majority")
        for each in BASELINES
    ),
    *(
        Case(name=f"{each.head.name} head", make=each.make, items=counts if each.sparse else vectors, learns=True)
        for each in HEADS
    ),
)


def task(case: Case, *, n: int = 120, seed: int = 0) -> tuple[Any, Ints]:
    """Make n items of an easy task with `K` classes in equal shares."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % K)
    return case.items(y, rng), y


def check_fit_gives_itself(case: Case) -> None:
    """`fit` returns the estimator, and `classes_` holds the classes seen, sorted."""
    x, y = task(case)
    estimator = case.make(0)

    assert estimator.fit(x, y + 3) is estimator
    assert estimator.classes_.tolist() == [3, 4, 5, 6]


def check_same_seed_same_answers(case: Case) -> None:
    """Two estimators of one seed agree to the last bit."""
    x, y = task(case)
    one, two = (case.make(5).fit(x, y).predict_proba(x) for _ in range(2))

    assert np.array_equal(one, two)


def check_probabilities(case: Case) -> None:
    """Each row holds probabilities 0..1 that sum to 1, one per class, and the answer is the highest."""
    x, y = task(case)
    estimator: Any = case.make(0).fit(x, y)
    said = estimator.predict_proba(x)

    assert said.shape == (len(y), K)
    assert (said >= 0).all()
    assert (said <= 1 + TIGHT).all()
    assert np.allclose(said.sum(axis=1), 1)
    assert np.array_equal(estimator.predict(x), estimator.classes_[said.argmax(axis=1)])


def check_rows_stand_alone(case: Case) -> None:
    """Order does not matter: an item is answered alike among any others, and alone."""
    x, y = task(case)
    estimator = case.make(0).fit(x, y)
    order = np.random.default_rng(1).permutation(len(y))
    said = estimator.predict_proba(x)

    assert np.allclose(estimator.predict_proba(x[order]), said[order], atol=LOOSE)
    assert np.allclose(estimator.predict_proba(x[:1]), said[:1], atol=LOOSE)
    assert estimator.predict_proba(x[:0]).shape == (0, K)


def check_a_class_with_one_item(case: Case) -> None:
    """One example of a class is enough to have it among the answers, and does not stop the rest."""
    x, y = task(case)
    keep = np.flatnonzero((y < K - 1) | (np.cumsum(y == K - 1) == 1) & (y == K - 1))
    estimator = case.make(0).fit(x[keep], y[keep])

    assert estimator.predict_proba(x).shape == (len(y), K)


def check_two_classes(case: Case) -> None:
    """Two classes give two columns, and the easy task is solved."""
    x, y = task(case)
    few = y < 2
    estimator: Any = case.make(0).fit(x[few], y[few])

    assert estimator.predict_proba(x[few]).shape == (int(few.sum()), 2)
    assert not case.learns or (estimator.predict(x[few]) == y[few]).mean() >= 0.9


def check_one_class(case: Case) -> None:
    """Where only one class is left to learn from, as in a fold of tiny data, that class is the answer."""
    x, _ = task(case)
    estimator: Any = case.make(0).fit(x, np.full(x.shape[0], 2))

    assert np.allclose(estimator.predict_proba(x), 1)
    assert (estimator.predict(x) == 2).all()


def check_items_that_are_all_alike(case: Case) -> None:
    """Items that do not differ give finite probabilities, the same for all of them."""
    x, y = task(case)
    same, labels = x[np.zeros(len(y), dtype=np.int64)], np.where(y == 0, 1, 0)
    said = case.make(0).fit(same, labels).predict_proba(same)

    assert np.isfinite(said).all()
    assert np.allclose(said, said[:1], atol=LOOSE)


def check_precision(case: Case) -> None:
    """Items in float64 are answered as in float32 (pictures: wider whole numbers as octets)."""
    x, y = task(case)
    if case.items is texts:
        return
    wider = x.astype(np.float64) if case.items is not pixels else x.astype(np.int64)
    answers: list[Any] = [case.make(0).fit(rows, y) for rows in (x, wider)]

    assert np.array_equal(answers[0].predict(x), answers[1].predict(wider))


def check_shuffled_labels(case: Case) -> None:
    """Trained on shuffled labels, cross-validated accuracy falls to chance: 1/4, within four standard errors."""
    n = 400
    x, y = task(case, n=n)
    shuffled = np.random.default_rng(2).permutation(y)
    said = cross_validate(lambda: case.make(0), x, shuffled, np.arange(n) % 4, k=K)

    assert (said.argmax(axis=1) == shuffled).mean() <= 1 / K + 4 * np.sqrt(0.25 * 0.75 / n)


def check_the_easy_task(case: Case) -> None:
    """On an easy task, whoever looks at the items gets most right in cross-validation."""
    x, y = task(case)
    said = cross_validate(lambda: case.make(0), x, y, np.arange(len(y)) % 4, k=K)

    assert not case.learns or (said.argmax(axis=1) == y).mean() >= 0.8


def check_items_stay_as_they_are(case: Case) -> None:
    """Read-only items and labels are enough: nothing is written into what was given."""
    x, y = task(case)
    for array in (y, x.data if isinstance(x, sp.csr_array) else x):
        array.flags.writeable = False
    said = case.make(0).fit(x, y).predict_proba(x)

    assert np.isfinite(said).all()


LAWS = tuple(law for name, law in sorted(globals().items()) if name.startswith("check_"))
