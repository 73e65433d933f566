"""A table beside the pictures adds labels, groups, origins and licences, whatever way it names the files."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from florilegium import source
from florilegium.errors import MetadataError
from florilegium.source.base import Harvest, Sample, Side, SourceSpec
from florilegium.source.matching import Matching


def png(shade: int = 0) -> bytes:
    """Give a tiny picture; another shade is another content."""
    out = io.BytesIO()
    Image.new("RGB", (4, 4), (shade, 5, 7)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Give a folder with the pictures rose/1.png, rose/2.png and tulip/1.png."""
    for i, place in enumerate(("rose/1.png", "rose/2.png", "tulip/1.png")):
        (tmp_path / "photos" / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / place).write_bytes(png(i))
    return tmp_path / "photos"


def read(root: Path, **choices: str) -> Harvest:
    """Read a folder."""
    return source.read(SourceSpec(location=str(root), **choices))


def by_name(harvest: Harvest) -> dict[str, Sample]:
    """Give the samples by name."""
    return {sample.name: sample for sample in harvest.samples}


@pytest.mark.parametrize("column", ["file_name", "File Name", "file", "filename", "path", "image", "whatever"])
@pytest.mark.parametrize(
    "names",
    [
        ["rose/1.png", "rose/2.png", "tulip/1.png"],
        ["./rose/1.png", "Rose\\2.PNG", "photos/tulip/1.png"],
        ["/data/photos/rose/1.png", "ROSE/2.png", "tulip/1.png "],
        ["images/rose/1.png", "2.png", "tulip/1.png"],
    ],
)
def test_rows_find_their_pictures(photos: Path, column: str, names: list[str]) -> None:
    """Relative, absolute and bare names, any case and separator, any usual column name: each row fits one picture."""
    lines = [f"{column},site", *(f"{name},{site}" for name, site in zip(names, ("kew", "kew", "leiden"), strict=True))]
    (photos / "metadata.csv").write_text("\n".join(lines))

    samples = by_name(read(photos, origin="site"))

    assert [s.origin for s in samples.values()] == ["kew", "kew", "leiden"]


def test_a_name_without_its_ending_fits(photos: Path) -> None:
    """Many tables hold an identifier where the file has an ending."""
    (photos / "metadata.csv").write_text("image,group\nrose/1,g1\n2,g2\ntulip/1,g3\n")

    assert [s.group for s in read(photos).samples] == ["g1", "g2", "g3"]


def test_group_origin_licence_and_the_rest_are_kept(photos: Path) -> None:
    """Named columns go to their places, the licence is found by its name, everything else is metadata."""
    (photos / "metadata.csv").write_text(
        "file_name,plant,site,License,camera,note\nrose/1.png,p1,kew,CC0,Leica,\nrose/2.png,p1,kew,MIT,Nikon,soft\n"
    )

    samples = by_name(read(photos, group="plant", origin="site"))

    first = samples["rose/1.png"]
    assert (first.label, first.group, first.origin, first.licence) == ("rose", "p1", "kew", "CC0")
    assert dict(first.metadata) == {"camera": "Leica"}
    assert dict(samples["rose/2.png"].metadata) == {"camera": "Nikon", "note": "soft"}
    assert samples["tulip/1.png"].group is None


def test_a_table_elsewhere_is_joined(photos: Path) -> None:
    """`--metadata FILE` names a table in any folder and any format."""
    table = photos.parent / "elsewhere.jsonl"
    table.write_text(
        json.dumps({"path": "rose/1.png", "person": "ann"}) + "\n" + json.dumps({"path": "2.png", "person": 7})
    )

    samples = by_name(read(photos, metadata=str(table), group="person"))

    assert (samples["rose/1.png"].group, samples["rose/2.png"].group) == ("ann", "7")


@pytest.mark.parametrize(("name", "lines"), [("metadata.csv", "file_name,label\n{}"), ("metadata.jsonl", "")])
def test_a_flat_folder_gets_its_labels_from_the_table(tmp_path: Path, name: str, lines: str) -> None:
    """Hugging Face's layout: pictures side by side, and the classes in metadata.csv or metadata.jsonl."""
    for i in range(3):
        (tmp_path / f"{i}.png").write_bytes(png(i))
    rows = [("0.png", "rose"), ("1.png", "tulip")]
    table = lines.format("\n".join(f"{a},{b}" for a, b in rows)) or "\n".join(
        json.dumps({"file_name": a, "label": b}) for a, b in rows
    )
    (tmp_path / name).write_text(table)

    harvest = read(tmp_path)

    assert [s.label for s in harvest.samples] == ["rose", "tulip", None]
    assert "column 'label' is taken as the label" in " ".join(harvest.notes)


def test_each_side_may_bring_its_own_table(tmp_path: Path) -> None:
    """Hugging Face's layout with a split: train/metadata.csv speaks of train/, test/metadata.csv of test/."""
    for i, (side, label) in enumerate((("train", "rose"), ("test", "tulip"))):
        (tmp_path / side).mkdir()
        (tmp_path / side / "0.png").write_bytes(png(i))
        (tmp_path / side / "metadata.csv").write_text(f"file_name,label\n0.png,{label}\n")

    samples = by_name(read(tmp_path))

    assert {name: (s.label, s.side) for name, s in samples.items()} == {
        "test/0.png": ("tulip", Side.TEST),
        "train/0.png": ("rose", Side.TRAIN),
    }


