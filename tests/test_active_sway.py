"""What the sight of a suggestion does to people, and how often they agree with the record."""

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from florilegium.active.automation import automation_bias
from florilegium.active.ceiling import N_ENOUGH, human_ceiling
from florilegium.bias.result import Outcome
from florilegium.errors import InputError
from florilegium.evaluation.values import Score
from florilegium.types import Bools


def answers(n_shown: int, k_shown: int, n_hidden: int, k_hidden: int) -> tuple[Bools, Bools]:
    """Give agreement and sight of n_shown + n_hidden cases."""
    agreed = np.repeat([True, False, True, False], [k_shown, n_shown - k_shown, k_hidden, n_hidden - k_hidden])
    return agreed, np.repeat([True, False], [n_shown, n_hidden])


def test_the_difference_has_newcombes_range() -> None:
    """With few cases the range is the one that statsmodels gives by Newcombe's method."""
    found = automation_bias(*answers(80, 76, 20, 15))
    low, high = confint_proportions_2indep(76, 80, 15, 20, method="newcomb", compare="diff")

    assert found.difference is not None
    assert (found.difference.low, found.difference.high) == pytest.approx((low, high))
    assert found.n == 100


@pytest.mark.parametrize(
    ("counts", "outcome", "says"),
    [
        ((400, 360, 100, 70), Outcome.FOUND, "). The sight of it sways people: show it less, or later."),
        ((400, 280, 100, 90), Outcome.FOUND, "). People contradict it when they see it."),
        ((80, 72, 20, 16), Outcome.TOO_FEW, "Too few to tell: about"),
        ((4000, 3600, 1000, 899), Outcome.NOT_SHOWN, "No sway is shown, and one of ten points would have been seen."),
    ],
)
def test_four_outcomes(counts: tuple[int, int, int, int], outcome: Outcome, says: str) -> None:
    """Swayed, put off, too few to tell, and not swayed are told apart."""
    found = automation_bias(*answers(*counts))

    assert found.outcome is outcome
    assert str(found).endswith(says) or outcome is Outcome.TOO_FEW
    assert says in str(found)


def test_the_sentence_is_told_from_one_side() -> None:
    """A difference below 0 is told as so many points fewer, not with a minus."""
    more, fewer = automation_bias(*answers(400, 360, 100, 70)), automation_bias(*answers(400, 280, 100, 90))

    assert more.sentence.startswith(
        "With the model's suggestion in sight people agreed with it in 90.0 % of 400 cases, without it in 70.0 % of "
        "100: 20.0 points more ("
    )
    assert "20.0 points fewer (" in fewer.sentence


def test_near_copies_count_less() -> None:
    """Ten copies of each case tell less than as many different ones: the range grows."""
    agreed, shown = answers(40, 36, 10, 7)
    once = automation_bias(np.repeat(agreed, 10), np.repeat(shown, 10)).difference
    copies = automation_bias(
        np.repeat(agreed, 10), np.repeat(shown, 10), clusters=np.repeat(np.arange(50), 10)
    ).difference

    assert once is not None
    assert copies is not None
    assert copies.high - copies.low > 2 * (once.high - once.low)


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ((10, 9, 0, 0), "No suggestion of the model was ever hidden"),
        ((0, 0, 10, 9), "No suggestion of the model was ever shown"),
        ((0, 0, 0, 0), "Nothing was labelled beside a suggestion"),
    ],
)
def test_one_side_alone_tells_nothing(counts: tuple[int, int, int, int], says: str) -> None:
    """Without hidden or without shown suggestions there is no difference, and the sentence says why."""
    found = automation_bias(*answers(*counts))

    assert found.outcome is Outcome.NOT_MEASURABLE
    assert found.difference is None
    assert says in found.sentence


def test_unequal_lists_are_refused() -> None:
    """One note per answer is expected."""
    with pytest.raises(InputError, match="2 answers, 1 notes"):
        automation_bias(np.array([True, False]), np.array([True]))


def test_the_ceiling_has_wilsons_range() -> None:
    """Agreement with the record has the range that statsmodels gives by Wilson's method."""
    found = human_ceiling(np.repeat([True, False], [93, 7]))

    assert found.score is not None
    assert (found.score.low, found.score.high) == pytest.approx(proportion_confint(93, 100, method="wilson"))
    assert found.enough
    assert str(found) == found.sentence


@pytest.mark.parametrize(
    ("n_right", "says"),
    [
        (990, "agrees more often than they do: it has learned the record, not only the thing."),
        (930, "cannot be told from them."),
        (700, "is not there yet."),
    ],
)
def test_the_model_stands_beside_people(n_right: int, says: str) -> None:
    """A model above, at and below what people reach is told apart, ranges minded."""
    low, high = proportion_confint(n_right, 1000, method="wilson")
    model = Score(name="model", n_right=n_right, n=1000, low=low, high=high)

    assert says in human_ceiling(np.repeat([True, False], [93, 7]), model=model).sentence


def test_few_are_said_to_be_few() -> None:
    """Below thirty items no model is compared: the range is wider than a third."""
    few = human_ceiling(np.repeat([True, False], [15, N_ENOUGH - 16]))
    low, high = proportion_confint(N_ENOUGH // 2, N_ENOUGH, method="wilson")

    assert not few.enough
    assert "Too few to compare with" in few.sentence
    assert 1 / 3 < high - low < 0.36


def test_nothing_labelled_again_is_said() -> None:
    """Without a second look there is no score."""
    found = human_ceiling(np.zeros(0, dtype=np.bool_))

    assert found.score is None
    assert "No item was labelled again yet" in found.sentence
