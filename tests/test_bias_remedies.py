"""What to do: how many more it takes, weights, thresholds, heads that learn anew, labels to look through, the card."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from markdown_it import MarkdownIt
from statsmodels.stats.power import NormalIndPower
from typer.testing import CliRunner

from florilegium.bias import Column, Decisions, Findings, Need, TradeOffPoint, Weights, examine, reweighed
from florilegium.bias.contrast import Side, more_of, n_more_needed
from florilegium.cli.commands import app
from florilegium.report.bias import build_bias, page_of
from florilegium.report.bias_card import Use, as_markdown
from florilegium.report.bias_chapters import unhedged
from florilegium.report.bias_prices import steps
from florilegium.types import Ints
from tests.bias_making import account, findings, result

N = 2400


def decisions(**given: object) -> Decisions:
    """Make yes-or-no decisions about a large group, a small one and a tiny one; the small one is told yes too often."""
    rng = np.random.default_rng(1)
    codes = np.repeat([0, 1, 2], [N - 320, 300, 20])
    y = (rng.random(N) < 0.4).astype(np.int64)
    scores = rng.normal(y + 0.8 * (codes == 1), 1.0)
    column = Column(name="town", groups=("large", "small", "tiny"), codes=codes)
    parts: dict[str, object] = {"y": y, "predicted": (scores > 0.5).astype(np.int64), "scores": scores} | given
    # Fields by name.
    return Decisions(classes=("no", "yes"), positive=1, columns=(column,), **parts)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def found() -> Findings:
    """Give what was found on them."""
    return examine(decisions(), seed=0, n_resamples=200)


def test_the_number_to_collect_is_that_of_the_textbook() -> None:
    """With the other group endless, the number is the one that statsmodels plans a comparison with a known share by."""
    side, endless = Side(n_yes=30, n=100, n_effective=100), Side(n_yes=3e9, n=1e10, n_effective=1e10)
    effect = 0.1 / np.sqrt(0.3 * 0.7)
    planned = NormalIndPower(ddof=0).solve_power(effect_size=effect, alpha=0.01, power=0.8, ratio=0)

    assert more_of(side, endless, 0.1, alpha=0.01) == pytest.approx(planned - 100, abs=1)
    assert n_more_needed(endless, side, 0.1, alpha=0.01) == more_of(side, endless, 0.1, alpha=0.01)


def test_every_group_has_its_need(found: Findings) -> None:
    """Each group but the one that others are compared with is told the smallest gap that would show, and its need."""
    needs = {need.group: need for need in found.needs}

    assert set(needs) == {"small", "tiny"}
    assert needs["tiny"].seen > needs["small"].seen
    assert [gap for gap, _ in needs["small"].more] == [0.05, 0.1, 0.2]
    for need in needs.values():
        asked = [n for _, n in need.more if n is not None]
        assert asked == sorted(asked, reverse=True)


def test_collecting_what_was_asked_for_is_enough(found: Findings) -> None:
    """With as many more decisions as the need says, the need is gone."""
    need = next(need for need in found.needs if need.group == "small")
    gap, n = need.more[1]
    assert n
    given = decisions()
    more = np.resize(np.flatnonzero(given.columns[0].codes == 1), n)
    rows = np.concatenate([np.arange(N), more])
    column = replace(given.columns[0], codes=given.columns[0].codes[rows])
    assert given.y is not None
    assert given.predicted is not None
    grown = examine(
        replace(given, y=given.y[rows], predicted=given.predicted[rows], scores=None, columns=(column,)),
        seed=0,
        n_resamples=200,
    )

    assert next(each for each in grown.needs if each.group == "small").seen == pytest.approx(gap, rel=0.1)


def test_the_group_to_collect_is_the_one_that_is_short() -> None:
    """More are asked for of the group that is short, never of the large one that it is compared with."""
    need = Need(
        column="race",
        group="Asian",
        against="Caucasian",
        rate="accuracy",
        n=32,
        seen=0.3,
        more=((0.05, None), (0.1, 213), (0.2, 0)),
    )
    asked = replace(findings(), needs=(need,))

    assert steps(asked)[-1].startswith("Collect about 210 more of Asian (race), to be able to see a gap of 10.0 points")
    assert page_of(account(asked)).needs[0].rows == (
        ("Asian", "32", "30.0 points", "more of Caucasian too", "210 more", "enough"),
    )


def test_the_weights_of_groups_are_those_of_their_items(found: Findings) -> None:
    """The table holds what every single item weighs (Kamiran & Calders 2012), and the page shows it."""
    given = decisions()
    assert given.y is not None
    each = reweighed(given.y, given.columns[0].codes)
    (weights,) = found.weights

    for code, (group, of_yes, of_no) in enumerate(weights.rows):
        of_group = given.columns[0].codes == code
        assert group == given.columns[0].groups[code]
        assert np.unique(each[of_group & (given.y == 1)]).tolist() == pytest.approx([of_yes])
        assert np.unique(each[of_group & (given.y == 0)]).tolist() == pytest.approx([of_no])
    assert "Weights, to learn anew" in build_bias(account(replace(findings(), weights=found.weights)))


def test_a_group_without_a_yes_weighs_nothing_there() -> None:
    """Where a group has no yes there is no weight, and the page shows a dash."""
    codes: Ints = np.repeat([0, 1], 50)
    y = np.where(codes == 1, 0, np.arange(100) % 2)
    given = Decisions(
        y=y, classes=("no", "yes"), positive=1, columns=(Column(name="g", groups=("a", "b"), codes=codes),)
    )
    (weights,) = examine(given, seed=0, n_resamples=100).weights

    assert weights.rows[1][1] == 0.0
    assert ">–</td>" in build_bias(account(replace(findings(), weights=(Weights(column="g", rows=weights.rows),))))


def test_what_a_choice_costs_has_a_range(found: Findings) -> None:
    """Right answers lost are counted on the same items as what is done now; the cost is the difference."""
    (curve,) = found.trade_offs
    now = curve.points[0]

    assert now.name == "as it is"
    assert (now.cost, now.cost_low, now.cost_high) == (0.0, 0.0, 0.0)
    for point in curve.points[1:]:
        assert point.cost == pytest.approx(now.accuracy - point.accuracy)
        assert point.cost_low <= point.cost <= point.cost_high


def test_a_price_that_chance_may_make_is_called_so() -> None:
    """A choice whose cost may be none is not said to cost nothing: the range stands there, and the word chance."""
    base = findings().trade_offs[0]

    def cheap(low: float, high: float) -> str:
        last: TradeOffPoint = replace(base.points[1], cost=0.02, cost_low=low, cost_high=high)
        (curve,) = page_of(
            account(replace(findings(), trade_offs=(replace(base, points=(base.points[0], last)),)))
        ).curves
        return curve.sentence

    assert cheap(-0.01, 0.05).endswith("by -2.0 (-5.0 to 1.0) points. Chance alone may make that difference.")
    assert cheap(0.01, 0.03).endswith("by -2.0 (-3.0 to -1.0) points.")


def test_points_on_one_spot_share_a_number() -> None:
    """Numbers of points that lie on each other would be unreadable: the first bears all of them."""
    base = findings().trade_offs[0]
    given = (*base.points, replace(base.points[1], name="again"))
    (curve,) = page_of(account(replace(findings(), trade_offs=(replace(base, points=given),)))).curves

    assert [point.tag for point in curve.points] == ["1 to 2", "", "3"]


def test_a_head_that_learns_reweighted_treats_groups_more_alike() -> None:
    """Where embeddings are known, a reweighted head is tried; its false alarms lie closer than a plain one's."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 2, N)
    y = (rng.random(N) < 0.3 + 0.3 * codes).astype(np.int64)
    x = rng.normal(0, 1, (N, 6)).astype(np.float32)
    x[:, 0] += 1.2 * y
    x[:, 1] += 2 * codes
    given = Decisions(
        y=y,
        scores=x[:, 0].astype(np.float64),
        embeddings=x,
        classes=("no", "yes"),
        positive=1,
        columns=(Column(name="g", groups=("a", "b"), codes=codes),),
    )
    (curve,) = examine(given, seed=0, n_resamples=100).trade_offs
    points = {point.name: point for point in curve.points}

    assert points["learned anew, reweighted (Fairlearn)"].gap < points["a head that learned anew"].gap / 1.5