def test_the_class_folder_counts_unless_a_column_is_named(photos: Path) -> None:
    """A class column that differs from the folders is said, and used only with `--label`."""
    (photos / "metadata.csv").write_text("file,class\nrose/1.png,rose\nrose/2.png,peony\ntulip/1.png,tulip\n")

    by_folder, by_column = read(photos), read(photos, label="class")

    assert [s.label for s in by_folder.samples] == ["rose", "rose", "tulip"]
    assert "1 rows name another class in 'class'" in " ".join(by_folder.notes)
    assert [s.label for s in by_column.samples] == ["rose", "peony", "tulip"]


def test_a_split_column_puts_pictures_on_sides(photos: Path) -> None:
    """A column of train and test is understood without being named."""
    (photos / "metadata.csv").write_text("file,split\nrose/1.png,train\nrose/2.png,Test\ntulip/1.png,train\n")

    assert [s.side for s in read(photos).samples] == [Side.TRAIN, Side.TEST, Side.TRAIN]


def test_rows_without_a_picture_are_said(photos: Path) -> None:
    """Rows that fit nothing, fit several, or come twice are counted and named; the others are joined."""
    (photos / "metadata.csv").write_text("file,group\nrose/1.png,a\nlost.png,b\n1.png,c\nrose/1.png,d\n,e\n")

    harvest = read(photos)

    said = " ".join(harvest.notes)
    assert by_name(harvest)["rose/1.png"].group == "a"
    assert "1 of 3 pictures have a row" in said
    assert "1 rows fit no picture (lost.png)" in said
    assert "1 rows could mean several pictures" in said
    assert "1 rows are about a picture that has a row already" in said
    assert [fault.name for fault in harvest.faults] == ["metadata.csv line 6"]


def test_an_unknown_column_is_met_with_the_nearest_names(photos: Path) -> None:
    """A slip in `--group` names what the table has."""
    (photos / "metadata.csv").write_text("file,photographer,patient_id\nrose/1.png,ann,1\n")

    with pytest.raises(MetadataError, match=r"no column 'pationt_id' for the group\. Nearest: patient_id"):
        read(photos, group="pationt_id")


def test_a_column_needs_a_table(photos: Path) -> None:
    """`--group` without any metadata says where it is looked for."""
    with pytest.raises(MetadataError, match=r"--group person names a column, but there is no metadata\.csv"):
        read(photos, group="person")


def test_a_table_about_other_files_is_refused(photos: Path) -> None:
    """Where no row fits, both ways of naming are shown."""
    (photos / "metadata.csv").write_text("file,group\nIMG_0001.JPG,1\n")

    with pytest.raises(MetadataError, match=r"'IMG_0001.JPG'; the pictures are called as 'rose/1.png'"):
        read(photos)


def test_a_table_that_names_no_files_is_refused(photos: Path) -> None:
    """Without a column of file names nothing can be joined."""
    (photos / "metadata.csv").write_text("person,age\nann,3\nbob,4\n")

    with pytest.raises(
        MetadataError, match=r"no column names the file; it has person, age\. Call one of them file_name"
    ):
        read(photos)


def test_a_missing_table_is_named(photos: Path) -> None:
    """`--metadata` of a file that is not there says so."""
    with pytest.raises(MetadataError, match=r"nothere\.csv: no such file"):
        read(photos, metadata=str(photos / "nothere.csv"))


def test_a_named_split_column_must_be_one(photos: Path) -> None:
    """`--split` of a column with other words lists them and the words that are understood."""
    (photos / "metadata.csv").write_text("file,fold\nrose/1.png,1\nrose/2.png,2\n")

    with pytest.raises(MetadataError, match=r"holds '1', '2'\. A split column says one of"):
        read(photos, split="fold")


def test_case_alone_may_tell_pictures_apart() -> None:
    """Where two files differ by case only, the exact name decides, and another case is not clear."""
    matching = Matching(["rose/a.png", "Rose/a.png", "without_ending"])

    assert [matching.fitting(name) for name in ("rose/a.png", "Rose/a.png", "ROSE/a.png")] == [[0], [1], [0, 1]]
    assert matching.fitting("photos/Without_Ending") == [2]


@pytest.mark.data
def test_flowers20_is_grouped_by_where_it_comes_from(data: Path) -> None:
    """Counts as in the set's README: 1,984 photos, 20 classes, 170 repositories, 1,844 with no licence stated."""
    harvest = source.read(SourceSpec(location="flowers20"))

    assert (len(harvest.samples), len({s.label for s in harvest.samples})) == (1984, 20)
    assert len({s.origin for s in harvest.samples}) == len({s.group for s in harvest.samples}) == 170
    assert sum(s.licence == "unstated" for s in harvest.samples) == 1844
    assert not harvest.faults
    assert data.joinpath("flowers20", "images", harvest.samples[0].name).is_file()
