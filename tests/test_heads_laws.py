"""Every baseline and every head keeps every law of `checks`."""

from collections.abc import Callable

import pytest

from florilegium.baseline import BASELINES
from florilegium.baseline.pictures import Neighbours
from florilegium.baseline.rule import Rule
from florilegium.model.head import Head
from florilegium.model.heads import HEADS
from tests.checks import CASES, LAWS, Case


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_every_estimator_keeps_every_law(law: Callable[[Case], None], case: Case) -> None:
    """What one estimator promises, all promise; the law's own sentence says what."""
    law(case)


def offspring(parent: type) -> set[type]:
    """Give all classes below one."""
    found: set[type] = set()
    children: list[type] = parent.__subclasses__()
    for child in children:
        found |= {child} | offspring(child)
    return found


def test_no_estimator_is_forgotten() -> None:
    """Each baseline and each head that is written stands in its registry, so that the laws reach it."""
    registered = {type(each.make(0)) for each in BASELINES} | {each.head for each in HEADS}

    assert {c for c in offspring(Rule) | offspring(Head) if c.__module__.startswith("florilegium")} - {Neighbours} == (
        registered
    )
