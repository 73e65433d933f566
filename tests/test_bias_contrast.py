"""Two groups side by side, against statsmodels, SciPy and published examples."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency, ttest_ind
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from florilegium.bias.cells import MEASURES, resampled, states, tables
from florilegium.bias.contrast import Side, mean_of, mover_ratio, n_more_needed, newcombe, share_p, shares
from florilegium.bias.tested import holm


def side(n_yes: int, n: int) -> Side:
    """Give a side of independent items."""
    return Side(n_yes=float(n_yes), n=float(n), n_effective=float(n))


@pytest.mark.parametrize(("n_yes", "n"), [(0, 12), (3, 40), (805, 1795), (40, 40)])
def test_the_range_of_a_share_is_wilsons(n_yes: int, n: int) -> None:
    """The range of one group's share is that of statsmodels."""
    assert side(n_yes, n).wilson == pytest.approx(proportion_confint(n_yes, n, method="wilson"), abs=1e-9)


@pytest.mark.parametrize("counts", [(56, 70, 48, 80), (9, 10, 3, 10), (805, 1795, 349, 1488), (0, 20, 5, 25)])
def test_the_range_of_a_difference_is_newcombes(counts: tuple[int, int, int, int]) -> None:
    """The range of a difference of shares is statsmodels' "newcomb"."""
    found = newcombe(side(*counts[:2]), side(*counts[2:]))

    assert (found.low, found.high) == pytest.approx(confint_proportions_2indep(*counts, method="newcomb"), abs=1e-9)


@pytest.mark.parametrize("counts", [(90, 200, 60, 220), (805, 1795, 349, 1488), (300, 900, 280, 1000)])
def test_the_range_of_a_ratio_agrees_with_the_score_range(counts: tuple[int, int, int, int]) -> None:
    """The closed-form range of a ratio lies within two hundredths of the score range that statsmodels gives."""
    found = mover_ratio(side(*counts[:2]), side(*counts[2:]))
    peer = confint_proportions_2indep(*counts, compare="ratio", method="score", correction=False)

    assert found is not None
    assert (found.low, found.high) == pytest.approx(peer, rel=0.02)


def test_a_ratio_to_nothing_is_not_given() -> None:
    """Where nobody in the other group said yes there is no ratio, and the difference still has a range."""
    found = shares(side(5, 40), side(0, 40))

    assert found.ratio is None
    assert found.difference.low < 0.125 < found.difference.high


@pytest.mark.parametrize("counts", [(805, 1795, 349, 1488), (35, 70, 36, 80), (900, 1000, 40, 400)])
def test_a_bootstrap_without_drawing_is_the_bootstrap(counts: tuple[int, int, int, int]) -> None:
    """Ranges by saddlepoint are the percentiles of 200,000 drawn replicates, to a hundredth of their width."""
    rng = np.random.default_rng(0)
    drawn_a, drawn_b = (rng.binomial(n, k / n, 200_000) / n for k, n in (counts[:2], counts[2:]))
    found = shares(side(*counts[:2]), side(*counts[2:]))

    assert found.ratio is not None
    for gap, drawn in ((found.difference, drawn_a - drawn_b), (found.ratio, drawn_a / drawn_b)):
        low, high = np.quantile(drawn, [0.025, 0.975])
        assert (gap.low, gap.high) == pytest.approx((low, high), abs=0.015 * (high - low))


def test_p_is_that_of_the_chi_square_test() -> None:
    """The p-value of two large shares is Pearson's chi-square without continuity correction."""
    peer = chi2_contingency([[805, 990], [349, 1139]], correction=False).pvalue

    assert share_p(side(805, 1795), side(349, 1488)) == pytest.approx(peer, rel=1e-6)


def test_small_counts_are_tested_exactly() -> None:
    """Fisher's tea: three of four and one of four cups have p = 0.4857 (Fisher 1935)."""
    assert share_p(side(3, 4), side(1, 4)) == pytest.approx(0.4857, abs=1e-4)


