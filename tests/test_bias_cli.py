"""`florilegium bias` on tables: what it prints, what it asks for, and the exit codes."""

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from florilegium.bias import KINDS
from florilegium.cli.commands import app

HOSTILE = "<script>alert(1)</script>"
# Of 1,000 in each half: told yes where no was true, and where yes was true. North: 160 of 400 and 480 of 600; south
# 40 of 400 and 480 of 600. Rates by hand: 40 % and 10 % false alarms, 20 % misses in both, 60 % yes in both.
CELLS = {("north", 0): (160, 400), ("north", 1): (480, 600), ("south", 0): (40, 400), ("south", 1): (480, 600)}


def rows() -> Iterator[tuple[str, int, int, float, str, str]]:
    """Give region, truth, answer, score, person and a name that would be markup, row by row."""
    for (region, truth), (n_told, n) in CELLS.items():
        for i in range(n):
            told = int(i < n_told)
            yield region, truth, told, round(0.2 + 0.5 * told + 0.001 * (i % 100), 3), f"p{i}", (HOSTILE, "b")[i % 2]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write 2,000 decisions with known rates."""
    path = tmp_path_factory.mktemp("bias") / "decisions.csv"
    lines = [",".join(map(str, row)) for row in rows()]
    path.write_text("\n".join(["region,truth,told,score,person,evil", *lines]) + "\n", encoding="utf-8")
    return path


def run(*arguments: object) -> Result:
    """Run `florilegium bias` with these arguments."""
    return CliRunner().invoke(app, ["bias", *map(str, arguments)])


def usual(table: Path, *more: object) -> tuple[object, ...]:
    """Give the arguments that name label, answers and groups."""
    return ("--table", table, "--label", "truth", "--prediction", "told", "--group", "region", *more)


@pytest.fixture(scope="module")
def found(table: Path) -> dict[str, Any]:
    """Give the JSON document about the table."""
    done = run(*usual(table, "--json"))
    assert done.exit_code == 0, done.output
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_the_planted_gap_is_found(found: dict[str, Any]) -> None:
    """False alarms of 40 % against 10 % are found, and the first sentence speaks of them."""
    gaps = [r for r in found["results"] if r["measure"].startswith("false positive rate") and r["outcome"] == "found"]

    assert gaps
    assert {"north", "south"} == set(gaps[0]["groups"])
    assert "40" in found["lead"]


def test_equal_rates_are_not_called_a_gap(found: dict[str, Any]) -> None:
    """Base rates of 60 % and misses of 20 % in both halves are no gap."""
    names = ("base rate", "false negative rate")

    assert [r for r in found["results"] if r["measure"].startswith(names) and r["outcome"] == "found"] == []


def test_rates_are_those_counted_by_hand(found: dict[str, Any]) -> None:
    """Each group's rates are those of the counts it was made from."""
    (by_region,) = found["rates"]
    shown = {row["group"]: row["rates"] for row in by_region["rows"]}

    assert shown["north"]["false positive rate"]["value"] == pytest.approx(0.4)
    assert shown["south"]["false positive rate"]["value"] == pytest.approx(0.1)
    assert shown["south"]["false negative rate"]["value"] == pytest.approx(0.2)
    assert shown["north"]["precision"]["value"] == pytest.approx(480 / 640)


def test_each_result_has_what_the_contract_names(found: dict[str, Any]) -> None:
    """Every result has kind, groups, figure, range, p, count, sentence, advice and source; six kinds have a line."""
    wanted = {"bias", "groups", "estimate", "low", "high", "p", "n", "sentence", "advice", "source", "outcome"}

    assert all(wanted <= result.keys() for result in found["results"])
    assert [each["key"] for each in found["six"]] == list(KINDS)
    assert all(each["state"] != "unmeasured" or found["unmeasured"][each["key"]] for each in found["six"])


def test_a_page_is_written_where_one_is_asked_for(table: Path, tmp_path: Path) -> None:
    """`-o` writes the page; names of groups that are markup stay text."""
    done = run(*usual(table, "--group", "evil", "-o", tmp_path / "page.html"))
    html = (tmp_path / "page.html").read_text(encoding="utf-8")

    assert done.exit_code == 0, done.output
    assert "historical" in done.stdout.lower()
    assert HOSTILE not in html
    assert "&lt;script&gt;" in html


def test_scores_with_a_threshold_are_answers(table: Path) -> None:
    """A threshold of 0.5 on the scores gives the same false alarms as the answers that they were made from."""
    given = ("--table", table, "--label", "truth", "--group", "region", "--json")
    done = run(*given, "--prediction", "score", "--threshold", 0.5)
    rates = {row["group"]: row["rates"] for row in json.loads(done.stdout)["rates"][0]["rows"]}

    assert done.exit_code == 0, done.output
    assert rates["north"]["false positive rate"]["value"] == pytest.approx(0.4)


