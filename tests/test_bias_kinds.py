"""Each kind of bias: found where it is planted, not where it is not, and its figures by hand or as published."""

import numpy as np
import pytest
from scipy.stats import PermutationMethod, chi2_contingency

from florilegium.bias import (
    Column,
    Decisions,
    Findings,
    Intended,
    LabelEvents,
    Live,
    Outcome,
    Result,
    TrainSide,
    examine,
    planted,
)
from florilegium.bias.amplification import directional, zhao
from florilegium.bias.association import association
from florilegium.bias.label_shift import LabelShift, label_shift
from florilegium.bias.strata import stratified
from florilegium.bias.two_sample import area, told_apart
from florilegium.report.bias_chapters import chapters
from florilegium.types import Ints

N_RESAMPLES = 200
N_RUNS = 6


def look(given: Decisions, seed: int = 0, **options: float) -> Findings:
    """Test with few resamples."""
    # Fields by name.
    return examine(given, seed=seed, n_resamples=N_RESAMPLES, with_tables=False, **options)  # type: ignore[arg-type]


def named(findings: Findings, measure: str) -> list[Result]:
    """Give all results of a measure."""
    return [result for result in findings.results if result.measure == measure]


def groups(*sizes: int) -> Ints:
    """Give codes 0, 1, ... of groups of these sizes."""
    return np.repeat(np.arange(len(sizes)), sizes)


def column(codes: Ints, name: str = "group") -> Column:
    """Make a column of groups a, b, ..."""
    return Column(name=name, groups=tuple("abcdefgh"[: int(codes.max()) + 1]), codes=codes)


