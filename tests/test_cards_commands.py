"""`florilegium cards`: what a learner types, and what bad files get for an answer."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from florilegium.cards import build_glossary, faults_of, read_glossary
from florilegium.cli.commands import app
from florilegium.errors import InputError, StorageError

NOW = datetime(2026, 11, 23, tzinfo=UTC)
HEAD = "---\ntopic: T\nauthor: A\nrights: CC0\n---\n"
TERM = "## a\n\nsaid <b>so\n- example: e\n- why: w\n- confusion: c\n- source: nobody\n- see: elsewhere\n"


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_build_writes_a_deck_and_counts_its_cards(tmp_path: Path, flags: list[str]) -> None:
    """Every shipped term gives two cards."""
    n_terms = len(read_glossary())

    result = CliRunner().invoke(app, ["cards", "build", "-o", str(tmp_path / "t.apkg"), *flags])

    assert result.exit_code == 0
    assert str(2 * n_terms) in result.stdout
    assert (tmp_path / "t.apkg").is_file()


def test_check_ends_with_2_and_names_each_fault(tmp_path: Path) -> None:
    """A glossary with faults is refused; each fault is a line in the document."""
    (tmp_path / "t.md").write_text(HEAD + TERM, encoding="utf-8")

    result = CliRunner().invoke(app, ["cards", "check", "--glossary", str(tmp_path), "--json"])
    plain = CliRunner().invoke(app, ["cards", "check", "--glossary", str(tmp_path)])

    assert (result.exit_code, plain.exit_code) == (2, 2)
    faults = "\n".join(json.loads(result.stdout)["faults"])
    assert "no year" in faults
    assert "holds markup" in faults
    assert "neither docs/PAGE.md nor a command" in faults


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"x" * 1_000_001, "divide the topic"),
        (b"no front matter", "t.md:1: front matter is missing"),
        (b"---\ntopic T\n---\n", "t.md:2: field 'topic T'"),
        (HEAD.encode() + b"\nlost text\n## a\nb\n", "text before the first heading"),
        (HEAD.encode() + b"\n## a\nb\nagain\n", "field 'definition' stands twice"),
    ],
)
def test_a_file_that_is_no_topic_is_told_why(tmp_path: Path, content: bytes, told: str) -> None:
    """What does not fit is named with its cure."""
    (tmp_path / "t.md").write_bytes(content)

    with pytest.raises(InputError, match=r"faults in the glossary") as caught:
        read_glossary(tmp_path)

    assert told in str(caught.value)


def test_a_deck_needs_terms_and_a_place(tmp_path: Path) -> None:
    """No terms make no deck; a folder in the deck's place is told as such."""
    with pytest.raises(InputError, match="no terms"):
        build_glossary([], tmp_path / "t.apkg", now=NOW)
    with pytest.raises(StorageError, match="choose another place"):
        build_glossary(read_glossary()[:1], tmp_path, now=NOW)


def test_the_shipped_glossary_passes_its_own_check() -> None:
    """`cards check` finds no fault in what ships, and says so with exit code 0."""
    result = CliRunner().invoke(app, ["cards", "check"])

    assert result.exit_code == 0


def test_long_fields_marked_up_names_and_closed_rights_are_faults(tmp_path: Path) -> None:
    """Each of the three is named with its cure."""
    text = HEAD.replace("CC0", "found") + TERM.replace("## a", "## <i>a").replace("e: e", "e: " + "e " * 61)
    (tmp_path / "t.md").write_text(text, encoding="utf-8")

    faults = "\n".join(faults_of(read_glossary(tmp_path)))

    assert "has 61 words; 60 at most" in faults
    assert "the heading holds markup" in faults
    assert "rights 'found' are not known" in faults


def test_a_topic_without_terms_is_empty_and_a_folder_without_topics_is_refused(tmp_path: Path) -> None:
    """A topic may wait for its first term; a folder without any topic is the wrong folder."""
    with pytest.raises(InputError, match="no glossary here"):
        read_glossary(tmp_path)
    (tmp_path / "t.md").write_text(HEAD, encoding="utf-8")

    assert read_glossary(tmp_path) == ()
