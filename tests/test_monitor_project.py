"""A project watches itself: from the store through the stage to the command, the page, the report and `bias`."""

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from florilegium.appeals import Ruling
from florilegium.bias import Outcome
from florilegium.cli.commands import app
from florilegium.dataset import LabelEvent
from florilegium.errors import SettingError, StepMissing
from florilegium.feedback import Kept, Origin
from florilegium.project import Project
from florilegium.project.monitor import MonitorWish
from florilegium.project.monitor.live_record import live_record
from florilegium.project.monitor.watching import moment
from tests.monitor_store import fill
from tests.recourse_making import Moving, ask, key, make_project, picture, recourse_at, review

N = 300


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a trained project of colours."""
    return make_project(tmp_path_factory.mktemp("monitor"))


@pytest.fixture(scope="module")
def watched_folder(made: Path) -> Path:
    """Open the seal of a copy and fill it with live answers, most audited ones wrong."""
    folder = made.parent / "watched"
    shutil.copytree(made, folder)
    with Project(folder, clock=Moving()) as project:
        project.verdict()
        fill(project, n=N, accuracy=0.05, share_drawn=0.5)
    return folder


@pytest.fixture
def project(watched_folder: Path) -> Iterator[Project]:
    """Open the filled project."""
    with Project(watched_folder, clock=Moving()) as project:
        yield project


def test_the_record_is_read_as_it_was_written(project: Project) -> None:
    """Answers, audits, appeals, opted-out ones, facts and groups arrive as arrays."""
    assert project.store.current_model() is not None
    record = live_record(project, project.holdings().dataset.classes)
    cases = project.store.cases.all()
    answers = project.store.live.all()

    assert len(record) == N
    assert len(record.appeals) == N // 20
    assert int(record.opted_out.sum()) == sum(not each.may_check for each in answers)
    assert not (record.drawn & record.opted_out).any()
    assert int((record.audited >= 0).sum()) == sum(
        file.case.origin.value == "audit" and file.standing.ruling is not None for file in cases
    )
    assert record.vectors is not None
    assert record.clusters is not None  # every 25th has the same content
    assert set(record.facts) <= set(project.holdings().survey.looks.fact_names)
    assert record.columns[0].groups[:2] == ("north", "south")


def test_a_broken_promise_is_said(project: Project) -> None:
    """Nearly all audited answers are wrong, and the promise was far better: below; the page and the record say so."""
    found = project.monitor()

    assert found.watched.audit.kept is Kept.BELOW
    assert found.path is not None
    page = found.path.read_text(encoding="utf-8")
    assert "below what was promised" in page
    assert "<b>east</b>" not in page
    assert "&lt;b&gt;east" in page
    assert "http" not in page.replace("http://www.w3.org", "").split("<body>")[1]
    assert project.store.runs()[-1].details["kept"] == "below"


def test_the_report_says_it_in_a_line(project: Project) -> None:
    """After the monitor has looked, the report tells what it saw; before, it is silent."""
    project.monitor()
    report = project.report().path.read_text(encoding="utf-8")

    assert "Does it keep its promise live?" in report
    assert "below what was promised" in report


def test_bias_tests_the_deployment_on_live_answers(project: Project) -> None:
    """The live record fills the deployment test: accuracy live against the test is found."""
    found = [each for each in project.bias().findings.results if each.bias == "deployment"]

    assert any(each.measure.startswith("accuracy live and in the test") for each in found)
    assert any(each.outcome is Outcome.FOUND for each in found)


def test_only_what_came_since_is_looked_at(project: Project) -> None:
    """With a day to begin at, older answers and appeals against them are left out."""
    since = project.clock() - timedelta(days=10)
    found = project.monitor(MonitorWish(since=since, output=project.folder / "since.html"))

    assert 0 < found.watched.n < N / 2
    assert found.watched.contested.n < N // 20
    assert (project.folder / "since.html").exists()
    with pytest.raises(SettingError, match="2026-11-30"):
        moment("yesterday")


def test_the_command_gives_one_json_document(watched_folder: Path) -> None:
    """`monitor --json` and `feedback share --json` print one document each, without NaN."""
    runner = CliRunner()
    told = runner.invoke(app, ["monitor", "-p", str(watched_folder), "--json"])
    shared = runner.invoke(app, ["feedback", "share", "-p", str(watched_folder), "--json"])

    assert told.exit_code == 0
    document = json.loads(told.stdout, parse_constant=pytest.fail)
    assert document["kept"] == "below"
    assert document["audit"]["answered"]["n"] > 60
    assert json.loads(shared.stdout)["rounds"][0]["labels"] == 30
    assert runner.invoke(app, ["monitor", "-p", str(watched_folder), "--since", "soon"]).exit_code == 2


def test_self_training_is_played(made: Path) -> None:
    """`feedback simulate` plays on the project's own items and says what came of it, also where nothing did."""
    runner = CliRunner()
    options = ["-p", str(made), "--rounds", "3", "--start", "30", "--repeats", "2"]
    told = runner.invoke(app, ["feedback", "simulate", *options])
    as_json = runner.invoke(app, ["feedback", "simulate", *options, "--json"])
    refused = runner.invoke(app, ["feedback", "simulate", "-p", str(made), "--audited", "200"])

    assert told.exit_code == 0
    assert "Taught by its own answers for 3 rounds" in told.stdout
    assert len(json.loads(as_json.stdout)["courses"]) == 3
    assert refused.exit_code == 2


