"""Whoever has the ticket gets all that is kept, or has it erased; what may not be kept longer is erased by itself."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from florilegium.appeals import Consent, State
from florilegium.cli.commands import app
from florilegium.project.recourse import Recourse, TicketUnknown
from florilegium.project.recourse.trail import document, page
from tests.recourse_making import Moving, ask, contest, key, make_project, picture, recourse_at, review

SAID = "it stands in my garden at 5 Elm Street"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a trained project; tests work on copies."""
    return make_project(tmp_path_factory.mktemp("made"))


def later(recourse: Recourse, **gap: float) -> None:
    """Let time pass."""
    clock = recourse.project.clock
    assert isinstance(clock, Moving)
    clock.later(**gap)


def everything(recourse: Recourse) -> bytes:
    """Give all that the database says of cases and answers, as it can be read out of it."""
    store = recourse.store
    told = [store.live.all(), store.cases.all(), store.outbox.all(), store.samples(), store.label_events()]
    return repr(told).encode()


def test_a_person_gets_all_that_is_kept(made: Path, tmp_path: Path) -> None:
    """The archive has answer, vector, words, steps and picture; reviewers are not named."""
    with recourse_at(made, tmp_path / "p") as recourse:
        content = picture("red")
        file, link = contest(recourse, content, reason=SAID, contact="ann@example.org")
        review(recourse, file.case.id, "blue", who="reviewer rita")
        archive = recourse.person_archive(link)

    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        told = json.loads(opened.read("everything.json"))
        kept = opened.read("picture.png")
    assert kept == content
    assert told["cases"][0]["reason"] == SAID
    assert told["cases"][0]["contact"] == "ann@example.org"
    assert [step["step"] for step in told["cases"][0]["steps"]][-2:] == ["decided", "learned"]
    assert len(told["answer"]["vector"]) > 0
    assert [label["label"] for label in told["labels"]] == ["blue"]
    assert "rita" not in json.dumps(told)


def test_what_is_forgotten_is_gone_and_counted(made: Path, tmp_path: Path) -> None:
    """No word, picture, hash or address is left; the item is out of the set, the next model is said to be needed."""
    with recourse_at(made, tmp_path / "p", smtp="127.0.0.1:1", mail_from="a@flowers.example") as recourse:
        content = picture("red")
        file, link = contest(recourse, content, reason=SAID, contact="ann@example.org", suggestion="green")
        sha256 = recourse.prediction_of(file).sha256
        review(recourse, file.case.id, "blue")
        recourse.project.train()
        erased = recourse.forget(link)
        left, again = everything(recourse), recourse.forget(link)
        names = [sample.name for sample in recourse.store.samples()[0]]
        status, found = recourse.status(link), recourse.store.live.by_id(file.case.prediction_id)
        events = recourse.store.label_events()
        recourse.project.train()
        on_disk = [p for p in recourse.project.cache.rglob("*") if p.is_file() and sha256[:16] in p.name]

    for word in (SAID, "ann@example.org", sha256, sha256[:16], "plainly something else"):
        assert word.encode() not in left
    assert erased.was_learned
    assert "florilegium train" in erased.sentence
    assert not any(name.startswith("appeals/") for name in names)
    assert events[-1].label is None
    assert status.is_forgotten
    assert found is not None
    assert (found.label, found.forgotten_at is not None) == ("red", True)
    assert not again.had_content
    assert on_disk == []


def test_an_open_case_that_is_forgotten_is_closed(made: Path, tmp_path: Path) -> None:
    """Nobody is asked to judge what is no longer there; a contested answer cannot be contested again."""
    with recourse_at(made, tmp_path / "p", audit_share=1.0) as recourse:
        _, ticket = ask(recourse, picture("red"))
        recourse.forget(ticket)
        (file,) = recourse.store.cases.all()
        with pytest.raises(TicketUnknown, match="erased"):
            recourse.appeal(ticket, reason="wrong", key=key())
        waiting = recourse.queue("ann", "reviewer")

    assert file.standing.state is State.WITHDRAWN
    assert waiting == ()


def test_time_erases_what_may_not_be_kept(made: Path, tmp_path: Path) -> None:
    """Pictures go 30 days after a decision, undecided audits too, and after a year all that is personal."""
    with recourse_at(made, tmp_path / "p", audit_share=1.0) as recourse:
        _, lonely = ask(recourse, picture("green"))
        file, link = contest(recourse, picture("red"), consent=Consent.REVIEW, reason=SAID)
        review(recourse, file.case.id, "red")
        both = recourse.store.cases.of_prediction(file.case.prediction_id)
        audit = next(each for each in both if each.case.origin == "audit")
        review(recourse, audit.case.id, "red", who="bob")
        now = recourse.sweep()
        later(recourse, days=29)
        before = recourse.sweep()
        later(recourse, days=2)
        after = recourse.sweep()
        reason_then = recourse.status(link).appeal_reason
        later(recourse, days=340)
        year = recourse.sweep()
        left, prediction = everything(recourse), recourse.answer(lonely)
        nothing = recourse.sweep()

    assert (now.n_contents, before.n_contents) == (0, 0)
    assert (after.n_contents, after.n_expired) == (2, 1)
    assert reason_then == SAID
    assert year.n_forgotten == 2
    assert SAID.encode() not in left
    assert prediction.forgotten_at is not None
    assert (nothing.n_forgotten, nothing.n_contents) == (0, 0)


