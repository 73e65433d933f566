"""Decks and scheduling there and back, judged by Anki's own library; and packages that are none."""

import io
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import zstandard

from florilegium.cards import Kind, build, read_lessons
from florilegium.cards.schedule import Rating
from florilegium.errors import InputError
from florilegium.project import exchanging
from florilegium.store import anki
from florilegium.store.anki import read_package
from tests.card_making import NOW, Clock, basic, closed, study_for_days, study_of
from tests.photo_making import a_picture, encoded

anki_collection = pytest.importorskip("anki.collection")


@contextmanager
def collection(folder: Path) -> Iterator[Any]:
    """Open a collection of Anki's, new or known."""
    opened = anki_collection.Collection(str(folder / "collection.anki2"))
    try:
        yield opened
    finally:
        opened.close()


def take_in(opened: Any, deck: Path, *, scheduling: bool = False) -> Any:
    """Let Anki import a package as its menu does."""
    options = anki_collection.ImportAnkiPackageOptions(with_scheduling=scheduling)
    return opened.import_anki_package(anki_collection.ImportAnkiPackageRequest(package_path=str(deck), options=options))


def shown(opened: Any, query: str) -> tuple[str, str]:
    """Give both sides of the first card that a search finds."""
    card = opened.get_card(opened.find_cards(query)[0])
    return card.question(), card.answer()


def test_anki_shows_every_kind_of_note(tmp_path: Path) -> None:
    """Basic, reversed, cloze and picture notes have the cards, sides and pictures that they should."""
    (tmp_path / "one.jpg").write_bytes(encoded(a_picture(), "JPEG"))
    (tmp_path / "two.jpg").write_bytes(encoded(a_picture(seed=2), "JPEG"))
    picture = {"picture": "one.jpg", "second": "two.jpg", "prompt": "which?", "answer": "left: rose", "credit": "Ann"}
    notes = [
        basic(0),
        basic(1, kind=Kind.REVERSED),
        basic(2, kind=Kind.CLOZE, fields={"text": "a {{c1::hidden::hint}} and {{c2::other}}", "rights": "CC0"}),
        basic(3, kind=Kind.PICTURE, fields={**picture, "rights": "CC BY 4.0"}, pictures=("one.jpg", "two.jpg")),
    ]
    files = {name: tmp_path / name for name in ("one.jpg", "two.jpg")}
    built = build(notes, tmp_path / "deck.apkg", now=NOW, pictures=files)

    with collection(tmp_path) as opened:
        for _ in range(2):
            take_in(opened, built.path)

        assert (built.n_notes, built.n_cards, built.n_pictures) == (4, 6, 2)
        assert (opened.note_count(), opened.card_count()) == (4, 6)
        assert "answer 1" in shown(opened, '"front:question 1" card:2')[0]
        question, answer = shown(opened, "note:*cloze card:1")
        assert "[hint]" in question
        assert "hidden" not in question.split("data-cloze")[0]
        assert "hidden" in answer
        question, answer = shown(opened, "note:*picture")
        assert question.count("<img") == 2
        assert "left: rose" not in question
        assert "left: rose" in answer
        assert "Ann" in answer
        assert (Path(opened.media.dir()) / "one.jpg").read_bytes() == files["one.jpg"].read_bytes()


def test_nothing_in_a_card_acts(tmp_path: Path) -> None:
    """Markup, scripts, sounds, LaTeX, MathJax and field marks come out of Anki as the letters that they are."""
    evil = "<img src=x onerror=alert(1)><script>x</script>[sound:a.mp3][latex]x[/latex]\\(x\\)\x1f{{back}}"
    build([basic(0, fields={"front": evil, "back": "b", "rights": "CC0"})], tmp_path / "d.apkg", now=NOW)

    with collection(tmp_path) as opened:
        take_in(opened, tmp_path / "d.apkg")
        card = opened.get_card(opened.find_cards("")[0])
        question = card.question()

        assert "<img" not in question
        assert "<script" not in question
        assert "[anki:play" not in question
        assert "latex-" not in question
        assert "\\(" not in question
        assert "&lt;script&gt;" in question
        assert card.question_av_tags() == []
        assert opened.note_count() == 1


