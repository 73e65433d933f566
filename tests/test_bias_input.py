"""What is wrong with the input is said, and what is odd about it does no harm."""

import numpy as np
import pytest

from florilegium.bias import Column, Decisions, Outcome, crossed, examine, of_numbers, of_values, reweighed, weak_slices
from florilegium.errors import InputError, SettingError
from florilegium.types import Ints

CODES: Ints = np.arange(200) % 2
COLUMN = Column(name="group", groups=("a", "b"), codes=CODES)
Y: Ints = (np.arange(200) // 2) % 2


def given(**parts: object) -> Decisions:
    """Make 200 decisions, with some parts other than usual."""
    usual: dict[str, object] = {"y": Y, "predicted": Y, "classes": ("no", "yes"), "positive": 1, "columns": (COLUMN,)}
    return Decisions(**(usual | parts))  # type: ignore[arg-type]  # fields by name


def test_scores_in_place_of_answers_ask_for_a_threshold() -> None:
    """Predictions that are scores are refused in words that name the way out."""
    with pytest.raises(SettingError, match=r"scores from 0 to 9.*--threshold"):
        given(predicted=np.arange(200.0) % 10)


@pytest.mark.parametrize("shares", [{"a": 0.5, "b": 0.6}, {"a": 1.2, "b": -0.2}])
def test_target_shares_that_are_no_shares_are_refused(shares: dict[str, float]) -> None:
    """Shares must be from 0 on and sum to 1."""
    with pytest.raises(SettingError, match="expected shares from 0 on that sum to 1"):
        given(targets={"group": shares})


def test_a_target_for_an_unknown_column_is_refused() -> None:
    """The message names the columns that there are."""
    with pytest.raises(SettingError, match=r"'age', which is no column of groups \(group\)"):
        given(targets={"age": {"old": 1.0}})


def test_all_faults_are_named_at_once() -> None:
    """Lengths that disagree and class numbers that do not exist stand in one message."""
    with pytest.raises(InputError, match=r"predicted has 3 rows, expected 200; y holds 0..7"):
        given(y=np.full(200, 7) * CODES, predicted=np.zeros(3, dtype=np.int64))


def test_three_labels_where_two_are_needed_are_refused() -> None:
    """A third class number with two class names is a fault, not a silent no."""
    with pytest.raises(InputError, match=r"y holds 0..2, expected class numbers 0..1"):
        given(y=np.arange(200) % 3)


def test_no_decision_at_all_is_refused() -> None:
    """An empty table says so."""
    with pytest.raises(InputError, match="there is not one decision"):
        Decisions(y=np.array([], dtype=np.int64), classes=("no", "yes"))


def test_probabilities_that_do_not_sum_to_one_are_refused() -> None:
    """Rows that are no probabilities are counted in the message."""
    with pytest.raises(InputError, match="200 rows are not probabilities"):
        given(probabilities=np.full((200, 2), 0.7))


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("level", 1.5, "level is 1.5"),
        ("gap", float("nan"), "gap that matters"),
        ("min_group", 1, "at least 2 items"),
        ("n_resamples", 5, "at least 100"),
        ("reference", {"group": "c"}, "'c' is no group of 'group': expected one of a, b"),
    ],
)
def test_options_out_of_range_are_refused(option: str, value: object, said: str) -> None:
    """Each option names its range."""
    with pytest.raises(SettingError, match=said):
        examine(given(), seed=0, **{option: value})  # type: ignore[arg-type]  # fields by name


def test_groups_of_one_are_named_and_left_untested() -> None:
    """Every item its own group: nothing is compared, nothing fails."""
    odd = Column(name="group", groups=("most", "one"), codes=np.array([0] * 199 + [1]))
    found = examine(given(columns=(odd,)), seed=0, n_resamples=100)

    assert {r.outcome for r in found.results if "one" in r.groups} == {Outcome.TOO_FEW}
    assert all(r.p is None for r in found.results if "one" in r.groups)


def test_a_group_without_positives_has_no_false_negative_rate() -> None:
    """What cannot be computed is said to be so, and why; the group's other rates stand."""
    y = np.where(CODES == 1, 0, Y)
    found = examine(given(y=y, predicted=Y), seed=0, n_resamples=100)
    missing = [r for r in found.results if r.outcome is Outcome.NOT_MEASURABLE]
    row = next(row for row in found.rates[0].rows if row.group == "b")

    assert [r.measure for r in missing] == ["false negative rate difference"]
    assert "b has no item" in missing[0].sentence
    assert row.rates["false negative rate"].value is None
    assert row.rates["false negative rate"].why
    assert row.rates["false positive rate"].value == pytest.approx(0.5)


def test_missing_labels_answers_and_groups_are_counted_and_left_out() -> None:
    """Ten of each are missing: three notes, and rates of the rest."""
    y, said, codes = Y.copy(), Y.copy(), CODES.copy()
    y[:10] = said[10:20] = codes[20:30] = -1
    column = Column(name="group", groups=("a", "b"), codes=codes)
    found = examine(given(y=y, predicted=said, columns=(column,)), seed=0, n_resamples=100)

    assert [note.split(":")[0] for note in found.notes] == [
        "10 items have no label",
        "10 items have no answer",
        "10 items have no group by group",
    ]
    assert found.rates[0].n_missing == 10
    assert sum(row.rates["accuracy"].n for row in found.rates[0].rows) == 170


