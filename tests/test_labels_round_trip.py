"""What `labels export` writes, `labels import` reads back: nothing is lost, whatever stands in names and reasons."""

import base64
import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import florilegium
from florilegium.dataset import LabelEvent
from florilegium.errors import SettingError, SourceError, StepMissing, StorageError
from florilegium.export.labels import Labelled, write_csv, write_imagefolder, write_jsonl, write_studio
from florilegium.export.labels.imagefolder import file_name
from florilegium.project import Project
from florilegium.project.labels import ExportWish, ImportWish
from florilegium.source.base import Pixels, Sample
from florilegium.source.labels import read_labels
from florilegium.source.labels.said import COLUMNS
from tests.label_records import CLASSES, labels_of, of_people, pictures, project_of, queries, said

FILES = ("labels.csv", "labels.jsonl", "tasks.json", "pictures")
# What people may write; halves of a pair and the null sign are no text that a database or UTF-8 holds.
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
HISTORY = [
    said("rose/a0.png", "tulip", why="no thorns, peony leaves", suggested=True, suggestion="tulip", day=1),
    said("rose/a0.png", CLASSES[2], who="ben\nand cem", why='says "no"', suggestion="tulip", day=2),
    said("rose/a1.png", None, who="=cmd()", why="", day=3),
    said("tulip/b2.png", "tulip", who="'tis", why="-1+1", suggested=True, suggestion="rose", day=3),
    said("tulip/b2.png", "rose", who="ann", why="<script>alert(1)</script>", day=4),
]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder of class folders."""
    return pictures(tmp_path_factory.mktemp("source") / "photos")


@pytest.fixture(scope="module")
def project(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Give a project of it in which people have said things."""
    with project_of(source, tmp_path_factory.mktemp("project")) as made:
        made.store.label(HISTORY)
        yield made


