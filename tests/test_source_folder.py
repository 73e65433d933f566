"""A folder of class folders is read as people lay them out, and never trusted."""

import io
import os
import shutil
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from florilegium import source
from florilegium.errors import SourceError
from florilegium.source import hashing
from florilegium.source.base import Files, Harvest, Kind, Side, SourceSpec


def png(shade: int = 0) -> bytes:
    """Give a tiny picture; another shade is another content."""
    out = io.BytesIO()
    Image.new("RGB", (4, 4), (shade % 256, shade // 256 % 256, 7)).save(out, "PNG")
    return out.getvalue()


def put(root: Path, *places: str) -> Path:
    """Put a different picture at each place."""
    for i, place in enumerate(places):
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_bytes(png(i))
    return root


def read(root: Path, **choices: str) -> Harvest:
    """Read a folder."""
    return source.read(source.locate(SourceSpec(location=str(root), **choices)))


def labels(harvest: Harvest) -> dict[str, str | None]:
    """Give the label of each name."""
    return {sample.name: sample.label for sample in harvest.samples}


def told(harvest: Harvest) -> str:
    """Give all notes and faults as one text."""
    return "\n".join([*harvest.notes, *(f"{fault.name}: {fault.reason}" for fault in harvest.faults)])


def test_a_class_folder_is_a_class(tmp_path: Path) -> None:
    """The folder's name is the label, the path below the root is the name, the files are the contents."""
    harvest = read(put(tmp_path, "rose/1.png", "rose/deep/2.png", "tulip/1.png"))

    assert labels(harvest) == {"rose/1.png": "rose", "rose/deep/2.png": "rose", "tulip/1.png": "tulip"}
    assert harvest.kind is Kind.IMAGE
    assert isinstance(harvest.contents, Files)
    assert [p.relative_to(tmp_path).as_posix() for p in harvest.contents.paths] == [s.name for s in harvest.samples]


def test_the_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    """A sample's hash is what `sha256sum` prints for the file, here for the eight bytes that begin every PNG."""
    put(tmp_path, "a/1.png", "b/1.png")
    (tmp_path / "a" / "1.png").write_bytes(b"\x89PNG\r\n\x1a\n")

    digest = {s.name: s.sha256 for s in read(tmp_path).samples}["a/1.png"]

    assert digest == "4c4b6a3be1314ab86138bef4314dde022e600960d8689a2c8f8631802d20dab6"


@pytest.mark.parametrize(
    ("test", "sealed"), [("test", "test"), ("val", "val"), ("validation", "validation"), ("Test", "Test")]
)
def test_a_split_of_the_source_is_kept(tmp_path: Path, test: str, sealed: str) -> None:
    """Pictures below test (or val, where there is no test) are sealed, and the note says so."""
    harvest = read(put(tmp_path, "train/rose/1.png", "train/tulip/2.png", f"{test}/rose/3.png", f"{test}/tulip/4.png"))

    sides = {s.name: s.side for s in harvest.samples}
    assert {name for name, side in sides.items() if side is Side.TEST} == {f"{test}/rose/3.png", f"{test}/tulip/4.png"}
    assert set(labels(harvest).values()) == {"rose", "tulip"}
    assert sealed.casefold() in told(harvest)


def test_validation_is_learned_from_where_there_is_a_test(tmp_path: Path) -> None:
    """With train, val and test only test is sealed."""
    harvest = read(put(tmp_path, "train/a/1.png", "train/b/1.png", "val/a/1.png", "test/b/1.png"))

    assert [s.name for s in harvest.samples if s.side is Side.TEST] == ["test/b/1.png"]
    assert "'val' are learned from too" in told(harvest)


def test_a_train_folder_alone_is_no_split(tmp_path: Path) -> None:
    """Below a lonely train folder the classes are found, and nothing has a side yet."""
    harvest = read(put(tmp_path, "train/a/1.png", "train/b/1.png"))

    assert {(s.label, s.side) for s in harvest.samples} == {("a", None), ("b", None)}


def test_a_class_may_be_called_test(tmp_path: Path) -> None:
    """Without a train folder beside it, test is a class like any other."""
    assert set(labels(read(put(tmp_path, "test/1.png", "bus/1.png"))).values()) == {"test", "bus"}


def test_folders_beside_train_and_test_are_left_out_and_said(tmp_path: Path) -> None:
    """A folder of logos beside the split is no class."""
    harvest = read(put(tmp_path, "train/a/1.png", "train/b/1.png", "test/a/1.png", "logos/1.png"))

    assert len(harvest.samples) == 3
    assert "1 pictures in folders beside" in told(harvest)


def test_pictures_at_the_top_are_not_labelled_yet(tmp_path: Path) -> None:
    """A picture outside all class folders is taken in without a label."""
    harvest = read(put(tmp_path, "new.png", "a/1.png", "b/1.png"))

    assert labels(harvest)["new.png"] is None


def test_what_tools_leave_behind_is_ignored_and_said(tmp_path: Path) -> None:
    """Checkpoints, resource forks, thumbnails and hidden files are no classes and no items."""
    put(tmp_path, "a/1.png", "b/1.png", ".ipynb_checkpoints/1.png", "__MACOSX/a/._1.png", "a/.hidden.png")
    (tmp_path / "a" / "Thumbs.db").write_bytes(b"db")
    (tmp_path / ".DS_Store").write_bytes(b"ds")

    harvest = read(tmp_path)

    assert len(harvest.samples) == 2
    assert "5 hidden or system files and folders" in told(harvest)
    assert ".DS_Store" in told(harvest)


def test_other_files_are_counted_by_their_ending(tmp_path: Path) -> None:
    """Text and code beside the pictures are ignored, and said with their kinds."""
    put(tmp_path, "a/1.png", "b/1.png")
    for name in ("readme.txt", "notes.txt", "train.py"):
        (tmp_path / "a" / name).write_text("words")

    assert "3 files that are no pictures (.txt, .py)" in told(read(tmp_path))


def test_spoilt_pictures_are_faults_and_the_rest_goes_on(tmp_path: Path) -> None:
    """Empty, SVG, HEIC, text in disguise and unreadable content: each has its reason."""
    put(tmp_path, "a/1.png", "b/1.png")
    spoilt = {
        "empty.jpg": (b"", "0 bytes"),
        "drawing.svg": (b"<svg/>", "SVG"),
        "phone.heic": (b"\x00\x00\x00\x18ftypheic", "convert it to JPEG"),
        "words.png": (b"I am no picture", "no picture"),
        "page.jpg": (b"<!DOCTYPE html>", "web page"),
    }
    for name, (content, _) in spoilt.items():
        (tmp_path / "a" / name).write_bytes(content)

    harvest = read(tmp_path)

    assert len(harvest.samples) == 2
    assert {fault.name for fault in harvest.faults} == {f"a/{name}" for name in spoilt}
    for name, (_, reason) in spoilt.items():
        assert any(fault.name == f"a/{name}" and reason in fault.reason for fault in harvest.faults)


def test_a_png_called_jpg_is_accepted_and_noted(tmp_path: Path) -> None:
    """A wrong ending does not hide a good picture."""
    harvest = read(put(tmp_path, "a/1.jpg", "b/1.png"))

    assert len(harvest.samples) == 2
    assert "1 files have an ending that does not fit their content (a/1.jpg)" in told(harvest)


@pytest.mark.parametrize(
    "name", ["with space.png", "tulip 🌷.png", "new\nline.png", "back\\slash.png", "a..b.png", "#%?&.png"]
)
def test_odd_names_lead_back_to_their_files(tmp_path: Path, name: str) -> None:
    """Whatever a name holds, `reopen` finds the file by it."""
    put(tmp_path, f"a/{name}", "b/1.png")

    harvest = read(tmp_path)
    contents = source.reopen(source.locate(SourceSpec(location=str(tmp_path))), [s.name for s in harvest.samples])

    assert len(harvest.samples) == 2
    assert contents == harvest.contents
    assert all(path.is_file() for path in getattr(contents, "paths", ()))


def test_a_name_that_is_not_utf8_leads_back_to_its_file(tmp_path: Path) -> None:
    r"""Bytes that are no UTF-8 are shown as \xNN, and the file is found again."""
    put(tmp_path, "a/1.png", "b/1.png")
    (tmp_path / "a" / "1.png").rename(tmp_path / "a" / os.fsdecode(b"\xff\xfe 1.png"))

    harvest = read(tmp_path)
    contents = source.reopen(SourceSpec(location=str(tmp_path)), ["a/\\xff\\xfe 1.png"])

    assert "a/\\xff\\xfe 1.png" in labels(harvest)
    assert isinstance(contents, Files)
    assert contents.paths[0].is_file()


@given(places=st.sets(st.tuples(st.sampled_from("abc"), st.integers(0, 5)), min_size=2, max_size=10))
@settings(max_examples=20)
def test_the_order_on_disk_does_not_matter(
    places: set[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """However files were created, samples come in the order of their paths."""
    root = tmp_path_factory.mktemp("order")
    put(root, "x/1.png", *(f"{folder}/{i}.png" for folder, i in places))

    names = [s.name.split("/") for s in read(root).samples]

    assert names == sorted(names)


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    """Links to a parent, to the root's parent, to themselves and in a circle add nothing."""
    root = put(tmp_path / "photos", "a/1.png", "b/1.png")
    (root / "a" / "up").symlink_to(root)
    (root / "a" / "outside").symlink_to(tmp_path)
    (root / "a" / "self").symlink_to(root / "a" / "self")
    (root / "a" / "there").symlink_to(root / "b")
    (root / "b" / "back").symlink_to(root / "a")
    os.mkfifo(root / "b" / "pipe.png")

    harvest = read(root)

    assert len(harvest.samples) == 2
    assert "links to a folder that is read anyway" in told(harvest)


def test_a_linked_class_folder_is_read(tmp_path: Path) -> None:
    """Pictures on another disk may be linked into the folder."""
    put(tmp_path / "far", "1.png", "2.png")
    root = put(tmp_path / "photos", "a/1.png")
    (root / "b").symlink_to(tmp_path / "far")

    assert labels(read(root)) == {"a/1.png": "a", "b/1.png": "b", "b/2.png": "b"}


def test_unchanged_files_are_not_opened_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second reading takes hashes from the first one, but for the file that changed."""
    spec = SourceSpec(location=str(put(tmp_path, "a/1.png", "a/2.png", "b/1.png")))
    first = source.read(spec)
    known = {s.name: (*stamp, s.sha256) for s, stamp in zip(first.samples, first.stamps, strict=True)}
    (tmp_path / "a" / "2.png").write_bytes(png(99) + b"more")
    opened: list[Path] = []
    reader = hashing._read

    def noting(path: Path, stamp: tuple[int, int]) -> hashing.Examined:
        opened.append(path)
        return reader(path, stamp)

    monkeypatch.setattr(hashing, "_read", noting)

    second = source.read(spec, known=known)

    assert opened == [tmp_path / "a" / "2.png"]
    assert [a.sha256 == b.sha256 for a, b in zip(first.samples, second.samples, strict=True)] == [True, False, True]


def test_progress_counts_to_the_end(tmp_path: Path) -> None:
    """The last word on hashing is that all files are done."""
    heard: list[tuple[str, int, int | None]] = []
    put(tmp_path, *(f"{label}/{i}.png" for label in "ab" for i in range(70)))

    source.read(SourceSpec(location=str(tmp_path)), progress=lambda *word: heard.append(word))

    assert ("files hashed", 140, 140) in heard


@pytest.mark.parametrize("places", [[], ["a/readme.txt"]])
def test_a_folder_without_pictures_is_refused(tmp_path: Path, places: list[str]) -> None:
    """The message says what a folder should hold."""
    for place in places:
        (tmp_path / place).parent.mkdir()
        (tmp_path / place).write_text("words")

    with pytest.raises(SourceError, match=r"one sub-folder per class"):
        read(tmp_path)


def test_one_class_is_not_enough(tmp_path: Path) -> None:
    """A single class folder cannot be told from anything."""
    with pytest.raises(SourceError, match=r"only one class, 'a'.* at least two classes"):
        read(put(tmp_path, "a/1.png", "a/2.png"))


def test_a_folder_too_many_is_seen_through(tmp_path: Path) -> None:
    """Where an unpacked archive puts one folder around the classes, the message names that folder."""
    with pytest.raises(SourceError, match=r"a, b are the classes, give the folder .*/flowers instead"):
        read(put(tmp_path, "flowers/a/1.png", "flowers/b/2.png"))


def test_what_is_not_there_is_said_with_the_nearest_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slip in a built-in's name is met with the right one."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SourceError, match=r"mnsit: no such folder or file.*Did you mean mnist\?"):
        source.locate(SourceSpec(location="mnsit"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_may_not_be_opened_is_a_fault(tmp_path: Path) -> None:
    """One locked class folder does not stop the others."""
    put(tmp_path, "a/1.png", "b/1.png", "c/1.png").joinpath("c").chmod(0)

    harvest = read(tmp_path)

    assert any(fault.name == "c" and "cannot be opened" in fault.reason for fault in harvest.faults)


def test_a_read_only_folder_can_be_read(tmp_path: Path) -> None:
    """Reading writes nothing beside the pictures."""
    root = put(tmp_path, "a/1.png", "b/1.png")
    before = sorted(p.name for p in root.rglob("*"))
    root.chmod(0o555)

    harvest = read(root)
    root.chmod(0o755)

    assert (len(harvest.samples), sorted(p.name for p in root.rglob("*"))) == (2, before)


def test_a_file_beyond_the_limit_is_a_fault(tmp_path: Path) -> None:
    """A sparse file of a terabyte is not hashed for hours."""
    put(tmp_path, "a/1.png", "b/1.png")
    with (tmp_path / "a" / "huge.png").open("wb") as file:
        file.truncate(1 << 40)

    assert "1,099,511,627,776 bytes" in told(read(tmp_path))


def test_thousands_of_classes_are_quick(tmp_path: Path) -> None:
    """2,000 class folders with one picture each are read in seconds (the benchmark reads 10,000)."""
    content = png()
    for i in range(2_000):
        (tmp_path / f"{i:05}").mkdir()
        (tmp_path / f"{i:05}" / "1.png").write_bytes(content)
    began = time.process_time()

    harvest = read(tmp_path)

    assert len({s.label for s in harvest.samples}) == 2_000
    assert time.process_time() - began < 20
    shutil.rmtree(tmp_path)


def test_a_location_means_the_same_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative ways become absolute ones, a way up is followed, and a link stays a link."""
    put(tmp_path, "photos/a/1.png")
    (tmp_path / "link").symlink_to(tmp_path / "photos")
    monkeypatch.chdir(tmp_path / "photos")

    located = [source.locate(SourceSpec(location=way)).location for way in (".", "../photos", "../link/", "a")]

    assert located == [str(tmp_path / "photos")] * 3 + [str(tmp_path / "photos" / "a")]
    monkeypatch.chdir(tmp_path)
    assert source.locate(SourceSpec(location="link", metadata="m.csv")) == SourceSpec(
        location=str(tmp_path / "link"), metadata=str(tmp_path / "m.csv")
    )


def test_a_location_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    """The settings file is UTF-8 and could not keep it."""
    folder = tmp_path / os.fsdecode(b"\xff")
    folder.mkdir()

    with pytest.raises(SourceError, match=r"no UTF-8.*Rename the folder"):
        source.locate(SourceSpec(location=str(folder)))