@pytest.mark.parametrize(
    ("column", "relabel", "named"),
    [
        ("camera's eye", "florilegium label -p desk", "florilegium label -p desk --group 'camera'\"'\"'s eye=b'"),
        ("town × sex", "florilegium label -p desk", "looked through and corrected"),
        ("town", "", "looked through and corrected"),
    ],
    ids=["a group", "a crossing", "a table without labels to open"],
)
def test_noisy_labels_are_sent_to_the_page_that_mends_them(column: str, relabel: str, named: str) -> None:
    """The advice names the command that opens the labels of the noisy group, quoted so that it can be copied."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 2, 1500)
    true = (rng.random(1500) < 0.4).astype(np.int64)
    y = np.where(rng.random(1500) < 0.02 + 0.2 * codes, 1 - true, true)
    sure = np.where(true == 1, 0.95, 0.05)
    given = Decisions(
        y=y,
        probabilities=np.column_stack([1 - sure, sure]),
        classes=("no", "yes"),
        positive=1,
        columns=(Column(name=column, groups=("a", "b"), codes=codes),),
    )
    noise = [
        each
        for each in examine(given, seed=0, n_resamples=100, relabel=relabel, with_tables=False).found
        if each.measure.startswith("label noise")
    ]

    assert noise
    assert all(named in each.advice for each in noise)


def test_a_gap_that_is_certain_but_small_is_called_small() -> None:
    """On the page "found" alone would sound like more: the sentence keeps that the gap is small."""
    assert unhedged("It is 0.2 points. That is beyond chance (p < 0.0001). It is certain, but small.") == (
        "It is 0.2 points. It is certain, but small."
    )
    assert unhedged("It is 20 points. That is beyond chance (p < 0.0001).") == "It is 20 points."


def test_the_card_can_be_copied_and_no_group_writes_into_it() -> None:
    """As Markdown the card keeps its headings, and markup in a group's name stays text."""
    evil = "<script>alert(1)</script> [x](javascript:alert(1)) # Heading\n## Another"
    told = account(findings(result(sentence=evil), names=("African-American", "Caucasian")))
    card = as_markdown(page_of(replace(told, use=Use(intended="Sorting *queries*"))).card)
    html = MarkdownIt("commonmark").render(card)

    assert html.count("<h2>") == len(page_of(told).card)
    assert "<script" not in html
    assert "<a " not in html
    assert "Sorting *queries*" in html


def test_the_card_and_the_gap_come_by_the_command(tmp_path: Path) -> None:
    """`--gap` sets what must not go unseen, `--intended-use` what the card says; JSON holds both."""
    rng = np.random.default_rng(0)
    lines = [f"{a},{b},{g}" for a, b, g in zip(*rng.integers(0, 2, (3, 600)).tolist(), strict=True)]
    table = tmp_path / "t.csv"
    table.write_text("truth,said,group\n" + "\n".join(lines) + "\n", encoding="utf-8")
    asked = ["--label", "truth", "--prediction", "said", "--group", "group", "--gap", "20", "--intended-use", "Tests"]
    done = CliRunner().invoke(app, ["bias", "--table", str(table), *asked, "--json"])
    shown = json.loads(done.stdout)

    assert done.exit_code == 0, done.output
    assert shown["gap"] == 0.2
    assert [gap for gap, _ in shown["needs"][0]["more"]] == [0.1, 0.2, 0.4]
    assert shown["card"].startswith("## Uses: Direct Use\n\nTests\n")
