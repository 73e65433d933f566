"""The verdict: three outcomes, every special case, and what each needs."""

import time
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar

from florilegium.errors import InputError, StepMissing
from florilegium.evaluation import Outcome, Predictions, Score, Verdict, alpha_of_opening, judge
from florilegium.types import Bools, Ints


def answered(right: Bools, *, groups: Ints | None = None, k: int = 3) -> Predictions:
    """Give items of k classes in turn, answered right or, one class further, wrong; 90 % sure of each answer."""
    n = len(right)
    truth = np.arange(n) % k
    rows = np.full((n, k), 0.1 / (k - 1))
    rows[np.arange(n), said(right, k=k)] = 0.9
    return Predictions(
        names=tuple(f"photo {i}" for i in range(n)),
        truth=truth,
        probabilities=rows,
        groups=np.arange(n) if groups is None else groups,
        classes=tuple(f"class {i}" for i in range(k)),
    )


def said(right: Bools, *, k: int = 3) -> Ints:
    """Give the class numbers that are right where `right` says so."""
    truth = np.arange(len(right)) % k
    return np.where(right, truth, (truth + 1) % k)


def first(n_right: int, n: int) -> Bools:
    """Give n answers of which the first are right."""
    return np.arange(n) < n_right


def judged(model: Predictions, baselines: Mapping[str, Ints], *, opening: int = 1) -> Verdict:
    """Judge with a fixed seed."""
    return judge(model, baselines, opening=opening, rng=np.random.default_rng(0))


def test_a_clear_gap_is_better() -> None:
    """347 against 317 of 360: McNemar's p is statsmodels', the range leaves out 0, and the model is better."""
    found = judged(
        answered(first(347, 360)), {"nearest mean image": said(first(317, 360)), "majority": said(first(120, 360))}
    )

    assert found.outcome is Outcome.BETTER
    assert (found.model.n_right, found.baseline.name, found.baseline.n_right) == (347, "nearest mean image", 317)
    assert (found.n_only_model, found.n_only_baseline, found.n_test, found.n_groups) == (30, 0, 360, 360)
    assert found.p_value == pytest.approx(mcnemar([[317, 30], [0, 13]], exact=True).pvalue)
    assert found.p_value_groups == pytest.approx(found.p_value)
    assert 0 < found.difference.low < found.difference.value == pytest.approx(30 / 360)
    assert found.difference.level == pytest.approx(1 - alpha_of_opening(1))
    assert [each.name for each in found.baselines] == ["nearest mean image", "majority"]
    assert [(each.name, each.n) for each in found.per_class] == [("class 0", 120), ("class 1", 120), ("class 2", 120)]


def test_a_small_gap_is_not_shown() -> None:
    """330 against 326 of 360 may be chance."""
    assert judged(answered(first(330, 360)), {"rule": said(first(326, 360))}).outcome is Outcome.NOT_SHOWN


def test_a_rule_that_wins_clearly_makes_the_model_worse() -> None:
    """280 against 330 of 360 is worse."""
    found = judged(answered(first(280, 360)), {"rule": said(first(330, 360))})

    assert found.outcome is Outcome.WORSE
    assert found.difference.high < 0


def test_looking_again_needs_more() -> None:
    """The same answers that are better at the first opening (p = 0.008) are not shown to be at the third (0.0034)."""
    model, rule = answered(first(108, 120)), {"rule": said(first(100, 120))}

    outcomes = [judged(model, rule, opening=k).outcome for k in (1, 2, 3)]

    assert outcomes == [Outcome.BETTER, Outcome.NOT_SHOWN, Outcome.NOT_SHOWN]


def test_better_means_better_than_every_rule() -> None:
    """A rule that is less accurate, but disagrees so much that chance might explain it, must be beaten too."""
    n = 400
    model = first(340, n)
    close = first(325, n)  # misses 15 that the model knows, and nothing else: p = 6e-5
    far = np.concatenate([first(260, 340), np.ones(60, dtype=bool)])  # 320 right; 80 only model, 60 only rule: p = 0.1

    alone = judged(answered(model), {"close": said(close)})
    both = judged(answered(model), {"far": said(far), "close": said(close)})

    assert alone.outcome is Outcome.BETTER
    assert both.outcome is Outcome.NOT_SHOWN
    assert both.baseline.name == "close"
    assert "but another simple rule is not beaten surely enough" in both.sentence


def test_the_luckiest_of_many_rules_does_not_make_a_model_worse() -> None:
    """One rule that wins with p = 0.02 makes the model worse; the best of six rules does not: 0.02 > 0.0304 / 6."""
    model, winner = first(90, 120), first(97, 120)
    others = {f"rule {i}": said(first(60 - i, 120)) for i in range(5)}

    alone, among_six = (
        judged(answered(model), {"winner": said(winner)}),
        judged(answered(model), {"winner": said(winner), **others}),
    )

    assert alone.p_value == pytest.approx(2 * 0.5**7)
    assert alone.outcome is Outcome.WORSE
    assert among_six.outcome is Outcome.NOT_SHOWN


