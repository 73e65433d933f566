"""A table of texts or of paths becomes samples; columns are guessed and said; rows that cannot be used are faults."""

import hashlib
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from florilegium import source
from florilegium.errors import MetadataError, SourceError
from florilegium.source.base import Files, Harvest, Kind, Side, SourceSpec, Texts

TABLE = "text,label\nwhere is my card,card\nno money left,money\nthe card is gone,card\n"


def read(path: Path, **choices: str) -> Harvest:
    """Read a table."""
    return source.read(source.locate(SourceSpec(location=str(path), **choices)))


def written(path: Path, content: str) -> Path:
    """Write a file and give its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def labels(harvest: Harvest) -> dict[str, str | None]:
    """Give each text's label."""
    assert isinstance(harvest.contents, Texts)
    return {text: s.label for text, s in zip(harvest.contents.strings, harvest.samples, strict=True)}


def told(harvest: Harvest) -> str:
    """Give all notes and faults as one text."""
    return "\n".join([*harvest.notes, *(f"{fault.name}: {fault.reason}" for fault in harvest.faults)])


def test_a_table_of_texts_is_read_and_its_columns_are_said(tmp_path: Path) -> None:
    """Text and label are found by their names, and the notes name them with the option that chooses another."""
    harvest = read(written(tmp_path / "t.csv", TABLE))

    assert harvest.kind is Kind.TEXT
    assert labels(harvest) == {"where is my card": "card", "no money left": "money", "the card is gone": "card"}
    assert "column 'text' is taken as the text (--content COLUMN chooses)" in told(harvest)
    assert "column 'label' is taken as the label (--label COLUMN chooses)" in told(harvest)


def test_a_text_is_known_by_its_hash(tmp_path: Path) -> None:
    """Name and hash come from SHA-256 over the UTF-8 text, as hashlib gives it."""
    sample = read(written(tmp_path / "t.csv", TABLE)).samples[0]

    assert sample.sha256 == hashlib.sha256(b"where is my card").hexdigest()
    assert sample.name == sample.sha256[:16]


words = st.lists(
    st.sampled_from(["a card", "my card", "no money", "more money", "hello there"]), min_size=2, max_size=12
)


