"""Automatic answers of the query desk, held to the error rate that was promised of them."""

import dataclasses

import numpy as np
import pytest

from florilegium.feedback import AutomaticAudit, DeskPromise, Kept, LiveRecord, automatic_audit
from tests.monitor_making import DAY, record

PROMISED = DeskPromise(error=0.02, since=DAY)


def sent(n: int, *, wrong: float, seed: int = 0) -> LiveRecord:
    """Answer n queries by themselves and as many by people, a quarter of each audited; people's are all wrong here."""
    rng = np.random.default_rng(seed)
    given = record(2 * n, seed=seed)
    automatic = np.arange(2 * n) % 2 == 0
    truth = np.where(automatic & (rng.random(2 * n) >= wrong), given.said, (given.said + 1) % 3)
    return dataclasses.replace(given, automatic=automatic, audited=np.where(given.drawn, truth, -1))


@pytest.mark.parametrize(("wrong", "kept"), [(0.15, Kept.BELOW), (0.02, Kept.NOT_SHOWN), (0.0, Kept.KEPT)])
def test_what_is_wrong_among_automatic_answers_alone_counts(wrong: float, kept: Kept) -> None:
    """More than promised is said, as promised is not shown, none wrong among thousands is kept."""
    found = automatic_audit(sent(4_000, wrong=wrong), PROMISED)

    assert found.kept is kept
    assert found.n == 4_000
    assert found.wrong is not None
    assert found.always[0] <= found.wrong.accuracy <= found.always[1]
    assert found.wrong.accuracy == pytest.approx(wrong, abs=0.03)


def test_no_alarm_while_the_promise_is_just_kept() -> None:
    """Looking after every fiftieth audit of 500 at exactly the promised error, "more" is said in few runs of 60."""
    rng, alarms = np.random.default_rng(7), 0
    for _ in range(60):
        given = record(500, seed=0)
        automatic = np.ones(500, dtype=np.bool_)
        truth = np.where(rng.random(500) < 0.02, (given.said + 1) % 3, given.said)
        given = dataclasses.replace(given, automatic=automatic, drawn=automatic, audited=truth)
        looks = [given.take(np.arange(500) < t) for t in range(50, 501, 50)]
        alarms += any(automatic_audit(look, PROMISED).kept is Kept.BELOW for look in looks)

    assert alarms <= 5  # at 2.5 %, more than five of 60 come once in a thousand times


def test_answers_from_before_the_promise_do_not_count() -> None:
    """What went out under another promise is not held to this one."""
    given = sent(1_000, wrong=0.3)
    late = DeskPromise(error=0.02, since=DAY + 15)

    assert automatic_audit(given, PROMISED).n == 1_000
    assert automatic_audit(given, late).n == 500


@pytest.mark.parametrize("automatic", [None, np.zeros(400, dtype=np.bool_)])
def test_without_such_answers_nobody_knows(automatic: np.ndarray[tuple[int], np.dtype[np.bool_]] | None) -> None:
    """Nothing sent or nothing audited is no kept promise."""
    found: AutomaticAudit = automatic_audit(dataclasses.replace(record(), automatic=automatic), PROMISED)

    assert (found.kept, found.wrong, found.n) == (Kept.UNKNOWN, None, 0)
    assert "nobody knows" in str(found)
