"""Agreement of people, beyond chance: as published, as other libraries compute it, with ranges that hold."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import aggregate_raters, cohens_kappa, fleiss_kappa

from florilegium.active.agreement import Agreement, Ratings, alpha, annotators, kappa, ratings
from florilegium.errors import InputError
from florilegium.types import Ints

# Krippendorff (2011), Computing Krippendorff's alpha-reliability, parts A and C; "." is a gap.
TWO_OBSERVERS = ("0100000010", "1110010000")
FOUR_OBSERVERS = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")


def rng() -> np.random.Generator:
    """Give chance, the same every time."""
    return np.random.default_rng(5)


def of_rows(*rows: str) -> Ratings:
    """Give ratings from one line per person, one sign per item."""
    return ratings(
        (f"person {person}", f"{item:03}", sign)
        for person, row in enumerate(rows)
        for item, sign in enumerate(row)
        if sign != "."
    )


def two_people(n: int, *, agree: float, seed: int) -> tuple[Ints, Ints]:
    """Give what two people say of n items in three classes; with probability `agree` the second repeats the first."""
    chance = np.random.default_rng(seed)
    first = chance.choice(3, n, p=[0.6, 0.3, 0.1])
    second = np.where(chance.random(n) < agree, first, chance.choice(3, n, p=[0.6, 0.3, 0.1]))
    return first.astype(np.int64), second.astype(np.int64)


@pytest.mark.parametrize(("rows", "published"), [(TWO_OBSERVERS, 0.095), (FOUR_OBSERVERS, 0.743)])
def test_alpha_is_the_published_one(rows: tuple[str, ...], published: float) -> None:
    """Krippendorff's own worked examples come out, gaps and a unit that only one person looked at included."""
    found = alpha(of_rows(*rows), rng=rng())

    assert found.value == pytest.approx(published, abs=5e-4)


def test_alpha_counts_only_what_two_people_saw() -> None:
    """In the example of four observers eleven of twelve units count, and all four people."""
    found = alpha(of_rows(*FOUR_OBSERVERS), rng=rng())

    assert (found.n_items, found.n_people) == (11, 4)


def test_alpha_follows_from_fleiss() -> None:
    """Without gaps alpha is Fleiss' kappa, by statsmodels, moved up by (1 - kappa) / number of opinions."""
    chance = np.random.default_rng(2)
    truth = chance.integers(0, 4, 80)
    codes = np.where(chance.random((5, 80)) < 0.7, truth, chance.integers(0, 4, (5, 80))).astype(np.int64)
    given = Ratings(people=tuple("abcde"), items=tuple(map(str, range(80))), classes=("w", "x", "y", "z"), codes=codes)
    fleiss = fleiss_kappa(aggregate_raters(codes.T)[0])

    assert alpha(given, rng=rng()).value == pytest.approx(fleiss + (1 - fleiss) / codes.size)


@pytest.mark.parametrize("seed", range(5))
def test_kappa_is_sklearns(seed: int) -> None:
    """Cohen's kappa equals scikit-learn's; items that one of the two did not see are left out."""
    first, second = two_people(200, agree=0.7, seed=seed)
    with_gaps = np.concatenate([second, [-1, 2]]), np.concatenate([first, [1, -1]])
    found = kappa(*with_gaps, rng=rng())

    assert found.value == pytest.approx(cohen_kappa_score(first, second))
    assert found.n_items == 200


def test_kappas_range_is_near_the_analytic_one() -> None:
    """With 2,000 items resampling gives the range that statsmodels computes from Fleiss, Cohen & Everitt (1969)."""
    first, second = two_people(2000, agree=0.7, seed=1)
    table = np.zeros((3, 3))
    np.add.at(table, (first, second), 1)
    analytic = cohens_kappa(table)
    found = kappa(first, second, rng=rng())

    assert found.low == pytest.approx(analytic.kappa_low, abs=0.01)
    assert found.high == pytest.approx(analytic.kappa_upp, abs=0.01)


def test_alpha_and_kappa_meet_in_large_samples() -> None:
    """For two people who use the classes alike both say the same, with the same range."""
    first, second = two_people(3000, agree=0.6, seed=3)
    both = Ratings(
        people=("a", "b"),
        items=tuple(map(str, range(3000))),
        classes=("x", "y", "z"),
        codes=np.stack([first, second]),
    )
    one, other = alpha(both, rng=rng()), kappa(first, second, rng=rng())

    assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high), abs=0.01)


@pytest.mark.parametrize(("n", "agree"), [(30, 0.8), (60, 0.5), (30, 0.97)])
def test_the_range_holds_what_is_true(n: int, agree: float) -> None:
    """In at least 95 of 100 samples of few items the range holds the true kappa, which is the share of repetitions."""
    n_samples = 200
    found = [kappa(*two_people(n, agree=agree, seed=1000 + seed), rng=rng()) for seed in range(n_samples)]
    told = [f for f in found if f.value is not None]
    held = sum(f.low <= agree <= f.high for f in told if f.low is not None and f.high is not None)

    assert held >= 0.95 * len(told)


