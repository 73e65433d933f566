"""Live accuracy against the promise: ranges that hold at every look, and what they can see."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from florilegium.evaluation import wilson_interval
from florilegium.feedback import Kept, audit
from florilegium.feedback.betting import SHARES, below_each, log_stakes, once, sequence
from florilegium.feedback.promise import compared
from tests.monitor_making import CLASSES, promised, record


def test_a_range_holds_at_every_look() -> None:
    """Looking after every thirtieth audit of 300, the range ever lets go of the truth in at most 5 of 100 runs."""
    rng, missed = np.random.default_rng(3), 0
    for _ in range(60):
        right = rng.random(300) < 0.9
        ranges = [sequence(right[:t], level=0.95) for t in range(10, 301, 30)]
        missed += any(not low <= 0.9 <= high for low, high in ranges)

    assert missed <= 6  # of 60; more than six would come in 6 of 100 tests were it 5 %


def test_no_alarm_while_the_promise_holds() -> None:
    """Looking every day at an accuracy that is as promised, "below" is said in at most 2.5 of 100 runs."""
    rng, alarms = np.random.default_rng(4), 0
    for _ in range(40):
        promise = promised(int(rng.binomial(528, 0.93)), 528)
        right = rng.random(400) < 0.93
        alarms += any(compared(right[:t], None, promise).high < 0 for t in range(50, 401, 50))

    assert alarms <= 3  # of 40; more would come in 2 of 100 tests were it 2.5 %


def test_a_fixed_range_would_not_have_held() -> None:
    """Wilson's range at the same looks lets go of the truth more than twice as often as it says."""
    rng, missed = np.random.default_rng(3), 0
    for _ in range(200):
        right = np.cumsum(rng.random(300) < 0.9)
        ranges = [wilson_interval(int(right[t - 1]), t) for t in range(5, 301, 5)]
        missed += any(not low <= 0.9 <= high for low, high in ranges)

    assert missed / 200 > 0.1


def test_a_broken_promise_is_found() -> None:
    """Of 40 classifiers that promised 93 % and fell to 80 %, 300 audits find at least 36."""
    rng = np.random.default_rng(5)
    found = [
        compared(rng.random(300) < 0.80, None, promised(int(rng.binomial(1000, 0.93)), 1000)).high < 0
        for _ in range(40)
    ]

    assert sum(found) >= 36


def test_a_stake_is_what_its_definition_says() -> None:
    """Two answers, right and wrong: the stakes are the products of guesses over chances, by hand."""
    stakes = np.exp(log_stakes(np.array([True, False]), from_above=True))
    p = SHARES
    first, second = np.minimum(4.5 / 5, p), np.minimum(5.5 / 6, p)

    np.testing.assert_allclose(stakes, first / p * (1 - second) / (1 - p), rtol=1e-9)


def test_a_fair_wager_gains_nothing() -> None:
    """Averaged over all outcomes at the asked accuracy the stake stays 1, for five answers."""
    place = 700  # p = 0.701
    p = SHARES[place]
    total = 0.0
    for number in range(32):
        right = np.array([number >> i & 1 for i in range(5)], dtype=np.bool_)
        chance = p ** right.sum() * (1 - p) ** (~right).sum()
        total += chance * np.exp(log_stakes(right, from_above=True)[place])

    assert total == pytest.approx(1.0)


def test_the_chance_of_a_test_result_is_the_exact_one() -> None:
    """`below_each` is SciPy's exact binomial tail."""
    assert below_each(45, 50)[799] == pytest.approx(binomtest(45, 50, 0.8, alternative="greater").pvalue)
    assert once(0.025) * (1 - np.log(once(0.025))) == pytest.approx(0.025)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.booleans(), max_size=60))
def test_a_range_holds_what_was_seen(answers: list[bool]) -> None:
    """The range lies within 0..1, holds the observed share, and copies of one item tell no more than one."""
    right = np.array(answers, dtype=np.bool_)
    low, high = sequence(right, level=0.95)

    assert 0 <= low <= high <= 1
    if len(right):
        assert low - 0.001 <= right.mean() <= high + 0.001
        once_each, copies = np.arange(len(right)), np.repeat(np.arange(len(right)), 3)
        assert sequence(np.repeat(right, 3), copies, level=0.95) == sequence(right, once_each, level=0.95)


def test_the_sentence_says_what_was_promised_and_what_came() -> None:
    """Below, kept and not shown are told apart, with both numbers and ranges."""
    promise = promised(931, 1000)
    below = audit(record(4000, accuracy=0.8), promise)
    kept = audit(record(8000, accuracy=0.94), promise)
    unsure = audit(record(120, accuracy=0.9), promise)

    assert below.kept is Kept.BELOW
    assert below.sentence.startswith("Promised 93.1 % [91.4, 94.5], live 80")
    assert "below what was promised" in below.sentence
    assert kept.kept is Kept.KEPT
    assert unsure.kept is Kept.NOT_SHOWN


def test_only_what_chance_drew_counts() -> None:
    """Appeals and other looked-at answers do not enter; abstentions and strangers are counted apart."""
    given_record = record(1000, accuracy=1.0)
    audited = given_record.audited.copy()
    audited[~given_record.drawn] = 0  # judged for another reason
    stranger = np.flatnonzero(given_record.drawn & given_record.known)[:3]
    audited[stranger] = len(CLASSES)
    found = audit(dataclasses.replace(given_record, audited=audited), None)

    assert found.answered is not None
    assert found.answered.n == int((given_record.drawn & given_record.known).sum())
    assert found.answered.n - found.answered.n_right == 3
    assert found.n_stranger == 3
    assert found.abstained is not None
    assert found.abstained.n == int((given_record.drawn & ~given_record.known).sum())
    assert "No verdict" in found.sentence


def test_nothing_audited_is_said() -> None:
    """Without answers or audits nobody claims to know."""
    nothing = audit(record(0), promised(90, 100))

    assert nothing.kept is Kept.UNKNOWN
    assert nothing.answered is None
    assert "nobody knows" in nothing.sentence
    assert nothing.always == (0.0, 1.0)
