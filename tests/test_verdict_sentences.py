"""What the verdict says, word for word: three outcomes times every special case."""

import io

import numpy as np
import pytest
from rich.console import Console

from florilegium.cli import show
from florilegium.evaluation import Outcome, Predictions, Sanity, Score, Verdict, judge
from florilegium.evaluation.sentences import sentence
from florilegium.evaluation.words import percent
from florilegium.types import Bools, Ints


def verdict(
    model: Bools,
    rule: Bools,
    *,
    opening: int = 1,
    groups: Ints | None = None,
    name: str = "nearest mean image",
    leaked: Bools | None = None,
    known: Bools | None = None,
    same_sources: Score | None = None,
    new_sources: Score | None = None,
    sanity: tuple[Sanity, ...] = (),
    classes: tuple[str, ...] = ("a", "b"),
) -> Verdict:
    """Judge right and wrong answers to items of two classes in turn."""
    n = len(model)
    truth = np.arange(n) % 2
    rows = np.zeros((n, len(classes)))
    rows[np.arange(n), np.where(model, truth, 1 - truth)] = 0.9
    rows[np.arange(n), np.where(model, 1 - truth, truth)] = 0.1
    return judge(
        Predictions(
            names=tuple(map(str, range(n))),
            truth=truth,
            probabilities=rows,
            groups=np.arange(n) if groups is None else groups,
            classes=classes,
        ),
        {name: np.where(rule, truth, 1 - truth)},
        opening=opening,
        rng=np.random.default_rng(0),
        leaked=leaked,
        known=known,
        same_sources=same_sources,
        new_sources=new_sources,
        sanity=sanity,
    )


def first(n_right: int, n: int) -> Bools:
    """Give n answers of which the first are right."""
    return np.arange(n) < n_right


def test_better_in_one_sentence() -> None:
    """Accuracy, range, count, gap, range, rule: nothing else at the first opening."""
    assert verdict(first(347, 360), first(317, 360)).sentence == (
        "Better: the model gets 96.4 % (93.9 to 97.9) of 360 unseen items right, 8.3 points (5.2 to 12.0) more than "
        "the best simple rule (nearest mean image)."
    )


def test_not_shown_says_what_would_show_it() -> None:
    """The reader learns what this test set could show and how many labels would show one point."""
    found = verdict(first(330, 360), first(326, 360))

    assert found.sentence == (
        "Not shown to be better: the model gets 91.7 % (88.4 to 94.1) of 360 unseen items right, 1.1 points "
        "(-0.2 to 3.1) more than the best simple rule (nearest mean image). This test set could show a difference of "
        "2.8 points; label about 1,100 more to show 1 point."
    )


def test_a_large_test_set_needs_no_more_labels() -> None:
    """Where one point could have been shown, nobody is asked to label more."""
    found = verdict(first(19_000, 20_000), first(18_996, 20_000))

    assert found.n_more_for_one_point is None
    assert " This test set could show a difference of 0." in found.sentence
    assert "label" not in found.sentence


def test_worse_says_what_to_do() -> None:
    """A gap in the rule's favour is told without minus signs where it is sure."""
    found = verdict(first(280, 360), first(330, 360))

    assert found.sentence.startswith(
        "Worse: the model gets 77.8 % (73.2 to 81.8) of 360 unseen items right, 13.9 points ("
    )
    assert found.sentence.endswith(
        "fewer than the best simple rule (nearest mean image). "
        "Use the simple rule, or look again at the labels and the items."
    )


def test_a_later_opening_says_that_the_bar_is_higher() -> None:
    """At the second opening 0.76 % is allowed (6 * 0.05 / (pi^2 * 4))."""
    found = verdict(first(347, 360), first(317, 360), opening=2)

    assert found.sentence.endswith(
        " This was the 2nd look at the test set, so a stricter bar held: "
        "a difference counts only if chance alone would show one this large less than 0.8 % of the time."
    )