def of_three(n: int, *, copying: float, seed: int) -> Ratings:
    """Give what three people say who each see the truth with probability `copying` and guess otherwise."""
    chance, shares = np.random.default_rng([seed, n]), [0.6, 0.3, 0.1]
    truth, guess = chance.choice(3, n, p=shares), chance.choice(3, (3, n), p=shares)
    codes = np.where(chance.random((3, n)) < copying, truth, guess).astype(np.int64)
    return Ratings(people=("a", "b", "c"), items=tuple(map(str, range(n))), classes=("x", "y", "z"), codes=codes)


@pytest.mark.parametrize(("n", "copying"), [(40, 0.9), (40, 0.7), (25, 0.98)])
def test_alphas_range_holds_what_is_true(n: int, copying: float) -> None:
    """Two of three people both see the truth with probability `copying` squared, which is the true alpha."""
    n_samples = 200
    found = [alpha(of_three(n, copying=copying, seed=seed), rng=rng()) for seed in range(n_samples)]
    told = [f for f in found if f.value is not None]
    held = sum(f.low <= copying**2 <= f.high for f in told if f.low is not None and f.high is not None)

    assert held >= 0.93 * len(told)


def test_no_disagreement_is_no_certainty() -> None:
    """Twenty items on which two people agree do not prove that they always will."""
    found = alpha(of_rows("ab" * 10, "ab" * 10), rng=rng())

    assert found.value == 1
    assert found.high == 1
    assert found.low is not None
    assert 0.5 < found.low < 0.8  # Wilson: up to 16 % may disagree, and chance gives about half


def test_people_who_contradict_each_other_fall_below_chance() -> None:
    """Who always says the other thing has a measure below 0, and the range stays within -1 to 1."""
    found = kappa(np.array([0, 1] * 20), np.array([1, 0] * 20), rng=rng())

    assert found.value == -1
    assert found.low == -1
    assert "too unsure to learn from" in found.sentence


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (("abc...", "...abc"), "no item was looked at by two people"),
        (("aaaa", "aaaa"), "on 4 items only one class was ever named"),
        ((), "no item was looked at by two people"),
    ],
)
def test_what_cannot_be_told_is_said(rows: tuple[str, ...], says: str) -> None:
    """Nothing shared, or one class only: no number, and the reason."""
    found = alpha(of_rows(*rows), rng=rng())

    assert found.value is None
    assert says in str(found)


@pytest.mark.parametrize(
    ("agree", "n", "says"),
    [
        (0.97, 2000, "can be relied on."),
        (0.74, 2000, "Conclusions from such labels are tentative."),
        (0.3, 2000, "too unsure to learn from"),
        (0.75, 30, "Too few to tell"),
    ],
)
def test_the_sentence_judges_by_krippendorffs_limits(agree: float, n: int, says: str) -> None:
    """Reliable from 0.8 on, tentative from 0.667 on, and only where the range allows to say so."""
    assert says in kappa(*two_people(n, agree=agree, seed=7), rng=rng()).sentence


def test_unequal_lists_are_refused() -> None:
    """Two lists of opinions of different length are a slip."""
    with pytest.raises(InputError, match="3 opinions against 2"):
        kappa(np.zeros(3, dtype=np.int64), np.zeros(2, dtype=np.int64), rng=rng())


def test_taking_an_item_out_is_an_opinion() -> None:
    """Two people who both remove an item agree; one who keeps it does not."""
    given = ratings([("ann", "1", None), ("ben", "1", None), ("cem", "1", "rose")])

    assert given.classes == ("rose", None)
    assert given.counts.tolist() == [[1, 2]]


def test_annotators_are_compared_with_the_others() -> None:
    """Who differs most stands first, with the share of others who said the same; who shared nothing stands last."""
    given = ratings(
        [
            (who, str(item), "a" if who != "odd" or item < 2 else "b")
            for who in ("ann", "ben", "odd")
            for item in range(4)
        ]
        + [("solo", "99", "a")]
    )
    found = annotators(given)

    assert [a.who for a in found] == ["odd", "ann", "ben", "solo"]
    assert [a.same for a in found] == [0.5, 0.75, 0.75, None]
    assert found[0].sentence == "odd said what others said in 50.0 % of cases (15.0 to 85.0), on 4 shared items."
    assert found[3].sentence == "solo looked at 1 item, none of which anybody else looked at."
    assert (found[0].n_items, found[0].n_shared) == (4, 4)


def test_a_result_says_its_count_and_range() -> None:
    """An agreement prints itself with items, people, value and range."""
    found: Agreement = kappa(
        np.repeat([0, 0, 1, 1], [45, 5, 5, 45]), np.repeat([0, 1, 0, 1], [45, 5, 5, 45]), rng=rng()
    )

    assert str(found).startswith(
        "Two people said the same in 90.0 % of cases, on 100 items; beyond what chance gives, Cohen's kappa is 0.80 ("
    )
