"""`florilegium lab digits`, as a user meets it."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from florilegium.cli.commands import app

QUICK = ("lab", "digits", "--data", "digits")


def run(*arguments: str) -> tuple[int, str, str]:
    """Run the program in this process; give exit code, standard output and standard error."""
    done = CliRunner().invoke(app, [*QUICK, *arguments])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture(scope="module")
def document() -> dict[str, object]:
    """Run the whole story once in a fresh process, as another program would."""
    done = subprocess.run(
        [sys.executable, "-m", "florilegium", *QUICK, "--json"], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_the_json_holds_the_whole_story(document: dict[str, object]) -> None:
    """One document: two chapters, each rung with its range, and with its difference to the rung before."""
    chapters = document["chapters"]

    assert document["data"] == "digits"
    assert isinstance(chapters, list)
    assert [(c["title"], len(c["rungs"])) for c in chapters] == [("3 or 7?", 5), ("All ten digits", 4)]
    for chapter in chapters:
        assert "against" not in chapter["rungs"][0]
        for rung in chapter["rungs"]:
            assert 0 <= rung["low"] <= rung["accuracy"] <= rung["high"] <= 1
        for rung in chapter["rungs"][1:]:
            assert rung["against"]["low"] <= rung["against"]["value"] <= rung["against"]["high"]


def test_divergence_is_told_and_is_no_failure() -> None:
    """With a learning rate of a billion the command ends well and says what happened, without a warning of NumPy."""
    code, out, err = run("--lr", "1e9")

    assert code == 0
    assert "Diverged: the loss went from" in out
    assert "not shown to be better" in out or "worse" in out
    assert "Warning" not in out + err


def test_a_rate_of_0_is_told_for_all_that_learns() -> None:
    """At rate 0 each of the six networks says that no weight moves."""
    code, out, _ = run("--lr", "0")

    assert code == 0
    assert " ".join(out.split()).count("At learning rate 0 no weight moves.") == 6


def test_what_was_chosen_is_told() -> None:
    """With a batch of one's own each network says how its loss went; a batch larger than the data is named."""
    code, out, _ = run("--batch", "5000")
    said = " ".join(out.split())

    assert code == 0
    assert said.count("A batch of 5,000 is more: each step takes all of them.") == 2
    assert said.count("The loss fell from") == 6


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--lr", "nan"), "learning rate nan"),
        (("--lr", "inf"), "learning rate inf"),
        (("--batch", "0"), "expected a whole number from 1 on"),
        (("--data", "letters"), "mnist or digits"),
    ],
)
def test_what_is_out_of_range_is_refused(arguments: tuple[str, ...], word: str) -> None:
    """A rate that is no number, an empty batch and unknown data end with exit code 2 and a sentence."""
    code, out, err = run(*arguments)

    assert (code, out) == (2, "")
    assert "Fetching" not in err
    assert word in " ".join(err.split())


def test_the_help_gives_examples() -> None:
    """`florilegium lab digits --help` shows how to run it without a download."""
    done = CliRunner().invoke(app, ["lab", "digits", "--help"])

    assert done.exit_code == 0
    assert "florilegium lab digits --data digits" in done.stdout