def binary(codes: Ints, **given: object) -> Decisions:
    """Make yes-or-no decisions."""
    # Fields by name.
    return Decisions(classes=("no", "yes"), positive=1, columns=(column(codes),), **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", planted.PROMISES)
def test_what_is_planted_is_found_and_nothing_else(kind: str) -> None:
    """In six samples a bias half as large again as promised is found and covered; without it nothing is found.

    A small version of the table that `python -m benchmarks bias` prints from hundreds of samples.
    """
    promise = planted.PROMISES[kind]
    n_found = n_covered = n_flagged = 0
    for seed in range(N_RUNS):
        rng = np.random.default_rng([seed, len(kind)])
        with_it = promise.make(promise.n, 1.5 * promise.size, rng)
        result = planted.meant(look(with_it.decisions, seed), kind, with_it)
        n_found += result.found
        n_covered += result.covered
        n_flagged += bool(look(promise.make(promise.n, 0.0, rng).decisions, seed).found)

    assert n_found >= N_RUNS - 1
    assert n_covered >= N_RUNS - 1
    assert n_flagged <= 1


def test_zhaos_amplification_by_hand() -> None:
    """Cooking: 6 of 9 are women in truth, 8 of 10 by the answers; not cooking: 5 of 7 are men, and 6 of 6.

    (8/10 - 6/9 + 6/6 - 5/7) / 2 = 0.21.
    """
    woman = np.array([1] * 8 + [0] * 8)
    cooks = np.array([1] * 6 + [0] * 2 + [1] * 3 + [0] * 5)
    said = np.array([1] * 8 + [1] * 2 + [0] * 6)
    found = zhao(woman, cooks, said, None, g=2, k=2)

    assert found.value == pytest.approx((8 / 10 - 6 / 9 + 6 / 6 - 5 / 7) / 2)


def test_directional_amplification_by_hand() -> None:
    """Women cook truly in 6 of 8 cases and by the answers in all 8; men in 3 of 8 and in 2 of 8.

    Cooking goes with women: ((8 - 6) / 8 + (3 - 2) / 8) / 2 = 0.1875, over classes and groups alike.
    """
    woman = np.array([1] * 8 + [0] * 8)
    cooks = np.array([1] * 6 + [0] * 2 + [1] * 3 + [0] * 5)
    said = np.array([1] * 8 + [1] * 2 + [0] * 6)

    assert directional(woman, cooks, said, None, g=2, k=2).value == pytest.approx(0.1875)


def test_saying_yes_too_often_everywhere_is_no_amplification() -> None:
    """With three groups alike and answers that say yes to everybody, nothing is amplified."""
    rng = np.random.default_rng(0)
    codes, y = rng.integers(0, 3, 3000), rng.integers(0, 2, 3000)
    found = directional(codes, y, np.ones(3000, dtype=np.int64), None, g=3, k=2)

    assert found.gap.low <= 0.0


def test_many_classes_have_their_link_with_groups_measured() -> None:
    """Three classes that a group never holds are named, and where nothing hangs together nothing is found."""
    rng = np.random.default_rng(0)
    codes, y = rng.integers(0, 2, 600), rng.integers(0, 4, 600)
    linked = np.where((codes == 0) & (y == 3), 0, y)
    wide = {"classes": ("oak", "elm", "ash", "fir"), "columns": (column(codes),)}
    # Fields by name.
    with_it = named(look(Decisions(y=linked, **wide)), "link of class and group")[0]  # type: ignore[arg-type]
    # Fields by name.
    without = named(look(Decisions(y=y, **wide)), "link of class and group")[0]  # type: ignore[arg-type]

    assert with_it.outcome is Outcome.FOUND
    assert "'fir' is" in with_it.sentence
    assert without.outcome is not Outcome.FOUND
    assert without.low == 0.0


def test_a_gap_that_opens_over_time_is_found() -> None:
    """Two groups start alike; one rises by 10 points a year for four years, and the range covers 10."""
    rng = np.random.default_rng(0)
    codes, years = rng.integers(0, 2, 4000), rng.uniform(0, 4, 4000)
    y = (rng.random(4000) < 0.3 + 0.1 * years * codes).astype(np.int64)
    found = named(look(binary(codes, y=y, days=years * 365.25)), "base rate trend difference")[0]
    sign = 1 if found.groups[0] == "b" else -1

    assert found.outcome is Outcome.FOUND
    assert found.low is not None
    assert found.high is not None
    assert min(sign * found.low, sign * found.high) <= 0.1 <= max(sign * found.low, sign * found.high)


def test_the_training_side_is_held_against_its_target() -> None:
    """Where it is told what was learned from, that is what the target shares are compared with."""
    codes = groups(100, 100)
    train = TrainSide(y=np.zeros(1000, dtype=np.int64), columns=(column(groups(900, 100)),))
    shares = {"group": {"a": 0.5, "b": 0.5}}
    found = named(look(binary(codes, y=codes, train=train, targets=shares)), "share against target")

    assert [(r.groups, round(r.estimate or 0, 3), r.outcome) for r in found] == [
        (("a",), 0.4, Outcome.FOUND),
        (("b",), -0.4, Outcome.FOUND),
    ]


def test_annotators_who_disagree_in_one_group_are_found() -> None:
    """Three people label 200 items; in group b one of them says something else: 2 of 3 pairs disagree there."""
    codes = groups(100, 100)
    items, people = np.repeat(np.arange(200), 3), np.tile(np.arange(3), 200)
    labels = np.where((items >= 100) & (people == 2), 1, 0)
    events = LabelEvents(items=items, annotators=people, labels=labels)
    found = named(
        look(binary(codes, y=np.zeros(200, dtype=np.int64), events=events)), "annotator disagreement difference"
    )

    assert [r.groups for r in found] == [("b", "a")]
    assert found[0].estimate == pytest.approx(2 / 3)


def test_a_label_that_a_proxy_tells_is_found_and_one_that_it_does_not_is_not() -> None:
    """A proxy that is the label, nine times in ten, reads it off; a random number does not."""
    rng = np.random.default_rng(0)
    codes, y = rng.integers(0, 2, 800), rng.integers(0, 2, 800)
    tells = np.where(rng.random(800) < 0.9, y, 1 - y).astype(float)
    tells[::50] = np.nan
    with_it = named(look(binary(codes, y=y, proxies={"pen": tells})), "label read off proxies")[0]
    without = named(look(binary(codes, y=y, proxies={"pen": rng.random(800)})), "label read off proxies")[0]

    assert with_it.outcome is Outcome.FOUND
    assert with_it.low is not None
    assert with_it.low > 0.2
    assert without.outcome is not Outcome.FOUND


def test_cells_that_are_missing_in_one_group_are_found() -> None:
    """Income is empty for 40 of 100 in one group and 5 of 100 in the other: eight times as often."""
    codes = groups(100, 100)
    empty = np.zeros(200, dtype=np.bool_)
    empty[:5] = empty[100:140] = True
    found = named(look(binary(codes, y=codes, missing={"income": empty})), "missing income ratio")[0]

    assert (found.groups, found.outcome) == (("b", "a"), Outcome.FOUND)
    assert found.estimate == pytest.approx(8.0)


def test_label_shift_is_worked_out_from_answers_alone() -> None:
    """Half of the items are yes here and 80 % there; answers are right in 9 of 10: the range covers 80 %."""
    rng = np.random.default_rng(0)
    y, there = rng.integers(0, 2, 2000), (rng.random(2000) < 0.8).astype(np.int64)
    said, said_there = (np.where(rng.random(2000) < 0.9, part, 1 - part) for part in (y, there))
    found = label_shift(y, said, said_there, None, k=2, n_resamples=N_RESAMPLES, rng=rng)

    assert isinstance(found, LabelShift)
    assert found.shares[1].low < 0.8 < found.shares[1].high
    assert found.p < 1e-6


def test_answers_that_tell_nothing_allow_no_label_shift() -> None:
    """A model that answers at random says why the target's shares cannot be worked out."""
    rng = np.random.default_rng(0)
    y = np.tile([0, 1], 200)
    said = np.tile([0, 0, 1, 1], 100)

    assert "too badly" in str(label_shift(y, said, said, None, k=2, n_resamples=N_RESAMPLES, rng=rng))


def test_embeddings_of_two_worlds_are_told_apart() -> None:
    """One standard deviation along one number: the best possible area is 0.76; of one world it is 0.5."""
    rng = np.random.default_rng(0)
    far = told_apart(*planted.shifted(800, 1.0, rng), (None, None), rng=rng)
    same = told_apart(*planted.shifted(800, 0.0, rng), (None, None), rng=rng)

    assert far is not None
    assert same is not None
    assert far[0].gap.low < 0.26 < far[0].gap.high + 0.02
    assert same[0].gap.low < 0 < same[0].gap.high


def test_the_area_is_mann_and_whitneys() -> None:
    """Of the pairs of (3, 5) and (1, 4), three of four are in order: an area of 0.75."""
    found = area(np.array([3.0, 5.0]), np.array([1.0, 4.0]), np.arange(2), np.arange(2))

    assert found.value + 0.5 == 0.75


def test_a_target_that_looks_different_and_is_shared_out_otherwise_is_evaluation_bias() -> None:
    """Unlabelled target items with other embeddings and other answers give results of all three tests."""
    rng = np.random.default_rng(0)
    ours, theirs = planted.shifted(400, 1.0, rng)
    codes, y = rng.integers(0, 2, 400), rng.integers(0, 2, 400)
    found = look(
        binary(
            codes,
            y=y,
            predicted=y,
            embeddings=ours,
            target_embeddings=theirs,
            target_predicted=(rng.random(400) < 0.9).astype(np.int64),
            targets={"group": {"a": 0.9, "b": 0.1}},
        )
    )

    assert {r.measure: r.outcome for r in found.of("evaluation")} == {
        "accuracy reweighted to target": Outcome.NOT_SHOWN,  # everything is right, however it is weighed
        "label shift": Outcome.FOUND,
        "accuracy under label shift": Outcome.NOT_SHOWN,
        "two-sample test on embeddings": Outcome.FOUND,
    }


def test_the_kidney_stones_turn_round() -> None:
    """Open surgery heals 78 % and the new way 83 %, yet it heals more small stones and more large ones.

    Charig et al. (1986), BMJ 292, 879-882: 81 of 87 and 192 of 263, against 234 of 270 and 55 of 80.
    """
    found = stratified(np.array([[81.0, 192.0], [234.0, 55.0]]), np.array([[87.0, 263.0], [270.0, 80.0]]), 1.0)

    assert found is not None
    assert found.crude.value == pytest.approx(273 / 350 - 289 / 350)
    assert found.within.value > 0
    assert (found.n_strata, found.n_opposite) == (2, 2)
    assert found.reversed_p > 0.05  # too few stones to be sure


def test_a_reversal_of_many_is_found() -> None:
    """The kidney stones ten times over turn round beyond chance, in the column that holds the treatment."""
    counts = [(0, 0, 87, 81), (0, 1, 263, 192), (1, 0, 270, 234), (1, 1, 80, 55)]
    rows = [(way, size, i < healed) for way, size, n, healed in counts for i in range(n) for _ in range(10)]
    way, size, healed = (np.array(part).astype(np.int64) for part in zip(*rows, strict=True))
    given = Decisions(y=healed, classes=("no", "yes"), positive=1, columns=(column(way, "way"), column(size, "size")))
    found = named(look(given), "Simpson reversal")

    assert {r.column: r.outcome for r in found}["way"] is Outcome.FOUND
    assert "turns round" in found[0].sentence


def test_groups_that_follow_opposite_rules_want_heads_of_their_own() -> None:
    """What means yes in one group means no in the other: a head for all guesses, own heads know."""
    rng = np.random.default_rng(0)
    codes = groups(300, 300)
    x = rng.standard_normal((600, 4)).astype(np.float32)
    y = ((x[:, 0] > 0) ^ (codes == 1)).astype(np.int64)
    found = named(look(binary(codes, y=y, embeddings=x)), "own head against pooled head")

    assert [r.outcome for r in found] == [Outcome.FOUND, Outcome.FOUND]
    assert all((r.low or 0) > 0.1 for r in found)


def test_a_score_that_means_two_things_is_found() -> None:
    """At each of five scores group b turns out yes 20 points more often; the range covers 20."""
    rng = np.random.default_rng(0)
    codes, score = rng.integers(0, 2, 3000), rng.integers(1, 6, 3000)
    y = (rng.random(3000) < 0.1 * score + 0.2 * codes).astype(np.int64)
    found = named(look(binary(codes, y=y, scores=score.astype(float))), "base rate difference at equal score")[0]

    assert (found.groups, found.outcome) == (("b", "a"), Outcome.FOUND)
    assert (found.low or 1) < 0.2 < (found.high or 0)


def test_the_live_record_is_compared_group_by_group() -> None:
    """Group b is unknown, contested and corrected more often; each is a result."""
    rng = np.random.default_rng(0)
    codes = groups(500, 500)
    worse = np.where(codes == 1, 0.4, 0.1)
    appealed = rng.random(1000) < worse
    live = Live(
        columns=(column(codes),),
        right=(rng.random(1000) > worse).astype(np.int64),
        unknown=rng.random(1000) < worse,
        appealed=appealed,
        overturned=np.where(appealed, rng.random(1000) < worse, -1),
        embeddings=rng.standard_normal((1000, 4)).astype(np.float32),
    )
    y = np.zeros(1000, dtype=np.int64)
    x = rng.standard_normal((1000, 4)).astype(np.float32)
    found = look(binary(codes, y=y, predicted=y, live=live, embeddings=x)).of("deployment")

    assert {r.measure.removesuffix(" difference"): r.outcome for r in found if not r.measure.endswith("ratio")} == {
        "accuracy live and in the test": Outcome.FOUND,
        "shift of live items": Outcome.NOT_SHOWN,
        "live accuracy": Outcome.FOUND,
        "unknown share": Outcome.FOUND,
        "appeal share": Outcome.FOUND,
        "overturn share of appeals": Outcome.FOUND,
    }


def test_what_the_card_promises_is_held_against_the_data() -> None:
    """A class that nobody labelled and a group of three cannot be what the model is for."""
    given = binary(
        groups(97, 3),
        y=np.zeros(100, dtype=np.int64),
        intended=Intended(classes=("no", "yes"), groups={"group": ("b",)}),
    )
    found = named(look(given), "support for intended use")

    assert [(r.groups[0], r.estimate, r.outcome) for r in found] == [
        ("no", 100.0, Outcome.NOT_SHOWN),
        ("yes", 0.0, Outcome.FOUND),
        ("b", 3.0, Outcome.FOUND),
    ]
    assert found[1].n_more == 30


def test_a_link_in_a_thin_table_is_seen() -> None:
    """Twenty classes over three sources, few items in each cell: found, and p is that of scipy's permutations."""
    rng = np.random.default_rng(0)
    codes = groups(300, 60, 40)
    y = np.where(rng.random(400) < 0.4, 7 * codes, rng.integers(0, 20, 400))
    link = association(codes, y, None, n_resamples=100, rng=rng)
    slight = np.where(rng.random(400) < 0.05, 7 * codes, rng.integers(0, 20, 400))
    thin = np.zeros((3, 20), dtype=np.int64)
    np.add.at(thin, (codes, slight), 1)
    dealt = PermutationMethod(n_resamples=4000, rng=np.random.default_rng(1))

    assert link.p < 0.001
    assert association(codes, slight, None, n_resamples=100, rng=rng).p == pytest.approx(
        chi2_contingency(thin, correction=False, method=dealt).pvalue, abs=0.03
    )


def test_a_use_that_the_data_cannot_support_leads_its_chapter() -> None:
    """A group that is meant and hardly there is a gap between word and data, whatever else there is enough of."""
    given = binary(groups(970, 3), y=np.arange(973) % 2, intended=Intended(groups={"group": ("a", "b")}))
    found = chapters(look(given), unit="item")[-1]

    assert found.state == "gap"
    assert "3 items of it, too few to judge it" in found.statements[0].sentence
