"""An answer can be contested, is looked at blind, and gets an answer with its reason."""

from pathlib import Path

import pytest

from florilegium.appeals import Consent, IllegalStep, Ruling, State, Step
from florilegium.errors import InputError, StateError
from florilegium.project.recourse import AlreadyContested, BlindFirst, NotTheSame, TicketUnknown
from florilegium.store import Purpose
from tests.recourse_making import REASON, Moving, ask, contest, key, make_project, picture, recourse_at, review


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a trained project; tests work on copies."""
    return make_project(tmp_path_factory.mktemp("made"))


def test_an_appeal_goes_its_whole_way(made: Path, tmp_path: Path) -> None:
    """Answer, appeal, blind review, ruling with a reason: the private link shows each step and its end."""
    with recourse_at(made, tmp_path / "p", recourse="ombudsman@example.org") as recourse:
        content = picture("red")
        prediction, ticket = ask(recourse, content)
        given = {"reason": "that is blue", "suggestion": "blue", "content": content, "consent": Consent.REVIEW}
        _, link = recourse.appeal(ticket, key=key(), **given)  # type: ignore[arg-type]  # fields by name
        waiting = recourse.status(link)
        (queued,) = recourse.queue("ann", "reviewer")
        done = review(recourse, queued.case, "blue")
        status = recourse.status(link)

    assert prediction.label == "red"
    assert waiting.state is State.RECEIVED
    assert "A person decides by 14 December 2026" in waiting.next
    assert done.standing.state is State.UPHELD
    assert (status.ruling, status.label, status.reason) == (Ruling.UPHELD, "blue", REASON)
    assert "ombudsman@example.org" in status.next
    assert status.reviewer == ""


def test_an_answer_is_recorded_whole_and_once(made: Path, tmp_path: Path) -> None:
    """Hash, vector, facts and what the sender said are kept; a retry with the same key gets the same ticket."""
    with recourse_at(made, tmp_path / "p") as recourse:
        content, sent = picture("green"), key()
        first, ticket = ask(recourse, content, key=sent, metadata={"site": "garden"})
        again, ticket_again = ask(recourse, content, key=sent, metadata={"site": "garden"})
        other, other_ticket = ask(recourse, picture("red"), key=sent)
        found = recourse.answer(ticket)
        vector = recourse.store.live.vectors([first.id])[first.id]
        raw = (recourse.project.folder / "florilegium.db").read_bytes()
        log = recourse.project.folder / "florilegium.db-wal"
        raw += log.read_bytes() if log.exists() else b""

    assert (again.id, ticket_again) == (first.id, ticket)
    assert other.id != first.id
    assert other_ticket != ticket
    assert found == first
    assert len(vector) == recourse.model.d
    assert found.facts["width"] == 48
    assert found.facts["blur"] > 0
    assert found.metadata == {"site": "garden"}
    assert ticket.encode() not in raw  # the store holds hashes only
    assert sent.encode() not in raw


def test_chance_draws_answers_for_a_blind_audit(made: Path, tmp_path: Path) -> None:
    """A share of answers opens a case; nobody who says no is drawn, and content is kept for the drawn ones only."""
    with recourse_at(made, tmp_path / "p", audit_share=0.5) as recourse:
        drawn = [ask(recourse, picture("red", seed=i))[0] for i in range(30)]
        unwilling = [ask(recourse, picture("blue", seed=i), may_check=False)[0] for i in range(10)]
        kept = recourse.store.live.content_ids()
        waiting = recourse.queue("ann", "reviewer")

    assert 6 <= sum(p.drawn for p in drawn) <= 24  # 99.9 % of draws
    assert kept == {p.id for p in drawn if p.drawn}
    assert len(waiting) == len(kept)
    assert any(p.drawn for p in unwilling)  # drawn, but nobody looks


def test_the_same_appeal_sent_twice_is_one(made: Path, tmp_path: Path) -> None:
    """A browser that heard nothing sends again and gets the same private link; another appeal of it is refused."""
    with recourse_at(made, tmp_path / "p") as recourse:
        _, ticket = ask(recourse, picture("red"))
        sent = key()
        first = recourse.appeal(ticket, reason="this is wrong", key=sent)
        again = recourse.appeal(ticket, reason="this is wrong", key=sent)
        with pytest.raises(AlreadyContested, match="private link"):
            recourse.appeal(ticket, reason="this is wrong", key=key())
        n_cases = len(recourse.store.cases.all())

    assert first == again
    assert n_cases == 1


def test_what_was_not_answered_is_not_looked_at(made: Path, tmp_path: Path) -> None:
    """Another picture than the one that was answered is refused, and nothing of the appeal is kept."""
    with recourse_at(made, tmp_path / "p") as recourse:
        _, ticket = ask(recourse, picture("red"))
        with pytest.raises(NotTheSame, match="not the picture that was answered"):
            recourse.appeal(ticket, reason="wrong", key=key(), consent=Consent.REVIEW, content=picture("blue"))
        n_cases = len(recourse.store.cases.all())

    assert n_cases == 0


def test_without_consent_nothing_is_kept(made: Path, tmp_path: Path) -> None:
    """A picture that may not be kept is not, though it was sent; the case can be decided all the same."""
    with recourse_at(made, tmp_path / "p") as recourse:
        file, link = contest(recourse, picture("red"), consent=Consent.NONE)
        recourse.take(file.case.id, "ann")
        blind = recourse.blind(file.case.id, "ann")
        review(recourse, file.case.id, "blue")
        status, items = recourse.status(link), recourse.store.lessons.names()

    assert blind.content is None
    assert not status.has_content
    assert status.state is State.UPHELD
    assert items == frozenset()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"reason": "  "}, "the reason is empty"),
        ({"suggestion": "purple"}, "no class of this model"),
        ({"suggestion": "red"}, "is what the model said"),
        ({"contact": "ann@example.org\nBcc: all@example.org"}, "no e-mail address"),
        ({"contact": "<script>"}, "no e-mail address"),
        ({"reason": "x" * 5000}, "at most 4,000"),
        ({"key": "short"}, "the key of this request"),
    ],
)
def test_a_faulty_appeal_is_told_what_is_wrong(made: Path, tmp_path: Path, changed: dict[str, str], words: str) -> None:
    """Each fault is named with what was expected; nothing is kept."""
    with recourse_at(made, tmp_path / "p") as recourse:
        _, ticket = ask(recourse, picture("red"))
        with pytest.raises(InputError, match=words):
            # Fields by name.
            recourse.appeal(ticket, **{"reason": "wrong", "key": key(), **changed})  # type: ignore[arg-type]
        assert recourse.store.cases.all() == ()


def test_tickets_cannot_be_made_up(made: Path, tmp_path: Path) -> None:
    """Neither a guess, nor an answer's ticket where a case's belongs, nor a very long one opens anything."""
    with recourse_at(made, tmp_path / "p") as recourse:
        _, ticket = ask(recourse, picture("red"))
        for wrong in ("", "A" * 32, ticket, "x" * 10_000, "'; DROP TABLE cases; --", "\ud800"):
            with pytest.raises(TicketUnknown):
                recourse.status(wrong)
        with pytest.raises(TicketUnknown):
            recourse.answer("A" * 32)


def test_the_queue_tells_nothing_of_the_case(made: Path, tmp_path: Path) -> None:
    """An appeal and an audit look alike until the blind label is given; then the file opens."""
    with recourse_at(made, tmp_path / "p", audit_share=1.0) as recourse:
        ask(recourse, picture("blue"))
        contest(recourse, picture("red"), reason="it is a dahlia, I planted it")
        waiting = recourse.queue("ann", "reviewer")
        for each in waiting:
            recourse.take(each.case, "ann")
        told = repr([waiting, [recourse.blind(each.case, "ann") for each in waiting]])
        with pytest.raises(BlindFirst):
            recourse.open_file(waiting[0].case, "ann")
        with pytest.raises(IllegalStep):
            recourse.decide(waiting[0].case, "ann", Ruling.UPHELD, "green", reason=REASON, key=key())

    assert len(waiting) == 3
    assert "dahlia" not in told
    assert "appeal" not in told.replace("Blind", "")
    assert "audit" not in told


def test_rulings_must_agree_with_labels(made: Path, tmp_path: Path) -> None:
    """Upheld needs another label than the answer, rejected the same; a reason has at least a few words."""
    with recourse_at(made, tmp_path / "p") as recourse:
        file, _ = contest(recourse, picture("red"))
        case = file.case.id
        recourse.take(case, "ann")
        recourse.judge_blind(case, "ann", "red", key=key())
        for ruling, label, reason, words in (
            (Ruling.UPHELD, "red", REASON, "Upheld means"),
            (Ruling.REJECTED, "blue", REASON, "Rejected means"),
            (Ruling.UPHELD, "purple", REASON, "no class"),
            (Ruling.REJECTED, None, "no", "is no reason"),
        ):
            with pytest.raises(InputError, match=words):
                recourse.decide(case, "ann", ruling, label, reason=reason, key=key())
        none_of_them = recourse.decide(case, "ann", Ruling.UPHELD, None, reason=REASON, key=key())

    assert none_of_them.standing.label is None
    assert none_of_them.standing.state is State.UPHELD
    assert not none_of_them.standing.is_learned  # what is none of the classes teaches none


def test_who_takes_a_case_keeps_it_for_half_an_hour(made: Path, tmp_path: Path) -> None:
    """Another reviewer may take over only after 30 minutes; then the first is told."""
    with recourse_at(made, tmp_path / "p") as recourse:
        file, _ = contest(recourse, picture("red"))
        case = file.case.id
        recourse.take(case, "ann")
        assert recourse.take(case, "ann").events == recourse.take(case, "ann").events  # taking twice is taking once
        with pytest.raises(IllegalStep, match="ann has this case"):
            recourse.take(case, "bob")
        later(recourse.project.clock, minutes=31)
        recourse.take(case, "bob")
        with pytest.raises(IllegalStep, match="bob has this case now"):
            recourse.judge_blind(case, "ann", "red", key=key())


def later(clock: object, **gap: float) -> None:
    """Let time pass on a clock of ours."""
    assert isinstance(clock, Moving)
    clock.later(**gap)


def test_two_who_disagree_leave_it_to_an_owner(made: Path, tmp_path: Path) -> None:
    """A second review is asked for; where it differs only an owner sees the case, decides it, and it is closed."""
    with recourse_at(made, tmp_path / "p") as recourse:
        recourse.n_reviewers = lambda: 3  # type: ignore[method-assign] # accounts are another part
        file, _ = contest(recourse, picture("red"))
        case = file.case.id
        recourse.take(case, "ann")
        recourse.want_second(case, "ann", key=key())
        recourse.judge_blind(case, "ann", "blue", key=key())
        recourse.decide(case, "ann", Ruling.UPHELD, "blue", reason=REASON, key=key())
        for_ann, for_bob = recourse.queue("ann", "reviewer"), recourse.queue("bob", "reviewer")
        open_still = review(recourse, case, "red", who="bob")
        with pytest.raises(IllegalStep, match="an owner decides"):
            recourse.take(case, "cid", "reviewer")
        for_cid, for_owner = recourse.queue("cid", "reviewer"), recourse.queue("eve", "owner")
        recourse.take(case, "eve", "owner")
        recourse.judge_blind(case, "eve", "blue", key=key())
        others = recourse.open_file(case, "eve").others
        done = recourse.decide(case, "eve", Ruling.UPHELD, "blue", reason=REASON, key=key())

    assert (for_ann, len(for_bob)) == ((), 1)
    assert open_still.standing.state is State.IN_REVIEW
    assert (for_cid, [w.is_disputed for w in for_owner]) == ((), [True])
    assert [r.who for r in others] == ["ann", "bob"]
    assert (done.standing.state, done.standing.label) == (State.UPHELD, "blue")


def test_an_only_owner_who_is_one_of_two_decides_in_the_end(made: Path, tmp_path: Path) -> None:
    """Where owner and reviewer disagree and nobody else is there, the case does not hang for ever."""
    with recourse_at(made, tmp_path / "p", second_review_share=1.0) as recourse:
        recourse.n_reviewers = lambda: 2  # type: ignore[method-assign] # accounts are another part
        file, _ = contest(recourse, picture("red"))
        review(recourse, file.case.id, "blue", who="eve", role="owner")
        review(recourse, file.case.id, "red", who="ann")
        done = review(recourse, file.case.id, "blue", who="eve", role="owner")

    assert done.standing.state is State.UPHELD
    assert [e.details for e in done.events if e.step is Step.SECOND_WANTED] == [{"by_chance": True}]


def test_a_question_waits_for_its_answer(made: Path, tmp_path: Path) -> None:
    """The appellant sees the question, answers, and the reviewer sees both; an audit can ask nobody."""
    with recourse_at(made, tmp_path / "p", audit_share=1.0) as recourse:
        file, link = contest(recourse, picture("red"))
        audit = next(f for f in recourse.store.cases.all() if f.case.id != file.case.id)
        for case in (file.case.id, audit.case.id):
            recourse.take(case, "ann")
            recourse.judge_blind(case, "ann", "red", key=key())
        recourse.ask(file.case.id, "ann", "Where did you take it?", key=key())
        asked, hidden = recourse.status(link), [w.case for w in recourse.queue("ann", "reviewer")]
        with pytest.raises(IllegalStep):
            recourse.ask(audit.case.id, "ann", "Where did you take it?", key=key())
        recourse.tell(link, text="In my garden.", key=key())
        recourse.take(file.case.id, "ann")
        told = recourse.open_file(file.case.id, "ann").told

    assert asked.question == "Where did you take it?"
    assert asked.may == {Step.TOLD, Step.WITHDRAWN}
    assert file.case.id not in hidden
    assert told == (("Where did you take it?", "In my garden."),)


def test_a_closed_case_is_opened_once_more(made: Path, tmp_path: Path) -> None:
    """Rejected, opened again with a new deadline, rejected by another; a second time is refused."""
    with recourse_at(made, tmp_path / "p") as recourse:
        content = picture("red")
        file, link = contest(recourse, content, consent=Consent.REVIEW)
        review(recourse, file.case.id, "red")
        closed = recourse.status(link)
        again = recourse.reopen(link, text="please look at the leaves", key=key(), content=content)
        review(recourse, file.case.id, "red", who="bob")
        with pytest.raises(IllegalStep):
            recourse.reopen(link, text="once more", key=key())
        end = recourse.status(link)

    assert (closed.state, Step.REOPENED in closed.may) == (State.REJECTED, True)
    assert again.standing.state is State.RECEIVED
    assert again.standing.deadline_at > closed.deadline_at
    assert (end.state, end.may) == (State.REJECTED, frozenset())


def test_withdrawing_erases_what_was_kept(made: Path, tmp_path: Path) -> None:
    """A withdrawn appeal leaves the queue, and its picture is gone."""
    with recourse_at(made, tmp_path / "p") as recourse:
        file, link = contest(recourse, picture("red"))
        before = recourse.store.live.content(file.case.prediction_id)
        recourse.withdraw(link, key=key())
        after, waiting = recourse.store.live.content(file.case.prediction_id), recourse.queue("ann", "reviewer")

    assert before is not None
    assert before.purpose is Purpose.LEARN
    assert (after, waiting) == (None, ())


def test_a_decision_sent_twice_is_one(made: Path, tmp_path: Path) -> None:
    """The second time nothing happens; the same key with another ruling is refused."""
    with recourse_at(made, tmp_path / "p", second_review_share=1.0) as recourse:
        recourse.n_reviewers = lambda: 2  # type: ignore[method-assign] # accounts are another part
        file, _ = contest(recourse, picture("red"))
        case, sent = file.case.id, key()
        recourse.take(case, "ann")
        recourse.judge_blind(case, "ann", "blue", key=key())
        first = recourse.decide(case, "ann", Ruling.UPHELD, "blue", reason=REASON, key=sent)
        again = recourse.decide(case, "ann", Ruling.UPHELD, "blue", reason=REASON, key=sent)
        with pytest.raises(InputError, match="answered before"):
            recourse.decide(case, "ann", Ruling.UPHELD, "green", reason=REASON, key=sent)

    assert first.events == again.events


def test_what_is_not_before_somebody_is_not_shown(made: Path, tmp_path: Path) -> None:
    """Nobody sees a case's picture or file without taking it."""
    with recourse_at(made, tmp_path / "p") as recourse:
        file, _ = contest(recourse, picture("red"))
        for look in (recourse.blind, recourse.open_file):
            with pytest.raises(StateError, match="not before you"):
                look(file.case.id, "ann")
        with pytest.raises(InputError, match="no such case"):
            recourse.blind(10**12, "ann")