def test_near_duplicates_buy_no_verdict() -> None:
    """Forty wins in five groups are five wins: better as single items, not shown as what they are."""
    model, rule = first(300, 300), ~first(40, 300)
    groups = np.concatenate([np.repeat(np.arange(5), 8), np.arange(100, 360)])

    single, grouped = (
        judged(answered(model), {"rule": said(rule)}),
        judged(answered(model, groups=groups), {"rule": said(rule)}),
    )

    assert single.outcome is Outcome.BETTER
    assert grouped.outcome is Outcome.NOT_SHOWN
    assert grouped.n_groups == 265
    assert grouped.p_value_groups == pytest.approx(2 / 2**5)
    assert grouped.design_effect > 4


def test_of_equal_rules_the_one_hardest_to_beat_is_shown() -> None:
    """With equal counts, the rule that disagrees more has the wider range, and it is the one compared with."""
    model = first(90, 100)
    same = first(80, 100)
    other = np.concatenate([first(70, 90), np.ones(10, dtype=bool)])

    assert judged(answered(model), {"same": said(same), "other": said(other)}).baseline.name == "other"


def test_what_else_is_known_is_carried() -> None:
    """Leaks, abstentions, sources and calibration are all in the verdict."""
    n = 200
    same, new = (Score(name=name, n_right=x, n=100, low=0.5, high=0.95) for name, x in (("same", 84), ("new", 68)))

    found = judge(
        answered(first(180, n)),
        {"rule": said(first(150, n))},
        opening=1,
        rng=np.random.default_rng(0),
        leaked=first(50, n),
        known=~first(20, n),
        same_sources=same,
        new_sources=new,
    )

    assert found.leak_free is not None
    assert found.answered is not None
    assert (found.n_leaked, found.leak_free.n_right, found.leak_free.n) == (50, 130, 150)
    assert (found.n_unknown, found.answered.n_right, found.answered.n) == (20, 160, 180)
    assert (found.same_sources, found.new_sources) == (same, new)
    assert found.calibration_low is not None
    assert found.calibration_low <= (found.calibration_error or 0) <= (found.calibration_high or 0)


@given(rights=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40), opening=st.integers(1, 30))
def test_every_set_of_answers_gets_a_verdict(rights: list[tuple[bool, bool]], opening: int) -> None:
    """Whatever was answered, range, tests and outcome agree, and the sentence ends as a sentence."""
    model, rule = (np.array([pair[i] for pair in rights]) for i in (0, 1))
    found = judged(answered(model, k=2), {"rule": said(rule, k=2)}, opening=opening)

    significant = max(found.p_value, found.p_value_groups) <= alpha_of_opening(opening)
    gap = found.difference
    assert found.outcome is (
        Outcome.BETTER
        if significant and gap.low > 0
        else Outcome.WORSE
        if significant and gap.high < 0
        else Outcome.NOT_SHOWN
    )
    assert found.sentence.endswith(".")
    assert 0 < found.smallest_difference <= 1
    assert (found.n_more_for_one_point or 1) > 0


def test_more_labels_are_counted_for_the_next_opening() -> None:
    """Labelling as many more as it says makes one point visible at the next opening, and none are needed after that."""
    model, rule = first(9_000, 10_000), first(8_980, 10_000)
    found = judged(answered(model), {"rule": said(rule)})
    huge = judged(answered(first(99_000, 100_000)), {"rule": said(first(98_990, 100_000))})

    assert found.smallest_difference < 0.01
    assert found.n_more_for_one_point is None
    assert huge.n_more_for_one_point is None
    assert (judged(answered(first(300, 360)), {"rule": said(first(290, 360))}).n_more_for_one_point or 0) > 1000


def test_an_empty_test_set_is_a_missing_step() -> None:
    """Without test items there is nothing to judge, and the message says how to get some."""
    with pytest.raises(StepMissing, match="florilegium new"):
        judged(answered(first(0, 0)), {"rule": said(first(0, 0))})


def test_no_baseline_is_a_missing_step() -> None:
    """A score without anything to compare it with is no verdict."""
    with pytest.raises(StepMissing, match="florilegium train"):
        judged(answered(first(3, 5)), {})


def test_arrays_that_do_not_fit_are_all_named() -> None:
    """Every array of another length is named with its shape."""
    model = answered(first(3, 5))

    with pytest.raises(InputError, match=r"baseline 'rule' has shape \(4,\), leaked has shape \(6,\)"):
        judge(model, {"rule": said(first(1, 4))}, opening=1, rng=np.random.default_rng(0), leaked=first(1, 6))


def test_a_large_verdict_is_quick() -> None:
    """10,000 items, 20 classes and 6 baselines are judged well within a second."""
    rng = np.random.default_rng(0)
    model = answered(rng.random(10_000) < 0.9, k=20, groups=rng.integers(0, 4000, 10_000))
    rules = {f"rule {i}": said(rng.random(10_000) < 0.8 - 0.1 * i, k=20) for i in range(6)}

    begun = time.process_time()
    judged(model, rules)

    assert time.process_time() - begun < 1.5  # 0.05 s on an idle core