def test_nothing_live_is_said_plainly(made: Path, tmp_path: Path) -> None:
    """A project that nobody has asked anything gets a page that says so; one without a model is told to train."""
    folder = tmp_path / "empty"
    shutil.copytree(made, folder)
    with Project(folder, clock=Moving()) as project:
        found = project.monitor()
        assert found.watched.n == 0
        assert "No answer has been given live yet" in found.html()
        assert "nobody knows" in found.watched.audit.sentence


def test_a_project_without_a_model_is_told_to_train(made: Path, tmp_path: Path) -> None:
    """Before training there is nothing to watch."""
    import florilegium

    photos = made.parent / "photos"
    with (
        florilegium.new(tmp_path / "new", photos, encoder="pixels") as project,
        pytest.raises(StepMissing, match="florilegium train"),
    ):
        project.monitor()


def test_a_real_answer_goes_the_whole_way(made: Path, tmp_path: Path) -> None:
    """A picture that is answered, drawn and reviewed blind is one audited answer of the monitor."""
    with recourse_at(made, tmp_path / "whole", audit_share=1.0) as recourse:
        prediction, _ = ask(recourse, picture("red"), metadata={"site": "here"})
        case = recourse.store.cases.of_prediction(prediction.id)[0]
        review(recourse, case.case.id, prediction.label)
        found = recourse.project.monitor()

        assert found.watched.audit.n_drawn == 1
        live = found.watched.audit.answered or found.watched.audit.abstained
        assert live is not None
        assert live.n_right == 1
        assert key()


@pytest.mark.parametrize(("is_none", "seen"), [(True, 3), (False, -1)])
def test_none_of_the_classes_is_an_answer_and_not_knowing_is_none(
    made: Path, tmp_path: Path, is_none: bool, seen: int
) -> None:
    """Whoever says blind that it is none of the classes has said what it is; whoever cannot tell has not."""
    with recourse_at(made, tmp_path / "whole", audit_share=1.0) as recourse:
        prediction, _ = ask(recourse, picture("red"))
        case = recourse.store.cases.of_prediction(prediction.id)[0].case.id
        recourse.take(case, "ann", "reviewer")
        recourse.judge_blind(case, "ann", None, is_none=is_none, key=key())
        recourse.decide(case, "ann", Ruling.UPHELD, None, reason="It shows a house.", key=key())
        record = live_record(recourse.project, ("blue", "green", "red"))

    assert record.audited.tolist() == [3]
    assert record.blind is not None
    assert record.blind.tolist() == [seen]


def test_accepted_suggestions_are_counted_as_the_models_own(made: Path, tmp_path: Path) -> None:
    """A label that a person took from the model's suggestion counts as its own at the next training."""
    folder = tmp_path / "own"
    shutil.copytree(made, folder)
    with Project(folder, clock=Moving()) as project:
        record = project.store.current_model()
        assert record is not None
        names = [
            name
            for name, train in zip(project.holdings().dataset.names, project.holdings().train, strict=True)
            if train
        ]
        project.store.label(
            [
                LabelEvent(
                    name=name, label="red", who="ann", at=record.trained_at + timedelta(minutes=1), why="seen",
                    suggested=True, suggestion="red",
                )
                for name in names[:6]
            ]
        )  # fmt: skip
        project.store.add_model("f" * 64, record.card, now=record.trained_at + timedelta(hours=1))
        found = project.feedback().share()

        assert [each.counts[Origin.ACCEPTED] for each in found.rounds] == [0, 6]
        assert found.rounds[1].share_own == 6 / 30