@pytest.fixture(scope="module")
def untouched(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of another project of the same source in which nobody has said anything."""
    folder = tmp_path_factory.mktemp("untouched")
    project_of(source, folder).store.close()
    return folder


@pytest.fixture
def blank(untouched: Path, tmp_path: Path) -> Iterator[Project]:
    """Open a copy of it."""
    with florilegium.load(shutil.copytree(untouched, tmp_path / "blank")) as opened:
        yield opened


@pytest.mark.parametrize("file", FILES)
def test_a_round_trip_loses_nothing(project: Project, blank: Project, tmp_path: Path, file: str) -> None:
    """Who, when, why, suggestions shown or hidden, removals and every label arrive in another project of the source."""
    project.labels().export_to(tmp_path / file)
    done = blank.labels().import_from(tmp_path / file)

    assert sorted(map(repr, of_people(blank))) == sorted(map(repr, HISTORY))
    assert labels_of(blank) == labels_of(project)
    assert (done.n_new, done.n_source) == (len(HISTORY), 3 * 6)


@pytest.mark.parametrize("file", FILES)
def test_a_second_import_adds_nothing(project: Project, blank: Project, tmp_path: Path, file: str) -> None:
    """The same file again is known whole, and so is the record of the project itself."""
    project.labels().export_to(tmp_path / file)
    blank.labels().import_from(tmp_path / file)
    again, itself = blank.labels().import_from(tmp_path / file), project.labels().import_from(tmp_path / file)

    assert (again.n_new, again.n_known) == (0, len(HISTORY))
    assert (itself.n_new, itself.n_source) == (0, 0)


def test_texts_travel_too(tmp_path: Path) -> None:
    """Texts go by their contents, in every form but the ImageFolder, which holds pictures only."""
    table = queries(tmp_path / "queries.csv")
    with project_of(table, tmp_path / "one") as one, project_of(table, tmp_path / "two") as two:
        name = one.store.samples()[0][0].name
        one.store.label([said(name, "money", why="it is")])
        for file in FILES[:3]:
            one.labels().export_to(tmp_path / file)
            two.labels().import_from(tmp_path / file)

        assert of_people(two) == of_people(one)
        assert "where is my card number 0, please" in (tmp_path / "labels.csv").read_text(encoding="utf-8")
        with pytest.raises(SettingError, match="holds pictures; these items are texts"):
            one.labels().export_to(tmp_path / "pictures")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(told=st.lists(words, min_size=5, max_size=5))
def test_tables_hold_any_words(tmp_path: Path, told: list[str]) -> None:
    """Commas, quotes, line ends, tabs, formulas, markup, signs of any script: a table gives back what was written."""
    label, who, why, suggestion, name = told
    event = said(f"i{name}", f"c{label}", who=f"w{who}", why=why, suggestion=suggestion or None)
    bare = said(f"i{name}", label if label.strip() else "x", who=who or "x", why=why)
    item = Labelled(sample=Sample(name=f"i{name}", label=None, sha256="ab" * 32), events=(event, bare))
    for write, file in ((write_csv, "any.csv"), (write_jsonl, "any.jsonl")):
        write([item], tmp_path / file, force=True)
        found = read_labels(tmp_path / file)
        back = [
            LabelEvent(
                name=one.names[0],
                label=one.label,
                who=one.who or "",
                at=one.at or event.at,
                why=one.why or "",
                suggested=one.suggested,
                suggestion=one.suggestion,
            )
            for one in found.said
        ]

        assert found.faults == ()
        assert back == [event, bare]


def test_no_cell_is_a_formula(project: Project, tmp_path: Path) -> None:
    """A spreadsheet that opens the table runs nothing: no cell begins with = + - @."""
    project.labels().export_to(tmp_path / "labels.csv")
    with (tmp_path / "labels.csv").open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]

    assert any("cmd()" in cell for cell in cells)
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []


def test_only_the_label_that_counts(project: Project, tmp_path: Path) -> None:
    """With `newest` each item has one line, the label that counts."""
    project.labels().export_to(tmp_path / "now.csv", ExportWish(newest=True))
    with (tmp_path / "now.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    assert list(rows[0]) == list(COLUMNS)
    assert {row["item"]: row["label"] or None for row in rows if row["label"][:1] != "'"} == {
        name: label for name, label in labels_of(project).items() if name[:1] != "=" and label != CLASSES[2]
    }


def test_label_studio_gets_what_it_reads(project: Project, tmp_path: Path) -> None:
    """Tasks have data, one annotation per label, the model's word as prediction, and a set-up with all classes."""
    project.labels().export_to(tmp_path / "tasks.json")
    tasks = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
    task = next(t for t in tasks if t["data"]["item"] == "rose/a0.png")
    choices = [a["result"][0]["value"]["choices"] for a in task["annotations"]]
    setup = ET.parse(tmp_path / "tasks.setup.xml").getroot()  # noqa: S314 - written a line above

    assert task["data"]["image"] == "/data/local-files/?d=rose/a0.png"
    assert choices == [["rose"], ["tulip"], [CLASSES[2]]]
    assert task["predictions"][0]["result"][0]["value"]["choices"] == ["tulip"]
    assert {c.get("value") for c in setup.iter("Choice")} == set(CLASSES)
    assert all("completed_by" not in a for t in tasks for a in t["annotations"])  # names without account are refused


def test_arrays_become_pictures(tmp_path: Path) -> None:
    """Digits, which lie in an array, are written as PNG files, or into the task itself, with all their grey levels."""
    array = np.arange(2 * 8 * 8, dtype=np.uint8).reshape(2, 8, 8)
    items = [
        Labelled(
            sample=Sample(name=f"train/{i:05}", label=None, sha256="ab" * 32), events=(said(f"train/{i:05}", "7"),)
        )
        for i in range(2)
    ]
    write_imagefolder(items, Pixels(array), tmp_path / "out")
    write_studio(items, Pixels(array), tmp_path / "tasks.json", classes=["7"])
    task = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))[1]
    inside = base64.b64decode(task["data"]["image"].removeprefix("data:image/png;base64,"))
    found = read_labels(tmp_path / "out"), read_labels(tmp_path / "tasks.json")

    assert np.asarray(Image.open(tmp_path / "out" / "train" / "00001.png")).tolist() == array[1].tolist()
    assert inside == (tmp_path / "out" / "train" / "00001.png").read_bytes()
    assert [[one.names[0] for one in file.said] for file in found] == [["train/00000", "train/00001"]] * 2


@pytest.mark.parametrize("copy", [False, True])
def test_pictures_are_links_or_copies(project: Project, source: Path, tmp_path: Path, *, copy: bool) -> None:
    """Links lead to the originals and are said to; copies are complete; the originals are never touched."""
    before = {p: p.stat().st_mtime_ns for p in source.rglob("*.png")}
    written = project.labels().export_to(tmp_path / "out", ExportWish(copy=copy))
    place = tmp_path / "out" / "rose" / "a3.png"

    assert place.is_symlink() is not copy
    assert place.read_bytes() == (source / "rose" / "a3.png").read_bytes()
    assert any("links to the originals" in note for note in written.notes) is not copy
    assert before == {p: p.stat().st_mtime_ns for p in source.rglob("*.png")}


