"""Importing labels of others: items are found, conflicts said, and a bad file changes nothing."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import florilegium
from florilegium.errors import InputError, MetadataError, SourceError, StepMissing
from florilegium.project import Project
from florilegium.project.labels import ImportWish, Prefer
from florilegium.source.labels import form_of
from tests.label_records import annotation, labels_of, of_people, pictures, project_of, queries, said, studio, written


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a project in which nobody has said anything."""
    folder = tmp_path_factory.mktemp("untouched")
    project_of(pictures(folder / "photos"), folder / "project").store.close()
    return folder


@pytest.fixture
def project(untouched: Path, tmp_path: Path) -> Iterator[Project]:
    """Open a copy of it."""
    with florilegium.load(shutil.copytree(untouched / "project", tmp_path / "project")) as opened:
        yield opened


def test_a_strangers_table_is_enough(project: Project, tmp_path: Path) -> None:
    """A path and a label are enough; who is the file, when is now, and lines without a label are counted."""
    table = written(tmp_path / "t.csv", "file_name,label\nrose/a0.png,tulip\nphotos/rose/A1.PNG,tulip\nb2.png,\n")
    done = project.labels().import_from(table)

    assert (done.n_new, done.n_items) == (2, 2)
    assert {e.name: (e.label, e.who) for e in of_people(project)} == {
        "rose/a0.png": ("tulip", "file t.csv"),
        "rose/a1.png": ("tulip", "file t.csv"),
    }
    assert "1 lines or tasks have no label; left out." in done.notes
    assert project.labels().import_from(table).n_new == 0


def test_who_and_why_can_be_given(project: Project, tmp_path: Path) -> None:
    """What the file does not say is said on the command line; a column of another name is named."""
    table = written(tmp_path / "t.csv", "file_name,class,expert\nrose/a0.png,rose,tulip\n")
    project.labels().import_from(table, ImportWish(field="Expert", who="dr. lee", why="herbarium"))

    assert [(e.label, e.who, e.why) for e in of_people(project)] == [("tulip", "dr. lee", "herbarium")]


def test_items_are_found_by_their_contents(project: Project, untouched: Path, tmp_path: Path) -> None:
    """A renamed picture is found by its hash, and a hash that contradicts the name is believed."""
    photos = untouched / "photos"
    sha = {n: hashlib.sha256((photos / n).read_bytes()).hexdigest() for n in ("rose/a0.png", "rose/a1.png")}
    rows = [f"other.png,{sha['rose/a0.png'].upper()},tulip", f"rose/a0.png,{sha['rose/a1.png']},tulip"]
    rows += [f"rose/a2.png,{'0' * 64},tulip"]
    done = project.labels().import_from(written(tmp_path / "t.csv", "item,sha256,label\n" + "\n".join(rows) + "\n"))

    assert [e.name for e in of_people(project)] == ["rose/a0.png", "rose/a1.png", "rose/a2.png"]
    assert any("2 labels were matched by their contents" in note for note in done.notes)
    assert any("1 labels were given to other contents" in note and "rose/a2.png" in note for note in done.notes)


def test_an_imagefolder_of_others_is_matched_by_its_pictures(project: Project, untouched: Path, tmp_path: Path) -> None:
    """Pictures that were renamed are hashed and found; one that leads out of the folder is not followed."""
    folder = tmp_path / "hf"
    folder.mkdir()
    shutil.copy(untouched / "photos" / "rose" / "a3.png", folder / "0.png")
    outside = untouched / "photos" / "rose" / "a4.png"
    (folder / "1.png").symlink_to(outside)
    lines = [{"file_name": "0.png", "label": "tulip"}]
    written(folder / "metadata.jsonl", "\n".join(map(json.dumps, lines)) + "\n")
    project.labels().import_from(folder)
    tricks = [*lines, {"file_name": "1.png", "label": "tulip"}, {"file_name": f"../{outside}", "label": "tulip"}]
    written(folder / "metadata.jsonl", "\n".join(map(json.dumps, tricks)) + "\n")

    assert [e.name for e in of_people(project)] == ["rose/a3.png"]
    with pytest.raises(InputError, match=r"1\.png': no such item"):
        project.labels().import_from(folder)