def test_what_may_be_learned_outlives_the_year(made: Path, tmp_path: Path) -> None:
    """With consent to learn, picture and label stay in the set; words, address and hash of the answer go."""
    with recourse_at(made, tmp_path / "p") as recourse:
        file, _ = contest(recourse, picture("red"), reason=SAID)
        review(recourse, file.case.id, "blue")
        later(recourse, days=400)
        recourse.sweep()
        left, status = everything(recourse), recourse.project.status()
        recourse.project.train()

    assert SAID.encode() not in left
    assert status.n_from_appeals == 1


def test_a_crash_before_learning_is_made_good(made: Path, tmp_path: Path) -> None:
    """A case that was decided, and whose label event a crash prevented, is learned from at the next sweep."""
    with recourse_at(made, tmp_path / "p") as recourse:
        recourse.learn = lambda file: file  # type: ignore[method-assign] # the crash
        file, _ = contest(recourse, picture("red"))
        review(recourse, file.case.id, "blue")
    with recourse_at(made, tmp_path / "p") as recourse:
        first, second = recourse.sweep(), recourse.sweep()
        status = recourse.project.status()

    assert (first.n_learned, second.n_learned, status.n_from_appeals) == (1, 0, 1)


def test_reviewers_are_reminded_once_before_and_once_after(made: Path, tmp_path: Path) -> None:
    """Three days before the deadline and when it has passed, however often the sweep runs."""
    mail = {"smtp": "127.0.0.1:1", "mail_from": "a@flowers.example", "mail_to": "bob@flowers.example"}
    with recourse_at(made, tmp_path / "p", **mail) as recourse:
        contest(recourse, picture("red"))
        counts = []
        for days in (1, 10.5, 0.1, 3, 1):
            later(recourse, days=days)
            counts.append(recourse.sweep().n_reminded)
        subjects = [m.subject for m in recourse.store.outbox.all()]

    assert counts == [0, 1, 0, 1, 0]
    assert subjects == ["A case waits for review (case 1)", "A case is due soon (case 1)", "A case is overdue (case 1)"]


def test_the_trail_shows_the_process_and_no_person(made: Path, tmp_path: Path) -> None:
    """Every step with reviewer and moment; no appellant's word, address or picture; safe as a page."""
    with recourse_at(made, tmp_path / "p") as recourse:
        file, _ = contest(recourse, picture("red"), reason=SAID, contact="ann@example.org")
        review(recourse, file.case.id, "blue", who="<script>alert(1)</script>")
        told, html = document(recourse), page(recourse)

    steps = [step["step"] for step in told["cases"][0]["steps"]]
    assert steps == ["received", "taken", "judged blind", "decided", "learned"]
    assert told["counts"]["upheld"] == 1
    assert told["cases"][0]["steps"][3]["details"]["reason"] == "it is plainly something else"
    for text in (json.dumps(told), html):
        assert SAID not in text
        assert "ann@example.org" not in text
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_the_commands_do_the_same(made: Path, tmp_path: Path) -> None:
    """`appeals list|export`, `person export|forget` and `recourse sweep` work on a folder, with --json too."""
    with recourse_at(made, tmp_path / "p") as recourse:
        file, link = contest(recourse, picture("red"))
        review(recourse, file.case.id, "blue")
    run, at = CliRunner(), ["-p", str(tmp_path / "p")]

    def said(*words: str) -> str:
        done = run.invoke(app, [*words, *at])
        assert done.exit_code == 0, done.output
        return done.stdout

    listed = json.loads(said("appeals", "list", "--json"))
    assert (listed[0]["ruling"], listed[0]["label"]) == ("upheld", "blue")
    assert "blue" in said("appeals", "list")
    assert json.loads(said("appeals", "list", "--open", "--json")) == []
    assert json.loads(said("appeals", "export", "--json"))["counts"]["cases"] == 1
    said("appeals", "export", "-o", str(tmp_path / "trail.html"))
    assert "Case 1" in (tmp_path / "trail.html").read_text(encoding="utf-8")
    assert json.loads(said("person", "export", link, "--json"))["cases"]
    said("person", "export", link, "-o", str(tmp_path / "person.zip"))
    assert zipfile.is_zipfile(tmp_path / "person.zip")
    assert json.loads(said("person", "forget", link, "--json"))["n_cases"] == 1
    assert json.loads(said("recourse", "sweep", "--json"))["n_contents"] == 0
    unknown = run.invoke(app, ["person", "export", "A" * 32, *at])
    assert unknown.exit_code == 2
    assert "belongs to this ticket" in unknown.stderr
