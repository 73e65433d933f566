"""Label files that are broken, hostile or too large: refused in words, and the record is as it was."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from florilegium.errors import FlorilegiumError, InputError, SourceError
from florilegium.project import Project
from tests.label_records import annotation, of_people, pictures, project_of, studio, written


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Give a project in which nobody has said anything, and into which nothing comes here."""
    folder = tmp_path_factory.mktemp("hostile")
    with project_of(pictures(folder / "photos"), folder / "project") as made:
        yield made


DEEP = "[" * 200_000
BAD: dict[str, tuple[str | bytes | None, str]] = {
    "deep.json": (DEEP, "nested too deep"),
    "broken.json": ("[{", "no JSON"),
    "number.json": ("7", "a int of JSON"),
    "latin.json": ("[{'ö': 1}]".encode("latin-1"), "no UTF-8 at byte"),
    "digits.json": ("[" + "9" * 10_000 + "]", "no JSON"),
    "odd.json": ('[7, {"data": {"image": "rose/a0.png"}, "annotations": {"a": 1}}]', "task 1: expected an object"),
    "empty.json": ('[{"data": {"n": 1}}]', "no picture or text in its data; it has n"),
    "two.json": (
        json.dumps([{"image": "rose/a0.png", "annotations": [{"result": annotation("a")["result"] * 2}]}]),
        "2 choices (a, a); expected one per item",
    ),
    "list.json": ('[{"data": {"image": "a0.png"}, "annotations": [{"result": [{"type": "choices"}]}]}]', "odd content"),
    "several.json": (
        json.dumps([{"image": "rose/a0.png", "flower": {"choices": ["a", "b"]}}]),
        "2 choices in 'flower'",
    ),
    "empty.csv": ("", "the file is empty"),
    "nolabel.csv": ("file_name,size\nrose/a0.png,3\n", "no column holds the label; it has file_name, size"),
    "noitem.csv": ("label,size\nrose,3\n", "no column says which item is meant"),
    "unnamed.csv": ("item,label\n,rose\n", "it names no item"),
    "both.csv": ("item,label,removed\nrose/a0.png,rose,true\n", "it is removed and has the label 'rose'"),
    "maybe.csv": ("item,label,suggested\nrose/a0.png,rose,perhaps\n", "'perhaps' is neither true nor false"),
    "long.csv": (f"item,label\nrose/a0.png,{'x' * 2_000}\n", "its label has 2,000 characters"),
    "history.jsonl": (
        '{"item": "rose/a0.png", "label": "rose", "history": [1]}\n',
        "its history is no list of objects",
    ),
    "torn.jsonl": ('{"item": "rose/a0.png", "label": "rose", "history": "[{"}\n', "its history cannot be read"),
    "pickle.csv": (b"\x80\x04\x95abc", "a Python pickle, which is never opened here"),
    "what.xyz": ("a", "its ending says nothing"),
    "missing.json": (None, "it cannot be read (No such file"),
    "missing": (None, "no metadata.jsonl in it"),
    "path.csv": ("item,label\n../../../etc/passwd,rose\n", "'../../../etc/passwd': no such item"),
    "markup.csv": ("item,label\n<script>alert(1)</script>,rose\n", "'<script>alert(1)</script>': no such item"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_in_words(project: Project, tmp_path: Path, name: str) -> None:
    """What, where, what was expected: one message, and the record is as it was."""
    content, says = BAD[name]
    if content is not None:
        written(tmp_path / name, content)
    with pytest.raises(FlorilegiumError) as refused:
        project.labels().import_from(tmp_path / name)

    assert says in str(refused.value)
    assert of_people(project) == []


def test_too_large_a_document_is_not_opened(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document beyond the limit is refused by its size, a table beyond the limit by its lines."""
    monkeypatch.setattr("florilegium.source.labels.studio.MAX_BYTES", 10)
    monkeypatch.setattr("florilegium.source.labels.tables.MOST_LABELS", 1)
    with pytest.raises(SourceError, match="at most 10 are read"):
        project.labels().import_from(studio(tmp_path / "p.json", {"data": {"image": "rose/a0.png"}}))
    table = written(tmp_path / "t.csv", "item,label\nrose/a0.png,tulip\nrose/a1.png,tulip\n")
    with pytest.raises(SourceError, match="more than 1 labels"):
        project.labels().import_from(table)


def test_many_faults_are_counted(project: Project, tmp_path: Path) -> None:
    """Ten problems are named, the rest is counted."""
    table = written(tmp_path / "t.csv", "item,label\n" + "".join(f"no{i}.png,rose\n" for i in range(25)))
    with pytest.raises(InputError, match=r"25 problems:(.|\n)*and 15 more"):
        project.labels().import_from(table)
    tasks = studio(tmp_path / "t.json", *([7] * 60))
    with pytest.raises(InputError, match="51 problems"):
        project.labels().import_from(tasks)
