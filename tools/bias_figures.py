"""Figures of docs/ethics.md and docs/bias.md, made by running the tests of bias on real data. Never typed by hand.

A page asks for a part as it does of `tools.reference`. Parts about COMPAS need the mirror of real data
(`FLORILEGIUM_DATA`); without it a page keeps what it has, and `tests/test_bias_docs.py` compares wherever it is there.
What takes a minute, a classifier of flowers trained and judged, is done anew only where FLORILEGIUM_DOCS_WHOLE is set.
"""

import csv
import os
import tempfile
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import florilegium
from florilegium.bias import GroupRow, Rate
from florilegium.evaluation import Score
from florilegium.evaluation.words import percent, percent_bare
from florilegium.project.biased import Biased
from florilegium.project.deciding import TableQuestion, bias_of_table
from florilegium.report.bias import page_of

DATA_VARIABLE = "FLORILEGIUM_DATA"
WHOLE_VARIABLE = "FLORILEGIUM_DOCS_WHOLE"
BLACK, WHITE = "African-American", "Caucasian"
# What ProPublica published (Larson and others 2016, "How we analyzed the COMPAS recidivism algorithm"), in percent.
PUBLISHED = {"false positive rate": (44.85, 23.45), "false negative rate": (27.99, 47.72)}
RATES = {
    "base rate": "arrested again within two years",
    "false positive rate": "of those **not** arrested again, called high risk",
    "false negative rate": "of those arrested again, called low risk",
    "precision": "of those called high risk, arrested again",
}
DAYS = (10, 100, 1000)
FAR = 0.7  # a share of the patrols from which one of two equal quarters is watched more than twice as often
CRIME_A_DAY = 0.3  # in each of the two quarters, the same
N_TOWNS = 2000


def compas() -> Path | None:
    """Give the public table, or None where there is no mirror."""
    folder = os.environ.get(DATA_VARIABLE)
    path = Path(folder or ".") / "compas" / "compas-scores-two-years.csv"
    return path if folder and path.is_file() else None


@cache
def judged(path: Path) -> Biased:
    """Run the six tests on COMPAS, as the command on the page does."""
    question = TableQuestion(
        table=path, label="two_year_recid", prediction="decile_score", threshold=5.0, groups=("race", "sex", "age")
    )
    return bias_of_table(question, now=datetime(2026, 1, 1, tzinfo=UTC))


def rates(previous: str) -> str:
    """Give the rates of the two largest groups with their ranges."""
    path = compas()
    if path is None:
        return previous
    black, white = _row(path, BLACK), _row(path, WHITE)
    lines = [f"| | {BLACK} ({black.n:,}) | {WHITE} ({white.n:,}) |", "|---|---|---|"]
    lines += [
        f"| {said} | {_spread(black.rates[name])} | {_spread(white.rates[name])} |" for name, said in RATES.items()
    ]
    return _block(lines)


def _row(path: Path, group: str) -> GroupRow:
    (by_race,) = (each for each in judged(path).findings.rates if each.column == "race")
    return next(row for row in by_race.rows if row.group == group)


def _spread(rate: Rate) -> str:
    if rate.value is None or rate.low is None or rate.high is None:
        return rate.why
    return f"{percent(rate.value)} ({percent_bare(rate.low)} to {percent_bare(rate.high)})"


def _exact(rate: Rate) -> str:
    """Write a rate with two decimals, as the newsroom did."""
    return f"{100 * (rate.value or 0):.2f} % ({100 * (rate.low or 0):.2f} to {100 * (rate.high or 0):.2f})"


def impossibility(previous: str) -> str:
    """Give the false alarms as they are, and as equal precision and misses would make them."""
    path = compas()
    if path is None:
        return previous
    (by_race,) = (each for each in judged(path).findings.impossible if each.column == "race")
    shown = {row.group: row for row in by_race.rows}
    alike = f"precision ({percent(by_race.precision)}) and misses ({percent(by_race.false_negative_rate)})"
    lines = [
        f"If {alike} were for everybody what they are for all defendants together:",
        "",
        f"| | {BLACK} | {WHITE} |",
        "|---|---|---|",
    ]
    for said, name in (
        ("arrested again (*p*)", "base_rate"),
        ("false alarms as they are", "false_positive_rate"),
        ("false alarms as they would have to be", "implied"),
    ):
        cells = [getattr(shown[group], name) for group in (BLACK, WHITE)]
        lines.append(f"| {said} | {percent(cells[0])} | {percent(cells[1])} |")
    return _block(lines)


