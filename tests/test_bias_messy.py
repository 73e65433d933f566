"""Decisions as they come: clusters, many classes, gaps in every column; nothing fails or is claimed too soon."""

import numpy as np
import pytest

from florilegium.bias import Column, Decisions, Findings, LabelEvents, Live, Outcome, TrainSide, examine, of_values
from florilegium.bias.aggregation import score_levels
from florilegium.bias.trade_off import best_threshold
from florilegium.types import Ints

N_RESAMPLES = 150


def look(given: Decisions, *, with_tables: bool = False) -> Findings:
    """Examine with few resamples."""
    return examine(given, seed=0, n_resamples=N_RESAMPLES, with_tables=with_tables)


def column(codes: Ints, name: str = "group") -> Column:
    """Make a column of groups a, b, ..."""
    return Column(name=name, groups=tuple("abcdef"[: int(codes.max()) + 1]), codes=codes)


def test_many_classes_with_persons_and_gaps_find_nothing_where_nothing_is() -> None:
    """A model of 5 classes, persons of two photos, missing cells everywhere, groups by lot: no gap is found."""
    rng = np.random.default_rng(1)
    n, k = 1200, 5
    y = rng.integers(0, k, n)
    probabilities = rng.dirichlet(np.ones(k), n) * 0.3
    probabilities[np.arange(n), y] += 0.7
    said = np.where(rng.random(n) < 0.8, y, rng.integers(0, k, n))
    codes = rng.integers(0, 3, n)
    y[:20] = said[20:40] = codes[40:60] = -1
    given = Decisions(
        y=y,
        predicted=said,
        probabilities=probabilities,
        classes=tuple("vwxyz"),
        columns=(column(codes), column(rng.integers(0, 2, n), "other")),
        clusters=np.arange(n) // 2,
        embeddings=rng.standard_normal((n, 6)).astype(np.float32),
        target_predicted=rng.integers(0, k, 200),
        targets={"group": {"a": 0.34, "b": 0.33, "c": 0.33}},
    )
    found = look(given, with_tables=True)

    assert [r.sentence for r in found.found if r.column] == []
    assert set(found.rates[0].rows[0].rates) == {"accuracy", "calibration"}
    assert found.trade_offs == ()
    assert found.impossible == ()


def test_large_clusters_are_resampled_whole() -> None:
    """With 600 persons of three decisions the bootstrap of persons gives the range, and it holds the truth."""
    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(600), 3)
    codes = np.repeat(rng.integers(0, 2, 600), 3)
    y = (rng.random(1800) < np.repeat(rng.beta(4, 4, 600), 3)).astype(np.int64)
    found = look(Decisions(y=y, classes=("no", "yes"), positive=1, columns=(column(codes),), clusters=person))
    gap = next(r for r in found.results if r.measure == "base rate difference")

    assert (gap.low or 1) < 0 < (gap.high or 0)


def test_single_clusters_are_no_clusters() -> None:
    """Where every item is its own person, ranges are those without persons."""
    codes, y = np.arange(400) % 2, np.arange(400) // 3 % 2
    plain = Decisions(y=y, classes=("no", "yes"), positive=1, columns=(column(codes),))
    alone = Decisions(y=y, classes=("no", "yes"), positive=1, columns=(column(codes),), clusters=np.arange(400))

    assert look(plain).results == look(alone).results


def test_fine_scores_are_cut_into_levels_and_thresholds_are_still_found() -> None:
    """A thousand different scores make 20 levels, and the best threshold lies where yes begins."""
    scores = np.linspace(0, 1, 1000)

    assert np.unique(score_levels(scores)).tolist() == list(range(20))
    assert best_threshold(scores, (scores > 0.6).astype(np.int64)) == pytest.approx(0.6, abs=0.01)