@pytest.mark.parametrize("key", ["annotations", "completions"])
def test_label_studios_export_is_read(project: Project, tmp_path: Path, key: str) -> None:
    """Uploads, local files and web addresses are matched; who and when come along; skipped and other work is said."""
    box = {"type": "rectanglelabels", "from_name": "box", "value": {"rectanglelabels": ["x"]}}
    tasks = studio(
        tmp_path / "p.json",
        {
            "data": {"image": "/data/upload/1/1a2b3c4d-a0.png"},
            key: [annotation("tulip", completed_by={"email": "a@b.c"})],
        },
        {"data": {"img": "/data/local-files/?d=photos/rose/a1.png"}, key: [annotation("tulip", was_cancelled=True)]},
        {"data": {"pic": "https://host/rose/a2.png?x=1"}, key: [annotation("tulip")]},
        {"data": {"image": "s3://bucket/rose/a3.png"}, key: [annotation("tulip", result=[box])]},
        {"data": {"image": "rose/a4.png"}, key: []},
    )
    done = project.labels().import_from(tasks)

    assert [(e.name, e.label, e.who, f"{e.at:%Y-%m-%d}") for e in of_people(project)] == [
        ("rose/a0.png", "tulip", "a@b.c", "2026-02-01"),
        ("rose/a2.png", "tulip", "Label Studio user 3", "2026-02-01"),
    ]
    assert "p.json: 1 annotations skipped in Label Studio left out." in done.notes
    assert "p.json: 1 annotations without a choice left out." in done.notes


def test_a_prediction_may_have_been_in_sight(project: Project, tmp_path: Path) -> None:
    """A label given beside a prediction counts as suggested, so it never comes to test the model it agrees with."""
    prediction = {"result": annotation("tulip")["result"]}
    tasks = studio(
        tmp_path / "p.json",
        {"data": {"image": "rose/a0.png"}, "annotations": [annotation("tulip")], "predictions": [prediction]},
        {"data": {"image": "rose/a1.png"}, "annotations": [annotation("tulip", prediction=prediction)]},
    )
    project.labels().import_from(tasks)

    assert [(e.suggested, e.suggestion, e.accepted) for e in of_people(project)] == [(True, "tulip", True)] * 2


def test_label_studios_short_export_is_read(project: Project, tmp_path: Path) -> None:
    """The short export, JSON-MIN, has the answer beside the data; a lone task may stand without a list."""
    one = {"image": "rose/a0.png", "id": 1, "flower": {"choices": ["tulip"]}, "annotator": 2}
    project.labels().import_from(studio(tmp_path / "min.json", one, {**one, "image": "rose/a3.png"}))
    project.labels().import_from(studio(tmp_path / "flat.json", {"image": "rose/a1.png", "choice": "tulip"}))
    project.labels().import_from(written(tmp_path / "one.json", json.dumps({**one, "image": "rose/a2.png"})))

    assert sorted(e.name for e in of_people(project)) == [f"rose/a{i}.png" for i in range(4)]


def test_what_was_changed_in_label_studio_comes_back(project: Project, tmp_path: Path) -> None:
    """Our own record in a task is not taken twice; an annotation changed there, and a new one, come after it."""
    project.store.label([said("rose/a0.png", "tulip")])
    project.labels().export_to(tmp_path / "out.json")
    tasks = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    changed = next(t for t in tasks if t["data"]["item"] == "rose/a0.png")
    changed["annotations"][-1] |= {"updated_at": "2026-03-01T00:00:00Z", "completed_by": 9}
    changed["annotations"][-1]["result"][0]["value"]["choices"] = ["rose"]
    project.labels().import_from(studio(tmp_path / "back.json", *tasks))

    assert [(e.label, e.who) for e in of_people(project)] == [("tulip", "ann"), ("rose", "Label Studio user 9")]


@pytest.mark.parametrize(
    ("prefer", "day_here", "label"),
    [(Prefer.NEWEST, 9, "rose"), (Prefer.NEWEST, 1, "tulip"), (Prefer.HERE, 1, "rose"), (Prefer.FILE, 9, "tulip")],
)
def test_two_people_disagree(project: Project, tmp_path: Path, prefer: Prefer, day_here: int, label: str) -> None:
    """The later label counts, or the one that is preferred; both stay in the record, and the disagreement is told."""
    here, there = said("rose/a0.png", "rose", who="zoe", day=day_here), said("rose/a0.png", "tulip", who="ann", day=5)
    project.store.label([here])
    table = written(tmp_path / "t.csv", f"item,label,who,at\nrose/a0.png,tulip,ann,{there.at.isoformat()}\n")
    done = project.labels().import_from(table, ImportWish(prefer=prefer))

    assert labels_of(project)["rose/a0.png"] == label
    assert set(of_people(project)) == {here, there}
    assert (len(done.kept), len(done.replaced)) == ((1, 0) if label == "rose" else (0, 1))


