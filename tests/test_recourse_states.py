"""No case is ever where its events do not lead: by chance walks, by writers at once, and after a kill."""

import json
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from florilegium.appeals import Case, CaseEvent, IllegalStep, Origin, Ruling, State, Step, follow, steps_from
from florilegium.source.base import Kind
from florilegium.store import Effects, Mail, Prediction, Recording, Store

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
PEOPLE = ("ann", "bob", "cid")


def recording(n: int) -> Recording:
    """Give an answer as a server records it."""
    prediction = Prediction(
        at=NOON,
        model_id="m",
        kind=Kind.IMAGE,
        sha256="ab" * 32,
        label="rose",
        probability=0.8,
        known=True,
        top=(("rose", 0.8),),
        ticket_hash=f"ticket {n}",
    )
    return Recording(prediction=prediction)


def opened(store: Store, n: int, origin: Origin) -> int:
    """Open a case in a store; give its number."""
    (prediction,) = store.live.record([recording(n)])
    case = Case(prediction_id=prediction.id, origin=origin, key=f"case {n}", at=NOON, deadline_at=NOON)
    return store.cases.open(case, days=14)[0].case.id


def details_of(step: Step, draw: int) -> dict[str, Any]:
    """Give details that belong to a step."""
    ruling = Ruling.UPHELD if draw % 2 else Ruling.REJECTED
    label = None if draw % 3 == 0 else "peony"
    found: dict[Step, dict[str, Any]] = {
        Step.JUDGED_BLIND: {"label": label, "seconds": 1.0, "seen": True},
        Step.DECIDED: {"ruling": ruling.value, "label": label, "reason": "it is plainly so", "seconds": 1.0},
        Step.REOPENED: {"days": 14, "text": "look again"},
        Step.SECOND_WANTED: {"by_chance": False},
        Step.TAKEN: {"owner": True} if draw % 4 == 0 else {},
    }
    return found.get(step, {})


class Walk(RuleBasedStateMachine):
    """Take any step at any time: a legal one moves the case, another is refused and changes nothing."""

    def __init__(self) -> None:
        """Open an appeal and an audit in a new store."""
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = Store(f"sqlite:///{self.folder.name}/florilegium.db")
        self.cases = [opened(self.store, n, origin) for n, origin in enumerate(Origin)]
        self.standings = {case: self.file(case).standing for case in self.cases}
        self.n, self.now = 0, NOON

    def teardown(self) -> None:
        """Let go of the store."""
        self.store.close()
        self.folder.cleanup()

    def file(self, case: int) -> Any:
        """Read a case."""
        found = self.store.cases.by_id(case)
        assert found is not None
        return found

    @rule(
        which=st.integers(0, 1),
        step=st.sampled_from(list(Step)),
        who=st.sampled_from(["", *PEOPLE]),
        draw=st.integers(0, 11),
        minutes=st.sampled_from([0, 1, 31]),
    )
    def take(self, which: int, step: Step, who: str, draw: int, minutes: int) -> None:
        """Take a step, legal or not."""
        self.n += 1
        self.now += timedelta(minutes=minutes)
        case = self.cases[which]
        event = CaseEvent(step=step, at=self.now, who=who, key=f"step {self.n}", details=details_of(step, draw))
        before = self.standings[case]
        try:
            expected = follow(before, event)
        except IllegalStep:
            with pytest.raises(IllegalStep):
                self.store.cases.take(case, event)
            assert self.file(case).standing == before
        else:
            assert step in steps_from(before)
            self.standings[case] = self.store.cases.take(case, event).standing
            assert self.standings[case] == expected

    @rule(which=st.integers(0, 1))
    def review(self, which: int) -> None:
        """Take a whole review by whoever may, so that walks reach rulings."""
        case, who = self.cases[which], PEOPLE[self.n % 3]
        for step in (Step.TAKEN, Step.JUDGED_BLIND, Step.DECIDED):
            self.take(which, step, who, self.n + 1, 0)
        del case

    @invariant()
    def the_copy_is_the_sum(self) -> None:
        """State and deadline in the table are those of the events, and read back they are the same."""
        for case, standing in self.standings.items():
            file = self.file(case)
            assert file.standing == standing
            assert (file.case.state, file.case.deadline_at) == (standing.state, standing.deadline_at)
            assert [event.n for event in file.events] == list(range(1, standing.n + 1))

    @invariant()
    def what_is_closed_was_decided(self) -> None:
        """Let a ruling stand only where reviews with a reason, blind before, came to it; two where two were asked."""
        for standing in self.standings.values():
            if standing.state in {State.UPHELD, State.REJECTED}:
                assert standing.decided
                assert all(review.is_blind_done and review.reason for review in standing.decided)
                assert not standing.second_wanted or len(standing.decided) > 1
            assert standing.n_reopened <= 1