def test_probabilities_of_a_yes_draw_the_trade_off() -> None:
    """Where there are probabilities and no scores, thresholds are set on them; many rows are sampled."""
    rng = np.random.default_rng(0)
    n = 10_400
    y, codes = rng.integers(0, 2, n), rng.integers(0, 2, n)
    yes = np.clip(0.5 * y + 0.2 * codes + rng.uniform(0, 0.3, n), 0, 1)
    given = Decisions(
        y=y,
        probabilities=np.column_stack([1 - yes, yes]),
        classes=("no", "yes"),
        positive=1,
        columns=(column(codes),),
    )
    curve = {point.name: point for point in look(given, with_tables=True).trade_offs[0].points}

    assert curve["equal false positive rates"].gap <= curve["one threshold"].gap + 0.02
    assert "as it is" not in curve


def test_nothing_known_leaves_every_kind_unmeasured_but_never_fails() -> None:
    """Labels, answers, scores and times are all missing: every part of the tests passes by."""
    none, nan = np.full(100, -1), np.full(100, np.nan)
    column_of_all = column(np.arange(100) % 2)
    given = Decisions(
        y=none,
        predicted=none,
        scores=nan,
        days=nan,
        classes=("no", "yes"),
        positive=1,
        columns=(column_of_all,),
        proxies={"x": nan},
        train=TrainSide(y=none, columns=(Column(name="group", groups=("a", "b"), codes=none),)),
        targets={"group": {"a": 0.5, "b": 0.5}},
        live=Live(right=np.ones(5, dtype=np.int64)),
    )
    found = look(given, with_tables=True)

    assert found.found == ()
    assert found.trade_offs[0].points == ()
    assert found.trade_offs[0].why


def test_rare_groups_are_tested_exactly_and_told_apart_from_sure_ones() -> None:
    """A target of 1 % in 200 items is tested by the binomial; a group of five makes a reweighted accuracy unsure."""
    codes = np.array([0] * 195 + [1] * 5)
    y = np.arange(200) % 2
    shares = {"group": {"a": 0.99, "b": 0.01}}
    given = Decisions(y=y, predicted=y, classes=("no", "yes"), positive=1, columns=(column(codes),), targets=shares)
    results = {r.measure: r for r in look(given).of("evaluation")}

    assert results["accuracy reweighted to target"].outcome is Outcome.TOO_FEW
    assert "too few items" in results["accuracy reweighted to target"].sentence


def test_times_that_stand_still_have_no_trend() -> None:
    """All decisions of one day tell nothing about time."""
    codes, y = np.arange(200) % 2, np.arange(200) // 2 % 2
    days = np.full(200, 20_000.0)
    found = look(Decisions(y=y, classes=("no", "yes"), positive=1, columns=(column(codes),), days=days))

    assert not any("trend" in r.measure for r in found.results)


def test_one_small_group_more_than_the_limit_keeps_its_name() -> None:
    """Twenty-one groups are not folded: folding one would only take its name away."""
    made = of_values("c", tuple(f"g{i}" for i in range(21)), np.arange(210) % 21)

    assert len(made.groups) == 21
    assert "g20" in made.groups


def test_rare_classes_link_with_nothing_by_chance() -> None:
    """Classes of one item each, where the chi-square would not hold, make no gap; one class alone has no link."""
    codes = np.arange(300) % 2
    y = np.array([*range(20), *([20] * 280)])
    wide = tuple(map(str, range(21)))
    found = look(Decisions(y=y, predicted=y, target_predicted=y, classes=wide, columns=(column(codes),)))
    flat = look(Decisions(y=np.zeros(300, dtype=np.int64), classes=wide, columns=(column(codes),)))

    assert [r.outcome for r in found.of("historical")] != [Outcome.FOUND]
    assert flat.of("historical") == ()