def test_persons_widen_the_ranges(table: Path, found: dict[str, Any]) -> None:
    """Where four rows are one person's, the range of the gap is not the one of 2,000 persons."""
    done = run(*usual(table, "--person", "person", "--json"))
    width = [
        next(r["high"] - r["low"] for r in document["results"] if r["measure"] == "false positive rate difference")
        for document in (found, json.loads(done.stdout))
    ]

    assert width[0] != width[1]


def test_labels_alone_are_enough_for_the_first_kind(table: Path) -> None:
    """Without predictions base rates are compared, and the page says of the rest what is missing."""
    done = run("--table", table, "--label", "truth", "--group", "region", "--json")
    six = {each["key"]: each["state"] for each in json.loads(done.stdout)["six"]}

    assert done.exit_code == 0, done.output
    assert six["historical"] == "none"


BAD = {
    "unknown columns": (("--label", "truht", "--group", "regionn"), "Nearest: truth"),
    "scores without a threshold": (("--label", "truth", "--prediction", "score", "--group", "region"), "--threshold T"),
    "three values": (("--label", "region", "--group", "evil"), "--positive V"),
    "a threshold on answers": (("--label", "truth", "--threshold", "1", "--group", "region"), "--prediction COLUMN"),
    "no dates": (("--label", "truth", "--group", "region", "--date", "person"), "not dates"),
    "no label": (("--group", "region"), "--label COLUMN"),
    "no groups": (("--label", "truth"), "region, truth, told"),
    "a slip": (("--label", "truth", "--group", "region", "--positive", "1,hgih"), "'hgih' stands nowhere"),
}