TestWalk = pytest.mark.slow(Walk.TestCase)
TestWalk.settings = settings(max_examples=7, stateful_step_count=25)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give an empty store."""
    made = Store(f"sqlite:///{tmp_path / 'florilegium.db'}")
    yield made
    made.close()


def test_of_many_who_take_a_case_at_once_one_has_it(store: Store) -> None:
    """Twenty writers take the same case at the same moment: one has it, the others are told."""
    case = opened(store, 0, Origin.APPEAL)

    def take(n: int) -> bool:
        try:
            store.cases.take(case, CaseEvent(step=Step.TAKEN, at=NOON, who=f"person {n}", key=f"taking {n}"))
        except IllegalStep:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        taken = list(pool.map(take, range(20)))
    found = store.cases.by_id(case)

    assert sum(taken) == 1
    assert found is not None
    assert [event.n for event in found.events] == [1, 2]
    assert found.standing.state is State.IN_REVIEW


def test_the_same_step_sent_at_once_is_taken_once(store: Store) -> None:
    """Ten copies of one request meet: one step, one message."""
    case = opened(store, 0, Origin.APPEAL)
    event = CaseEvent(step=Step.WITHDRAWN, at=NOON, who="", key="one", details={"text": ""})
    mail = Effects(mails=(Mail(key="mail", recipient="ann@example.org", subject="s", body="b"),))
    with ThreadPoolExecutor(10) as pool:
        files = list(pool.map(lambda _: store.cases.take(case, event, following=lambda _: mail), range(10)))

    assert {len(file.events) for file in files} == {2}
    assert len(store.outbox.all()) == 1


def test_the_same_answer_sent_at_once_is_recorded_once(store: Store) -> None:
    """Ten copies of one request with a key meet: one row."""
    same = recording(0)
    keyed = Recording(prediction=type(same.prediction)(**{**_fields(same.prediction), "key": "k"}))
    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(lambda _: store.live.record([keyed])[0].id, range(10)))

    assert len(set(found)) == 1
    assert store.live.count() == 1


def _fields(prediction: Prediction) -> dict[str, Any]:
    return {name: getattr(prediction, name) for name in Prediction.__dataclass_fields__}


def test_a_step_and_what_follows_are_one(store: Store) -> None:
    """Where what follows from a step fails, the step is not there either."""
    case = opened(store, 0, Origin.APPEAL)

    def broken(_file: object) -> Effects:
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        store.cases.take(case, CaseEvent(step=Step.WITHDRAWN, at=NOON, who="", key="one"), following=broken)
    found = store.cases.by_id(case)

    assert found is not None
    assert found.standing.state is State.RECEIVED


N_KILLS = 20
# One process loads the store's modules and splits off a writer after the other, so that each costs milliseconds. A
# writer records answers, opens cases and takes steps, and tells each as soon as it is acknowledged.
PARENT = textwrap.dedent(
    """
    import json, os, random, signal, sys, time
    from florilegium.appeals import CaseEvent, Origin, Step
    from florilegium.store import Store
    from tests.test_recourse_states import NOON, opened

    url, n_kills, told, rng = sys.argv[1], int(sys.argv[2]), [], random.Random(0)
    for run in range(n_kills):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            store = Store(url)
            for n in range(10_000):
                case = opened(store, run * 10_000 + n, Origin.APPEAL)
                os.write(writing, json.dumps(["case", case]).encode() + b"\\n")
                key = f"{run}/{n}"
                store.cases.take(case, CaseEvent(step=Step.WITHDRAWN, at=NOON, who="", key=key, details={"text": ""}))
                os.write(writing, json.dumps(["step", key]).encode() + b"\\n")
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as said:
            first = said.readline()  # it is at work
            time.sleep(rng.uniform(0, 0.05))
            os.kill(child, signal.SIGKILL)
            lines = [first, *said.readlines()]
        os.waitpid(child, 0)
        told += [json.loads(line) for line in lines if line.endswith(b"\\n")]
    print(json.dumps(told))
    """
)


@pytest.mark.slow
def test_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """A server that is killed while it writes: each acknowledged case and step is there, whole, and once."""
    url = f"sqlite:///{tmp_path / 'florilegium.db'}"
    store = Store(url)
    command = [sys.executable, "-c", PARENT, url, str(N_KILLS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    told = json.loads(done.stdout)
    files = store.cases.all()
    keys = [event.key for file in files for event in file.events]
    store.close()

    assert len(told) >= N_KILLS
    assert {number for what, number in told if what == "case"} <= {file.case.id for file in files}
    assert {key for what, key in told if what == "step"} <= set(keys)
    assert len(keys) == len(set(keys))
    assert all(file.case.state == file.standing.state for file in files)
