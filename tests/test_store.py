"""The store keeps what it was told: labels as events, sides for good, openings before they are judged."""

import dataclasses
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from florilegium.dataset import LabelEvent
from florilegium.errors import StorageError
from florilegium.source.base import Harvest, Kind, Sample, Side, Texts
from florilegium.store import Store

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def harvest(**labels: str | None) -> Harvest:
    """Make a harvest of texts, one per name, whose content is the name."""
    samples = tuple(
        Sample(name=name, label=label, sha256=name * 8, metadata={"lang": "en"}) for name, label in labels.items()
    )
    return Harvest(kind=Kind.TEXT, samples=samples, contents=Texts(tuple(labels)))


def halving(k: int) -> float:
    """Judge each opening at half the level of the one before."""
    return 0.5**k


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """Give a new store, on either database."""
    store = Store(database_url)
    yield store
    store.close()


def test_what_is_taken_in_comes_back(store: Store) -> None:
    """Samples come back in order of arrival, with labels, metadata and texts."""
    grown = store.take_in(harvest(a="rose", b="iris", c=None), now=NOW)

    samples, texts = store.samples()
    assert (grown.n_new, grown.n_changed, grown.n_gone) == (3, 0, 0)
    assert [(s.name, s.label) for s in samples] == [("a", "rose"), ("b", "iris"), ("c", None)]
    assert samples[0].metadata == {"lang": "en"}
    assert texts == ("a", "b", "c")


def test_a_second_reading_adds_and_marks_but_loses_nothing(store: Store) -> None:
    """Grown data adds items; what is gone is no longer present, but its label events stay."""
    store.take_in(harvest(a="rose", b="iris"), now=NOW)

    grown = store.take_in(harvest(b="iris", c="rose"), now=NOW)

    assert (grown.n_new, grown.n_changed, grown.n_gone) == (1, 0, 1)
    assert [s.name for s in store.samples()[0]] == ["b", "c"]
    assert [e.name for e in store.label_events()] == ["a", "b", "c"]


def test_a_correction_outlives_a_second_reading_of_the_same_source(store: Store) -> None:
    """A person's label stays while the source repeats itself, and yields when the source changes its mind."""
    store.take_in(harvest(a="rose"), now=NOW)
    store.label([LabelEvent(name="a", label="peony", who="ann", at=NOW, why="five petals")])

    store.take_in(harvest(a="rose"), now=NOW)
    after_same = store.samples()[0][0].label
    store.take_in(harvest(a="dahlia"), now=NOW)
    after_changed = store.samples()[0][0].label

    assert after_same == "peony"
    assert after_changed == "dahlia"
    assert [e.label for e in store.label_events()] == ["rose", "peony", "dahlia"]


def test_label_events_keep_who_when_and_why(store: Store) -> None:
    """An event comes back exactly as it was recorded."""
    store.take_in(harvest(a="rose"), now=NOW)
    event = LabelEvent(name="a", label=None, who="ann", at=NOW, why="not a flower", suggested=True, suggestion="rose")

    store.label([event])

    assert store.label_events()[-1] == event
    assert store.samples()[0][0].label is None


def test_a_side_once_given_is_kept(store: Store) -> None:
    """Placing an item a second time changes nothing, also when it is gone from the source."""
    store.take_in(harvest(a="rose", b="iris"), now=NOW)
    store.place({"a": Side.TEST}, now=NOW)

    store.take_in(harvest(b="iris"), now=NOW)
    store.place({"a": Side.TRAIN, "b": Side.TRAIN}, now=NOW)

    assert store.sides() == {"a": ("a" * 8, Side.TEST), "b": ("b" * 8, Side.TRAIN)}


def test_openings_that_were_counted_elsewhere_are_not_forgotten(store: Store) -> None:
    """Where the same test set was opened twice before, the next opening is the third, then the fourth."""
    third = store.open_seal("m1", alpha_of=halving, now=NOW, before=2)
    fourth = store.open_seal("m2", alpha_of=halving, now=NOW, before=2)

    assert (third.k, third.alpha) == (3, 0.125)
    assert fourth.k == 4


