"""How many wrong labels are left: the range holds at every look, whatever a user does; the advice keeps its word."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.active.errors_left import Judged, Ruling, Stream, errors_left
from florilegium.active.evidence import Session, guesses, log_stakes, numbers_left
from florilegium.errors import InputError, SettingError
from tests.label_sessions import planted, session

SURE = 0.95


def judged(letters: str, stream: Stream = Stream.RANDOM) -> list[Judged]:
    """Give verdicts on rows 0, 1, ...: k kept, w wrong, u unsure."""
    ruling = {"k": Ruling.KEPT, "w": Ruling.WRONG, "u": Ruling.UNSURE}
    return [Judged(row=row, ruling=ruling[letter], stream=stream) for row, letter in enumerate(letters)]


def mean_stake(n: int, n_wrong: int, n_drawn: int) -> float:
    """Average the stake against the true number over all orders in which items may be drawn."""
    stakes = []
    for places in itertools.combinations(range(n), n_wrong):
        wrong = np.isin(np.arange(n), places)
        drawn = Session(n, wrong[:n_drawn], np.ones(n_drawn, dtype=np.bool_))
        left = n_wrong - int(wrong[:n_drawn].sum())
        stakes.append(float(np.exp(log_stakes(drawn, np.array([left])))[0]))
    return float(np.mean(stakes))


@pytest.mark.parametrize("n_wrong", [3, 4])
def test_the_wager_is_fair(n_wrong: int) -> None:
    """Against the true number it neither wins nor loses on average: the stake stays exactly 1."""
    assert mean_stake(7, n_wrong, 3) == pytest.approx(1.0)


@pytest.mark.parametrize("n_wrong", range(8))
def test_the_wager_never_gains_by_certainty(n_wrong: int) -> None:
    """Where a verdict was certain beforehand the stake against the true number can only shrink."""
    assert mean_stake(7, n_wrong, 7) <= 1


def test_the_wager_is_fair_between_clicks_of_any_kind() -> None:
    """It stays fair where, between two random items, somebody who sees through everything takes a wrong label away."""
    n, n_wrong, stakes = 6, 3, []
    for order in itertools.permutations(range(n)):  # rows 0, 1, 2 are wrong
        first = order[0]
        taken = min(row for row in range(n_wrong) if row != first)
        second = next(row for row in order[1:] if row != taken)  # uniform among those that are left
        rows = [first, taken, second]
        seen = Session(n, np.array([row < n_wrong for row in rows]), np.array([True, False, True]))
        left = n_wrong - int(seen.wrong.sum())
        stakes.append(float(np.exp(log_stakes(seen, np.array([left])))[0]))

    assert np.mean(stakes) == pytest.approx(1.0)


@pytest.mark.parametrize(("separation", "peeking"), [(3.0, 0.0), (0.0, 0.0), (-2.0, 0.0), (1.5, 0.3)])
def test_the_range_holds_at_every_look(separation: float, peeking: float) -> None:
    """In at least 95 of 100 sessions the truth never leaves the range: a good list, none, a perverse one, peeking."""
    n_sessions, missed, missed_upper = 60, 0, 0
    for seed in range(n_sessions):
        rng = np.random.default_rng([seed, int(10 * peeking) + int(separation) + 2])
        wrong, suspicion = planted(150, 0.15, separation=separation, rng=rng)
        seen = list(session(wrong, suspicion, rng=rng, share_random=0.2, peeking=peeking))
        looks = [errors_left(suspicion, seen[:t]) for t in range(0, 150, 25)]
        lefts = [int(wrong.sum()) - look.n_wrong_found for look in looks]
        missed += any(not look.low <= left <= look.high for look, left in zip(looks, lefts, strict=True))
        missed_upper += any(left > look.high_if_ranked for look, left in zip(looks, lefts, strict=True))

    assert missed <= (1 - SURE) * n_sessions
    if separation >= 0:  # a list that is no worse than chance
        assert missed_upper <= (1 - SURE) * n_sessions


def test_a_good_list_narrows_the_upper_end() -> None:
    """After the suspects are through, the end that trusts the list is a third lower than the one that does not."""
    rng = np.random.default_rng(3)
    wrong, suspicion = planted(1000, 0.05, separation=3.0, rng=rng)
    found = errors_left(suspicion, list(itertools.islice(session(wrong, suspicion, rng=rng), 300)))

    assert found.high_if_ranked <= found.high * 2 / 3


def test_without_random_items_nothing_is_known() -> None:
    """A list alone bounds nothing: the range is all that is left, and the sentence says why."""
    found = errors_left(np.linspace(1, 0, 50), judged("wwkk", Stream.CHOSEN))

    assert (found.low, found.high, found.high_if_ranked) == (0, 46, 46)
    assert "none was drawn at random" in found.sentence


def test_nothing_judged_and_everything_judged() -> None:
    """At the beginning everything may be wrong and there is no estimate; at the end nothing is left: stop."""
    scores = np.linspace(1, 0, 4)
    before, after = errors_left(scores, []), errors_left(scores, judged("kwkk"))

    assert (before.estimate, before.low, before.high, before.stop) == (None, 0, 4, False)
    assert before.sentence == "No label is judged yet, so any number from 0 to 4 may be wrong."
    assert (after.estimate, after.low, after.high, after.stop) == (0, 0, 0, True)
    assert after.advice == "Stop: every label was looked at."


def test_no_items_at_all() -> None:
    """An empty set has nothing wrong in it."""
    assert errors_left(np.zeros(0), []).high == 0


def test_unsure_widens_the_range_on_both_sides() -> None:
    """A label that the user cannot judge counts as wrong at the upper end and as right at the lower one."""
    scores = np.linspace(1, 0, 200)
    surely = judged("k" * 20 + "w" * 20)
    unsure = judged("k" * 20 + "w" * 10 + "u" * 10)
    if_wrong, if_right = errors_left(scores, surely), errors_left(scores, judged("k" * 20 + "w" * 10 + "k" * 10))
    found = errors_left(scores, unsure)

    assert (found.low, found.high) == (if_right.low, if_wrong.high)
    assert "10 labels that you were unsure of" in found.sentence


@pytest.mark.parametrize("tolerated", [0.01, 0.05])
def test_as_many_right_labels_as_it_says_are_enough(tolerated: float) -> None:
    """When the promised number of right labels in a row has come, it says stop, and not one label sooner."""
    rng = np.random.default_rng(8)
    wrong, suspicion = planted(400, 0.05, separation=3.0, rng=rng)
    seen = list(itertools.islice(session(wrong, suspicion, rng=rng), 120))
    n_more = errors_left(suspicion, seen, tolerated=tolerated).n_right_to_stop
    assert n_more
    rest = [row for row in np.argsort(-suspicion) if row not in {j.row for j in seen}]
    right = [Judged(row=int(row), ruling=Ruling.KEPT, stream=Stream.RANKED) for row in rest[:n_more]]

    assert errors_left(suspicion, seen + right, tolerated=tolerated).stop
    assert not errors_left(suspicion, seen + right[:-1], tolerated=tolerated).stop


def test_the_advice_names_what_would_be_enough() -> None:
    """It says stop, or how many right labels in a row would do, or how many may still be wrong."""
    scores = np.linspace(1, 0, 400)
    stop = errors_left(scores, judged("k" * 390))
    near = errors_left(scores, judged("k" * 200))
    far = errors_left(np.linspace(1, 0, 100_000), judged("k" * 10))

    assert stop.advice.startswith("Stop: at most ")
    assert near.advice == f"Go on: if the next {near.n_right_to_stop} labels are right, you can stop."
    assert far.advice.startswith("Go on: up to ")
    assert far.n_right_to_stop is None


@given(
    letters=st.lists(st.tuples(st.sampled_from("kwu"), st.sampled_from(list(Stream))), max_size=40),
    n_more=st.integers(0, 400),
    seed=st.integers(0, 99),
)
def test_the_numbers_are_in_order(letters: list[tuple[str, Stream]], n_more: int, seed: int) -> None:
    """The ends hold the estimate, the list only lowers the upper one, none exceeds what is left; only ranks count."""
    scores = np.random.default_rng(seed).random(len(letters) + n_more)
    seen = [judged(letter, stream)[0] for letter, stream in letters]
    seen = [Judged(row=row, ruling=j.ruling, stream=j.stream) for row, j in enumerate(seen)]
    found = errors_left(scores, seen)
    estimate = found.low if found.estimate is None else found.estimate

    assert 0 <= found.low <= estimate <= found.high_if_ranked <= found.high <= found.n_left_to_judge == n_more
    assert (found.low, found.high) == (errors_left(np.exp(scores), seen).low, errors_left(np.exp(scores), seen).high)


def test_the_estimate_follows_suspicion() -> None:
    """Where the upper half of the list was wrong and the lower right, the unjudged upper items are taken for wrong."""
    scores = np.repeat([0.9, 0.1], 20)
    seen = [
        Judged(row=row, ruling=Ruling.WRONG if row < 20 else Ruling.KEPT, stream=Stream.RANDOM)
        for pair in zip(range(0, 20, 2), range(20, 40, 2), strict=True)
        for row in pair
    ]

    assert errors_left(scores, seen).estimate == 10


def test_many_numbers_are_asked_about_with_small_gaps() -> None:
    """All numbers up to 128 are asked about one by one, larger ones in steps of at most 3 %, the largest always."""
    left = numbers_left(100_000)

    assert left[:129].tolist() == list(range(129))
    assert left[-1] == 100_000
    assert np.diff(left).max() <= 0.03 * 100_000 + 1
    assert len(left) < 400


def test_a_guess_looks_back_over_fifty_verdicts() -> None:
    """Wrong labels found more than fifty verdicts ago no longer count."""
    assert guesses(np.array([True] * 50 + [False] * 50))[-1] == pytest.approx(0.1 / 51)


@pytest.mark.parametrize(
    ("seen", "choices", "error", "says"),
    [
        (judged("kk") * 2, {}, InputError, "judged twice"),
        ([Judged(row=9, ruling=Ruling.KEPT, stream=Stream.RANDOM)], {}, InputError, "rows 0..2"),
        (judged("k"), {"level": 1.0}, SettingError, "level is 1.0"),
        (judged("k"), {"tolerated": -0.1}, SettingError, "tolerated is -0.1"),
    ],
)
def test_what_cannot_be_is_refused(
    seen: list[Judged], choices: dict[str, float], error: type[Exception], says: str
) -> None:
    """Rows that do not exist, double verdicts and impossible shares are named."""
    with pytest.raises(error, match=says):
        errors_left(np.zeros(3), seen, **choices)
