"""Bad input gives a clear error or a finding, never a traceback and never a lost run."""

import os
import stat
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import florilegium
from florilegium.errors import InputError, SourceError, StepMissing, StorageError
from florilegium.project import Project

RGB = {"red": (200, 40, 40), "blue": (40, 60, 200)}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Give a folder of two classes with 12 noisy pictures each, to be spoilt by the test."""
    folder = tmp_path / "photos"
    rng = np.random.default_rng(0)
    for label, colour in RGB.items():
        (folder / label).mkdir(parents=True)
        for i in range(12):
            pixels = np.clip(np.kron(rng.normal(0, 60, (5, 5, 3)), np.ones((8, 8, 1))) + colour, 0, 255)
            Image.fromarray(pixels.astype(np.uint8)).save(folder / label / f"{i:02}.png")
    return folder


def whole_way(photos: Path) -> Project:
    """Go the whole way beside the photos."""
    project = florilegium.new(photos.parent / "project", photos)
    project.audit()
    project.train()
    project.verdict()
    project.report()
    return project


def told(project: Project) -> str:
    """Give all that a user reads about the data: findings and what the reading could not use."""
    reading = next(run.details for run in project.store.runs() if run.command == "new")
    return f"{reading} {project.audit().findings}"


def test_spoilt_files_are_named_and_the_rest_goes_on(photos: Path) -> None:
    """Zero bytes, truncated, text called .jpg, SVG and HEIC: each is named, and the run ends with a verdict."""
    good = (photos / "red" / "00.png").read_bytes()
    spoilt = {
        "zero.jpg": b"",
        "truncated.png": good[: len(good) // 2],
        "words.jpg": b"I am no picture" * 50,
        "drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "phone.heic": b"\x00\x00\x00\x18ftypheic" + b"\x00" * 100,
    }
    for name, content in spoilt.items():
        (photos / "red" / name).write_bytes(content)

    project = whole_way(photos)

    said = told(project)
    assert len(project.holdings().dataset) == 24
    for name in spoilt:
        assert name in said


def test_a_png_called_jpg_is_used(photos: Path) -> None:
    """A wrong extension does not hide a good picture."""
    (photos / "red" / "00.png").rename(photos / "red" / "00.jpg")

    assert len(whole_way(photos).holdings().dataset) == 24


def test_hidden_folders_are_left_out(photos: Path) -> None:
    """What tools leave behind is no class."""
    for name in (".ipynb_checkpoints", "__MACOSX"):
        (photos / name).mkdir()
        (photos / name / "x.png").write_bytes((photos / "red" / "00.png").read_bytes())
    (photos / "red" / "Thumbs.db").write_bytes(b"db")

    project = florilegium.new(photos.parent / "project", photos)

    assert project.holdings().dataset.classes == ("blue", "red")


@pytest.mark.parametrize(
    "name", ["with space.png", "tulip 🌷.png", "quote'\".png", "rtl \u202e gnp.png", "new\nline.png"]
)
def test_odd_names_go_the_whole_way(photos: Path, name: str) -> None:
    """Spaces, emoji, quotes, control and direction characters survive from disk to report."""
    (photos / "red" / "00.png").rename(photos / "red" / name)

    assert len(whole_way(photos).holdings().dataset) == 24


def test_names_that_are_not_utf8_go_the_whole_way(photos: Path) -> None:
    """A file name of arbitrary bytes is kept, printable, and found again."""
    folder = os.fsencode(photos / "red")
    Path(os.fsdecode(folder + b"/00.png")).rename(os.fsdecode(folder + b"/\xff\xfe.png"))

    assert len(whole_way(photos).holdings().dataset) == 24


def test_a_symlink_loop_ends(photos: Path) -> None:
    """A folder that links to its parent is not walked for ever."""
    (photos / "red" / "loop").symlink_to(photos)

    assert len(florilegium.new(photos.parent / "project", photos).holdings().dataset) >= 24


def test_a_class_with_one_picture_is_a_finding(photos: Path) -> None:
    """One picture cannot be split; it is learned from, and said."""
    (photos / "lonely").mkdir()
    pixels = np.random.default_rng(5).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(photos / "lonely" / "0.png")

    assert "lonely" in told(whole_way(photos))


def test_labels_that_differ_by_case_or_space_are_a_finding_with_a_fix(tmp_path: Path) -> None:
    """`card` and `Card ` are probably one class."""
    lines = [
        f'"the {word} {i} got lost",{label}'
        for i in range(8)
        for word, label in (("card", "card"), ("bank card", "Card "), ("money", "money"))
    ]
    (tmp_path / "table.csv").write_text("text,label\n" + "\n".join(lines))

    findings = florilegium.new(tmp_path / "project", tmp_path / "table.csv").audit().findings

    assert any("card" in f.message.lower() and f.fix for f in findings if f.check == "labels")


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """Nothing to learn from is said, with what was expected."""
    (tmp_path / "photos").mkdir()

    with pytest.raises(SourceError, match="photos"):
        florilegium.new(tmp_path / "project", tmp_path / "photos")


@pytest.mark.skipif(
    os.geteuid() == 0 and not hasattr(os, "chflags"),
    reason="root may write everywhere; tested by the next test instead",
)
def test_a_read_only_folder_is_named(photos: Path) -> None:
    """Where nothing can be written the message says so."""
    locked = photos.parent / "locked"
    locked.mkdir()
    locked.chmod(stat.S_IRUSR | stat.S_IXUSR)

    with pytest.raises(StorageError, match="locked"):
        florilegium.new(locked / "project", photos)


def test_a_file_in_the_way_of_the_project_is_named(photos: Path) -> None:
    """A project folder cannot be made where a file lies."""
    (photos.parent / "project").write_text("in the way")

    with pytest.raises(InputError, match="project"):
        florilegium.new(photos.parent / "project", photos)


def test_a_picture_that_vanishes_later_is_no_end(photos: Path) -> None:
    """A file deleted between `new` and `train` without its cache becomes a fault, not a crash."""
    project = florilegium.new(photos.parent / "project", photos)
    (photos / "red" / "00.png").unlink()

    assert florilegium.load(project.folder).train().model.n >= 15


def test_ten_thousand_classes_end_in_a_clear_answer(tmp_path: Path) -> None:
    """A table with 10,000 labels used once each cannot be judged, and says so without a traceback."""
    lines = [f"text number {i} of many,{i}" for i in range(10_000)]
    (tmp_path / "table.csv").write_text("text,label\n" + "\n".join(lines))

    project = florilegium.new(tmp_path / "project", tmp_path / "table.csv")

    with pytest.raises(StepMissing, match="occurs once"):
        project.train()
