"""The rarer ways through the tests of bias: what is missing, small or extreme."""

import math

import numpy as np
import pytest

from florilegium.bias import Column, Decisions, LabelEvents, Live, Outcome, examine, more_to_see, of_numbers, reweighed
from florilegium.bias.contrast import Linear, Side, mean_of, mover_ratio, n_more_needed, share_p
from florilegium.bias.impossible import implied_false_positive_rate
from florilegium.bias.label_shift import label_shift
from florilegium.bias.proxies import read_off
from florilegium.bias.rates import corrected_range
from florilegium.bias.slices import weak_slices
from florilegium.bias.strata import stratified
from florilegium.bias.trade_off import threshold_for
from florilegium.bias.two_sample import told_apart
from florilegium.errors import InputError
from florilegium.types import Ints

CODES: Ints = np.arange(400) % 2
Y: Ints = (np.arange(400) // 2) % 2


def given(**parts: object) -> Decisions:
    """Make 400 decisions, with some parts other than usual."""
    column = Column(name="group", groups=("a", "b"), codes=CODES)
    usual: dict[str, object] = {"y": Y, "predicted": Y, "classes": ("no", "yes"), "positive": 1, "columns": (column,)}
    return Decisions(**(usual | parts))  # type: ignore[arg-type]  # fields by name


def test_one_cluster_leaves_all_that_is_thinkable() -> None:
    """The mean of one person's items has no range but everything, and nothing is claimed of it."""
    one = mean_of(np.array([0.2, 0.4]), np.array([7, 7]))
    gap = one.minus(mean_of(np.array([0.1, 0.3, 0.2]), None))

    assert (gap.gap.low, gap.gap.high, gap.p) == (-1.0, 1.0, 1.0)


def test_an_estimate_without_spread_claims_nothing() -> None:
    """A standard error of 0 gives a range of width 0, and no p-value below 1."""
    found = Linear(value=0.2, error=0.0, df=9.0)

    assert (found.gap.low, found.gap.high, found.p) == (0.2, 0.2, 1.0)


def test_nobody_of_nobody_is_no_difference() -> None:
    """Two groups in which nobody said yes have p = 1, and no ratio."""
    none = Side(n_yes=0.0, n=40.0, n_effective=40.0)

    assert share_p(none, none) == 1.0
    assert mover_ratio(none, none) is None


def test_a_ratio_of_nothing_has_an_upper_end() -> None:
    """None of 40 against 20 of 40: the ratio is 0, and it may be up to about a fifth."""
    found = mover_ratio(Side(n_yes=0.0, n=40.0, n_effective=40.0), Side(n_yes=20.0, n=40.0, n_effective=40.0))

    assert found is not None
    assert (found.value, found.low) == (0.0, 0.0)
    assert 0.1 < found.high < 0.25


def test_more_of_one_group_does_not_help_where_the_other_is_small() -> None:
    """Where both groups hold 20 items, no number of the smaller one shows a gap of a point."""
    assert more_to_see((10, 20), (10, 20), 0.01) is None
    assert n_more_needed(Side(n_yes=9, n=10**6, n_effective=10**6), Side(n_yes=9, n=10**6, n_effective=10**6), 0.1) == 0


def test_nothing_known_is_weighed_evenly() -> None:
    """Items without class or group keep weight 1."""
    assert reweighed(np.array([-1, 0]), np.array([0, -1])).tolist() == [1.0, 1.0]


def test_equal_precision_forces_nothing_where_all_are_positive() -> None:
    """Without a single no there is no false positive rate to force."""
    assert implied_false_positive_rate(1.0, 0.5, 0.1) is None
    assert implied_false_positive_rate(0.5, 0.0, 1.0) is None


@pytest.mark.parametrize(
    ("y", "said", "words"),
    [(Y, Y, "perfect precision"), (Y, 1 - CODES, "one base rate")],
)
def test_where_nothing_is_impossible_that_is_said(y: Ints, said: Ints, words: str) -> None:
    """Equal base rates, or answers that are never wrong, let all rates be equal."""
    truth = np.where((CODES == 1) & (np.arange(400) < 100), 1, y) if words == "perfect precision" else y
    found = examine(given(y=truth, predicted=truth if words == "perfect precision" else said), seed=0, n_resamples=100)

    assert words in found.impossible[0].sentence


def test_a_threshold_that_nobody_reaches_says_no_to_all() -> None:
    """A share of 0 false alarms takes a threshold above every score."""
    assert math.isinf(threshold_for(np.array([1.0, 2.0]), 0.0))


def test_a_range_without_replicates_is_the_value() -> None:
    """Where no replicate could be computed the range has no width."""
    assert corrected_range(0.3, np.array([])) == (0.3, 0.3)


def test_strata_that_hold_one_group_only_compare_nothing() -> None:
    """Where no stratum holds both groups there is no adjusted difference."""
    assert stratified(np.array([[3.0, 0.0], [0.0, 3.0]]), np.array([[9.0, 0.0], [0.0, 9.0]]), 1.0) is None


def test_too_few_embeddings_are_not_told_apart() -> None:
    """Ten items of either are too few; a large set is sampled."""
    rng = np.random.default_rng(0)
    few = np.zeros((10, 2), dtype=np.float32)
    many = rng.standard_normal((10_500, 2)).astype(np.float32)

    assert told_apart(few, few, (None, None), rng=rng) is None
    found = told_apart(many, many[:100], (None, None), rng=rng)
    assert found is not None
    assert found[1] < 5_200


def test_label_shift_needs_few_classes_that_all_occur() -> None:
    """Forty-one classes are too many, and a class without a labelled item cannot be counted."""
    rng = np.random.default_rng(0)
    codes = np.arange(82) % 41

    assert "too many" in str(label_shift(codes, codes, codes, None, k=41, n_resamples=100, rng=rng))
    assert "no labelled item" in str(label_shift(Y, Y, Y, None, k=3, n_resamples=100, rng=rng))


def test_proxies_of_one_class_or_a_handful_of_items_read_nothing_off() -> None:
    """There must be something to tell apart; large tables are sampled."""
    rng = np.random.default_rng(0)
    facts = {"noise": rng.random(400)}
    many = rng.integers(0, 2, 20_500)

    assert read_off(np.zeros(400, dtype=np.int64), facts, None, rng=rng) is None
    assert read_off(Y[:20], {"noise": facts["noise"][:20]}, None, rng=rng) is None
    found = read_off(many, {"label": many.astype(float)}, None, rng=rng)
    assert found is not None
    assert (found.compared.n, found.accuracy) == (20_000, 1.0)


def test_where_all_is_right_no_slice_is_weak() -> None:
    """A part may look weakest by the imagined mistake alone; on the other items it is as good as all."""
    x = np.random.default_rng(0).standard_normal((400, 3)).astype(np.float32)
    column = weak_slices(x, np.ones(400, dtype=np.bool_), seed=0)

    assert column is None or examine(given_of(column), seed=0, n_resamples=100, with_tables=False).found == ()


def given_of(column: Column) -> Decisions:
    """Make right answers of one class with this column."""
    ones = np.ones(len(column.codes), dtype=np.int64)
    return Decisions(y=ones, predicted=ones, classes=("no", "yes"), positive=1, columns=(column,))


def test_persons_are_resampled_whole() -> None:
    """Ten decisions per person: ranges are wider than those of as many single decisions."""
    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(100), 10)
    group, y = (np.repeat(rng.integers(0, 2, 100), 10) for _ in range(2))
    column = Column(name="group", groups=("a", "b"), codes=group)
    plain = Decisions(y=y, classes=("no", "yes"), positive=1, columns=(column,))
    whole = Decisions(y=y, classes=("no", "yes"), positive=1, columns=(column,), clusters=person)
    width = []
    for decisions in (plain, whole):
        found = examine(decisions, seed=0, n_resamples=500, with_tables=False).results[1]
        assert found.low is not None
        assert found.high is not None
        width.append(found.high - found.low)

    assert width[1] == pytest.approx(width[0] * math.sqrt(10), rel=0.15)