def test_the_shipped_lessons_are_imported_whole(tmp_path: Path) -> None:
    """Every shipped lesson card arrives, in its own deck."""
    notes = read_lessons()
    built = build(notes, tmp_path / "d.apkg", now=NOW)

    with collection(tmp_path) as opened:
        take_in(opened, built.path)

        assert opened.card_count() == sum(len(note.ords) for note in notes)
        assert set(built.decks) <= {each.name for each in opened.decks.all_names_and_ids()}


def test_scheduling_goes_to_anki_and_answers_come_back(tmp_path: Path) -> None:
    """Anki has the same due days, counts, stability and answers; what is answered there arrives here, once.

    Both of Anki's formats are read.
    """
    real = datetime.now(UTC)  # Anki counts its days by this machine's clock
    clock = Clock(real - timedelta(days=12))
    study = study_of(tmp_path, [basic(i) for i in range(40)], clock=clock)
    with closed(study), collection(tmp_path) as opened:
        study_for_days(study, clock, n_days=12, per_day=8)
        clock.now = real
        exchanging.export_package(study, tmp_path / "mine.apkg", now=real)
        take_in(opened, tmp_path / "mine.apkg", scheduling=True)
        memories, day = study.record.memories("ada"), study.choices.day
        rows = {
            guid: (kind, due - opened.sched.today, reps, lapses, json.loads(data).get("s"))
            for guid, kind, due, reps, lapses, data in opened.db.all(
                "select n.guid, c.type, c.due, c.reps, c.lapses, c.data from cards c join notes n on n.id = c.nid "
                "where c.type = 2"
            )
        }
        expected = {
            guid: (2, (day.date_of(m.due) - day.date_of(real)).days, m.n_reviews, m.n_lapses, round(m.stability, 4))
            for (guid, _), m in memories.items()
            if m.stage == 2
        }

        assert rows == expected
        assert len(rows) > 5
        assert opened.db.scalar("select count() from revlog") == len(study.record.reviews("ada"))

        opened.decks.select(opened.decks.id_for_name("Florilegium::tests"))
        card = opened.sched.getCard()
        card.start_timer()
        opened.sched.answerCard(card, 4)
        taken = []
        for legacy in (True, False):
            path = tmp_path / f"{legacy}.apkg"
            options = anki_collection.ExportAnkiPackageOptions(
                with_scheduling=True, with_deck_configs=True, with_media=True, legacy=legacy
            )
            opened.export_anki_package(out_path=str(path), options=options, limit=None)
            taken.append(exchanging.import_package(study, path, foreign=False, now=real).n_reviews)

        assert taken == [1, 0]
        assert study.record.reviews("ada")[-1].rating is Rating.EASY


def test_foreign_notes_come_as_plain_text(tmp_path: Path) -> None:
    """A note made in Anki is added when asked for; its markup and scripts stay outside, its cloze works."""
    study = study_of(tmp_path, [basic(0)], clock=Clock())
    with closed(study), collection(tmp_path) as opened:
        for kind, fields in (
            ("Basic", ["<b>front</b><script>x()</script>", "back<br>two"]),
            ("Basic (and reversed card)", ["one", "other"]),
            ("Cloze", ["a {{c1::b}}", ""]),
            ("Basic", ["<img src=x.jpg>", "only a picture in front"]),
        ):
            note = opened.new_note(opened.models.by_name(kind))
            note.fields[:2] = fields
            opened.add_note(note, opened.decks.id("Mine"))
        path = tmp_path / "theirs.apkg"
        opened.export_anki_package(
            out_path=str(path), options=anki_collection.ExportAnkiPackageOptions(with_scheduling=True), limit=None
        )
        without = exchanging.import_package(study, path, foreign=False, now=NOW)
        taken = exchanging.import_package(study, path, foreign=True, now=NOW)
        added = [note for note in study.record.notes() if note.guid != "note0"]

        assert (without.n_foreign, without.n_notes, taken.n_notes) == (4, 0, 3)
        assert [note.kind for note in added] == [Kind.BASIC, Kind.REVERSED, Kind.CLOZE]
        assert added[0].fields == {"front": "front", "back": "back two"}
        assert added[0].deck == "Imported::Mine"
        study.record.take_in([(basic(0), None)], now=NOW)
        assert len(study.record.notes()) == 4


# Packages that are none


