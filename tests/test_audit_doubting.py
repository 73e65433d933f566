"""What an audit asks before anything is trained: which items, held out how, and what that costs to ignore."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

import florilegium
from florilegium.project import auditing, doubting
from florilegium.types import Bools

TOPICS = (("card", "lost", "stolen", "block", "plastic", "chip"), ("euro", "rate", "exchange", "dollar", "fee", "yen"))


def table(path: Path, n: int) -> Path:
    """Write n texts of two topics; each person writes a few, and each uses one word of their own."""
    rng = np.random.default_rng(0)
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "label", "thread", "person"])
        for i in range(n):
            words = [*rng.choice(TOPICS[i % 2], 3), f"signed{'abcdefghijklmnop'[i // 8 % 16]}"]
            rows.writerow([" ".join(words), ("card", "money")[i % 2], f"t{i // 4}", f"p{i // 8}"])
    return path


def test_groups_and_sources_are_held_out_whole(tmp_path: Path) -> None:
    """Threads and persons named by the user are priced beside near copies; nothing sealed is ever asked about."""
    source = table(tmp_path / "t.csv", 160)
    with florilegium.new(tmp_path / "p", source, label="label", group="thread", origin="person") as project:
        holdings = project.holdings()
        found = doubting.doubts(project, holdings)
        subject = auditing.subject_of(project, holdings)

    assert {leak.by for leak in found.leaks} >= {"groups", "sources"}
    assert all(-1 <= leak.low <= leak.gain <= leak.high <= 1 for leak in found.leaks)
    assert found.probabilities is not None
    asked: Bools = np.asarray(np.isfinite(found.probabilities).all(axis=1))
    assert asked[holdings.train].all()
    assert not asked[holdings.test].any()
    assert not np.isfinite(found.strange[holdings.test]).any()
    assert subject.probabilities is not None


def test_a_handful_of_items_is_not_asked_about(tmp_path: Path) -> None:
    """Twelve texts say nothing about labels; the audit goes its way without answers, and its page is written."""
    with florilegium.new(tmp_path / "p", table(tmp_path / "t.csv", 12), label="label") as project:
        found = doubting.doubts(project, project.holdings())
        result = project.audit()

    assert found.probabilities is None
    assert found.leaks == ()
    assert np.isnan(found.strange).all()
    assert result.path is not None
    assert result.path.exists()


def test_a_giant_group_is_broken_into_near_copies() -> None:
    """A group of more than a third of the items would never be held out; its labels are asked about all the same."""
    n = 30
    side = doubting.Side(
        rows=np.arange(n),
        names=[f"i{i}" for i in range(n)],
        y=np.arange(n) % 2,
        near=np.r_[np.zeros(2, dtype=np.int64), np.arange(1, n - 1)],
        groups=np.r_[np.zeros(20, dtype=np.int64), np.arange(1, 11)],
        origins=np.full(n, -1),
        seed=0,
    )

    assert side.modest[0] == side.modest[1]  # copies stay together
    assert len(np.unique(side.modest[:20])) == 19
    assert (side.folds(side.modest) >= 0).all()
    assert (side.folds(side.groups)[:20] == -1).all()


@pytest.mark.data
def test_label_errors_of_photos_are_found_without_training(data: Path, tmp_path: Path) -> None:
    """Real slips of flowers20, seen by eye: hydrangeas labelled rose or lavender stand among the first ten of 180."""
    for name in ("rose", "lavender", "hydrangea"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for photo in sorted((data / "flowers20" / "images" / name).iterdir())[:60]:
            shutil.copy(photo, tmp_path / "photos" / name)
    with florilegium.new(tmp_path / "p", tmp_path / "photos") as project:
        holdings = project.holdings()
        result = project.audit()
    labels = next(f for f in result.findings if f.check == "labels")
    seen = {"rose/rose_055.jpg", "lavender/lavender_030.jpg", "lavender/lavender_036.jpg", "lavender/lavender_043.jpg"}
    asked = {name for name, train in zip(holdings.dataset.names, holdings.train, strict=True) if train}

    assert seen & asked
    assert seen & asked <= set(labels.items[:10])
    assert {"brightness", "border", "blur", "size"} <= {rung.family for rung in result.ladder}
    assert result.path is not None
    assert result.path.read_text(encoding="utf-8").count("data:image/jpeg") >= 8
