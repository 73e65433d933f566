"""Killed under load, server and database keep every acknowledged write, once; and two servers of one project agree."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from itsdangerous import URLSafeSerializer

from benchmarks import durability
from benchmarks.durability_cases import WRITERS, Appeals, Reviews
from florilegium.project import Project, restore
from tests.durability_making import half_labelled
from tests.postgres_serving import missing, postgres

N_KILLS = 4


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a backup of a trained project with pictures that wait for a label."""
    folder = tmp_path_factory.mktemp("durability")
    half_labelled(folder, n=36)
    with Project(folder / "project") as project:
        return project.backup(folder / "archive.zip").path


@pytest.mark.slow
def test_kills_of_the_server_lose_nothing_and_double_nothing(archive: Path, tmp_path: Path) -> None:
    """On SQLite: servers killed at random moments while people label, contest and review."""
    restore(archive, tmp_path / "p")
    outcome = durability.rounds(tmp_path / "p", n=N_KILLS, n_clients=1, writers=WRITERS)

    assert outcome.faults == ()
    assert outcome.n_acknowledged >= N_KILLS


@pytest.mark.slow
def test_kills_of_postgresql_lose_nothing_and_double_nothing(archive: Path, tmp_path: Path) -> None:
    """On PostgreSQL: the server and the database itself, all its processes at once, in turn."""
    if (reason := missing()) is not None:
        pytest.skip(reason)
    with postgres() as server:
        restore(archive, tmp_path / "p", database=server.new_url())

        def kill() -> None:
            server.kill()
            server.start()

        outcome = durability.rounds(tmp_path / "p", n=N_KILLS, n_clients=1, writers=WRITERS, kill_database=kill)

    assert outcome.n_database_kills == N_KILLS // 2
    assert outcome.faults == ()
    assert outcome.n_acknowledged >= N_KILLS


def test_the_checks_find_what_is_missing(archive: Path, tmp_path: Path) -> None:
    """A write that nobody recorded, and one that is there and was not sent, are both found."""
    restore(archive, tmp_path / "p")
    told = durability.Told(sent={"a"}, acknowledged=["a", "a"])
    with Project(tmp_path / "p") as project:
        faults = durability.Labels().faults(project, [told])

    assert [fault.split(":")[0] for fault in faults] == ["acknowledged and not there", "acknowledged twice"]


def test_the_checks_find_an_appeal_and_a_step_that_are_missing(archive: Path, tmp_path: Path) -> None:
    """An appeal whose private link leads nowhere, and a review that nobody recorded, are found."""
    restore(archive, tmp_path / "p")
    given = {"ask-a-1": "t" * 32, "appeal-a-1": "l" * 32}
    told = durability.Told(sent=set(given), acknowledged=list(given), given=given)
    with Project(tmp_path / "p") as project:
        faults = Appeals().faults(project, [told]) + Reviews().faults(
            project, [durability.Told(acknowledged=["12345678"], given={"12345678": "1|decided|ann"})]
        )

    assert [fault.split(":")[0] for fault in faults] == [
        "answers acknowledged and not there",
        "appeals acknowledged and not there",
        "steps acknowledged and not there",
    ]


# Two servers of one project


@contextmanager
def two_servers(folder: Path) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """Give a browser at each of two servers of one project."""
    servers = durability.Servers(folder, n=2)
    first, second = (
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, cookies={"florilegium_who": f"name={who}"})
        for port, who in zip(servers.ports(), ("ann", "ben"), strict=True)
    )
    try:
        yield first, second
    finally:
        first.close()
        second.close()
        servers.stop()


def card_of(browser: httpx.Client) -> tuple[str, str]:
    """Give ticket and item that lie before a browser; wait for a server that is making its desk ready."""
    while (page := browser.get("/label/label")).status_code == httpx.codes.SERVICE_UNAVAILABLE:
        time.sleep(0.02)
    browser.headers["X-CSRF-Token"] = durability.between(page.text, 'name="csrf" value="', '"') or ""
    ticket = page.text.partition('name="ticket" value="')[2].partition('"')[0]
    return ticket, str(URLSafeSerializer("", salt="desk").loads_unsafe(ticket)[1]["name"])


def say(browser: httpx.Client, ticket: str, label: str) -> httpx.Response:
    """Label what a ticket stands for."""
    form = {"ticket": ticket, "choice": "label", "label": label, "new_class": "true", "on": "label"}
    return browser.post("/label/judge", data=form, headers={"X-Fragment": "1"})


def test_two_servers_of_one_project_agree(archive: Path, database_url: str, tmp_path: Path) -> None:
    """What was said at one is seen at the other; who comes second is told by whom; a ticket counts at both, once."""
    restore(archive, tmp_path / "p", database=database_url)
    with two_servers(tmp_path / "p") as (ann, ben):
        anns, bens = card_of(ann), card_of(ben)
        while anns[1] != bens[1]:  # until the same item lies before both
            say(ann, anns[0], "red")
            anns, bens = card_of(ann), card_of(ben)
        first, second = say(ann, anns[0], "red"), say(ben, bens[0], "blue")
        again_elsewhere = say(ben, anns[0], "red")
        classes = ben.get("/label/classes", params={"q": "re"}).json()
        next_of_ben = card_of(ben)[1]
    with Project(tmp_path / "p") as project:
        said = [j for j in project.store.judgements.all() if j.name == anns[1]]

    assert (first.status_code, second.status_code, again_elsewhere.status_code) == (200, 409, 200)
    assert "ann said 'red' meanwhile" in second.json()["error"]["message"]
    assert [(j.who, j.label) for j in said] == [("ann", "red")]
    assert "red" in str(classes)
    assert next_of_ben != anns[1]
