"""A table of decisions is read as it comes, and what it leaves open is asked for in words."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from florilegium.errors import MetadataError, SettingError, SourceError
from florilegium.source.decisions import Column, read_decisions
from florilegium.source.outcomes import looks_like_scores, outcome_from, outcome_of

ROWS = [("1", "yes", "ann", "2024-01-02"), ("0", "no", "", "2024-01-03"), ("1", "no", "bob", "2024-01-04")]
ASKED = [("truth", "label"), ("who", "groups")]


def column(*cells: str, name: str = "outcome") -> Column:
    """Make a column of these cells; an empty one is missing."""
    values = tuple(dict.fromkeys(cell for cell in cells if cell))
    codes = np.array([values.index(cell) if cell else -1 for cell in cells], dtype=np.int64)
    return Column(name=name, values=values, codes=codes)


@pytest.fixture(params=["csv", "jsonl", "parquet"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Write the same three decisions in one of the formats."""
    names = ("truth", "said", "who", "day")
    path = tmp_path / f"decisions.{request.param}"
    if request.param == "csv":
        path.write_text("\n".join(map(",".join, [names, *ROWS])) + "\n", encoding="utf-8")
    elif request.param == "jsonl":
        path.write_text("\n".join(json.dumps(dict(zip(names, row, strict=True))) for row in ROWS), encoding="utf-8")
    else:
        pq.write_table(pa.table({name: [row[i] for row in ROWS] for i, name in enumerate(names)}), path)
    return path


def test_every_format_gives_the_same_columns(table: Path) -> None:
    """CSV, JSONL and Parquet give the same values and codes, and an empty cell is missing."""
    read = read_decisions(table, ASKED)

    assert read.n == 3
    assert read["truth"].values == ("1", "0")
    assert read["truth"].codes.tolist() == [0, 1, 0]
    assert read["who"].codes.tolist() == [0, -1, 1]


def test_a_name_is_found_whatever_its_case(table: Path) -> None:
    """A column is found by a name of other case; the result is asked by the name that the user typed."""
    assert read_decisions(table, [("TRUTH", "label")])["TRUTH"].name == "truth"


def test_all_missing_columns_are_named_at_once(table: Path) -> None:
    """Two misspelt columns give one message with the nearest name of each."""
    with pytest.raises(MetadataError, match=r"(?s)'trut'.*Nearest: truth.*'whom'.*Nearest: who"):
        read_decisions(table, [("trut", "label"), ("whom", "groups")])


@pytest.mark.parametrize("text", ["", "truth,who\n", "truth,who\n1\n2\n3\n"], ids=["nothing", "names only", "ragged"])
def test_a_table_without_decisions_is_refused(text: str, tmp_path: Path) -> None:
    """An empty file, a header alone and a table of broken rows are said no to."""
    path = tmp_path / "decisions.csv"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(SourceError, match="Expected"):
        read_decisions(path, ASKED)


def test_what_programs_write_for_nothing_is_missing(tmp_path: Path) -> None:
    """NaN, NA and null are missing; "None" is an answer like any other."""
    path = tmp_path / "decisions.csv"
    path.write_text("truth,who\n1,NaN\n0,NA\n1,null\n0,None\n", encoding="utf-8")

    assert read_decisions(path, ASKED)["who"].codes.tolist() == [-1, -1, -1, 0]


def test_dates_become_days(table: Path) -> None:
    """ISO dates are days since 1970: 2024-01-02 is the 19,724th (54 years of which 13 are leap years, and one day)."""
    days = read_decisions(table, [("day", "date")])["day"].days

    assert days is not None
    assert days.tolist() == [54 * 365 + 13 + 1, 54 * 365 + 13 + 2, 54 * 365 + 13 + 3]


def test_numbers_are_numbers_only_where_all_are() -> None:
    """A column with one word in it has no numbers."""
    assert column("1", "2.5", "", "-3e2").numbers is not None
    assert column("1", "2", "many").numbers is None
    assert column("1", "1e999").numbers is None


@pytest.mark.parametrize("pair", [("0", "1"), ("no", "Yes"), ("FALSE", "true"), ("n", "y")], ids="-".join)
def test_plain_pairs_need_no_explanation(pair: tuple[str, str]) -> None:
    """0/1, no/yes, false/true are understood in any case."""
    found = outcome_of(column(*pair, ""))

    assert found.yes == pair[1]
    assert found.is_yes.tolist() == [False, True, False]
    assert found.known.tolist() == [True, True, False]


@pytest.mark.parametrize("cells", [("low", "high"), ("a", "b", "c"), ("0", "1", "2")], ids="-".join)
def test_an_open_question_is_asked(cells: tuple[str, ...]) -> None:
    """Two names of which none is plainly yes, and three values, ask for --positive and name the values."""
    with pytest.raises(SettingError, match=rf"{cells[-1]}.*--positive"):
        outcome_of(column(*cells))


def test_named_values_count_as_yes() -> None:
    """Several values may count as yes, in any case."""
    found = outcome_of(column("Low", "Medium", "High", "Low"), positive=["high", "Medium"])

    assert found.is_yes.tolist() == [False, True, True, False]
    assert found.yes == "High or Medium"


def test_a_value_that_never_occurs_is_refused() -> None:
    """A misspelt --positive is answered with the nearest value."""
    with pytest.raises(SettingError, match="Nearest: 'High'"):
        outcome_of(column("Low", "High"), positive=["Hgih"])


@pytest.mark.parametrize("cells", [("1", "1"), ("0", "0"), ("", "")], ids=["yes", "no", "empty"])
def test_one_side_alone_is_refused(cells: tuple[str, ...]) -> None:
    """Where everybody has the same outcome there is nothing to compare."""
    with pytest.raises(SettingError, match=r"nothing to compare|is empty"):
        outcome_of(column(*cells))


def test_scores_ask_for_a_threshold() -> None:
    """More than two different numbers as prediction ask for --threshold."""
    assert looks_like_scores(column("1", "5", "9"))
    with pytest.raises(SettingError, match="--threshold T"):
        outcome_of(column("1", "5", "9"), what="prediction")


def test_a_score_at_the_threshold_is_yes() -> None:
    """The threshold itself counts as yes, as ProPublica counted COMPAS scores from 5 up."""
    found = outcome_from(column("4", "5", "6", ""), threshold=5)

    assert found.is_yes.tolist() == [False, True, True, False]
    assert found.known.tolist() == [True, True, True, False]


@pytest.mark.parametrize("threshold", [0.0, 7.0], ids=["below all", "above all"])
def test_a_threshold_beside_all_scores_is_refused(threshold: float) -> None:
    """A threshold that parts nothing is answered with the range of the scores."""
    with pytest.raises(SettingError, match="from 4 to 6"):
        outcome_from(column("4", "5", "6"), threshold=threshold)


def test_a_threshold_on_words_is_refused() -> None:
    """A threshold on a column of words names some of the words."""
    with pytest.raises(SettingError, match="'Low', 'High', not numbers"):
        outcome_from(column("Low", "High"), threshold=5)