@given(old=words, new=words, data=st.data())
@settings(max_examples=30)
def test_a_text_keeps_its_name_when_rows_move_or_are_added(
    old: list[str], new: list[str], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """However rows are shuffled and whatever is added, no name disappears, and no name is given twice."""
    folder = tmp_path_factory.mktemp("t")

    def names(texts: list[str], file: str) -> dict[str, str]:
        lines = [f"{text},{i % 2}" for i, text in enumerate([*texts, "first", "second"])]
        harvest = read(written(folder / file, "text,label\n" + "\n".join(lines) + "\n"))
        assert isinstance(harvest.contents, Texts)
        return dict(zip((s.name for s in harvest.samples), harvest.contents.strings, strict=True))

    before = names(old, "old.csv")
    after = names(data.draw(st.permutations(old + new)), "new.csv")

    assert len(before) == len(old) + 2
    assert {name: after[name] for name in before} == before


def test_equal_texts_have_different_names(tmp_path: Path) -> None:
    """The second row with the same text is #2; both have the same hash, so that the audit finds them."""
    first, second, _ = read(written(tmp_path / "t.csv", "text,label\nsame,a\nsame,b\nother,a\n")).samples

    assert second.name == f"{first.name}#2"
    assert second.sha256 == first.sha256


def test_labels_are_kept_as_written_and_empty_ones_are_unlabelled(tmp_path: Path) -> None:
    """Case and spaces stay, because the audit points at them; an empty cell means not labelled yet."""
    harvest = read(written(tmp_path / "t.csv", "text,label\none a,Card \ntwo b,card\nthree c,\nfour d,  \n"))

    assert list(labels(harvest).values()) == ["Card ", "card", None, None]


def test_other_columns_go_where_they_belong(tmp_path: Path) -> None:
    """Group, origin, split and licence are found by name, the rest becomes metadata."""
    table = written(
        tmp_path / "t.csv",
        "id,text,label,group,source,split,license,channel\n1,a b,x,g1,web,train,MIT,mail\n2,c d,y,g2,app,test,,\n",
    )

    first, second = read(table).samples

    assert (first.group, first.origin, first.side, first.licence) == ("g1", "web", Side.TRAIN, "MIT")
    assert (second.group, second.origin, second.side, second.licence) == ("g2", "app", Side.TEST, None)
    assert (dict(first.metadata), dict(second.metadata)) == ({"id": "1", "channel": "mail"}, {"id": "2"})
    assert (first.name.split("/")[0], second.name.split("/")[0]) == ("train", "test")


def test_named_columns_count_whatever_they_are_called(tmp_path: Path) -> None:
    """`--content`, `--label`, `--group`, `--source` and `--split` take any column, in any case."""
    table = written(
        tmp_path / "t.tsv", "Frage\tZiel\tKunde\tWeg\tTeil\nwo ist\tk\t7\tweb\tTrain\nwas nun\tg\t8\tapp\tdev\n"
    )

    harvest = read(table, content="frage", label="ziel", group="KUNDE", origin="weg", split="teil")

    assert [(s.label, s.group, s.origin, s.side) for s in harvest.samples] == [
        ("k", "7", "web", Side.TRAIN),
        ("g", "8", "app", Side.TEST),
    ]


@pytest.mark.parametrize(
    "header", ["wort,sorte", "id,wort,sorte", "sorte,wort", ""], ids=["plain", "with id", "turned", "no header"]
)
def test_columns_are_guessed_by_content(tmp_path: Path, header: str) -> None:
    """The wordy column is the text, the one whose values come again is the label."""
    rows = [(i, f"this is sentence number {i} of them", ("left", "right")[i % 2]) for i in range(20)]
    names = (header or "wort,sorte").split(",")
    lines = [",".join(str({"id": i, "wort": text, "sorte": label}[name]) for name in names) for i, text, label in rows]

    harvest = read(written(tmp_path / "t.csv", "\n".join([header, *lines] if header else lines)))

    assert set(labels(harvest).values()) == {"left", "right"}
    assert len(harvest.samples) == 20
    assert "is taken as the label" in told(harvest)


def test_two_possible_labels_are_asked_about(tmp_path: Path) -> None:
    """Where two columns could be the label, none is guessed."""
    lines = [f"this is sentence number {i},{'ab'[i % 2]},{'xyz'[i % 3]}" for i in range(20)]

    with pytest.raises(SourceError, match=r"each of the columns sort, kind could be the label\. Say which: --label"):
        read(written(tmp_path / "t.csv", "\n".join(["words here,sort,kind", *lines])))


def test_a_table_of_numbers_is_refused(tmp_path: Path) -> None:
    """Measurements without text or picture are named as what is missing."""
    lines = [f"{i * 0.1:.1f},{i},{i % 2}" for i in range(20)]

    with pytest.raises(SourceError, match=r"it has width, height, label\..*numbers alone"):
        read(written(tmp_path / "t.csv", "\n".join(["width,height,label", *lines])))


def test_an_unknown_column_is_met_with_the_nearest_names(tmp_path: Path) -> None:
    """A slip in `--label` names what the table has."""
    with pytest.raises(MetadataError, match=r"no column 'lable' for the label\. Nearest: label"):
        read(written(tmp_path / "t.csv", TABLE), label="lable")


@pytest.mark.parametrize(
    ("content", "said"), [("text,label\n", r"0 of 0 rows"), ("text,label\na b,x\nc d,x\n", "only one class, 'x'")]
)
def test_a_table_that_cannot_train_anything_is_refused(tmp_path: Path, content: str, said: str) -> None:
    """No row, or one class only: said, with what was expected."""
    with pytest.raises(SourceError, match=said):
        read(written(tmp_path / "t.csv", content))


def test_a_few_bad_rows_are_faults_and_many_end_the_reading(tmp_path: Path) -> None:
    """Beyond half of the rows it is the table that is misread, and the first faults are shown."""
    few = read(written(tmp_path / "few.csv", TABLE + "a,b,c\n,card\n"))

    assert len(few.samples) == 3
    assert [fault.name for fault in few.faults] == ["few.csv line 5", "few.csv line 6"]
    with pytest.raises(SourceError, match=r"5 of 8 rows cannot be used: many\.csv line 5"):
        read(written(tmp_path / "many.csv", TABLE + ",card\n" * 5))


def test_train_and_test_tables_in_a_folder_are_one_source(tmp_path: Path) -> None:
    """train.csv and test.csv are the published split; the same text on both sides keeps two names."""
    written(tmp_path / "train.csv", TABLE)
    written(tmp_path / "test.csv", "label,text\ncard,where is my card\nmoney,my money\n")
    written(tmp_path / "readme.txt", "not a table")

    harvest = read(tmp_path)

    sides = [(s.side, s.label) for s in harvest.samples]
    assert sides == [
        (Side.TRAIN, "card"),
        (Side.TRAIN, "money"),
        (Side.TRAIN, "card"),
        (Side.TEST, "card"),
        (Side.TEST, "money"),
    ]
    assert {s.name.split("/")[0] for s in harvest.samples} == {"train", "test"}
    assert "files called 'test' are sealed" in told(harvest)


def test_tables_of_one_source_need_the_same_columns(tmp_path: Path) -> None:
    """A test table without the text column is named."""
    written(tmp_path / "train.csv", TABLE)
    written(tmp_path / "test.csv", "frage,label\nwo ist sie,card\n")

    with pytest.raises(MetadataError, match=r"test\.csv: there is no column 'text' for the text"):
        read(tmp_path)


def test_a_test_table_without_labels_is_taken_in(tmp_path: Path) -> None:
    """Competitions keep the answers to themselves: such items are not labelled."""
    written(tmp_path / "train.csv", TABLE)
    written(tmp_path / "test.csv", "id,text\n7,what is that\n")

    last = read(tmp_path).samples[-1]

    assert (last.side, last.label, dict(last.metadata)) == (Side.TEST, None, {"id": "7"})


def test_the_only_table_in_a_folder_is_read(tmp_path: Path) -> None:
    """A folder with one table and nothing else is that table; with two it has to be said which."""
    written(tmp_path / "one" / "queries.csv", TABLE)
    written(tmp_path / "two" / "a.csv", TABLE)
    written(tmp_path / "two" / "b.csv", TABLE)

    assert "queries.csv is the only table" in told(read(tmp_path / "one"))
    with pytest.raises(SourceError, match=r"which of a\.csv, b\.csv\?"):
        read(tmp_path / "two")


def test_validation_rows_follow_the_rule_of_the_whole_table(tmp_path: Path) -> None:
    """A test row far down makes validation part of train, also in rows that came before it."""
    rows = [f"text number {i},{'ab'[i % 2]},{'val' if i < 5 else 'train'}" for i in range(2000)]
    table = written(tmp_path / "t.csv", "\n".join(["text,label,split", *rows, "the last one,a,test"]))

    harvest = read(table)

    assert [s.side for s in harvest.samples if s.side is not Side.TRAIN] == [Side.TEST]


def test_a_split_column_of_other_words(tmp_path: Path) -> None:
    """Guessed, it is no split and said; named by the user, it is an error that lists the words."""
    rows = [f"text number {i},{'ab'[i % 2]},train" for i in range(1200)]
    table = written(tmp_path / "t.csv", "\n".join(["text,label,split", *rows, "the last one,a,maybe"]))

    assert "also holds 'maybe', so it is not taken as the split" in told(read(table))
    with pytest.raises(MetadataError, match=r"holds 'maybe'\. A split column says one of"):
        read(table, split="split")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Give a folder with a.png, b.png and deep/c.png, and one more picture outside of it."""
    for i, place in enumerate(("in/a.png", "in/b.png", "in/deep/c.png", "out.png")):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        out = io.BytesIO()
        Image.new("RGB", (3, 3), (i, 0, 0)).save(out, "PNG")
        (tmp_path / place).write_bytes(out.getvalue())
    return tmp_path / "in"


def test_a_table_of_paths_brings_pictures(pictures: Path) -> None:
    """Paths are relative to the table; Windows' separators and paths from the root are understood."""
    table = written(pictures / "t.csv", f"image,label\na.png,x\n./deep/../b.png,y\ndeep\\c.png,x\n{pictures}/a.png,x\n")

    harvest = read(table)
    contents = source.reopen(source.locate(SourceSpec(location=str(table))), [s.name for s in harvest.samples])

    assert harvest.kind is Kind.IMAGE
    assert {s.name: s.label for s in harvest.samples} == {"a.png": "x", "b.png": "y", "deep/c.png": "x"}
    assert isinstance(contents, Files)
    assert [p.read_bytes() for p in contents.paths] == [(pictures / s.name).read_bytes() for s in harvest.samples]
    assert len(harvest.stamps) == 3
    assert "1 rows name a picture that came before" in told(harvest)


def test_wrong_paths_are_faults(pictures: Path) -> None:
    """Missing files, ways out of the folder, addresses, no pictures, contradictions: each row has its reason."""
    (pictures / "words.png").write_text("words")
    (pictures / "link.png").symlink_to(pictures / "nowhere.png")
    bad = {
        "missing.png": "no such file",
        "../out.png": "leads out of the table's folder",
        "deep/../../out.png": "leads out",
        f"{pictures.parent}/out.png": "leads out",
        "/etc/passwd.png": "leads out",
        "https://example.org/a.png": "is an address",
        "C:\\photos\\a.png": "a drive",
        "words.png": "no picture",
        " ": "the path is empty",
        "link.png": "no such file",
        "x" * 5000 + ".png": "cannot be read",
    }
    for i in range(9):
        (pictures / f"{i}.png").write_bytes((pictures / "a.png").read_bytes() + bytes([i]))
    good = "".join(f"{name},x\n" for name in ("a.png", "deep/c.png", *(f"{i}.png" for i in range(9)))) + "b.png,y\n"
    table = written(pictures / "t.csv", "file,label\n" + good + "a.png,z\n" + "".join(f"{name},x\n" for name in bad))

    harvest = read(table)

    assert len(harvest.samples) == 12
    said = {fault.name: fault.reason for fault in harvest.faults}
    assert "another label; the first one counts" in said["t.csv line 14"]
    for line, reason in enumerate(bad.values(), 15):
        assert reason in said[f"t.csv line {line}"]


def test_a_table_of_lost_pictures_is_refused(pictures: Path) -> None:
    """Where no path leads to a picture the first ones are shown."""
    with pytest.raises(
        SourceError, match=r"2 of 2 rows cannot be used: t\.csv line 2: IMG_1\.png: there is no such file"
    ):
        read(written(pictures / "t.csv", "file,label\nIMG_1.png,x\nIMG_2.png,y\n"))


def test_known_pictures_of_a_table_are_not_hashed_again(pictures: Path) -> None:
    """What the store knows of a file is believed while size and time agree."""
    table = written(pictures / "t.csv", "file,label\na.png,x\nb.png,y\n")
    first = read(table)
    known = {s.name: (*stamp, "0" * 64) for s, stamp in zip(first.samples, first.stamps, strict=True)}

    again = source.read(SourceSpec(location=str(table)), known=known)

    assert {s.sha256 for s in again.samples} == {"0" * 64}


def test_a_table_takes_no_metadata(tmp_path: Path) -> None:
    """`--metadata` beside a table is a misunderstanding, and said."""
    with pytest.raises(MetadataError, match="a table brings its own columns"):
        read(written(tmp_path / "t.csv", TABLE), metadata=str(tmp_path / "t.csv"))


def test_ten_thousand_labels_are_no_problem(tmp_path: Path) -> None:
    """10,000 classes are read; whether they can be judged is for others to say."""
    rows = "\n".join(json.dumps({"text": f"text number {i}", "label": i}) for i in range(10_000))

    assert len({s.label for s in read(written(tmp_path / "t.jsonl", rows)).samples}) == 10_000


@pytest.mark.data
def test_banking77_has_its_published_split() -> None:
    """Counts as in the set's README: 10,003 and 3,080 questions, 40 of each of 77 intents in the test set."""
    harvest = source.read(SourceSpec(location="banking77"))

    test = [s.label for s in harvest.samples if s.side is Side.TEST]
    assert (len(harvest.samples) - len(test), len(test)) == (10_003, 3_080)
    assert {test.count(label) for label in set(test)} == {40}
    assert len(set(test)) == 77
    assert not harvest.faults


def test_a_named_encoding_that_does_not_fit_is_said(tmp_path: Path) -> None:
    """UTF-32 without its mark cannot be told apart; the message names the setting."""
    with pytest.raises(SourceError, match=r"cannot be read as utf-32 .*Correct source\.encoding"):
        read(written(tmp_path / "t.csv", TABLE), encoding="utf-32")