def test_every_line_of_metadata_has_its_picture(project: Project, tmp_path: Path) -> None:
    """What `datasets` asks for: file_name leads to a picture, labels are words, a removed one has none."""
    project.labels().export_to(tmp_path / "out")
    rows = [json.loads(line) for line in (tmp_path / "out" / "metadata.jsonl").read_text("utf-8").splitlines()]
    removed = [row for row in rows if row["removed"]]

    assert all((tmp_path / "out" / row["file_name"]).is_file() for row in rows)
    assert all("\\" not in row["file_name"] for row in rows)
    assert [row["item"] for row in removed] == ["rose/a1.png"]
    assert removed[0]["label"] is None


def test_an_export_takes_the_place_of_an_earlier_one(project: Project, tmp_path: Path) -> None:
    """A folder of ours is replaced, links and all, and what others put there stays; a file only gives way to force."""
    for _ in range(2):
        project.labels().export_to(tmp_path / "out")
        (tmp_path / "out" / "notes.txt").write_text("mine", encoding="utf-8")
    project.labels().export_to(tmp_path / "labels.csv")

    assert (tmp_path / "out" / "notes.txt").read_text(encoding="utf-8") == "mine"
    with pytest.raises(SettingError, match="there already"):
        project.labels().export_to(tmp_path / "labels.csv")
    project.labels().export_to(tmp_path / "labels.csv", ExportWish(force=True))


def test_what_is_gone_from_the_source_keeps_its_record(source: Path, tmp_path: Path) -> None:
    """Labels of a file that was deleted stay in .csv and .jsonl; a folder of pictures says that it leaves them out."""
    copy = shutil.copytree(source, tmp_path / "photos")
    with project_of(copy, tmp_path / "one") as one:
        one.store.label([said("rose/a0.png", "tulip")])
        (copy / "rose" / "a0.png").unlink()
        with pytest.raises(SourceError, match="no longer there"):
            one.labels().export_to(tmp_path / "early")
        one.new()
        one.labels().export_to(tmp_path / "labels.jsonl")
        written = one.labels().export_to(tmp_path / "out")

    assert '"item": "rose/a0.png"' in (tmp_path / "labels.jsonl").read_text(encoding="utf-8")
    assert any("no longer in the source are left out" in note for note in written.notes)


def test_nothing_to_export(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project in which nothing was ever labelled says what comes first."""
    monkeypatch.setattr(project.store, "label_events", tuple)
    with pytest.raises(StepMissing, match="no label to export yet"):
        project.labels().export_to(tmp_path / "labels.csv")


def test_the_newer_label_here_stays(project: Project, blank: Project, tmp_path: Path) -> None:
    """Where somebody here was later, their label goes on counting, also after re-reading; both stay in the record."""
    project.labels().export_to(tmp_path / "labels.csv")
    here = said("rose/a0.png", "rose", who="zoe", day=20)
    blank.store.label([here])
    done = blank.labels().import_from(tmp_path / "labels.csv", ImportWish())
    blank.new()

    assert [(d.name, d.here, d.file.label) for d in done.kept] == [("rose/a0.png", here, CLASSES[2])]
    assert labels_of(blank)["rose/a0.png"] == "rose"
    assert set(of_people(blank)) == {*HISTORY, here}


@pytest.mark.parametrize("name", ["../a.png", "/a.png", "a//b.png", "c:/a.png", "a\\b.png", "x" * 300])
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    """A name that could lead elsewhere, or that `datasets` or a file system reads otherwise, becomes the hash."""
    item = Labelled(sample=Sample(name=name, label=None, sha256="ab" * 32), events=())
    first = file_name(item, taken={})
    second = file_name(item, taken={first: b""})

    assert first.startswith("ab" * 16)
    assert "/" not in first + second
    assert second.startswith(f"{'ab' * 16}-2.")


def test_a_place_that_cannot_be_written_is_named(project: Project, tmp_path: Path) -> None:
    """A file where a folder is needed is said, and nothing is left behind."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StorageError, match="Make room, or name a place you may write to"):
        project.labels().export_to(tmp_path / "file" / "labels.csv")

    assert [p.name for p in tmp_path.iterdir()] == ["file"]
