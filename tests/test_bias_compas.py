"""The COMPAS table: published figures, ours, Fairlearn's and statsmodels'."""

import csv
import dataclasses
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from fairlearn.metrics import MetricFrame, false_negative_rate, false_positive_rate, selection_rate
from sklearn.metrics import accuracy_score, precision_score
from statsmodels.stats.proportion import proportion_confint

from florilegium.bias import Axis, Decisions, Findings, Outcome, Rate, Result, examine, of_numbers, of_values

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def table() -> dict[str, np.ndarray]:
    """Give the columns of the two-year table that the published analysis uses."""
    path = Path(os.environ["FLORILEGIUM_DATA"]) / "compas" / "compas-scores-two-years.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = ("two_year_recid", "score_text", "decile_score", "race", "sex", "age")
    return {name: np.array([row[name] for row in rows]) for name in names}


@pytest.fixture(scope="module")
def decisions(table: dict[str, np.ndarray]) -> Decisions:
    """Give the decisions: high is any score but Low."""
    columns = []
    for name in ("race", "sex"):
        values, codes = np.unique(table[name], return_inverse=True)
        columns.append(of_values(name, tuple(values.tolist()), codes.astype(np.int64)))
    columns.append(of_numbers("age", table["age"].astype(float)))
    return Decisions(
        y=table["two_year_recid"].astype(np.int64),
        predicted=(table["score_text"] != "Low").astype(np.int64),
        scores=table["decile_score"].astype(float),
        classes=("no", "yes"),
        positive=1,
        columns=tuple(columns),
    )


@pytest.fixture(scope="module")
def findings(decisions: Decisions) -> Findings:
    """Examine them once."""
    return examine(decisions, seed=0)


def rates(findings: Findings, group: str) -> dict[str, Rate]:
    """Give the rates of one race."""
    return next(dict(row.rates) for row in findings.rates[0].rows if row.group == group)


def one(findings: Findings, measure: str, groups: tuple[str, str]) -> Result:
    """Give the result of one comparison of races."""
    return next(
        r for r in findings.results if r.measure == measure and r.column == "race" and set(r.groups) == set(groups)
    )


BOTH = ("African-American", "Caucasian")


@pytest.mark.parametrize(
    ("group", "rate", "published"),
    [
        ("African-American", "false positive rate", 0.4485),
        ("Caucasian", "false positive rate", 0.2345),
        ("African-American", "false negative rate", 0.2799),
        ("Caucasian", "false negative rate", 0.4772),
    ],
)
def test_the_published_rates_are_reproduced(findings: Findings, group: str, rate: str, published: float) -> None:
    """Error rates by race are those that ProPublica published (Larson et al. 2016)."""
    assert rates(findings, group)[rate].value == pytest.approx(published, abs=0.00005)


def test_the_ratio_of_false_alarms_has_its_range(findings: Findings) -> None:
    """Black defendants were wrongly called high 1.91 times as often as white ones, 1.73 to 2.13."""
    found = one(findings, "false positive rate ratio", BOTH)

    assert found.groups == BOTH
    assert (found.estimate, found.low, found.high) == pytest.approx((1.91, 1.73, 2.13), abs=0.006)
    assert found.outcome is Outcome.FOUND
    assert "1.91 times as high" in found.sentence


def test_all_rates_are_fairlearns(findings: Findings, table: dict[str, np.ndarray], decisions: Decisions) -> None:
    """Each rate of each race is what Fairlearn's MetricFrame gives on the rows themselves."""
    frame = MetricFrame(
        metrics={
            "selection rate": selection_rate,
            "false positive rate": false_positive_rate,
            "false negative rate": false_negative_rate,
            "precision": precision_score,
            "accuracy": accuracy_score,
        },
        y_true=decisions.y,
        y_pred=decisions.predicted,
        sensitive_features=table["race"],
    ).by_group
    ours = {row.group: {name: row.rates[name].value for name in frame.columns} for row in findings.rates[0].rows}

    for group in frame.index:
        assert ours[group] == pytest.approx(frame.loc[group].to_dict(), abs=1e-12)


def test_all_ranges_are_statsmodels(findings: Findings) -> None:
    """Each range of each race's rates is Wilson's, as statsmodels gives it."""
    for row in findings.rates[0].rows:
        for name, rate in row.rates.items():
            assert rate.value is not None, (row.group, name)
            peer = proportion_confint(round(rate.value * rate.n), rate.n, method="wilson")
            assert (rate.low, rate.high) == pytest.approx(peer, abs=1e-9)


def test_the_smallest_group_is_named_and_left_untested(findings: Findings) -> None:
    """Eighteen Native Americans are too few: they have rates with wide ranges, and no test."""
    about = [r for r in findings.results if r.column == "race" and "Native American" in r.groups]

    assert [(r.measure, r.outcome, r.p) for r in about] == [("group size", Outcome.TOO_FEW, None)]
    assert next(row for row in findings.rates[0].rows if row.group == "Native American").few


def test_equal_precision_and_equal_errors_exclude_each_other(findings: Findings) -> None:
    """Chouldechova's equation holds on these numbers: with each group's own rates it gives its own false alarms."""
    shown = next(one for one in findings.impossible if one.column == "race")
    for row in shown.rows:
        assert row.precision is not None
        assert row.false_negative_rate is not None
        odds = row.base_rate / (1 - row.base_rate)
        own = odds * (1 - row.precision) / row.precision * (1 - row.false_negative_rate)
        assert row.false_positive_rate == pytest.approx(own, abs=1e-12)
    implied = {row.group: row.implied for row in shown.rows}
    assert (implied["African-American"] or 0) > (implied["Caucasian"] or 0)


def test_equal_alarms_cost_right_answers(findings: Findings) -> None:
    """Thresholds per race bring false alarms closer together on items that had no say in them."""
    curve = next(one for one in findings.trade_offs if one.column == "race")
    points = {point.name: point for point in curve.points}

    assert points["equal false positive rates"].gap_high < points["as it is"].gap_low
    assert all(point.accuracy_low <= point.accuracy <= point.accuracy_high for point in curve.points)
    assert all(0 <= point.gap_low <= point.gap <= point.gap_high for point in curve.points)


def test_what_cannot_be_measured_is_said(findings: Findings) -> None:
    """Kinds without any result each have a sentence that says what to give."""
    assert set(findings.unmeasured) == {"measurement", "evaluation", "deployment"}
    assert all(text.startswith("Give ") for text in findings.unmeasured.values())


def test_ratio_and_difference_are_one_test(findings: Findings) -> None:
    """Holm's correction counts a ratio and a difference of the same two groups once."""
    tested = [r for r in findings.results if r.p is not None]

    assert findings.n_tests == len({r.hypothesis for r in tested})
    assert Counter(r.axis for r in tested)[Axis.RATIO] > 0
    assert max(Counter(r.hypothesis for r in tested).values()) == 2


def test_the_same_seed_gives_the_same_findings(decisions: Decisions) -> None:
    """Nothing but the seed decides about chance."""
    by_sex = dataclasses.replace(decisions, columns=decisions.columns[1:2])
    once, again = (examine(by_sex, seed=3, n_resamples=200) for _ in range(2))

    assert once == again