def test_nothing_is_half_imported(project: Project, tmp_path: Path) -> None:
    """An unknown item, an unknown class, impossible dates: all are named with what is near, nothing is recorded."""
    table = written(
        tmp_path / "t.csv",
        "item,label,at\nrose/a0.png,tulip,2026-01-01\nrose/a99.png,tulip,\nrose/a1.png,tulp,\n"
        "rose/a2.png,tulip,2999-01-01\nrose/a3.png,tulip,yesterday\n",
    )
    with pytest.raises(InputError) as refused:
        project.labels().import_from(table)
    told = str(refused.value)
    dry = project.labels().import_from(table, ImportWish(partial=True, dry_run=True))

    assert of_people(project) == []
    assert "nothing was imported; 4 problems" in told
    assert "t.csv line 3: 'rose/a99.png': no such item; nearest: rose/a" in told
    assert "1 item is called 'tulp', a class that no item has; nearest: tulip" in told
    assert "still to come" in told
    assert "'yesterday' is no moment; write it as 2026-11-30T20:15:00Z" in told
    assert (dry.n_new, len(dry.left_out)) == (1, 4)
    assert project.labels().import_from(table, ImportWish(partial=True)).n_new == 1
    assert [e.name for e in of_people(project)] == ["rose/a0.png"]


def test_a_source_label_never_beats_a_person(tmp_path: Path) -> None:
    """An item without a label of its own source keeps what a person said, whatever another project's source says."""
    photos = pictures(tmp_path / "photos")
    shutil.copy(photos / "rose" / "a0.png", photos / "loose.png")
    with project_of(photos, tmp_path / "p") as project:
        project.store.label([said("loose.png", "rose", day=1)])
        table = written(tmp_path / "t.csv", "item,label,who,at\nloose.png,tulip,import,2026-04-01\n")
        done = project.labels().import_from(table)

        assert labels_of(project)["loose.png"] == "rose"
        assert (done.n_new, len(done.kept)) == (1, 1)


def test_the_form_can_be_said(project: Project, tmp_path: Path) -> None:
    """A table without an ending is read as what it is said to be; a text column names items by their contents."""
    table = written(tmp_path / "table", "file_name,text,label\nrose/a0.png,,tulip\nrose/a1.png,, \n")
    done = project.labels().import_from(table, ImportWish(form="csv"))

    assert (done.n_new, labels_of(project)["rose/a0.png"]) == (1, "tulip")


def test_texts_are_found_by_themselves(tmp_path: Path) -> None:
    """A table of texts and labels, and Label Studio's tasks with texts, fit by what the text says."""
    with project_of(queries(tmp_path / "q.csv"), tmp_path / "p") as project:
        text = "where is my card number 3, please"
        project.labels().import_from(written(tmp_path / "t.csv", f'text,label\n"{text}",money\n'))
        tasks = studio(
            tmp_path / "t.json", {"data": {"text": text.replace("3", "4")}, "annotations": [annotation("money")]}
        )
        project.labels().import_from(tasks)

        assert [e.label for e in of_people(project)] == ["money", "money"]


def test_tasks_without_an_answer_are_counted(project: Project, tmp_path: Path) -> None:
    """Bare tasks, empty answers and broken addresses are no labels and no faults of their neighbours."""
    bare = [
        {"image": "rose/a0.png"},
        {"image": "rose/a1.png", "flower": {"choices": [""]}},
        {"image": "http://[broken", "flower": {"choices": ["tulip"]}},
    ]
    odd = {"data": {"x": "http://[broken"}, "annotations": []}
    said_of = {
        "data": {"image": "rose/a3.png"},
        "annotations": [annotation("tulip")],
        "predictions": [7, {"result": []}],
    }
    done = project.labels().import_from(studio(tmp_path / "t.json", *bare, odd, said_of), ImportWish(partial=True))

    assert [e.name for e in of_people(project)] == ["rose/a3.png"]
    assert any("2 lines or tasks have no label" in note for note in done.notes)
    assert len(done.left_out) == 2


def test_the_first_labels_need_no_permission(tmp_path: Path) -> None:
    """Where no item has a label yet, no label can be a slip: the classes of the file are taken."""
    photos = pictures(tmp_path / "photos")
    with florilegium.new(tmp_path / "p", photos, labels="none") as project:
        project.labels().import_from(written(tmp_path / "t.csv", "item,label\nrose/a0.png,dahlia\n"))

        assert labels_of(project)["rose/a0.png"] == "dahlia"


