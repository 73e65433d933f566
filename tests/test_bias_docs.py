"""What the pages say about COMPAS is what the program finds, and what was published."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from florilegium.bias import KINDS
from florilegium.cli.commands import app
from tools import bias_figures

DOCS = Path(__file__).parents[1] / "docs"


def test_without_the_mirror_a_page_keeps_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """No figure is lost where the real data are not there."""
    monkeypatch.delenv(bias_figures.DATA_VARIABLE, raising=False)

    assert [make("kept") for make in (bias_figures.rates, bias_figures.six, bias_figures.impossibility)] == ["kept"] * 3


def test_equal_quarters_end_up_watched_unequally() -> None:
    """An urn that only patrols fill ends anywhere (a uniform share: 60 of 100 beyond 70 to 30); reports mend it."""
    alone = bias_figures.patrols(1000, reported=False)
    mended = bias_figures.patrols(1000, reported=True)

    assert (abs(alone - 0.5) >= 0.2).mean() == pytest.approx(0.6, abs=0.05)
    assert (abs(mended - 0.5) >= 0.2).mean() == 0.0


@pytest.mark.data
def test_the_published_figures_are_reproduced(data: Path) -> None:
    """Each published rate is ours to the hundredth, and lies in our range."""
    table = data / "compas" / "compas-scores-two-years.csv"
    asked = ["--label", "two_year_recid", "--prediction", "decile_score", "--threshold", "5", "--group", "race"]
    done = CliRunner().invoke(app, ["bias", "--table", str(table), *asked, "--json"])
    rows = {row["group"]: row["rates"] for row in json.loads(done.stdout)["rates"][0]["rows"]}

    assert done.exit_code == 0, done.output
    for name, published in bias_figures.PUBLISHED.items():
        for group, figure in zip((bias_figures.BLACK, bias_figures.WHITE), published, strict=True):
            rate = rows[group][name]
            assert f"{100 * rate['value']:.2f}" == f"{figure:.2f}"
            assert rate["low"] < figure / 100 < rate["high"]


@pytest.mark.data
def test_the_page_on_ethics_shows_todays_figures(data: Path) -> None:
    """The rates on the page are those that the code finds now; if not: make docs."""
    del data
    page = (DOCS / "ethics.md").read_text(encoding="utf-8")

    assert bias_figures.rates("").strip() in page
    assert bias_figures.impossibility("").strip() in page


@pytest.mark.data
def test_all_six_kinds_stand_on_the_page(data: Path) -> None:
    """The table of the six on COMPAS has a line for each, none of them empty."""
    del data
    lines = [line for line in bias_figures.six("").splitlines() if line.startswith("| ")][1:]

    assert [line.split(" | ")[0].strip("| ") for line in lines] == list(KINDS)
    assert all(len(line.split(" | ")[2]) > 20 for line in lines)
