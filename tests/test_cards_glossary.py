"""The glossary and its decks: complete, in our own words, readable by Anki itself."""

import inspect
from datetime import UTC, datetime
from pathlib import Path

import fairlearn.metrics
import pytest
import sklearn.ensemble
import sklearn.linear_model
import sklearn.metrics
import sklearn.model_selection

from florilegium.cards import build_glossary, copied_sentences, faults_of, read_glossary
from florilegium.errors import InputError

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DOCS = Path(__file__).parents[1] / "docs"
TOPIC = """---
topic: Small
author: Ada
rights: {rights}
---

## {name}

A rule {more} that is written down.

- example: one
- why: two
- confusion: three
- source: Ada, Notes (1843)
- see: docs/lab.md
"""


def folder_with(folder: Path, *, rights: str = "CC0", name: str = "rule", more: str = "of use") -> Path:
    """Write a glossary of one term."""
    (folder / "small.md").write_text(TOPIC.format(rights=rights, name=name, more=more), encoding="utf-8")
    return folder


def commands() -> set[str]:
    """Give the names of all commands, those of groups with the group before them."""
    from florilegium.cli.commands import app

    found = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    for group in app.registered_groups:
        inner = group.typer_instance
        assert inner is not None
        for command in inner.registered_commands:
            found.add(f"{inner.info.name} {command.name or getattr(command.callback, '__name__', '')}")
    return found


def test_the_shipped_glossary_has_300_terms_without_fault() -> None:
    """At least 300 terms ship; each is complete, short, unique, shareable, and shows to a page or command."""
    terms = read_glossary()

    assert len(terms) >= 300
    assert faults_of(terms, commands=commands(), docs=DOCS) == []


@pytest.mark.parametrize(
    "name",
    [
        *("activation", "zero-shot", "recourse", "feedback loop", "historical bias", "representation bias"),
        *("measurement bias", "evaluation bias", "aggregation bias", "deployment bias"),
    ],
)
def test_the_glossary_has_what_was_promised(name: str) -> None:
    """The first term and the last, the six biases, recourse and feedback loops are there."""
    assert name in {term.name for term in read_glossary()}


def test_a_broken_file_is_told_with_file_line_field_and_cure(tmp_path: Path) -> None:
    """A missing field is named with its file, line and what to write; all faults come at once."""
    text = TOPIC.format(rights="CC0", name="rule", more="").replace("- why: two\n", "- wy: two\n")
    (tmp_path / "small.md").write_text(text.replace("author: Ada\n", ""), encoding="utf-8")
    (tmp_path / "tiny.md").write_text(text, encoding="utf-8")

    with pytest.raises(InputError) as caught:
        read_glossary(tmp_path)

    assert "small.md:4: field 'author' is missing; add 'author: ...'" in str(caught.value)
    assert "tiny.md:7: rule: unknown field 'wy'" in str(caught.value)
    assert "tiny.md:7: rule: field 'why' is missing or empty; write it" in str(caught.value)


def test_script_in_a_card_is_a_fault(tmp_path: Path) -> None:
    """A card with markup is named."""
    faults = faults_of(read_glossary(folder_with(tmp_path, more="<script>x</script>")))

    assert [fault for fault in faults if "markup" in fault]


def test_a_sentence_shared_by_two_cards_is_a_fault(tmp_path: Path) -> None:
    """Two terms may not say the same sentence, nor stand twice."""
    terms = read_glossary(folder_with(tmp_path))

    faults = "\n".join(faults_of([*terms, *read_glossary(tmp_path)]))

    assert "stands in small.md:7 too" in faults
    assert "shares a sentence" in faults


def test_words_copied_from_a_source_are_found(tmp_path: Path) -> None:
    """Eight words in a row from a source text are found; seven are not."""
    terms = read_glossary(folder_with(tmp_path, more="of two three four"))

    assert copied_sentences(terms, "He said: a rule of two three four that is!") != []
    assert copied_sentences(terms, "a rule of two three four that") == []


def test_the_shipped_glossary_copies_no_text_at_hand() -> None:
    """No eight words in a row are those of scikit-learn's or fairlearn's own explanations, 300,000 words of them."""
    modules = [sklearn.metrics, sklearn.linear_model, sklearn.model_selection, sklearn.ensemble, fairlearn.metrics]
    things = [getattr(module, name, None) for module in modules for name in module.__all__ if "Halving" not in name]
    text = " ".join(inspect.getdoc(thing) or "" for thing in things if thing is not None)

    assert len(text.split()) > 100_000
    assert copied_sentences(read_glossary(), text) == []


def test_cards_of_unknown_rights_enter_no_deck(tmp_path: Path) -> None:
    """A deck is refused, with the card's place, where a card's rights are not known."""
    terms = read_glossary(folder_with(tmp_path, rights="found somewhere"))

    with pytest.raises(InputError, match=r"small\.md:7: rule: 'found somewhere'"):
        build_glossary(terms, tmp_path / "deck.apkg", now=NOW)
    assert not (tmp_path / "deck.apkg").exists()


def test_anki_imports_the_deck_and_imports_it_again_without_doubles(tmp_path: Path) -> None:
    """Anki's own library reads each note and both cards; a second import adds nothing; the card shows its text."""
    collection = pytest.importorskip("anki.collection")
    terms = read_glossary()
    deck = tmp_path / "terms.apkg"
    n_cards = build_glossary(terms, deck, now=NOW)
    opened = collection.Collection(str(tmp_path / "collection.anki2"))
    try:
        for _ in range(2):
            request = collection.ImportAnkiPackageRequest(
                package_path=str(deck), options=collection.ImportAnkiPackageOptions()
            )
            opened.import_anki_package(request)
        shown = opened.get_card(opened.find_cards("term:softmax card:1")[0]).answer()

        assert (opened.note_count(), opened.card_count()) == (len(terms), n_cards)
        assert "positive numbers that add up to one" in shown
        assert "own words, CC BY 4.0" in shown
    finally:
        opened.close()


def test_a_notes_id_depends_on_its_term_alone(tmp_path: Path) -> None:
    """Notes keep their ids when the order changes or a definition is improved."""
    import sqlite3
    import zipfile

    def ids(path: Path) -> set[str]:
        with zipfile.ZipFile(path) as package:
            package.extract("collection.anki2", tmp_path)
        found = sqlite3.connect(tmp_path / "collection.anki2")
        try:
            return {str(row[0]) for row in found.execute("select guid from notes")}
        finally:
            found.close()

    terms = read_glossary()
    build_glossary(terms, tmp_path / "a.apkg", now=NOW)
    build_glossary(terms[::-1], tmp_path / "b.apkg", now=datetime(2027, 1, 1, tzinfo=UTC))

    assert ids(tmp_path / "a.apkg") == ids(tmp_path / "b.apkg")