def test_all_right_is_not_100_percent() -> None:
    """A perfect score is told with what it leaves open: 92.9 % for 50 items (50 / (50 + 3.84))."""
    assert (
        "the model gets all 50 unseen items right (which fits any true accuracy from 92.9 % on)"
        in verdict(first(50, 50), first(30, 50)).sentence
    )


def test_none_right_is_told_as_such() -> None:
    """Nothing right of 50 fits accuracies up to 7.1 %."""
    assert (
        "gets none of 50 unseen items right (which fits any true accuracy up to 7.1 %)"
        in verdict(first(0, 50), first(30, 50)).sentence
    )


@pytest.mark.parametrize(
    ("right", "words"), [(1, "gets the only unseen item right"), (0, "gets the only unseen item wrong")]
)
def test_one_item_is_singular(right: int, words: str) -> None:
    """One test item shows nothing, in the singular."""
    found = verdict(first(right, 1), first(1, 1))

    assert found.outcome is Outcome.NOT_SHOWN
    assert words in found.sentence
    assert "too small to show any difference" in found.sentence
    assert "The test set is small: 1 item can show no difference at all." in found.warnings


def test_no_disagreement_is_said() -> None:
    """A model that is right exactly where the rule is has learned nothing more."""
    assert (
        "right, exactly those that the best simple rule (nearest mean image) gets right."
        in verdict(first(80, 100), first(80, 100)).sentence
    )


def test_as_many_but_others_is_said() -> None:
    """Equal counts on different items are no gap of 0.0 points."""
    assert (
        "as many as the best simple rule (nearest mean image), though not the same ones"
        in verdict(first(80, 100), ~first(20, 100)).sentence
    )


def test_a_gap_of_one_point_is_singular() -> None:
    """1 of 100 is 1.0 point."""
    assert "1.0 point (" in verdict(first(81, 100), first(80, 100)).sentence


def test_few_disagreements_are_not_called_sure() -> None:
    """5 of 5 disagreements leave out 0 in the range but not in the exact test (p = 1/16)."""
    found = verdict(first(30, 30), first(25, 30))

    assert found.difference.low > 0
    assert found.outcome is Outcome.NOT_SHOWN
    assert ", which so few disagreements do not make sure." in found.sentence


def test_the_lower_of_two_numbers_leads() -> None:
    """Where sources never seen are harder, their figure comes first, and a warning says what is lost."""
    same = Score(name="same", n_right=840, n=1000, low=0.816, high=0.861)
    new = Score(name="new", n_right=683, n=1000, low=0.653, high=0.711)
    found = verdict(first(170, 200), first(100, 200), same_sources=same, new_sources=new)

    assert found.sentence.startswith(
        "Expect 68.3 % (65.3 to 71.1) right on items from sources never seen. "
        "Better on the test set: the model gets 85.0 %"
    )
    assert (
        "From sources never seen the model gets 68.3 % (65.3 to 71.1) right, 15.7 points fewer than from known ones."
        in found.warnings
    )


def test_a_higher_number_does_not_lead() -> None:
    """Where sources never seen are no harder, the test set leads."""
    new = Score(name="new", n_right=95, n=100, low=0.89, high=0.98)

    assert verdict(first(170, 200), first(100, 200), new_sources=new).sentence.startswith("Better: ")


def test_leaks_are_priced() -> None:
    """The accuracy without leaked items stands in the warning; where all leak, the score says nothing."""
    model, rule = first(80, 100), first(20, 100)
    some, one, every = (verdict(model, rule, leaked=first(n, 100)).warnings[0] for n in (60, 1, 100))

    assert some.startswith(
        "60 of 100 test items have a near-duplicate in training; on the others the model gets 50.0 % ("
    )
    assert one.startswith("1 of 100 test items has a near-duplicate")
    assert every.endswith("no test item is truly new, so the score says nothing about new ones.")


def test_failed_checks_are_repeated() -> None:
    """A failed sanity check is a warning; a passed one is not."""
    checks = (Sanity(name="x", passed=False, message="Rotten."), Sanity(name="y", passed=True, message="Fine."))
    warnings = verdict(first(80, 100), first(20, 100), sanity=checks).warnings

    assert "Rotten." in warnings
    assert "Fine." not in warnings


