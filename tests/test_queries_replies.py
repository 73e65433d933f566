"""Replies with places: what a file may hold, what is refused and how, and that nothing but words is ever filled in."""

from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

import florilegium
from florilegium.errors import InputError, MetadataError, SourceError
from florilegium.project import Project
from florilegium.queries import PLACEHOLDERS, Reply, fault_of, filled, names_in
from florilegium.queries.reply import best_for
from florilegium.source.replies import read_replies
from tests.query_making import INTENTS, queries_csv

HOSTILE = (
    "{name.__class__}",
    "{name[0]}",
    "{0}",
    "{}",
    "{name!r}",
    "{name:>1000000000}",
    "{__import__}",
    "{NAME}",
    "{ name }",
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Give a project of queries; nothing is trained."""
    folder = tmp_path_factory.mktemp("replies")
    queries_csv(folder / "queries.csv", n_each=12)
    return florilegium.new(folder / "project", folder / "queries.csv")


def written(folder: Path, name: str, text: str) -> Path:
    """Write a file and give its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("text", HOSTILE)
def test_a_place_is_a_plain_name_and_nothing_else(text: str) -> None:
    """Attributes, indices, formats and unknown names are faults, and are never looked up."""
    assert "placeholder" in fault_of(text)
    with pytest.raises(InputError, match="placeholder"):
        filled(Reply(intent="a", text=text), {"name": "Ann"})


@pytest.mark.parametrize("text", ["{", "}", "a { b", "{{name}", "{name}}"])
def test_a_single_brace_is_a_fault(text: str) -> None:
    """A brace that is meant stands twice; the message says where the single one is."""
    assert "stands twice" in fault_of(text)


@given(st.text(max_size=200), st.sampled_from(sorted(PLACEHOLDERS)))
def test_what_is_filled_in_is_text(value: str, name: str) -> None:
    """Whatever a person or a query gives is put in as it is, braces and all; nothing in it is filled again."""
    text, missing = filled(Reply(intent="a", text=f"<{{{name}}}>{{{{x}}}}"), {name: value})

    assert text == (f"<{value}>{{x}}" if value else f"<{{{name}}}>{{x}}")
    assert missing == (() if value else (name,))


@given(st.text(alphabet="ab{}name ", max_size=30))
def test_every_text_is_filled_or_refused(text: str) -> None:
    """A text without a fault is filled without an exception, and names only known places."""
    if fault_of(text):
        return
    assert set(names_in(text)) <= PLACEHOLDERS.keys()
    assert filled(Reply(intent="a", text=text), dict.fromkeys(PLACEHOLDERS, "v"))[1] == ()


def test_the_reply_of_the_language_is_taken() -> None:
    """pt-BR takes its own, else pt; pt takes pt-BR; else the one for all; where there is no other, the only one."""
    every, pt = Reply(intent="a", text="hi"), Reply(intent="a", text="ola", language="pt")

    assert best_for([every, pt], "a", language="pt-BR") == pt
    assert best_for([every, pt], "a", language="de") == every
    assert best_for([every, Reply(intent="a", text="oi", language="pt-BR")], "a", language="pt") != every
    assert best_for([pt], "a", language="de") == pt  # a person may translate it; by itself it goes to nobody
    assert best_for([every], "b") is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("r.csv", "intent,reply,language\nlost_card,Freeze it {name},en\n"),
        ("r.tsv", "Intent\tAnswer\nlost_card\tFreeze it {name}\n"),
        ("r.jsonl", '{"intent": "lost_card", "reply": "Freeze it {name}"}\n'),
        ("r.toml", '[[reply]]\nintent = "lost_card"\ntext = "Freeze it {name}"\n'),
        ("r.toml", 'lost_card = "Freeze it {name}"\n'),
    ],
)
def test_every_usual_table_is_read(tmp_path: Path, project: Project, name: str, text: str) -> None:
    """CSV, TSV, JSON lines and both shapes of TOML give the same reply, and say which intents have none."""
    taken = project.queries().take_replies(written(tmp_path, name, text))

    assert (taken.n_replies, taken.n_intents, taken.is_check) == (1, 1, False)
    assert set(taken.missing) == INTENTS.keys() - {"lost_card"}
    assert project.store.queries.replies()[0].text == "Freeze it {name}"


def test_every_fault_is_said_with_line_and_cure(tmp_path: Path, project: Project) -> None:
    """Unknown intents and places name the nearest, repeated ones the first; nothing is taken into use."""
    before = project.store.queries.replies()
    path = written(
        tmp_path,
        "r.csv",
        "intent,reply\nlost_crad,Freeze\nlost_card,Hello {nmae}\ncard_arrival,ok\ncard_arrival,again\n,x\nlost_card,\n",
    )
    with pytest.raises(InputError) as refused:
        project.queries().take_replies(path)
    said = str(refused.value)

    assert "r.csv line 2: no intent 'lost_crad' in this project; nearest: 'lost_card'" in said
    assert "r.csv line 3: no placeholder {nmae}; nearest: {name}" in said
    assert "r.csv line 5: 'card_arrival' has a reply already, in r.csv line 4" in said
    assert "r.csv line 6: no intent" in said
    assert "r.csv line 7: the reply is empty" in said
    assert "5 faults" in said
    assert project.store.queries.replies() == before


def test_check_looks_and_does_nothing(tmp_path: Path, project: Project) -> None:
    """With check the file is read and judged, and the replies in use stay."""
    before = project.store.queries.replies()
    taken = project.queries().take_replies(written(tmp_path, "r.csv", "intent,reply\nlost_card,New one\n"), check=True)

    assert taken.is_check
    assert project.store.queries.replies() == before


def test_a_column_of_a_places_name_fills_it_in(tmp_path: Path, project: Project) -> None:
    """A column called link belongs to the row's reply; one that nothing uses is told."""
    path = written(tmp_path, "r.csv", "intent,reply,link,colour\nlost_card,See {link},https://a.example,red\n")
    taken = project.queries().take_replies(path)

    assert filled(project.store.queries.replies()[0])[0] == "See https://a.example"
    assert any("colour" in note for note in taken.notes)


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("r.csv", "a,b\n1,2\n", MetadataError),
        ("r.toml", "= 3", SourceError),
        ("r.toml", "", MetadataError),
        ("r.toml", "[[reply]]\nintent = 3\ntext = 'a'\n", InputError),
        ("r.csv", "", SourceError),
        ("missing.csv", None, SourceError),
        ("missing.toml", None, SourceError),
    ],
)
def test_what_is_no_table_of_replies_is_refused(
    tmp_path: Path, project: Project, name: str, text: str | None, error: type[InputError]
) -> None:
    """Another table, broken TOML, an empty file, no file: said with the file's name."""
    path = tmp_path / name if text is None else written(tmp_path, name, text)
    with pytest.raises(error, match=name.replace(".", r"\.")):
        project.queries().take_replies(path)


def test_html_in_a_reply_is_text(tmp_path: Path) -> None:
    """Signs of HTML are kept as they are: they are escaped where they are shown, not where they are kept."""
    path = written(tmp_path, "r.csv", 'intent,reply\nlost_card,"<script>alert(1)</script> & {name}"\n')

    assert read_replies(path).rows[0].text == "<script>alert(1)</script> & {name}"
