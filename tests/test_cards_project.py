"""A project's own cards: pictures with credit and licence, mistakes side by side, corrections, terms met."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import florilegium
from florilegium.cards import Kind, build, read_glossary
from florilegium.cards.met import page_text, terms_met
from florilegium.cards.rights import is_shareable
from florilegium.cards.schedule import Rating
from florilegium.errors import InputError, StepMissing
from florilegium.project import Project, carding
from florilegium.project.carding import DeckWish
from florilegium.project.studying import Study
from florilegium.source.base import Side, SourceSpec
from florilegium.store import CardRecord
from tests.card_making import NOW, Clock
from tests.card_project_making import N, make_project, paint


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a project with answers of a model; copied by tests that change it."""
    return make_project(tmp_path_factory.mktemp("cards"))


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Iterator[Project]:
    """Give a copy of that project, to be changed."""
    shutil.copytree(made, tmp_path / "flowers")
    with florilegium.load(tmp_path / "flowers") as opened:
        yield opened


def test_a_shared_deck_has_clear_licences_and_says_what_is_left_out(project: Project) -> None:
    """Pictures under CC BY with an author and CC0 are in; the others are counted by their reason."""
    found = project.cards(DeckWish(decks=("pictures",)))
    notes = [note for note, _ in found.notes]
    n_train = sum(side is Side.TRAIN for _, side in project.store.sides().values())

    assert {note.rights for note in notes} <= {"CC BY 4.0", "CC0"}
    assert all(note.fields["credit"] == "Ann Ott" for note in notes if note.rights == "CC BY 4.0")
    assert {why for why, _ in found.left_out} == {
        "licence 'all rights reserved'",
        "no licence",
        "a licence that asks for the author's name, and none is known",
    }
    assert len(notes) + sum(n for _, n in found.left_out) == n_train


def test_sealed_pictures_are_on_no_card(project: Project) -> None:
    """Only items to learn from are shown, in every deck, private ones too."""
    found = project.cards(DeckWish(shared=False, per_class=99))
    sealed = {name for name, (_, side) in project.store.sides().items() if side is Side.TEST}

    items = {item for _, item in found.notes if item is not None}
    assert sealed
    assert items & sealed == set()
    assert len(items) == 3 * N - len(sealed)


def test_confused_classes_stand_side_by_side(project: Project) -> None:
    """The pair that was mixed up three times is a card with both classes and both counts; others are not there."""
    found = project.cards(DeckWish(decks=("mistakes",), shared=False))
    notes = [note for note, _ in found.notes]

    assert len(notes) == 3
    for note in notes:
        assert note.fields["prompt"] == "One is camellia, the other peony. Which is which?"
        assert len(set(note.pictures)) == 2
        left, right = note.fields["answer"].removeprefix("left: ").split(", right: ")
        assert {left, right} == {"camellia", "peony"}
        assert "2 of" in note.fields["more"]
        assert "1 of" in note.fields["more"]


def test_what_a_learner_mixes_up_is_among_the_mistakes(project: Project) -> None:
    """Two roses named peony by the learner make that pair a card too, and the card says who mixed it up."""
    names = [name for name, (_, side) in project.store.sides().items() if side is Side.TRAIN and "rose" in name]
    human = carding.human_answers([(name, "rose", "peony") for name in names[:2]], {})

    found = carding.gather(project, DeckWish(decks=("mistakes",), shared=False), human=human)

    roses = [note for note, _ in found.notes if "rose" in note.fields["prompt"]]
    assert "You took 2 of 2 items of rose for peony." in roses[0].fields["more"]