def test_a_winning_shortcut_is_said() -> None:
    """Where file facts are the best rule, the files tell the labels."""
    warnings = verdict(first(80, 100), first(70, 100), name="shortcut").warnings

    assert any("sees only file facts" in each for each in warnings)


def test_many_looks_are_said() -> None:
    """From the second look on there is a warning; from the fifth on the advice to seal a new test set."""
    model, rule = first(300, 400), first(200, 400)
    n_said = [sum("look" in each for each in verdict(model, rule, opening=k).warnings) for k in (1, 2, 5)]

    assert n_said == [0, 1, 2]


def test_small_things_are_said() -> None:
    """Small test sets, few groups, small and absent classes: each with its number."""
    groups = np.repeat(np.arange(10), 5)
    warnings = verdict(first(40, 50), first(30, 50), groups=groups, classes=("a", "b", "c", "d")).warnings

    assert any(each.startswith("The test set is small: 50 items can show only differences of") for each in warnings)
    assert "The 50 test items form only 10 groups of items that belong together, so all ranges are wide." in warnings
    assert "2 classes have no test items, so nothing is known of: c, d." in warnings
    assert "2 of 4 classes have fewer than 30 test items, so their own figures are rough: a (25), b (25)." in warnings


def test_a_good_verdict_has_no_warnings() -> None:
    """Many items, a clear gap, honest confidence: nothing to warn of."""
    rng = np.random.default_rng(3)

    assert verdict(rng.random(3000) < 0.9, rng.random(3000) < 0.6).warnings == ()


def test_confidence_and_abstention_are_said() -> None:
    """90 % sure and 60 % right is off by about 30 points; abstentions are counted."""
    model, rule = first(240, 400), first(100, 400)
    some, every = (verdict(model, rule, known=~first(n, 400)).warnings for n in (40, 400))

    assert any(each.startswith("Its confidence is off by 3") for each in some)
    assert "The model abstains on 40 test items (10.0 %); the score counts its guesses there." in some
    assert "The model abstains on every test item." in every


def test_several_unbeaten_rules_are_listed() -> None:
    """Where more than one rule is not beaten, all are named."""
    truth = np.arange(100) % 2
    model = verdict(first(80, 100), first(79, 100))
    rows = np.stack([1 - truth, truth], axis=1).astype(np.float64)
    predictions = Predictions(
        names=tuple(map(str, range(100))), truth=truth, probabilities=rows, groups=truth, classes=("a", "b")
    )
    found = judge(predictions, {"x": truth, "y": truth}, opening=1, rng=np.random.default_rng(0))

    assert "Not shown to be better than 2 of 2 simple rules: x, y." in found.warnings
    assert not any("simple rules" in each for each in model.warnings)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.9999, "99.99 %"),
        (0.0004, "0.04 %"),
        (0.5, "50.0 %"),
        (1 - 1e-9, "100 %"),
        (1e-12, "0 %"),
    ],
)
def test_percent_never_rounds_to_a_claim(share: float, text: str) -> None:
    """9,999 of 10,000 is 99.99 %, not 100 %."""
    assert percent(share) == text


def test_the_sentence_is_a_function_of_the_numbers() -> None:
    """The sentence can be said again from the recorded verdict."""
    found = verdict(first(330, 360), first(326, 360), opening=3)

    assert sentence(found) == found.sentence == str(found)


def test_a_failed_check_is_told_once_in_a_terminal() -> None:
    """It is a check and a caution at once; who reads the terminal meets it once."""
    check = Sanity(name="shortcut", passed=False, message="Suspicious: size alone gets 90.0 % right.")
    found, out = verdict(first(330, 360), first(326, 360), sanity=(check,)), io.StringIO()

    show.verdict(Console(file=out, width=200), found)

    assert check.message in found.warnings
    assert out.getvalue().count(check.message) == 1
