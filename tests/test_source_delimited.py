"""Tables are read as people write them: any delimiter, encoding and quoting; what is broken costs its own line only."""

import csv
import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from florilegium.errors import SourceError
from florilegium.source.rows import MAX_CELL_CHARS, Faults, Rows, unique_names
from florilegium.source.tablefile import open_table

LINES = [("a lost card", "card"), ("no money, today", "money"), ('she said "help"', "card"), ("two\nlines", "money")]


def cells_of(rows: Rows) -> tuple[list[list[str]], Faults]:
    """Give all rows and what was wrong."""
    faults = Faults(rows.path.name)
    return [cells for _, cells in rows.start(faults)], faults


def written(path: Path, content: str | bytes, *, encoding: str = "utf-8") -> Path:
    """Write a file and give its path."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def as_csv(lines: list[tuple[str, str]], **dialect: Any) -> str:
    """Let the standard library write a table."""
    out = io.StringIO()
    csv.writer(out, **dialect).writerows([("text", "label"), *lines])
    return out.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_every_usual_way_of_writing_is_understood(tmp_path: Path, delimiter: str, encoding: str, ends: str) -> None:
    """Delimiter, encoding, byte-order mark and line ends are found out from the file itself."""
    text = as_csv(LINES * 5, delimiter=delimiter, lineterminator=ends, quoting=csv.QUOTE_ALL)
    rows = open_table(written(tmp_path / "t.csv", text, encoding=encoding))

    found, faults = cells_of(rows)

    assert rows.columns == ("text", "label")
    assert [tuple(cells) for cells in found] == LINES * 5
    assert faults.n == 0


cell = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


@given(
    lines=st.lists(st.tuples(cell.filter(str.strip), cell), min_size=1, max_size=20), delimiter=st.sampled_from(",;\t|")
)
@settings(max_examples=100)
def test_what_the_standard_library_writes_comes_back(
    lines: list[tuple[str, str]], delimiter: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any text at all, quoted by the csv module, is read back as it was."""
    lines = [line for line in lines if line != ("text", "label")]  # a repeated header is left out on purpose
    path = tmp_path_factory.mktemp("t") / "t.csv"
    rows = open_table(written(path, "\ufeff" + as_csv(lines, delimiter=delimiter, quoting=csv.QUOTE_ALL)))

    assert [tuple(cells) for cells in cells_of(rows)[0]] == lines


def test_a_file_that_is_not_utf8_is_read_and_said(tmp_path: Path) -> None:
    """Windows-1252 where its quotes occur, Latin-1 where a byte is none of Windows' signs."""
    windows = open_table(written(tmp_path / "w.csv", "text,label\n“café”,a\n", encoding="cp1252"))
    latin = open_table(written(tmp_path / "l.csv", b"text,label\ncaf\xe9 \x81,a\n"))

    assert cells_of(windows)[0] == [["“café”", "a"]]
    assert cells_of(latin)[0] == [["café \x81", "a"]]
    assert ["Windows-1252" in " ".join(windows.notes), "Latin-1" in " ".join(latin.notes)] == [True, True]


def test_one_damaged_byte_does_not_turn_utf8_into_another_encoding(tmp_path: Path) -> None:
    """In a file full of good UTF-8 a bad byte becomes the sign for it, and is counted."""
    rows = open_table(
        written(tmp_path / "t.csv", "text,label\ncafé été,a\nça \udcff,b\n".encode("utf-8", "surrogateescape"))
    )

    assert cells_of(rows)[0] == [["café été", "a"], ["ça \ufffd", "b"]]
    assert "1 bytes are no UTF-8" in " ".join(rows.notes)


def test_a_named_encoding_is_used_and_an_unknown_one_refused(tmp_path: Path) -> None:
    """The user's word counts; a name that is no text encoding is met with some that are."""
    path = written(tmp_path / "t.csv", "text,label\nпривет мир,a\n", encoding="koi8-r")

    assert cells_of(open_table(path, encoding="koi8-r"))[0] == [["привет мир", "a"]]
    for name in ("utf-99", "base64", "idna", "unicode_escape", "a\0b"):
        with pytest.raises(SourceError, match="no text encoding"):
            open_table(path, encoding=name)


def test_ragged_rows_are_faults_with_their_line_and_the_rest_goes_on(tmp_path: Path) -> None:
    """Too many and too few cells are named by line; empty cells at the end are no fault."""
    rows = open_table(
        written(tmp_path / "t.csv", "text,label\ngood one,a\none, two,a\nshort\nalso good,b,,\n\nlast one,b\n")
    )

    found, faults = cells_of(rows)

    assert found == [["good one", "a"], ["also good", "b"], ["last one", "b"]]
    assert [fault.name for fault in faults.named] == ["t.csv line 3", "t.csv line 4"]
    assert "3 cells where 2 were expected; put text that holds ',' into quotes" in faults.named[0].reason