def test_a_corrected_label_is_a_card(project: Project) -> None:
    """It asks what the item is that came under a wrong name, and says who corrected it and why."""
    name = next(n for n, (_, side) in project.store.sides().items() if side is Side.TRAIN and "rose" in n)
    project.relabel(name, "peony", who="ben", why="no thorns")

    ((note, _),) = project.cards(DeckWish(decks=("corrected",), shared=False)).notes

    assert note.fields["prompt"] == "It came labelled rose. What is it?"
    assert note.fields["answer"] == "peony"
    assert "ben corrected it" in note.fields["more"]
    assert "no thorns" in note.fields["more"]


def test_terms_met_are_those_that_a_reader_saw(project: Project) -> None:
    """A term of the report is met; one that stands nowhere, or in a script only, is not."""
    (project.folder / "report.html").write_text(
        "<h1>The confusion matrix</h1><script>softmax</script><style>dropout</style>", encoding="utf-8"
    )

    met = {term.name for term in carding.met_in(project)}

    assert "confusion matrix" in met
    assert met & {"softmax", "dropout"} == set()


def test_a_term_is_met_as_a_whole_word_or_by_its_command() -> None:
    """Epoch is met in epochs, not in epochal; a command's term is met once the command was used."""
    terms = read_glossary()

    names = [{t.name for t in terms_met(terms, [text])} for text in ("two epochs", "an epochal change")]
    by_command = terms_met(terms, [], commands={"bias"})

    assert ["epoch" in found for found in names] == [True, False]
    assert by_command
    assert all(term.see.startswith("florilegium bias") for term in by_command)
    assert page_text("<p>a<svg><text>b</text></svg>c") == "a c"


def test_two_builds_give_the_same_notes(project: Project) -> None:
    """Guids, texts and pictures do not depend on when or how often a deck is made."""
    first, second = (project.cards(DeckWish(shared=False)) for _ in range(2))
    files = first.files()

    assert first.notes == second.notes
    assert all(path.read_bytes().startswith(b"\xff\xd8") for path in files.values())
    assert {path.parent for path in files.values()} == {project.folder / "cache" / "cards"}
    assert all(b"Exif" not in path.read_bytes() for path in files.values())


def test_a_picture_that_is_gone_leaves_its_card_out(project: Project, tmp_path: Path) -> None:
    """The other cards are built, and the lost ones counted."""
    wish = DeckWish(decks=("pictures",), shared=False)
    found = project.cards(wish)
    photos = Path(project.settings.source.location)
    lost = next(item for _, item in found.notes if item is not None)
    shutil.rmtree(project.cache / "cards", ignore_errors=True)
    hidden = (photos / lost).with_suffix(".hidden")
    (photos / lost).rename(hidden)
    try:
        built, n_gone = carding.packed(found, tmp_path / "d.apkg", shared=False, now=NOW)
    finally:
        hidden.rename(photos / lost)

    assert (n_gone, built.n_notes) == (1, len(found.notes) - 1)


def test_closed_pictures_cannot_enter_a_shared_deck_at_all(project: Project, tmp_path: Path) -> None:
    """The builder refuses them even where the caller forgot to leave them out; nothing is written."""
    notes = [note for note, _ in project.cards(DeckWish(decks=("pictures",), shared=False)).notes]

    with pytest.raises(InputError, match="cannot be shared"):
        build(notes, tmp_path / "d.apkg", now=NOW)
    assert not (tmp_path / "d.apkg").exists()


def test_an_empty_project_and_a_deck_that_is_none_are_told(tmp_path: Path) -> None:
    """Both say what to do."""
    paint(tmp_path / "photos")
    project = florilegium.project.project.prepare(tmp_path / "empty", tmp_path / "photos")
    with project, pytest.raises(StepMissing, match="florilegium new"):
        project.cards()
    with pytest.raises(InputError, match="expected one of pictures, mistakes"):
        DeckWish(decks=("flowers",))


