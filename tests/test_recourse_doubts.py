"""Reviews that look as if nobody had looked are named, with count, range and p; fair reviewers are left alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy.stats import fisher_exact

from florilegium.appeals import CaseEvent, Origin, Ruling, Step
from florilegium.appeals.doubts import Doubt, Reviewed, doubts, reviewed

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def review(case: int, who: str, *, ruling: Ruling = Ruling.UPHELD, seconds: float = 60.0, **more: object) -> Reviewed:
    """Make a review of an appeal."""
    made = Reviewed(
        case=case,
        who=who,
        origin=Origin.APPEAL,
        ruling=ruling,
        label="peony",
        blind_label="peony",
        had_content=True,
        blind_s=seconds / 2,
        decide_s=seconds / 2,
    )
    return replace(made, **more)  # type: ignore[arg-type]  # fields by name


def team(rng: np.random.Generator, *, n_people: int = 5, n_each: int = 20) -> list[Reviewed]:
    """Make reviewers who are all alike: half upheld, times around a minute, one blind label in five changed."""
    made: list[Reviewed] = []
    for person in range(n_people):
        for _ in range(n_each):
            ruling = Ruling.UPHELD if rng.random() < 0.5 else Ruling.REJECTED
            blind = "dahlia" if rng.random() < 0.2 else "peony"
            seconds = float(60 * np.exp(rng.normal(0, 0.5)))
            made.append(review(len(made), f"person {person}", ruling=ruling, seconds=seconds, blind_label=blind))
    return made


def test_times_are_the_servers() -> None:
    """The seconds of a review come from the moments of its steps; a case put back and taken again counts anew."""
    steps = [
        (Step.TAKEN, 0, {}),
        (Step.PUT_BACK, 500, {}),
        (Step.TAKEN, 1000, {}),
        (Step.JUDGED_BLIND, 1012, {"label": "dahlia", "seconds": 900.0, "seen": True}),
        (Step.DECIDED, 1042, {"ruling": "upheld", "label": "peony", "reason": "it is", "seconds": 1.0}),
    ]
    events = [
        CaseEvent(step=step, at=NOON + timedelta(seconds=s), who="ann", key=str(s), details=details)
        for step, s, details in steps
    ]
    (found,) = reviewed(events, case=1, origin=Origin.APPEAL, suggestion="rose", own=lambda who: who == "ann")

    assert (found.blind_s, found.decide_s, found.seconds) == (12, 30, 42)
    assert (found.blind_label, found.label, found.is_own) == ("dahlia", "peony", True)


def test_a_rubber_stamp_is_seen() -> None:
    """Who decides in three seconds is named once for the single reviews and once beside the others."""
    reviews = team(np.random.default_rng(0)) + [review(1000 + i, "stamp", seconds=3.0) for i in range(12)]
    found = [d for d in doubts(reviews, min_review_s=8) if d.who == "stamp"]

    assert {Doubt.TOO_QUICK, Doubt.QUICKER} <= {d.doubt for d in found}
    quick = next(d for d in found if d.doubt is Doubt.TOO_QUICK)
    assert (quick.n, quick.of, len(quick.cases)) == (12, 12, 12)
    assert quick.low > 0.7


@pytest.mark.parametrize("ruling", list(Ruling))
def test_who_always_rules_alike_is_seen(ruling: Ruling) -> None:
    """Twelve of twelve the same way, where the others are divided; p is Fisher's, times the number compared."""
    others = team(np.random.default_rng(1))
    reviews = others + [review(1000 + i, "one-sided", ruling=ruling) for i in range(12)]
    (found,) = [d for d in doubts(reviews, min_review_s=0) if d.doubt is Doubt.ONE_SIDED]
    same = sum(r.ruling is ruling for r in others)
    expected = fisher_exact(np.array([[12, 0], [same, len(others) - same]]), alternative="greater").pvalue * 6

    assert found.who == "one-sided"
    assert found.p == pytest.approx(expected)


def test_own_work_and_idle_second_looks_are_seen() -> None:
    """Who judges items that they labelled, never moves, or always gives way to the claim, is named."""
    others = team(np.random.default_rng(2), n_people=8, n_each=30)
    own = [review(1000, "ann", is_own=True), review(1001, "ann")]
    fixed = [review(2000 + i, "bob", ruling=list(Ruling)[i % 2]) for i in range(40)]
    follows = [
        review(3000 + i, "cid", blind_label="dahlia", suggestion="peony", ruling=list(Ruling)[i % 2]) for i in range(6)
    ]
    found = doubts([*others, *own, *fixed, *follows], min_review_s=0)

    assert [d.cases for d in found if d.doubt is Doubt.OWN_WORK] == [(1000,)]
    assert [d.who for d in found if d.doubt is Doubt.NEVER_MOVED] == ["bob"]
    assert [(d.who, d.n) for d in found if d.doubt is Doubt.FOLLOWS_CLAIM] == [("cid", 6)]


def test_fair_reviewers_are_left_alone() -> None:
    """Of 100 teams that are all alike at most about one in twenty has somebody accused, for each kind of comparison."""
    accused = {Doubt.QUICKER: 0, Doubt.ONE_SIDED: 0, Doubt.NEVER_MOVED: 0}
    for seed in range(100):
        reviews = team(np.random.default_rng(seed), n_each=8)
        for kind in {d.doubt for d in doubts(reviews, min_review_s=0)} & accused.keys():
            accused[kind] += 1

    assert all(n <= 10 for n in accused.values()), accused  # 99 % of Binomial(100, 0.05)


def test_few_reviews_accuse_nobody() -> None:
    """Below five reviews nobody is compared, and no reviews give no finding."""
    reviews = [review(i, "ann") for i in range(4)] + [review(10 + i, "bob", ruling=Ruling.REJECTED) for i in range(40)]

    assert [d for d in doubts(reviews, min_review_s=0) if d.who == "ann"] == []
    assert doubts([], min_review_s=8) == ()