def six(previous: str) -> str:
    """Give what the program says of each of the six kinds on COMPAS."""
    path = compas()
    if path is None:
        return previous
    lines = ["| kind | result | the clearest sentence, or why there is none |", "|---|---|---|"]
    for chapter in page_of(judged(path).account).chapters:
        said = chapter.statements[0].sentence if chapter.statements else chapter.why_not
        lines.append(f"| {chapter.title.lower()} | {chapter.state_words} | {said.replace('|', '/')} |")
    return _block(lines)


def check(previous: str) -> str:
    """Give our figures for COMPAS beside those that ProPublica published."""
    path = compas()
    if path is None:
        return previous
    lines = ["| COMPAS, two years, score 5 or more | published | here, with its range |", "|---|---|---|"]
    for name, published in PUBLISHED.items():
        for group, figure in zip((BLACK, WHITE), published, strict=True):
            rate = _row(path, group).rates[name]
            lines.append(f"| {name}, {group} | {figure:.2f} % | {_exact(rate)} |")
    return _block(lines)


def largest_source(previous: str) -> str:
    """Give how many of the flowers come from one source, counted in the table of where they come from."""
    folder = _flowers()
    if folder is None:
        return previous
    with (folder / "provenance.csv").open(encoding="utf-8", newline="") as lines:
        sources = Counter(row["source_repo"] for row in csv.DictReader(lines))
    n, (_, n_largest) = sum(sources.values()), sources.most_common(1)[0]
    text = (
        f"**On the flowers.** Of the {n:,} photos {n_largest:,} ({percent(n_largest / n)}) come from one botanical "
        f"collection, the others from {len(sources) - 1} more sources. On photos of sources that it has not seen the "
        "same classifier is much worse ([how much](#evaluation-the-test-is-easier-than-the-world))."
    )
    return f"\n{text}\n\n"


def two_ways(previous: str) -> str:
    """Give how good one and the same classifier of flowers is, tested at random and on sources never seen."""
    if _flowers() is None or not os.environ.get(WHOLE_VARIABLE):
        return previous
    with tempfile.TemporaryDirectory() as folder:
        project = florilegium.new(Path(folder) / "flowers", "flowers20")
        project.train()
        verdict = project.verdict()
    same, new = verdict.same_sources, verdict.new_sources
    if same is None or new is None:
        return previous
    text = (
        f"**On the flowers.** Tested at random a classifier on a frozen network gets {_score(same)} of {same.n:,} "
        f"photos right; with all photos of a source held out at once, {_score(new)} of {new.n:,}. The first is the "
        "figure that gets published; the second is what a visitor of your page will meet."
    )
    return f"\n{text}\n\n"


def _flowers() -> Path | None:
    found = Path(os.environ.get(DATA_VARIABLE) or ".") / "flowers20"
    return found if os.environ.get(DATA_VARIABLE) and (found / "provenance.csv").is_file() else None


def _score(score: Score) -> str:
    return f"{percent(score.accuracy)} ({percent_bare(score.low)} to {percent_bare(score.high)})"


def loop(previous: str) -> str:
    """Give how often chance alone sends most patrols to one of two equal quarters, with and without reports."""
    del previous  # needs no data: always computed
    lines = [
        "| after | towns in which one quarter gets 70 % or more of the patrols | the same, where reports count too |",
        "|---|---|---|",
    ]
    for n_days in DAYS:
        shares = [patrols(n_days, reported=reported) for reported in (False, True)]
        uneven = [np.mean(np.maximum(share, 1 - share) >= FAR) for share in shares]
        lines.append(f"| {n_days:,} days | {uneven[0]:.0%} | {uneven[1]:.0%} |".replace("%", " %"))
    return _block(lines)


def patrols(n_days: int, *, reported: bool) -> NDArray[np.float64]:
    """Simulate towns: give the first quarter's share of the crimes known after so many days; (N_TOWNS,).

    Source: the urn of Ensign and others (2018), PMLR 81, section 3; with `reported` their second kind of discovery.
    """
    rng = np.random.default_rng(0)
    known = np.ones((N_TOWNS, 2))  # one crime of each quarter is known on the first day
    for _ in range(n_days):
        first = rng.random(N_TOWNS) < known[:, 0] / known.sum(axis=1)  # where the one patrol goes
        happens = rng.random((N_TOWNS, 2)) < CRIME_A_DAY
        known += happens & np.stack([first, ~first], axis=1)
        if reported:
            known += rng.random((N_TOWNS, 2)) < CRIME_A_DAY
    share: NDArray[np.float64] = known[:, 0] / known.sum(axis=1)
    return share


def _block(lines: list[str]) -> str:
    return "\n".join(["", *lines, "", ""])
