"""Recourse on either database: the whole way of a case, many senders at once, and a link that outlives a move."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from florilegium.appeals import Consent, State
from florilegium.errors import FlorilegiumError
from florilegium.project import Project, restore
from tests.recourse_making import ask, contest, key, make_project, picture, recourse_at, review


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a backup of a trained project."""
    folder = tmp_path_factory.mktemp("made")
    with Project(make_project(folder)) as project:
        return project.backup(folder / "archive.zip").path


@pytest.fixture
def folder(archive: Path, database_url: str, tmp_path: Path) -> Path:
    """Give a project whose record is in one or the other database."""
    return restore(archive, tmp_path / "p", database=database_url).folder


def test_an_upheld_appeal_reaches_the_next_training(folder: Path) -> None:
    """Answer, appeal, blind review, ruling, label event: what one person contested teaches the next model."""
    with recourse_at(folder, folder) as recourse:
        case, link = contest(recourse, picture("red"))
        review(recourse, case.case.id, "blue")
        status = recourse.status(link)
        said = [e for e in recourse.project.store.label_events() if e.who != "import"]

    assert status.state is State.UPHELD
    assert [e.label for e in said] == ["blue"]


def test_what_is_sent_many_times_at_once_is_kept_once(folder: Path) -> None:
    """Eight copies of one question get one ticket, and eight copies of one appeal are one case."""
    content, sent, appealed = picture("green"), key(), key()
    with recourse_at(folder, folder) as recourse, ThreadPoolExecutor(8) as pool:
        tickets = list(pool.map(lambda _: ask(recourse, content, key=sent)[1], range(8)))

        def appeal(_: int) -> int:
            file, _link = recourse.appeal(
                tickets[0], reason="wrong", content=content, consent=Consent.REVIEW, key=appealed
            )
            return file.case.id

        cases = list(pool.map(appeal, range(8)))

    assert len(set(tickets)) == 1
    assert len(set(cases)) == 1


def test_of_two_reviewers_at_once_one_takes_a_case(folder: Path) -> None:
    """Both reach for the same case: one has it, the other is told; its steps are numbered without a gap."""
    with recourse_at(folder, folder) as recourse, ThreadPoolExecutor(4) as pool:
        case, _ = contest(recourse, picture("blue"))

        def take(who: str) -> bool:
            try:
                recourse.take(case.case.id, who, "reviewer")
            except FlorilegiumError:
                return False
            return True

        taken = list(pool.map(take, ("ann", "ben", "cem", "dan")))
        with recourse.project.store.snapshot() as now:
            steps = [row["n"] for row in now.rows("case_events") if row["case_id"] == case.case.id]

    assert sum(taken) == 1
    assert steps == list(range(steps[0], steps[0] + len(steps)))


def test_a_private_link_outlives_a_move(folder: Path, tmp_path: Path) -> None:
    """A project is moved by backup and restore: the link that a person has leads to their case as before."""
    with recourse_at(folder, folder) as recourse:
        _, link = contest(recourse, picture("red"))
        moved = recourse.project.backup(tmp_path / "moved.zip").path
    restore(moved, tmp_path / "there")
    with recourse_at(tmp_path / "there", tmp_path / "there") as recourse:
        state = recourse.status(link).state

    assert state is State.RECEIVED
    assert (tmp_path / "there" / "recourse.key").stat().st_mode & 0o077 == 0