def test_a_quote_that_is_never_closed_costs_one_line(tmp_path: Path) -> None:
    """The lines after a stray quote are read, not swallowed."""
    good = "".join(f'"text number {i}, yes",a\n' for i in range(50))
    rows = open_table(written(tmp_path / "t.csv", f'text,label\n{good}"never closed, b\n{good}'))

    found, faults = cells_of(rows)

    assert len(found) == 100
    assert [fault.name for fault in faults.named] == ["t.csv line 52"]


def test_a_quote_that_is_open_at_the_end_costs_one_line(tmp_path: Path) -> None:
    """The last line may be broken too."""
    good = "the first one,a\n" * 20
    found, faults = cells_of(open_table(written(tmp_path / "t.csv", f'text,label\n{good}the last one,"b\n')))

    assert (len(found), faults.n) == (20, 1)


def test_raw_quotes_in_a_tsv_are_text(tmp_path: Path) -> None:
    """Where quotes stand around no cells they are signs like any other, and that is said."""
    rows = open_table(
        written(tmp_path / "t.tsv", 'text\tlabel\n"so what\' he said\ta\n5" disk\tb\n"hm" is no word\ta\n')
    )

    assert [cells[0] for cells in cells_of(rows)[0]] == ["\"so what' he said", '5" disk', '"hm" is no word']
    assert "quotation marks are taken as text" in " ".join(rows.notes)


def test_a_table_without_header_gets_numbered_columns(tmp_path: Path) -> None:
    """A first line whose label comes again below is data."""
    rows = open_table(written(tmp_path / "t.csv", "I lost it,card\nwhere is it,card\nmore cash,money\n"))

    assert rows.columns == ("column 1", "column 2")
    assert len(cells_of(rows)[0]) == 3
    assert "looks like data" in " ".join(rows.notes)


def test_a_header_of_unknown_words_is_a_header(tmp_path: Path) -> None:
    """A first line that never comes again names the columns, whatever the language."""
    assert open_table(written(tmp_path / "t.csv", "frage,antwort\nwo ist er,karte\nwas nun,karte\n")).columns == (
        "frage",
        "antwort",
    )


def test_joined_files_may_repeat_the_header(tmp_path: Path) -> None:
    """A header in the middle is left out and counted."""
    found, faults = cells_of(open_table(written(tmp_path / "t.csv", "text,label\none a,a\ntext,label\none b,b\n")))

    assert (len(found), faults.n, faults.notes()) == (2, 0, ["t.csv: 1 repeated header line left out."])


def test_a_name_above_two_columns_is_told(tmp_path: Path) -> None:
    """The first column of a name keeps it; what the later ones are called is said, as nobody chose it."""
    rows = open_table(written(tmp_path / "t.csv", "text,text,label\none,x,a\ntwo,y,b\n"))

    assert rows.columns == ("text", "text (2)", "label")
    assert rows.notes == ("t.csv: a name stands above several columns; the later ones are called text (2).",)


def test_nul_bytes_are_left_out(tmp_path: Path) -> None:
    """A NUL, which no database takes, does not reach a cell."""
    assert cells_of(open_table(written(tmp_path / "t.csv", b"text,label\na\0 b,c\n")))[0] == [["a b", "c"]]


def test_excel_may_say_its_delimiter(tmp_path: Path) -> None:
    """A first line `sep=;` is no data."""
    rows = open_table(written(tmp_path / "t.csv", "sep=;\r\ntext;label\r\nhi, you;a\r\n"))

    assert (rows.columns, cells_of(rows)[0]) == (("text", "label"), [["hi, you", "a"]])