def test_copies_tell_nothing_new() -> None:
    """Every item four times over, as one cluster, gives the p-value of the items themselves, or a larger one."""
    yes = np.array([1] * 30 + [0] * 70 + [1] * 50 + [0] * 50)
    clusters = np.repeat(np.arange(200), 4)
    once = share_p(Side.of(yes[:100], None), Side.of(yes[100:], None))
    copied = np.repeat(yes, 4)
    four = share_p(Side.of(copied[:400], clusters[:400]), Side.of(copied[400:], clusters[400:]))

    assert four >= once
    assert four == pytest.approx(once, rel=0.1)


def test_means_are_compared_by_welchs_t() -> None:
    """The difference of two means has Welch's p-value, as SciPy gives it."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(0.3, 1, 40), rng.normal(0, 2, 60)
    found = mean_of(a, None).minus(mean_of(b, None))

    assert found.p == pytest.approx(ttest_ind(a, b, equal_var=False).pvalue, rel=1e-9)


def test_holm_is_holm() -> None:
    """Corrected p-values are those of statsmodels."""
    p = [0.001, 0.2, 0.013, 0.04, 0.04, 0.9]

    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1].tolist())


def test_as_many_more_items_as_planned_are_enough() -> None:
    """With the items that were asked for, a gap of ten points is seen in eight of ten samples."""
    more = n_more_needed(side(12, 60), side(300, 1000), 0.1)
    assert more is not None
    rng = np.random.default_rng(0)
    small, large = rng.binomial(60 + more, 0.2, 2000), rng.binomial(1000, 0.3, 2000)
    seen = np.mean([share_p(side(a, 60 + more), side(b, 1000)) <= 0.05 for a, b in zip(small, large, strict=True)])

    assert 0.75 < seen < 0.85


def test_resampled_counts_are_those_of_resampled_rows() -> None:
    """Counts drawn at once vary as those of rows drawn one by one would: by the binomial's standard deviation."""
    cells = np.repeat([0, 1], [300, 700])
    drawn = resampled([(cells, 2)], None, n_resamples=4000, rng=np.random.default_rng(0))[0]

    assert drawn.sum(axis=1).tolist() == [1000.0] * 4000
    assert drawn[:, 0].std() == pytest.approx((1000 * 0.3 * 0.7) ** 0.5, rel=0.05)


@pytest.mark.parametrize("n_clusters", [500, 5000])
def test_whole_clusters_are_resampled(n_clusters: int) -> None:
    """Four like items per cluster vary twice as much as four single ones, also where clusters are put together."""
    yes = np.random.default_rng(1).random(n_clusters) < 0.3
    cells, clusters = np.repeat(yes.astype(np.int64), 4), np.repeat(np.arange(n_clusters), 4)
    drawn = resampled([(cells, 2)], clusters, n_resamples=1500, rng=np.random.default_rng(0))[0]
    share = drawn[:, 1] / drawn.sum(axis=1)

    assert share.std() == pytest.approx((yes.mean() * (1 - yes.mean()) / n_clusters) ** 0.5, rel=0.08)


def test_every_measure_is_counted_among_what_it_should_be() -> None:
    """Four items, one of each truth and answer, and one without a label: each rate by hand."""
    state = states(5, np.array([0, 0, 1, 1, -1]), np.array([0, 1, 0, 1, 1]))
    made = tables(state, [(np.zeros(5, dtype=np.int64), 1)], None, n_resamples=100, rng=np.random.default_rng(0))[0]
    found = {name: made.side(name, 0) for name in MEASURES}

    assert {name: (s.n_yes, s.n) for name, s in found.items() if s is not None} == {
        "base rate": (2, 4),
        "selection rate": (3, 5),
        "false positive rate": (1, 2),
        "false negative rate": (1, 2),
        "precision": (1, 2),
        "accuracy": (2, 4),
    }