def packed(path: Path, name: str, content: bytes) -> Path:
    """Make an archive with one file in it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return path


def database(*statements: str) -> bytes:
    """Make a database of these statements."""
    db = sqlite3.connect(":memory:")
    for statement in statements:
        db.execute(statement)
    content = db.serialize()
    db.close()
    return content


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A collection that unpacks to more than the limit is refused, in both formats, before the disk is full."""
    monkeypatch.setattr(anki, "MAX_COLLECTION_BYTES", 10 << 20)
    zeros = bytes(64 << 20)
    old = packed(tmp_path / "old.apkg", "collection.anki2", zeros)
    new = packed(tmp_path / "new.apkg", "collection.anki21b", zstandard.compress(zeros))

    assert old.stat().st_size < 100_000
    for path in (old, new):
        with pytest.raises(InputError, match="unpacks to more than 10 MiB"):
            read_package(path)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("readme.txt", b"hello", "no collection"),
        ("collection.anki2", b"not a database at all", "damaged"),
        ("collection.anki21b", b"not zstd", "damaged"),
        ("collection.anki2", database("create table notes (id)"), "no table"),
        (
            "collection.anki2",
            database(
                "create table cards (id)",
                "create table revlog (id)",
                "create view notes as with recursive n(i) as (select 1 union all select i + 1 from n) select i from n",
            ),
            "no table notes",
        ),
    ],
)
def test_an_archive_that_is_no_package_is_told(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    """What is wrong is said, and what to do in Anki."""
    with pytest.raises(InputError, match=told) as caught:
        read_package(packed(tmp_path / "x.apkg", name, content))

    assert "File, Export" in str(caught.value)


def test_a_file_that_is_no_archive_is_told(tmp_path: Path) -> None:
    """A picture, an empty file, a cut package and a missing one are no packages."""
    (tmp_path / "picture.apkg").write_bytes(encoded(a_picture(), "JPEG"))
    (tmp_path / "empty.apkg").write_bytes(b"")
    whole = build([basic(0)], tmp_path / "whole.apkg", now=NOW).path.read_bytes()
    (tmp_path / "cut.apkg").write_bytes(whole[: len(whole) // 2])

    for name in ("picture", "empty", "cut", "missing"):
        with pytest.raises(InputError, match=f"{name}.apkg"):
            read_package(tmp_path / f"{name}.apkg")


# Tables


def test_a_table_carries_all_answers_to_another_device(tmp_path: Path) -> None:
    """What is exported on one device and imported on another gives the same memories; twice changes nothing."""
    clock = Clock()
    one = study_of(tmp_path, [basic(i) for i in range(10)], clock=clock, name="one.db")
    other = study_of(tmp_path, [basic(i) for i in range(10)], clock=clock, name="other.db")
    with closed(one), closed(other):
        study_for_days(one, clock, n_days=3, per_day=6)
        n = exchanging.export_table(one, tmp_path / "answers.csv")
        taken = [exchanging.import_table(other, tmp_path / "answers.csv") for _ in range(2)]

        assert [(t.n_reviews, t.n_known) for t in taken] == [(n, 0), (0, n)]
        assert other.record.memories("ada") == one.record.memories("ada")
        assert other.record.reviews("ada") == one.record.reviews("ada")


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("a,b\n", "expected the columns note, card, at"),
        ("{head}\nx,0,2026-01-01T00:00:00,3,,,\n", "row 2: column 'at'"),
        ("{head}\nx,0,2026-01-01T00:00:00+00:00,9,,,\nx,0\n", "2 faults"),
        ("{head}\nx,zero,soon,3,,,\n", "row 2"),
        ("", "expected the columns"),
    ],
)
def test_a_table_that_does_not_fit_is_told_whole(tmp_path: Path, rows: str, told: str) -> None:
    """Every faulty row is named, and nothing is taken over."""
    path = tmp_path / "t.csv"
    path.write_text(rows.format(head=",".join(exchanging.COLUMNS)), encoding="utf-8")

    with pytest.raises(InputError, match=told):
        exchanging.read_table(path)


def test_a_table_in_another_encoding_is_told(tmp_path: Path) -> None:
    """UTF-16 is not guessed at."""
    (tmp_path / "t.csv").write_bytes(io.StringIO("x").getvalue().encode("utf-16"))

    with pytest.raises(InputError, match="not UTF-8"):
        exchanging.read_table(tmp_path / "t.csv")
