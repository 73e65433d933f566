"""`florilegium cards`: what a learner types, and what bad files get for an answer."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from florilegium.cards import build_glossary, faults_of, read_glossary, read_lessons
from florilegium.cli.commands import app
from florilegium.errors import InputError, StorageError

NOW = datetime(2026, 11, 23, tzinfo=UTC)
HEAD = "---\ntopic: T\nauthor: A\nrights: CC0\n---\n"
TERM = "## a\n\nsaid <b>so\n- example: e\n- why: w\n- confusion: c\n- source: nobody\n- see: elsewhere\n"


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_build_writes_a_deck_and_counts_its_cards(tmp_path: Path, flags: list[str]) -> None:
    """Every shipped term gives two cards; the lessons stand in the same file."""
    n_terms, lessons = len(read_glossary()), read_lessons()
    n_cards = 2 * n_terms + sum(len(note.ords) for note in lessons)

    result = CliRunner().invoke(app, ["cards", "build", "-o", str(tmp_path / "t.apkg"), *flags])

    assert result.exit_code == 0
    assert f"{n_cards:,}" in result.stdout or str(n_cards) in result.stdout
    assert str(n_terms + len(lessons)) in result.stdout
    assert (tmp_path / "t.apkg").is_file()


def test_a_deck_that_anki_would_not_open_is_refused(tmp_path: Path) -> None:
    """A deck under another name is refused before anything is written; one card is one card."""
    (tmp_path / "mine.md").write_text(
        "---\ndeck: D\nauthor: A\nrights: CC0\n---\n\n## What?\n\nThis.\n", encoding="utf-8"
    )
    cards = ["cards", "build", "--cards", str(tmp_path / "mine.md"), "-o"]
    refused = CliRunner().invoke(app, [*cards, str(tmp_path / "deck.txt")])
    made = CliRunner().invoke(app, [*cards, str(tmp_path / "deck.apkg")])

    assert refused.exit_code == 2
    assert "expected one that ends in .apkg" in refused.stderr
    assert not (tmp_path / "deck.txt").exists()
    assert "deck.apkg: 1 note, 1 card\n" in made.stdout
    assert "In Anki: File, Import" in made.stdout


def test_a_deck_of_words_loads_no_project(tmp_path: Path) -> None:
    """Building the glossary's deck imports neither the database nor the shell: it is there a second sooner."""
    (tmp_path / "mine.md").write_text(
        "---\ndeck: D\nauthor: A\nrights: CC0\n---\n\n## What?\n\nThis.\n", encoding="utf-8"
    )
    script = (
        "import sys; from florilegium.cli.commands import app\n"
        f"try: app(['cards', 'build', '--cards', {str(tmp_path / 'mine.md')!r}, '-o', {str(tmp_path / 'd.apkg')!r}])\n"
        "except SystemExit as end: assert not end.code\n"
        "print(sorted({'sqlalchemy', 'sklearn', 'florilegium.project'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


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

    with pytest.raises(InputError, match=r"faults? in the glossary") as caught:
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


LESSON = "---\ndeck: D\nauthor: A\nrights: CC0\n---\n\n## q\n\nan answer\n"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("## q\n\nagain\n", "stands twice"),
        ("## x\n\nno hidden part\n\n- kind: cloze\n", "a cloze hides nothing"),
        ("## x\n\ntext\n\n- kind: song\n", "m.md:10: x: field 'kind': 'song'"),
        ("## x\n\ntext\n\n- colour: red\n", "field 'colour'"),
        ("## x\n", "a card needs a heading and a text"),
        ("## x\n\n<script>y</script>\n", "holds markup or a script"),
        ("## x\n\n[latex]y[/latex]\n", "holds markup or a script"),
    ],
)
def test_own_cards_that_do_not_fit_are_told_why(tmp_path: Path, more: str, told: str) -> None:
    """Each fault has its place and its cure; no deck is written."""
    (tmp_path / "m.md").write_text(LESSON + more, encoding="utf-8")

    result = CliRunner().invoke(
        app, ["cards", "build", "--cards", str(tmp_path / "m.md"), "-o", str(tmp_path / "d.apkg")]
    )

    assert result.exit_code == 2
    assert told in result.stderr
    assert not (tmp_path / "d.apkg").exists()


def test_own_cards_become_a_deck(tmp_path: Path) -> None:
    """A Markdown file of one's own is a deck of one's own."""
    (tmp_path / "m.md").write_text(LESSON, encoding="utf-8")

    result = CliRunner().invoke(
        app, ["cards", "build", "--cards", str(tmp_path / "m.md"), "-o", str(tmp_path / "d.apkg"), "--json"]
    )

    assert json.loads(result.stdout)["decks"] == ["Florilegium::D"]