def test_a_data_set_that_is_no_project_gives_a_picture_deck(tmp_path: Path) -> None:
    """A folder of classes is enough; the private deck has all, the shared one only what may be shared."""
    paint(tmp_path / "photos")
    spec = SourceSpec(location=str(tmp_path / "photos"))

    shared, private = (carding.of_source(spec, DeckWish(shared=each), tmp_path / "pictures") for each in (True, False))

    assert len(private.notes) == 3 * N
    assert len(shared.notes) + sum(n for _, n in shared.left_out) == 3 * N
    assert {note.kind for note, _ in shared.notes} == {Kind.PICTURE}


@pytest.mark.parametrize(
    ("words", "open_"),
    [
        ("CC BY 4.0", True),
        ("https://creativecommons.org/licenses/by-sa/3.0/", True),
        ("https://creativecommons.org/publicdomain/zero/1.0/", True),
        ("Public Domain", True),
        ("CC BY-NC 4.0", False),
        ("CC BY-ND 4.0", False),
        ("https://creativecommons.org/licenses/by-nc/4.0/", False),
        ("unstated; README says CC BY 4.0", False),
        ("MIT (repository licence; the photo itself is not credited)", False),
        ("", False),
    ],
)
def test_only_clear_and_free_licences_are_shareable(words: str, open_: bool) -> None:
    """No trade or no changes, a guess, and nothing at all keep a picture out of a shared deck."""
    assert is_shareable(words) is open_


# Studying a project


def test_naming_pictures_feeds_recall_and_with_consent_the_human_baseline(project: Project) -> None:
    """The first name given to a picture counts, later ones do not; without consent nothing leaves the learner's record.

    What is taken back is taken back in the human baseline too.
    """
    with closing(CardRecord(project.store.url)) as record:
        study = Study(record, who="ada", clock=Clock(), project=project)
        study.prepare(DeckWish(decks=("pictures",), shared=False))
        first = study.next()
        assert first is not None
        study.answer(first, Rating.GOOD, said=first.card.note.label, source="page")
        without = project.store.judgements.all(task="game")
        study.choose(consent=True)
        wrong = 0
        while wrong < 2:
            shown = study.next()
            assert shown is not None
            is_peony = shown.card.note.label == "peony" and shown.seen == 0
            said = "camellia" if is_peony else shown.card.note.label
            study.answer(shown, Rating.EASY, said=said, source="page")
            wrong += is_peony
        judged = project.store.judgements.all(task="game")
        account = study.account()
        study.undo()
        after = project.store.judgements.all(task="game")

    assert without == ()
    assert [j.label for j in judged if j.before == "peony"] == ["camellia"] * 2
    assert {j.who for j in judged} == {"ada"}
    assert len(after) == len(judged) - 1
    assert account.both == (("camellia", "peony"),)
    peony = next(pair for pair in account.classes if pair.name == "peony")
    assert peony.you is not None
    assert peony.model is not None
    assert (peony.you.n_right, peony.you.n) == (0, 2)
    assert peony.model.n - peony.model.n_right == 2


def test_what_another_card_told_is_not_seen_but_remembered(project: Project) -> None:
    """A picture that stood on a card of mistakes before it was named counts neither to recall nor to the baseline."""
    with closing(CardRecord(project.store.url)) as record:
        study = Study(record, who="ada", clock=Clock(), project=project)
        study.choose(consent=True)
        study.prepare(DeckWish(decks=("mistakes",), shared=False))
        told: set[str] = set()
        while (shown := study.next()) is not None:
            told.update(shown.card.note.pictures)
            study.answer(shown, Rating.EASY, source="page")
        study.prepare(DeckWish(decks=("pictures",), shared=False))
        study.choose(new_per_day=99)
        n_named = n_told = 0
        while (shown := study.next()) is not None:
            n_named += 1
            n_told += shown.card.note.pictures[0] in told
            study.answer(shown, Rating.EASY, said=shown.card.note.label, source="page")
        judged = project.store.judgements.all(task="game")

        assert n_told > 0
        assert study.account().n_named == n_named - n_told
        assert len(judged) == n_named - n_told
