"""The query desk's promise is held to what reviewers find blind, and each answer is its own model's."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from florilegium.feedback import Kept
from florilegium.project.monitor.watching import document
from florilegium.project.queries import Asked, QueryWish
from florilegium.project.queries.desk import QueryDesk
from florilegium.project.queries.recording import recorder_of
from florilegium.project.recourse import Recourse
from florilegium.store import QueryState
from tests.query_making import ENDINGS, INTENTS, trained_queries
from tests.recourse_making import Moving, recourse_at, review


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a trained project with replies and a promise of 5 %; tests work on copies."""
    return trained_queries(tmp_path_factory.mktemp("queries"))


@contextmanager
def watched_desk(made: Path, at: Path) -> Iterator[tuple[QueryDesk, Recourse]]:
    """Sit down at a copy whose automatic answers are all drawn for the blind audit."""
    shutil.copytree(made, at)
    with recourse_at(made, at, audit_share=1.0) as recourse:
        project = recourse.project
        assert isinstance(project.clock, Moving)
        project.clock.now = datetime.now(UTC)  # the promise was made by the machine's clock, a moment ago
        record = recorder_of(recourse)
        wish = QueryWish(blind_share=0.0)
        yield QueryDesk(project, wish, record=record, forget=recourse.forget, changed=lambda: None), recourse


def asked(desk: QueryDesk, n: int) -> int:
    """Ask about lost cards and one thing that waits; give how many were answered automatically."""
    texts = [f"{INTENTS['lost_card'][i % 4]} {ENDINGS[i % 8]} n{i}" for i in range(n)]
    told = [desk.receive(Asked(text=text)) for text in (*texts, "my top up failed again")]
    return sum(each.query.state is QueryState.AUTOMATIC for each in told)


@pytest.mark.parametrize(("truth", "kept"), [("card_arrival", Kept.BELOW), ("lost_card", Kept.NOT_SHOWN)])
def test_blind_audits_tell_whether_automatic_answers_keep_the_promise(
    made: Path, tmp_path: Path, truth: str, kept: Kept
) -> None:
    """All audited ones wrong: more than promised, in the terminal, the page and the document; all right: not shown."""
    with watched_desk(made, tmp_path / "p") as (desk, recourse):
        n = asked(desk, 30)
        for waiting in recourse.queue("ann", "reviewer"):
            review(recourse, waiting.case, truth)
        found = desk.project.monitor()
        page = (tmp_path / "p" / "monitor.html").read_text(encoding="utf-8").replace("\u00a0", " ")

    audit = found.watched.automatic
    assert audit is not None
    assert audit.wrong is not None
    assert (audit.error, audit.n, audit.wrong.n, audit.kept) == (0.05, n, n, kept)
    assert n >= 25
    assert audit.sentence in page
    assert document(found)["automatic"]["sentence"] == audit.sentence
    assert found.watched.audit.share_opted_out is not None
    assert found.watched.audit.share_opted_out.n_right == 0  # who waits for a person did not opt out


def test_without_a_promise_there_is_nothing_to_keep(tmp_path: Path) -> None:
    """A project that promises nothing at the desk has no such line."""
    made = trained_queries(tmp_path, promise=False)
    with recourse_at(made, made) as recourse:
        assert recourse.project.monitor().watched.automatic is None


def test_an_answer_belongs_to_the_model_that_gave_it(made: Path, tmp_path: Path) -> None:
    """Trained anew under an open desk: the record names the desk's own model, and the new one marks no words for it."""
    with watched_desk(made, tmp_path / "p") as (desk, _):
        old = desk.router.model_id
        before = desk.receive(Asked(text="my top up failed today")).query
        project = desk.project
        for sample in project.store.samples()[0][:5]:
            project.relabel(sample.name, None)
        project.train()
        late = desk.receive(Asked(text="top up did not work")).query
        fresh = project.queries().desk(QueryWish(blind_share=0.0))
        recorded = project.store.live.by_id(late.prediction_id or 0)
        cards = {number: fresh.card(number) for number in (before.id, late.id)}

    assert recorded is not None
    assert {before.model_id, late.model_id, recorded.model_id} == {old}
    assert fresh.router.model_id != old
    assert all(len(card.pieces) == 1 and card.pieces[0].text == card.query.text for card in cards.values())
