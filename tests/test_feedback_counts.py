"""Courses, appeals, confidence and where labels came from, each against another library or by hand."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import CensoredData, ecdf
from statsmodels.duration.survfunc import SurvfuncRight

from florilegium.bias import Decisions, examine
from florilegium.errors import InputError
from florilegium.feedback import Appeals, Judged, Labels, LiveRecord, Origin, as_live, feedback_share, watch
from florilegium.feedback import Reference as Before
from florilegium.feedback.contested import contested, survival, waiting
from florilegium.feedback.expected import expected
from florilegium.feedback.over_time import class_shares, over_time
from florilegium.feedback.record import OPEN, REJECTED, UPHELD
from tests.monitor_making import CLASSES, DAY, promised, record

NOW = DAY + 31


def appeals(days: np.ndarray, done: np.ndarray) -> Appeals:
    """Make appeals that were answered after so many days, or wait so long."""
    zero = np.zeros(len(days))
    return Appeals(
        rows=np.zeros(len(days), dtype=np.int64),
        received=NOW - days,
        answered=np.where(done, NOW + zero, np.nan),
        deadline=NOW + zero + 1,
        outcome=np.where(done, UPHELD, OPEN),
    )


def test_waiting_is_kaplan_and_meiers() -> None:
    """The share still waiting is SciPy's, median and nine tenths with their ranges are statsmodels'."""
    rng = np.random.default_rng(0)
    days, done = rng.exponential(5, 80).round(1) + 0.1, rng.random(80) < 0.95
    times, left, _ = survival(days, done)
    theirs = ecdf(CensoredData.right_censored(days, ~done)).sf
    fitted = SurvfuncRight(days, done.astype(int))

    np.testing.assert_allclose(left, [theirs.evaluate(t) for t in times])
    half, most = waiting(appeals(days, done), now=NOW)
    assert half.days == pytest.approx(fitted.quantile(0.5))
    assert most.days == pytest.approx(fitted.quantile(0.9))
    with np.errstate(divide="ignore", invalid="ignore"):  # statsmodels takes the logarithm of the last 0
        low, high = fitted.quantile_ci(0.5, method="cloglog")
    assert (half.low, half.high) == pytest.approx((low, high), abs=0.3)


def test_open_appeals_count_as_waiting() -> None:
    """Where most are open, the median is not reached; leaving them out would have said two days."""
    found = waiting(appeals(np.array([2.0] * 3 + [20.0] * 9), np.array([True] * 3 + [False] * 9)), now=NOW)

    assert found[0].days is None
    assert waiting(Appeals.none(), now=NOW) == ()


def test_appeals_are_counted_by_hand() -> None:
    """Of 20 appeals ten are decided: five upheld; the open ones after their deadline are overdue."""
    found = contested(record(1000), now=NOW)

    assert (found.n, found.n_upheld, found.n_rejected, found.n_open) == (20, 5, 5, 10)
    assert found.n_overdue == sum(DAY + row / 1000 * 30 + 14 < NOW for row in range(50, 1000, 100))
    assert found.overturn is not None
    assert found.overturn.n_right == 5
    assert all("too few to tell" in each.words for each in found.groups)


def test_a_group_that_is_overturned_more_often_is_named() -> None:
    """In the north 60 of 100 appeals are upheld, in the south 10 of 100: told so, and the small class is not judged."""
    given_record = record(400)
    site = given_record.columns[0]
    codes = np.repeat([0, 1], 200)
    rows = np.concatenate([np.arange(100), np.arange(200, 300)])
    upheld = np.concatenate([np.arange(100) < 60, np.arange(100) < 10])
    when = np.full(200, DAY)
    log = Appeals(
        rows=rows, received=when, answered=when + 1, deadline=when + 14, outcome=np.where(upheld, UPHELD, REJECTED)
    )
    changed = dataclasses.replace(given_record, columns=(dataclasses.replace(site, codes=codes),), appeals=log)
    words = {each.group: each.words for each in contested(changed, now=NOW).groups if each.column == "site"}

    assert words == {"north": "more often than others", "south": "less often than others"}


def test_a_course_counts_every_answer_once() -> None:
    """Bins follow one another, their counts add up, and the span chooses days, weeks or four weeks."""
    units = [over_time(record(500, n_days=days), now=DAY + days + 1).unit for days in (1, 30, 200, 2000)]
    course = over_time(record(500, n_days=200), now=DAY + 201)

    assert units == ["day", "day", "week", "four weeks"]
    assert sum(each.n for each in course.bins) == 500
    assert sum(sum(each.per_class) for each in course.bins) == 500
    assert {b.start - a.start for a, b in zip(course.bins, course.bins[1:], strict=False)} == {7}
    assert sum(each.unknown.n_right for each in course.bins if each.unknown) == 50


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=30))
def test_a_clock_that_is_wrong_breaks_nothing(moments: list[float]) -> None:
    """Any moment at all is binned or counted as undated; those after now are told."""
    at = np.array(moments)
    course = over_time(record(len(at), at=at), now=NOW)

    assert sum(each.n for each in course.bins) + course.n_undated == len(at)
    assert course.n_future <= len(at)


def test_a_clock_set_back_changes_no_count() -> None:
    """Answers in another order of time give the same course and the same appeals."""
    whole = record(300)
    shuffled = np.random.default_rng(0).permutation(300)
    inverse = np.argsort(shuffled)
    turned = dataclasses.replace(
        whole,
        at=whole.at[shuffled], said=whole.said[shuffled], known=whole.known[shuffled], drawn=whole.drawn[shuffled],
        audited=whole.audited[shuffled], appeals=dataclasses.replace(whole.appeals, rows=inverse[whole.appeals.rows]),
    )  # fmt: skip

    assert over_time(turned, now=NOW) == over_time(whole, now=NOW)


def test_shares_of_classes_are_compared() -> None:
    """A class that is answered twice as often is found; a world that stays the same shows nothing."""
    rng = np.random.default_rng(0)
    before = rng.integers(0, 3, 2000)
    more = record(2000, said=np.where(rng.random(2000) < 0.3, 0, rng.integers(0, 3, 2000)), audited=np.full(2000, -1))
    same = class_shares(record(2000), before)
    shifted = {each.name: each.p for each in class_shares(more, before)}

    assert all(each.p is not None and each.p > 0.05 for each in same)
    assert shifted["iris"] is not None
    assert shifted["iris"] < 0.001
    assert class_shares(record(0), before) == ()


def test_confidence_is_corrected_by_judged_answers() -> None:
    """A model that is 10 points too sure is corrected by 10 points, in ranges that cover the truth 95 times in 100."""
    rng, covered = np.random.default_rng(0), 0
    for seed in range(200):
        p = rng.uniform(0.7, 1, 400)
        judged = Judged(probability=p, right=rng.random(400) < p - 0.1)
        live = record(300, seed=seed, probability=rng.uniform(0.7, 1, 300), known=np.ones(300, dtype=bool))
        found = expected(live, judged)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0.75 <= found.high

    assert 0.95 - 3 * np.sqrt(0.05 * 0.95 / 200) <= covered / 200
    assert "only while calibration holds" in found.sentence


def test_confidence_without_answers_claims_nothing() -> None:
    """Nothing live, nothing judged, or no probabilities: no value and no range."""
    for live, judged in ((record(0), None), (record(50), None), (record(50, probability=np.full(50, np.nan)), None)):
        assert expected(live, judged).value is None


def test_labels_are_counted_where_they_came_from() -> None:
    """At each training the newest label of each item counts: by hand on five items."""
    events = Labels(
        items=np.array([0, 1, 2, 3, 1, 2, 4, 3]),
        at=np.array([1.0, 1, 1, 1, 3, 3, 5, 5]),
        origin=np.array([*[Origin.SOURCE] * 4, Origin.ACCEPTED, Origin.CORRECTED, Origin.AUDIT, -1]),
    )
    found = feedback_share(events, trained=np.array([2.0, 4.0, 6.0]), numbers=np.array([1, 2, 3]))

    assert [each.counts for each in found.rounds] == [(4, 0, 0, 0, 0, 0), (2, 0, 1, 1, 0, 0), (1, 0, 1, 1, 0, 1)]
    assert [each.share_own for each in found.rounds] == [0, 0.25, 0.25]
    assert found.sentence.startswith("1 label of the 4 that model 3 learned from (25.0 %) began")


def test_records_that_cannot_be_read_are_refused() -> None:
    """Lengths, codes and probabilities that do not fit are named, all at once."""
    good = record(10)
    with pytest.raises(InputError, match=r"said holds 7\.\.7, expected -1\.\.2; 10 probabilities outside"):
        dataclasses.replace(good, said=np.full(10, 7), probability=np.full(10, 1.5))
    with pytest.raises(InputError, match="known has 3 rows, expected 10"):
        dataclasses.replace(good, known=np.ones(3, dtype=bool))
    with pytest.raises(InputError, match="appeals that cannot be counted"):
        dataclasses.replace(good.appeals, outcome=np.array([9]))
    with pytest.raises(InputError, match=r"8 vectors of 10 answers"):
        dataclasses.replace(good, vectors=np.zeros((8, 2), dtype=np.float32), vector_rows=np.arange(10))


def test_the_deployment_test_of_bias_takes_the_record() -> None:
    """A live record with a site where answers are wrong more often is found by `bias`, and only drawn ones count."""
    live = record(3000, accuracy=0.95)
    worse = (live.columns[0].codes == 1) & live.drawn & (np.arange(3000) % 3 == 0)
    live = dataclasses.replace(live, audited=np.where(worse, (live.said + 1) % 3, live.audited))
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 500)
    findings = examine(Decisions(y=y, predicted=y, classes=CLASSES, live=as_live(live)), seed=0)
    found = [each for each in findings.found if each.bias == "deployment"]

    assert any("live accuracy" in each.measure and "south" in each.groups for each in found)
    assert any(each.measure.startswith("accuracy live and in the test") for each in found)


def test_watching_leaves_older_models_out_of_accuracy() -> None:
    """Answers of an older model count over time and not in the audit."""
    given_record = record(800, model=np.repeat([1, 2], 400))
    watched = watch(
        given_record,
        model=2,
        before=Before(),
        promise=promised(90, 100),
        judged=None,
        unknown_before=None,
        now=NOW,
        seed=0,
    )

    assert (watched.n, watched.n_current) == (800, 400)
    assert watched.audit.answered is not None
    in_audit = given_record.in_audit & given_record.known & (given_record.model == 2)
    assert watched.audit.answered.n == int(in_audit.sum())


def test_one_class_and_one_day_are_enough() -> None:
    """A record of one class on one day gives one bin and no fault."""
    one = LiveRecord(
        classes=("only",), at=np.full(5, DAY), said=np.zeros(5, dtype=np.int64), probability=np.ones(5),
        known=np.ones(5, dtype=bool), model=np.ones(5, dtype=np.int64), drawn=np.ones(5, dtype=bool),
        opted_out=np.zeros(5, dtype=bool), audited=np.zeros(5, dtype=np.int64),
    )  # fmt: skip
    watched = watch(
        one, model=1, before=Before(said=np.zeros(5, dtype=np.int64)), promise=None, judged=None, unknown_before=None,
        now=NOW, seed=0,
    )  # fmt: skip

    assert [each.n for each in watched.course.bins] == [5]
    assert watched.shares[0].live.accuracy == 1
    assert watched.audit.answered is not None
