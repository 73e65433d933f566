"""The small parts under tables and folders: whatever is thrown at them, the outcome is data or a sentence."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from florilegium import source
from florilegium.errors import FlorilegiumError, SourceError
from florilegium.source import gather
from florilegium.source.base import Harvest, SourceSpec, Texts
from florilegium.source.hashing import CHUNK_BYTES, examine
from florilegium.source.rows import MAX_CELL_CHARS, Extras, Faults
from florilegium.source.tablefile import open_table
from florilegium.types import silent

PNG = b"\x89PNG\r\n\x1a\n"
scraps = st.sampled_from(
    [
        b"text,label\n",
        b"a b,x\n",
        b"c d,y\n",
        b'"',
        b"\0",
        b"\xff",
        b"\r",
        b";",
        b"\t",
        b'{"text":"a","label":1}\n',
        b"../",
    ]
)


def outcome(path: Path) -> Harvest | str:
    """Give what a source holds, or why it was refused."""
    try:
        return source.read(SourceSpec(location=str(path)))
    except FlorilegiumError as error:
        return str(error)


@given(
    content=st.lists(st.one_of(scraps, st.binary(max_size=3)), max_size=30).map(b"".join),
    ending=st.sampled_from(["csv", "tsv", "jsonl", "json", "txt", "parquet"]),
)
@settings(max_examples=200)
def test_whatever_a_table_holds_it_is_read_or_refused(
    content: bytes, ending: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any bytes at all give samples with names that differ, or an error that names the file."""
    path = tmp_path_factory.mktemp("t") / f"t.{ending}"
    path.write_bytes(content)

    found = outcome(path)

    if isinstance(found, str):
        assert path.name in found
    else:
        assert len({s.name for s in found.samples}) == len(found.samples) == len(found.contents)


@given(
    contents=st.lists(st.binary(max_size=20), max_size=6),
    table=st.lists(st.one_of(scraps, st.binary(max_size=3)), max_size=9),
)
def test_whatever_a_folder_holds_it_is_read_or_refused(
    contents: list[bytes], table: list[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Files of any bytes with a metadata table of any bytes: samples, or an error that names the folder."""
    root = tmp_path_factory.mktemp("f")
    for i, content in enumerate(contents):
        (root / "ab"[i % 2]).mkdir(exist_ok=True)
        (root / "ab"[i % 2] / f"{i}.png").write_bytes((PNG if i % 3 else b"") + content)
    (root / "metadata.csv").write_bytes(b"".join(table))

    found = outcome(root)

    assert root.name in found if isinstance(found, str) else len(found.samples) == len(found.contents)


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_further_cells_behave_as_a_dict_without_the_empty_ones(cells: dict[str, str]) -> None:
    """Metadata compare, print and turn into JSON as a plain dict does."""
    extras = Extras(tuple(cells), tuple(cells.values()))
    plain = {column: cell for column, cell in cells.items() if cell}

    assert extras == plain
    assert (len(extras), repr(extras), json.dumps(dict(extras))) == (len(plain), repr(plain), json.dumps(plain))
    assert all((column in extras) is bool(cell) for column, cell in cells.items())


def test_many_different_values_are_not_kept_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pools that share equal values stay small, and every value is right nevertheless."""
    monkeypatch.setattr(gather, "MAX_POOL", 10)
    lines = [f"text {i},label {i % 40},group {i // 2 % 30},note {i // 2 % 20}" for i in range(200)]
    (tmp_path / "t.csv").write_text("\n".join(["text,label,group,note", *lines]))

    harvest = source.read(SourceSpec(location=str(tmp_path / "t.csv")))

    found = [(s.label, s.group, s.metadata["note"]) for s in harvest.samples]
    assert found == [(f"label {i % 40}", f"group {i // 2 % 30}", f"note {i // 2 % 20}") for i in range(200)]


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 8, CHUNK_BYTES, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES + 5])
def test_files_of_every_size_are_hashed_whole(tmp_path: Path, size: int) -> None:
    """The hash is that of all bytes, also where they come in several pieces."""
    content = PNG + os.urandom(size)
    (tmp_path / "a.png").write_bytes(content)

    (one,) = examine([tmp_path / "a.png"], ["a.png"], known={}, progress=silent)

    assert (one.sha256, one.format, one.stamp[0]) == (hashlib.sha256(content).hexdigest(), "PNG", len(content))


def test_a_line_of_json_without_end_is_one_fault(tmp_path: Path) -> None:
    """It is passed over, and the next line is read."""
    path = tmp_path / "t.jsonl"
    path.write_text('{"text": "a"}\n{"text": "' + "x" * (3 * MAX_CELL_CHARS) + '"}\n{"text": "b"}\n')
    faults = Faults("t")

    assert [cells for _, cells in open_table(path).start(faults)] == [["a"], ["b"]]
    assert "longer than" in faults.named[0].reason


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    """Where a table is needed a folder is named as such."""
    with pytest.raises(SourceError, match="this is a folder"):
        open_table(tmp_path)
    with pytest.raises(SourceError, match="it cannot be read"):
        open_table(tmp_path / ("x" * 300))


@pytest.mark.parametrize("call", ["scandir", "stat"])
def test_a_disk_that_fails_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """An input/output error in one class folder is a fault, and the other folders are read."""
    for label in "abc":
        (tmp_path / label).mkdir()
        (tmp_path / label / "1.png").write_bytes(PNG)
    real = getattr(os, call)

    def failing(path: Any = ".", **rest: Any) -> Any:
        if str(path).endswith("/c"):
            raise OSError(5, "Input/output error")
        return real(path, **rest)

    monkeypatch.setattr(os, call, failing)

    harvest = source.read(SourceSpec(location=str(tmp_path)))

    assert {s.label for s in harvest.samples} == {"a", "b"}
    assert [(f.name, f.reason) for f in harvest.faults] == [("c", "the folder cannot be opened (Input/output error)")]


def test_a_table_on_a_failing_disk_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An input/output error in the middle of a table ends the reading with its name."""
    path = tmp_path / "t.csv"
    path.write_text("text,label\na b,x\nc d,y\n")

    def failing(*_: object, **__: object) -> Iterator[object]:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("florilegium.source.table.layout_of", failing)

    with pytest.raises(SourceError, match=r"t\.csv: it cannot be read \(Input/output error\)"):
        source.read(SourceSpec(location=str(path)))


def test_what_a_path_is_can_be_described(tmp_path: Path) -> None:
    """A folder and a table are named as what they are."""
    (tmp_path / "t.csv").touch()

    assert source.describe(SourceSpec(location=str(tmp_path))) == f"the folder {tmp_path}"
    assert source.describe(SourceSpec(location=str(tmp_path / "t.csv"))) == f"the table {tmp_path / 't.csv'}"


@pytest.mark.data
def test_built_in_texts_can_be_reopened() -> None:
    """The texts of banking77 come back in the order asked for."""
    harvest = source.read(SourceSpec(location="banking77"))
    names = [sample.name for sample in harvest.samples[5:2:-1]]

    assert isinstance(harvest.contents, Texts)
    assert source.reopen(SourceSpec(location="banking77"), names) == Texts(harvest.contents.strings[5:2:-1])


@pytest.mark.data
def test_flowers20_can_be_reopened() -> None:
    """Photos are found in the mirror by their names alone."""
    harvest = source.read(SourceSpec(location="flowers20"))

    assert source.reopen(SourceSpec(location="flowers20"), [s.name for s in harvest.samples]) == harvest.contents
