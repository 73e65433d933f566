"""Decisions with a bias of known size in them, or with none. Path: **bias** (measures its own tests).

Each maker plants one kind of bias of size `size` and says what the truth then is; 0 plants none. What is planted here
is what the tests and `benchmarks/bench_bias.py` measure power, coverage and false finds on.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from florilegium.bias.decisions import Column, Decisions, Live
from florilegium.bias.result import Findings, Outcome
from florilegium.types import Ints, Vectors

BASE_RATE = 0.4
ACCURACY = 0.8
CLASSES = ("no", "yes")
LINK = 0.2  # difference of base rates that amplification has to work on
WORSE = 0.25  # how much less often answers are right in the group that the target has more of
RARE = 0.2  # share of the group that the target has more of
ANEW = 0.1  # of the items, heads of their own answer independently of the one for all
N_NUMBERS = 8  # of each embedding


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Planted:
    """Decisions, and what a perfect test would say of them."""

    decisions: Decisions
    measure: str  # the result that the bias was planted for
    truth: float  # of its estimate


Maker = Callable[[int, float, np.random.Generator], Planted]


def historical(n: int, size: float, rng: np.random.Generator) -> Planted:
    """Plant a difference of base rates: group b lies `size` above group a."""
    codes = _groups(n, rng)
    y = (rng.random(n) < BASE_RATE + size * codes).astype(np.int64)
    return Planted(decisions=_decisions(codes, y=y), measure="base rate difference", truth=size)


def representation(n: int, size: float, rng: np.random.Generator) -> Planted:
    """Plant amplification: answers say yes `size` more often than is true in group b, and as much less often in a.

    Truth is more often yes in b, so that there is a link to amplify; not so where nothing is planted.
    """
    codes = _groups(n, rng)
    rate = BASE_RATE + (LINK * codes if size else 0.0)
    y = (rng.random(n) < rate).astype(np.int64)
    surplus = np.where(codes == 1, size, -size) / 2
    # A tenth of all items is wrongly said yes and a tenth wrongly no, but for the surplus.
    flip = np.where(y == 1, (0.1 - surplus) / rate, (0.1 + surplus) / (1 - rate))
    said = np.where(rng.random(n) < flip, 1 - y, y)
    given = _decisions(codes, y=y, predicted=said)
    return Planted(decisions=given, measure="directional bias amplification", truth=size)


def measurement(n: int, size: float, rng: np.random.Generator) -> Planted:
    """Plant label noise: 5 % of labels are wrong in group a, `size` more in group b; the model is unmoved by it."""
    codes = _groups(n, rng)
    true = (rng.random(n) < BASE_RATE).astype(np.int64)
    y = np.where(rng.random(n) < 0.05 + size * codes, 1 - true, true)
    sure = rng.uniform(0.9, 0.999, n)  # of the true class: items that can be told apart
    yes = np.where(true == 1, sure, 1 - sure)
    given = _decisions(codes, y=y, probabilities=np.column_stack([1 - yes, yes]))
    return Planted(decisions=given, measure="label noise difference", truth=size)


def evaluation(n: int, size: float, rng: np.random.Generator) -> Planted:
    """Plant an unlike target: group b, whose answers are worse by 0.25, is a fifth here and `size` more there.

    So accuracy in the target is lower by 0.25 x `size`. Where nothing is planted, b is no worse.
    """
    codes = (rng.random(n) < RARE).astype(np.int64)
    y = (rng.random(n) < BASE_RATE).astype(np.int64)
    wrong = rng.random(n) < 0.1 + (WORSE * codes if size else 0.0)
    targets = {"group": {"a": 0.8 - size, "b": 0.2 + size}}
    given = _decisions(codes, y=y, predicted=np.where(wrong, 1 - y, y), targets=targets)
    return Planted(decisions=given, measure="accuracy reweighted to target", truth=-WORSE * size)


def aggregation(n: int, size: float, rng: np.random.Generator) -> Planted:
    """Plant opposite stories: heads of their own are right `size` more often in group b than the one for all."""
    codes = _groups(n, rng)
    y = (rng.random(n) < BASE_RATE).astype(np.int64)
    draw = rng.random(n)
    pooled = draw < ACCURACY - size * codes
    # Own heads miss others than the pooled one does: a tenth of the items is answered anew.
    anew = rng.random(n) < ANEW
    own = np.where(anew, rng.random(n) < ACCURACY, draw < ACCURACY)
    shown = np.where(pooled, y, 1 - y)
    given = _decisions(codes, y=y, predicted=shown, own={"group": np.where(own, y, 1 - y)})
    return Planted(decisions=given, measure="own head against pooled head", truth=size)


def deployment(n: int, size: float, rng: np.random.Generator) -> Planted:
    """Plant decay: live answers are right `size` less often than those of the test."""
    codes = _groups(n, rng)
    y = (rng.random(n) < BASE_RATE).astype(np.int64)
    said = np.where(rng.random(n) < ACCURACY, y, 1 - y)
    right = (rng.random(n) < ACCURACY - size).astype(np.int64)
    given = _decisions(codes, y=y, predicted=said, live=Live(right=right))
    return Planted(decisions=given, measure="accuracy live and in the test difference", truth=-size)


def shifted(n: int, size: float, rng: np.random.Generator) -> tuple[Vectors, Vectors]:
    """Give two sets of embeddings (n, 8) whose means lie `size` standard deviations apart along the first number."""
    ours, theirs = (rng.standard_normal((n, N_NUMBERS)).astype(np.float32) for _ in range(2))
    theirs[:, 0] += np.float32(size)
    return ours, theirs


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A bias that is found with 90 % power."""

    make: Maker
    size: float
    n: int


PROMISES: Mapping[str, Promise] = MappingProxyType(
    {
        "historical": Promise(make=historical, size=0.1, n=1500),
        "representation": Promise(make=representation, size=0.05, n=1500),
        "measurement": Promise(make=measurement, size=0.07, n=1500),
        "evaluation": Promise(make=evaluation, size=0.2, n=1500),
        "aggregation": Promise(make=aggregation, size=0.07, n=1500),
        "deployment": Promise(make=deployment, size=0.08, n=1500),
    }
)


def _groups(n: int, rng: np.random.Generator) -> Ints:
    codes: Ints = (rng.random(n) < 0.5).astype(np.int64)  # noqa: PLR2004 - two groups of one size
    return codes


def _decisions(codes: Ints, **given: Any) -> Decisions:
    column = Column(name="group", groups=("a", "b"), codes=codes)
    return Decisions(classes=CLASSES, positive=1, columns=(column,), **given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """What a test said of the bias that was planted for it."""

    found: bool
    covered: bool


def meant(findings: Findings, kind: str, planted: Planted) -> Met:
    """Say whether the planted bias was found and whether its range covers the truth.

    A difference is told with the higher group first; here it is read as b minus a, or live minus test.
    """
    result = next(r for r in findings.results if (r.bias, r.measure) == (kind, planted.measure) and r.groups != ("a",))
    low, high = (math.nan if end is None else end for end in (result.low, result.high))
    if result.groups in {("a", "b"), ("test", "live")}:
        low, high = -high, -low
    return Met(found=result.outcome is Outcome.FOUND, covered=low <= planted.truth <= high)