def test_a_deck_is_made_of_one_thing(tmp_path: Path) -> None:
    """Two sources of cards at once, an empty folder and a missing project are told."""
    both = CliRunner().invoke(app, ["cards", "build", "-p", str(tmp_path), "--pictures", "digits"])
    nothing = CliRunner().invoke(app, ["cards", "build", "--cards", str(tmp_path)])
    no_project = CliRunner().invoke(app, ["cards", "build", "-p", str(tmp_path)])

    assert (both.exit_code, nothing.exit_code, no_project.exit_code) == (2, 2, 3)
    assert "made of one of them" in both.stderr


def test_a_picture_deck_of_a_data_set(tmp_path: Path) -> None:
    """The embedded digits give a picture deck, with their licence; per class as many as asked for."""
    deck = tmp_path / "digits.apkg"
    result = CliRunner().invoke(
        app, ["cards", "build", "--pictures", "digits", "--per-class", "2", "-o", str(deck), "--json"]
    )

    document = json.loads(result.stdout)
    assert (document["n_notes"], document["n_pictures"], document["left_out"]) == (20, 20, [])


# Studying in the terminal


def record_of(tmp_path: Path) -> list[str]:
    """Name a record of the test's own."""
    return ["--deck-file", str(tmp_path / "study.db"), "--who", "ada"]


def test_a_session_in_the_terminal(tmp_path: Path) -> None:
    """Two answers, one taken back, quit: one answer is left, and the next session goes on from there."""
    session = CliRunner().invoke(app, ["cards", "study", *record_of(tmp_path)], input=" 3 4u q")
    progress = CliRunner().invoke(app, ["cards", "progress", *record_of(tmp_path), "--json"])

    assert session.exit_code == 0
    assert "taken back" in session.stdout
    assert "1 answered today" in session.stdout
    assert json.loads(progress.stdout)["n_reviews"] == 1


def test_the_end_of_the_input_loses_nothing(tmp_path: Path) -> None:
    """A terminal that goes away in the middle of a card ends the session; what was answered is kept."""
    CliRunner().invoke(app, ["cards", "study", *record_of(tmp_path)], input=" 4 ")
    shown = CliRunner().invoke(app, ["cards", "progress", *record_of(tmp_path)])

    assert "1 answer on 1 day; 1 card seen, 1 learned" in shown.stdout


def test_answers_travel_as_a_table(tmp_path: Path) -> None:
    """Exported here and imported there; a second time nothing is taken."""
    CliRunner().invoke(app, ["cards", "study", *record_of(tmp_path)], input=" 4 3q")
    table, other = str(tmp_path / "a.csv"), ["--deck-file", str(tmp_path / "other.db")]
    out = CliRunner().invoke(app, ["cards", "export", table, *record_of(tmp_path)])
    back = [CliRunner().invoke(app, ["cards", "import", table, *other, "--json"]) for _ in range(2)]
    plain = CliRunner().invoke(app, ["cards", "import", table, *other])

    assert "2 answers" in out.stdout
    assert [json.loads(each.stdout)["n_reviews"] for each in back] == [2, 0]
    assert "0 answers taken over, 2 were here already" in plain.stdout


def test_packages_and_other_files_by_command(tmp_path: Path) -> None:
    """A package is written and read back; another ending, another format and an empty history are told."""
    package = str(tmp_path / "mine.apkg")
    out = CliRunner().invoke(app, ["cards", "export", package, *record_of(tmp_path), "--json"])
    back = CliRunner().invoke(app, ["cards", "import", package, *record_of(tmp_path), "--foreign"])
    (tmp_path / "x.apkg").write_bytes(b"x")
    broken = CliRunner().invoke(app, ["cards", "import", str(tmp_path / "x.apkg"), *record_of(tmp_path)])
    strange = CliRunner().invoke(app, ["cards", "export", str(tmp_path / "x.txt"), *record_of(tmp_path)])
    few = CliRunner().invoke(app, ["cards", "optimise", *record_of(tmp_path)])
    reset = CliRunner().invoke(app, ["cards", "optimise", "--reset", *record_of(tmp_path)])

    assert json.loads(out.stdout)["n_notes"] == 381
    assert back.exit_code == 0
    assert (broken.exit_code, strange.exit_code, few.exit_code, reset.exit_code) == (2, 2, 3, 0)
    assert "640 are needed" in few.stderr
    assert "FSRS's own numbers again" in reset.stdout


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--new", "-1"], "new cards a day"),
        (["--retention", "2"], "0.7 to 0.97"),
        (["--zone", "Mars/Olympus"], "no such time zone"),
        (["--who", " "], "expected a name"),
    ],
)
def test_choices_that_cannot_be_are_told(tmp_path: Path, options: list[str], told: str) -> None:
    """Each ends with 2 and what was expected."""
    result = CliRunner().invoke(app, ["cards", "study", "--deck-file", str(tmp_path / "s.db"), *options], input="q")

    assert result.exit_code == 2
    assert told in result.stderr