def test_ten_thousand_groups_are_put_together_and_that_is_said() -> None:
    """Twenty groups are looked at, all others count as one."""
    codes = np.arange(20_000) % 10_000
    codes[10_000:10_500] = 0
    column = Column(name="town", groups=tuple(f"t{i}" for i in range(10_000)), codes=codes)
    y = np.arange(20_000) // 7 % 2
    found = examine(given(y=y, predicted=y, columns=(column,)), seed=0, n_resamples=100)

    assert any("10,000 groups" in note for note in found.notes)
    assert len(found.rates[0].rows) == 21
    assert "other (9,980 groups)" in {row.group for row in found.rates[0].rows}


def test_a_column_with_one_group_is_left_out_and_that_is_said() -> None:
    """Where all are alike there is nothing to compare."""
    column = Column(name="group", groups=("a",), codes=np.zeros(200, dtype=np.int64))
    found = examine(given(columns=(column,)), seed=0, n_resamples=100)

    assert found.rates == ()
    assert "nothing to compare" in found.notes[0]


def test_markup_in_names_passes_through_unread() -> None:
    """A group may be called anything; the page escapes it."""
    column = Column(name="<b>", groups=("<script>", "{{ x }}"), codes=CODES)
    found = examine(given(columns=(column,)), seed=0, n_resamples=100)

    assert {row.group for row in found.rates[0].rows} == {"<script>", "{{ x }}"}


def test_constant_labels_and_answers_find_nothing() -> None:
    """Everything right and always no: no gap, no crash."""
    zero = np.zeros(200, dtype=np.int64)
    found = examine(given(y=zero, predicted=zero, scores=np.zeros(200)), seed=0, n_resamples=100)

    assert found.found == ()


def test_answers_without_labels_have_selection_rates_only() -> None:
    """A table that nobody labelled still tells who was said yes to."""
    found = examine(given(y=None, predicted=CODES), seed=0, n_resamples=100)

    assert {r.measure for r in found.of("errors")} == {"selection rate difference"}
    assert found.of("errors")[0].outcome is Outcome.FOUND


def test_numbers_become_bins_of_like_size() -> None:
    """Ages 1 to 100 make quarters; equal ages are never parted, and what is missing has no bin."""
    ages = np.append(np.arange(1.0, 101.0), np.nan)
    column = of_numbers("age", ages)

    assert column.groups == ("1 to 25", "26 to 50", "51 to 75", "76 to 100")
    assert np.bincount(column.codes[column.codes >= 0]).tolist() == [25] * 4
    assert column.codes[-1] == -1
    assert of_numbers("age", np.array([5.0] * 99 + [6.0])).groups == ("5", "6")
    assert of_numbers("age", np.array([np.nan])).groups == ()


def test_crossings_keep_what_is_large_enough() -> None:
    """Race by sex: pairs of fewer than 30 are put together, and an item that lacks either is in none."""
    race = Column(name="race", groups=("x", "y"), codes=np.repeat([0, 0, 1, 1, 1], [100, 50, 10, 12, 1]))
    sex = Column(name="sex", groups=("f", "m"), codes=np.repeat([0, 1, 0, 1, -1], [100, 50, 10, 12, 1]))
    both = crossed(race, sex)

    assert both.groups == ("x × f", "x × m", "other (2 groups)")
    assert np.bincount(both.codes[both.codes >= 0]).tolist() == [100, 50, 22]
    assert both.codes[-1] == -1


def test_groups_come_largest_first() -> None:
    """A column of values is sorted by how many items hold each; values that nobody holds are gone."""
    column = of_values("c", ("few", "none", "many"), np.array([0, 2, 2]))

    assert (column.groups, column.codes.tolist()) == (("many", "few"), [1, 0, 0])


def test_weights_part_class_from_group() -> None:
    """After reweighing, each class is as common in one group as in the other (Kamiran & Calders 2012)."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 2, 500)
    y = (rng.random(500) < 0.2 + 0.5 * codes).astype(np.int64)
    weights = reweighed(y, codes)
    rates = [np.average(y[codes == g], weights=weights[codes == g]) for g in (0, 1)]

    assert rates[0] == pytest.approx(rates[1])
    assert weights.mean() == pytest.approx(1.0)


def test_the_weak_part_of_the_space_is_found_and_judged_on_other_items() -> None:
    """A fifth of the items, far from the rest, is answered at random: it is the first slice, and it is found."""
    rng = np.random.default_rng(0)
    far = np.arange(1000) % 5 == 0
    x = rng.standard_normal((1000, 6)).astype(np.float32) + 8 * far[:, None].astype(np.float32)
    right = np.where(far, rng.random(1000) < 0.5, rng.random(1000) < 0.95)
    column = weak_slices(x, right, seed=0)

    assert column is not None
    assert (column.codes == -1).sum() == 500
    assert far[column.codes == 0].all()
    found = examine(
        given(y=np.ones(1000, dtype=np.int64), predicted=right.astype(np.int64), columns=(column,)),
        seed=0,
        with_tables=False,
    )
    assert any(r.measure == "accuracy difference" and "slice 1" in r.groups for r in found.found)


def test_too_few_items_have_no_slices() -> None:
    """A hundred items are not cut up."""
    assert weak_slices(np.zeros((100, 3), dtype=np.float32), np.ones(100, dtype=np.bool_), seed=0) is None


def test_large_numbers_are_written_out() -> None:
    """Incomes keep all their digits and get thousands marked; years and shares stay as they are."""
    incomes = of_numbers("income", np.array([1234567.0, 2345678.0]), n_bins=2).groups
    years = of_numbers("year", np.array([1999.0, 2024.0]), n_bins=2).groups

    assert incomes == ("1,234,567", "2,345,678")
    assert years == ("1999", "2024")