def test_disagreement_needs_enough_items_in_either_group() -> None:
    """Two labelled items of one group are not compared; where b is calmer, a is told first."""
    items, people = np.repeat(np.arange(100), 2), np.tile(np.arange(2), 100)
    calm = np.where((items < 50) & (people == 1), 1, 0)
    y = np.zeros(100, dtype=np.int64)
    events = LabelEvents(items=items, annotators=people, labels=calm)
    few = LabelEvents(items=items[:4], annotators=people[:4], labels=calm[:4])
    made = [
        look(Decisions(y=y, classes=("no", "yes"), positive=1, columns=(column(np.repeat([0, 1], 50)),), events=e))
        for e in (events, few)
    ]
    told = [[r.groups for r in one.results if "disagreement" in r.measure] for one in made]

    assert told == [[("a", "b")], []]


def test_embeddings_of_many_items_are_sampled_for_heads() -> None:
    """Six thousand items in two groups that follow one rule: heads of their own are not better."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((6000, 3)).astype(np.float32)
    y, codes = (x[:, 0] > 0).astype(np.int64), rng.integers(0, 2, 6000)
    found = look(Decisions(y=y, classes=("no", "yes"), positive=1, columns=(column(codes),), embeddings=x))
    heads = [r for r in found.results if r.measure == "own head against pooled head"]

    assert [r.outcome for r in heads] == [Outcome.NOT_SHOWN, Outcome.NOT_SHOWN]
    assert sum(r.n for r in heads) == 5000


def test_two_groups_of_which_one_is_small_have_no_heads_of_their_own() -> None:
    """A head is not learned from ten items, and a group without a label has neither rates nor a row of its own."""
    rng = np.random.default_rng(0)
    x, codes = rng.standard_normal((200, 3)).astype(np.float32), np.array([0] * 190 + [1] * 10)
    y = rng.integers(0, 2, 200)
    small = Decisions(y=y, classes=("no", "yes"), positive=1, columns=(column(codes),), embeddings=x)
    half = np.arange(200) % 2
    unlabelled = np.where(half == 1, -1, y)
    wide = np.column_stack([np.full(200, 0.5), np.full(200, 0.5)])
    other = Decisions(
        y=unlabelled,
        predicted=y,
        probabilities=wide,
        scores=wide[:, 0],
        classes=("no", "yes"),
        positive=1,
        columns=(column(half),),
    )
    found = look(other, with_tables=True)
    calibration = next(row for row in found.rates[0].rows if row.group == "b").rates["calibration"]

    assert not any("own head" in r.measure for r in look(small).results)
    assert found.impossible == ()
    assert (calibration.value, calibration.why) == (None, "fewer than 2 labelled items")


def test_groups_of_one_size_have_no_trend_of_size() -> None:
    """Three groups of 100 tell nothing about group size, and ten embeddings of a target are too few to compare."""
    codes, x = np.repeat([0, 1, 2], 100), np.zeros((300, 2), dtype=np.float32)
    y = np.arange(300) % 2
    given = Decisions(
        y=y,
        predicted=y,
        classes=("no", "yes"),
        positive=1,
        columns=(column(codes),),
        embeddings=x,
        target_embeddings=x[:10],
    )
    found = look(given)

    assert not any("doubling" in r.measure for r in found.results)
    assert [r.outcome for r in found.of("evaluation")] == [Outcome.NOT_MEASURABLE]


def test_a_live_record_without_tested_answers_is_compared_within_itself() -> None:
    """No labels to compare with: what the groups of the record differ in is still told."""
    codes = np.arange(200) % 2
    live = Live(columns=(column(codes),), right=1 - codes)
    found = look(Decisions(predicted=codes, classes=("no", "yes"), positive=1, columns=(column(codes),), live=live))

    assert {r.measure for r in found.of("deployment")} == {"live accuracy difference"}


def test_one_class_alone_has_no_label_noise() -> None:
    """Where all labels are one class nothing can be confused with anything."""
    sure = np.column_stack([np.full(100, 0.9), np.full(100, 0.1)])
    zero = np.zeros(100, dtype=np.int64)
    found = look(
        Decisions(y=zero, probabilities=sure, classes=("no", "yes"), positive=1, columns=(column(np.arange(100) % 2),))
    )

    assert found.of("measurement") == ()
