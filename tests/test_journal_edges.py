"""The journal at its edges: broken-off verdicts, long records, odd disks, sections that are not there."""

import errno
import os
from datetime import timedelta
from pathlib import Path

import pytest

from florilegium.errors import StorageError
from florilegium.journal import read_journal, write_new
from florilegium.journal.chapter import digest, parse, with_draft
from tests.journal_making import MORNING, chapter_at, judge, label, project_at, train, write_chapter

EVENING = MORNING + timedelta(hours=12)


def test_a_verdict_that_was_broken_off_is_told_as_one(tmp_path: Path) -> None:
    """An opening without a verdict is named, with no score, no picture of it and no lesson from it."""
    project = project_at(tmp_path)
    project.store.open_seal(train(project, 320, at=MORNING), alpha_of=lambda _: 0.03, now=MORNING)
    text = chapter_at(tmp_path / "journal", project, now=EVENING).path.read_text(encoding="utf-8")

    assert "opening 1 (28 November 2026): the judging was broken off; nothing is recorded." in text
    assert "garden-model-1.svg" in text
    assert "often go unseen" not in text


def test_labels_that_no_training_followed_say_so(tmp_path: Path) -> None:
    """What labels brought is not known before a model was trained on them; taking an item out is counted."""
    project = project_at(tmp_path)
    train(project, 320, at=MORNING)
    label(project, 1, who="ann", at=MORNING + timedelta(hours=1))
    text = chapter_at(tmp_path / "journal", project, now=EVENING).path.read_text(encoding="utf-8")

    assert "**1 label given** in garden on 1 item, 1 with the model's suggestion in sight." in text
    assert "What they brought is not known: no model has been trained since." in text


def test_scores_whose_ranges_do_not_meet_are_called_apart(tmp_path: Path) -> None:
    """Above, below and overlapping are told apart by the ranges, not by the scores."""
    project = project_at(tmp_path)
    for n_right in (390, 200, 310):  # the best rule has 303 of 400, and a range of five points to both sides
        train(project, n_right, at=MORNING)
    text = chapter_at(tmp_path / "journal", project, now=EVENING).path.read_text(encoding="utf-8")
    said = [line.partition("): ")[2] for line in text.splitlines() if line.startswith("- **Trained")]

    assert "above it, ranges apart" in said[0]
    assert "below it, ranges apart" in said[1]
    assert "the ranges overlap, so this alone shows no difference" in said[2]


def test_a_long_record_is_told_from_its_end(tmp_path: Path) -> None:
    """Of fifteen trainings the newest twelve are told, and a line says that there are earlier ones."""
    project = project_at(tmp_path)
    for n_right in range(300, 315):
        train(project, n_right, at=MORNING)
    text = chapter_at(tmp_path / "journal", project, now=EVENING).path.read_text(encoding="utf-8")

    assert text.count("**Trained model") == 12
    assert "Trained model 15" in text
    assert "Trained model 3 " not in text
    assert "- Earlier ones stand in the record of garden." in text


def test_a_second_verdict_is_judged_and_told_once(tmp_path: Path) -> None:
    """The chapter of the next day tells the new opening and not the old one."""
    project = project_at(tmp_path)
    judge(project, train(project, 320, at=MORNING), at=MORNING)
    chapter_at(tmp_path / "journal", project, now=EVENING)
    judge(project, train(project, 330, at=EVENING), at=EVENING)
    text = chapter_at(tmp_path / "journal", project, now=EVENING + timedelta(days=1)).path.read_text(encoding="utf-8")

    assert "opening 2" in text
    assert "opening 1" not in text


def test_a_chapter_that_is_not_text_is_a_fault(tmp_path: Path) -> None:
    """Bytes that are not UTF-8, and a file too large to be a chapter, are named and the others are read."""
    write_chapter(tmp_path, "2026-11-01", "fine")
    (tmp_path / "2026-11-02.md").write_bytes(b"---\ndate: 2026-11-02\n---\n\xff")
    (tmp_path / "2026-11-03.md").write_bytes(b"x" * 1_000_001)
    journal = read_journal(tmp_path)

    assert [chapter.name for chapter in journal.chapters] == ["2026-11-01"]
    assert journal.faults == (
        "2026-11-02.md: byte 25 is not UTF-8; save the file as UTF-8",
        "2026-11-03.md:1: more than 1,000,000 bytes; divide it into several chapters",
    )


def test_a_disk_without_second_names_is_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a disk that knows no hard links a new file is written all the same, and never over another."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)

    assert write_new(tmp_path / "a.md", "one")
    assert not write_new(tmp_path / "a.md", "two")
    assert (tmp_path / "a.md").read_text(encoding="utf-8") == "one"
    assert [path.name for path in tmp_path.iterdir()] == ["a.md"]


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be written, the error names the file, and no half of it is left."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(StorageError, match=r"a\.md: No space left on device"):
        write_new(tmp_path / "a.md", "one")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("First", "## First\n\n- a\n\nNew.\n\n## Last\n\ny[^1]\n\n[^1]: z\n"),
        ("last", "## First\n\n- a\n\n## Last\n\ny[^1]\n\nNew.\n\n[^1]: z\n"),
        ("Other", "## First\n\n- a\n\n## Last\n\ny[^1]\n\n\n## Other\n\nNew.\n\n[^1]: z\n"),
    ],
)
def test_a_draft_goes_to_its_section(heading: str, expected: str) -> None:
    """A draft stands behind what its section holds, before the footnotes; a section that is not there is made."""
    front = "---\ndate: 2026-11-01\ndrafted:\n  - 0123456789ab\ntags: [x]\n---\n"
    text = f"{front}## First\n\n- a\n\n## Last\n\ny[^1]\n\n[^1]: z\n"
    faults: list[str] = []
    chapter = parse(text, file="a.md", faults=faults)
    assert chapter is not None
    made = with_draft(text, chapter, heading, "New.")

    assert made == f'---\ndate: 2026-11-01\ntags: [x]\ndrafted: ["0123456789ab", "{digest("New.")}"]\n---\n{expected}'
    assert faults == []