def test_one_model_opens_the_seal_once(store: Store) -> None:
    """Asking again about the same model gives the same opening; another model gets the next, judged more strictly."""
    first = store.open_seal("m1", alpha_of=halving, now=NOW)
    again = store.open_seal("m1", alpha_of=halving, now=NOW)
    second = store.open_seal("m2", alpha_of=halving, now=NOW)

    assert again == first
    assert (first.k, second.k) == (1, 2)
    assert (first.alpha, second.alpha) == (0.5, 0.25)


def test_a_verdict_is_never_replaced(store: Store) -> None:
    """The first verdict recorded for an opening stands."""
    k = store.open_seal("m1", alpha_of=halving, now=NOW).k
    store.record_verdict(k, {"outcome": "not shown"})

    store.record_verdict(k, {"outcome": "better"})

    assert [o.verdict for o in store.ledger()] == [{"outcome": "not shown"}]


def test_models_audits_and_runs_come_back(store: Store) -> None:
    """The newest model is the current one; audits and runs are kept with their moment."""
    store.add_model("m1", {"k": 1}, now=NOW)
    record = store.add_model("m2", {"k": 2}, now=NOW)
    store.record_audit("v1", [{"check": "balance"}], now=NOW)
    store.record_run("train", seconds=1.5, details={"seed": 0}, now=NOW)

    assert store.current_model() == record
    assert record.number == 2
    assert store.last_audit() == ("v1", [{"check": "balance"}])
    assert [(r.command, r.at) for r in store.runs()] == [("train", NOW)]


def test_a_moment_without_zone_is_refused(store: Store) -> None:
    """Times are aware: a naive one is refused before it is stored."""
    with pytest.raises(Exception, match="no time zone"):
        store.record_run("train", seconds=1, details={}, now=NOW.replace(tzinfo=None))


def test_a_damaged_database_is_named_with_a_cure(tmp_path: Path) -> None:
    """A file that is no database gives a StorageError that says what to do."""
    path = tmp_path / "florilegium.db"
    path.write_bytes(b"not a database at all" * 100)

    with pytest.raises(StorageError, match=r"not a database.*damaged"):
        Store(f"sqlite:///{path}")


WRITER = textwrap.dedent(
    """
    import sys
    from datetime import UTC, datetime
    from florilegium.dataset import LabelEvent
    from florilegium.store import Store

    store = Store(sys.argv[1])
    for i in range(100_000):
        store.label([LabelEvent(name="a", label=str(i), who="w", at=datetime.now(UTC), why="test")])
        print(i, flush=True)
    """
)


@pytest.mark.parametrize("n_acknowledged", [3, 60])
def test_kill_9_loses_no_acknowledged_label(database_url: str, n_acknowledged: int) -> None:
    """A writer is killed while it writes: each label it had reported as stored is there."""
    store = Store(database_url)
    store.take_in(harvest(a="rose"), now=NOW)
    with subprocess.Popen([sys.executable, "-c", WRITER, database_url], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(n_acknowledged)]
        os.kill(writer.pid, signal.SIGKILL)
        said += writer.stdout.readlines()

    stored = [e.label for e in store.label_events()][1:]
    told = [line.strip() for line in said if line.endswith("\n")]
    assert stored[: len(told)] == told
    store.close()


@pytest.mark.parametrize("n_statements", [1, 9])
def test_kill_9_while_the_tables_are_made_leaves_none_half_made(database_url: str, n_statements: int) -> None:
    """The next start finds either no tables or all of them, never some without a version."""
    program = textwrap.dedent(f"""
        import os
        from sqlalchemy import Engine, event
        from florilegium.store.database import open_engine
        made = []
        @event.listens_for(Engine, "after_cursor_execute")
        def count(connection, cursor, statement, *rest):
            if statement.lstrip().startswith("CREATE"):
                made.append(statement)
            if len(made) == {n_statements}:
                os.kill(os.getpid(), {int(signal.SIGKILL)})
        open_engine({database_url!r})
    """)

    killed = subprocess.run([sys.executable, "-c", program], check=False)
    store = Store(database_url)
    ledger = store.ledger()
    store.close()

    assert killed.returncode == -signal.SIGKILL
    assert list(ledger) == []


def test_values_are_frozen(store: Store) -> None:
    """What the store gives cannot be changed by accident."""
    record = store.add_model("m1", {}, now=NOW)

    with pytest.raises(dataclasses.FrozenInstanceError):
        record.number = 5  # type: ignore[misc]  # the tools lose the type
