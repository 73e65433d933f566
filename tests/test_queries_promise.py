"""What the query desk promises: for which model, replies and ways of asking it holds, and when it ends."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from florilegium.project import Project, kept
from florilegium.project.queries import Asked, promising
from florilegium.project.queries.routing import Router
from florilegium.queries import Reply
from florilegium.store import QueryState
from tests.query_making import INTENTS, trained_queries

SURE = "my card was stolen, please help"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a trained project with replies and a promise; tests work on copies."""
    return trained_queries(tmp_path_factory.mktemp("queries"))


def test_a_promise_says_which_replies_wait_for_a_name(made: Path, tmp_path: Path) -> None:
    """A reply with {name} goes out by itself only where the sender gave one, so the share answered may be smaller."""
    shutil.copytree(made, tmp_path / "p")
    with Project(tmp_path / "p") as project:
        promised = project.queries().promise(error=0.05)
        kept = project.queries().promised()

    assert promised.n_open == 1  # card_arrival's
    assert kept == promised
    assert [(case.told, len(case.intents)) for case in promised.cases] == [("with a name", 3), ("without a name", 2)]
    assert all(case.promise.sure == 0.95 for case in promised.cases)


def test_each_way_of_asking_keeps_the_promise_by_itself(made: Path, tmp_path: Path) -> None:
    """Where the good intent's reply needs a name, the bad one alone must not go out on the good one's account."""
    shutil.copytree(made, tmp_path / "p")
    with Project(tmp_path / "p") as project:
        record = promising.model_of(project)
        found = kept.load_predictions(project.folder, record.model_id, "folds")
        assert found is not None
        answers, known = found
        said = answers.probabilities.argmax(axis=1)
        bad = np.array(answers.classes)[said] == "lost_card"  # every fifth answer of this intent is made wrong
        wrong = bad & (np.arange(len(said)) % 5 == 0)
        truth = np.where(wrong, (said + 1) % len(answers.classes), said)
        kept.save_predictions(project.folder, record.model_id, "folds", replace(answers, truth=truth), known)
        replies = tmp_path / "replies.csv"
        rows = [f"{intent},Dear {{name}}." for intent in INTENTS if intent != "lost_card"]
        replies.write_text("intent,reply\nlost_card,Freeze it.\n" + "\n".join(rows), encoding="utf-8")
        project.queries().take_replies(replies)
        promised = project.queries().promise(error=0.1)
        router = Router(project)
        routed = [router.route("i lost my card", values={"name": name}) for name in ("Ann", "")]

    assert [(case.told, case.promise.is_given) for case in promised.cases] == [
        ("with a name", True),
        ("without a name", False),
    ]
    assert [each.intent for each in routed] == ["lost_card"] * 2
    assert [each.automatic for each in routed] == [True, False]


def test_without_replies_nothing_is_automatic_and_the_promise_says_so(made: Path, tmp_path: Path) -> None:
    """What could be promised is said; the replies that come then have a promise of the same error."""
    shutil.copytree(made, tmp_path / "p")
    with Project(tmp_path / "p") as project:
        project.store.queries.put_replies([], who="owner", now=project.clock())
        promised = project.queries().promise(error=0.05)
        is_automatic = Router(project).route(SURE, values={"name": "Ann"}).automatic
        replies = tmp_path / "replies.csv"
        replies.write_text("intent,reply\nexchange_rate,The interbank rate.\n", encoding="utf-8")
        project.queries().take_replies(replies)
        then = project.queries().promised()

    assert (promised.threshold, promised.n_without, is_automatic) == (None, 4, False)
    assert "no replies yet" in str(promised)
    assert promised.promise.is_given
    assert then is not None
    assert (then.promise.error, then.is_current, set(then.intents)) == (0.05, True, {"exchange_rate"})


def test_other_replies_end_a_promise(made: Path, tmp_path: Path) -> None:
    """Replies that reach the store by another way than the command are not covered by what was promised before."""
    shutil.copytree(made, tmp_path / "p")
    with Project(tmp_path / "p") as project:
        before = project.queries().promised()
        more = [*project.store.queries.replies(), Reply(intent="top_up_failed", text="Try again.")]
        project.store.queries.put_replies(more, who="ann", now=project.clock())
        after = project.queries().promised()

    assert before is not None
    assert before.is_current
    assert after is not None
    assert (after.is_current, after.threshold) == (False, None)
    assert "other replies" in str(after)


def test_a_reply_in_another_language_is_not_sent_by_itself(made: Path, tmp_path: Path) -> None:
    """Who asks in German gets no Portuguese by itself; a person sees what there is."""
    shutil.copytree(made, tmp_path / "p")
    replies = tmp_path / "replies.csv"
    replies.write_text("intent,reply,language\nlost_card,Bloqueie o cartão.,pt\n", encoding="utf-8")
    with Project(tmp_path / "p") as project:
        project.queries().take_replies(replies)
        router = Router(project)
        asked = {language: router.route(SURE, language=language) for language in ("", "pt", "pt-BR", "de")}

    assert {language: routed.automatic for language, routed in asked.items()} == {
        "": True,
        "pt": True,
        "pt-BR": True,
        "de": False,
    }
    assert asked["de"].reply == "Bloqueie o cartão."


def test_a_promise_holds_for_its_model_and_its_replies_alone(made: Path, tmp_path: Path) -> None:
    """Another model, or replies to other intents, and nothing is automatic until it is promised anew."""
    shutil.copytree(made, tmp_path / "p")
    replies = tmp_path / "replies.csv"
    replies.write_text("intent,reply\nexchange_rate,The interbank rate.\n", encoding="utf-8")
    with Project(tmp_path / "p") as project:
        project.queries().take_replies(replies)
        promised = project.queries().promised()
        assert promised is not None
        assert promised.intents == {"exchange_rate"}
        assert (promised.n_without, promised.n_open) == (3, 0)
        for sample in project.store.samples()[0][:5]:
            project.relabel(sample.name, None)
        trained = project.train()
        stale = project.queries().promised()
        assert stale is not None
        desk = project.queries().desk()

        assert (stale.is_current, stale.threshold) == (False, None)
        assert trained.notes[-1].startswith("The query desk answers nothing by itself now: the promise was made for")
        assert desk.receive(Asked(text=SURE)).query.state is QueryState.WAITING


def test_the_report_says_what_is_promised(made: Path, tmp_path: Path) -> None:
    """Beside how far confidence can be believed stands the promise with its ranges."""
    shutil.copytree(made, tmp_path / "p")
    with Project(tmp_path / "p") as project:
        html = project.report().path.read_text(encoding="utf-8").replace("\u00a0", " ")
        promised = project.queries().promised()

        assert f"Promised at the query desk:</strong> {promised}." in html