def test_a_target_of_groups_that_nobody_labelled_cannot_be_weighed() -> None:
    """Children are a third of the target and none of the test set: the accuracy there is not given, and why."""
    targets = {"group": {"a": 0.4, "b": 0.3, "child": 0.3}}
    found = examine(given(targets=targets), seed=0, n_resamples=100, with_tables=False)
    weighed = next(r for r in found.results if r.measure == "accuracy reweighted to target")

    assert weighed.outcome is Outcome.NOT_MEASURABLE
    assert "no item of child" in weighed.sentence


def test_few_target_answers_say_so() -> None:
    """Five answers from the target estimate nothing."""
    found = examine(given(target_predicted=Y[:5]), seed=0, n_resamples=100, with_tables=False)

    assert [r.outcome for r in found.of("evaluation")] == [Outcome.NOT_MEASURABLE]


def test_many_classes_shift_together() -> None:
    """With three classes the distance of all shares is told, and its range covers the truth, 0.3."""
    rng = np.random.default_rng(0)
    y, there = rng.choice(3, 3000, p=[0.5, 0.3, 0.2]), rng.choice(3, 3000, p=[0.2, 0.6, 0.2])
    column = Column(name="group", groups=("a", "b"), codes=rng.integers(0, 2, 3000))
    decisions = Decisions(y=y, predicted=y, classes=("x", "y", "z"), columns=(column,), target_predicted=there)
    found = examine(decisions, seed=0, n_resamples=200, with_tables=False)
    shift = next(r for r in found.results if r.measure == "label shift")

    assert (shift.low or 1) <= 0.3 <= (shift.high or 0)
    assert shift.outcome is Outcome.FOUND


def test_a_record_with_nothing_in_it_gives_no_results() -> None:
    """Empty groups, no audits and no labels: the kind is unmeasured, in words."""
    empty = Column(name="group", groups=("a",), codes=np.full(10, -1))
    live = Live(columns=(empty,), right=np.full(10, -1), appealed=np.zeros(10, dtype=np.bool_))
    none = np.array([], dtype=np.int64)
    events = LabelEvents(items=none, annotators=none, labels=none)
    found = examine(given(live=live, events=events), seed=0, n_resamples=100, with_tables=False)

    assert found.of("deployment") == ()
    assert "monitor" in found.unmeasured["deployment"]


def test_parts_that_do_not_fit_are_refused() -> None:
    """A positive class that does not exist, groups out of range and one name twice are named together."""
    column = Column(name="group", groups=("a",), codes=CODES)
    with pytest.raises(InputError, match=r"positive class is number 5.*'group' holds 0..1.*bear one name"):
        given(positive=5, columns=(column, column))
    with pytest.raises(InputError, match=r"probabilities have shape \(400, 3\)"):
        given(probabilities=np.zeros((400, 3)))


def test_equal_bins_are_told_apart() -> None:
    """Numbers that agree to six digits still make bins of different names."""
    column = of_numbers("x", np.linspace(1, 1 + 4e-8, 40))

    assert len(set(column.groups)) == len(column.groups) == 4
