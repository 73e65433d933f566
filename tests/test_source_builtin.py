"""The sets with a name are what they promise, and a file of digits is never trusted."""

import gzip
import io
import struct
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from florilegium import source
from florilegium.errors import SourceError
from florilegium.source import idx
from florilegium.source.base import Harvest, Kind, Pixels, Side, SourceSpec
from florilegium.source.hashing import pixel_hash, sha256_of
from florilegium.types import Octets, silent

FILES = [name for pair in idx.FILES.values() for name in pair]


def packed(array: Octets) -> bytes:
    """Write an array of bytes as IDX, as the page of MNIST describes it."""
    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.tobytes()


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """Give a folder with the four files: 6 train and 4 test pictures of 2 x 3 px."""
    rng = np.random.default_rng(0)
    for n, (images, labels) in zip((6, 4), idx.FILES.values(), strict=True):
        (tmp_path / f"{images}.gz").write_bytes(gzip.compress(packed(rng.integers(0, 256, (n, 2, 3), dtype=np.uint8))))
        (tmp_path / labels).write_bytes(packed(np.arange(n, dtype=np.uint8)))
    return tmp_path


def read(root: Path | str) -> Harvest:
    """Read a source."""
    return source.read(SourceSpec(location=str(root)))


def test_digits_are_those_of_scikit_learn() -> None:
    """1,797 pictures; 0..16 becomes 0..255, so that each level comes back; no network, no mirror."""
    harvest, bunch = read("digits"), load_digits()

    assert isinstance(harvest.contents, Pixels)
    assert harvest.contents.array.shape == (1797, 8, 8)
    assert harvest.contents.array.dtype == np.uint8
    assert np.array_equal(np.rint(harvest.contents.array / 255 * 16), bunch.images)
    assert [s.label for s in harvest.samples] == [str(t) for t in bunch.target]


