"""A verdict as JSON and back, and in a notebook."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.errors import StorageError
from florilegium.evaluation import Difference, Outcome, Sanity, Score, Verdict, verdict_dict, verdict_from_dict

shares = st.floats(0, 1)
names = st.text(max_size=8)
scores = st.builds(
    Score, name=names, n_right=st.integers(0, 99), n=st.integers(1, 99), low=shares, high=shares, level=shares
)
maybe_scores = st.none() | scores
verdicts = st.builds(
    Verdict,
    outcome=st.sampled_from(Outcome),
    sentence=names,
    model=scores,
    baseline=scores,
    difference=st.builds(Difference, value=shares, low=shares, high=shares, level=shares),
    p_value=shares,
    p_value_groups=shares,
    n_only_model=st.integers(0),
    n_only_baseline=st.integers(0),
    n_test=st.integers(1),
    n_groups=st.integers(1),
    opening=st.integers(1),
    alpha=shares,
    smallest_difference=shares,
    n_more_for_one_point=st.none() | st.integers(0),
    baselines=st.lists(scores, max_size=3).map(tuple),
    per_class=st.lists(scores, max_size=3).map(tuple),
    leak_free=maybe_scores,
    same_sources=maybe_scores,
    new_sources=maybe_scores,
    calibration_error=st.none() | shares,
    answered=maybe_scores,
    sanity=st.lists(st.builds(Sanity, name=names, passed=st.booleans(), message=names), max_size=2).map(tuple),
    warnings=st.lists(names, max_size=3).map(tuple),
)


def one() -> Verdict:
    """Give a verdict with the numbers of a small test set."""
    score = Score(name="model <b>", n_right=9, n=10, low=0.6, high=0.98)
    return Verdict(
        outcome=Outcome.NOT_SHOWN,
        sentence="Not shown & small.",
        model=score,
        baseline=score,
        difference=Difference(value=0.0, low=-0.3, high=0.3, level=0.97),
        p_value=1.0,
        p_value_groups=1.0,
        n_only_model=0,
        n_only_baseline=0,
        n_test=10,
        n_groups=10,
        opening=1,
        alpha=0.03,
        smallest_difference=0.8,
        n_more_for_one_point=15000,
        baselines=(score,),
        warnings=("Small <test>.",),
    )


@given(verdict=verdicts)
def test_a_verdict_survives_json(verdict: Verdict) -> None:
    """What is written as JSON is read back equal, whatever it holds."""
    assert verdict_from_dict(json.loads(json.dumps(verdict_dict(verdict)))) == verdict


def test_the_record_has_the_promised_keys() -> None:
    """`florilegium verdict --json` holds what DESIGN section 3 lists."""
    record = json.loads(json.dumps(verdict_dict(one())))

    assert record["outcome"] == "not shown"
    assert {"accuracy", "low", "high"} <= record["model"].keys() & record["baseline"].keys()
    assert record["model"]["accuracy"] == 0.9
    assert {"value", "low", "high"} <= record["difference"].keys()
    assert (record["n_test"], record["n_openings"]) == (10, 1)
    assert len(record["baselines"]) == 1
    assert record["warnings"] == ["Small <test>."]


def test_older_and_newer_records_can_be_read() -> None:
    """A record without newer fields takes their defaults; fields that we do not know are left alone."""
    record = verdict_dict(one())
    del record["design_effect"], record["sanity"]

    assert verdict_from_dict(record | {"from_the_future": 1}) == one()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"outcome": "great"}, "verdict.outcome is 'great', expected Outcome"),
        ({"n_test": "10"}, "verdict.n_test is '10', expected int"),
        ({"n_test": True}, "verdict.n_test is True, expected int"),
        ({"p_value": float("nan")}, "verdict.p_value is nan, expected float"),
        ({"model": 3}, "verdict.model is 3, expected a dictionary"),
        ({"baselines": "abc"}, "verdict.baselines is 'abc', expected a list"),
        ({"warnings": ["a", 3]}, "verdict.warnings[1] is 3, expected str"),
        ({"leak_free": {"name": "x"}}, "verdict.leak_free.n_right is None, expected a value; the field is missing"),
    ],
)
def test_a_damaged_record_is_named(change: dict[str, object], said: str) -> None:
    """What does not fit is said with its place, and nothing else happens."""
    with pytest.raises(StorageError) as raised:
        verdict_from_dict(verdict_dict(one()) | change)

    assert said in str(raised.value)


def test_a_notebook_shows_the_verdict_escaped() -> None:
    """Sentence, model, baseline, difference and warnings are shown, and names cannot smuggle in markup."""
    shown = one()._repr_html_()

    assert "<strong>Not shown &amp; small.</strong>" in shown
    assert "<th scope='row'>model &lt;b&gt;</th><td>90.0 %</td><td>60.0 % to 98.0 %</td><td>10</td>" in shown
    assert "<li>Small &lt;test&gt;.</li>" in shown
    assert "<ul>" not in replace(one(), warnings=())._repr_html_()