@pytest.mark.parametrize(("arguments", "said"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_answered_in_words(table: Path, arguments: tuple[str, ...], said: str) -> None:
    """What does not fit gives exit code 2 and says what to do; with --json as a document."""
    plain, document = (run("--table", table, *arguments, *more) for more in ((), ("--json",)))

    assert (plain.exit_code, document.exit_code) == (2, 2)
    assert said in plain.stderr
    assert said in json.loads(document.stdout)["error"]["message"]


SHARES = {
    "sum": ("region,north,0.5\nregion,south,0.3\n", "sum to 0.8"),
    "no such column": ("regionn,north,1\n", "nearest: 'region'"),
    "no such group": ("region,nort,0.5\nregion,south,0.5\n", "nearest: 'north'"),
    "no number": ("region,north,half\nregion,south,0.5\n", "line 2"),
    "negative": ("region,north,-0.5\nregion,south,1.5\n", "line 2"),
    "twice": ("region,north,0.5\nregion,north,0.5\n", "twice"),
}


@pytest.mark.parametrize(("text", "said"), SHARES.values(), ids=SHARES.keys())
def test_shares_that_are_none_are_refused(table: Path, tmp_path: Path, text: str, said: str) -> None:
    """Target shares that do not sum to one, of unknown names, or no shares at all give exit code 2."""
    path = tmp_path / "shares.csv"
    path.write_text("column,group,share\n" + text, encoding="utf-8")
    done = run(*usual(table, "--target", path))

    assert done.exit_code == 2
    assert said in done.stderr


@pytest.mark.parametrize("whole", [1, 100], ids=["shares", "percent"])
def test_a_target_is_compared_with(table: Path, tmp_path: Path, whole: int) -> None:
    """A stated target makes representation and evaluation measurable, in shares or in percent."""
    path = tmp_path / "shares.csv"
    path.write_text(f"column,group,share\nregion,north,{0.2 * whole}\nregion,south,{0.8 * whole}\n", encoding="utf-8")
    done = run(*usual(table, "--target", path, "--json"))
    six = {each["key"]: each["state"] for each in json.loads(done.stdout)["six"]}

    assert done.exit_code == 0, done.output
    assert six["representation"] == "gap"
    assert six["evaluation"] != "unmeasured"


def test_ten_thousand_groups_are_put_together(tmp_path: Path) -> None:
    """A column of 10,000 groups of two ends in a page that says that nothing can be compared."""
    path = tmp_path / "many.csv"
    rng = np.random.default_rng(0)
    cells = zip(rng.integers(0, 2, 20_000).tolist(), rng.integers(0, 2, 20_000).tolist(), strict=True)
    lines = [f"{truth},{told},group {i % 10_000}" for i, (truth, told) in enumerate(cells)]
    path.write_text("\n".join(["truth,told,who", *lines]) + "\n", encoding="utf-8")
    done = run("--table", path, "--label", "truth", "--prediction", "told", "--group", "who", "--json")

    document = json.loads(done.stdout)

    assert done.exit_code == 0, done.output
    assert any("10,000 groups, fewer than two" in note for note in document["notes"])
    assert document["lead"].startswith("Too few to tell")


def test_odd_groups_do_not_stop_it(tmp_path: Path) -> None:
    """A group of one, a group without a yes and missing groups are told apart from gaps."""
    path = tmp_path / "odd.csv"
    usual_rows = [f"{t},{p},big" for t, p in product((0, 1), (0, 1)) for _ in range(50)]
    odd = ["1,0,alone", *["0,0,never"] * 40, *["0,1,"] * 10]
    path.write_text("\n".join(["truth,told,who", *usual_rows, *odd]) + "\n", encoding="utf-8")
    done = run("--table", path, "--label", "truth", "--prediction", "told", "--group", "who", "--json")
    by_group = {row["group"]: row for row in json.loads(done.stdout)["rates"][0]["rows"]}

    assert done.exit_code == 0, done.output
    assert by_group["alone"]["few"]
    assert by_group["never"]["rates"]["false negative rate"]["value"] is None


def test_an_option_of_tables_is_refused_on_a_project(tmp_path: Path) -> None:
    """--label without --table is answered with --table."""
    done = run("-p", tmp_path, "--label", "truth")

    assert done.exit_code == 2
    assert "--table FILE" in done.stderr


def test_a_folder_without_a_project_is_a_missing_step(tmp_path: Path) -> None:
    """Where no project lives the exit code is 3."""
    assert run("-p", tmp_path).exit_code == 3


def odd_table(folder: Path, n: int = 1200) -> Path:
    """Write decisions as they come: "?" for what is missing, outcomes missing more often in one town, ages in years."""
    rng = np.random.default_rng(2)
    lines = ["outcome,said,town,age,each"]
    for i in range(n):
        town = "north" if i % 2 else "south"
        outcome = "?" if rng.random() < (0.3 if town == "north" else 0.05) else str(rng.integers(0, 2))
        age = "?" if i % 50 == 0 else str(rng.integers(18, 90))
        lines.append(f"{outcome},{'' if i % 100 == 99 else rng.integers(0, 2)},{town},{age},p{i}")
    path = folder / "odd.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Give what is found in them, by town, age, and a column in which each row is a group of its own."""
    path = odd_table(tmp_path_factory.mktemp("odd"))
    asked = ("--label", "outcome", "--prediction", "said", "--group", "town,age,each", "--json")
    found: dict[str, Any] = json.loads(run("--table", path, *asked).stdout)
    return found


def test_outcomes_that_are_missing_in_one_group_are_found(odd: dict[str, Any]) -> None:
    """A decision whose outcome nobody knows is kept, and that it is missing more often in one town is a finding."""
    missing = [
        each for each in odd["results"] if each["measure"] == "missing labels ratio" and each["column"] == "town"
    ]

    assert odd["n"] == 1188  # of 1,200, twelve say nothing of what was decided
    assert [(each["outcome"], each["groups"]) for each in missing] == [("found", ["north", "south"])]


def test_no_column_is_asked_whether_it_is_missing_in_itself(odd: dict[str, Any]) -> None:
    """Whoever has no town is in none of the towns: such a comparison would always give nothing."""
    assert [
        each for each in odd["results"] if each["measure"].startswith("missing age") and "age" in each["column"]
    ] == []
    assert any(each["measure"].startswith("missing age") for each in odd["results"])


def test_a_column_that_tells_nothing_apart_is_crossed_with_none(odd: dict[str, Any]) -> None:
    """A column of single rows is named in a note, and no crossing bears its name."""
    columns = {each["column"] for each in odd["results"]}

    assert {"town", "age", "town × age"} <= columns
    assert not any("each" in name for name in columns)
    assert any(
        note.startswith("each: 1,188 groups" if "1,188" in note else "each: 1,200 groups") for note in odd["notes"]
    )


def test_bins_stand_in_the_order_of_their_numbers(odd: dict[str, Any]) -> None:
    """Ages come youngest first, "?" is a missing age and no group."""
    rows = next(each["rows"] for each in odd["rates"] if each["column"] == "age")
    starts = [int(row["group"].split(" to ")[0]) for row in rows]

    assert starts == sorted(starts)
    assert starts[0] == 18


def test_what_was_left_out_is_said_in_the_terminal(tmp_path: Path) -> None:
    """Whoever reads the terminal alone learns of the rows that were left out."""
    asked = ("--label", "outcome", "--prediction", "said", "--group", "town")
    done = run("--table", odd_table(tmp_path), *asked)

    assert "! 12 of 1,200 rows say nothing of what was decided, and are left out." in done.output


def test_without_two_groups_it_says_so(tmp_path: Path) -> None:
    """A column with one group leaves the kinds unmeasured because of that, not for want of a label."""
    path = tmp_path / "one.csv"
    path.write_text("y,said,g\n" + "1,0,all\n0,1,all\n" * 50, encoding="utf-8")
    done = run("--table", path, "--label", "y", "--prediction", "said", "--group", "g")

    assert "No column has two groups to compare." in done.output