@pytest.mark.data
def test_mnist_is_complete(data: Path) -> None:
    """Counts per digit as in the set's README, and the first label is 5."""
    del data
    harvest = read("mnist")

    labels = [[s.label for s in harvest.samples if s.side is side] for side in Side]
    assert [[found.count(str(i)) for i in range(10)] for found in labels] == [
        [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
        [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
    ]
    assert (harvest.samples[0].name, harvest.samples[0].label) == ("train/00000", "5")


@pytest.mark.data
def test_the_registry_tells_the_truth(data: Path) -> None:
    """Items, classes, sizes and checksums of every built-in are those of the files in the mirror."""
    for name, known in source.BUILTINS.items():
        harvest = read(name)

        assert (len(harvest.samples), len({s.label for s in harvest.samples})) == (known.n_items, known.n_classes), name
        for file in known.files:
            content = (data / name / file.name).read_bytes()
            assert (len(content), sha256_of(data / name / file.name)) == (file.n_bytes, file.sha256)


def test_every_set_says_what_it_is() -> None:
    """A help text can name items, classes, licence, and the size and address of what is fetched."""
    said = {name: source.describe(SourceSpec(location=name)) for name in source.BUILTINS}

    assert list(said) == ["digits", "mnist", "flowers20", "banking77"]
    assert "11.6 MB from https://" in said["mnist"]
    assert "1.1 MB from https://" in said["banking77"]
    assert "http" not in said["digits"] + said["flowers20"]
    assert all("licence" in line for line in said.values())


def test_flowers20_without_a_mirror_says_how_to_name_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The set has no public address; the message names the variable, and the folder that it now names."""
    with pytest.raises(SourceError, match=r"no public address.*FLORILEGIUM_DATA is not set.*Set FLORILEGIUM_DATA to"):
        read("flowers20")
    monkeypatch.setenv("FLORILEGIUM_DATA", str(tmp_path))
    with pytest.raises(SourceError, match=rf"names {tmp_path}, which has no folder 'flowers20'"):
        read("flowers20")
    (tmp_path / "flowers20").mkdir()
    with pytest.raises(SourceError, match=rf"{tmp_path}/flowers20/images: no such folder"):
        read("flowers20")


def test_a_mirror_with_other_files_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of a built-in that differ from the published ones are read, and named."""
    (tmp_path / "banking77").mkdir()
    for name in ("train.csv", "test.csv"):
        (tmp_path / "banking77" / name).write_text("text,category\nwhere is my card,card\nno money,money\n")
    monkeypatch.setenv("FLORILEGIUM_DATA", str(tmp_path))

    assert "train.csv is not the published file" in " ".join(read("banking77").notes)


def test_a_folder_called_like_a_set_is_given_with_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`digits` is the built-in, `./digits` the folder."""
    (tmp_path / "digits").mkdir()
    monkeypatch.chdir(tmp_path)

    assert source.locate(SourceSpec(location="digits")).location == "digits"
    assert source.locate(SourceSpec(location="./digits")).location == str(tmp_path / "digits")


def test_any_folder_with_the_four_files_is_read(digits: Path) -> None:
    """Packed or not, in the order of the files; the second pair is the sealed side."""
    harvest = read(digits)

    assert [(s.name, s.label) for s in harvest.samples][5:8] == [
        ("train/00005", "5"),
        ("test/00000", "0"),
        ("test/00001", "1"),
    ]
    assert [s.side for s in harvest.samples] == [Side.TRAIN] * 6 + [Side.TEST] * 4
    assert harvest.kind is Kind.IMAGE
    assert isinstance(harvest.contents, Pixels)
    assert [s.sha256 for s in harvest.samples] == [pixel_hash(image) for image in harvest.contents.array]


def test_arrays_are_reopened_in_the_order_asked_for(digits: Path) -> None:
    """The store's order is not the file's order."""
    whole = read(digits).contents
    some = source.reopen(SourceSpec(location=str(digits)), ["test/00001", "train/00000"])

    assert isinstance(whole, Pixels)
    assert isinstance(some, Pixels)
    assert np.array_equal(some.array, whole.array[[7, 0]])
    with pytest.raises(SourceError, match=r"1 items are no longer there, such as test/00004"):
        source.reopen(SourceSpec(location=str(digits)), ["test/00004"])


def test_shape_is_part_of_a_pictures_hash() -> None:
    """Six black pixels in two rows are not six black pixels in three."""
    assert pixel_hash(np.zeros((2, 3), np.uint8)) != pixel_hash(np.zeros((3, 2), np.uint8))


def test_a_missing_file_is_named(digits: Path) -> None:
    """Three of the four files are not enough."""
    (digits / FILES[3]).unlink()

    with pytest.raises(SourceError, match=r"t10k-labels-idx1-ubyte\.gz missing"):
        read(digits)


BIG = packed(np.zeros((6, 2, 3), np.uint8))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not an IDX file"),
        (b"PNG?", "not an IDX file"),
        (BIG[:10], "ends within its header"),
        (BIG[:-1], r"that is 36 bytes, but only 35 bytes came"),
        (BIG + b"x", r"that is 36 bytes, but more came"),
        (bytes([0, 0, 8, 3]) + struct.pack(">3I", 2**31, 2**31, 2**31), "at most"),
        (bytes([0, 0, 8, 3]) + struct.pack(">3I", 1, 5000, 1), "at most"),
        (bytes([0, 0, 0x0D, 3]) + BIG[4:], "not an IDX file"),
        (bytes([0, 0, 8, 9]) + BIG[4:], "not an IDX file"),
        (packed(np.zeros((0, 2, 3), np.uint8)), "expected"),
        (packed(np.zeros((5, 2, 3), np.uint8)), r"shape \(5, 2, 3\)"),
        (packed(np.zeros(6, np.uint8)), r"shape \(6,\)"),
        (packed(np.zeros((6, 3, 3), np.uint8)), "expected one size"),
        (gzip.compress(BIG, mtime=0)[:-12], "cannot be read"),
        (b"\x1f\x8b" + b"\xff" * 40, "cannot be read"),
        (b"\x1f\x8b", "cannot be read"),
    ],
)
def test_a_file_that_is_not_what_it_promises_is_refused(digits: Path, content: bytes, said: str) -> None:
    """Cut, too long, absurd, of another type, not packed as it says: an error that names the file, never a crash."""
    (digits / f"{FILES[0]}.gz").write_bytes(content)

    with pytest.raises(SourceError, match=said):
        read(digits)


def test_a_decompression_bomb_is_not_unpacked(digits: Path) -> None:
    """A file that unpacks to a gigabyte where its header promises 36 bytes is dropped after 37 of them."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1) as file:
        file.write(BIG[:16])
        for _ in range(64):
            file.write(bytes(1 << 20))
    (digits / f"{FILES[0]}.gz").write_bytes(out.getvalue())

    with pytest.raises(SourceError, match="36 bytes, but more came"):
        idx.read(digits, progress=silent)


@pytest.mark.parametrize("name", source.BUILTINS)
def test_the_page_names_every_set_as_the_registry_does(name: str) -> None:
    """docs/source.md gives items, classes and megabytes of each built-in as the code knows them."""
    page = (Path(__file__).parents[1] / "docs" / "source.md").read_text(encoding="utf-8")
    (row,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
    known = source.BUILTINS[name]

    assert f"| {known.n_items:,} | {known.n_classes} |" in row
    assert not known.files or f"{known.n_bytes / 1e6:.1f} MB" in row