def test_an_endless_line_cannot_fill_the_memory(tmp_path: Path) -> None:
    """A line of 30 million characters is one fault; the peak stays far below it, and the next row is read."""
    path = tmp_path / "t.csv"
    with path.open("w") as file:
        file.write("text,label\n")
        for _ in range(30):
            file.write("x" * 1_000_000)
        file.write("\ngood one,a\n")
    rows = open_table(path)
    tracemalloc.start()

    found, faults = cells_of(rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert found == [["good one", "a"]]
    assert f"longer than {MAX_CELL_CHARS:,} characters" in faults.named[0].reason
    assert peak < 12_000_000


def test_rows_stream(tmp_path: Path) -> None:
    """Passing through 40 MB takes less than 4 MB of memory."""
    path = tmp_path / "t.csv"
    with path.open("w") as file:
        file.write("text,label\n")
        file.writelines(f"text number {i} with some more words,label {i % 7}\n" for i in range(800_000))
    rows = open_table(path)
    tracemalloc.start()

    n = sum(1 for _ in zip(rows.start(Faults("t")), range(100_000), strict=False))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert (n, peak < 4_000_000) == (100_000, True)


def test_only_the_first_faults_are_named(tmp_path: Path) -> None:
    """A thousand ragged rows give 50 lines and one that counts the others."""
    path = written(tmp_path / "t.csv", "text,label\n" + "good row,a\n" * 200 + "x,y,z\n" * 1000)

    _, faults = cells_of(open_table(path))

    assert len(faults.all()) == 51
    assert "950 more rows" in faults.all()[-1].reason


def test_json_lines_are_rows(tmp_path: Path) -> None:
    """Objects give cells; numbers, nothing and nested values have one way to be written."""
    lines = [{"text": "hi 🌷", "label": 3}, {"text": "ho", "label": None, "more": {"a": [1]}}]
    rows = open_table(written(tmp_path / "t.jsonl", "\n".join(map(json.dumps, lines)) + "\n\n"))

    assert rows.columns == ("text", "label", "more")
    assert cells_of(rows)[0] == [["hi 🌷", "3", ""], ["ho", "", '{"a": [1]}']]


def test_broken_json_lines_are_faults(tmp_path: Path) -> None:
    """No JSON, no object, nested too deep, digits without end: each is a fault and the rest goes on."""
    bad = ["{not json", "[1]", '{"text": ' + "[" * 200_000, '{"text": ' + "1" * 5_000 + "}"]
    rows = open_table(
        written(tmp_path / "t.jsonl", "\n".join(['{"text": "a b"}', *bad, '{"text": "c\\ud800\\u0000d"}']))
    )

    found, faults = cells_of(rows)

    assert found == [["a b"], ["c\ufffdd"]]
    assert [fault.name for fault in faults.named] == [f"t.jsonl line {i}" for i in (2, 3, 4, 5)]


def test_parquet_gives_rows_and_class_names(tmp_path: Path) -> None:
    """Hugging Face's numbers become the names it keeps beside them; packed pictures are left empty."""
    info = {
        "info": {"features": {"label": {"names": ["rose", "tulip"], "_type": "ClassLabel"}, "text": {"_type": "Value"}}}
    }
    table = pa.table({"text": ["a", "b", None], "label": [1, 0, -1], "n": [1.5, 2.0, 3.0], "bytes": [b"x", b"y", b"z"]})
    pq.write_table(table.replace_schema_metadata({"huggingface": json.dumps(info)}), tmp_path / "t.parquet")
    rows = open_table(tmp_path / "t.parquet")

    found, _ = cells_of(rows)

    assert (rows.columns, rows.n_rows) == (("text", "label", "n", "bytes"), 3)
    assert found == [["a", "tulip", "1.5", ""], ["b", "rose", "2.0", ""], ["", "", "3.0", ""]]


@pytest.mark.parametrize(
    "metadata", [b"[]", b"not json", b'{"info": {"features": [1]}}', b'{"info": {"features": {"label": 3}}}']
)
def test_strange_words_about_parquet_columns_count_as_none(tmp_path: Path, metadata: bytes) -> None:
    """Metadata of another shape changes nothing."""
    pq.write_table(
        pa.table({"text": ["a"], "label": [1]}).replace_schema_metadata({"huggingface": metadata}),
        tmp_path / "t.parquet",
    )

    assert cells_of(open_table(tmp_path / "t.parquet"))[0] == [["a", "1"]]


def test_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    """Cut short, or scrambled inside, it is an error that names the file and never a crash."""
    pq.write_table(pa.table({"text": [f"text {i}" for i in range(10_000)]}), tmp_path / "t.parquet")
    whole = (tmp_path / "t.parquet").read_bytes()

    with pytest.raises(SourceError, match=r"cut\.parquet: not a Parquet file"):
        open_table(written(tmp_path / "cut.parquet", whole[: len(whole) // 2]))
    with pytest.raises(SourceError, match=r"scrambled\.parquet: the Parquet file is damaged"):
        cells_of(open_table(written(tmp_path / "scrambled.parquet", whole[:100] + b"\xff" * 2000 + whole[2100:])))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.csv", b"", "the file is empty"),
        ("t.xlsx", b"PK\x03\x04....", "save the sheet as CSV"),
        ("t.csv", b"\xff\xd8\xff\xe0", "this is a picture"),
        ("t.csv", b"\x1f\x8b\x08", "gunzip"),
        ("t.pkl", b"\x80\x04\x95", "never opened"),
        ("t.json", b'[{"text": "a"}]', "jq -c"),
        ("t.csv", b"\n\n\n", "no row in it"),
        ("t.parquet", b"PAR1", "not a Parquet file"),
    ],
)
def test_what_is_no_table_is_named(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    """An empty file, a spreadsheet, a picture, an archive, a pickle: each is told what it is and what to do."""
    with pytest.raises(SourceError, match=said):
        open_table(written(tmp_path / name, content))


@given(st.lists(st.text(max_size=4), max_size=8))
def test_columns_have_names_that_differ(header: list[str]) -> None:
    """Empty and repeated names in a header are told apart."""
    names = unique_names(header)

    assert len(set(names)) == len(names) == len(header)
    assert all(names)
