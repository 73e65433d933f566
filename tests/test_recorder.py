"""Answers are written together: what is done is on disk, and what cannot be written is said to who asked for it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from florilegium.project.recourse import Recourse
from florilegium.store import Prediction, Recording
from tests.recourse_making import ask, make_project, picture, recourse_at


@pytest.fixture
def recourse(tmp_path: Path) -> Any:
    """Give a project's recourse."""
    with recourse_at(make_project(tmp_path), tmp_path / "p") as recourse:
        yield recourse


def others(recourse: Recourse, n: int) -> list[Prediction]:
    """Give answers like one that was recorded, but for their tickets and moments."""
    first, _ = ask(recourse, picture("red"))
    return [replace(first, id=0, ticket_hash=f"{i:064}", at=first.at + timedelta(seconds=i)) for i in range(n)]


def test_what_is_done_is_on_disk_in_the_order_of_coming(recourse: Recourse) -> None:
    """Many answers at once all get their own row."""
    given = others(recourse, 200)
    futures = [recourse.recorder.record(Recording(prediction=each)) for each in given]
    written = [future.result(timeout=60) for future in futures]

    assert [each.at for each in written] == [each.at for each in given]
    assert recourse.store.live.by_ids([each.id for each in written]) == {each.id: each for each in written}


def test_one_that_cannot_be_written_leaves_the_others_alone(recourse: Recourse) -> None:
    """An error of any kind goes to who waits for that answer, and to nobody else."""
    first, second, third = others(recourse, 3)
    futures = [
        recourse.recorder.record(Recording(prediction=each))
        for each in (first, replace(second, facts={"no JSON": object()}), third)
    ]

    assert futures[0].result(timeout=60).id != futures[2].result(timeout=60).id
    with pytest.raises(Exception, match=r"JSON|serializable"):
        futures[1].result(timeout=60)


def test_who_goes_away_takes_nothing_along(recourse: Recourse) -> None:
    """An answer that nobody waits for any more is written all the same."""
    (given,) = others(recourse, 1)
    future = recourse.recorder.record(Recording(prediction=given))

    assert not future.cancel()
    assert future.result(timeout=60).at == given.at