def test_new_classes_are_made_where_asked(project: Project, tmp_path: Path) -> None:
    """A class that no item has is taken with `new_class`."""
    table = written(tmp_path / "t.csv", "item,label\nrose/a0.png,dahlia\n")
    project.labels().import_from(table, ImportWish(new_class=True))

    assert labels_of(project)["rose/a0.png"] == "dahlia"


def test_several_items_of_one_name_are_not_guessed(tmp_path: Path) -> None:
    """A bare name that fits several items is refused with their names; so is a hash that several items have."""
    photos = tmp_path / "photos"
    pictures(photos)
    for folder in ("rose", "tulip"):
        shutil.copy(photos / "rose" / "a0.png", photos / folder / "same.png")
    with project_of(photos, tmp_path / "p") as project:
        with pytest.raises(
            InputError, match=r"may be 2 items \(rose/same\.png, tulip/same\.png\); write the whole name"
        ):
            project.labels().import_from(written(tmp_path / "t.csv", "file_name,label\nsame.png,rose\n"))
        sha = hashlib.sha256((photos / "rose" / "a0.png").read_bytes()).hexdigest()
        with pytest.raises(InputError, match="may be 3 items"):
            project.labels().import_from(written(tmp_path / "t.csv", f"sha256,label\n{sha},rose\n"))


def test_an_ending_is_not_believed_against_the_contents(project: Project, tmp_path: Path) -> None:
    """A bare name with the hash of other contents fits no item."""
    table = written(tmp_path / "t.csv", f"item,sha256,label\na0.png,{'1' * 64},tulip\n")
    with pytest.raises(InputError, match=r"rose/a0\.png is called alike, but has other contents"):
        project.labels().import_from(table)


def test_a_question_has_to_be_named_where_there_are_several(project: Project, tmp_path: Path) -> None:
    """Annotations with two kinds of choices are refused with their names, and read when one is named."""
    other = {**annotation("white")["result"][0], "from_name": "colour"}
    both = annotation("tulip")
    both["result"].append(other)
    tasks = studio(tmp_path / "p.json", {"data": {"image": "rose/a0.png"}, "annotations": [both]})
    with pytest.raises(SourceError, match=r"several questions \(colour, flower\)\. Name one with --label NAME"):
        project.labels().import_from(tasks)
    with pytest.raises(SourceError, match="no annotation answers 'size'"):
        project.labels().import_from(tasks, ImportWish(field="size"))
    project.labels().import_from(tasks, ImportWish(field="flower"))

    assert labels_of(project)["rose/a0.png"] == "tulip"


def test_a_spreadsheet_may_have_saved_it(project: Project, tmp_path: Path) -> None:
    """Our own table comes back from a spreadsheet with a byte-order mark and TRUE instead of true."""
    project.store.label([said("rose/a0.png", None), said("rose/a1.png", "tulip", suggested=True, suggestion="tulip")])
    project.labels().export_to(tmp_path / "t.csv")
    text = (tmp_path / "t.csv").read_text(encoding="utf-8").replace(",true,", ",TRUE,").replace(",false,", ",FALSE,")
    back = written(tmp_path / "u.csv", b"\xef\xbb\xbf" + text.encode())

    assert project.labels().import_from(back).n_new == 0


def test_a_project_without_items_says_so(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels need items first."""
    monkeypatch.setattr(project.store, "samples", lambda: ((), ()))
    with pytest.raises(StepMissing, match="no items yet"):
        project.labels().import_from(written(tmp_path / "t.csv", "item,label\na,b\n"))


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.json", "studio"),
        ("a.CSV", "csv"),
        ("a.tsv", "csv"),
        ("a.jsonl", "jsonl"),
        ("a/metadata.jsonl", "imagefolder"),
    ],
)
def test_the_name_tells_the_form(name: str, form: str) -> None:
    """The ending says what a label file is; --as says it otherwise, and a slip is refused."""
    assert form_of(Path(name)) == form
    with pytest.raises(SourceError, match="no form 'xml'"):
        form_of(Path(name), wanted="xml")


def test_a_named_column_has_to_be_there(project: Project, tmp_path: Path) -> None:
    """A label column that is not there is refused with the nearest."""
    with pytest.raises(MetadataError, match=r"no column 'exprt' for the label\. Nearest: expert"):
        project.labels().import_from(
            written(tmp_path / "t.csv", "item,expert\nrose/a0.png,tulip\n"), ImportWish(field="exprt")
        )
